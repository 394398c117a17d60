"""附议: one for each person and matter, counted while it stands; it goes where its topic goes, and holds nothing that could mislead."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text, update

from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, InvalidInput
from intake.domain.figures import month_with
from intake.domain.language.lexicon import lexicon_of
from intake.domain.point import PointKind, PointState
from intake.domain.referral import EntryKind
from intake.domain.submission import Channel, SubmissionState, Urgency
from intake.domain.suspicion import EMERGENCIES_MOST
from intake.domain.topic import TopicAction, TopicState
from intake.domain.working_days import SHANGHAI
from intake.models import (
    Alarm,
    Contributor,
    Endorsement,
    IntakePoint,
    Notification,
    Referral,
    ReferralEntry,
    Submission,
    SubmissionGrams,
    TrainingExample,
)
from intake.queries.endorsement import Endorsable, endorsable, point_for
from intake.queries.figures import FiguresAsked, figures
from intake.queries.receipt import receipt_view
from intake.queries.topic_board import board
from intake.queries.topic_detail import topic_detail
from intake.services import submission_decide as decide
from intake.services.alarm import raise_missing
from intake.services.endorse import ENDED
from intake.services.endorse_withdraw import withdraw_endorsement
from intake.services.quarantine import release
from intake.services.retention import apply_retention
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.calls import drafted_call, published_call
from tests.factories.clock import TestClock
from tests.factories.endorsements import joined, number_of, public_matter
from tests.factories.matters import decided, deciding, taken_up, told, topic_of, topic_row
from tests.factories.referrals import referred_topic
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from workers.topic_upkeep import refresh_summaries


def endorsable_in(wiring: Wiring, topic_id: int) -> Endorsable:
    with wiring.sessions() as session:
        matter = endorsable(session, number_of(wiring, topic_id))
        assert matter is not None
        return matter


def people(wiring: Wiring, topic_id: int) -> int | None:
    return endorsable_in(wiring, topic_id).people


def test_an_endorsement_is_a_confirmed_voice_with_a_receipt_of_its_own(wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = public_matter(wiring, town)
    clock.forward(hours=1)
    before = topic_row(wiring, topic_id)
    done = joined(wiring, town, topic_id, "aunt Wu", contact="13800000021")
    row = submission_of(wiring, done.stored)
    after = topic_row(wiring, topic_id)
    assert (row.state, row.channel, row.text_written, row.contact_hint) == (
        SubmissionState.IN_TOPIC,
        Channel.ENDORSEMENT,
        "",
        "138••••0021",
    )
    assert (row.owner_id, row.owner_role, row.escalate_at) == (None, None, None)
    assert (after.confirmed_count, after.people_count) == (before.confirmed_count + 1, before.people_count + 1)
    assert after.heat > before.heat
    with wiring.sessions() as session:
        receipt = receipt_view(session, row.id, at=wiring.clock.now(), workflow=wiring.workflow)
        assert [step.words for step in receipt.steps] == ["您附议了这件事。", "和大家说的一起办。"]
        assert receipt.standing == "进入了议题库"
        # The topic's own title is no public word, and everybody may join.
        assert receipt.topic_title == ""
        detail = topic_detail(session, actor(session, town.jing_id), topic_id)
        assert (len(detail.voices), detail.endorsed) == (1, 1)


def test_the_same_person_has_one_receipt_and_may_join_again_after_taking_it_back(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    first, second = joined(wiring, town, topic_id, "aunt Wu"), joined(wiring, town, topic_id, "aunt Wu")
    assert (second.again, second.stored.receipt_number) == (True, first.stored.receipt_number)
    with wiring.sessions.begin() as session:
        withdraw_endorsement(session, topic_id=topic_id, person=wiring.vault.derive("person", b"aunt Wu"), at=wiring.clock.now())
    assert submission_of(wiring, first.stored).state is SubmissionState.WITHDRAWN
    assert topic_row(wiring, topic_id).confirmed_count == 1
    third = joined(wiring, town, topic_id, "aunt Wu")
    assert (third.again, topic_row(wiring, topic_id).confirmed_count) == (False, 2)
    assert third.stored.receipt_number != first.stored.receipt_number


def test_twenty_taps_at_once_are_one(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: joined(wiring, town, topic_id, "aunt Wu"), range(20)))
    assert len({one.stored.receipt_number for one in done}) == 1
    assert sum(not one.again for one in done) == 1
    assert topic_row(wiring, topic_id).confirmed_count == 2


def test_small_numbers_are_not_told_and_withdrawal_from_the_receipt_counts_down(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    assert people(wiring, topic_id) == 0
    done = [joined(wiring, town, topic_id, name) for name in ("Wu", "Li", "Sun")]
    assert people(wiring, topic_id) == 3
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=done[0].stored.submission_id, at=wiring.clock.now())
    assert people(wiring, topic_id) is None  # two could point at somebody
    with wiring.sessions() as session:
        assert session.scalar(select(func.count()).where(Endorsement.withdrawn_at.is_not(None))) == 1


def test_the_fourth_of_a_device_waits_for_staff_and_joins_when_they_let_it(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    for name in ("Wu", "Li", "Sun"):
        assert not joined(wiring, town, topic_id, name, device="one phone").held
    assert not joined(wiring, town, topic_id, "Zhao", device="one phone", openid_hash=b"known").held  # WeChat tells people apart
    fourth = joined(wiring, town, topic_id, "Qian", device="one phone")
    row = submission_of(wiring, fourth.stored)
    assert (fourth.held, row.state, people(wiring, topic_id)) == (True, SubmissionState.QUARANTINED, 4)
    with wiring.sessions.begin() as session:
        release(session, actor=actor(session, town.jing_id), submission_id=row.id, version=row.version, at=wiring.clock.now())
    assert submission_of(wiring, fourth.stored).state is SubmissionState.IN_TOPIC
    assert people(wiring, topic_id) == 5
    with wiring.sessions() as session:
        assert session.scalar(select(func.count()).select_from(TrainingExample)) == 0  # nothing was said


# Each row: the words, and whether staff look before they stand in the topic.
@pytest.mark.parametrize(
    ("words", "held"),
    [
        pytest.param("3 栋，两天", False, id="few words are no fault"),
        pytest.param("代开各类发票，加微信 abc12345", True, id="advertising waits"),
        pytest.param("你们都是废物，傻逼", True, id="insults wait"),
    ],
)
def test_words_are_kept_masked_and_looked_at_where_they_must_be(wiring: Wiring, town: Town, words: str, held: bool) -> None:
    topic_id = public_matter(wiring, town)
    done = joined(wiring, town, topic_id, "Wu", text=f"{words} 13800000021")
    row = submission_of(wiring, done.stored)
    assert done.held is held
    assert row.text_written == f"{words} 13800000021"
    assert "138••••0021" in row.text_masked
    with pytest.raises(InvalidInput, match="300"):
        joined(wiring, town, topic_id, "Li", text="灯" * 301)


def test_danger_in_the_words_calls_everyone_and_makes_the_topic_urgent(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    done = joined(wiring, town, topic_id, "Wu", text="电线掉下来着火了，快来人")
    assert submission_of(wiring, done.stored).urgency is Urgency.EMERGENCY
    assert topic_row(wiring, topic_id).urgency is Urgency.EMERGENCY
    with wiring.sessions.begin() as session:
        assert raise_missing(session, at=wiring.clock.now(), limit=10) == 1
        assert session.scalars(select(Alarm.submission_id)).one() == done.stored.submission_id


def test_a_program_that_joins_and_names_danger_rings_a_few_times(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    held = [joined(wiring, town, topic_id, f"browser {number}", text="煤气泄漏，快来人").held for number in range(EMERGENCIES_MOST + 2)]
    assert held == [False] * EMERGENCIES_MOST + [True] * 2
    with wiring.sessions.begin() as session:
        assert raise_missing(session, at=wiring.clock.now(), limit=10) == EMERGENCIES_MOST


def test_what_waited_without_a_word_while_its_matter_ended_becomes_nobodys_empty_card(wiring: Wiring, town: Town) -> None:
    topic_id = topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    taken_up(wiring, town.jing_id, topic_id)
    late = [joined(wiring, town, topic_id, name, device="one phone") for name in ("Wu", "Li", "Sun", "Zhao")][-1]
    assert late.held
    decided(wiring, town.jing_id, topic_id, TopicAction.REJECT, "已经列入别的计划。")
    row = submission_of(wiring, late.stored)
    with wiring.sessions.begin() as session, pytest.raises(Conflict, match="请选“不采用”"):
        release(session, actor=actor(session, town.jing_id), submission_id=row.id, version=row.version, at=wiring.clock.now())


def test_an_open_calls_point_is_neither_chosen_for_who_joins_nor_answered_by_it(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    matter = endorsable_in(wiring, topic_id)
    drafted_call(wiring, town, area_id=matter.area_id)
    call = published_call(wiring, town)
    with wiring.sessions.begin() as session:
        # Only a draft's point, whose name nobody may know yet, is left in use there.
        session.execute(update(IntakePoint).where(IntakePoint.kind != PointKind.EVENT).values(state=PointState.PAUSED))
        assert point_for(session, matter) is None
    done = joined(wiring, town, topic_id, "Wu", code=call.code)
    assert submission_of(wiring, done.stored).open_call_id is None


def test_what_was_withdrawn_or_ended_long_ago_says_nothing_of_who_joined(wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = public_matter(wiring, town)
    done = [joined(wiring, town, topic_id, name, contact="13800000021", openid_hash=name.encode()) for name in ("Wu", "Li")]
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=done[0].stored.submission_id, at=clock.now())
        session.execute(
            update(Submission)
            .where(Submission.id == done[1].stored.submission_id)
            .values(state=SubmissionState.CLOSED, latitude=1, longitude=2)
        )
    clock.forward(days=31)
    with wiring.sessions.begin() as session:
        assert apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10) == 1
        assert apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10) == 0
    assert not joined(wiring, town, topic_id, "Wu").again, "who took it back long ago may join anew"
    clock.forward(days=180)
    with wiring.sessions.begin() as session:
        assert apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10) == 1
    with wiring.sessions() as session:
        people = session.scalars(select(Endorsement.person_hash)).all()
        assert {wiring.vault.derive("person", name) for name in (b"Wu", b"Li")} & set(people) == {wiring.vault.derive("person", b"Wu")}
        assert sorted(session.scalars(select(Endorsement.device_hash))) == [b"", b"", b"Wu"]
    for one in done:
        row = submission_of(wiring, one.stored)
        assert (row.contact_cipher, row.contact_hint, row.device_hash, row.openid_hash) == (None, "", None, None)


def test_what_has_ended_is_joined_no_more_but_an_earlier_receipt_is_found(wiring: Wiring, town: Town) -> None:
    topic_id = topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    taken_up(wiring, town.jing_id, topic_id)
    before = joined(wiring, town, topic_id, "Wu")
    decided(wiring, town.jing_id, topic_id, TopicAction.REJECT, "已经列入别的计划。")
    assert submission_of(wiring, before.stored).state is SubmissionState.REPORTED_BACK
    with pytest.raises(Conflict, match=ENDED):
        joined(wiring, town, topic_id, "Li")
    assert joined(wiring, town, topic_id, "Wu").again
    with wiring.sessions.begin() as session, pytest.raises(Conflict, match="已经有了结果"):
        withdraw_endorsement(session, topic_id=topic_id, person=wiring.vault.derive("person", b"Wu"), at=wiring.clock.now())


def test_a_referred_matter_can_be_joined_until_the_unit_has_answered(wiring: Wiring, town: Town) -> None:
    topic_id = topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    taken_up(wiring, town.jing_id, topic_id)
    decided(wiring, town.jing_id, topic_id, TopicAction.REFER, "请城管局换灯。")
    assert not joined(wiring, town, topic_id, "Wu").again
    with wiring.sessions.begin() as session:
        session.execute(text("UPDATE referrals SET state = 'delivered'"))
    with pytest.raises(Conflict):
        joined(wiring, town, topic_id, "Li")


def test_whoever_joins_reads_nothing_that_was_told_before_nor_inner_titles(wiring: Wiring, town: Town, clock: TestClock) -> None:
    topic_id = topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    taken_up(wiring, town.jing_id, topic_id)
    referral_id = referred_topic(wiring, town, topic_id)
    _written_for_residents(wiring, referral_id, "三号楼张阿姨家门口的灯先换。")
    clock.forward(hours=1)
    done = joined(wiring, town, topic_id, "Wu")
    clock.forward(hours=1)
    _written_for_residents(wiring, referral_id, "灯已经买来。")
    with wiring.sessions() as session:
        receipt = receipt_view(session, done.stored.submission_id, at=clock.now(), workflow=wiring.workflow)
    assert [one.title for one in receipt.referrals] == [""]
    assert [step.written for step in receipt.steps if step.written] == ["灯已经买来。"]


def _written_for_residents(wiring: Wiring, referral_id: int, words: str) -> None:
    with wiring.sessions.begin() as session:
        district_id = session.get_one(Referral, referral_id).district_id
        entry = ReferralEntry(
            district_id=district_id, referral_id=referral_id, kind=EntryKind.PROGRESS, words=words, for_resident=True, at=wiring.clock.now()
        )
        session.add(entry)


def test_what_was_merged_is_joined_where_it_went_once(wiring: Wiring, town: Town) -> None:
    one = topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    other = topic_of(wiring, town.zhou_id, "幸福里的灯", told(wiring, town.longchi_code, "幸福里的灯坏了"))
    for topic_id in (one, other):
        taken_up(wiring, town.jing_id, topic_id)
    before = joined(wiring, town, one, "Wu")
    decided(wiring, town.jing_id, one, TopicAction.MERGE, "同一件事。", target=other)
    assert joined(wiring, town, one, "Wu").stored.receipt_number == before.stored.receipt_number
    assert joined(wiring, town, other, "Wu").stored.receipt_number == before.stored.receipt_number
    later = joined(wiring, town, one, "Li")
    with wiring.sessions() as session:
        live = select(Contributor.topic_id).where(
            Contributor.submission_id == later.stored.submission_id, Contributor.status == ContributorStatus.CONFIRMED
        )
        assert session.scalars(live).one() == other
    assert topic_row(wiring, other).confirmed_count == 4


def test_everyone_who_joined_hears_the_decision(wiring: Wiring, town: Town) -> None:
    topic_id = topic_of(wiring, town.zhou_id, "路灯不亮", told(wiring, town.longchi_code, "幸福里路灯不亮"))
    taken_up(wiring, town.jing_id, topic_id)
    done = joined(wiring, town, topic_id, "Wu", contact="13800000021")
    decided(wiring, town.jing_id, topic_id, TopicAction.APPROVE, "路灯归市政管，请他们换。")
    with wiring.sessions() as session:
        told_of = session.scalars(select(Notification.kind).where(Notification.submission_id == done.stored.submission_id)).all()
        assert [kind.value for kind in told_of] == ["topic_decision"]


def test_an_endorsement_without_words_teaches_and_changes_nothing_that_goes_by_words(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town, voices=2)
    lexicon = lexicon_of(wiring.taxonomy)
    with wiring.sessions.begin() as session:
        refresh_summaries(session, [topic_id], lexicon, wiring.clock.now())
    summary = topic_row(wiring, topic_id).summary
    done = joined(wiring, town, topic_id, "Wu")
    with wiring.sessions.begin() as session:
        assert refresh_summaries(session, [topic_id], lexicon, wiring.clock.now()) == 0
        assert session.scalar(select(func.count()).where(SubmissionGrams.submission_id == done.stored.submission_id)) == 0
    # A member puts another message in: the pair that is learnt from is of two that said something.
    other = told(wiring, town.longchi_code, "幸福里又黑了一片")
    with wiring.sessions.begin() as session:
        decide.attach(session, deciding(wiring, town.zhou_id, other), topic_id=topic_id)
        taught = session.scalars(
            select(TrainingExample.other_submission_id).where(TrainingExample.submission_id == other.submission_id)
        ).all()
        assert taught
        assert done.stored.submission_id not in taught
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=done.stored.submission_id, at=wiring.clock.now())
    assert topic_row(wiring, topic_id).summary == summary


def test_a_card_that_came_back_without_words_can_be_decided(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    done = joined(wiring, town, topic_id, "Wu")
    with wiring.sessions.begin() as session:
        decide.detach(session, deciding(wiring, town.zhou_id, done.stored), words="不是同一盏灯。", workflow=wiring.workflow)
        assert session.scalar(select(func.count()).where(TrainingExample.submission_id == done.stored.submission_id)) == 0
    assert submission_of(wiring, done.stored).state is SubmissionState.TRIAGED
    with wiring.sessions.begin() as session:
        decide.attach(session, deciding(wiring, town.zhou_id, done.stored), topic_id=topic_id)
    assert submission_of(wiring, done.stored).state is SubmissionState.IN_TOPIC


def test_figures_count_endorsements_apart(wiring: Wiring, town: Town) -> None:
    topic_id = public_matter(wiring, town)
    for name in ("Wu", "Li"):
        joined(wiring, town, topic_id, name)
    asked = FiguresAsked(month_with(wiring.clock.now().astimezone(SHANGHAI).date()))
    with wiring.sessions() as session:
        found = figures(session, actor(session, town.jing_id), asked, at=wiring.clock.now())
        on_board = board(session, actor(session, town.jing_id), [TopicState.POOLED], at=wiring.clock.now()).received
    assert (found.heard.received, found.heard.endorsed, found.heard.first.count) == (1, 2, 1)
    assert (sum(found.open_now.by_age), on_board) == (1, 1)

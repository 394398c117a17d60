"""换人: handing over, passing up, stepping back; whose it is then, by when, and who never reads it again."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.alarm import AlarmState
from intake.domain.capture import ReportOf
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Role
from intake.domain.submission import Channel, Urgency
from intake.models import Alarm, AlarmCall, AuditEntry, MemberProfile, MemberReport, Reassignment, Submission, SubmissionPart, User
from intake.queries.alarm import alarms_page, ringing
from intake.queries.card import card
from intake.queries.hands import cards_of, people_with_cards
from intake.queries.lease import recused_from
from intake.queries.member_queue import awaiting_member, next_card
from intake.queries.message import unread
from intake.queries.reassignment import colleagues, hands_of
from intake.queries.topic_detail import topic_detail
from intake.services import alarm, lease, reassign
from intake.services import submission_decide as decide
from intake.services.appeal import appeal_submission
from intake.services.category_change import change_category
from intake.services.message import read_by_member, write_from_resident, write_to_resident
from intake.services.ownership import back_to_handler, escalate_due
from intake.services.recusal import lift_recusal
from intake.services.retention import apply_retention
from intake.services.submission_split import parting_of, split
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.hands import handed_over, looked_at, passed_up, passing, recused, taken_back
from tests.factories.matters import attach, deciding, told, topic_of
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.integration.test_two_members import at_once, wait_until_somebody_waits

GAS = "楼道里煤气味很重，有人晕倒了"


@pytest.fixture
def bin_(wiring: Wiring, town: Town) -> Stored:
    """At 紫薇社区: 李青's turn; 周明远, 老周 and 王静 may decide there as well."""
    return told(wiring, town.ziwei_code, "紫薇的垃圾没人收")


def does(wiring: Wiring, act: Callable[[Session], bool]) -> bool:
    with wiring.sessions.begin() as session:
        return act(session)


def whose(wiring: Wiring, stored: Stored) -> tuple[int | None, Role | None]:
    row = submission_of(wiring, stored)
    return row.owner_id, row.owner_role


# --- handing over, passing up, taking back --------------------------------------------------------------------------------------------


def test_a_colleague_has_it_with_a_sentence_and_a_whole_clock(wiring: Wiring, town: Town, bin_: Stored, clock: TestClock) -> None:
    clock.forward(days=1)
    handed_over(wiring, town.qing_id, bin_, town.zhou_id)
    assert whose(wiring, bin_) == (town.zhou_id, Role.MEMBER)
    assert submission_of(wiring, bin_).escalate_at == clock.now() + timedelta(days=2)
    with wiring.sessions() as session:
        found = hands_of(session, actor(session, town.zhou_id), bin_.submission_id, at=clock.now())
        assert found is not None
        assert found.last is not None
        assert (found.last.from_name, found.last.to_id, found.last.words) == ("李青", town.zhou_id, "您熟悉这里。")
        entry = session.query(AuditEntry).filter_by(action="submission.hand_over").one()
        assert (entry.actor_id, entry.detail) == (town.qing_id, {"to_user": town.zhou_id})


def test_handing_to_and_fro_puts_nothing_off_and_ends_after_three_times(wiring: Wiring, town: Town, bin_: Stored, clock: TestClock) -> None:
    handed_over(wiring, town.qing_id, bin_, town.zhou_id)
    deadline = submission_of(wiring, bin_).escalate_at
    clock.forward(hours=20)
    handed_over(wiring, town.zhou_id, bin_, town.qing_id)
    assert submission_of(wiring, bin_).escalate_at == deadline
    taken_back(wiring, town.zhou_id, bin_)
    assert (whose(wiring, bin_), submission_of(wiring, bin_).escalate_at) == ((town.zhou_id, Role.MEMBER), deadline)
    with pytest.raises(InvalidInput, match="已经转手 3 次") as refused:
        handed_over(wiring, town.zhou_id, bin_, town.qing_id)
    assert refused.value.field == "to"
    passed_up(wiring, town.zhou_id, bin_, Role.CONVENOR)  # up is always open
    assert whose(wiring, bin_) == (town.laozhou_id, Role.CONVENOR)
    assert submission_of(wiring, bin_).escalate_at == deadline
    clock.forward(days=2)
    with wiring.sessions.begin() as session:
        assert escalate_due(session, workflow=wiring.workflow, at=clock.now(), limit=10) == 1
    assert whose(wiring, bin_) == (town.jing_id, Role.STAFF)
    handed_over(wiring, town.jing_id, bin_, town.qing_id)  # staff share out what has come to them
    assert whose(wiring, bin_) == (town.qing_id, Role.MEMBER)


def test_a_new_round_begins_with_a_whole_clock(wiring: Wiring, town: Town, bin_: Stored, clock: TestClock) -> None:
    handed_over(wiring, town.qing_id, bin_, town.zhou_id)
    topic = topic_of(wiring, town.zhou_id, "垃圾", told(wiring, town.ziwei_code, "垃圾桶满了"))
    attach(wiring, town.zhou_id, bin_, topic)
    clock.forward(days=3)
    held = deciding(wiring, town.zhou_id, bin_)
    with wiring.sessions.begin() as session:
        decide.detach(session, held, words="说的是另一处", workflow=wiring.workflow)
    clock.forward(hours=1)
    handed_over(wiring, town.zhou_id, bin_, town.laozhou_id)
    assert submission_of(wiring, bin_).escalate_at == clock.now() + timedelta(days=4)  # two working days from Friday


def test_up_goes_to_the_convenor_or_to_staff_once(wiring: Wiring, town: Town, bin_: Stored) -> None:
    passed_up(wiring, town.qing_id, bin_, Role.CONVENOR)
    assert whose(wiring, bin_) == (town.laozhou_id, Role.CONVENOR)
    for to, why in ((Role.CONVENOR, "已经在召集人手里"), (Role.MEMBER, "请选上交给谁")):
        with pytest.raises(InvalidInput, match=why):
            passed_up(wiring, town.zhou_id, bin_, to)
    passed_up(wiring, town.laozhou_id, bin_, Role.STAFF)
    assert whose(wiring, bin_) == (town.jing_id, Role.STAFF)
    assert submission_of(wiring, bin_).escalate_at is None
    with pytest.raises(InvalidInput, match="已经在区政协工作人员手里"):
        passed_up(wiring, town.qing_id, bin_, Role.STAFF)


def test_the_same_act_sent_twice_is_one(wiring: Wiring, town: Town, bin_: Stored, session: Session) -> None:
    held = passing(wiring, town.qing_id, bin_)
    assert [does(wiring, lambda s: reassign.hand_over(s, held, to_user_id=town.zhou_id, words="看看")) for _ in range(2)] == [False, True]
    back = passing(wiring, town.qing_id, bin_)
    assert [does(wiring, lambda s: reassign.take_back(s, back)) for _ in range(2)] == [False, True]
    up = passing(wiring, town.qing_id, bin_)
    assert [does(wiring, lambda s: reassign.pass_up(s, up, to="staff", words="急")) for _ in range(2)] == [False, True]
    away = passing(wiring, town.qing_id, bin_)
    assert [does(wiring, lambda s: reassign.recuse(s, away, words="亲属")) for _ in range(2)] == [False, True]
    assert session.query(Reassignment).count() == 4


def test_of_two_who_hand_it_over_at_once_one_wins(wiring: Wiring, town: Town, bin_: Stored, session: Session) -> None:
    qing, zhou = passing(wiring, town.qing_id, bin_), passing(wiring, town.zhou_id, bin_)
    ended = at_once(
        wiring,
        lambda s: reassign.hand_over(s, qing, to_user_id=town.laozhou_id, words="请看"),
        lambda s: reassign.hand_over(s, zhou, to_user_id=town.jing_id, words="请看"),
    )
    assert sorted(type(error).__name__ for error in ended) == ["Conflict", "NoneType"]
    assert session.query(Reassignment).one().to_user_id == session.get_one(Submission, bin_.submission_id).owner_id


def test_what_is_looked_at_or_was_acted_on_cannot_be_taken_from_them(wiring: Wiring, town: Town, bin_: Stored) -> None:
    handed_over(wiring, town.qing_id, bin_, town.zhou_id)
    looked_at(wiring, town.zhou_id, bin_)
    acts: tuple[Callable[[], object], ...] = (
        lambda: taken_back(wiring, town.qing_id, bin_),
        lambda: handed_over(wiring, town.qing_id, bin_, town.jing_id),
        lambda: passed_up(wiring, town.qing_id, bin_, Role.STAFF),
    )
    for act in acts:
        with pytest.raises(Conflict, match="周明远正在看这一件"):
            act()
    held = deciding(wiring, town.zhou_id, bin_)
    with wiring.sessions.begin() as session:
        decide.answer(session, held, words="已经清运。")
    with pytest.raises(Conflict, match="不能收回"):
        taken_back(wiring, town.qing_id, bin_)
    with pytest.raises(Conflict, match="刚刚有人处理过"):
        handed_over(wiring, town.qing_id, bin_, town.jing_id)


# Nobody of another area, district or role gives or gets it, nor oneself, nor nobody, nor without a word.
@pytest.mark.parametrize("who", ["shiqiao_member_id", "stranger_id", "li_id"])
def test_who_may_not_decide_there_neither_gives_nor_gets(wiring: Wiring, town: Town, bin_: Stored, who: str) -> None:
    user_id = getattr(town, who)
    acts: tuple[Callable[[], object], ...] = (
        lambda: handed_over(wiring, user_id, bin_, town.zhou_id),
        lambda: passed_up(wiring, user_id, bin_, Role.STAFF),
        lambda: taken_back(wiring, user_id, bin_),
        lambda: recused(wiring, user_id, bin_),
    )
    for act in acts:
        with pytest.raises((Forbidden, NotFound)):
            act()
    with pytest.raises(InvalidInput, match="请另选一位"):
        handed_over(wiring, town.qing_id, bin_, user_id)


def test_who_may_not_decide_themselves_does_not_choose_who_does(wiring: Wiring, town: Town, bin_: Stored, clock: TestClock) -> None:
    reported = told(wiring, town.ziwei_code, "路口的护栏倒了")
    held = deciding(wiring, town.zhou_id, bin_)
    with wiring.sessions.begin() as session:
        decide.decline(session, held, reason="unclear", words="")
        session.get_one(Submission, reported.submission_id).channel = Channel.MEMBER
        session.add(
            MemberReport(
                submission_id=reported.submission_id,
                district_id=held.actor.district_id or 0,
                user_id=town.zhou_id,
                report_of=ReportOf.OWN,
                created_at=clock.now(),
            )
        )
    with wiring.sessions.begin() as session:
        appeal_submission(session, submission_id=bin_.submission_id, words="还是没人收", at=clock.now())
    for stored in (bin_, reported):
        with pytest.raises(Forbidden, match=r"要换一位同志来看|由别的委员来看"):
            handed_over(wiring, town.zhou_id, stored, town.qing_id)
        assert not handed_over(wiring, town.laozhou_id, stored, town.qing_id)


@pytest.mark.parametrize(("words", "field"), [("", "words"), ("\x00 ", "words"), ("说" * 201, "words"), ("好", "to")])
def test_a_hand_over_needs_a_colleague_and_a_sentence(wiring: Wiring, town: Town, bin_: Stored, words: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        handed_over(wiring, town.qing_id, bin_, town.qing_id, words)
    assert refused.value.field == field


def test_the_list_of_colleagues_says_who_is_away_and_leaves_out_whom_it_cannot_reach(
    wiring: Wiring, town: Town, bin_: Stored, clock: TestClock
) -> None:
    recused(wiring, town.zhou_id, bin_)
    with wiring.sessions.begin() as session:
        person = actor(session, town.qing_id)
        session.get_one(User, town.laozhou_id).away_until = clock.now() + timedelta(days=3)
        found = colleagues(session, person, bin_.submission_id, at=clock.now())
    assert [(one.name, one.role, one.away_until is not None) for one in found] == [
        ("老周", Role.CONVENOR, True),
        ("王静", Role.STAFF, False),
    ]


# --- stepping back --------------------------------------------------------------------------------------------------------------------


def test_it_goes_to_the_next_in_turn_and_to_the_office_when_everybody_steps_back(wiring: Wiring, town: Town, bin_: Stored) -> None:
    turns = []
    for user_id in (town.qing_id, town.zhou_id, town.laozhou_id, town.jing_id):
        recused(wiring, user_id, bin_)
        turns.append(whose(wiring, bin_))
    assert turns == [(town.zhou_id, Role.MEMBER), (town.laozhou_id, Role.CONVENOR), (town.jing_id, Role.STAFF), (None, Role.STAFF)]
    with wiring.sessions() as session:
        rows = session.query(AuditEntry).filter_by(action="submission.recuse")
        assert all(set(row.detail) == {"to_user"} for row in rows)
        assert "物业" not in str([row.detail for row in rows])


def test_stepping_back_from_what_is_somebody_elses_moves_nothing(wiring: Wiring, town: Town, bin_: Stored) -> None:
    before = submission_of(wiring, bin_)
    recused(wiring, town.zhou_id, bin_)
    after = submission_of(wiring, bin_)
    assert (after.owner_id, after.escalate_at, after.version) == (before.owner_id, before.escalate_at, before.version)


def test_the_machine_never_gives_it_back_to_them(wiring: Wiring, town: Town, bin_: Stored, clock: TestClock) -> None:
    held = deciding(wiring, town.qing_id, bin_)
    with wiring.sessions.begin() as session:
        decide.answer(session, held, words="已经清运。")
    recused(wiring, town.qing_id, bin_)  # after deciding: it may come back, but not to her
    with wiring.sessions.begin() as session:
        row = session.get_one(Submission, bin_.submission_id)
        back_to_handler(session, row, workflow=wiring.workflow, at=clock.now())
        assert row.owner_id == town.zhou_id
    recused(wiring, town.laozhou_id, bin_)
    with wiring.sessions.begin() as session:
        row = session.get_one(Submission, bin_.submission_id)
        row.state, row.escalate_at = row.state.__class__.TRIAGED, clock.now()
    with wiring.sessions.begin() as session:
        escalate_due(session, workflow=wiring.workflow, at=clock.now(), limit=10)
    assert whose(wiring, bin_) == (town.jing_id, Role.STAFF)  # past the convenor, who stepped back


def test_they_read_none_of_its_words_anywhere_and_do_nothing_with_it(wiring: Wiring, town: Town, bin_: Stored, clock: TestClock) -> None:
    other = told(wiring, town.ziwei_code, "紫薇的路灯不亮")
    topic = topic_of(wiring, town.laozhou_id, "卫生", told(wiring, town.ziwei_code, "垃圾桶满了"))
    with wiring.sessions.begin() as session:
        write_from_resident(session, submission_id=bin_.submission_id, words="今天还没有收", nonce="1", most_a_day=9, at=clock.now())
    held = deciding(wiring, town.zhou_id, bin_)
    recused(wiring, town.zhou_id, bin_)
    with wiring.sessions() as session:
        zhou, now = actor(session, town.zhou_id), clock.now()
        assert [row.id for row in awaiting_member(session, zhou, at=now).rows] == [other.submission_id]
        assert next_card(session, zhou, at=now) == other.submission_id
        assert unread(session, zhou).rows == ()
        for read in (
            lambda: card(session, zhou, bin_.submission_id),
            lambda: decide.answer(session, held, words="好"),
            lambda: decide.attach(session, held, topic_id=topic),
            lambda: read_by_member(session, actor=zhou, submission_id=bin_.submission_id, at=now),
            lambda: write_to_resident(
                session, actor=zhou, submission_id=bin_.submission_id, words="好", nonce="", most_a_day=9, digest_minutes=9, at=now
            ),
            lambda: change_category(
                session,
                actor=zhou,
                submission_id=bin_.submission_id,
                version=held.version,
                category=wiring.taxonomy.categories[0].code,
                taxonomy=wiring.taxonomy,
                at=now,
            ),
            lambda: reassign.hand_over(session, passing(wiring, town.zhou_id, bin_), to_user_id=town.qing_id, words="好"),
        ):
            with pytest.raises(Forbidden, match="您已回避这一件"):
                read()
        assert lease.take(session, actor=zhou, submission_id=bin_.submission_id, minutes=10, at=now) is None
    attach(wiring, town.laozhou_id, bin_, topic)
    with wiring.sessions() as session:
        seen = {
            login: [voice.submission_id for voice in topic_detail(session, actor(session, user_id), topic).voices]
            for login, user_id in (("zhou", town.zhou_id), ("laozhou", town.laozhou_id))
        }
        assert bin_.submission_id not in seen["zhou"]
        assert bin_.submission_id in seen["laozhou"]
        assert topic_detail(session, actor(session, town.zhou_id), topic).row.confirmed == 2  # counted, not read


def test_the_parts_of_a_message_share_its_recusals(wiring: Wiring, town: Town, clock: TestClock) -> None:
    both = told(wiring, town.ziwei_code, "垃圾没人收。路灯也坏了两盏。门口的井盖响了一个月。")
    recused(wiring, town.zhou_id, both)
    parts: list[int] = []
    for person in (town.qing_id, town.laozhou_id):
        held = deciding(wiring, person, both)
        with wiring.sessions.begin() as session:
            starts = [start for start, _ in parting_of(session, session.get_one(Submission, both.submission_id)).sentences]
            split(session, held, choice={starts[len(parts)]: 1}, vault=wiring.vault)
        with wiring.sessions() as session:
            parts = sorted(session.scalars(select(SubmissionPart.submission_id)))
        if len(parts) == 1:
            recused(wiring, town.qing_id, Stored(parts[0], "", b"", repeated=False))
    with wiring.sessions() as session:
        found = recused_from(session, [both.submission_id, *parts])
    # Of the message: before and, with her part, 李青. Of the part that left later: both of them as well.
    assert found == {one: {town.zhou_id, town.qing_id} for one in (both.submission_id, *parts)}


# Somebody steps back while a colleague splits the message: the part that leaves just then is theirs to read no more, either.
def test_stepping_back_waits_for_a_split_that_is_under_way(wiring: Wiring, town: Town) -> None:
    both = told(wiring, town.ziwei_code, "垃圾没人收。路灯也坏了两盏。")
    held, stepping = deciding(wiring, town.qing_id, both), passing(wiring, town.zhou_id, both)
    ended: list[bool] = []

    def step_back() -> None:
        with wiring.sessions.begin() as session:
            ended.append(reassign.recuse(session, stepping, words="我在那家物业任职。"))

    with wiring.sessions() as session:
        split(session, held, choice={len("垃圾没人收。"): 1}, vault=wiring.vault)
        session.flush()
        later = threading.Thread(target=step_back)
        later.start()
        wait_until_somebody_waits(wiring)
        session.commit()
    later.join()
    with wiring.sessions() as session:
        part = session.query(SubmissionPart).one().submission_id
        assert ended == [False]
        assert recused_from(session, [both.submission_id, part]) == {one: {town.zhou_id} for one in (both.submission_id, part)}


def test_a_withdrawn_message_takes_the_reasons_with_it(wiring: Wiring, town: Town, bin_: Stored, clock: TestClock) -> None:
    recused(wiring, town.zhou_id, bin_)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=bin_.submission_id, at=clock.now())
    clock.forward(days=31)
    with wiring.sessions.begin() as session:
        apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10)
    with wiring.sessions() as session:
        assert session.query(Reassignment).one().words == ""


def test_an_emergency_rings_for_the_next_and_no_longer_for_them(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.ziwei_code, GAS, urgency=Urgency.EMERGENCY)
    with wiring.sessions.begin() as session:
        alarm.raise_missing(session, at=wiring.clock.now(), limit=10)
    with wiring.sessions.begin() as session:
        qing = actor(session, town.qing_id)
        row = session.query(Alarm).one()
        alarm.take(session, alarm.Answering(actor=qing, alarm_id=row.id, version=row.version, at=wiring.clock.now()))
    recused(wiring, town.qing_id, stored)
    with wiring.sessions() as session:
        row = session.query(Alarm).one()
        assert (row.state, row.taken_by) == (AlarmState.RAISED, None)
        assert session.query(AlarmCall).filter_by(user_id=town.zhou_id).count() == 1
        qing, zhou = actor(session, town.qing_id), actor(session, town.zhou_id)
        assert (ringing(session, qing), alarms_page(session, qing).rows) == (None, ())
        assert ringing(session, zhou) is not None
    with wiring.sessions.begin() as session:  # nor when it rings again
        alarm.call_again(session, workflow=wiring.workflow, at=wiring.clock.now() + timedelta(hours=1), limit=10)
        assert ringing(session, actor(session, town.qing_id)) is None


def test_staff_lift_what_was_a_mistake_but_not_their_own(wiring: Wiring, town: Town, bin_: Stored) -> None:
    recused(wiring, town.qing_id, bin_)
    recused(wiring, town.jing_id, bin_)

    def lifts(by: int, of: int) -> None:
        with wiring.sessions.begin() as session:
            lift_recusal(session, actor=actor(session, by), submission_id=bin_.submission_id, user_id=of, at=wiring.clock.now())

    for by, of in ((town.qing_id, town.qing_id), (town.laozhou_id, town.qing_id), (town.jing_id, town.jing_id)):
        with pytest.raises(Forbidden):
            lifts(by, of)
    with pytest.raises(NotFound):
        lifts(town.stranger_id, town.qing_id)
    lifts(town.jing_id, town.qing_id)
    lifts(town.jing_id, town.qing_id)
    with wiring.sessions() as session:
        assert card(session, actor(session, town.qing_id), bin_.submission_id).text == "紫薇的垃圾没人收"
        assert session.query(AuditEntry).filter_by(action="submission.recusal_lift").one().detail == {"of_user": town.qing_id}


def test_the_card_names_what_concerns_its_reader(wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.ziwei_code, "安居物业半年没来过")
    with wiring.sessions.begin() as session:
        for user_id, employer, concerns in ((town.qing_id, "云栖区第一小学", ["安居物业"]), (town.zhou_id, "安居", [])):
            session.add(
                MemberProfile(
                    user_id=user_id, district_id=town.district_id, employer=employer, concerns=concerns, updated_at=wiring.clock.now()
                )
            )
    with wiring.sessions() as session:
        said = [
            found.concern
            for user_id in (town.qing_id, town.zhou_id, town.laozhou_id)
            if (found := hands_of(session, actor(session, user_id), stored.submission_id, at=wiring.clock.now()))
        ]
    assert said == ["安居物业", "安居", ""]


# --- who has what ---------------------------------------------------------------------------------------------------------------------


def test_the_convenor_sees_by_name_who_has_what_in_their_areas_only(wiring: Wiring, town: Town, bin_: Stored, clock: TestClock) -> None:
    person_with(wiring, "an", "安可", (Role.MEMBER, town.shiqiao_id))
    told(wiring, town.shiqiao_code, "石桥的井盖没了")
    clock.forward(hours=30)
    lamp = told(wiring, town.longchi_code, "路灯坏了")
    with wiring.sessions() as session:
        laozhou, now = actor(session, town.laozhou_id), clock.now()
        seen = {one.name: (one.waiting, one.due_soon) for one in people_with_cards(session, laozhou, at=now).rows}
        assert seen == {"周明远": (1, 0), "李青": (1, 1), "王静": (0, 0), "老周": (0, 0)}
        assert [row.id for row in cards_of(session, laozhou, town.zhou_id, at=now).page.rows] == [lamp.submission_id]
        assert cards_of(session, laozhou, town.shiqiao_member_id, at=now).page.rows == ()
        with pytest.raises(NotFound):
            cards_of(session, laozhou, town.stranger_id, at=now)
    for user_id in (town.qing_id, town.zhou_id, town.laozhou_id, town.jing_id):
        recused(wiring, user_id, bin_)
    with wiring.sessions() as session:
        rows = people_with_cards(session, actor(session, town.jing_id), at=clock.now()).rows
        assert (rows[-1].id, rows[-1].waiting) == (0, 1)

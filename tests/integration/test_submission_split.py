"""分件: sentences that leave a message as submissions of their own, and what stays one person's, one secret and one contact."""

from datetime import timedelta
from io import BytesIO

import pytest

from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.figures import Period
from intake.domain.notification import NoticeState
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.models import AuditEntry, Contributor, Decision, Finding, Notification, Submission, SubmissionPart, Topic
from intake.queries.figures import FiguresAsked, figures
from intake.queries.submission_part import count_of_family
from intake.services import submission_decide as decide
from intake.services.appeal import appeal_submission
from intake.services.contact_consent import agree, take_back
from intake.services.contact_forget import forget_contact
from intake.services.contact_reveal import reveal_contact
from intake.services.form_photo import take_photos
from intake.services.lease import take
from intake.services.message import write_from_resident
from intake.services.ownership import escalate_due
from intake.services.reassign import Passing, recuse
from intake.services.retention import apply_retention
from intake.services.submission_split import rejoin, split
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.files import photo
from tests.factories.matters import deciding, topic_of, topic_row
from tests.factories.sentences import say, submission_of
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import triage_batch

THREE = "幸福里 3 号楼路灯坏了。打我电话138 0013 8000。紫薇路井盖响了半个月！"
LAMP, PHONE, LID = 0, 13, 29
"""Where the three sentences begin in the masked words; the number is shorter there by its two blanks."""


def run_triage(wiring: Wiring) -> None:
    with jobs_in_this_process(wiring):
        triage_batch.run()


def triaged(wiring: Wiring, town: Town, text: str = THREE, *, contact: str = "") -> Stored:
    """A message that the real machine has masked."""
    stored = say(wiring, town.longchi_code, text, contact=contact)
    run_triage(wiring)
    return stored


def part(wiring: Wiring, stored: Stored, choice: dict[int, int], *, by: int) -> list[int]:
    """Split it; the ids of its parts."""
    card = deciding(wiring, by, stored)
    with wiring.sessions.begin() as session:
        split(session, card, choice=choice, vault=wiring.vault)
    return parts(wiring, stored)


def parts(wiring: Wiring, stored: Stored) -> list[int]:
    with wiring.sessions() as session:
        rows = session.query(SubmissionPart).filter_by(parent_id=stored.submission_id).order_by(SubmissionPart.submission_id)
        return [row.submission_id for row in rows]


def row(wiring: Wiring, submission_id: int) -> Submission:
    with wiring.sessions() as session:
        return session.get_one(Submission, submission_id)


def back(wiring: Wiring, child_id: int, *, by: int) -> int:
    with wiring.sessions.begin() as session:
        version = session.get_one(Submission, child_id).version
        return rejoin(session, actor=actor(session, by), submission_id=child_id, version=version, at=wiring.clock.now())


def test_a_part_keeps_what_was_written_and_shows_no_more_than_its_message(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town, contact="13800138000")
    parent = submission_of(wiring, stored)
    assert parent.text_masked[PHONE : PHONE + 4] == "打我电话"
    (child_id,) = part(wiring, stored, {LAMP: 0, PHONE: 1, LID: 1}, by=town.zhou_id)
    child = row(wiring, child_id)
    assert child.text_written == "打我电话138 0013 8000。紫薇路井盖响了半个月！"
    assert (child.state, child.received_at, child.area_id) == (SubmissionState.RECEIVED, parent.received_at, parent.area_id)
    run_triage(wiring)
    child = row(wiring, child_id)
    assert child.text_masked == "打我电话138••••8000。紫薇路井盖响了半个月！"
    assert child.state is SubmissionState.TRIAGED
    assert submission_of(wiring, stored).text_written == THREE
    with wiring.sessions.begin() as session:
        shown = reveal_contact(
            session,
            vault=wiring.vault,
            actor=actor(session, town.jing_id),
            submission_id=child_id,
            reason="ask_detail",
            at=wiring.clock.now(),
        )
    assert shown == "13800138000"


# What hides a number may stand in the sentence before: alone, the machine wouldn't know it for one.
def test_a_number_that_only_its_neighbour_gives_away_stays_hidden_in_a_part(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town, "路灯坏了，加我微信：\nabcdefg99。井盖响了半个月。")
    masked = submission_of(wiring, stored).text_masked
    start = masked.index("a•")
    (child_id,) = part(wiring, stored, {start: 1}, by=town.zhou_id)
    run_triage(wiring)
    child = row(wiring, child_id)
    assert "abcdefg99" not in child.text_written + child.text_masked
    assert "abcdefg99" in submission_of(wiring, stored).text_written


def test_the_figures_and_the_people_are_the_same_before_and_after(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    period = Period(wiring.clock.now() - timedelta(days=1), wiring.clock.now() + timedelta(days=1))

    def counted() -> object:
        with wiring.sessions() as session:
            found = figures(session, actor(session, town.jing_id), FiguresAsked(period), at=wiring.clock.now())
            return found.heard, found.open_now

    before = counted()
    (child_id,) = part(wiring, stored, {LID: 1}, by=town.zhou_id)
    run_triage(wiring)
    assert counted() == before
    # Both in one topic: two messages, one person, though neither device nor account is known.
    child = row(wiring, child_id)
    as_stored = Stored(child_id, child.receipt_number, child.receipt_salt, repeated=False)
    topic = topic_row(wiring, topic_of(wiring, town.zhou_id, "幸福里的路", stored, as_stored))
    assert (topic.confirmed_count, topic.people_count) == (2, 1)


def test_the_machine_neither_compares_a_part_with_its_message_nor_holds_it(wiring: Wiring, town: Town) -> None:
    text = "紫薇苑3栋电梯坏了一个星期没人修。妈的傻逼。"
    alone, stored = say(wiring, town.longchi_code, "妈的傻逼。"), triaged(wiring, town, text)
    assert (submission_of(wiring, alone).state, submission_of(wiring, stored).state) == (
        SubmissionState.QUARANTINED,
        SubmissionState.TRIAGED,
    )
    (swearing,) = part(wiring, stored, {text.index("妈的"): 1}, by=town.zhou_id)
    run_triage(wiring)
    assert row(wiring, swearing).state is SubmissionState.TRIAGED
    with wiring.sessions() as session:
        topics = {one.submission_id: one.topic_id for one in session.query(Contributor)}
    assert topics[stored.submission_id] != topics.get(swearing)


def test_what_stays_goes_on_waiting_with_its_clock(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = triaged(wiring, town)
    before = submission_of(wiring, stored)
    part(wiring, stored, {LID: 1}, by=town.zhou_id)
    after = submission_of(wiring, stored)
    assert (after.state, after.owner_id, after.escalate_at) == (SubmissionState.TRIAGED, before.owner_id, before.escalate_at)
    clock.forward(days=10)
    with wiring.sessions.begin() as session:
        assert escalate_due(session, workflow=wiring.workflow, at=clock.now(), limit=10) == 1


def test_a_part_taken_back_leaves_nothing_of_itself(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town, contact="13800138000")
    (child_id,) = part(wiring, stored, {LID: 1}, by=town.zhou_id)
    run_triage(wiring)
    assert back(wiring, child_id, by=town.zhou_id) == stored.submission_id
    child = row(wiring, child_id)
    assert child.state is SubmissionState.REJOINED
    assert (child.text_written, child.text_masked, child.contact_cipher, child.contact_hint, child.escalate_at) == ("", "", None, "", None)
    with wiring.sessions() as session:
        assert session.query(Finding).filter_by(submission_id=child_id).one().content == {}
        live = session.query(Contributor).filter(Contributor.submission_id == child_id, Contributor.status != ContributorStatus.REMOVED)
        assert live.count() == 0
        assert session.query(Topic).filter(Topic.confirmed_count + Topic.suggested_count > 0, Topic.title.contains("井盖")).count() == 0
        assert session.query(AuditEntry).filter_by(action="submission.rejoin").count() == 1
        made = session.query(Decision).filter_by(submission_id=stored.submission_id, action=SubmissionAction.SPLIT.value).one()
        assert made.undone_at is not None
        # Nobody had been told, so nobody is told that it was nothing.
        states = {one.state for one in session.query(Notification)}
        assert states == {NoticeState.CANCELLED}
    # The sentence may leave again.
    assert len(part(wiring, stored, {LID: 1}, by=town.zhou_id)) == 2


def test_what_was_told_is_told_again_when_it_is_taken_back(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    (child_id,) = part(wiring, stored, {LID: 1}, by=town.zhou_id)
    with wiring.sessions.begin() as session:
        for notice in session.query(Notification):
            notice.state = NoticeState.SENT
    back(wiring, child_id, by=town.zhou_id)
    with wiring.sessions() as session:
        actions = [session.get_one(Decision, one.decision_id).action for one in session.query(Notification).order_by(Notification.id)]
        whose = {one.submission_id for one in session.query(Notification)}
    assert (actions, whose) == (["split", "rejoin"], {stored.submission_id})


def test_what_was_decided_stays_where_it_is(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    one, two = part(wiring, stored, {LID: 1, PHONE: 2}, by=town.zhou_id)
    run_triage(wiring)
    child = row(wiring, one)
    as_stored = Stored(one, child.receipt_number, child.receipt_salt, repeated=False)
    with wiring.sessions.begin() as session:
        decide.answer(session, deciding(wiring, town.zhou_id, as_stored), words="社区今天去看。")
    with pytest.raises(Conflict, match="已经有人处理过这一件"):
        back(wiring, one, by=town.zhou_id)
    with wiring.sessions.begin() as session:
        decide.answer(session, deciding(wiring, town.zhou_id, stored), words="路灯明天修，社区来办。")
    with pytest.raises(Conflict, match="原来的那一件已经有了处理"):
        back(wiring, two, by=town.zhou_id)


# Withdrawing the message takes along what nobody decided on; a part that was answered is its own matter.
def test_withdrawing_a_message_withdraws_its_undecided_parts_and_their_words_go_too(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = triaged(wiring, town, contact="13800138000")
    one, two = part(wiring, stored, {LID: 1, PHONE: 2}, by=town.zhou_id)
    run_triage(wiring)
    child = row(wiring, two)
    with wiring.sessions.begin() as session:
        decide.answer(
            session,
            deciding(wiring, town.zhou_id, Stored(two, child.receipt_number, child.receipt_salt, repeated=False)),
            words="打过电话了，明天上门。",
        )
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=clock.now())
    assert [row(wiring, each).state for each in (stored.submission_id, one, two)] == [
        SubmissionState.WITHDRAWN,
        SubmissionState.WITHDRAWN,
        SubmissionState.ANSWERED,
    ]
    clock.forward(days=31)
    with wiring.sessions.begin() as session:
        apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10)
    assert (row(wiring, stored.submission_id).text_written, row(wiring, one).text_written) == ("", "")
    assert row(wiring, one).contact_cipher is None
    assert row(wiring, two).text_written


def test_a_contact_taken_back_once_is_gone_everywhere(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = triaged(wiring, town, contact="13800138000")
    with wiring.sessions.begin() as session:
        agree(session, submission_id=stored.submission_id, at=clock.now())
    one, two = part(wiring, stored, {LID: 1, PHONE: 2}, by=town.zhou_id)
    assert row(wiring, one).contact_consent_at is not None
    with wiring.sessions.begin() as session:
        take_back(session, submission_id=stored.submission_id, at=clock.now())
    assert row(wiring, one).contact_consent_at is None
    with wiring.sessions.begin() as session:
        forget_contact(session, submission_id=two, at=clock.now())
    assert {row(wiring, each).contact_hint for each in (stored.submission_id, one, two)} == {""}


def test_what_cannot_be_split_says_why(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    every = {LAMP: 1, PHONE: 2, LID: 3}
    for choice, error, words in (
        ({}, InvalidInput, "请先选"),
        (every, InvalidInput, "至少留下一句"),
        ({3: 1}, Conflict, "刚刚有变化"),
    ):
        with pytest.raises(error, match=words):
            part(wiring, stored, choice, by=town.zhou_id)
    with pytest.raises(Forbidden):
        part(wiring, stored, {LID: 1}, by=town.shiqiao_member_id)
    with pytest.raises(NotFound):
        part(wiring, stored, {LID: 1}, by=town.stranger_id)
    assert parts(wiring, stored) == []
    late = deciding(wiring, town.laozhou_id, stored)
    (child_id,) = part(wiring, stored, {LID: 1}, by=town.zhou_id)
    with wiring.sessions() as session, pytest.raises(Conflict, match="刚刚有人处理过"):
        split(session, late, choice={PHONE: 1}, vault=wiring.vault)
    run_triage(wiring)
    child = row(wiring, child_id)
    with pytest.raises(Conflict, match="不能再分"):
        part(wiring, Stored(child_id, child.receipt_number, child.receipt_salt, repeated=False), {0: 1}, by=town.zhou_id)
    with pytest.raises(Forbidden):
        back(wiring, child_id, by=town.shiqiao_member_id)
    with pytest.raises(NotFound):
        back(wiring, child_id, by=town.stranger_id)
    with pytest.raises(NotFound):
        back(wiring, stored.submission_id, by=town.zhou_id)
    with wiring.sessions() as session, pytest.raises(Conflict, match="刚刚有变化"):
        rejoin(session, actor=actor(session, town.zhou_id), submission_id=child_id, version=child.version - 1, at=wiring.clock.now())


def test_no_more_parts_than_six(wiring: Wiring, town: Town) -> None:
    text = "".join(f"第{n}盏路灯坏了。" for n in "一二三四五六七八九")
    stored = triaged(wiring, town, text)
    starts = list(range(0, len(text), 8))
    with pytest.raises(InvalidInput, match="最多分出 6 件"):
        part(wiring, stored, {start: n for n, start in enumerate(starts)}, by=town.zhou_id)
    assert len(part(wiring, stored, {start: n for n, start in enumerate(starts[:6])}, by=town.zhou_id)) == 5
    with pytest.raises(InvalidInput, match="已经分出 5 件"):
        part(wiring, stored, {starts[6]: 1, starts[7]: 2}, by=town.zhou_id)


# Whoever stepped back from the message has no say in its parts, and whoever looks at a part isn't overtaken.
def test_a_part_inherits_who_stays_out_and_waits_for_who_looks(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    with wiring.sessions.begin() as session:
        passing = Passing(
            actor=actor(session, town.laozhou_id),
            submission_id=stored.submission_id,
            version=submission_of(wiring, stored).version,
            at=wiring.clock.now(),
            workflow=wiring.workflow,
        )
        recuse(session, passing, words="我爱人在那家单位上班。")
    (child_id,) = part(wiring, stored, {LID: 1}, by=town.zhou_id)
    run_triage(wiring)
    with pytest.raises(Forbidden):
        back(wiring, child_id, by=town.laozhou_id)
    with wiring.sessions.begin() as session:
        assert take(session, actor=actor(session, town.jing_id), submission_id=child_id, minutes=10, at=wiring.clock.now())
    with pytest.raises(Conflict, match="王静"):
        back(wiring, child_id, by=town.zhou_id)


# What a resident sent to a part's own receipt stands nowhere else: were the part taken back, it would be erased with the copy.
def test_a_part_that_its_resident_added_to_is_not_taken_back(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    written_to, shown = part(wiring, stored, {LID: 1, PHONE: 2}, by=town.zhou_id)
    run_triage(wiring)
    with wiring.sessions.begin() as session:
        write_from_resident(session, submission_id=written_to, words="在北门外。", nonce="a", most_a_day=5, at=wiring.clock.now())
        take_photos(session, shown, [BytesIO(photo())], store=wiring.objects, at=wiring.clock.now())
    for child_id in (written_to, shown):
        with pytest.raises(Conflict, match="居民在这一件里又补充了"):
            back(wiring, child_id, by=town.zhou_id)
        assert row(wiring, child_id).text_written


# Somebody else looks again at what was declined, and at all of it: a part would come to whoever declined it like any other.
def test_what_came_back_by_an_appeal_is_not_split(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    with wiring.sessions.begin() as session:
        decide.decline(session, deciding(wiring, town.zhou_id, stored), reason="already_done", words="")
    with wiring.sessions.begin() as session:
        appeal_submission(session, submission_id=stored.submission_id, words="还是不亮", at=wiring.clock.now())
    with pytest.raises(Conflict, match="申请了复核"):
        part(wiring, stored, {LID: 1}, by=town.jing_id)
    assert parts(wiring, stored) == []


# Of a part alone: its sentences leave the message, where the other parts stay at their places, and go with the part's own words in the end.
def test_a_part_taken_back_alone_takes_its_sentences_out_of_the_message(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = triaged(wiring, town, contact="13800138000")
    phone, lid = part(wiring, stored, {PHONE: 1, LID: 2}, by=town.zhou_id)
    run_triage(wiring)
    late = deciding(wiring, town.laozhou_id, stored)
    for _ in range(2):
        with wiring.sessions.begin() as session:
            withdraw(session, submission_id=phone, at=clock.now())
    message = submission_of(wiring, stored)
    assert message.text_masked == "幸福里 3 号楼路灯坏了。（这几句已撤回。）紫薇路井盖响了半个月！"
    assert message.text_written == message.text_masked
    assert message.state is SubmissionState.TRIAGED
    with wiring.sessions() as session, pytest.raises(Conflict):
        decide.answer(session, late, words="号码不对，请再写一次。")
    with wiring.sessions() as session:
        spans = {one.submission_id: one.spans for one in session.query(SubmissionPart)}
    assert {child: [message.text_masked[start:end] for start, end in places] for child, places in spans.items()} == {
        phone: ["（这几句已撤回。）"],
        lid: ["紫薇路井盖响了半个月！"],
    }
    assert row(wiring, phone).text_written == "打我电话138 0013 8000。"  # until retention
    back(wiring, lid, by=town.zhou_id)
    clock.forward(days=31)
    with wiring.sessions.begin() as session:
        apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10)
    assert row(wiring, phone).text_written == ""
    assert "8000" not in submission_of(wiring, stored).text_written


def test_a_message_counts_the_parts_that_are_still_apart(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    phone, lid = part(wiring, stored, {PHONE: 1, LID: 2}, by=town.zhou_id)
    run_triage(wiring)

    def counted() -> list[int]:
        with wiring.sessions() as session:
            return [count_of_family(session, one) for one in (stored.submission_id, lid)]

    assert counted() == [3, 3]
    back(wiring, phone, by=town.zhou_id)
    assert counted() == [2, 2]


def test_what_the_machine_quoted_of_sentences_taken_back_goes_with_them(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    (child_id,) = part(wiring, stored, {LID: 1}, by=town.zhou_id)
    with wiring.sessions.begin() as session:
        finding = session.query(Finding).filter_by(submission_id=stored.submission_id).order_by(Finding.id.desc()).first()
        assert finding is not None
        finding.content = {
            **finding.content,
            "title": "井盖响",
            "urgency_reasons": ["提到：井盖", "提到：路灯"],
            "demands": [{"start": LAMP, "end": PHONE, "category": None}, {"start": LID, "end": LID + 12, "category": None}],
        }
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=child_id, at=wiring.clock.now())
    with wiring.sessions() as session:
        content = session.query(Finding).filter_by(submission_id=stored.submission_id).order_by(Finding.id.desc()).first()
        assert content is not None
        assert "井盖" not in str(content.content)
        assert content.content["urgency_reasons"] == ["提到：路灯"]
        text = session.get_one(Submission, stored.submission_id).text_masked
        assert [text[one["start"] : one["end"]] for one in content.content["demands"]][1] == "（这几句已撤回。）"


@pytest.mark.parametrize(("sentence", "left"), [((LID, LID + 12), "紫薇路井盖响了半个月！"), ((PHONE, LID), None)])
def test_the_sentence_that_was_told_from_the_others_moves_along_or_is_no_longer_named(
    wiring: Wiring, town: Town, sentence: tuple[int, int], left: str | None
) -> None:
    stored = triaged(wiring, town, contact="13800138000")
    (child_id,) = part(wiring, stored, {PHONE: 1}, by=town.zhou_id)
    topic_of(wiring, town.zhou_id, "井盖", stored)
    with wiring.sessions.begin() as session:
        one = session.query(Contributor).filter_by(submission_id=stored.submission_id).one()
        one.sentence_start, one.sentence_end = sentence
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=child_id, at=wiring.clock.now())
    with wiring.sessions() as session:
        one = session.query(Contributor).filter_by(submission_id=stored.submission_id).one()
        text = session.get_one(Submission, stored.submission_id).text_masked
        assert (text[one.sentence_start : one.sentence_end].strip() if one.sentence_start is not None else None) == left


def test_a_message_taken_back_keeps_its_words_whole_until_they_go(wiring: Wiring, town: Town) -> None:
    stored = triaged(wiring, town)
    (child_id,) = part(wiring, stored, {LID: 1}, by=town.zhou_id)
    run_triage(wiring)
    child = row(wiring, child_id)
    with wiring.sessions.begin() as session:
        as_stored = Stored(child_id, child.receipt_number, child.receipt_salt, repeated=False)
        decide.answer(session, deciding(wiring, town.zhou_id, as_stored), words="社区今天去看。")
    for taken in (stored.submission_id, child_id):
        with wiring.sessions.begin() as session:
            withdraw(session, submission_id=taken, at=wiring.clock.now())
    assert submission_of(wiring, stored).text_written == THREE

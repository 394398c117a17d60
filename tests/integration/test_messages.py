"""Words between a resident and those who have the matter: once, masked, within limits, and only for those of the area."""

import pytest
from sqlalchemy import select

from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from intake.domain.message import MessageFrom
from intake.models import AuditEntry, Message
from intake.queries.message import thread_for_member, thread_for_resident, unread
from intake.services.contact_consent import agree, take_back
from intake.services.message import note_read, read_by_member, write_from_resident, write_to_resident
from intake.services.retention import apply_retention
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor

MOST = 10


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    """幸福里的路灯, which waits for 周明远."""
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了", contact="13800000021")


def resident_writes(wiring: Wiring, stored: Stored, words: str, *, nonce: str = "a") -> None:
    with wiring.sessions.begin() as session:
        write_from_resident(session, submission_id=stored.submission_id, words=words, nonce=nonce, most_a_day=MOST, at=wiring.clock.now())


def member_writes(wiring: Wiring, user_id: int, stored: Stored, words: str, *, nonce: str = "a") -> None:
    with wiring.sessions.begin() as session:
        write_to_resident(
            session,
            actor=actor(session, user_id),
            submission_id=stored.submission_id,
            words=words,
            nonce=nonce,
            most_a_day=MOST,
            digest_minutes=10,
            at=wiring.clock.now(),
        )


def messages(wiring: Wiring, stored: Stored) -> list[Message]:
    with wiring.sessions() as session:
        return list(session.scalars(select(Message).where(Message.submission_id == stored.submission_id).order_by(Message.id)))


def test_sending_twice_makes_one_message_and_writing_it_again_makes_two(wiring: Wiring, lamp: Stored) -> None:
    resident_writes(wiring, lamp, "东边那盏也不亮。", nonce="a")
    resident_writes(wiring, lamp, "东边那盏也不亮。", nonce="a")
    assert len(messages(wiring, lamp)) == 1
    resident_writes(wiring, lamp, "东边那盏也不亮。", nonce="b")
    assert len(messages(wiring, lamp)) == 2


def test_members_read_a_residents_words_masked_and_the_resident_reads_them_whole(wiring: Wiring, lamp: Stored) -> None:
    resident_writes(wiring, lamp, "打我电话13812345678")
    with wiring.sessions() as session:
        (seen,) = thread_for_member(session, lamp.submission_id).messages
        (own,) = thread_for_resident(session, lamp.submission_id).messages
    assert "13812345678" not in seen.text
    assert own.text == "打我电话13812345678"
    assert seen.by == ""


def test_empty_and_endless_words_are_refused_at_their_field(wiring: Wiring, lamp: Stored) -> None:
    for words in ("", " \n ", "\x00", "灯" * 501):
        with pytest.raises(InvalidInput) as refused:
            resident_writes(wiring, lamp, words)
        assert refused.value.field == "words"
    resident_writes(wiring, lamp, "灯" * 500)


def test_a_receipt_takes_so_many_a_day_from_each_side_and_more_the_next(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    for number in range(MOST):
        resident_writes(wiring, lamp, f"第 {number} 句", nonce=str(number))
    with pytest.raises(TooMany, match="明天再写"):
        resident_writes(wiring, lamp, "再一句", nonce="more")
    resident_writes(wiring, lamp, "第 0 句", nonce="0")  # sent twice is no second one
    member_writes(wiring, town.zhou_id, lamp, "都看到了。")
    clock.forward(hours=15)  # past midnight in Shanghai
    resident_writes(wiring, lamp, "再一句", nonce="more")
    assert len(messages(wiring, lamp)) == MOST + 2


def test_only_those_of_the_area_write_to_the_resident(wiring: Wiring, town: Town, lamp: Stored) -> None:
    for user_id, refusal in ((town.shiqiao_member_id, Forbidden), (town.li_id, Forbidden), (town.stranger_id, NotFound)):
        with pytest.raises(refusal):
            member_writes(wiring, user_id, lamp, "您好。")
        with wiring.sessions() as session, pytest.raises(refusal):
            read_by_member(session, actor=actor(session, user_id), submission_id=lamp.submission_id, at=wiring.clock.now())
    member_writes(wiring, town.jing_id, lamp, "您好。")
    (one,) = messages(wiring, lamp)
    assert (one.written_from, one.written_by) == (MessageFrom.MEMBER, town.jing_id)


def test_what_was_withdrawn_takes_no_more_words(wiring: Wiring, town: Town, lamp: Stored) -> None:
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=lamp.submission_id, at=wiring.clock.now())
    with pytest.raises(Conflict, match="已经撤回"):
        resident_writes(wiring, lamp, "等一下。")
    with pytest.raises(Conflict):
        member_writes(wiring, town.zhou_id, lamp, "好的。")


def test_a_residents_words_wait_until_somebody_reads_or_answers_them(wiring: Wiring, town: Town, lamp: Stored) -> None:
    def waiting(user_id: int) -> list[int]:
        with wiring.sessions() as session:
            return [row.id for row in unread(session, actor(session, user_id)).rows]

    resident_writes(wiring, lamp, "东边那盏也不亮。")
    assert waiting(town.zhou_id) == waiting(town.jing_id) == [lamp.submission_id]
    assert waiting(town.shiqiao_member_id) == waiting(town.stranger_id) == []
    with wiring.sessions.begin() as session:
        read_by_member(session, actor=actor(session, town.zhou_id), submission_id=lamp.submission_id, at=wiring.clock.now())
    assert waiting(town.jing_id) == []
    resident_writes(wiring, lamp, "西边也是。", nonce="b")
    member_writes(wiring, town.zhou_id, lamp, "一起修。")
    assert waiting(town.jing_id) == []


def test_what_was_written_to_the_resident_is_noted_as_read_once(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    member_writes(wiring, town.zhou_id, lamp, "明天来修。")
    resident_writes(wiring, lamp, "好的。")
    first = clock.now()
    for _ in range(2):
        with wiring.sessions.begin() as session:
            note_read(session, submission_id=lamp.submission_id, at=clock.now())
        clock.forward(days=1)
    theirs, own = messages(wiring, lamp)
    assert (theirs.read_at, own.read_at) == (first, None)


def test_withdrawn_words_are_emptied_with_the_rest(wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    resident_writes(wiring, lamp, "打我电话13812345678")
    member_writes(wiring, town.zhou_id, lamp, "好的，打13812345678。")
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=lamp.submission_id, at=wiring.clock.now())
    clock.forward(days=31)
    with wiring.sessions.begin() as session:
        apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10)
    assert {(one.text_written, one.text_masked, one.erased_at) for one in messages(wiring, lamp)} == {("", "", clock.now())}


def test_consent_is_given_and_taken_back_in_the_audit_once_each(wiring: Wiring, lamp: Stored) -> None:
    for do in (agree, agree, take_back, take_back):
        with wiring.sessions.begin() as session:
            do(session, submission_id=lamp.submission_id, at=wiring.clock.now())
    with wiring.sessions() as session:
        acts = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("contact.")).order_by(AuditEntry.id)).all()
    assert acts == ["contact.agree", "contact.take_back"]
    assert submission_of(wiring, lamp).contact_consent_at is None


def test_there_is_nothing_to_agree_to_without_a_contact_or_after_withdrawing(wiring: Wiring, town: Town, lamp: Stored) -> None:
    silent = told(wiring, town.longchi_code, "垃圾没人收")
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=lamp.submission_id, at=wiring.clock.now())
    for stored in (silent, lamp):
        with wiring.sessions() as session, pytest.raises(Conflict):
            agree(session, submission_id=stored.submission_id, at=wiring.clock.now())

"""A sentence is stored exactly once, however often and however simultaneously it is sent."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from config.settings import Settings
from intake.domain.errors import PointClosed
from intake.domain.point import PointState
from intake.domain.receipt import parse_receipt_number
from intake.domain.submission import Channel, SubmissionState
from intake.models import HistoryEntry, Submission, SubmissionKey
from intake.ports import NullJobQueue, Wake
from intake.queries.point import point_by_code
from intake.services.submission_submit import Origin, Stored, read_sentence, submit
from intake.wiring import Wiring, wire
from tests.factories.clock import TestClock
from tests.factories.sentences import say
from tests.factories.town import Town

THREADS = 50


@pytest.fixture
def wide(settings: Settings, clock: TestClock) -> Iterator[Wiring]:
    """A wiring with a connection for every thread, so that they meet in the database and not before it."""
    wired = wire(replace(settings), clock=clock, pool_size=THREADS)
    yield wired
    wired.close()


def all_at_once(wired: Wiring, code: str, keys: list[bytes]) -> list[Stored]:
    ready, stored, errors = threading.Barrier(len(keys)), list[Stored](), list[BaseException]()

    def send(key: bytes) -> None:
        ready.wait()
        try:
            stored.append(say(wired, code, "幸福里 3 号楼路灯坏了", contact="13800000021", key=key))
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the assertion shows it
            errors.append(error)

    senders = [threading.Thread(target=send, args=(key,)) for key in keys]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert errors == []
    return stored


def test_fifty_sends_with_one_key_are_one_submission_with_one_receipt(wide: Wiring, town: Town, session: Session) -> None:
    stored = all_at_once(wide, town.longchi_code, [b"one key"] * THREADS)
    assert len(stored) == THREADS
    assert len({(one.submission_id, one.receipt_number, one.receipt_salt) for one in stored}) == 1
    assert Counter(one.repeated for one in stored) == {True: THREADS - 1, False: 1}
    assert session.query(Submission).count() == session.query(SubmissionKey).count() == 1
    assert session.query(HistoryEntry).filter_by(noun="submission").count() == 1


def test_fifty_sends_with_fifty_keys_are_fifty_submissions(wide: Wiring, town: Town, session: Session) -> None:
    stored = all_at_once(wide, town.longchi_code, [os.urandom(16) for _ in range(THREADS)])
    assert len({one.receipt_number for one in stored}) == THREADS
    assert session.query(Submission).count() == THREADS
    for one in stored:
        assert parse_receipt_number(one.receipt_number) == one.receipt_number


def test_a_send_that_was_rolled_back_leaves_its_key_free(wiring: Wiring, town: Town, session: Session) -> None:
    with wiring.sessions() as lost:
        point = point_by_code(lost, town.longchi_code)
        assert point is not None
        submit(
            lost,
            vault=wiring.vault,
            point=point,
            key=b"one key",
            sentence=read_sentence(text="路灯坏了", place="", contact=""),
            origin=Origin(Channel.FORM),
            at=wiring.clock.now(),
        )
        lost.rollback()
    stored = say(wiring, town.longchi_code, "路灯坏了", key=b"one key")
    assert not stored.repeated
    assert session.query(Submission).count() == 1


def test_what_is_stored_is_what_was_written(wiring: Wiring, town: Town, session: Session) -> None:
    stored = say(wiring, town.longchi_code, " 路灯\x00坏了 ", place=" 幸福里\n3 号楼 ", contact="13800000021")
    row = session.get_one(Submission, stored.submission_id)
    assert (row.text_written, row.text_masked, row.replaced_characters, row.place) == ("路灯\ufffd坏了", "", 1, "幸福里 3 号楼")
    assert row.state is SubmissionState.RECEIVED
    assert row.contact_hint == "138••••0021"
    assert row.contact_cipher is not None
    assert wiring.vault.open(row.contact_cipher, context=f"contact:{row.receipt_number}") == "13800000021"
    entry = session.query(HistoryEntry).filter_by(noun="submission", entity_id=row.id).one()
    assert (entry.action, entry.from_state, entry.to_state, entry.actor_kind.value) == ("begin", None, "received", "resident")


# Enough to recognise one's own contact, too little for anybody else.
@pytest.mark.parametrize(("contact", "hint"), [("", ""), ("13800000021", "138••••0021"), ("wx_lao", "w••••"), ("123456789", "1••••")])
def test_a_hint_shows_little(wiring: Wiring, town: Town, session: Session, contact: str, hint: str) -> None:
    stored = say(wiring, town.longchi_code, "路灯坏了", contact=contact)
    assert session.get_one(Submission, stored.submission_id).contact_hint == hint


def test_a_closed_point_takes_nothing(wiring: Wiring, town: Town, session: Session) -> None:
    point = point_by_code(session, town.longchi_code)
    assert point is not None
    for state in (PointState.PAUSED, PointState.RETIRED):
        with pytest.raises(PointClosed, match="社区服务台"):
            submit(
                session,
                vault=wiring.vault,
                point=replace(point, state=state),
                key=os.urandom(16),
                sentence=read_sentence(text="路灯坏了", place="", contact=""),
                origin=Origin(Channel.FORM),
                at=wiring.clock.now(),
            )
    assert session.query(SubmissionKey).count() == 0


def test_the_workers_are_woken_after_the_commit_and_only_then(wiring: Wiring, town: Town) -> None:
    queue = NullJobQueue()
    wiring.queue = queue
    with wiring.sessions() as session:
        point = point_by_code(session, town.longchi_code)
        assert point is not None
        submit(
            session,
            vault=wiring.vault,
            point=point,
            key=b"k",
            sentence=read_sentence(text="路灯坏了", place="", contact=""),
            origin=Origin(Channel.FORM),
            at=wiring.clock.now(),
        )
        assert queue.woken == []
    say(wiring, town.longchi_code, "路灯坏了")
    assert queue.woken == [Wake.TRIAGE]

"""An import is taken back while the machine reads its other rows, staff decide on some, or topics are merged: nobody waits in a circle."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from intake.domain.row_import import ImportState
from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicAction, TopicState
from intake.models import Contributor, HistoryEntry, ImportedRow, Submission, Topic
from intake.ports import NullJobQueue
from intake.services import row_import as service
from intake.services import row_import_work as work
from intake.services.contribution import lock_topics_behind
from intake.services.row_import_rows import Pressing, set_rows_aside
from intake.services.submission_triage import lock_same_matter
from intake.services.topic_screen import screen
from intake.wiring import Wiring
from tests.factories.imports import as_csv, call, importing, row_of, taken_in
from tests.factories.matters import screening, told, topic_of, topic_row
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process, waiting_for_the_district
from workers.jobs import row_imports, triage_batch

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


def until(condition: Callable[[], bool]) -> None:
    """Return when it holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


def waiting(wiring: Wiring) -> int:
    """How many transactions of this database wait for a lock."""
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    with wiring.sessions() as session:
        return int(session.execute(waits).scalar_one())


def undoing(wiring: Wiring, town: Town, import_id: int) -> None:
    with wiring.sessions.begin() as session:
        service.undo(session, importing(wiring, town, import_id))


def rows_of(session: Session, import_id: int) -> list[Submission]:
    inside = select(ImportedRow.submission_id).where(ImportedRow.import_id == import_id)
    return list(session.scalars(select(Submission).where(Submission.id.in_(inside)).order_by(Submission.id)))


def test_the_machine_reads_a_row_while_the_import_is_taken_back(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine holds a row and wants the topic of another, which is being taken out of it."""
    import_id = taken_in(wiring, town, as_csv([call(at, community="龙池社区") for at in range(3)]))
    monkeypatch.setattr(triage_batch, "BATCH", 1)
    monkeypatch.setattr(triage_batch, "GIVE_WAY_SECONDS", ())
    monkeypatch.setattr(triage_batch, "stopping", lambda: True)
    triage_batch.run()
    states = [row.state for row in rows_of(session, import_id)]
    assert states == [SubmissionState.TRIAGED, SubmissionState.RECEIVED, SubmissionState.RECEIVED]
    undoing(wiring, town, import_id)
    reads, undoes = threading.Thread(target=triage_batch.run), threading.Thread(target=row_imports.run)
    with wiring.sessions() as gate:
        lock_same_matter(gate, town.district_id)
        reads.start()
        until(lambda: waiting_for_the_district(session) == 1)
        undoes.start()
        until(lambda: waiting(wiring) == 2)
    reads.join()
    undoes.join()
    session.rollback()
    read = select(func.count()).where(HistoryEntry.noun == "submission", HistoryEntry.action == "triage")
    assert session.scalar(read) == 2, "the machine gave way to nobody"
    row = row_of(wiring, import_id)
    assert (row.state, row.rows_undone, row.rows_done) == (ImportState.UNDONE, 3, 3)
    assert session.scalar(select(func.count()).where(Contributor.status != "removed")) == 0
    assert set(session.scalars(select(Topic.suggested_count + Topic.confirmed_count))) == {0}


def test_staff_keep_a_row_for_reference_while_the_import_is_taken_back(wiring: Wiring, town: Town, session: Session) -> None:
    """Whoever decides holds topics before submissions."""
    import_id = taken_in(wiring, town, as_csv([call(at, community="龙池社区") for at in range(3)]))
    triage_batch.run()
    first, *_ = rows_of(session, import_id)
    undoing(wiring, town, import_id)
    undoes = threading.Thread(target=row_imports.run)
    with wiring.sessions() as staff:
        lock_topics_behind(staff, [first.id])
        undoes.start()
        until(lambda: waiting(wiring) == 1)
        pressing = Pressing(actor(staff, town.jing_id), import_id, [(first.id, first.version)], wiring.clock.now(), 0)
        assert set_rows_aside(staff, pressing).done == 1
        staff.commit()
    undoes.join()
    session.rollback()
    row = row_of(wiring, import_id)
    assert (row.state, row.rows_undone, row.rows_done) == (ImportState.UNDONE, 2, 3)
    assert [one.state for one in rows_of(session, import_id)] == [SubmissionState.CLOSED]


def test_a_topic_is_merged_while_its_rows_are_taken_back(wiring: Wiring, town: Town, session: Session) -> None:
    """What it was merged into is locked before the rows that came there, and counts without them."""
    import_id = taken_in(wiring, town, as_csv([call(at, community="龙池社区") for at in range(3)]))
    triage_batch.run()
    merged = session.scalars(select(Topic.id)).one()
    survivor = topic_of(wiring, town.zhou_id, "石板路", told(wiring, town.longchi_code, "石板路坏了"))
    undoing(wiring, town, import_id)
    undoes = threading.Thread(target=row_imports.run)
    held = screening(wiring, town.jing_id, merged)
    with wiring.sessions() as staff:
        screen(staff, held, TopicAction.MERGE, words="同一件事。", target_topic_id=survivor)
        staff.flush()
        undoes.start()
        until(lambda: waiting(wiring) == 1)
        staff.commit()
    undoes.join()
    row = row_of(wiring, import_id)
    assert (row.state, row.rows_undone, row.rows_done) == (ImportState.UNDONE, 3, 3)
    assert topic_row(wiring, merged).state is TopicState.MERGED
    topic = topic_row(wiring, survivor)
    assert (topic.confirmed_count, topic.suggested_count) == (1, 0)


def test_a_row_that_somebody_holds_for_long_is_waited_for_anew(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = taken_in(wiring, town, as_csv([call(at) for at in range(3)]))
    _, second, _ = rows_of(session, import_id)
    undoing(wiring, town, import_id)
    real, waits = work.wait_for, threading.Semaphore(0)

    def impatient(session: Session, submission_id: int) -> None:
        session.execute(select(func.set_config("lock_timeout", "10", True)))
        waits.release()
        real(session, submission_id)

    monkeypatch.setattr(row_imports, "wait_for", impatient)
    undoes = threading.Thread(target=row_imports.run)
    with wiring.sessions() as somebody:
        somebody.get_one(Submission, second.id, with_for_update=True)
        undoes.start()
        for _ in range(3):
            assert waits.acquire(timeout=PATIENCE)
        row = row_of(wiring, import_id)
        assert (row.state, row.rows_undone, row.rows_done) == (ImportState.UNDOING, 2, 2)
    undoes.join()
    row = row_of(wiring, import_id)
    assert (row.state, row.rows_undone, row.rows_done) == (ImportState.UNDONE, 3, 3)

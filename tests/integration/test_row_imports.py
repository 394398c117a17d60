"""Rows of the hotline and the message board, from the file to submissions: tried, taken in once, taken back, and never anybody's clock."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.import_mapping import ImportField, Refusal, guess
from intake.domain.permission import Role
from intake.domain.row_import import ImportState
from intake.domain.submission import Channel, SubmissionState, Urgency
from intake.domain.topic import Route
from intake.models import (
    Alarm,
    Contributor,
    Decision,
    HistoryEntry,
    ImportedRow,
    IntakePoint,
    Notification,
    RefusedRow,
    RowImport,
    Submission,
    Topic,
)
from intake.ports import NullJobQueue, Wake
from intake.queries import row_import_rows
from intake.queries.communities_heard import messages_by_area
from intake.queries.district_home import WaitingKind, waiting_for
from intake.queries.member_queue import awaiting_member, next_card, workload
from intake.queries.row_import import import_detail, mapping_before
from intake.queries.row_import_rows import RowFilter, imported_rows
from intake.services import row_import as service
from intake.services import row_import_work as work
from intake.services import submission_decide as decide
from intake.services.attach_together import attach_together
from intake.services.category_change import change_category
from intake.services.contribution import live_contributor
from intake.services.ownership import escalate_due
from intake.services.reassign import Passing, hand_over
from intake.services.row_import import first_rows_key
from intake.services.row_import_rows import Pressed, Pressing, bring_rows_back, set_rows_aside
from intake.services.submission_decide import Deciding, set_aside
from intake.services.submission_detail import ask
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.imports import HEADS, as_csv, as_xlsx, call, importing, row_of, send, taken_in, tried
from tests.factories.sentences import say
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import apply_retention, row_imports, triage_batch

CIVIC = Path(__file__).parents[2].parent / "shared" / "data" / "civic"


@pytest.fixture(autouse=True)
def queue(wiring: Wiring) -> Iterator[NullJobQueue]:
    wiring.queue = queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield queue


def submissions(wiring: Wiring) -> list[Submission]:
    with wiring.sessions() as session:
        return list(session.scalars(select(Submission).where(Submission.channel == Channel.IMPORT).order_by(Submission.id)))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("source", ["hotline", "board"])
def test_what_the_hotline_and_the_board_really_hold_comes_in_by_both_formats(
    wiring: Wiring, town: Town, clock: TestClock, source: str, kind: str
) -> None:
    path = CIVIC / f"{source}.jsonl"
    if not path.exists():
        assert "CI" not in os.environ, "the shared rows are not here"
        pytest.skip("platform: the shared rows are not beside the project")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()][:400]
    heads = list(lines[0])
    rows = [[line.get(head) for head in heads] for line in lines]
    table = as_csv(rows, heads=heads, encoding="gb18030") if kind == "csv" else as_xlsx(rows, heads=heads)
    import_id = taken_in(wiring, town, table, name=f"{source}.{kind}", source=source)
    row = row_of(wiring, import_id)
    assert row.state is ImportState.IMPORTED, row.problem
    assert row.rows_total == len(lines)
    assert row.rows_good + row.rows_again + row.rows_refused == len(lines)
    assert row.rows_good >= 0.95 * len(lines)
    first = submissions(wiring)[0]
    text, title = (lines[0]["detail"], lines[0]["title"]) if source == "hotline" else (lines[0]["content"], lines[0]["subject"])
    assert first.text_written == f"{title}\n{text.strip()}"
    assert first.state is SubmissionState.RECEIVED
    assert first.received_at < clock.now()
    assert first.contact_cipher is None


def test_a_row_comes_in_once_whatever_file_brings_it(wiring: Wiring, town: Town) -> None:
    rows = [call(1), call(2), call(1), (*call(3)[:1], "", "", *call(3)[3:]), ("", "无编号", "同样的话说了两遍呀", "", "", "")]
    first = tried(wiring, town, as_csv([*rows, rows[-1]]))
    row = row_of(wiring, first)
    assert (row.state, row.rows_good, row.rows_again, row.rows_refused) == (ImportState.CHECKED, 3, 2, 1)
    assert submissions(wiring) == []
    with wiring.sessions.begin() as session:
        service.take_in(session, importing(wiring, town, first), areas={})
    row_imports.run()
    row = row_of(wiring, first)
    assert (row.state, row.rows_good, row.rows_again, row.rows_refused) == (ImportState.IMPORTED, 3, 2, 1)
    again = taken_in(wiring, town, as_xlsx([call(2), call(4)]), name="热线.xlsx", source=" 12345  热线")
    assert (row_of(wiring, again).rows_good, row_of(wiring, again).rows_again) == (1, 1)
    other = taken_in(wiring, town, as_csv([call(2)]), source="人民网留言板")
    assert row_of(wiring, other).rows_good == 1
    assert len(submissions(wiring)) == 5


def test_a_row_is_placed_dated_and_known_by_its_number(wiring: Wiring, town: Town, clock: TestClock) -> None:
    table = as_csv([call(1, community="龙池社区"), call(2, community="没有这个社区", when="")])
    import_id = taken_in(wiring, town, table, source="热线")
    one, two = submissions(wiring)
    assert (one.area_id, two.area_id) == (town.longchi_id, town.district_id)
    assert one.received_at.isoformat() == "2026-10-03T00:05:00+00:00"
    assert two.received_at == clock.now()
    assert "138" not in one.text_written + one.place + one.contact_hint
    with wiring.sessions() as session:
        point = session.get_one(IntakePoint, one.point_id)
        assert (point.state.value, point.area_id) == ("retired", town.district_id)
        begun = session.scalars(select(HistoryEntry).where(HistoryEntry.noun == "submission", HistoryEntry.entity_id == one.id)).one()
        assert begun.actor_id == town.jing_id
        page = imported_rows(session, actor(session, town.jing_id), import_id, show=RowFilter.ALL)
        assert [(row.line, row.number) for row in page.rows] == [(1, "GD00001"), (2, "GD00002")]


# Each row is refused for its own reason, and the others come in.
REFUSED = (
    (call(1, words=""), ImportField.TEXT, Refusal.NO_TEXT),
    (call(2, words="！", title=""), ImportField.TEXT, Refusal.SAYS_NOTHING),
    (call(3, words="长" * 5001), ImportField.TEXT, Refusal.TOO_LONG),
    (call(4, when="上个月"), ImportField.WHEN, Refusal.BAD_DATE),
    (call(5, when="1999-12-31"), ImportField.WHEN, Refusal.OUTSIDE_DATES),
    (call(6, when="2026-11-30"), ImportField.WHEN, Refusal.OUTSIDE_DATES),
)


def test_what_is_refused_is_told_line_by_line(wiring: Wiring, town: Town) -> None:
    rows = [call(100), *(row for row, _, _ in REFUSED), call(101, words="长" * 4990, title="题")]
    import_id = taken_in(wiring, town, as_xlsx(rows), name="a.xlsx")
    with wiring.sessions() as session:
        found = session.execute(select(RefusedRow.line, RefusedRow.field, RefusedRow.reason_code).order_by(RefusedRow.line)).all()
    assert [tuple(one) for one in found] == [(at, field.value, reason.value) for at, (_, field, reason) in enumerate(REFUSED, 2)]
    assert row_of(wiring, import_id).rows_good == 2


def test_nobody_is_asked_called_or_told_about_imported_rows(wiring: Wiring, town: Town, clock: TestClock) -> None:
    words = ["幸福里3号楼煤气味很重，有人晕倒了，快来人", "加微信领红包，日赚三千，点击链接", "幸福里的路灯坏了半个月，晚上走路看不见"]
    taken_in(wiring, town, as_csv([call(at, one, community="龙池社区") for at, one in enumerate(words, 1)]))
    triage_batch.run()
    rows = submissions(wiring)
    assert {row.state for row in rows} == {SubmissionState.TRIAGED}
    assert {(row.owner_id, row.owner_role, row.escalate_at) for row in rows} == {(None, Role.STAFF, None)}
    assert rows[0].urgency is Urgency.SOON
    clock.forward(days=30)
    with wiring.sessions.begin() as session:
        zhou, jing = actor(session, town.zhou_id), actor(session, town.jing_id)
        assert awaiting_member(session, zhou, at=clock.now()).rows == ()
        assert next_card(session, zhou, at=clock.now()) is None
        assert workload(session, zhou, at=clock.now()).total == 0
        kinds = {line.kind for line in waiting_for(session, jing, at=clock.now(), idle_before=clock.now(), still_before=clock.now())}
        assert not kinds & {WaitingKind.EMERGENCY, WaitingKind.ESCALATED, WaitingKind.HELD}
        assert escalate_due(session, workflow=wiring.workflow, at=clock.now(), limit=10) == 0
        assert session.scalar(select(func.count()).select_from(Alarm)) == 0
        assert {topic.route for topic in session.scalars(select(Topic))} == {Route.NETWORK}


def test_what_somebody_waits_for_is_read_before_thousands_of_rows(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    taken_in(wiring, town, as_csv([call(at) for at in range(5)]))
    waits = say(wiring, town.longchi_code, "电梯坏了")
    monkeypatch.setattr(triage_batch, "BATCH", 1)
    read: list[int] = []
    monkeypatch.setattr(triage_batch.log, "info", lambda *_args, **_kept: read.extend(triaged(wiring)[len(read) :]))
    triage_batch.run()
    assert read[0] == waits.submission_id


def triaged(wiring: Wiring) -> list[int]:
    with wiring.sessions() as session:
        found = select(HistoryEntry.entity_id).where(HistoryEntry.noun == "submission", HistoryEntry.action == "triage")
        return list(session.scalars(found.order_by(HistoryEntry.id)))


def test_staff_put_rows_into_their_topics_and_set_others_aside_and_nobody_is_told(wiring: Wiring, town: Town, clock: TestClock) -> None:
    import_id = taken_in(wiring, town, as_csv([call(at, community="龙池社区") for at in range(3)]))
    triage_batch.run()
    with wiring.sessions.begin() as session:
        jing = actor(session, town.jing_id)
        rows = imported_rows(session, actor(session, town.jing_id), import_id, show=RowFilter.SUGGESTED).rows
        topic_id = rows[0].topic_id
        assert topic_id is not None
        chosen = [(row.submission_id, row.version) for row in rows[:2]]
        done = attach_together(session, actor=jing, topic_id=topic_id, chosen=chosen, at=clock.now(), undo_seconds=600)
        assert (done.done, done.left_out) == (2, ())
        last = rows[2]
        set_aside(session, Deciding(actor=jing, submission_id=last.submission_id, version=last.version, at=clock.now(), undo_seconds=0))
    with wiring.sessions() as session:
        states = [session.get_one(Submission, row.submission_id).state for row in rows]
        assert states == [SubmissionState.IN_TOPIC, SubmissionState.IN_TOPIC, SubmissionState.CLOSED]
        assert session.scalar(select(func.count()).select_from(Notification)) == 0
        waits = say(wiring, town.longchi_code, "电梯坏了")
        deciding = Deciding(actor=jing, submission_id=waits.submission_id, version=1, at=clock.now(), undo_seconds=0)
        with pytest.raises(Conflict, match="有人等着答复"):
            set_aside(session, deciding)


def test_taking_an_import_back_leaves_what_people_used_and_frees_the_rest(wiring: Wiring, town: Town, clock: TestClock) -> None:
    import_id = taken_in(wiring, town, as_csv([call(at, community="龙池社区") for at in range(4)]))
    triage_batch.run()
    with wiring.sessions.begin() as session:
        rows = imported_rows(session, actor(session, town.jing_id), import_id, show=RowFilter.SUGGESTED).rows
        topic_id = rows[0].topic_id
        assert topic_id is not None
        chosen = [(rows[0].submission_id, rows[0].version)]
        attach_together(session, actor=actor(session, town.jing_id), topic_id=topic_id, chosen=chosen, at=clock.now(), undo_seconds=600)
    with wiring.sessions.begin() as session:
        service.undo(session, importing(wiring, town, import_id))
    row_imports.run()
    row = row_of(wiring, import_id)
    assert (row.state, row.rows_undone) == (ImportState.UNDONE, 3)
    with wiring.sessions() as session:
        detail = import_detail(session, actor(session, town.jing_id), import_id)
        assert (detail.row.inside, detail.states) == (1, ((SubmissionState.IN_TOPIC, 1),))
        topic = session.get_one(Topic, topic_id)
        assert (topic.confirmed_count, topic.suggested_count) == (1, 0)
        assert session.scalar(select(func.count()).select_from(Contributor).where(Contributor.status == "suggested")) == 0
    again = taken_in(wiring, town, as_csv([call(at) for at in range(4)]))
    assert (row_of(wiring, again).rows_good, row_of(wiring, again).rows_again) == (3, 1)
    clock.forward(days=wiring.workflow.retention.withdrawn_text_days + 1)
    apply_retention.run()
    with wiring.sessions() as session:
        emptied = select(func.count()).select_from(Submission).where(Submission.channel == Channel.IMPORT, Submission.text_written == "")
        assert session.scalar(emptied) == 3


@pytest.mark.parametrize("step", ["check", "import", "undo"])
def test_whoever_goes_on_after_a_dead_worker_begins_behind_the_last_row(
    wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(row_imports, "BATCH", 2)
    table = as_csv([*(call(at) for at in range(5)), call(9, when="?"), call(0)])
    import_id = send(wiring, town, table)
    row_imports.run()
    columns: dict[ImportField, int | None] = {**guess(HEADS)}
    for act, function in (("check", "store_trial"), ("import", "store_rows"), ("undo", "withdraw_some")):
        with wiring.sessions.begin() as session:
            now = importing(wiring, town, import_id)
            if act == "check":
                service.check(session, now, columns=columns, since=None)
            else:
                service.take_in(session, now, areas={}) if act == "import" else service.undo(session, now)
        if act == step:
            die_at_the_second(monkeypatch, function)
            with pytest.raises(KeyboardInterrupt):
                row_imports.run()
            monkeypatch.undo()
            monkeypatch.setattr(row_imports, "BATCH", 2)
            row_imports.run()  # its claim still stands
            assert row_of(wiring, import_id).state.value.endswith("ing")
            clock.forward(seconds=work.SILENT.total_seconds() + 1)
        row_imports.run()
    row = row_of(wiring, import_id)
    assert (row.state, row.rows_total, row.rows_good, row.rows_again, row.rows_refused, row.rows_undone) == (
        ImportState.UNDONE, 7, 5, 1, 1, 5,
    )  # fmt: skip
    assert len(submissions(wiring)) == 5


# The machine reads the rows that are taken back: its locks and ours may cross.
@pytest.mark.parametrize(("act", "function"), [("import", "store_rows"), ("undo", "withdraw_some")])
def test_a_deadlock_costs_a_batch_and_not_the_claim(
    wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch, act: str, function: str
) -> None:
    monkeypatch.setattr(row_imports, "BATCH", 2)
    import_id = (tried if act == "import" else taken_in)(wiring, town, as_csv([call(at) for at in range(5)]))
    with wiring.sessions.begin() as session:
        now = importing(wiring, town, import_id)
        service.take_in(session, now, areas={}) if act == "import" else service.undo(session, now)
    die_at_the_second(monkeypatch, function, OperationalError("", {}, Exception("deadlock detected")))
    row_imports.run()
    assert row_of(wiring, import_id).rows_done == 2
    row_imports.run()  # the same minute
    row = row_of(wiring, import_id)
    assert (row.state.value, row.rows_undone) == (("imported", 0) if act == "import" else ("undone", 5))
    assert (row.rows_good, len(submissions(wiring))) == (5, 5)


def die_at_the_second(monkeypatch: pytest.MonkeyPatch, name: str, error: BaseException | None = None) -> None:
    """Killed (or stopped by `error`) after a batch was committed, in the middle of the next."""
    real, calls = getattr(work, name), []

    def dying(*args: object, **kept: object) -> object:
        calls.append(name)
        done = real(*args, **kept)
        if len(calls) == 2:
            raise error or KeyboardInterrupt
        return done

    monkeypatch.setattr(row_imports, name, dying)


# Half of it is in: the columns can't be changed under it nor the rest forgotten, but it can be gone on with or taken back.
def test_an_import_that_broke_off_is_gone_on_with_and_its_rows_add_up(
    wiring: Wiring, town: Town, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_imports, "BATCH", 2)
    import_id = tried(wiring, town, as_csv([call(at) for at in range(5)]))
    with wiring.sessions.begin() as session:
        service.take_in(session, importing(wiring, town, import_id), areas={})
    die_at_the_second(monkeypatch, "store_rows")
    with pytest.raises(KeyboardInterrupt):
        row_imports.run()
    monkeypatch.undo()
    monkeypatch.setattr(row_imports, "BATCH", 2)
    for _ in range(work.MOST_TRIES):
        clock.forward(seconds=work.SILENT.total_seconds() + 1)
        with wiring.sessions.begin() as session:
            work.claim_import(session, at=clock.now())
    row = row_of(wiring, import_id)
    assert (row.state, row.rows_good, len(submissions(wiring))) == (ImportState.FAILED, 2, 2)
    for act in (service.remap, service.discard):
        with wiring.sessions() as session, pytest.raises(Conflict, match="已经有一部分导入了"):
            act(session, importing(wiring, town, import_id))
    with wiring.sessions.begin() as session:
        service.take_in(session, importing(wiring, town, import_id), areas={})
    row_imports.run()
    row = row_of(wiring, import_id)
    assert (row.state, row.rows_total, row.rows_good, row.rows_again, row.problem) == (ImportState.IMPORTED, 5, 5, 0, "")
    with wiring.sessions.begin() as session:
        service.undo(session, importing(wiring, town, import_id))
    row_imports.run()
    with wiring.sessions() as session:
        assert import_detail(session, actor(session, town.jing_id), import_id).row.inside == 0


def test_a_file_that_broke_off_before_a_row_came_in_begins_with_its_columns(wiring: Wiring, town: Town) -> None:
    import_id = send(wiring, town, as_csv([]))
    row_imports.run()
    with wiring.sessions() as session, pytest.raises(Conflict, match="一行也没有导入"):
        service.take_in(session, importing(wiring, town, import_id), areas={})


# A table without heads has its first row there, names and telephones among it: what nobody confirmed goes with the file.
def test_heads_that_nobody_confirmed_go_with_the_file(wiring: Wiring, town: Town, clock: TestClock) -> None:
    left = send(wiring, town, as_csv([call(2)], heads=call(1)))
    row_imports.run()
    assert "13800000001" in row_of(wiring, left).columns
    clock.forward(days=wiring.workflow.retention.import_file_days + 1)
    apply_retention.run()
    assert row_of(wiring, left).columns == []
    with wiring.sessions() as session:
        now = importing(wiring, town, left)
        with pytest.raises(Conflict, match="请重新上传"):
            service.check(session, now, columns={ImportField.TEXT: 2}, since=None)
        with pytest.raises(Conflict, match="请重新上传"):
            service.choose_sheet(session, now, sheet=1)


def test_nobody_is_asked_for_more_about_a_row(wiring: Wiring, town: Town) -> None:
    taken_in(wiring, town, as_csv([call(1, community="龙池社区")]))
    triage_batch.run()
    row = submissions(wiring)[0]
    with wiring.sessions() as session:
        jing = actor(session, town.jing_id)
        deciding = Deciding(actor=jing, submission_id=row.id, version=row.version, at=wiring.clock.now(), undo_seconds=0)
        with pytest.raises(Conflict, match="没有人在这里等"):
            ask(session, deciding, words="请问是哪一栋？", workflow=wiring.workflow)


def test_a_file_that_kills_every_worker_is_given_up(wiring: Wiring, town: Town, clock: TestClock) -> None:
    import_id = send(wiring, town, as_csv([call(1)]))
    for _ in range(work.MOST_TRIES):
        with wiring.sessions.begin() as session:
            assert work.claim_import(session, at=clock.now()) is not None
        clock.forward(seconds=work.SILENT.total_seconds() + 1)
    row_imports.run()
    row = row_of(wiring, import_id)
    assert row.state is ImportState.FAILED
    assert "中途断开" in row.problem


def test_a_table_that_cannot_be_read_says_so_and_may_be_let_go(wiring: Wiring, town: Town) -> None:
    import_id = send(wiring, town, as_csv([]))
    row_imports.run()
    row = row_of(wiring, import_id)
    assert (row.state, row.problem) == (ImportState.FAILED, "只有表头，没有内容。请检查后重新选择。")
    with wiring.sessions.begin() as session:
        service.discard(session, importing(wiring, town, import_id))
    apply_retention.run()
    row = row_of(wiring, import_id)
    assert (row.state, row.file_key) == (ImportState.DISCARDED, "")


def test_the_file_and_its_first_rows_go_when_their_days_are_over(wiring: Wiring, town: Town, clock: TestClock) -> None:
    import_id = taken_in(wiring, town, as_csv([call(1)]))
    key = row_of(wiring, import_id).file_key
    apply_retention.run()
    assert wiring.objects.size(key)
    clock.forward(days=wiring.workflow.retention.import_file_days + 1)
    apply_retention.run()
    for gone in (key, first_rows_key(key)):
        with pytest.raises(FileNotFoundError):
            wiring.objects.size(gone)
    assert row_of(wiring, import_id).file_key == ""


def test_the_columns_of_last_time_are_chosen_again_for_the_same_source(wiring: Wiring, town: Town) -> None:
    import_id = send(wiring, town, as_csv([call(1)]))
    row_imports.run()
    with wiring.sessions.begin() as session:
        service.check(session, importing(wiring, town, import_id), columns={ImportField.TEXT: 1}, since=None)
    row_imports.run()
    later = send(wiring, town, as_csv([call(2)[::-1]], heads=HEADS[::-1]))
    row_imports.run()
    with wiring.sessions() as session:
        row = session.get_one(RowImport, later)
        assert mapping_before(session, row, row.columns) == {ImportField.TEXT: 4}
        assert row.mapping["text"] == 4


def test_a_column_that_the_source_has_renamed_is_found_again_by_what_it_holds(wiring: Wiring, town: Town) -> None:
    taken_in(wiring, town, as_csv([call(1)]))
    renamed = ("工单编号", *HEADS[1:])
    later = send(wiring, town, as_csv([call(2)], heads=renamed))
    row_imports.run()
    assert row_of(wiring, later).mapping["number"] == 0


def test_two_at_once_and_strangers_are_told_so(wiring: Wiring, town: Town) -> None:
    import_id = tried(wiring, town, as_csv([call(1)]))
    first = importing(wiring, town, import_id)
    with wiring.sessions.begin() as session:
        service.take_in(session, first, areas={})
    with wiring.sessions() as session, pytest.raises(Conflict):
        service.take_in(session, first, areas={})
    with wiring.sessions() as session, pytest.raises(NotFound):
        import_detail(session, actor(session, town.stranger_id), import_id)


def test_columns_about_people_are_never_taken(wiring: Wiring, town: Town) -> None:
    import_id = send(wiring, town, as_csv([call(1)]))
    row_imports.run()
    with wiring.sessions() as session:
        now = importing(wiring, town, import_id)
        with pytest.raises(InvalidInput, match="个人信息") as refused:
            service.check(session, now, columns={ImportField.TEXT: 2, ImportField.PLACE: 5}, since=None)
        assert refused.value.field == "place"


def test_an_import_wakes_the_machine_once(wiring: Wiring, town: Town, queue: NullJobQueue) -> None:
    taken_in(wiring, town, as_csv([call(at) for at in range(3)]))
    assert queue.woken.count(Wake.TRIAGE) == 1
    with wiring.sessions() as session:
        assert session.scalar(select(func.count()).select_from(ImportedRow)) == 3


def placed(wiring: Wiring) -> list[int]:
    return [row.area_id for row in submissions(wiring)]


# Of the rows that would come in, not of those refused or known; the most frequent first.
def test_the_trial_counts_communities_that_are_none_of_ours(wiring: Wiring, town: Town) -> None:
    named = [(1, "龙池"), (2, "龙池"), (3, "幸福里片区"), (4, "龙池社区"), (5, ""), (1, "龙池")]
    import_id = tried(wiring, town, as_csv([*(call(at, community=name) for at, name in named), call(9, words="", community="龙池")]))
    row = row_of(wiring, import_id)
    assert (row.rows_good, row.rows_unplaced, row.unplaced) == (5, 3, [["龙池", 2], ["幸福里片区", 1]])


def test_names_that_staff_place_are_placed_so_the_next_time_too(wiring: Wiring, town: Town) -> None:
    table = as_csv([call(1, community="龙池"), call(2, community="幸福里片区")])
    first = tried(wiring, town, table)
    with wiring.sessions.begin() as session:
        service.take_in(session, importing(wiring, town, first), areas={0: town.longchi_id, 1: None, 7: town.longchi_id})
    row_imports.run()
    assert row_of(wiring, first).unplaced == [["幸福里片区", 1], ["龙池", 1]]
    assert placed(wiring) == [town.district_id, town.longchi_id]


def test_a_name_goes_nowhere_else_than_below_the_import_and_can_be_put_back(wiring: Wiring, town: Town) -> None:
    first = tried(wiring, town, as_csv([call(1, community="龙池")]))
    with wiring.sessions() as session, pytest.raises(InvalidInput, match="“龙池”要放的地方") as refused:
        service.take_in(session, importing(wiring, town, first), areas={0: 10**9})
    assert refused.value.field == "to_0"
    with wiring.sessions.begin() as session:
        service.take_in(session, importing(wiring, town, first), areas={0: town.longchi_id})
    row_imports.run()
    second = tried(wiring, town, as_csv([call(2, community="龙池")]))
    assert row_of(wiring, second).mapping["areas"] == {"龙池": town.longchi_id}
    assert row_of(wiring, second).unplaced == [["龙池", 1]]
    with wiring.sessions.begin() as session:
        service.take_in(session, importing(wiring, town, second), areas={0: None})
    row_imports.run()
    assert placed(wiring) == [town.longchi_id, town.district_id]
    other = tried(wiring, town, as_csv([call(3, community="龙池")]), source="留言板")
    assert row_of(wiring, other).mapping["areas"] == {}


def test_a_formula_without_its_result_is_told_as_one(wiring: Wiring, town: Town) -> None:
    rows = [
        ("1", "灯", "=A1&B1", "2026-10-03", "", ""),
        ("2", "灯", "路灯坏了很久", "=TODAY()", "", ""),
        ("3", "灯", "路灯坏了很久", "", "", ""),
    ]
    import_id = tried(wiring, town, as_xlsx(rows), name="a.xlsx")
    with wiring.sessions() as session:
        found = session.execute(select(RefusedRow.line, RefusedRow.field, RefusedRow.reason_code).order_by(RefusedRow.line)).all()
    assert [tuple(one) for one in found] == [(1, "text", "formula"), (2, "when", "formula")]
    assert row_of(wiring, import_id).rows_good == 1


# Beside the table's own names nothing of a file outlives it.
def test_names_that_nobody_placed_go_with_the_file(wiring: Wiring, town: Town, clock: TestClock) -> None:
    import_id = tried(wiring, town, as_csv([call(1, community="龙池")]))
    clock.forward(days=wiring.workflow.retention.import_file_days + 1)
    apply_retention.run()
    assert (row_of(wiring, import_id).unplaced, row_of(wiring, import_id).rows_unplaced) == ([], 1)


def pressing(wiring: Wiring, town: Town, import_id: int, show: RowFilter, *, user_id: int = 0) -> Pressing:
    with wiring.sessions() as session:
        who = actor(session, user_id or town.jing_id)
        rows = imported_rows(session, actor(session, town.jing_id), import_id, show=show).rows
    return Pressing(
        actor=who, import_id=import_id, chosen=[(row.submission_id, row.version) for row in rows], at=wiring.clock.now(), undo_seconds=600
    )


def test_what_was_kept_for_reference_waits_again_with_what_was_suggested(wiring: Wiring, town: Town, clock: TestClock) -> None:
    import_id = taken_in(wiring, town, as_csv([call(at, community="龙池社区") for at in range(2)]))
    triage_batch.run()
    with wiring.sessions.begin() as session:
        topic_id = imported_rows(session, actor(session, town.jing_id), import_id, show=RowFilter.SUGGESTED).rows[0].topic_id
        assert set_rows_aside(session, pressing(wiring, town, import_id, RowFilter.WAITING)).done == 2
    clock.forward(days=200)
    apply_retention.run()
    with wiring.sessions() as session:
        rows = imported_rows(session, actor(session, town.jing_id), import_id, show=RowFilter.ASIDE).rows
        assert [(row.line, row.is_aside) for row in rows] == [(1, True), (2, True)]
        assert session.get_one(Topic, topic_id).suggested_count == 0
    again = pressing(wiring, town, import_id, RowFilter.ASIDE)
    with wiring.sessions.begin() as session:
        assert bring_rows_back(session, again) == Pressed(2, 0)
    with wiring.sessions.begin() as session:
        assert bring_rows_back(session, again) == Pressed(0, 2)
    with wiring.sessions() as session:
        assert [row.topic_id for row in imported_rows(session, actor(session, town.jing_id), import_id, show=RowFilter.SUGGESTED).rows] == [
            topic_id
        ] * 2
        assert imported_rows(session, actor(session, town.jing_id), import_id, show=RowFilter.ASIDE).rows == ()
        assert session.get_one(Topic, topic_id).suggested_count == 2
        told = select(HistoryEntry.action).where(HistoryEntry.noun == "submission", HistoryEntry.entity_id == rows[0].submission_id)
        assert session.scalars(told.order_by(HistoryEntry.id)).all()[-2:] == ["set_aside", "bring_back"]


# Ended with its topic, answered by nobody: that is no thing to bring back. Nor is what a member of elsewhere may not decide.
def test_only_what_was_set_aside_comes_back_and_only_by_whom_it_is_for(wiring: Wiring, town: Town) -> None:
    import_id = taken_in(wiring, town, as_csv([call(1, community="龙池社区"), call(2)]))
    triage_batch.run()
    with wiring.sessions.begin() as session:
        set_rows_aside(session, pressing(wiring, town, import_id, RowFilter.WAITING))
    with wiring.sessions.begin() as session:
        rows = imported_rows(session, actor(session, town.jing_id), import_id, show=RowFilter.ASIDE).rows
        session.execute(update(Decision).where(Decision.submission_id == rows[0].submission_id).values(action="decline"))
    ours = pressing(wiring, town, import_id, RowFilter.ALL)
    theirs = pressing(wiring, town, import_id, RowFilter.ALL, user_id=town.zhou_id)
    with wiring.sessions.begin() as session:
        assert [row.line for row in imported_rows(session, actor(session, town.jing_id), import_id, show=RowFilter.ASIDE).rows] == [2]
        assert bring_rows_back(session, theirs).done == 0
        assert bring_rows_back(session, ours).done == 1


# No page offers it to members, and a form made by hand meets the same refusal whatever it asks for.
def test_who_does_not_work_imports_decides_on_no_row(wiring: Wiring, town: Town) -> None:
    taken_in(wiring, town, as_csv([call(1, community="龙池社区"), call(2, community="龙池社区")]))
    triage_batch.run()
    row, other = submissions(wiring)
    at, workflow = wiring.clock.now(), wiring.workflow

    def forged(session: Session, user_id: int) -> tuple[Callable[[], object], ...]:
        who = actor(session, user_id)
        card = Deciding(actor=who, submission_id=row.id, version=row.version, at=at, undo_seconds=600)
        passing = Passing(actor=who, submission_id=row.id, version=row.version, at=at, workflow=workflow)
        topic_id = live_contributor(session, row.id)
        assert topic_id is not None
        known = {code.code for code in wiring.taxonomy.categories}
        return (
            lambda: decide.attach(session, card, topic_id=topic_id.topic_id),
            lambda: decide.open_topic(session, card, title="路灯"),
            lambda: decide.refer(session, card, words="请修。", workflow=workflow),
            lambda: decide.answer(session, card, words="已经修好。"),
            lambda: decide.decline(session, card, reason="other", words="不办。"),
            lambda: set_aside(session, card),
            lambda: change_category(
                session, actor=who, submission_id=row.id, version=row.version, category=min(known), taxonomy=wiring.taxonomy, at=at
            ),
            lambda: hand_over(session, passing, to_user_id=town.laozhou_id, words="请您看。"),
        )

    for user_id in (town.zhou_id, town.laozhou_id):
        with wiring.sessions() as session:
            for press in forged(session, user_id):
                with pytest.raises(Forbidden, match="导入的来件，由区政协工作人员处理"):
                    press()
                session.rollback()
    with wiring.sessions.begin() as session:
        zhou, topic_id = actor(session, town.zhou_id), session.scalars(select(Contributor.topic_id)).first()
        assert topic_id is not None
        chosen = [(one.id, one.version) for one in (row, other)]
        batch = attach_together(session, actor=zhou, topic_id=topic_id, chosen=chosen, at=at, undo_seconds=600)
        assert (batch.done, batch.left_out) == (0, (row.id, other.id))
    assert [one.state for one in submissions(wiring)] == [SubmissionState.TRIAGED] * 2
    with wiring.sessions.begin() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 0
        assert forged(session, town.jing_id)[1]() is not None


def test_each_filter_pages_by_line_within_its_own_import(wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_import_rows, "PAGE", 2)
    taken_in(wiring, town, as_csv([call(at) for at in range(3)]), source="别的")
    import_id = taken_in(wiring, town, as_csv([call(at) for at in range(10, 17)]))
    taken_in(wiring, town, as_csv([call(at) for at in range(3)]), source="再一个")
    rows = submissions(wiring)[3:10]
    with wiring.sessions.begin() as session:
        for row, state, urgency in zip(
            rows, ("in_topic", "triaged", "closed", "triaged", "reopened", "received", "triaged"), "nsnnsns", strict=True
        ):
            values = {"state": state, "urgency": "soon" if urgency == "s" else "normal"}
            session.execute(update(Submission).where(Submission.id == row.id).values(values))

    def lines(show: RowFilter, after: str = "") -> list[int]:
        with wiring.sessions() as session:
            page = imported_rows(session, actor(session, town.jing_id), import_id, show=show, after=after)
        return [row.line for row in page.rows] + (lines(show, page.next_key) if page.next_key else [])

    assert lines(RowFilter.ALL) == [1, 2, 3, 4, 5, 6, 7]
    assert lines(RowFilter.WAITING) == [2, 4, 5, 6, 7]
    assert lines(RowFilter.SOON) == [2, 5, 7]
    assert lines(RowFilter.SUGGESTED) == lines(RowFilter.ASIDE) == []
    assert lines(RowFilter.WAITING, "4") == [5, 6, 7]
    assert lines(RowFilter.WAITING, "7") == []


# The hotline's rows say nothing of whether people here found the codes; nor does what was taken back, held, or split off.
def test_communities_are_heard_by_what_their_residents_wrote(wiring: Wiring, town: Town) -> None:
    ours = [say(wiring, town.longchi_code, f"幸福里{at}号楼的路灯坏了").submission_id for at in range(5)]
    taken_in(wiring, town, as_csv([call(at, community="龙池社区") for at in range(4)]))
    with wiring.sessions.begin() as session:
        for one, state in zip(ours, ("withdrawn", "quarantined", "received", "declined", "triaged"), strict=True):
            session.execute(update(Submission).where(Submission.id == one).values(state=state))
        session.execute(update(Submission).where(Submission.id == ours[4]).values(parent_id=ours[2]))
        counted = messages_by_area(session, district_id=town.district_id, since=wiring.clock.now() - timedelta(days=365))
    assert counted == {town.longchi_id: 2}

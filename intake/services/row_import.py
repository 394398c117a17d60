"""导入, as staff do it: a file is sent, its columns are named, it is tried, taken in, taken back or let go. The reading is a worker's
(`row_import_work`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.import_mapping import MOST_BYTES, NAME_MAX, ColumnMapping, ImportField, choose
from intake.domain.permission import Permission
from intake.domain.row_import import IMPORT_TABLE, ImportAction, ImportState
from intake.domain.text import clean_line
from intake.domain.working_days import SHANGHAI
from intake.models import Area, ImportedRow, RefusedRow, RowImport
from intake.ports import ObjectStore, Tables, Wake
from intake.queries.row_import import MAPPED, areas_below
from intake.services.audit import record
from intake.services.transition import begin, move
from intake.services.wake import wake_after_commit

FILE_NAME_MAX = 120
_NOT_STORED = "文件没能存下来，可能是磁盘满了。请过一会儿再传，或联系管理员。"
KEPT_WHILE = (ImportState.CHECKING, ImportState.IMPORTING, ImportState.UNDOING)
"""A worker has it in hand, or will: its file stays however old it is."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What staff send: a name of their own, the system it came from, where rows belong that name no area, and the file."""

    name: str
    source: str
    area_id: int | None
    file_name: str
    file: BinaryIO | None


@dataclass(frozen=True, slots=True)
class Importing:
    """What every act on a stored import carries; `version` is the one on the person's screen."""

    actor: Actor
    import_id: int
    version: int
    at: datetime


def receive(session: Session, upload: Upload, *, actor: Actor, tables: Tables, objects: ObjectStore, at: datetime) -> RowImport:
    """Store the file and let a worker look at its heads. InvalidInput names the field; Forbidden outside the actor's areas."""
    name = clean_line(upload.name, limit=NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请起个名字，方便以后找到，例如“12345 热线十月”。", field="name")
    source = clean_line(upload.source, limit=NAME_MAX, field="source")
    if not source:
        raise InvalidInput("请写来自哪个系统，例如“12345 热线”。同一系统里同一编号的只导入一次。", field="source")
    area = session.get(Area, upload.area_id) if upload.area_id is not None else None
    if area is None or area.district_id is None or area.district_id != actor.district_id:
        raise InvalidInput("请选没有写明社区的来件归哪里。", field="area")
    require(actor, Permission.IMPORT_MANAGE, area_path=area.path)
    if upload.file is None:
        raise InvalidInput("请选一个 CSV 或 XLSX 文件。", field="file")
    try:
        size = upload.file.seek(0, 2)
    except OSError:
        raise InvalidInput(_NOT_STORED, field="file") from None
    if size > MOST_BYTES:
        raise InvalidInput(f"文件超过 {MOST_BYTES // 1024 // 1024} MB，请按月份拆成几个文件，分批导入。", field="file")
    kind = tables.kind(upload.file, name=upload.file_name)
    row = RowImport(
        district_id=area.district_id,
        area_id=area.id,
        name=name,
        source=source,
        file_name=" ".join(clean_line(upload.file_name[-FILE_NAME_MAX:], limit=FILE_NAME_MAX, field="file").split("/")),
        file_key="",
        format=kind,
        size=size,
        columns=[],
        mapping={},
        sent_by=actor.user_id,
        created_at=at,
        version=1,
    )
    begin(session, row, actor=actor, at=at)
    row.file_key = f"imports/{row.district_id}/{row.id}.{kind.value}"
    upload.file.seek(0)
    try:
        objects.put(row.file_key, upload.file)
    except OSError:
        raise InvalidInput(_NOT_STORED, field="file") from None
    _note(session, row, actor=actor, act="upload", at=at, size=size)
    wake_after_commit(session, Wake.IMPORTS)
    session.flush()
    return row


def choose_sheet(session: Session, importing: Importing, *, sheet: int) -> None:
    """Another sheet of the workbook: its heads are looked at anew."""
    row, _ = _lock(session, importing)
    _needs_file(row)
    if row.state is not ImportState.MAPPING:
        raise Conflict("要换工作表，请先按“改对应关系”。")
    row.columns, row.mapping, row.beat_at = [], ColumnMapping({}, sheet=sheet).stored(), None
    row.version += 1
    wake_after_commit(session, Wake.IMPORTS)


def check(session: Session, importing: Importing, *, columns: Mapping[ImportField, int | None], since: date | None) -> None:
    """Say which column is what, and let a worker try every row. InvalidInput names our field."""
    row, path = _lock(session, importing)
    _needs_file(row)
    if not row.columns:
        raise Conflict("还在读表头，请稍等几秒再选。")
    if since is not None and since > importing.at.astimezone(SHANGHAI).date():
        raise InvalidInput("这一天还没到，请改成今天以前。", field="since")
    before = ColumnMapping.read(row.mapping)
    mapping = choose(row.columns, columns, sheet=before.sheet, since=since).with_areas(before.areas)
    _step(session, row, importing, ImportAction.CHECK, path)
    row.mapping = mapping.stored()
    row.rows_good = row.rows_again = row.rows_refused = 0
    row.rows_unplaced, row.unplaced, row.reasons = 0, [], {}


def remap(session: Session, importing: Importing) -> None:
    """Back to the columns: what the trial found is forgotten. Conflict when some rows came in already by the columns as they are."""
    row, path = _lock(session, importing)
    _needs_nothing_inside(session, row)
    _needs_file(row)
    move(session, row, ImportAction.REMAP, actor=importing.actor, at=importing.at, area_path=path)
    session.execute(delete(RefusedRow).where(RefusedRow.import_id == row.id))
    row.rows_done = row.rows_good = row.rows_again = row.rows_refused = 0
    row.rows_unplaced, row.unplaced, row.reasons, row.problem = 0, [], {}, ""
    if not row.columns:  # it failed before anybody saw its heads
        row.beat_at, row.tries = None, 0
        wake_after_commit(session, Wake.IMPORTS)


def take_in(session: Session, importing: Importing, *, areas: Mapping[int, int | None]) -> None:
    """Let a worker take in what the trial found good, or go on behind the last row of what broke off; Conflict when there is nothing to.

    `areas`: where the names that the trial couldn't place belong, by their number in its list; None is where all go that name nothing.
    InvalidInput (field `to_` and the number) for an area that isn't below the import's.
    """
    row, path = _lock(session, importing)
    if row.state is ImportState.CHECKED and not row.rows_good:
        raise Conflict("没有可以导入的行。请改对应关系，或换一个文件。")
    if row.state is ImportState.FAILED and not _has_rows(session, row):
        raise Conflict("一行也没有导入，没有可以接着做的。请按“再试一次”，从表头开始。")
    behind = row.rows_done if row.state is ImportState.FAILED else 0
    if row.state is ImportState.CHECKED:
        row.mapping = _place_names(session, row, path, areas).stored()
    _step(session, row, importing, ImportAction.IMPORT, path)
    row.rows_done, row.problem = behind, ""
    if not behind:
        row.rows_good = row.rows_again = 0
    _note(session, row, actor=importing.actor, act="import", at=importing.at)


def undo(session: Session, importing: Importing) -> None:
    """Let a worker withdraw what nobody has touched."""
    row, path = _lock(session, importing)
    if row.state is ImportState.FAILED and not _has_rows(session, row):
        raise Conflict("一行也没有导入，不用撤回。")
    move(session, row, ImportAction.UNDO, actor=importing.actor, at=importing.at, area_path=path)
    row.rows_done = row.rows_undone = 0
    row.beat_at, row.tries = None, 0
    _note(session, row, actor=importing.actor, act="undo", at=importing.at)
    wake_after_commit(session, Wake.IMPORTS)


def discard(session: Session, importing: Importing) -> None:
    """Let it go before anything came in; the night's run deletes the file."""
    row, path = _lock(session, importing)
    _needs_nothing_inside(session, row)
    move(session, row, ImportAction.DISCARD, actor=importing.actor, at=importing.at, area_path=path)
    session.execute(delete(RefusedRow).where(RefusedRow.import_id == row.id))
    _note(session, row, actor=importing.actor, act="discard", at=importing.at)


def expired_files(session: Session, *, workflow: Workflow, at: datetime, limit: int) -> list[tuple[int, str]]:
    """Ids and keys of files whose days are over, and of those that were let go."""
    before = at - timedelta(days=workflow.retention.import_file_days)
    rows = session.execute(
        select(RowImport.id, RowImport.file_key)
        .where(
            RowImport.file_key != "",
            (RowImport.state == ImportState.DISCARDED) | (RowImport.state.not_in(KEPT_WHILE) & (RowImport.state_changed_at < before)),
        )
        .order_by(RowImport.id)
        .limit(limit)
    )
    return [(import_id, key) for import_id, key in rows]


def first_rows_key(file_key: str) -> str:
    """Where the first rows lie that the mapping shows; they go with the file."""
    return file_key.rpartition(".")[0] + ".json"


def forget_files(session: Session, import_ids: Sequence[int]) -> None:
    """Note that their files are gone; with them go names that weren't placed, and heads that nobody confirmed, which may be somebody's row."""
    for row in session.scalars(select(RowImport).where(RowImport.id.in_(import_ids)).order_by(RowImport.id).with_for_update()):
        row.file_key, row.unplaced = "", []
        if row.state not in MAPPED:
            row.columns = []


def _step(session: Session, row: RowImport, importing: Importing, action: ImportAction, path: str) -> None:
    """The next thing a worker does with its file, from the first row on."""
    IMPORT_TABLE.find(action, row.state)  # what it is comes before whether its file is there
    _needs_file(row)
    move(session, row, action, actor=importing.actor, at=importing.at, area_path=path)
    row.rows_done, row.beat_at, row.tries = 0, None, 0
    wake_after_commit(session, Wake.IMPORTS)


def _place_names(session: Session, row: RowImport, path: str, chosen: Mapping[int, int | None]) -> ColumnMapping:
    """The mapping with the names that staff have put somewhere, and without those that they put nowhere again."""
    below = areas_below(session, path)
    mapping = ColumnMapping.read(row.mapping)
    nowhere, somewhere = set(), {}
    for at, area_id in chosen.items():
        if not 0 <= at < len(row.unplaced):
            continue
        name = str(row.unplaced[at][0])
        if area_id is None:
            nowhere.add(name)
        elif area_id not in below:
            raise InvalidInput(f"“{name}”要放的地方已经不在了，请重新选。", field=f"to_{at}")
        else:
            somewhere[name] = area_id
    kept = {name: area_id for name, area_id in mapping.areas.items() if name not in nowhere}
    return replace(mapping, areas=kept).with_areas(somewhere)


def _has_rows(session: Session, row: RowImport) -> bool:
    return session.scalar(select(ImportedRow.id).where(ImportedRow.import_id == row.id).limit(1)) is not None


def _needs_nothing_inside(session: Session, row: RowImport) -> None:
    if row.state is ImportState.FAILED and _has_rows(session, row):
        raise Conflict("已经有一部分导入了。请接着导入，或者先撤回；撤回之后可以重新上传这个文件。")


def _needs_file(row: RowImport) -> None:
    if not row.file_key:
        raise Conflict("文件的保留时间已过，请重新上传。以前导入过的行不会重复。")


def _lock(session: Session, importing: Importing) -> tuple[RowImport, str]:
    """The import, locked, and its area's path; NotFound for another district's, Conflict when somebody was faster."""
    found = session.execute(
        select(RowImport, Area.path)
        .join(Area, Area.id == RowImport.area_id)
        .where(RowImport.id == importing.import_id, RowImport.district_id == importing.actor.district_id)
        .with_for_update(of=RowImport)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这次导入，或者不在您的区。")
    row, path = found
    if not importing.actor.may(Permission.IMPORT_MANAGE, area_path=path):
        raise Forbidden("这次导入不在您负责的区域。")
    if row.version != importing.version:
        raise Conflict("这次导入刚刚有变化，请看下面最新的情况。")
    return row, path


def _note(session: Session, row: RowImport, *, actor: Actor, act: str, at: datetime, **detail: object) -> None:
    record(
        session, actor=actor, district_id=row.district_id, action=f"row_import.{act}", noun="row_import", entity_id=row.id, at=at, **detail
    )

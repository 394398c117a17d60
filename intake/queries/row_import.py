"""导入 as the desk sees it: the list, one import and what was refused. The rows that came in are `row_import_rows`."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.import_mapping import ColumnMapping, ImportField, Refusal, guess, is_contact
from intake.domain.permission import Permission
from intake.domain.point import AreaKind
from intake.domain.row_import import ImportFormat, ImportState
from intake.domain.submission import SubmissionState
from intake.models import Area, ImportedRow, RefusedRow, RowImport, Submission, User
from intake.queries.pages import Page, key_of, page_of, within

PAGE = 30
MOST_COUNTED = 10_000
"""Rows of one import that are counted by state each time its page is opened."""
AT_WORK = frozenset({ImportState.CHECKING, ImportState.IMPORTING, ImportState.UNDOING})
MAPPED = (ImportState.CHECKED, ImportState.IMPORTING, ImportState.IMPORTED, ImportState.UNDOING, ImportState.UNDONE)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One line of the list."""

    id: int
    name: str
    source: str
    file_name: str
    format: ImportFormat
    state: ImportState
    version: int
    total: int
    """About, until every row was read."""
    done: int
    good: int
    again: int
    refused: int
    undone: int
    sent_by: str
    sent_at: datetime
    has_heads: bool
    has_file: bool

    @property
    def is_reading(self) -> bool:
        """Whether a worker has it, or will in a moment: its page has to be looked at again."""
        return self.state in AT_WORK or self.is_new

    @property
    def is_new(self) -> bool:
        """Whether its heads are still to be read."""
        return self.state is ImportState.MAPPING and not self.has_heads and self.has_file

    @property
    def inside(self) -> int:
        """Rows that came in and weren't taken back."""
        return self.good - self.undone if self.state in {ImportState.IMPORTED, ImportState.UNDOING, ImportState.UNDONE} else 0


@dataclass(frozen=True, slots=True)
class ImportDetail:
    """Everything on an import's page."""

    row: ImportRow
    area_name: str
    area_path: str
    size: int
    """Bytes."""
    heads: tuple[str, ...]
    contacts: frozenset[int]
    """Columns about people, which never come in."""
    mapping: ColumnMapping
    problem: str
    file_key: str
    rows_unplaced: int
    unplaced: tuple[tuple[str, int], ...]
    """Communities that the good rows name and no area is called, the most frequent first, with their rows."""
    reasons: tuple[tuple[Refusal, int], ...]
    """How many rows were refused for what, in the table's order."""
    states: tuple[tuple[SubmissionState, int], ...]
    """What became of the rows inside, of the first MOST_COUNTED, in the order of the road."""


_COLUMNS: tuple[Any, ...] = (  # typed by ImportRow, whose fields it follows
    RowImport.id,
    RowImport.name,
    RowImport.source,
    RowImport.file_name,
    RowImport.format,
    RowImport.state,
    RowImport.version,
    RowImport.rows_total,
    RowImport.rows_done,
    RowImport.rows_good,
    RowImport.rows_again,
    RowImport.rows_refused,
    RowImport.rows_undone,
    User.name,
    RowImport.created_at,
    func.jsonb_array_length(RowImport.columns) > 0,
    RowImport.file_key != "",
)


def imports_in_reach(session: Session, actor: Actor, *, after: str = "") -> Page[ImportRow]:
    """A page of the imports in the actor's areas, the newest first, in two statements."""
    mine = RowImport.district_id == actor.district_id, within(actor, Permission.IMPORT_MANAGE)
    total = session.scalar(select(func.count()).select_from(RowImport).join(Area, Area.id == RowImport.area_id).where(*mine)) or 0
    query = _imports().where(*mine)
    key = key_of(after)
    if key is not None:
        query = query.where(RowImport.id < key)
    rows = [ImportRow(*row) for row in session.execute(query.order_by(RowImport.id.desc()).limit(PAGE + 1))]
    return page_of(rows, total=total, limit=PAGE)


def import_detail(session: Session, actor: Actor, import_id: int) -> ImportDetail:
    """One import in at most two statements, one while its page asks each second; NotFound for another district's, Forbidden outside the
    actor's areas.
    """
    found = session.execute(
        _imports()
        .add_columns(
            Area.path,
            Area.name,
            RowImport.size,
            RowImport.columns,
            RowImport.mapping,
            RowImport.problem,
            RowImport.file_key,
            RowImport.rows_unplaced,
            RowImport.unplaced,
            RowImport.reasons,
        )
        .where(RowImport.id == import_id, RowImport.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这次导入，或者不在您的区。")
    path, area_name, size, heads, mapping, problem, file_key, rows_unplaced, unplaced, reasons = found[len(_COLUMNS) :]
    if not actor.may(Permission.IMPORT_MANAGE, area_path=path):
        raise Forbidden("这次导入不在您负责的区域。")
    row = ImportRow(*found[: len(_COLUMNS)])
    return ImportDetail(
        row=row,
        area_name=area_name,
        area_path=path,
        size=size,
        heads=tuple(heads),
        contacts=frozenset(at for at, head in enumerate(heads) if is_contact(head)),
        mapping=ColumnMapping.read(mapping),
        problem=problem,
        file_key=file_key,
        rows_unplaced=rows_unplaced,
        unplaced=tuple((str(name), int(count)) for name, count in unplaced),
        reasons=tuple((reason, reasons[reason.value]) for reason in Refusal if reason.value in reasons),
        states=() if row.state in AT_WORK else _states(session, import_id),
    )


def refused_rows(session: Session, import_id: int) -> Iterator[tuple[int, ImportField, Refusal]]:
    """Line, our field and reason of every row that was refused, by line; some thousand are read at once."""
    some = select(RefusedRow.line, RefusedRow.field, RefusedRow.reason_code).where(RefusedRow.import_id == import_id)
    last: int | None = 0
    while last is not None:
        rows = session.execute(some.where(RefusedRow.line > last).order_by(RefusedRow.line).limit(1000)).all()
        for line, field, reason in rows:
            yield line, ImportField(field), Refusal(reason)
        last = rows[-1].line if rows else None


def mapping_before(session: Session, row: RowImport, heads: Sequence[str]) -> dict[ImportField, int] | None:
    """The columns that were chosen the last time with this source, found again by their heads, and by what they hold where the source has
    renamed them since; None where the text isn't among the first.
    """
    before = session.execute(
        select(RowImport.columns, RowImport.mapping)
        .where(
            RowImport.district_id == row.district_id,
            func.lower(RowImport.source) == row.source.lower(),
            RowImport.state.in_(MAPPED),
            RowImport.id != row.id,
        )
        .order_by(RowImport.id.desc())
        .limit(1)
    ).one_or_none()
    if before is None:
        return None
    named, chosen = before
    wanted = ColumnMapping.read(chosen).columns
    found = {
        field: heads.index(named[at])
        for field, at in wanted.items()
        if at < len(named) and named[at] in heads and not is_contact(named[at])
    }
    if ImportField.TEXT not in found:
        return None
    renamed = {field: at for field, at in guess(heads).items() if field in wanted and field not in found and at not in found.values()}
    return found | renamed


def areas_before(session: Session, row: RowImport) -> Mapping[str, int]:
    """Where staff put this source's unknown names the last time."""
    stored = session.scalar(
        select(RowImport.mapping)
        .where(
            RowImport.district_id == row.district_id,
            func.lower(RowImport.source) == row.source.lower(),
            RowImport.area_id == row.area_id,
            RowImport.state.in_(MAPPED),
            RowImport.id != row.id,
        )
        .order_by(RowImport.id.desc())
        .limit(1)
    )
    return ColumnMapping.read(stored or {}).areas


def areas_below(session: Session, area_path: str) -> dict[int, str]:
    """Names of the streets and communities at or below `area_path` by their ids, each street before its communities, these indented."""
    rows = session.execute(
        select(Area.id, Area.name, Area.kind, Area.path).where(
            Area.path.startswith(area_path, autoescape=True), Area.kind.in_((AreaKind.COMMUNITY, AreaKind.STREET))
        )
    )
    in_order = sorted(rows, key=lambda row: [int(one) for one in row.path.split("/") if one])
    return {row.id: f"\u3000{row.name}" if row.kind is AreaKind.COMMUNITY else row.name for row in in_order}


def areas_by_name(session: Session, area_path: str, chosen: Mapping[str, int]) -> dict[str, int]:
    """Ids of the communities and streets at or below `area_path` by their names, and by those that staff have chosen for them; a name that
    two share belongs to neither unless it was chosen.
    """
    rows = {area_id: name.strip() for area_id, name in areas_below(session, area_path).items()}
    shared = Counter(rows.values())
    known = {name: area_id for area_id, name in rows.items() if shared[name] == 1}
    return {name: area_id for name, area_id in chosen.items() if area_id in rows} | known


def _imports() -> Any:
    return select(*_COLUMNS).select_from(RowImport).join(Area, Area.id == RowImport.area_id).join(User, User.id == RowImport.sent_by)


def _states(session: Session, import_id: int) -> tuple[tuple[SubmissionState, int], ...]:
    some = (
        select(Submission.state)
        .join(ImportedRow, ImportedRow.submission_id == Submission.id)
        .where(ImportedRow.import_id == import_id)
        .limit(MOST_COUNTED)
        .subquery()
    )
    counts: dict[SubmissionState, int] = dict(session.execute(select(some.c.state, func.count()).group_by(some.c.state)).all())
    return tuple((state, counts[state]) for state in SubmissionState if state in counts)

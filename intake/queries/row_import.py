"""导入 as the desk sees it: the list, one import, what was refused, and the rows that came in with what became of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Forbidden, NotFound
from intake.domain.import_mapping import ColumnMapping, ImportField, Refusal, guess, is_contact
from intake.domain.permission import Permission
from intake.domain.point import AreaKind
from intake.domain.row_import import ImportFormat, ImportState
from intake.domain.submission import OPEN_FOR_DECISION, SubmissionState, Urgency
from intake.domain.topic import JOINABLE
from intake.models import Area, Contributor, ImportedRow, RefusedRow, RowImport, Submission, Topic, User
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
    size: int
    """Bytes."""
    heads: tuple[str, ...]
    contacts: frozenset[int]
    """Columns about people, which never come in."""
    mapping: ColumnMapping
    problem: str
    file_key: str
    reasons: tuple[tuple[Refusal, int], ...]
    """How many rows were refused for what, in the table's order."""
    states: tuple[tuple[SubmissionState, int], ...]
    """What became of the rows inside, of the first MOST_COUNTED, in the order of the road."""


class RowFilter(StrEnum):
    """Which rows are shown."""

    WAITING = "waiting"
    """等处理: nobody has decided."""
    SUGGESTED = "suggested"
    """有建议的议题."""
    SOON = "soon"
    """较急."""
    ALL = "all"
    """全部."""


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A row that came in, and what became of it."""

    line: int
    submission_id: int
    version: int
    state: SubmissionState
    excerpt: str
    """Masked; empty until the machine has read it."""
    area_name: str
    place: str
    said_at: datetime
    number: str
    category: str | None
    category_there: str
    link: str
    urgency: Urgency
    topic_id: int | None
    topic_title: str
    is_suggested: bool
    """Whether the topic is the machine's word, and would take it."""

    @property
    def id(self) -> int:
        """The page's key."""
        return self.line

    @property
    def is_open(self) -> bool:
        """Whether somebody may decide."""
        return self.state in OPEN_FOR_DECISION


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
    """One import in three statements; NotFound for another district's, Forbidden outside the actor's areas."""
    found = session.execute(
        _imports()
        .add_columns(Area.path, Area.name, RowImport.size, RowImport.columns, RowImport.mapping, RowImport.problem, RowImport.file_key)
        .where(RowImport.id == import_id, RowImport.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这次导入，或者不在您的区。")
    path, area_name, size, heads, mapping, problem, file_key = found[len(_COLUMNS) :]
    if not actor.may(Permission.IMPORT_MANAGE, area_path=path):
        raise Forbidden("这次导入不在您负责的区域。")
    return ImportDetail(
        row=ImportRow(*found[: len(_COLUMNS)]),
        area_name=area_name,
        size=size,
        heads=tuple(heads),
        contacts=frozenset(at for at, head in enumerate(heads) if is_contact(head)),
        mapping=ColumnMapping.read(mapping),
        problem=problem,
        file_key=file_key,
        reasons=_reasons(session, import_id),
        states=_states(session, import_id),
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


def imported_rows(session: Session, import_id: int, *, show: RowFilter, after: str = "") -> Page[ImportedLine]:
    """A page of the rows that came in, by line, in one statement; the caller has seen to it that the import is the actor's."""
    suggested = (Contributor.status == ContributorStatus.SUGGESTED) & Topic.state.in_(JOINABLE)
    columns: tuple[Any, ...] = (  # typed by ImportedLine, whose fields it follows
        ImportedRow.line,
        Submission.id,
        Submission.version,
        Submission.state,
        func.left(Submission.text_masked, 160),
        Area.name,
        Submission.place_masked,
        Submission.received_at,
        ImportedRow.external_number,
        Submission.category,
        ImportedRow.category,
        ImportedRow.link,
        Submission.urgency,
        Topic.id,
        func.coalesce(Topic.title, ""),
        func.coalesce(suggested, False),
    )
    query = (
        select(*columns)
        .join(Submission, Submission.id == ImportedRow.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status != ContributorStatus.REMOVED))
        .outerjoin(Topic, Topic.id == Contributor.topic_id)
        .where(ImportedRow.import_id == import_id, *_shown(show, suggested))
    )
    key = key_of(after)
    if key is not None:
        query = query.where(ImportedRow.line > key)
    rows = [ImportedLine(*row) for row in session.execute(query.order_by(ImportedRow.line).limit(PAGE + 1))]
    return page_of(rows, total=len(rows), limit=PAGE)


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


def areas_by_name(session: Session, area_path: str) -> Mapping[str, int]:
    """Ids of the communities and streets at or below `area_path` by their names; a name that two share belongs to neither."""
    rows = session.execute(
        select(Area.name, Area.id).where(
            Area.path.startswith(area_path, autoescape=True), Area.kind.in_((AreaKind.COMMUNITY, AreaKind.STREET))
        )
    ).all()
    names = [name for name, _ in rows]
    return {name: area_id for name, area_id in rows if names.count(name) == 1}


def _imports() -> Any:
    return select(*_COLUMNS).select_from(RowImport).join(Area, Area.id == RowImport.area_id).join(User, User.id == RowImport.sent_by)


def _shown(show: RowFilter, suggested: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    waits = Submission.state.in_(OPEN_FOR_DECISION)
    if show is RowFilter.SUGGESTED:
        return [waits, suggested]
    if show is RowFilter.SOON:
        return [waits, Submission.urgency != Urgency.NORMAL]
    return [Submission.state.in_((SubmissionState.RECEIVED, *OPEN_FOR_DECISION))] if show is RowFilter.WAITING else []


def _reasons(session: Session, import_id: int) -> tuple[tuple[Refusal, int], ...]:
    rows = session.execute(
        select(RefusedRow.reason_code, func.count()).where(RefusedRow.import_id == import_id).group_by(RefusedRow.reason_code)
    ).all()
    counts = {Refusal(code): count for code, count in rows}
    return tuple((reason, counts[reason]) for reason in Refusal if reason in counts)


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

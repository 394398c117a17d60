"""The rows of an import that came in, and what became of them: page by page, however many of a batch are done with.

Ids of submissions grow with the lines (`row_import_work` draws them in their order), so a filter walks the partial index that holds just what
it asks for, from the import's first submission to its last, instead of every line of the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, SQLColumnExpression, and_, case, exists, func, literal_column, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.submission import OPEN_FOR_DECISION, SubmissionAction, SubmissionState, Urgency
from intake.domain.topic import JOINABLE
from intake.models import Area, Contributor, Decision, ImportedRow, RowImport, Submission, Topic
from intake.queries.imported import IMPORTED
from intake.queries.lease import recused
from intake.queries.pages import Page, key_of, page_of

PAGE = 30


class RowFilter(StrEnum):
    """Which rows are shown."""

    WAITING = "waiting"
    """等处理: nobody has decided."""
    SUGGESTED = "suggested"
    """有建议的议题."""
    SOON = "soon"
    """较急."""
    ASIDE = "aside"
    """只作参考: what was set aside, and may be brought back."""
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
    """Masked; empty until the machine has read it, and for whoever stays out of it, as `place`, `link` and the topic are."""
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
    is_aside: bool
    """Whether it was kept for reference, and may be brought back."""
    is_recused: bool
    """Whether the reader stays out of it (回避), and so can't decide either."""

    @property
    def id(self) -> int:
        """The page's key."""
        return self.line

    @property
    def is_open(self) -> bool:
        """Whether somebody may decide."""
        return self.state in OPEN_FOR_DECISION and not self.is_recused


@dataclass(frozen=True, slots=True)
class RowOrigin:
    """Where a row came from, for whoever comes upon it outside its import."""

    import_id: int
    source: str
    number: str
    link: str
    topic_id: int | None
    topic_title: str
    """Where it stands or may belong; empty where nowhere."""


def imported_rows(session: Session, actor: Actor, import_id: int, *, show: RowFilter, after: str = "") -> Page[ImportedLine]:
    """A page of the rows that came in, by line, in two statements; the caller has seen to it that the import is the actor's."""
    key = key_of(after) or 0
    found = session.execute(_page_of_ids(import_id, show=show, after=key).limit(PAGE + 1)).scalars().all()
    return page_of(_lines(session, actor, found), total=len(found), limit=PAGE)


def row_origin(session: Session, submission_id: int) -> RowOrigin | None:
    """Where the submission was said first; None for what was said here."""
    row = session.execute(
        select(RowImport.id, RowImport.source, ImportedRow.external_number, ImportedRow.link, Topic.id, func.coalesce(Topic.title, ""))
        .join(RowImport, RowImport.id == ImportedRow.import_id)
        .outerjoin(Contributor, (Contributor.submission_id == submission_id) & (Contributor.status != ContributorStatus.REMOVED))
        .outerjoin(Topic, Topic.id == Contributor.topic_id)
        .where(ImportedRow.submission_id == submission_id)
    ).one_or_none()
    return RowOrigin(*row) if row is not None else None


def _page_of_ids(import_id: int, *, show: RowFilter, after: int) -> Select[int]:
    """Ids of the submissions behind line `after`, by line."""
    rows = select(ImportedRow.submission_id).where(ImportedRow.import_id == import_id, ImportedRow.line > after)
    if show is RowFilter.ALL:
        return rows.order_by(ImportedRow.line)
    first, last = _end(rows, ImportedRow.line.asc()), _end(rows, ImportedRow.line.desc())
    district = select(RowImport.district_id).where(RowImport.id == import_id).scalar_subquery()
    mine = exists().where(ImportedRow.submission_id == Submission.id, ImportedRow.import_id == import_id)
    query = select(Submission.id).where(Submission.district_id == district, IMPORTED, *_shown(show), mine)
    if show is RowFilter.SUGGESTED:  # they lead, few among what waits
        place = Contributor.submission_id == Submission.id, Contributor.status == literal_column(f"'{ContributorStatus.SUGGESTED.value}'")
        query = query.join(Contributor, and_(*place)).join(Topic, Topic.id == Contributor.topic_id)
        return query.where(Contributor.submission_id.between(first, last), Topic.state.in_(JOINABLE)).order_by(Contributor.submission_id)
    return query.where(Submission.id.between(first, last)).order_by(Submission.id)


def _end(rows: Select[int], order: Any) -> ScalarSelect[int]:
    return rows.order_by(order).limit(1).scalar_subquery()


def _in_words(*states: SubmissionState) -> ColumnElement[bool]:
    """In the words of the partial indexes, so that every plan sees that they fit."""
    return Submission.state.in_([literal_column(f"'{state.value}'") for state in states])


def _shown(show: RowFilter) -> list[ColumnElement[bool]]:
    waits = _in_words(SubmissionState.RECEIVED, SubmissionState.TRIAGED, SubmissionState.REOPENED)
    is_open = _in_words(*sorted(OPEN_FOR_DECISION, reverse=True))
    if show is RowFilter.SUGGESTED:
        return [waits, is_open]
    if show is RowFilter.SOON:
        return [is_open, Submission.urgency != literal_column(f"'{Urgency.NORMAL.value}'")]
    if show is RowFilter.ASIDE:
        return [_in_words(SubmissionState.CLOSED), was_set_aside()]
    return [waits]


def was_set_aside() -> ColumnElement[bool]:
    """Whether a submission that ended was kept for reference, and not brought back since."""
    return exists().where(
        Decision.submission_id == Submission.id, Decision.action == SubmissionAction.SET_ASIDE.value, Decision.undone_at.is_(None)
    )


def _lines(session: Session, actor: Actor, ids: Sequence[int]) -> list[ImportedLine]:
    stays_out = recused(actor)
    suggested = (Contributor.status == ContributorStatus.SUGGESTED) & Topic.state.in_(JOINABLE)
    columns: tuple[Any, ...] = (  # typed by ImportedLine, whose fields it follows
        ImportedRow.line,
        Submission.id,
        Submission.version,
        Submission.state,
        _shown_to(stays_out, func.left(Submission.text_masked, 160)),
        Area.name,
        _shown_to(stays_out, Submission.place_masked),
        Submission.received_at,
        ImportedRow.external_number,
        Submission.category,
        ImportedRow.category,
        _shown_to(stays_out, ImportedRow.link),
        Submission.urgency,
        case((~stays_out, Topic.id)),
        _shown_to(stays_out, func.coalesce(Topic.title, "")),
        func.coalesce(suggested, False),
        (Submission.state == SubmissionState.CLOSED) & was_set_aside() & ~stays_out,
        stays_out,
    )
    query = (
        select(*columns)
        .join(Submission, Submission.id == ImportedRow.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status != ContributorStatus.REMOVED))
        .outerjoin(Topic, Topic.id == Contributor.topic_id)
        .where(ImportedRow.submission_id.in_(ids))
        .order_by(ImportedRow.line)
    )
    return [ImportedLine(*row) for row in session.execute(query)]


def _shown_to(stays_out: ColumnElement[bool], words: SQLColumnExpression[str]) -> ColumnElement[str]:
    return case((stays_out, ""), else_=words)

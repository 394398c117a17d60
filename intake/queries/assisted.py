"""代填: where a worker may file, what was filed, and whom to tell that an answer has come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.assisted import Consent, SpokenBy
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.point import PointState
from intake.domain.submission import SubmissionState
from intake.models import (
    Area,
    AssistedFiling,
    Contributor,
    IntakePoint,
    OpenCall,
    Outcome,
    PaperSlip,
    Submission,
    SubmissionPart,
    Topic,
    User,
)
from intake.queries.pages import Page, key_of, page_of, within
from intake.queries.receipt import standing_of
from intake.queries.submission_part import whole_message

SHOWN = 20
"""Lines of a page."""


@dataclass(frozen=True, slots=True)
class PointChoice:
    """A point that one may file for, or print slips of."""

    id: int
    name: str
    area_name: str
    latitude: float | None
    """GCJ-02; None where nobody wrote it down."""
    longitude: float | None


@dataclass(frozen=True, slots=True)
class FiledRow:
    """A line of what one filed for others: no words, no name."""

    id: int
    submission_id: int
    number: str
    """The receipt's."""
    point_name: str
    filed_at: datetime
    state: SubmissionState
    standing: str
    """Where it stands, in one sentence."""
    slip_number: str
    """Empty where it came from no slip."""
    must_tell: bool
    """Whether an answer stands that its resident can't have heard of: nobody opened the receipt, and there is no contact."""


@dataclass(frozen=True, slots=True)
class Assistance:
    """Who filed it for whom, and how they agreed."""

    spoken_by: SpokenBy
    consent: Consent
    is_child: bool
    filed_by: str


def points_to_file(session: Session, actor: Actor, permission: Permission) -> tuple[PointChoice, ...]:
    """The open points of the areas where the actor holds `permission`, in the order of the tree; those of open calls answer their own question
    and aren't among them.

    One statement.
    """
    of_call = select(OpenCall.id).where(OpenCall.point_id == IntakePoint.id).exists()
    rows = session.execute(
        select(IntakePoint.id, IntakePoint.name, Area.name, IntakePoint.latitude, IntakePoint.longitude)
        .join(Area, Area.id == IntakePoint.area_id)
        .where(
            IntakePoint.district_id == actor.district_id,
            IntakePoint.state == PointState.ACTIVE,
            within(actor, permission),
            ~of_call,
        )
        .order_by(Area.path, IntakePoint.id)
    )
    return tuple(PointChoice(*row) for row in rows)


def point_filed_last(session: Session, actor: Actor) -> int | None:
    """The point that the actor filed for last: most likely the next one too."""
    return session.scalar(
        select(Submission.point_id)
        .join(AssistedFiling, AssistedFiling.submission_id == Submission.id)
        .where(AssistedFiling.filed_by == actor.user_id)
        .order_by(AssistedFiling.id.desc())
        .limit(1)
    )


def filed(session: Session, actor: Actor, *, at: datetime, after: str = "", only_to_tell: bool = False) -> Page[FiledRow]:
    """A page of what the actor filed for others, the newest first; with `only_to_tell`, where somebody waits to hear. Two statements."""
    where = _filed_by(actor)
    if only_to_tell:
        where.append(must_tell(at))
    total = session.scalar(_filings(select(func.count())).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(AssistedFiling.id < key)
    rows = session.execute(
        _filings(
            select(
                AssistedFiling.id,
                Submission.id.label("submission_id"),
                Submission.receipt_number.label("number"),
                IntakePoint.name.label("point_name"),
                AssistedFiling.created_at.label("filed_at"),
                Submission.state,
                Topic.state.label("topic"),
                Submission.owner_role,
                func.coalesce(PaperSlip.number, "").label("slip_number"),
                must_tell(at).label("must_tell"),
            )
        )
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .outerjoin(PaperSlip, PaperSlip.id == AssistedFiling.slip_id)
        .outerjoin(Contributor, (Contributor.submission_id == Submission.id) & (Contributor.status == ContributorStatus.CONFIRMED))
        .outerjoin(Topic, Topic.id == Contributor.topic_id)
        .where(*where)
        .order_by(AssistedFiling.id.desc())
        .limit(SHOWN + 1)
    )
    return page_of([_filed_row(row) for row in rows], total=total, limit=SHOWN)


def to_tell_count(session: Session, actor: Actor, *, at: datetime) -> int:
    """How many of those that the actor filed for wait to hear an answer."""
    return session.scalar(_filings(select(func.count())).where(*_filed_by(actor), must_tell(at))) or 0


def assistance(session: Session, submission_id: int) -> Assistance | None:
    """Who filed it for whom; None where the resident wrote it, or the row is older than this record."""
    row = session.execute(
        select(AssistedFiling.spoken_by, AssistedFiling.consent, AssistedFiling.is_child, User.name)
        .join(User, User.id == AssistedFiling.filed_by)
        .join(Submission, AssistedFiling.submission_id == whole_message())
        .where(Submission.id == submission_id)
    ).one_or_none()
    return Assistance(*row) if row else None


def _filings(query: Any) -> Any:
    return query.select_from(AssistedFiling).join(Submission, Submission.id == AssistedFiling.submission_id)


def _filed_by(actor: Actor) -> list[ColumnElement[bool]]:
    return [AssistedFiling.filed_by == actor.user_id, AssistedFiling.district_id == actor.district_id]


def unheard(at: datetime) -> ColumnElement[bool]:
    """Whether an answer stands, to it or to a part of it, that nobody has opened the receipt for, nor judged."""
    waits = (Outcome.told_at <= at, Outcome.superseded_at.is_(None), Outcome.seen_at.is_(None), Outcome.verdict.is_(None))
    to_it = select(Outcome.id).where(Outcome.submission_id == Submission.id, *waits)
    to_part = (
        select(Outcome.id)
        .join(SubmissionPart, SubmissionPart.submission_id == Outcome.submission_id)
        .where(SubmissionPart.parent_id == Submission.id, *waits)
    )
    return to_it.correlate(Submission).exists() | to_part.correlate(Submission).exists()


def must_tell(at: datetime) -> ColumnElement[bool]:
    """Whether whoever filed it has to tell an answer, since nobody else can."""
    # A contact that was erased by time was there when the answer came.
    return unheard(at) & (Submission.contact_hint == "") & Submission.erased_at.is_(None)


def _filed_row(row: Any) -> FiledRow:
    return FiledRow(
        id=row.id,
        submission_id=row.submission_id,
        number=row.number,
        point_name=row.point_name,
        filed_at=row.filed_at,
        state=row.state,
        standing=standing_of(row.state, row.topic, owner=row.owner_role)[0],
        slip_number=row.slip_number,
        must_tell=row.must_tell,
    )

"""随手报: what a member reported and how far it is, who reported a submission, and what the form offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from intake.domain.activity import ActivityKind
from intake.domain.actor import Actor
from intake.domain.assisted import Consent
from intake.domain.capture import ReportOf
from intake.domain.submission import SubmissionState
from intake.models import Activity, Area, IntakePoint, MemberReport, Submission, User
from intake.queries.assisted import must_tell, unheard
from intake.queries.pages import Page, key_of, page_of
from intake.queries.submission_part import whole_message

SHOWN = 20
"""Lines of a page."""
EXCERPT = 60
"""Letters of a line."""
ACTIVITIES_MOST = 4
"""Offered on the form."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A line of what one reported."""

    id: int
    """The submission's."""
    number: str
    excerpt: str
    point_name: str
    reported_at: datetime
    report_of: ReportOf
    state: SubmissionState
    has_answer: bool
    """Whether an answer stands that nobody has opened yet; of a resident's, only where nobody but the member can tell them."""


@dataclass(frozen=True, slots=True)
class Reported:
    """Who wrote a submission down, for whom."""

    submission_id: int
    """The whole report's, where one asked for a part of it."""
    user_id: int
    name: str
    report_of: ReportOf
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class ActivityChoice:
    """An entry of one's record that a report may come from."""

    id: int
    kind: ActivityKind
    area_name: str
    """Empty where it names none."""


def reports(session: Session, actor: Actor, *, at: datetime, after: str = "", only_answered: bool = False) -> Page[ReportRow]:
    """A page of what the actor reported, the newest first; with `only_answered`, where an answer waits to be read or told. Two statements."""
    where = [*_of(actor), *([_has_answer(at)] if only_answered else [])]
    total = session.scalar(_reports(select(func.count())).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(MemberReport.submission_id < key)
    shown = case((Submission.text_masked != "", Submission.text_masked), else_=Submission.text_written)
    rows = session.execute(
        _reports(
            select(
                MemberReport.submission_id.label("id"),
                Submission.receipt_number.label("number"),
                func.left(shown, EXCERPT).label("excerpt"),
                IntakePoint.name.label("point_name"),
                MemberReport.created_at.label("reported_at"),
                MemberReport.report_of,
                Submission.state,
                _has_answer(at).label("has_answer"),
            )
        )
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .where(*where)
        .order_by(MemberReport.submission_id.desc())
        .limit(SHOWN + 1)
    )
    return page_of([ReportRow(*row) for row in rows], total=total, limit=SHOWN)


def answers_to_reports(session: Session, actor: Actor, *, at: datetime) -> int:
    """How many of the actor's reports have an answer that waits to be read, or to be told to the resident."""
    return session.scalar(_reports(select(func.count())).where(*_of(actor), _has_answer(at))) or 0


def reported(session: Session, submission_id: int) -> Reported | None:
    """Who wrote it down, or the message that it was split off; None where no member did."""
    row = session.execute(
        select(MemberReport.submission_id, MemberReport.user_id, User.name, MemberReport.report_of, MemberReport.consent)
        .join(Submission, MemberReport.submission_id == whole_message())
        .join(User, User.id == MemberReport.user_id)
        .where(Submission.id == submission_id)
    ).one_or_none()
    return Reported(*row) if row else None


def reporters(session: Session, submission_ids: Sequence[int]) -> Mapping[int, int]:
    """Who wrote each submission down, by its id; those that no member reported are left out. No statement for none."""
    if not submission_ids:
        return {}
    rows = session.execute(select(MemberReport.submission_id, MemberReport.user_id).where(MemberReport.submission_id.in_(submission_ids)))
    return {row.submission_id: row.user_id for row in rows}


def reported_by(actor: Actor) -> ColumnElement[bool]:
    """Submissions that the actor wrote down (随手报), and parts of them, on which somebody else decides; for the WHERE of a question about
    Submission.
    """
    return whole_message().in_(select(MemberReport.submission_id).where(MemberReport.user_id == actor.user_id))


def point_reported_last(session: Session, actor: Actor) -> int | None:
    """The point that the actor reported at last."""
    return session.scalar(
        select(Submission.point_id)
        .join(MemberReport, MemberReport.submission_id == Submission.id)
        .where(MemberReport.user_id == actor.user_id)
        .order_by(MemberReport.submission_id.desc())
        .limit(1)
    )


def activities_of_day(session: Session, actor: Actor, day: date) -> tuple[ActivityChoice, ...]:
    """What the actor put on record for that day, the newest first."""
    rows = session.execute(
        select(Activity.id, Activity.kind, func.coalesce(Area.name, ""))
        .outerjoin(Area, Area.id == Activity.area_id)
        .where(Activity.user_id == actor.user_id, Activity.day == day, Activity.removed_at.is_(None))
        .order_by(Activity.id.desc())
        .limit(ACTIVITIES_MOST)
    )
    return tuple(ActivityChoice(*row) for row in rows)


def _reports(query: Any) -> Any:
    return query.select_from(MemberReport).join(Submission, Submission.id == MemberReport.submission_id)


def _of(actor: Actor) -> list[ColumnElement[bool]]:
    return [MemberReport.user_id == actor.user_id, MemberReport.district_id == actor.district_id]


def _has_answer(at: datetime) -> ColumnElement[bool]:
    return or_(and_(MemberReport.report_of == ReportOf.OWN, unheard(at)), and_(MemberReport.report_of == ReportOf.RESIDENT, must_tell(at)))

"""补打回执: whose receipt it may be, by its number or a slip's, or by the contact's ends and roughly when; never by reading through contacts."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.reprint import DAYS_AROUND
from intake.models import Area, AssistedFiling, IntakePoint, PaperSlip, Submission
from intake.queries.pages import within

MOST = 20
"""Candidates that are compared exactly; contacts that share their ends within a month are few."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One receipt that may be theirs; `cipher` is opened only to compare it with what the resident says."""

    submission_id: int
    number: str
    point_name: str
    received_at: datetime
    cipher: bytes | None


@dataclass(frozen=True, slots=True)
class SlipFound:
    """A paper slip whose stub somebody brings."""

    is_void: bool
    receipt: Candidate | None
    """None where nobody filed it."""


def by_number(session: Session, actor: Actor, number: str) -> Candidate | None:
    """The receipt with this number, where the actor may print receipts; one statement."""
    row = session.execute(_candidates(actor).where(Submission.receipt_number == number)).one_or_none()
    return Candidate(*row) if row else None


def by_slip(session: Session, actor: Actor, number: str) -> SlipFound | None:
    """The slip with this number, where the actor may print receipts, and the receipt that was filed from it; two statements at most."""
    slip = session.execute(
        select(PaperSlip.id, PaperSlip.void_at)
        .join(IntakePoint, IntakePoint.id == PaperSlip.point_id)
        .join(Area, Area.id == IntakePoint.area_id)
        .where(PaperSlip.number == number, PaperSlip.district_id == actor.district_id, within(actor, Permission.RECEIPT_REPRINT))
    ).one_or_none()
    if slip is None:
        return None
    filed = select(AssistedFiling.submission_id).where(AssistedFiling.slip_id == slip.id)
    row = session.execute(_candidates(actor).where(Submission.id.in_(filed))).one_or_none()
    return SlipFound(is_void=slip.void_at is not None, receipt=Candidate(*row) if row else None)


def by_contact(session: Session, actor: Actor, *, hint: str, day: date) -> tuple[Candidate, ...]:
    """Receipts whose contact looks like `hint`, told within two weeks of `day`, the newest first; one statement."""
    middle = datetime.combine(day, time(12), SHANGHAI)
    around: tuple[ColumnElement[bool], ...] = (
        Submission.district_id == actor.district_id,
        Submission.received_at >= middle - timedelta(days=DAYS_AROUND),
        Submission.received_at <= middle + timedelta(days=DAYS_AROUND),
        Submission.contact_hint == hint,
    )
    rows = session.execute(_candidates(actor).where(*around).order_by(Submission.received_at.desc(), Submission.id.desc()).limit(MOST))
    return tuple(Candidate(*row) for row in rows)


def _candidates(actor: Actor):  # type: ignore[no-untyped-def]  # a Select that its callers narrow
    return (
        select(Submission.id, Submission.receipt_number, IntakePoint.name, Submission.received_at, Submission.contact_cipher)
        .join(Area, Area.id == Submission.area_id)
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .where(Submission.district_id == actor.district_id, within(actor, Permission.RECEIPT_REPRINT))
    )

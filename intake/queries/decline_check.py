"""抽查: the declines that wait for a second look, and how often staff agreed; nobody is compared with anybody."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.submission import DECLINE_WORDS, DeclineReason, SubmissionState
from intake.models import Area, Decision, DeclineCheck, Submission
from intake.queries.lease import recused
from intake.queries.pages import Page, covers_district, key_of, page_of, within

PAGE = 20


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One decline; whose it is stays out, so that the matter alone is looked at."""

    id: int
    submission_id: int
    text: str
    """Masked."""
    area_name: str
    category: str | None
    declined_at: datetime
    reason: str
    """Chosen from the list."""
    words: str
    """What the member wrote."""
    moved_on: bool
    """Whether the resident appealed or withdrew meanwhile."""


@dataclass(frozen=True, slots=True)
class CheckFigures:
    """Of the actor's areas, since the sample began."""

    drawn: int
    checked: int
    agreed: int


def open_checks(session: Session, actor: Actor, *, after: str = "") -> Page[CheckRow]:
    """A page of what waits, the oldest first, in one statement, without what the actor stepped back from; `total` counts what is on this page
    and after it.
    """
    query = (
        select(DeclineCheck.id, Submission, Area.name, Decision, func.count().over())
        .join(Decision, Decision.id == DeclineCheck.decision_id)
        .join(Submission, Submission.id == DeclineCheck.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(
            DeclineCheck.district_id == actor.district_id,
            DeclineCheck.checked_at.is_(None),
            ~recused(actor),
            within(actor, Permission.DECLINE_CHECK),
        )
    )
    key = key_of(after)
    if key is not None:
        query = query.where(DeclineCheck.id > key)
    found = session.execute(query.order_by(DeclineCheck.id).limit(PAGE + 1)).all()
    rows = [_row(check_id, submission, area_name, decision) for check_id, submission, area_name, decision, _ in found]
    return page_of(rows, total=found[0][4] if found else 0, limit=PAGE)


def check_figures(session: Session, actor: Actor) -> CheckFigures:
    """Numerators and denominators; one statement."""
    query = (
        select(func.count(), func.count(DeclineCheck.checked_at), func.count().filter(DeclineCheck.agrees.is_(True)))
        .select_from(DeclineCheck)
        .where(DeclineCheck.district_id == actor.district_id)
    )
    if not covers_district(actor, Permission.DECLINE_CHECK):
        query = query.join(Submission, Submission.id == DeclineCheck.submission_id).join(Area, Area.id == Submission.area_id)
        query = query.where(within(actor, Permission.DECLINE_CHECK))
    return CheckFigures(*session.execute(query).one())


def _row(check_id: int, submission: Submission, area_name: str, decision: Decision) -> CheckRow:
    known = set(DeclineReason)
    return CheckRow(
        id=check_id,
        submission_id=submission.id,
        text=submission.text_masked,
        area_name=area_name,
        category=submission.category,
        declined_at=decision.decided_at,
        reason=DECLINE_WORDS[DeclineReason(decision.reason_code)] if decision.reason_code in known else "",
        words=decision.words,
        moved_on=submission.state is not SubmissionState.DECLINED,
    )

"""The answer that somebody has begun."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.models import AnswerDraft, User


@dataclass(frozen=True, slots=True)
class DraftShown:
    """What was kept of an answer, and whose colleagues have begun one as well."""

    outcome: str
    words: str
    reason: str
    signed_name: str
    saved_at: datetime | None
    """None when the person has begun none."""
    others: tuple[str, ...]
    """Names of colleagues who have a draft of their own."""


def draft_of(session: Session, actor: Actor, referral_id: int) -> DraftShown:
    """The actor's own draft, empty when there is none, in one query."""
    rows = session.execute(
        select(AnswerDraft, User.name)
        .join(User, User.id == AnswerDraft.user_id)
        .where(AnswerDraft.referral_id == referral_id, User.department_id == actor.unit_id)
        .order_by(AnswerDraft.saved_at.desc())
    ).all()
    own = next((draft for draft, _ in rows if draft.user_id == actor.user_id), None)
    return DraftShown(
        outcome=own.outcome if own is not None else "",
        words=own.words if own is not None else "",
        reason=own.reason if own is not None else "",
        signed_name=own.signed_name if own is not None else "",
        saved_at=own.saved_at if own is not None else None,
        others=tuple(name for draft, name in rows if draft.user_id != actor.user_id),
    )

"""答复草稿: what somebody has written so far, kept on the server so that it can be gone on with on another device."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Permission
from intake.domain.referral import OPEN_REFERRAL, AnswerOutcome
from intake.domain.text import clean
from intake.models import AnswerDraft, Referral
from intake.services.referral_department import NAME_MAX
from intake.services.referral_lock import ANSWER_MAX, WORDS_MAX


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """The fields of an answer, as they were typed."""

    outcome: str
    words: str
    reason: str
    signed_name: str


def save_draft(session: Session, *, actor: Actor, referral_id: int, typed: AnswerWords, at: datetime) -> None:
    """Keep what was typed in place of what was kept before; nothing happens for a referral that isn't the actor's unit's.

    Twice the longest answer is kept, so that too much can be shortened; what is all empty is forgotten.
    """
    referral = session.scalars(
        select(Referral).where(Referral.id == referral_id, Referral.district_id == actor.district_id, Referral.lead_id == actor.unit_id)
    ).one_or_none()
    if referral is None or not actor.may(Permission.REFERRAL_ANSWER):
        return
    values = {
        "outcome": typed.outcome if typed.outcome in set(AnswerOutcome) else "",
        "words": clean(typed.words).text[: 2 * ANSWER_MAX],
        "reason": clean(typed.reason).text[: 2 * WORDS_MAX],
        "signed_name": clean(typed.signed_name).text[: 2 * NAME_MAX],
    }
    if not any(values.values()):
        drop_draft(session, actor=actor, referral_id=referral_id)
        return
    kept = insert(AnswerDraft).values(
        district_id=referral.district_id, referral_id=referral_id, user_id=actor.user_id, saved_at=at, **values
    )
    session.execute(kept.on_conflict_do_update(index_elements=["referral_id", "user_id"], set_={**values, "saved_at": at}))


def drop_draft(session: Session, *, actor: Actor, referral_id: int) -> None:
    """The answer was sent, or nothing is left of it."""
    session.execute(delete(AnswerDraft).where(AnswerDraft.referral_id == referral_id, AnswerDraft.user_id == actor.user_id))


def forget_drafts(session: Session) -> None:
    """Of referrals that have ended."""
    ended = select(Referral.id).where(Referral.id == AnswerDraft.referral_id, Referral.state.not_in(OPEN_REFERRAL))
    session.execute(delete(AnswerDraft).where(ended.exists()).execution_options(synchronize_session=False))

"""待核: what the machine held back, with why, until staff say whether it is genuine."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.held import HELD_NAMES, Held
from intake.domain.permission import Permission
from intake.domain.recognised import Piece, pieces
from intake.domain.submission import Channel, SubmissionAction, SubmissionState
from intake.domain.suspicion import SUSPICION_WORDS, Suspicion
from intake.models import Area, Finding, HistoryEntry, IntakePoint, Submission
from intake.queries.pages import Page, key_of, page_of, within

PAGE = 20


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One message that waits for staff."""

    id: int
    version: int
    text: str
    pieces: tuple[Piece, ...]
    """`text` again, with what speaks against it marked."""
    area_name: str
    point_name: str
    channel: Channel
    received_at: datetime
    held: str
    """Why, in a word; empty where the machine didn't say."""
    reasons: tuple[str, ...]
    model_version: str


def held_back(session: Session, actor: Actor, *, after: str = "") -> Page[HeldRow]:
    """A page of those within the actor's areas, the oldest first, in three statements; `after` is a page's `next_key`."""
    total = held_count(session, actor)
    finding = (
        select(Finding.content, Finding.model_version)
        .where(Finding.submission_id == Submission.id)
        .order_by(Finding.id.desc())
        .limit(1)
        .lateral()
    )
    reason = (
        select(HistoryEntry.reason_code)
        .where(
            HistoryEntry.noun == "submission",
            HistoryEntry.entity_id == Submission.id,
            HistoryEntry.action == SubmissionAction.QUARANTINE.value,
        )
        .order_by(HistoryEntry.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(Submission, Area.name, IntakePoint.name, finding.c.content, finding.c.model_version, reason)
        .join(Area, Area.id == Submission.area_id)
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .outerjoin(finding, true())
        .where(_waiting(actor))
    )
    key = key_of(after)
    if key is not None:
        query = query.where(Submission.id > key)
    rows = [_row(row) for row in session.execute(query.order_by(Submission.id).limit(PAGE + 1))]
    return page_of(rows, total=total, limit=PAGE)


def held_count(session: Session, actor: Actor) -> int:
    """How many wait."""
    return (
        session.scalar(select(func.count()).select_from(Submission).join(Area, Area.id == Submission.area_id).where(_waiting(actor))) or 0
    )


def _waiting(actor: Actor) -> ColumnElement[bool]:
    return and_(
        Submission.district_id == actor.district_id,
        Submission.state == SubmissionState.QUARANTINED,
        within(actor, Permission.QUARANTINE_DECIDE),
    )


def _row(found: Any) -> HeldRow:
    submission, area, point, content, model_version, reason = found
    why = _reasons(content or {})
    return HeldRow(
        id=submission.id,
        version=submission.version,
        text=submission.text_masked,
        pieces=pieces(submission.text_masked, why),
        area_name=area,
        point_name=point,
        channel=submission.channel,
        received_at=submission.received_at,
        held=held_words(reason),
        reasons=why,
        model_version=model_version or "",
    )


def held_words(reason: str | None) -> str:
    """Why it is held, as staff read it; empty where the machine didn't say."""
    if reason in set(Held):
        return HELD_NAMES[Held(reason)]
    return SUSPICION_WORDS[Suspicion(reason)] if reason in set(Suspicion) else ""


def _reasons(content: dict[str, Any]) -> tuple[str, ...]:
    screen = content.get("screen") or {}
    return tuple(str(one["words"]) if isinstance(one, dict) else str(one) for one in screen.get("reasons", ()))

"""Who has the matter of a receipt: the office or unit, by when it answers, whether the clock stands still, and what they wrote for the
resident on the way."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.receipt import SHANGHAI
from intake.domain.referral import (
    OPEN_REFERRAL,
    PAUSE_NAMES,
    EntryKind,
    ExtensionState,
    PauseReason,
    ReferralKind,
    ReferralState,
)
from intake.domain.working_days import HolidayTable, is_announced
from intake.models import Department, Extension, Pause, Referral, ReferralEntry, Topic


class Hands(StrEnum):
    """In whose hands it is."""

    OFFICE = "office"
    """The office looks for the unit that answers."""
    UNIT = "unit"
    """The unit works on it."""
    CHECK = "check"
    """The unit has answered; a member or staff look whether it answers."""
    NOBODY = "nobody"
    """It has ended."""


@dataclass(frozen=True, slots=True)
class EntryOnReceipt:
    """What an office or a unit wrote for the resident."""

    at: datetime
    kind: EntryKind
    reason: str
    """Why the clock stands still; empty for other kinds."""
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class ReferralOnReceipt:
    """One referral as the resident behind it reads it."""

    id: int
    kind: ReferralKind
    of_class: bool
    """Whether it is about the class of matters that the resident's belongs to, and not about that itself."""
    title: str
    """Empty for whoever joined (附议)."""
    hands: Hands
    office: str
    unit: str
    """Empty until a unit is named."""
    answer_by: date | None
    """The last day for the answer, in Shanghai."""
    certain: bool
    """False when that day's year has no announced holidays yet, so that it may still move."""
    paused_since: datetime | None
    pause_reason: str
    extended: int
    """How often more time was granted."""
    entries: tuple[EntryOnReceipt, ...]


_OFFICE, _LEAD, _WRITER = aliased(Department), aliased(Department), aliased(Department)


def referrals_of(session: Session, submission_id: int, topic: Topic | None, *, holidays: HolidayTable) -> tuple[ReferralOnReceipt, ...]:
    """The submission's own referrals and those of its topic, the oldest first, in one statement."""
    extended = (
        select(func.count())
        .where(Extension.referral_id == Referral.id, Extension.state == ExtensionState.GRANTED)
        .correlate(Referral)
        .scalar_subquery()
    )
    paused_for = (
        select(Pause.reason)
        .where(Pause.referral_id == Referral.id, Pause.ended_at.is_(None))
        .order_by(Pause.id.desc())
        .limit(1)
        .correlate(Referral)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Referral, _OFFICE.name, _LEAD.name, paused_for, extended, ReferralEntry, _WRITER.name)
        .join(_OFFICE, _OFFICE.id == Referral.office_id)
        .outerjoin(_LEAD, _LEAD.id == Referral.lead_id)
        .outerjoin(ReferralEntry, and_(ReferralEntry.referral_id == Referral.id, ReferralEntry.for_resident))
        .outerjoin(_WRITER, _WRITER.id == ReferralEntry.department_id)
        .where(_behind(submission_id, topic), Referral.state.not_in([ReferralState.DRAFTED, ReferralState.CANCELLED]))
        .order_by(Referral.id, ReferralEntry.id)
    ).all()
    class_id = topic.class_topic_id if topic is not None else None
    return tuple(_referral(list(group), class_id, holidays) for _, group in groupby(rows, key=lambda row: row[0].id))


def _behind(submission_id: int, topic: Topic | None) -> ColumnElement[bool]:
    own = Referral.submission_id == submission_id
    if topic is None:
        return own
    return or_(own, Referral.topic_id.in_([one for one in (topic.id, topic.class_topic_id) if one is not None]))


def _referral(rows: list[Any], class_id: int | None, holidays: HolidayTable) -> ReferralOnReceipt:
    referral, office, unit, paused_for, extended, *_ = rows[0]
    due = referral.answer_due_at.astimezone(SHANGHAI).date() if referral.answer_due_at is not None else None
    return ReferralOnReceipt(
        id=referral.id,
        kind=referral.kind,
        of_class=class_id is not None and referral.topic_id == class_id,
        title=referral.title,
        hands=_hands(referral.state),
        office=office,
        unit=unit or "",
        answer_by=due,
        certain=due is None or is_announced(due.year, holidays=holidays),
        paused_since=referral.paused_at,
        pause_reason=PAUSE_NAMES[paused_for] if paused_for is not None and referral.paused_at is not None else "",
        extended=extended,
        entries=tuple(_entry(entry, by or "") for *_, entry, by in rows if entry is not None),
    )


def _entry(entry: ReferralEntry, by: str) -> EntryOnReceipt:
    reason = PAUSE_NAMES[PauseReason(entry.reason_code)] if entry.kind is EntryKind.PAUSE and entry.reason_code else ""
    return EntryOnReceipt(at=entry.at, kind=entry.kind, reason=reason, words=entry.words, by=by)


def _hands(state: ReferralState) -> Hands:
    if state in {ReferralState.SENT, ReferralState.ACCEPTED}:
        return Hands.OFFICE
    if state in {ReferralState.REPLIED, ReferralState.CHECKED}:
        return Hands.CHECK
    return Hands.UNIT if state in OPEN_REFERRAL else Hands.NOBODY

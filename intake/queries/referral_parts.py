"""What was done on a referral's way: entries, helpers, requests for time, pauses, answers with their files, what the residents said."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.attachment import AttachmentKind, AttachmentState
from intake.domain.outcome import Verdict
from intake.domain.referral import AnswerOutcome, EntryKind, ExtensionState, HelperState, PauseReason
from intake.models import Answer, Attachment, Department, Extension, Outcome, Pause, ReferralEntry, ReferralHelper, User


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing written down on the way."""

    at: datetime
    kind: EntryKind
    words: str
    reason_code: str
    """Code of the reason, days asked for, or what a decision came to; empty without."""
    by: str
    unit_name: str
    other_name: str
    """The unit that is proposed, or takes over."""
    for_resident: bool


@dataclass(frozen=True, slots=True)
class Helping:
    """A unit that helps."""

    unit_id: int
    name: str
    state: HelperState
    since: datetime


@dataclass(frozen=True, slots=True)
class TimeAsked:
    """A request for more time."""

    id: int
    days: int
    state: ExtensionState
    asked_by: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Stood:
    """A time in which the clock stood still."""

    reason: PauseReason
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class FileShown:
    """Evidence or a scan."""

    id: int
    kind: AttachmentKind
    state: AttachmentState
    name: str
    media_type: str
    size: int
    refused_because: str


@dataclass(frozen=True, slots=True)
class AnswerShown:
    """One answer; the newest counts."""

    id: int
    unit_name: str
    outcome: AnswerOutcome
    words: str
    reason: str
    signed_name: str
    paper_number: str
    paper_date: date | None
    written_by: str
    written_at: datetime
    files: tuple[FileShown, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """How many were asked for a verdict, how many opened the receipt, and what they said."""

    asked: int
    reached: int
    said: Mapping[Verdict, int]

    @property
    def answered(self) -> int:
        """How many said anything."""
        return sum(self.said.values())


_UNIT, _OTHER = aliased(Department), aliased(Department)


def entries_of(session: Session, referral_id: int) -> tuple[Entry, ...]:
    """What was written down, the earliest first."""
    rows = session.execute(
        select(ReferralEntry, func.coalesce(User.name, ""), func.coalesce(_UNIT.name, ""), func.coalesce(_OTHER.name, ""))
        .outerjoin(User, User.id == ReferralEntry.written_by)
        .outerjoin(_UNIT, _UNIT.id == ReferralEntry.department_id)
        .outerjoin(_OTHER, _OTHER.id == ReferralEntry.other_department_id)
        .where(ReferralEntry.referral_id == referral_id)
        .order_by(ReferralEntry.id)
    )
    return tuple(
        Entry(
            at=entry.at,
            kind=entry.kind,
            words=entry.words,
            reason_code=entry.reason_code or "",
            by=by,
            unit_name=unit_name,
            other_name=other_name,
            for_resident=entry.for_resident,
        )
        for entry, by, unit_name, other_name in rows
    )


def helpers_of(session: Session, referral_id: int) -> tuple[Helping, ...]:
    """The units that help, in the order in which they were asked."""
    rows = session.execute(
        select(Department.id, Department.name, ReferralHelper.state, ReferralHelper.state_changed_at)
        .join(Department, Department.id == ReferralHelper.department_id)
        .where(ReferralHelper.referral_id == referral_id)
        .order_by(ReferralHelper.id)
    )
    return tuple(Helping(*row) for row in rows)


def extensions_of(session: Session, referral_id: int, entries: Sequence[Entry]) -> tuple[TimeAsked, ...]:
    """The newest first, each with the reason that was written down with it."""
    reasons = {entry.at: entry.words for entry in entries if entry.kind is EntryKind.EXTENSION}
    rows = session.execute(
        select(Extension.id, Extension.days, Extension.state, User.name, Extension.created_at)
        .join(User, User.id == Extension.asked_by)
        .where(Extension.referral_id == referral_id)
        .order_by(Extension.id.desc())
    )
    return tuple(TimeAsked(*row, words=reasons.get(row.created_at, "")) for row in rows)


def pauses_of(session: Session, referral_id: int) -> tuple[Stood, ...]:
    """When the clock stood still, the latest first."""
    rows = session.execute(
        select(Pause.reason, Pause.begun_at, Pause.ended_at).where(Pause.referral_id == referral_id).order_by(Pause.id.desc())
    )
    return tuple(Stood(*row) for row in rows)


def answers_of(session: Session, referral_id: int) -> tuple[tuple[AnswerShown, ...], tuple[FileShown, ...]]:
    """The answers with their files, and the files of the one that is being written; in two queries."""
    files: dict[int | None, list[FileShown]] = defaultdict(list)
    for one in session.scalars(
        select(Attachment).where(Attachment.referral_id == referral_id, Attachment.removed_at.is_(None)).order_by(Attachment.id)
    ):
        files[one.answer_id].append(
            FileShown(one.id, one.kind, one.state, one.name, one.media_type, one.size, one.refused_because),
        )
    rows = session.execute(
        select(Answer, Department.name, User.name)
        .join(Department, Department.id == Answer.department_id)
        .join(User, User.id == Answer.written_by)
        .where(Answer.referral_id == referral_id)
        .order_by(Answer.id.desc())
    )
    answers = tuple(
        AnswerShown(
            id=answer.id,
            unit_name=unit,
            outcome=answer.outcome,
            words=answer.words,
            reason=answer.reason,
            signed_name=answer.signed_name,
            paper_number=answer.paper_number,
            paper_date=answer.paper_date,
            written_by=by,
            written_at=answer.written_at,
            files=tuple(files[answer.id]),
        )
        for answer, unit, by in rows
    )
    return answers, tuple(files[None])


def told_of(session: Session, referral_id: int) -> Told:
    """How many it was told to, and what they said."""
    rows = session.execute(
        select(Outcome.verdict, func.count(), func.count(Outcome.seen_at))
        .where(Outcome.referral_id == referral_id)
        .group_by(Outcome.verdict)
    ).all()
    return Told(
        asked=sum(count for _, count, _ in rows),
        reached=sum(seen for _, _, seen in rows),
        said={verdict: count for verdict, count, _ in rows if verdict is not None},
    )

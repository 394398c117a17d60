"""分件 as pages show it: what left a message, where it stands, and where a part came from."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.split import Span
from intake.domain.submission import SubmissionState
from intake.models import Submission, SubmissionPart, User


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of a message."""

    submission_id: int
    number: str
    salt: bytes
    state: SubmissionState
    version: int
    spans: tuple[Span, ...]
    """In the message's masked words."""
    text: str
    """As masked; empty before triage and once it was erased."""
    written: str
    """As its resident reads it."""
    split_by: str
    split_at: datetime

    @property
    def is_out(self) -> bool:
        """Whether its sentences are handled there and not in the message."""
        return self.state is not SubmissionState.REJOINED

    @property
    def may_come_back(self) -> bool:
        """Whether its state lets it be joined again; that nobody decided on it is looked at when it is."""
        return self.state in {SubmissionState.RECEIVED, SubmissionState.TRIAGED}


@dataclass(frozen=True, slots=True)
class PartOrigin:
    """The message a part came from."""

    submission_id: int
    number: str
    state: SubmissionState


@dataclass(frozen=True, slots=True)
class Family:
    """What a submission has to do with splitting: its parts, or the message it is a part of; nothing of both in general."""

    parts: tuple[PartRow, ...]
    origin: PartOrigin | None

    @property
    def gone(self) -> tuple[Span, ...]:
        """The sentences that are handled elsewhere."""
        return tuple(span for part in self.parts if part.is_out for span in part.spans)


NO_FAMILY = Family((), None)


def own_message() -> ColumnElement[bool]:
    """Submissions that residents sent, without the parts split off them: where people or messages are counted, one who said three things in one
    message is one.
    """
    return Submission.parent_id.is_(None)


def whole_message() -> ColumnElement[int]:
    """The id of the message as it was sent: of a part the one it was split off, else the submission's own. Who wrote it down stands there."""
    return func.coalesce(Submission.parent_id, Submission.id)


def family_ids(submission: Submission) -> Select[int]:
    """Ids of a message and all its parts, whichever of them is given."""
    whole = submission.parent_id or submission.id
    return select(Submission.id).where(or_(Submission.id == whole, Submission.id.in_(_parts_of(whole))))


def count_of_family(session: Session, submission_id: int) -> int:
    """How many a message and its parts are, whichever of them is given, without those that came back; 1 where nothing is apart. One question."""
    whole = select(whole_message()).where(Submission.id == submission_id).scalar_subquery()
    apart = (SubmissionPart.parent_id == whole) & SubmissionPart.rejoined_at.is_(None)
    return 1 + (session.scalar(select(func.count()).select_from(SubmissionPart).where(apart)) or 0)


def _parts_of(message_id: int) -> Select[int]:
    return select(SubmissionPart.submission_id).where(SubmissionPart.parent_id == message_id)


_PARENT = aliased(Submission)


def family_of(session: Session, submission_id: int) -> Family:
    """Both ways in one statement; parts in the order they were made."""
    rows = session.execute(
        select(SubmissionPart, Submission, _PARENT.receipt_number, _PARENT.state, User.name)
        .join(Submission, Submission.id == SubmissionPart.submission_id)
        .join(_PARENT, _PARENT.id == SubmissionPart.parent_id)
        .join(User, User.id == SubmissionPart.split_by)
        .where(or_(SubmissionPart.parent_id == submission_id, SubmissionPart.submission_id == submission_id))
        .order_by(SubmissionPart.submission_id)
    ).all()
    origin = next(
        (PartOrigin(part.parent_id, number, state) for part, _, number, state, _ in rows if part.submission_id == submission_id), None
    )
    return Family(tuple(_row(part, one, name) for part, one, _, _, name in rows if part.parent_id == submission_id), origin)


def _row(part: SubmissionPart, submission: Submission, split_by: str) -> PartRow:
    return PartRow(
        submission_id=submission.id,
        number=submission.receipt_number,
        salt=submission.receipt_salt,
        state=submission.state,
        version=submission.version,
        spans=tuple((start, end) for start, end in part.spans),
        text=submission.text_masked,
        written=submission.text_written,
        split_by=split_by,
        split_at=part.created_at,
    )

"""照片与语音 as people look at them and hear them: on a card, on a receipt, on the form that opens a draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.domain.photo_blur import Part
from intake.domain.submission_file import FileKind, FileState
from intake.models import Area, AuditEntry, ChatPart, Submission, SubmissionFile, User
from intake.queries.lease import recused

_NONE = "没有这张照片或这段语音，可能已经清除，或者不归您看。"


@dataclass(frozen=True, slots=True)
class FileSaid:
    """One photo or voice as a page shows it."""

    id: int
    kind: FileKind
    state: FileState
    seconds: float | None
    heard: str
    """What was heard in it, masked; empty where nothing was."""
    refused_because: str
    is_blurring: bool = False
    """Whether parts that staff covered wait to be drawn; until then nobody sees it."""

    @property
    def is_photo(self) -> bool:
        """Whether it is looked at, not listened to."""
        return self.kind is FileKind.PHOTO

    @property
    def is_ready(self) -> bool:
        """Whether it may be seen or heard."""
        return self.state is FileState.READY and not self.is_blurring


@dataclass(frozen=True, slots=True)
class PhotoToBlur:
    """A photo as those see it who cover parts of it."""

    id: int
    submission_id: int
    version: int
    key: str
    """Of the photo without anything covered."""
    parts: tuple[Part, ...]
    blurred_by: str | None
    blurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredSaid:
    """One that was made anew and lies in the store."""

    key: str
    media_type: str


_COLUMNS = (
    SubmissionFile.id,
    SubmissionFile.kind,
    SubmissionFile.state,
    SubmissionFile.seconds,
    SubmissionFile.heard_masked,
    SubmissionFile.refused_because,
    and_(SubmissionFile.blur != [], SubmissionFile.blurred_key == ""),
)


def shown_key() -> ColumnElement[str]:
    """Under which key everybody sees or hears a file, as a column of a question about SubmissionFile; empty while nobody may.

    The one place that knows: whoever serves a resident's photo asks for this.
    """
    ready = and_(SubmissionFile.state == FileState.READY, SubmissionFile.removed_at.is_(None))
    seen = case((SubmissionFile.blur != [], SubmissionFile.blurred_key), else_=SubmissionFile.file_key)
    return case((ready, seen), else_="")


def files_of(session: Session, submission_id: int) -> tuple[FileSaid, ...]:
    """What was sent beside the words of a submission, in the order it came."""
    return _files(session, SubmissionFile.submission_id == submission_id)


def files_on_card(session: Session, submission_id: int) -> tuple[FileSaid, ...]:
    """The same on the card, and of a part also what was sent with its message, where it stays."""
    parent = select(Submission.parent_id).where(Submission.id == submission_id).scalar_subquery()
    return _files(session, (SubmissionFile.submission_id == submission_id) | (SubmissionFile.submission_id == parent))


def files_of_draft(session: Session, draft_id: int) -> tuple[FileSaid, ...]:
    """The same of a draft."""
    return _files(session, SubmissionFile.id.in_(select(ChatPart.file_id).where(ChatPart.draft_id == draft_id)))


def _files(session: Session, whose: ColumnElement[bool]) -> tuple[FileSaid, ...]:
    rows = session.execute(select(*_COLUMNS).where(whose, SubmissionFile.removed_at.is_(None)).order_by(SubmissionFile.id))
    return tuple(FileSaid(*row) for row in rows)


def file_for(session: Session, actor: Actor, file_id: int) -> StoredSaid:
    """The file, for those who may see its submission's card; NotFound for anybody else."""
    row = session.execute(
        select(shown_key().label("key"), SubmissionFile.media_type, Area.path)
        .join(Submission, Submission.id == SubmissionFile.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(SubmissionFile.id == file_id, Submission.district_id == actor.district_id, ~recused(actor))
    ).one_or_none()
    if row is None or not row.key or not actor.may(Permission.VOICE_HEAR, area_path=row.path):
        raise NotFound(_NONE)
    return StoredSaid(row.key, row.media_type)


def heard_since(session: Session, actor: Actor, file_id: int, *, since: datetime) -> bool:
    """Whether it is written down that the actor heard this voice after `since`."""
    heard = select(AuditEntry.id).where(
        AuditEntry.noun == "submission_file",
        AuditEntry.entity_id == file_id,
        AuditEntry.action == "voice.hear",
        AuditEntry.actor_id == actor.user_id,
        AuditEntry.at > since,
    )
    return session.scalar(heard.limit(1)) is not None


def photo_to_blur(session: Session, actor: Actor, file_id: int) -> PhotoToBlur:
    """The photo with nothing covered, for those who may cover parts of it; NotFound for anybody else."""
    row = session.execute(
        select(SubmissionFile, User.name, Area.path)
        .join(Submission, Submission.id == SubmissionFile.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .outerjoin(User, User.id == SubmissionFile.blurred_by)
        .where(
            SubmissionFile.id == file_id,
            SubmissionFile.kind == FileKind.PHOTO,
            SubmissionFile.state == FileState.READY,
            SubmissionFile.removed_at.is_(None),
            SubmissionFile.file_key != "",
            Submission.district_id == actor.district_id,
        )
    ).one_or_none()
    if row is None or not actor.may(Permission.PHOTO_BLUR, area_path=row.path):
        raise NotFound(_NONE)
    file: SubmissionFile = row.SubmissionFile
    assert file.submission_id is not None, "joined"
    parts = tuple(Part(*one) for one in file.blur)
    return PhotoToBlur(file.id, file.submission_id, file.version, file.file_key, parts, row.name, file.blurred_at)


def file_on_own_receipt(session: Session, *, submission_id: int, file_id: int) -> StoredSaid:
    """The file, for whoever holds the receipt; NotFound otherwise."""
    return _one(session, [SubmissionFile.id == file_id, SubmissionFile.submission_id == submission_id])


def file_of_draft(session: Session, *, draft_id: int, file_id: int) -> StoredSaid:
    """The file, for whoever holds the draft's link; NotFound otherwise."""
    of_draft = select(ChatPart.file_id).where(ChatPart.draft_id == draft_id)
    return _one(session, [SubmissionFile.id == file_id, SubmissionFile.id.in_(of_draft)])


def _one(session: Session, whose: Sequence[ColumnElement[bool]]) -> StoredSaid:
    row = session.execute(select(shown_key().label("key"), SubmissionFile.media_type).where(*whose)).one_or_none()
    if row is None or not row.key:
        raise NotFound(_NONE)
    return StoredSaid(*row)

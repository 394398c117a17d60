"""照片与语音 of residents: fetched from the platform into quarantine, made anew by a worker, written down where a recogniser is set.

What was sent lies under `quarantine/said/…` and nobody reads it but the worker; what people see and hear lies under `said/…`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, RESIDENT
from intake.domain.chat_draft import is_unheard, voice_line
from intake.domain.personal_data import mask, personal_data
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.domain.submission_file import (
    FETCH_AFTER,
    HEAR_MOST_TRIES,
    KEPT_BY_PLATFORM,
    NOT_FETCHED,
    FileAction,
    FileKind,
    FileState,
)
from intake.domain.text import TEXT_MAX, clean
from intake.models import ChatPart, Decision, Submission, SubmissionFile, SubmissionGrams
from intake.ports import Wake
from intake.services.attachment import small_key
from intake.services.transition import begin, move
from intake.services.wake import wake_after_commit

LEASE = timedelta(minutes=3)
"""For so long nobody else asks for a file that a worker is asking for."""
_LATELY = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Awaited:
    """One that lies with the platform, claimed by this worker."""

    id: int
    kind: FileKind
    account: str
    media_id: str

    @property
    def original(self) -> str:
        """Where its bytes go."""
        return quarantine_key(self.id)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One whose bytes are here and wait to be made anew."""

    id: int
    kind: FileKind
    media_type: str

    @property
    def original(self) -> str:
        """Where its bytes lie."""
        return quarantine_key(self.id)

    @property
    def result(self) -> str:
        """Where it goes, the same at every try."""
        return result_key(self.id, self.kind)


@dataclass(frozen=True, slots=True)
class ToHear:
    """A voice that a recogniser is asked about, claimed by this worker."""

    id: int
    key: str
    seconds: float


def quarantine_key(file_id: int) -> str:
    """Where the bytes lie as they came."""
    return f"quarantine/said/{file_id}"


def result_key(file_id: int, kind: FileKind) -> str:
    """Where what was made of it lies."""
    return f"said/{file_id}{'.jpg' if kind is FileKind.PHOTO else '.mp3'}"


def blurred_key(file_id: int, version: int) -> str:
    """Where a photo lies with the parts covered that its row's `version` names."""
    return f"said/{file_id}-b{version}.jpg"


def keys_drawn(file_id: int, version: int) -> tuple[str, ...]:
    """Where any drawing up to that version may lie, large and small."""
    return tuple(key for one in range(1, version + 1) for key in (blurred_key(file_id, one), small_key(blurred_key(file_id, one))))


def await_media(
    session: Session,
    *,
    kind: FileKind,
    account: str,
    media_id: str,
    at: datetime,
    heard: str = "",
    submission_id: int | None = None,
    district_id: int | None = None,
) -> int:
    """Note a picture or voice that lies with the platform of `account`; its id. `heard` is what the platform wrote down of a voice."""
    words = clean(heard).text[:TEXT_MAX]
    file = SubmissionFile(
        district_id=district_id,
        submission_id=submission_id,
        kind=kind,
        account=account,
        media_id=media_id,
        fetch_at=at,
        heard_written=words,
        heard_masked=mask(words, personal_data(words)),
        transcribed_at=at if words else None,
        created_at=at,
    )
    begin(session, file, actor=RESIDENT, at=at)
    session.flush()
    wake_after_commit(session, Wake.MEDIA)
    return file.id


def claim_awaited(session: Session, *, at: datetime, limit: int) -> list[Awaited]:
    """Up to `limit` files to fetch now; the caller commits before it asks the platform."""
    files = session.scalars(
        select(SubmissionFile)
        .where(SubmissionFile.state == FileState.AWAITED, SubmissionFile.removed_at.is_(None), SubmissionFile.fetch_at <= at)
        .order_by(SubmissionFile.fetch_at, SubmissionFile.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for file in files:
        file.fetch_at, file.fetch_tries = at + LEASE, file.fetch_tries + 1
    return [Awaited(file.id, file.kind, file.account, file.media_id) for file in files]


def take(session: Session, one: Awaited, *, media_type: str, size: int, sha256: bytes, at: datetime) -> bool:
    """Its bytes lie in quarantine; False when another worker was first."""
    file = _held(session, one.id, FileState.AWAITED)
    if file is None:
        return False
    move(session, file, FileAction.TAKE, actor=MACHINE, at=at)
    file.media_id, file.fetch_at, file.fetch_tries = "", None, 0
    file.media_type, file.size, file.sha256, file.file_key = media_type, size, sha256, one.original
    wake_after_commit(session, Wake.FILES)
    return True


def put_off(session: Session, one: Awaited, *, after_seconds: int | None, at: datetime) -> None:
    """The platform couldn't just now: later, or never where it will have thrown it away by then."""
    file = _held(session, one.id, FileState.AWAITED)
    if file is None:
        return
    wait = FETCH_AFTER[min(file.fetch_tries, len(FETCH_AFTER)) - 1]
    later = at + max(wait, timedelta(seconds=after_seconds or 0))
    if later > file.created_at + KEPT_BY_PLATFORM:
        _refuse(session, file, because=NOT_FETCHED[file.kind], at=at)
    else:
        file.fetch_at = later


def refuse(session: Session, file_id: int, *, because: str, at: datetime) -> bool:
    """It can't be had or used, and `because` says why; False when another worker was first."""
    file = _held(session, file_id, FileState.AWAITED, FileState.RECEIVED)
    if file is None:
        return False
    _refuse(session, file, because=because, at=at)
    return True


def quarantined(session: Session, *, after: int, limit: int) -> list[Quarantined]:
    """Files that wait to be made anew, in the order they came, beyond the id `after`."""
    rows = session.execute(
        select(SubmissionFile.id, SubmissionFile.kind, SubmissionFile.media_type)
        .where(SubmissionFile.state == FileState.RECEIVED, SubmissionFile.removed_at.is_(None), SubmissionFile.id > after)
        .order_by(SubmissionFile.id)
        .limit(limit)
    )
    return [Quarantined(*row) for row in rows]


def accept_cleaned(session: Session, one: Quarantined, *, size: int, seconds: float | None, is_heard: bool, at: datetime) -> bool:
    """It was made anew and lies under `one.result`; False when another worker was first. `is_heard`: whether a recogniser will be asked."""
    file = _held(session, one.id, FileState.RECEIVED)
    if file is None:
        return False
    move(session, file, FileAction.CLEAN, actor=MACHINE, at=at)
    file.file_key, file.size, file.seconds = one.result, size, seconds
    file.media_type = "image/jpeg" if file.kind is FileKind.PHOTO else "audio/mpeg"
    if file.kind is FileKind.VOICE and file.transcribed_at is None:
        if is_heard:
            file.fetch_at = at
            wake_after_commit(session, Wake.TRANSCRIBE)
        else:
            file.transcribed_at = at
    return True


def claim_unheard(session: Session, *, at: datetime, limit: int) -> list[ToHear]:
    """Up to `limit` voices to ask the recogniser about; the caller commits before it asks."""
    files = session.scalars(
        select(SubmissionFile)
        .where(
            SubmissionFile.state == FileState.READY,
            SubmissionFile.kind == FileKind.VOICE,
            SubmissionFile.transcribed_at.is_(None),
            SubmissionFile.removed_at.is_(None),
            or_(SubmissionFile.fetch_at.is_(None), SubmissionFile.fetch_at <= at),
        )
        .order_by(SubmissionFile.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for file in files:
        file.fetch_at, file.fetch_tries = at + LEASE, file.fetch_tries + 1
    return [ToHear(file.id, file.file_key, file.seconds or 0.0) for file in files]


def note_heard(session: Session, file_id: int, *, words: str, at: datetime) -> None:
    """Keep what was heard, masked for screens; a draft says it from now on, a submission that said nothing else is triaged anew on it."""
    file = session.scalars(_unheard(file_id)).one_or_none()
    if file is None:
        return
    heard = clean(words).text[:TEXT_MAX]
    file.heard_written, file.heard_masked = heard, mask(heard, personal_data(heard))
    file.transcribed_at, file.fetch_at = at, None
    session.flush()
    if heard and file.submission_id is not None:
        _triage_anew(session, file.submission_id, at=at)
    elif heard:
        session.execute(update(ChatPart).where(ChatPart.file_id == file_id, ChatPart.words == "").values(words=heard))


def note_not_heard(session: Session, file_id: int, *, may_try_again: bool, at: datetime) -> None:
    """The recogniser couldn't: later, or never after some tries; the voice is there to be heard by people."""
    file = session.scalars(_unheard(file_id)).one_or_none()
    if file is None:
        return
    if not may_try_again or file.fetch_tries >= HEAR_MOST_TRIES:
        file.transcribed_at, file.fetch_at = at, None
    else:
        file.fetch_at = at + FETCH_AFTER[file.fetch_tries - 1]


def words_heard(session: Session, submission_ids: Sequence[int]) -> Mapping[int, str]:
    """What was heard in the voices of submissions, as written down and not masked, in order; those in which nothing was are left out."""
    found: dict[int, list[str]] = {}
    any_heard: set[int] = set()
    rows = session.execute(
        select(SubmissionFile.submission_id, SubmissionFile.heard_written)
        .where(SubmissionFile.submission_id.in_(submission_ids), SubmissionFile.kind == FileKind.VOICE)
        .order_by(SubmissionFile.id)
    )
    for submission_id, heard in rows:
        assert submission_id is not None, "asked for by submission"
        found.setdefault(submission_id, []).append(voice_line(heard))
        if heard:
            any_heard.add(submission_id)
    return {submission_id: "\n".join(lines)[:TEXT_MAX] for submission_id, lines in found.items() if submission_id in any_heard}


def remove_files_of(session: Session, submission_id: int, *, at: datetime) -> None:
    """What a submission whose words are erased had beside them: bytes go with the next sweep, what was heard at once."""
    for file in session.scalars(
        select(SubmissionFile).where(SubmissionFile.submission_id == submission_id).order_by(SubmissionFile.id).with_for_update()
    ):
        file.removed_at = file.removed_at or at
        file.heard_written = file.heard_masked = ""


def unneeded_files(session: Session, *, limit: int) -> list[tuple[int, tuple[str, ...]]]:
    """Ids of removed and refused files whose bytes are still there, and under which keys: the row's own first, then whatever else a worker
    that was killed may have stored.
    """
    rows = session.scalars(
        select(SubmissionFile)
        .where(
            SubmissionFile.file_key != "",
            or_(SubmissionFile.state == FileState.REFUSED, SubmissionFile.removed_at.is_not(None)),
        )
        .order_by(SubmissionFile.id)
        .limit(limit)
    )
    return [(file.id, tuple(dict.fromkeys((file.file_key, *_keys_of(file))))) for file in rows]


def forget_bytes(session: Session, swept: Sequence[tuple[int, tuple[str, ...]]]) -> None:
    """Note that their bytes are gone; what was made anew meanwhile lies under another key, and waits for the next sweep."""
    keys = dict(swept)
    for file in session.scalars(select(SubmissionFile).where(SubmissionFile.id.in_(keys)).order_by(SubmissionFile.id).with_for_update()):
        if file.file_key == keys[file.id][0]:
            file.file_key = file.blurred_key = ""


def originals_lately(session: Session, *, at: datetime) -> list[str]:
    """Where originals lay of files that were made anew, refused or removed in the last two days: a worker killed right before or after its
    commit may have left one.
    """
    settled = SubmissionFile.state.in_([FileState.READY, FileState.REFUSED]) & (SubmissionFile.state_changed_at > at - _LATELY)
    ids = session.scalars(select(SubmissionFile.id).where(or_(settled, SubmissionFile.removed_at > at - _LATELY)))
    return [quarantine_key(file_id) for file_id in ids]


def _keys_of(file: SubmissionFile) -> tuple[str, ...]:
    result = result_key(file.id, file.kind)
    if file.kind is not FileKind.PHOTO:
        return quarantine_key(file.id), result
    drawn = keys_drawn(file.id, file.version) if file.blurred_at is not None else ()
    return quarantine_key(file.id), result, small_key(result), *drawn


def _triage_anew(session: Session, submission_id: int, *, at: datetime) -> None:
    """A submission that was nothing but a voice goes back to the machine, unless a person has decided on it already."""
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    decided = session.scalar(select(Decision.id).where(Decision.submission_id == submission_id).limit(1))
    if (
        not is_unheard(submission.text_written, submission.channel)
        or submission.state is not SubmissionState.TRIAGED
        or decided is not None
    ):
        return
    move(session, submission, SubmissionAction.HEAR, actor=MACHINE, at=at)
    submission.escalate_at = None
    # It was indexed by nothing, and what is in the index isn't indexed again.
    session.execute(delete(SubmissionGrams).where(SubmissionGrams.submission_id == submission_id))
    wake_after_commit(session, Wake.TRIAGE)


def _held(session: Session, file_id: int, *states: FileState) -> SubmissionFile | None:
    return session.scalars(_locked(file_id).where(SubmissionFile.state.in_(states))).one_or_none()


def _locked(file_id: int) -> Select[SubmissionFile]:
    return select(SubmissionFile).where(SubmissionFile.id == file_id).with_for_update().execution_options(populate_existing=True)


def _unheard(file_id: int) -> Select[SubmissionFile]:
    """It may have been removed while somebody listened: what is heard then is kept nowhere."""
    return _locked(file_id).where(SubmissionFile.transcribed_at.is_(None), SubmissionFile.removed_at.is_(None))


def _refuse(session: Session, file: SubmissionFile, *, because: str, at: datetime) -> None:
    move(session, file, FileAction.REFUSE, actor=MACHINE, at=at)
    file.refused_because, file.media_id, file.fetch_at = because, "", None
    if file.kind is FileKind.VOICE:
        file.transcribed_at = file.transcribed_at or at

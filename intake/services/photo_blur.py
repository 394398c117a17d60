"""打码: staff say which parts of a resident's photo nobody shall see; a worker draws them over, and the original stays with staff alone."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, NotFound
from intake.domain.permission import Permission
from intake.domain.photo_blur import Part
from intake.domain.submission_file import FileKind, FileState
from intake.models import Area, Submission, SubmissionFile
from intake.models.submission_file import TO_BE_DRAWN
from intake.ports import Wake
from intake.services.audit import record
from intake.services.submission_file import blurred_key, keys_drawn
from intake.services.wake import wake_after_commit


@dataclass(frozen=True, slots=True)
class Undrawn:
    """A photo whose parts wait to be drawn over, or whose drawing is to be forgotten."""

    id: int
    version: int
    original: str
    parts: tuple[Part, ...]
    """None where they were taken back."""

    @property
    def result(self) -> str:
        """Where it goes, the same at every try."""
        return blurred_key(self.id, self.version)

    @property
    def stale(self) -> tuple[str, ...]:
        """Keys of what may have been drawn before."""
        return keys_drawn(self.id, self.version if not self.parts else self.version - 1)


def blur_photo(session: Session, actor: Actor, *, file_id: int, version: int, parts: Sequence[Part], at: datetime) -> int:
    """Cover exactly `parts` of a photo, none to uncover it; from now on nobody but staff sees it until that is drawn. Its submission's id.

    Raises NotFound outside the actor's area and for what is no photo, Conflict when somebody else was first.
    """
    row = session.execute(
        select(SubmissionFile, Submission.district_id, Area.path)
        .join(Submission, Submission.id == SubmissionFile.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(SubmissionFile.id == file_id, Submission.district_id == actor.district_id)
        .with_for_update(of=SubmissionFile)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or not actor.may(Permission.PHOTO_BLUR, area_path=row.path):
        raise NotFound("没有这张照片，或者不归您看。")
    file: SubmissionFile = row.SubmissionFile
    if file.kind is not FileKind.PHOTO or file.state is not FileState.READY or file.removed_at is not None:
        raise NotFound("这张照片还没有检查好，或者已经移除。")
    if file.version != version:
        raise Conflict("刚才有别人改过这张照片的打码。现在的样子在下面，请再看一遍。")
    covered = [list(asdict(part).values()) for part in parts]
    assert file.submission_id is not None, "joined"
    if covered == file.blur:
        return file.submission_id
    file.blur, file.version = covered, file.version + 1
    file.blurred_by, file.blurred_at = actor.user_id, at
    if covered:
        file.blurred_key = ""
    record(
        session,
        actor=actor,
        district_id=row.district_id,
        action="photo.blur",
        noun="submission_file",
        entity_id=file.id,
        at=at,
        submission=file.submission_id,
        parts=len(covered),
    )
    wake_after_commit(session, Wake.FILES)
    return file.submission_id


def undrawn(session: Session, *, after: int, limit: int) -> list[Undrawn]:
    """Photos whose parts changed since they were drawn, beyond the id `after`."""
    rows = session.execute(
        select(SubmissionFile.id, SubmissionFile.version, SubmissionFile.file_key, SubmissionFile.blur)
        .where(text(TO_BE_DRAWN), SubmissionFile.removed_at.is_(None), SubmissionFile.file_key != "", SubmissionFile.id > after)
        .order_by(SubmissionFile.id)
        .limit(limit)
    )
    return [Undrawn(row.id, row.version, row.file_key, tuple(Part(*one) for one in row.blur)) for row in rows]


def note_drawn(session: Session, one: Undrawn) -> bool:
    """It lies under `one.result`, or nothing is covered any more; False when the parts were changed meanwhile."""
    file = session.scalars(select(SubmissionFile).where(SubmissionFile.id == one.id).with_for_update()).one()
    if file.version != one.version or file.removed_at is not None:
        return False
    file.blurred_key = one.result if one.parts else ""
    return True


def note_gone(session: Session, one: Undrawn, *, at: datetime) -> None:
    """The store has lost the photo."""
    session.get_one(SubmissionFile, one.id, with_for_update=True).removed_at = at

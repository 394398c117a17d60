"""照片 on public pages: those that staff chose for a released text, as long as they may be seen."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.orm import Session

from intake.domain.attachment import AttachmentState
from intake.domain.errors import NotFound
from intake.domain.release import PhotoSide, ReleaseState
from intake.domain.submission import SubmissionState
from intake.models import Attachment, Release, ReleasePhoto, Submission, SubmissionFile, Topic
from intake.queries.submission_file import shown_key


@dataclass(frozen=True, slots=True)
class PublicPhoto:
    """One photo and what stands below it."""

    id: int
    side: PhotoSide
    caption: str


def photos_of(session: Session, release_ids: Collection[int]) -> Mapping[int, tuple[PublicPhoto, ...]]:
    """The photos of each of the releases, before and after, in their order; releases without any are missing. One query, none for none."""
    if not release_ids:
        return {}
    rows = session.execute(
        _joined(select(ReleasePhoto.release_id, ReleasePhoto.id, ReleasePhoto.side, ReleasePhoto.caption))
        .where(ReleasePhoto.release_id.in_(release_ids), _seen())
        .order_by(ReleasePhoto.release_id, ReleasePhoto.side.desc(), ReleasePhoto.position, ReleasePhoto.id)
    )
    found: dict[int, list[PublicPhoto]] = {}
    for release_id, *photo in rows:
        found.setdefault(release_id, []).append(PublicPhoto(*photo))
    return {release_id: tuple(photos) for release_id, photos in found.items()}


def public_photo(session: Session, number: str, photo_id: int) -> str:
    """Where in the object store the photo of a released text of the topic with this number lies; NotFound for any other."""
    key = session.scalar(
        _joined(select(_key()))
        .join(Release, Release.id == ReleasePhoto.release_id)
        .join(Topic, Topic.id == Release.topic_id)
        .where(ReleasePhoto.id == photo_id, Topic.number == number, Release.state == ReleaseState.RELEASED, _seen())
    )
    if not key:
        raise NotFound("没有这张照片，可能已经撤下。")
    return str(key)


def _key() -> ColumnElement[str]:
    """Which file everybody sees: a resident's as every page shows it, blurred where anybody asked for that."""
    return case((ReleasePhoto.attachment_id.is_not(None), Attachment.file_key), else_=shown_key())


def _joined(query: Any) -> Any:
    return (
        query.select_from(ReleasePhoto)
        .outerjoin(SubmissionFile, SubmissionFile.id == ReleasePhoto.submission_file_id)
        .outerjoin(Submission, Submission.id == SubmissionFile.submission_id)
        .outerjoin(Attachment, Attachment.id == ReleasePhoto.attachment_id)
    )


def _seen() -> ColumnElement[bool]:
    """Neither removed nor taken back by its sender, and there to be shown."""
    of_resident = Submission.state != SubmissionState.WITHDRAWN
    of_answer = and_(Attachment.state == AttachmentState.READY, Attachment.removed_at.is_(None))
    return and_(or_(of_resident, of_answer), _key() != "")

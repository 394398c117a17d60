"""照片 of a release on the desk: what there is to choose from, and what was chosen."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from intake.domain.attachment import AttachmentKind, AttachmentState
from intake.domain.contributor import ContributorStatus
from intake.domain.release import PhotoSide, PhotoSource
from intake.domain.submission import SubmissionState
from intake.domain.submission_file import FileKind, FileState
from intake.models import Attachment, Contributor, Referral, ReleasePhoto, Submission, SubmissionFile

MOST_OFFERED = 60


@dataclass(frozen=True, slots=True)
class Offered:
    """A photo that may stand beside the text, and what was chosen for it so far."""

    source: PhotoSource
    file_id: int
    blurred: bool
    """Whether staff made parts unrecognisable; the public sees that version alone."""
    side: PhotoSide | None
    """None where it isn't chosen."""
    position: int
    caption: str

    @property
    def key(self) -> str:
        """Its name in the form."""
        return f"{self.source}-{self.file_id}"


def offered(session: Session, *, topic_id: int, release_id: int) -> tuple[Offered, ...]:
    """Photos of the residents confirmed behind the topic and of the answers to it, with what was chosen; two queries, the earliest first.

    Only what is ready to be seen, at most MOST_OFFERED of each kind.
    """
    chosen = ReleasePhoto.release_id == release_id
    picked = (ReleasePhoto.side, func.coalesce(ReleasePhoto.position, 0), func.coalesce(ReleasePhoto.caption, ""))
    residents = session.execute(
        select(SubmissionFile.id, func.jsonb_array_length(SubmissionFile.blur) > 0, *picked)
        .join(Submission, Submission.id == SubmissionFile.submission_id)
        .join(Contributor, Contributor.submission_id == Submission.id)
        .outerjoin(ReleasePhoto, chosen & (ReleasePhoto.submission_file_id == SubmissionFile.id))
        .where(
            Contributor.topic_id == topic_id,
            Contributor.status == ContributorStatus.CONFIRMED,
            Submission.state != SubmissionState.WITHDRAWN,
            SubmissionFile.kind == FileKind.PHOTO,
            SubmissionFile.state == FileState.READY,
            SubmissionFile.removed_at.is_(None),
        )
        .order_by(SubmissionFile.id)
        .limit(MOST_OFFERED)
    )
    behind = select(Contributor.submission_id).where(Contributor.topic_id == topic_id, Contributor.status == ContributorStatus.CONFIRMED)
    answers = session.execute(
        select(Attachment.id, *picked)
        .join(Referral, Referral.id == Attachment.referral_id)
        .outerjoin(ReleasePhoto, chosen & (ReleasePhoto.attachment_id == Attachment.id))
        .where(
            or_(Referral.topic_id == topic_id, Referral.submission_id.in_(behind)),
            Attachment.kind == AttachmentKind.EVIDENCE,
            Attachment.state == AttachmentState.READY,
            Attachment.answer_id.is_not(None),
            Attachment.removed_at.is_(None),
            Attachment.media_type == "image/jpeg",
        )
        .order_by(Attachment.id)
        .limit(MOST_OFFERED)
    )
    return (
        *(Offered(PhotoSource.RESIDENT, *row) for row in residents),
        *(Offered(PhotoSource.ANSWER, row[0], blurred=False, side=row[1], position=row[2], caption=row[3]) for row in answers),
    )


def chosen_in_order(photos: tuple[Offered, ...]) -> tuple[Offered, ...]:
    """Those that were chosen, before and after, as the public will see them."""
    sides = list(PhotoSide)
    return tuple(
        sorted((one for one in photos if one.side is not None), key=lambda one: (sides.index(one.side or sides[0]), one.position, one.key))
    )

"""Evidence that somebody may look at: by their part in the referral, or by a receipt that was told the answer it belongs to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.attachment import AttachmentState
from intake.domain.errors import NotFound
from intake.domain.permission import Permission, Role
from intake.models import Area, Attachment, Decision, Outcome, Referral, ReferralHelper

_NONE = "没有这个文件，可能已经移除，或者不归您看。"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was made anew and lies in the store."""

    id: int
    name: str
    media_type: str
    size: int
    key: str

    @property
    def is_picture(self) -> bool:
        """Whether a page may show it."""
        return self.media_type == "image/jpeg"


def file_for(session: Session, actor: Actor, attachment_id: int) -> StoredFile:
    """The file, for its referral's lead, helpers, office, sender and convenor, and the district's staff; NotFound for anybody else."""
    found = session.execute(
        select(Attachment, Referral, Area.path)
        .join(Referral, Referral.id == Attachment.referral_id)
        .join(Area, Area.id == Referral.area_id)
        .where(Attachment.id == attachment_id, Attachment.district_id == actor.district_id, *_shown())
    ).one_or_none()
    if found is None or not _has_part(session, actor, found.Referral, found.path):
        raise NotFound(_NONE)
    return _stored(found.Attachment)


def file_on_receipt(session: Session, *, submission_id: int, attachment_id: int, at: datetime) -> StoredFile:
    """The file, for whoever holds the receipt of a submission that was told its answer; NotFound otherwise."""
    told = (
        select(Outcome.id)
        .join(Decision, Decision.id == Outcome.decision_id)
        .where(
            Outcome.submission_id == submission_id,
            Outcome.told_at <= at,
            Decision.answer_id == Attachment.answer_id,
            Decision.undone_at.is_(None),
        )
    )
    attachment = session.scalars(select(Attachment).where(Attachment.id == attachment_id, *_shown(), told.exists())).one_or_none()
    if attachment is None:
        raise NotFound("没有这个文件，请回到回执再打开。")
    return _stored(attachment)


def _shown() -> tuple[ColumnElement[bool], ...]:
    return Attachment.state == AttachmentState.READY, Attachment.removed_at.is_(None), Attachment.file_key != ""


def _has_part(session: Session, actor: Actor, referral: Referral, path: str) -> bool:
    if actor.user_id == referral.sent_by or actor.may(Permission.REFERRAL_FOLLOW, area_path=path):
        return True
    if any(grant.role is Role.CONVENOR and path.startswith(grant.area_path) for grant in actor.grants):
        return True
    if actor.unit_id is None:
        return False
    if actor.unit_id == referral.office_id:
        return actor.may(Permission.REFERRAL_ASSIGN)
    if not actor.may(Permission.REFERRAL_ANSWER):
        return False
    helps = select(ReferralHelper.id).where(ReferralHelper.referral_id == referral.id, ReferralHelper.department_id == actor.unit_id)
    return actor.unit_id == referral.lead_id or session.scalar(helps) is not None


def _stored(one: Attachment) -> StoredFile:
    return StoredFile(one.id, one.name, one.media_type, one.size, one.file_key)

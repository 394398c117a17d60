"""Contact details: shown to those with the permission, for a stated reason, and written down."""

from datetime import datetime

from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.models import Area, Submission
from intake.ports import Vault
from intake.services.audit import record
from intake.services.submission_submit import contact_context

REASONS = {"ask_detail": "请居民补充情况", "tell_result": "告诉居民结果", "emergency": "紧急情况，马上联系"}
"""Why a contact may be looked at."""


def reveal_contact(session: Session, *, vault: Vault, actor: Actor, submission_id: int, reason: str, at: datetime) -> str:
    """The contact in plain text; Forbidden, NotFound, or InvalidInput when no listed reason is given."""
    submission = session.get(Submission, submission_id)
    if submission is None or submission.district_id != actor.district_id:
        raise NotFound("没有这件来件。")
    area = session.get_one(Area, submission.area_id)
    if not actor.may(Permission.CONTACT_REVEAL, area_path=area.path):
        raise Forbidden("您没有查看联系方式的权限。")
    if reason not in REASONS:
        raise InvalidInput("请选择查看联系方式的理由，查看会被记录。", field="reason")
    if submission.contact_cipher is None:
        raise NotFound("居民没有留联系方式。")
    record(
        session,
        actor=actor,
        district_id=submission.district_id,
        action="contact.reveal",
        noun="submission",
        entity_id=submission.id,
        at=at,
        reason=reason,
    )
    return vault.open(submission.contact_cipher, context=contact_context(submission.receipt_number))

"""Contact details: shown to those with the permission, for a stated reason, and written down."""

from datetime import datetime

from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.referral import OPEN_REFERRAL
from intake.domain.submission import SubmissionState
from intake.models import Area, Referral, Submission, Topic
from intake.ports import Vault
from intake.services.audit import record
from intake.services.submission_submit import contact_context
from intake.services.topic_decision import confirmed_in

REASONS = {"ask_detail": "请居民补充情况", "tell_result": "告诉居民结果", "emergency": "紧急情况，马上联系"}
"""Why a contact may be looked at."""
UNIT_REASONS = {"find_place": "找不到地方，问清位置", "agree_time": "约上门或到现场的时间", "ask_detail": "请居民补充情况"}
"""Why the unit in charge may look at it, when the resident agreed."""


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
    return _revealed(session, vault, actor, submission, at=at, reason=reason)


def reveal_to_unit(session: Session, *, vault: Vault, actor: Actor, referral_id: int, submission_id: int, reason: str, at: datetime) -> str:
    """The contact of somebody behind an open referral, in plain text, for the unit that leads it and with the resident's own consent.

    Raises NotFound, Forbidden (also when there is no consent, or it was taken back), InvalidInput (field `reason`).
    """
    referral = session.get(Referral, referral_id)
    if referral is None or referral.district_id != actor.district_id:
        raise NotFound("没有这件转报，或者不在您的区。")
    if not actor.may(Permission.REFERRAL_ANSWER) or actor.unit_id is None or actor.unit_id != referral.lead_id:
        raise Forbidden("只有主办单位才能联系居民。")
    if referral.state not in OPEN_REFERRAL:
        raise Forbidden("这一件已经办完，不能再查看联系方式。")
    submission = session.get(Submission, submission_id)
    if submission is None or submission.id not in _behind(session, referral) or submission.state is SubmissionState.WITHDRAWN:
        raise NotFound("没有这件来件，可能已经撤回。")
    if submission.contact_consent_at is None:
        raise Forbidden("居民没有同意把联系方式交给承办单位。要问情况，请写在进展里，由委员或区政协转达。")
    if reason not in UNIT_REASONS:
        raise InvalidInput("请选择查看联系方式的理由，查看会被记录。", field="reason")
    return _revealed(session, vault, actor, submission, at=at, reason=reason, referral=referral.id, unit=actor.unit_id)


def _behind(session: Session, referral: Referral) -> list[int]:
    if referral.topic_id is None:
        return [referral.submission_id or 0]
    return confirmed_in(session, session.get_one(Topic, referral.topic_id))


def _revealed(session: Session, vault: Vault, actor: Actor, submission: Submission, *, at: datetime, **detail: int | str) -> str:
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
        **detail,
    )
    return vault.open(submission.contact_cipher, context=contact_context(submission.receipt_number))

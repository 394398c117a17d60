"""What every step of a referral shares: the lock on it and its subject, the version, and the fence around each unit's own."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.checking import may_check
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.referral import OFFICES, UNIT_NAMES, EntryKind
from intake.domain.text import clean
from intake.models import Area, Department, Referral, ReferralEntry, ReferralHelper, Submission
from intake.services.audit import record
from intake.services.contribution import lock_topics_of
from intake.services.recusal import refuse_recused
from intake.services.topic_decision import lock_topics

WORDS_MAX = 500
ANSWER_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Acting:
    """What every step carries."""

    actor: Actor
    referral_id: int
    version: int
    """The version of the page that was on the screen; an older one is a conflict."""
    at: datetime
    workflow: Workflow


def lock_referral(session: Session, acting: Acting, *, with_subject: bool = False) -> tuple[Referral, str]:
    """The referral, locked and fresh, and the path of its area; NotFound outside the district, Conflict when somebody was faster.

    `with_subject` locks the topic, or the topics of the submission and itself, before: the order of every other service.
    """
    if with_subject:
        _lock_subject(session, acting.referral_id)
    referral = session.scalars(
        select(Referral).where(Referral.id == acting.referral_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if referral is None or referral.district_id != acting.actor.district_id:
        raise NotFound("没有这件转报，或者不在您的区。")
    if referral.version != acting.version:
        raise Conflict("这一件刚刚有人处理过。您写的还在下面，请先看看现在的情况。")
    return referral, session.get_one(Area, referral.area_id).path


def lock_submission(session: Session, submission_id: int) -> Submission:
    """The submission, locked and fresh; its topics are locked before it, and its referral after."""
    return session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _lock_subject(session: Session, referral_id: int) -> None:
    found = session.execute(select(Referral.submission_id, Referral.topic_id).where(Referral.id == referral_id)).one_or_none()
    if found is not None and found.topic_id is not None:
        lock_topics(session, [found.topic_id])
    elif found is not None:
        # A resident who withdraws holds the submission, and then asks for the referral.
        lock_topics_of(session, found.submission_id)
        lock_submission(session, found.submission_id)


def require_office(acting: Acting, referral: Referral) -> None:
    """Forbidden unless the actor works in the office that has it."""
    if not acting.actor.may(Permission.REFERRAL_ASSIGN) or acting.actor.unit_id != referral.office_id:
        raise Forbidden("这一件不是送您单位交办的。")


def require_lead(acting: Acting, referral: Referral) -> None:
    """Forbidden unless the actor works in the unit that leads."""
    if not acting.actor.may(Permission.REFERRAL_ANSWER) or acting.actor.unit_id != referral.lead_id:
        raise Forbidden("这一件现在不由您单位主办。")


def helper_of(session: Session, acting: Acting, referral: Referral) -> ReferralHelper:
    """The actor's unit as a helper; Forbidden when it isn't one."""
    helper = session.scalars(
        select(ReferralHelper)
        .where(ReferralHelper.referral_id == referral.id, ReferralHelper.department_id == acting.actor.unit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if helper is None or not acting.actor.may(Permission.REFERRAL_ANSWER):
        raise Forbidden("这一件没有请您单位协办。")
    return helper


def require_checker(session: Session, acting: Acting, referral: Referral, area_path: str) -> None:
    """Forbidden unless the actor sent it, convenes there, or follows referrals for the district's staff; and for whoever stepped back."""
    if not may_check(acting.actor, sent_by=referral.sent_by, area_path=area_path):
        raise Forbidden("这一件由转报的委员或区政协工作人员核对。")
    if referral.submission_id is not None:
        refuse_recused(session, actor=acting.actor, submission_id=referral.submission_id)


def require_follower(acting: Acting, area_path: str) -> None:
    """Forbidden unless the actor follows referrals for the district's staff."""
    if not acting.actor.may(Permission.REFERRAL_FOLLOW, area_path=area_path):
        raise Forbidden("这一步由区政协工作人员办理。")


def unit_of(session: Session, referral_district: int, unit_id: int | None, *, assigning: bool, field: str) -> Department:
    """An active office (`assigning`) or answering unit of the district; InvalidInput (`field`) with what to choose instead."""
    # Held, so that nobody closes it before what is given to it stands there.
    held = {"read": True, "key_share": True}
    unit = session.get(Department, unit_id, with_for_update=held, populate_existing=True) if unit_id is not None else None
    if unit is None or unit.district_id != referral_district:
        raise InvalidInput("请选择交办机关。" if assigning else "请选择承办单位。", field=field)
    if not unit.active:
        raise InvalidInput(f"“{unit.name}”已经停用，请选择别的单位。", field=field)
    if (unit.kind in OFFICES) is not assigning:
        raise InvalidInput(f"“{unit.name}”是{UNIT_NAMES[unit.kind]}，请选择别的单位。", field=field)
    return unit


def words_needed(raw: str, *, field: str = "words", most: int = WORDS_MAX) -> str:
    """The cleaned words; InvalidInput (`field`) when there are none or too many."""
    text = clean(raw).text
    if not text:
        raise InvalidInput("请写明理由，再提交。", field=field)
    return within_length(text, field=field, most=most)


def report_needed(raw: str) -> str:
    """The cleaned words of somebody who tells how far it is or what is missing; InvalidInput (`words`) when there are none or too many."""
    text = clean(raw).text
    if not text:
        raise InvalidInput("这里还没有写，请写几句再提交。", field="words")
    return within_length(text)


def within_length(text: str, *, field: str = "words", most: int = WORDS_MAX) -> str:
    """The same text; InvalidInput (`field`) when it is longer than `most`."""
    if len(text) > most:
        raise InvalidInput(f"最多 {most} 个字，请写短一点。", field=field)
    return text


def write_entry(
    session: Session,
    acting: Acting,
    referral: Referral,
    kind: EntryKind,
    words: str,
    *,
    reason_code: str | None = None,
    other_department_id: int | None = None,
    for_resident: bool = False,
) -> ReferralEntry:
    """Write down one thing on the way, as somebody of the actor's unit where they act for one."""
    unit_id = acting.actor.unit_id
    entry = ReferralEntry(
        district_id=referral.district_id,
        referral_id=referral.id,
        kind=kind,
        reason_code=reason_code,
        words=words,
        for_resident=for_resident,
        department_id=unit_id if unit_id is not None else None,
        other_department_id=other_department_id,
        written_by=acting.actor.user_id,
        at=acting.at,
    )
    session.add(entry)
    return entry


def note(session: Session, acting: Acting, referral: Referral, what: str, **detail: int | str | None) -> None:
    """Its line in the audit."""
    record(
        session,
        actor=acting.actor,
        district_id=referral.district_id,
        action=f"referral.{what}",
        noun="referral",
        entity_id=referral.id,
        at=acting.at,
        **detail,
    )

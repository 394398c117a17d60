"""Referrals on their way, made by the services that members, offices and units call."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from intake.domain.referral import AnswerOutcome
from intake.domain.topic import TopicAction
from intake.models import Referral, Submission, Topic
from intake.services import referral_check, referral_department, referral_office
from intake.services import submission_decide as decide
from intake.services.referral_lock import Acting
from intake.services.submission_submit import Stored
from intake.services.topic_screen import Screening, screen
from intake.wiring import Wiring
from tests.factories.town import Town, actor

UNDO = 60


def acting(session: Session, wiring: Wiring, referral_id: int, user_id: int, *, version: int | None = None) -> Acting:
    """The seeded person on the newest version of the referral, or on `version`."""
    found = session.get_one(Referral, referral_id)
    return Acting(
        actor=actor(session, user_id),
        referral_id=referral_id,
        version=found.version if version is None else version,
        at=wiring.clock.now(),
        workflow=wiring.workflow,
    )


def step(wiring: Wiring, referral_id: int, user_id: int, do: Callable[..., Any], **what: Any) -> Any:
    """One committed step by the person."""
    with wiring.sessions.begin() as session:
        made = do(session, acting(session, wiring, referral_id, user_id), **what)
        session.flush()
        return getattr(made, "id", None)


def referred(wiring: Wiring, town: Town, stored: Stored, *, by: int | None = None, words: str = "请城管部门修灯。") -> int:
    """A member sends the submission to the district's office; the referral's id."""
    with wiring.sessions.begin() as session:
        submission = session.get_one(Submission, stored.submission_id)
        deciding = decide.Deciding(
            actor=actor(session, by or town.zhou_id),
            submission_id=submission.id,
            version=submission.version,
            at=wiring.clock.now(),
            undo_seconds=UNDO,
        )
        decide.refer(session, deciding, words=words, workflow=wiring.workflow)
        session.flush()
        return referral_of(session, submission_id=submission.id).id


def referred_topic(wiring: Wiring, town: Town, topic_id: int, *, words: str = "请有关单位直接办理。") -> int:
    """Staff refer a topic that is being screened; the referral's id."""
    with wiring.sessions.begin() as session:
        topic = session.get_one(Topic, topic_id)
        screening = Screening(actor=actor(session, town.jing_id), topic_id=topic.id, version=topic.version, at=wiring.clock.now())
        screen(session, screening, TopicAction.REFER, words=words, workflow=wiring.workflow)
        session.flush()
        return referral_of(session, topic_id=topic_id).id


def referral_of(session: Session, **subject: int) -> Referral:
    """The newest referral of a submission or topic."""
    return session.query(Referral).filter_by(**subject).order_by(Referral.id.desc()).limit(1).one()


def assigned(wiring: Wiring, town: Town, referral_id: int, *, helper_ids: tuple[int, ...] = ()) -> int:
    """The office takes it in and names 区城市管理局 as the lead."""
    step(wiring, referral_id, town.fang_id, referral_office.accept)
    step(wiring, referral_id, town.fang_id, referral_office.assign, lead_id=town.lights_id, helper_ids=helper_ids, words="请于期限内答复。")
    return referral_id


def signed(wiring: Wiring, town: Town, referral_id: int) -> int:
    """Assigned, and 高强 of the lead signs."""
    assigned(wiring, town, referral_id)
    step(wiring, referral_id, town.gao_id, referral_department.sign)
    return referral_id


def replied(wiring: Wiring, town: Town, referral_id: int, *, words: str = "九盏灯已全部换好，今后每月巡查一次。") -> int:
    """Signed, and answered without evidence for a stated reason."""
    signed(wiring, town, referral_id)
    step(
        wiring,
        referral_id,
        town.gao_id,
        referral_department.reply,
        outcome=AnswerOutcome.DONE.value,
        words=words,
        reason="夜间施工，未拍照。",
        signed_name="高强",
    )
    return referral_id


def delivered(wiring: Wiring, town: Town, referral_id: int) -> int:
    """Answered, checked by 周明远 and told to everyone behind it."""
    replied(wiring, town, referral_id)
    step(wiring, referral_id, town.zhou_id, referral_check.check_and_deliver)
    return referral_id

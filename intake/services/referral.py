"""转报: sending a matter on its way to an office, and taking it back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE, Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.receipt import SHANGHAI
from intake.domain.referral import OPEN_REFERRAL, EntryKind, ReferralAction, ReferralKind, ReferralState, UnitKind
from intake.domain.text import clean_line
from intake.domain.topic import TopicKind, TopicState
from intake.models import Area, Department, Referral, Submission, Topic
from intake.models.referral import REFERRAL_SEQUENCE
from intake.services.audit import record
from intake.services.referral_clock import set_due
from intake.services.referral_lock import Acting, lock_referral, require_follower, unit_of, words_needed, write_entry
from intake.services.referral_office import settle_open
from intake.services.referral_title import title_of
from intake.services.topic_decision import lock_topics
from intake.services.transition import begin, move

TITLE_MAX = 60
CANCELLABLE = OPEN_REFERRAL - {ReferralState.REPLIED, ReferralState.CHECKED}
"""Once the unit has answered, the answer goes its way."""


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends, where to, and when."""

    actor: Actor
    office_id: int | None
    """None: the district's first office, where nobody chose."""
    at: datetime
    workflow: Workflow


def refer_submission(session: Session, sending: Sending, submission: Submission, *, basis: str) -> Referral:
    """Send a submission, which its member has just decided to refer; InvalidInput (field `office`) when there is no office to send it to."""
    return _send(
        session,
        sending,
        Referral(
            kind=ReferralKind.RELAY,
            submission_id=submission.id,
            area_id=submission.area_id,
            category=submission.category,
            urgency=submission.urgency,
            title=title_of(submission.text_masked),
            basis=basis,
            district_id=submission.district_id,
        ),
    )


def refer_topic(session: Session, sending: Sending, topic: Topic, *, basis: str) -> Referral:
    """Send a topic, which staff have just decided to refer."""
    return _send(session, sending, _of_topic(topic, ReferralKind.RELAY, topic.title, basis))


def add_responsibility(session: Session, sending: Sending, *, topic_id: int, title: str, basis: str) -> Referral:
    """One measure of a topic in `delivering` goes to an office to be assigned; Forbidden without REFERRAL_FOLLOW there.

    Raises NotFound, Conflict when the topic isn't being delivered, InvalidInput (fields `title`, `words`, `office`).
    """
    topic = lock_topics(session, [topic_id]).get(topic_id)
    if topic is None or topic.district_id != sending.actor.district_id:
        raise NotFound("没有这个议题，或者不在您的区。")
    if not sending.actor.may(Permission.REFERRAL_FOLLOW, area_path=session.get_one(Area, topic.area_id).path):
        raise Forbidden("责任事项由区政协工作人员登记。")
    if topic.state is not TopicState.DELIVERING or topic.kind is TopicKind.CLASS:
        raise Conflict("协商成果报送之后才能登记责任事项。请先完成协商。")
    title = clean_line(title, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请写明要办的事，一句话。", field="title")
    return _send(session, sending, _of_topic(topic, ReferralKind.RESPONSIBILITY, title, words_needed(basis)))


def cancel_for_submission(session: Session, submission_id: int, *, at: datetime, actor: Actor = MACHINE, only_unread: bool = False) -> None:
    """The resident withdrew, or the member takes the step back: an open referral of the submission ends, unless it was answered already.

    With `only_unread`, Conflict when the office has taken it in.
    """
    referral = session.scalars(
        select(Referral).where(Referral.submission_id == submission_id, Referral.state.in_(CANCELLABLE)).with_for_update()
    ).one_or_none()
    if referral is None:
        return
    if only_unread and referral.state is not ReferralState.SENT:
        raise Conflict("交办机关已经接收，不能撤销。需要的话请联系交办机关退回。")
    _cancel(session, referral, actor=actor, at=at)


def withdraw_referral(session: Session, acting: Acting, *, words: str) -> None:
    """Staff end a measure of a responsibility list that was entered by mistake; relays are returned by the office instead."""
    referral, path = lock_referral(session, acting, with_subject=True)
    require_follower(acting, path)
    if referral.kind is not ReferralKind.RESPONSIBILITY:
        raise Conflict("转报的事要由交办机关退回，不能直接撤销。")
    write_entry(session, acting, referral, EntryKind.RETURN, words_needed(words))
    _cancel(session, referral, actor=acting.actor, at=acting.at)


def _cancel(session: Session, referral: Referral, *, actor: Actor, at: datetime) -> None:
    move(session, referral, ReferralAction.CANCEL, actor=actor, at=at)
    settle_open(session, referral, by=actor.user_id, at=at)
    referral.due_at = None
    record(
        session,
        actor=actor,
        district_id=referral.district_id,
        action="referral.cancel",
        noun="referral",
        entity_id=referral.id,
        at=at,
    )


def _of_topic(topic: Topic, kind: ReferralKind, title: str, basis: str) -> Referral:
    return Referral(
        kind=kind,
        topic_id=topic.id,
        area_id=topic.area_id,
        category=topic.category,
        urgency=topic.urgency,
        title=title,
        basis=basis,
        district_id=topic.district_id,
    )


def _send(session: Session, sending: Sending, referral: Referral) -> Referral:
    office = _office(session, sending, referral.district_id)
    assert sending.actor.user_id is not None, "a person sends"
    number = session.scalar(REFERRAL_SEQUENCE)
    referral.number = f"ZB{sending.at.astimezone(SHANGHAI):%Y}-{number:05d}"
    referral.office_id, referral.sent_by, referral.created_at = office.id, sending.actor.user_id, sending.at
    begin(session, referral, actor=sending.actor, at=sending.at)
    path = session.get_one(Area, referral.area_id).path
    move(session, referral, ReferralAction.SEND, actor=sending.actor, at=sending.at, area_path=path)
    referral.sent_at = sending.at
    set_due(referral, workflow=sending.workflow, at=sending.at)
    record(
        session,
        actor=sending.actor,
        district_id=referral.district_id,
        action="referral.send",
        noun="referral",
        entity_id=referral.id,
        at=sending.at,
        office=office.id,
    )
    return referral


def _office(session: Session, sending: Sending, district_id: int) -> Department:
    if sending.office_id is not None:
        return unit_of(session, district_id, sending.office_id, assigning=True, field="office")
    office = session.scalars(
        select(Department)
        .where(Department.district_id == district_id, Department.active, Department.kind == UnitKind.OFFICE)
        .order_by(Department.id)
        .limit(1)
    ).one_or_none()
    if office is None:
        raise InvalidInput("本区还没有登记交办机关，转不出去。请联系管理员在“承办单位”里登记。", field="office")
    return office

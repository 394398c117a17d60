"""紧急呼叫: one alarm for each emergency; everyone concerned is called, each sees it timed, one takes it in hand and says what was done."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, text, update
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE, Actor
from intake.domain.alarm import ALARM_WORDS_MAX, OPEN_ALARMS, AlarmAction, AlarmState, CalledAs, CloseReason, GiveBackReason
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission, Role
from intake.domain.referral import UnitKind
from intake.domain.submission import URGENCIES, SubmissionState, Urgency
from intake.domain.text import clean
from intake.models import Alarm, AlarmCall, Area, Contributor, Department, RoleGrant, Submission, Topic, User
from intake.queries.alarm import can_see
from intake.queries.lease import recused_from
from intake.services.audit import record
from intake.services.contribution import live_contributor, lock_topics_of
from intake.services.ownership import duty_member
from intake.services.transition import begin, move

LOOKED_BACK = timedelta(days=3)
"""How long ago triage may have found an emergency for which nobody was called: older ones somebody has seen on the card meanwhile."""
_NOT_LET_GO = (SubmissionState.QUARANTINED, SubmissionState.DECLINED, SubmissionState.WITHDRAWN, SubmissionState.REJOINED)
_RAISING = 7_210_436
"""Advisory lock: one at a time raises alarms, so that a submission gets one."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What everything a person does with an alarm carries."""

    actor: Actor
    alarm_id: int
    version: int
    at: datetime


def raise_missing(session: Session, *, at: datetime, limit: int) -> int:
    """Raise an alarm for up to `limit` emergencies that triage found and nobody was called for, whatever their state; returns how many.

    One exception: what is held for the way it came (起疑) calls nobody until staff let it go (docs/adr/0031).
    """
    held = Submission.suspicion.is_not(None) & Submission.state.in_(_NOT_LET_GO)
    _one_at_a_time(session)
    missing = session.scalars(
        select(Submission)
        .where(
            Submission.urgency == Urgency.EMERGENCY,
            Submission.triaged_at > at - LOOKED_BACK,
            ~held,
            ~select(Alarm.id).where(Alarm.submission_id == Submission.id).exists(),
        )
        .order_by(Submission.id)
        .limit(limit)
    ).all()
    for submission in missing:
        _raise(session, submission, actor=MACHINE, at=at)
    return len(missing)


def raise_by_person(session: Session, *, actor: Actor, submission_id: int, version: int, at: datetime) -> Alarm:
    """Somebody who decides in the area says that it is an emergency: it becomes one, and everyone is called at once.

    Raises Conflict when the card has changed, or when everyone has been called already; Forbidden, NotFound.
    """
    # First of all: the sweep has it when it writes the alarm of a submission that we would hold.
    _one_at_a_time(session)
    lock_topics_of(session, submission_id)
    submission = _lock_submission(session, submission_id)
    if submission is None or submission.district_id != actor.district_id:
        raise NotFound("没有这件来件，或者不在您的区。")
    path = session.get_one(Area, submission.area_id).path
    if not actor.may(Permission.TRIAGE_DECIDE, area_path=path):
        raise Forbidden("这件来件不在您联系的社区。")
    if submission.version != version or submission.state in {
        SubmissionState.RECEIVED,
        SubmissionState.WITHDRAWN,
        SubmissionState.REJOINED,
    }:
        raise Conflict("这件来件刚刚有变化，请看看现在的情况。")
    alarm = session.scalars(select(Alarm).where(Alarm.submission_id == submission_id).with_for_update()).one_or_none()
    if alarm is not None and alarm.state in OPEN_ALARMS:
        raise Conflict("这件事已经按紧急情况通知过了，在“紧急来件”里看谁在处理。")
    _set_urgency(session, submission, Urgency.EMERGENCY)
    if alarm is None:
        return _raise(session, submission, actor=actor, at=at)
    move(session, alarm, AlarmAction.RAISE_AGAIN, actor=actor, at=at, area_path=path)
    alarm.taken_by, alarm.repeated_at = None, at
    _call(session, alarm, submission, at=at)
    _note(session, alarm, actor, AlarmAction.RAISE_AGAIN.value, at=at)
    return alarm


def call_again(session: Session, *, workflow: Workflow, at: datetime, limit: int) -> int:
    """Call everybody again for up to `limit` alarms that nobody has taken for `check.alarm_repeat_minutes`; returns how many."""
    before = at - timedelta(minutes=workflow.check.alarm_repeat_minutes)
    rows = session.execute(
        select(Alarm, Submission)
        .join(Submission, Submission.id == Alarm.submission_id)
        .where(Alarm.state == AlarmState.RAISED, func.greatest(Alarm.state_changed_at, Alarm.repeated_at) <= before)
        .order_by(Alarm.raised_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Alarm)
    ).all()
    for alarm, submission in rows:
        alarm.repeated_at = at
        _call(session, alarm, submission, at=at)
        _note(session, alarm, MACHINE, "repeat", at=at)
    return len(rows)


def give_back_of_gone(session: Session, *, at: datetime, limit: int) -> int:
    """Call everybody anew for up to `limit` alarms whose taker's account was closed meanwhile; returns how many."""
    rows = session.execute(
        select(Alarm, Submission)
        .join(Submission, Submission.id == Alarm.submission_id)
        .join(User, User.id == Alarm.taken_by)
        .where(Alarm.state == AlarmState.TAKEN, ~User.active)
        .order_by(Alarm.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Alarm)
    ).all()
    for alarm, submission in rows:
        move(session, alarm, AlarmAction.GIVE_BACK, actor=MACHINE, at=at, reason_code=GiveBackReason.OUT_OF_REACH.value)
        alarm.taken_by, alarm.repeated_at = None, at
        _call(session, alarm, submission, at=at)
        _note(session, alarm, MACHINE, AlarmAction.GIVE_BACK.value, at=at)
    return len(rows)


def leave_to_others(session: Session, submission: Submission, actor: Actor, *, at: datetime) -> None:
    """The actor stepped back from the submission (回避): its open alarm rings for whoever has it now, and isn't in the actor's hands."""
    alarm = session.scalars(
        select(Alarm)
        .where(Alarm.submission_id == submission.id, Alarm.state.in_(OPEN_ALARMS))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if alarm is None:
        return
    if alarm.state is AlarmState.TAKEN and alarm.taken_by == actor.user_id:
        path = session.get_one(Area, submission.area_id).path
        move(session, alarm, AlarmAction.GIVE_BACK, actor=actor, at=at, area_path=path, reason_code=GiveBackReason.NOT_MY_FIELD.value)
        alarm.taken_by, alarm.repeated_at = None, at
        _note(session, alarm, actor, AlarmAction.GIVE_BACK.value, at=at)
    _call(session, alarm, submission, at=at)


def mark_seen(session: Session, actor: Actor, alarm_ids: Collection[int], *, at: datetime) -> None:
    """The actor has these on the screen; the first time counts. One statement, harmless to repeat."""
    if alarm_ids:
        session.execute(
            update(AlarmCall)
            .where(AlarmCall.user_id == actor.user_id, AlarmCall.seen_at.is_(None), AlarmCall.alarm_id.in_(alarm_ids))
            .values(seen_at=at)
        )


def take(session: Session, answering: Answering) -> None:
    """我来处理. Conflict when somebody was faster."""
    alarm, path = _lock(session, answering)
    _move(session, alarm, AlarmAction.TAKE, answering, path)
    alarm.taken_by = answering.actor.user_id
    mark_seen(session, answering.actor, [alarm.id], at=answering.at)


def give_back(session: Session, answering: Answering, *, reason: str) -> None:
    """Nobody has it in hand any more; `reason` is a GiveBackReason, else InvalidInput (field `reason`)."""
    code = next((one for one in GiveBackReason if one.value == reason), None)
    if code is None:
        raise InvalidInput("请选一个交还的理由。", field="reason")
    alarm, path = _lock(session, answering)
    _move(session, alarm, AlarmAction.GIVE_BACK, answering, path, reason_code=code.value)
    alarm.taken_by = None


def close(session: Session, answering: Answering, *, reason: str, words: str) -> None:
    """It is over; `reason` is a CloseReason, and the resident reads `words`. A false alarm makes the submission an ordinary one again.

    Raises InvalidInput (field `reason` or `words`), Conflict when the alarm has changed.
    """
    code = next((one for one in CloseReason if one.value == reason), None)
    if code is None:
        raise InvalidInput("请选处理的结果。", field="reason")
    written = clean(words).text
    if not written:
        raise InvalidInput("请写一句做了什么，居民会看到。", field="words")
    if len(written) > ALARM_WORDS_MAX:
        raise InvalidInput(f"最多 {ALARM_WORDS_MAX} 个字，请写短一点。", field="words")
    submission = _lock_behind(session, answering.alarm_id) if code is CloseReason.FALSE_ALARM else None
    alarm, path = _lock(session, answering)
    _move(session, alarm, AlarmAction.CLOSE, answering, path, reason_code=code.value)
    alarm.closed_words = written
    if submission is not None:
        _set_urgency(session, submission, Urgency.NORMAL)


def _one_at_a_time(session: Session) -> None:
    session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _RAISING})


def _raise(session: Session, submission: Submission, *, actor: Actor, at: datetime) -> Alarm:
    alarm = Alarm(district_id=submission.district_id, submission_id=submission.id, area_id=submission.area_id, raised_at=at)
    begin(session, alarm, actor=actor, at=at)
    _call(session, alarm, submission, at=at)
    _note(session, alarm, actor, "raise", at=at)
    return alarm


def _call(session: Session, alarm: Alarm, submission: Submission, *, at: datetime) -> None:
    """Call everyone concerned who wasn't called yet."""
    called = set(session.scalars(select(AlarmCall.user_id).where(AlarmCall.alarm_id == alarm.id)))
    for user_id, called_as in sorted(_concerned(session, submission, at=at).items()):
        if user_id not in called:
            call = AlarmCall(
                district_id=alarm.district_id, alarm_id=alarm.id, user_id=user_id, as_role=called_as.value, called_at=at, seen_at=None
            )
            session.add(call)


def _concerned(session: Session, submission: Submission, *, at: datetime) -> dict[int, CalledAs]:
    """The duty member, the area's staff and the district's duty offices; somebody who is several of them, as the first."""
    on_duty = submission.owner_id
    if submission.owner_role not in {Role.MEMBER, Role.CONVENOR}:
        on_duty = duty_member(session, submission, at=at)
    path = session.get_one(Area, submission.area_id).path
    of_duty_office = and_(RoleGrant.role == Role.OFFICE, Department.kind == UnitKind.DUTY, Department.active)
    listens = and_(RoleGrant.role.in_([Role.MEMBER, Role.CONVENOR]), User.id == on_duty)
    stay_out = recused_from(session, [submission.id]).get(submission.id, frozenset())
    rows = session.execute(
        select(User.id, RoleGrant.role)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .join(Area, Area.id == RoleGrant.area_id)
        .outerjoin(Department, Department.id == User.department_id)
        .where(
            User.active,
            User.id.not_in(stay_out),
            User.district_id == submission.district_id,
            func.starts_with(path, Area.path),
            or_(listens, RoleGrant.role == Role.STAFF, of_duty_office),
        )
    )
    kinds = {Role.STAFF: CalledAs.STAFF, Role.OFFICE: CalledAs.DUTY_OFFICE}
    concerned: dict[int, CalledAs] = {}
    order = list(CalledAs)
    for user_id, role in rows:
        called_as = kinds.get(role, CalledAs.DUTY_MEMBER)
        concerned[user_id] = min(called_as, concerned.get(user_id, called_as), key=order.index)
    return concerned


def _lock(session: Session, answering: Answering) -> tuple[Alarm, str]:
    """The alarm, locked and fresh, and its area's path; NotFound where it isn't the actor's concern, Conflict when somebody was faster."""
    row = session.execute(
        select(Alarm, Area.path)
        .join(Area, Area.id == Alarm.area_id)
        .where(Alarm.id == answering.alarm_id, can_see(answering.actor))
        .with_for_update(of=Alarm)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("没有这件紧急来件，或者不归您处理。")
    alarm, path = row
    if alarm.version != answering.version:
        raise Conflict("刚刚有人接了或处理了这件事，请看看现在的情况。您写的还在下面。")
    return alarm, path


def _move(session: Session, alarm: Alarm, action: AlarmAction, answering: Answering, path: str, *, reason_code: str | None = None) -> None:
    move(session, alarm, action, actor=answering.actor, at=answering.at, area_path=path, reason_code=reason_code)
    _note(session, alarm, answering.actor, action.value, at=answering.at)


def _note(session: Session, alarm: Alarm, actor: Actor, action: str, *, at: datetime) -> None:
    record(session, actor=actor, district_id=alarm.district_id, action=f"alarm.{action}", noun="alarm", entity_id=alarm.id, at=at)


def _lock_submission(session: Session, submission_id: int) -> Submission | None:
    return session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()


def _lock_behind(session: Session, alarm_id: int) -> Submission | None:
    """The submission of an alarm, locked before the alarm, its topics before it."""
    submission_id = session.scalar(select(Alarm.submission_id).where(Alarm.id == alarm_id))
    if submission_id is None:
        return None
    lock_topics_of(session, submission_id)
    return _lock_submission(session, submission_id)


def _set_urgency(session: Session, submission: Submission, urgency: Urgency) -> None:
    """Write it, and make the topic it stands in as urgent as the most urgent behind it."""
    submission.urgency = urgency
    submission.version += 1
    live = live_contributor(session, submission.id)
    if live is None:
        return
    session.flush()
    behind = session.scalars(
        select(Submission.urgency)
        .join(Contributor, Contributor.submission_id == Submission.id)
        .where(Contributor.topic_id == live.topic_id, Contributor.status != ContributorStatus.REMOVED)
        .distinct()
    )
    session.get_one(Topic, live.topic_id, populate_existing=True).urgency = max(behind, key=URGENCIES.index)

"""换人: hand a card over to a colleague, pass it up before its time, step back from it; and take back what one gave."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission, Role
from intake.domain.reassignment import ReassignmentKind
from intake.domain.submission import OPEN_FOR_DECISION
from intake.domain.text import clean
from intake.models import Area, Reassignment, Submission, SubmissionPart, User
from intake.queries.appeal import barred_from
from intake.queries.lease import recused_from
from intake.queries.reassignment import colleagues
from intake.queries.submission_part import whole_message
from intake.services.alarm import leave_to_others
from intake.services.appeal import refuse_own_decline
from intake.services.audit import record
from intake.services.imported_row import refuse_imported
from intake.services.lease import refuse_if_held, release
from intake.services.member_report import refuse_own_report
from intake.services.ownership import give_to_person, level_of, pass_on
from intake.services.recusal import refuse_recused

WORDS_MAX = 200
HANDS_MOST = 3
"""So often a card goes from colleague to colleague while it waits once; then somebody decides, or passes it up."""


@dataclass(frozen=True, slots=True)
class Passing:
    """What every change of hands carries."""

    actor: Actor
    submission_id: int
    version: int
    """The version of the card that was on the screen; an older one is a conflict."""
    at: datetime
    workflow: Workflow


def hand_over(session: Session, passing: Passing, *, to_user_id: int | None, words: str) -> bool:
    """转交: it waits with a named colleague from now on, who reads `words`; sending the same twice changes nothing and returns True.

    The first hand-over gives a whole clock, later ones keep the deadline, and after `HANDS_MOST` it isn't handed on. Raises InvalidInput
    (fields `to`, `words`), NotFound, Forbidden, and Conflict when somebody was faster or looks at it.
    """
    text = _written(words, "请写一句为什么转交，同事会看到。")
    submission, path = _lock(session, passing)
    if _is_repeat(session, passing, submission, ReassignmentKind.HAND_OVER, text, to_user_id=to_user_id):
        return True
    _check(session, passing, submission)
    refuse_own_decline(session, submission, passing.actor)  # who may not decide doesn't choose who does, either
    refuse_own_report(session, submission, passing.actor)
    if to_user_id is None:
        raise InvalidInput("请选一位同事。", field="to")
    colleague = next((one for one in colleagues(session, passing.actor, submission.id, at=passing.at) if one.id == to_user_id), None)
    if colleague is None:
        raise InvalidInput("这位同事现在不能处理这一件，请另选一位。", field="to")
    handed = _handed(session, submission)
    if handed >= HANDS_MOST and level_of(passing.actor, area_path=path) is not Role.STAFF:
        raise InvalidInput(f"这一件已经转手 {HANDS_MOST} 次了，请您处理，或者上交。", field="to")
    deadline = submission.escalate_at if handed else None
    give_to_person(submission, session.get_one(User, colleague.id), role=colleague.role, workflow=passing.workflow, at=passing.at)
    _passed(session, passing, submission, ReassignmentKind.HAND_OVER, text, deadline=deadline)
    return False


def pass_up(session: Session, passing: Passing, *, to: str, words: str) -> bool:
    """上交: to the convenor or the staff (`to` is such a role) before the clock does it; the same twice changes nothing and returns True.

    Raises what `hand_over` raises; InvalidInput (field `to`) also where it has come so far already.
    """
    text = _written(words, "请写一句为什么上交，接手的同志会看到。")
    level = next((one for one in (Role.CONVENOR, Role.STAFF) if one.value == to), None)
    if level is None:
        raise InvalidInput("请选上交给谁。", field="to")
    submission, _ = _lock(session, passing)
    if _is_repeat(session, passing, submission, ReassignmentKind.ESCALATE, text, to_user_id=submission.owner_id):
        return True
    _check(session, passing, submission)
    if submission.owner_role is Role.STAFF:
        raise InvalidInput("这一件已经在区政协工作人员手里，不用再上交。", field="to")
    if submission.owner_role is level:
        raise InvalidInput("这一件已经在召集人手里，可以上交给区政协工作人员。", field="to")
    deadline = submission.escalate_at if _handed(session, submission) else None
    pass_on(session, submission, first=level, besides=_besides(session, passing, submission.id), workflow=passing.workflow, at=passing.at)
    _passed(session, passing, submission, ReassignmentKind.ESCALATE, text, deadline=deadline)
    return False


def take_back(session: Session, passing: Passing) -> bool:
    """收回: what one handed over or passed up comes back, while nobody has acted on it; the deadline stays. Twice changes nothing.

    Raises Conflict when somebody has acted since or looks at it just now.
    """
    submission, path = _lock(session, passing)
    last = _last(session, submission)
    if last is not None and last.from_user_id == last.to_user_id == passing.actor.user_id == submission.owner_id:
        return True
    mine = last is not None and last.from_user_id == passing.actor.user_id and last.to_user_id == submission.owner_id
    if not mine or last is None or last.at < submission.state_changed_at or submission.state not in OPEN_FOR_DECISION:
        raise Conflict("这一件已经有人接着处理，不能收回。")
    refuse_if_held(session, actor=passing.actor, submission_id=submission.id, at=passing.at)
    deadline = submission.escalate_at
    role = level_of(passing.actor, area_path=path)
    assert passing.actor.user_id is not None
    give_to_person(submission, session.get_one(User, passing.actor.user_id), role=role, workflow=passing.workflow, at=passing.at)
    _passed(session, passing, submission, ReassignmentKind.HAND_OVER, "", deadline=deadline)
    return False


def recuse(session: Session, passing: Passing, *, words: str) -> bool:
    """回避: the actor neither reads nor decides it any more; what waited with them goes to the next, and an emergency calls others.

    With a message go the parts that were split off it, and with a part the message that still shows its words. `words` are for staff. Twice
    changes nothing and returns True. Raises InvalidInput (field `words`), NotFound, Forbidden.
    """
    text = _written(words, "请写一句为什么回避，只有工作人员看到。")
    for one in _with_its_words(session, passing.submission_id):
        submission, _ = _lock(session, replace(passing, submission_id=one), stepping_back=True)
        if one == passing.submission_id and passing.actor.user_id in recused_from(session, [one]).get(one, ()):
            return True
        _step_back(session, passing, submission, text)
    return False


def _step_back(session: Session, passing: Passing, submission: Submission, words: str) -> None:
    if passing.actor.user_id in recused_from(session, [submission.id]).get(submission.id, ()):
        return
    waits = submission.owner_id == passing.actor.user_id and submission.state in OPEN_FOR_DECISION
    if waits:
        deadline = submission.escalate_at if _handed(session, submission) else None
        level, besides = submission.owner_role or Role.MEMBER, _besides(session, passing, submission.id)
        pass_on(session, submission, first=level, besides=besides, workflow=passing.workflow, at=passing.at)
        _keep_deadline(submission, deadline)
    _write(session, passing, submission, ReassignmentKind.RECUSE, words, to_user_id=submission.owner_id if waits else None)
    session.flush()
    leave_to_others(session, submission, passing.actor, at=passing.at)


def _with_its_words(session: Session, submission_id: int) -> list[int]:
    """The submission, what it was split off, and what was split off it, in the order of locks; the message is locked, so that nobody splits it
    meanwhile.
    """
    whole = select(whole_message()).where(Submission.id == submission_id).scalar_subquery()
    session.execute(select(Submission.id).where(Submission.id == whole).with_for_update())
    row = session.execute(select(Submission.parent_id).where(Submission.id == submission_id)).one_or_none()
    parts = session.scalars(select(SubmissionPart.submission_id).where(SubmissionPart.parent_id == submission_id))
    return sorted({submission_id, *parts, *((row.parent_id,) if row is not None and row.parent_id is not None else ())})


def _written(words: str, missing: str) -> str:
    text = clean(words).text
    if not text.replace("\ufffd", "").strip():
        raise InvalidInput(missing, field="words")
    if len(text) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，请写短一点。", field="words")
    return text


def _lock(session: Session, passing: Passing, *, stepping_back: bool = False) -> tuple[Submission, str]:
    submission = session.scalars(
        select(Submission).where(Submission.id == passing.submission_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if submission is None or submission.district_id != passing.actor.district_id:
        raise NotFound("没有这件来件，或者不在您的区。")
    path = session.get_one(Area, submission.area_id).path
    if not passing.actor.may(Permission.TRIAGE_DECIDE, area_path=path):
        raise Forbidden("这件来件不在您联系的社区。")
    refuse_imported(submission, passing.actor, area_path=path)
    if not stepping_back:
        refuse_recused(session, actor=passing.actor, submission_id=submission.id)
    return submission, path


def _check(session: Session, passing: Passing, submission: Submission) -> None:
    if submission.state not in OPEN_FOR_DECISION or submission.version != passing.version:
        raise Conflict("这件来件刚刚有人处理过。您写的还在下面，请先看看现在的情况。")
    refuse_if_held(session, actor=passing.actor, submission_id=submission.id, at=passing.at)


def _besides(session: Session, passing: Passing, submission_id: int) -> set[int]:
    """Who can't be asked: the giver, and whoever must not look at their own decline again."""
    return {one for one in (passing.actor.user_id, barred_from(session, submission_id)) if one is not None}


def _last(session: Session, submission: Submission) -> Reassignment | None:
    return session.scalars(
        select(Reassignment)
        .where(Reassignment.submission_id == submission.id, Reassignment.kind != ReassignmentKind.RECUSE)
        .order_by(Reassignment.id.desc())
        .limit(1)
    ).one_or_none()


def _is_repeat(
    session: Session, passing: Passing, submission: Submission, kind: ReassignmentKind, words: str, *, to_user_id: int | None
) -> bool:
    last = _last(session, submission)
    return (
        last is not None
        and (last.kind, last.from_user_id, last.to_user_id, last.words) == (kind, passing.actor.user_id, to_user_id, words)
        and last.to_user_id == submission.owner_id
    )


def _handed(session: Session, submission: Submission) -> int:
    """How often it went from one to another by people's acts since it began to wait; what somebody took back counts as well."""
    moved = or_(Reassignment.kind != ReassignmentKind.RECUSE, Reassignment.to_user_id.is_not(None))
    since = (Reassignment.submission_id == submission.id) & (Reassignment.at >= submission.state_changed_at)
    return session.scalar(select(func.count()).select_from(Reassignment).where(since, moved)) or 0


def _passed(
    session: Session, passing: Passing, submission: Submission, kind: ReassignmentKind, words: str, *, deadline: datetime | None
) -> None:
    """Write down what just happened to the owner."""
    _keep_deadline(submission, deadline)
    submission.version += 1
    _write(session, passing, submission, kind, words, to_user_id=submission.owner_id)
    session.flush()


def _write(
    session: Session, passing: Passing, submission: Submission, kind: ReassignmentKind, words: str, *, to_user_id: int | None
) -> None:
    """The row, its entry, and the card is off the giver's screen."""
    assert passing.actor.user_id is not None
    session.add(
        Reassignment(
            district_id=submission.district_id,
            submission_id=submission.id,
            kind=kind,
            from_user_id=passing.actor.user_id,
            to_user_id=to_user_id,
            words=words,
            at=passing.at,
        )
    )
    release(session, actor=passing.actor, submission_id=submission.id)
    record(
        session,
        actor=passing.actor,
        district_id=submission.district_id,
        action=f"submission.{kind.value}",
        noun="submission",
        entity_id=submission.id,
        at=passing.at,
        to_user=to_user_id,
    )


def _keep_deadline(submission: Submission, deadline: datetime | None) -> None:
    """Going from hand to hand puts nothing off: from the second time on the earlier deadline stands; staff have none."""
    if deadline is not None and submission.escalate_at is not None:
        submission.escalate_at = min(submission.escalate_at, deadline)

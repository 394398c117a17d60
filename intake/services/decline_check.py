"""抽查: staff look again at a sample of what members declined; which ones says the decision's number alone, so nobody can choose them."""

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.notification import NoticeKind
from intake.domain.permission import Permission, Role
from intake.domain.submission import SubmissionAction, SubmissionState
from intake.domain.text import clean
from intake.models import Area, Decision, DeclineCheck, RoleGrant, Submission
from intake.services.audit import record
from intake.services.notify import announce
from intake.services.ownership import give_to_staff
from intake.services.recusal import refuse_recused
from intake.services.transition import move

WORDS_MAX = 500
DRAWN_FROM = timedelta(days=7)
"""Older declines aren't drawn any more: a sample that is switched on doesn't bring up years."""
_OVERLAP = 1_000
"""Ids before the newest drawn that are looked at again, since decisions aren't stored in the order of their times."""


@dataclass(frozen=True, slots=True)
class Checking:
    """What a person holds who looks again."""

    actor: Actor
    check_id: int
    at: datetime


def draw_checks(session: Session, *, workflow: Workflow, undo_seconds: int, at: datetime) -> int:
    """Draw the sample among members' declines that can't be taken back any more; returns how many were new."""
    percent = workflow.check.decline_sample_percent
    if percent <= 0:
        return 0
    newest = session.scalar(select(func.max(DeclineCheck.decision_id))) or 0
    by_staff = select(RoleGrant.id).where(RoleGrant.user_id == Decision.decided_by, RoleGrant.role == Role.STAFF).exists()
    declines = session.execute(
        select(Decision.id, Decision.district_id, Decision.submission_id)
        .join(Submission, Submission.id == Decision.submission_id)
        .where(
            Decision.id > newest - _OVERLAP,
            Decision.action == SubmissionAction.DECLINE.value,
            Decision.undone_at.is_(None),
            Decision.decided_at < at - timedelta(seconds=undo_seconds),
            Decision.decided_at > at - DRAWN_FROM,
            Submission.state == SubmissionState.DECLINED,
            ~by_staff,
        )
        .order_by(Decision.id)
    ).all()
    rows = [
        {"district_id": district_id, "decision_id": decision_id, "submission_id": submission_id, "drawn_at": at, "words": ""}
        for decision_id, district_id, submission_id in declines
        if is_drawn(decision_id, percent=percent)
    ]
    if not rows:
        return 0
    return len(session.scalars(insert(DeclineCheck).on_conflict_do_nothing().returning(DeclineCheck.id), rows).all())


def is_drawn(decision_id: int, *, percent: int) -> bool:
    """Whether a decision is among the `percent` of a hundred, by the checksum of its number; the same for ever."""
    return zlib.crc32(str(decision_id).encode()) % 100 < percent


def agree(session: Session, checking: Checking, *, words: str) -> None:
    """The decline stands; `words` are for the desk alone and may be empty. Conflict when somebody has looked before."""
    check, _ = _lock(session, checking)
    _write(session, check, checking, agrees=True, words=_words(words))


def disagree(session: Session, checking: Checking, *, words: str) -> None:
    """The submission is taken up again, by staff; the resident reads `words`.

    One that has moved on by itself (appealed, withdrawn) stays where it is. Raises InvalidInput (field `words`), Conflict as `agree`.
    """
    text = _words(words)
    if not text:
        raise InvalidInput("请写明为什么重新受理，居民会看到。", field="words")
    check, submission = _lock(session, checking)
    _write(session, check, checking, agrees=False, words=text)
    if submission.state is not SubmissionState.DECLINED:
        return
    assert checking.actor.user_id is not None
    decision = Decision(
        district_id=submission.district_id,
        submission_id=submission.id,
        action=SubmissionAction.RECHECK.value,
        words=text,
        decided_by=checking.actor.user_id,
        decided_at=checking.at,
    )
    session.add(decision)
    path = session.get_one(Area, submission.area_id).path
    move(session, submission, SubmissionAction.RECHECK, actor=checking.actor, at=checking.at, area_path=path, decision=decision)
    give_to_staff(session, submission, besides=(_decliner(session, check),), at=checking.at)
    announce(
        session, decision=decision, submission_ids=[submission.id], kind=NoticeKind.DECISION, due_at=checking.at, at=checking.at
    )  # fmt: skip


def _words(raw: str) -> str:
    text = clean(raw).text
    if len(text) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，请写短一点。", field="words")
    return text


def _decliner(session: Session, check: DeclineCheck) -> int:
    return session.get_one(Decision, check.decision_id).decided_by


def _lock(session: Session, checking: Checking) -> tuple[DeclineCheck, Submission]:
    """The submission first, then the check, both locked and fresh."""
    submission = session.scalars(
        select(Submission)
        .join(DeclineCheck, DeclineCheck.submission_id == Submission.id)
        .where(DeclineCheck.id == checking.check_id, Submission.district_id == checking.actor.district_id)
        .with_for_update(of=Submission)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if submission is None:
        raise NotFound("没有这件抽查，或者不在您的区。")
    if not checking.actor.may(Permission.DECLINE_CHECK, area_path=session.get_one(Area, submission.area_id).path):
        raise Forbidden("这件来件不在您负责的范围。")
    refuse_recused(session, actor=checking.actor, submission_id=submission.id)
    check = session.get_one(DeclineCheck, checking.check_id, with_for_update=True, populate_existing=True)
    if check.checked_at is not None:
        raise Conflict("这件刚刚有人看过了。您写的还在下面，请看看下一件。")
    if _decliner(session, check) == checking.actor.user_id:
        raise Forbidden("这件是您自己处理的，要换一位同志来看。")
    return check, submission


def _write(session: Session, check: DeclineCheck, checking: Checking, *, agrees: bool, words: str) -> None:
    check.agrees, check.words = agrees, words
    check.checked_by, check.checked_at = checking.actor.user_id, checking.at
    record(
        session,
        actor=checking.actor,
        district_id=check.district_id,
        action="decline_check.agree" if agrees else "decline_check.disagree",
        noun="decline_check",
        entity_id=check.id,
        at=checking.at,
    )

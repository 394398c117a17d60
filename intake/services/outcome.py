"""Results: each contributor is told what became of the point they raised, and says whether it is solved."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import MACHINE, RESIDENT
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.notification import NoticeKind
from intake.domain.outcome import CHANGE_DAYS, VERDICT_WORDS_MAX, ReviewDecision, Verdict
from intake.domain.submission import TOLD, SubmissionAction, SubmissionState
from intake.domain.text import clean
from intake.models import Decision, Outcome, Submission, SubmissionPart, Topic
from intake.queries.imported import without_imported
from intake.services.notify import announce
from intake.services.ownership import back_to_handler, stop_clock
from intake.services.topic_decision import confirmed_in
from intake.services.transition import move

_SAYING = {
    Verdict.SOLVED: SubmissionAction.SAY_SOLVED,
    Verdict.PARTLY: SubmissionAction.SAY_PARTLY,
    Verdict.NOT_SOLVED: SubmissionAction.SAY_UNSOLVED,
    Verdict.CANNOT_JUDGE: SubmissionAction.SAY_UNCLEAR,
}

_EXPLAINING = frozenset({SubmissionAction.ANSWER.value, ReviewDecision.EXPLAIN.value})
"""Decisions that answer a "not solved" in words; after any other result it had been worked on again."""


def tell_outcome(
    session: Session,
    *,
    decision: Decision,
    submission_ids: Iterable[int],
    referral_id: int | None,
    topic_id: int | None,
    at: datetime,
    undo_seconds: int = 0,
) -> None:
    """One outcome and one notice for each submission that somebody waits behind, asked about and sent when `undo_seconds` have passed; a repeat adds none.

    What the same submission was told before is superseded, and an open review of that is settled with it. The caller holds the submissions.
    """
    session.flush()
    told_at = at + timedelta(seconds=undo_seconds)
    ids = without_imported(session, sorted(set(submission_ids)))
    if not ids:
        return
    row = {
        "district_id": decision.district_id,
        "decision_id": decision.id,
        "referral_id": referral_id,
        "topic_id": topic_id,
        "told_at": told_at,
        "said": "",
        "version": 1,
    }
    session.execute(insert(Outcome).on_conflict_do_nothing(), [{**row, "submission_id": submission_id} for submission_id in ids])
    earlier = (Outcome.submission_id.in_(ids), Outcome.decision_id != decision.id, Outcome.superseded_at.is_(None))
    settled = ReviewDecision.EXPLAIN if decision.action in _EXPLAINING else ReviewDecision.REOPEN
    session.execute(
        update(Outcome)
        .where(*earlier, Outcome.verdict == Verdict.NOT_SOLVED, Outcome.reviewed_at.is_(None))
        .values(review=settled, reviewed_by=decision.decided_by, reviewed_at=told_at)
    )
    session.execute(update(Outcome).where(*earlier).values(superseded_at=told_at, version=Outcome.version + 1))
    announce(session, decision=decision, submission_ids=ids, kind=NoticeKind.OUTCOME, due_at=told_at, at=at)


def take_outcome_back(session: Session, *, decision_id: int) -> None:
    """After an undo: nothing was told, and what it took the place of stands again with its review."""
    told = session.execute(
        delete(Outcome).where(Outcome.decision_id == decision_id).returning(Outcome.submission_id, Outcome.told_at)
    ).all()
    for submission_id, told_at in told:
        before = (Outcome.submission_id == submission_id, Outcome.superseded_at == told_at)
        session.execute(
            update(Outcome).where(*before, Outcome.reviewed_at == told_at).values(review=None, reviewed_by=None, reviewed_at=None)
        )
        session.execute(update(Outcome).where(*before).values(superseded_at=None, version=Outcome.version + 1))


def report_back(session: Session, topic: Topic, decision: Decision, *, referral_id: int | None, at: datetime) -> list[int]:
    """Everyone whose submission follows `topic` is told how it ended; returns the submissions, by id."""
    submissions = session.scalars(
        select(Submission)
        .where(Submission.id.in_(confirmed_in(session, topic)), Submission.state == SubmissionState.IN_TOPIC)
        .order_by(Submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for submission in submissions:
        move(session, submission, SubmissionAction.REPORT_BACK, actor=MACHINE, at=at, decision=decision, topic=topic)
    told = [submission.id for submission in submissions]
    tell_outcome(session, decision=decision, submission_ids=told, referral_id=referral_id, topic_id=topic.id, at=at)
    return told


def note_seen(session: Session, *, submission_id: int, at: datetime) -> None:
    """The receipt was opened after its result was told; one UPDATE that matches a row once, harmless however often it is repeated."""
    _see(session, Outcome.submission_id == submission_id, at=at)


def note_told_with_parts(session: Session, *, submission_id: int, at: datetime) -> None:
    """Somebody told its resident the answers that stand, to the submission and to what was split off it; again changes nothing."""
    parts = select(SubmissionPart.submission_id).where(SubmissionPart.parent_id == submission_id)
    _see(session, (Outcome.submission_id == submission_id) | Outcome.submission_id.in_(parts), at=at)


def _see(session: Session, of: ColumnElement[bool], *, at: datetime) -> None:
    session.execute(
        update(Outcome)
        .where(of, Outcome.seen_at.is_(None), Outcome.told_at <= at, Outcome.superseded_at.is_(None))
        .values(seen_at=at)
        .execution_options(synchronize_session=False)
    )


def say_verdict(
    session: Session, *, submission_id: int, outcome_id: int, verdict: Verdict, words: str, workflow: Workflow, at: datetime
) -> None:
    """What the resident says to a result: solved closes, not solved reopens, the others leave it as it is.

    The same again changes nothing but the words; another verdict takes the first one's place, and history keeps both. Raises NotFound for
    another submission's outcome, InvalidInput (field `words`) when they are too long, Conflict with what to do instead when it was
    withdrawn, superseded, is being worked on again, or was judged over 30 days ago (a late "not solved" counts all the same).
    """
    said = clean(words).text
    if len(said) > VERDICT_WORDS_MAX:
        raise InvalidInput(f"最多 {VERDICT_WORDS_MAX} 个字，请写短一点。", field="words")
    submission = session.scalars(
        select(Submission).where(Submission.id == submission_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    outcome = session.scalars(
        select(Outcome).where(Outcome.id == outcome_id, Outcome.submission_id == submission_id).execution_options(populate_existing=True)
    ).one_or_none()
    if outcome is None:
        raise NotFound("没有这个结果，请回到回执再看一遍。")
    _check(submission, outcome, verdict, at=at)
    if outcome.verdict is not verdict:
        _move(session, submission, verdict, workflow=workflow, at=at)
        outcome.verdict, outcome.said, outcome.said_at = verdict, said, at
        outcome.version += 1
    elif said and said != outcome.said:
        outcome.said = said
        outcome.version += 1


def _check(submission: Submission, outcome: Outcome, verdict: Verdict, *, at: datetime) -> None:
    if submission.state is SubmissionState.WITHDRAWN:
        raise Conflict("您已经撤回了这件来件，不用再评价。事情还在的话，请重新说一次。")
    if outcome.superseded_at is not None:
        raise Conflict("这件事有了更新的答复，请回到回执看新的答复再说。")
    if outcome.told_at > at:
        raise Conflict("答复刚刚写好，请过一分钟再说。")
    undecided = submission.state is SubmissionState.REOPENED and outcome.verdict is Verdict.NOT_SOLVED and outcome.reviewed_at is None
    if submission.state not in TOLD and not undecided:
        raise Conflict("这件事正在重新办理，有了新的答复再请您说。")
    late = outcome.said_at is not None and at > outcome.said_at + timedelta(days=CHANGE_DAYS)
    if late and verdict is not outcome.verdict and verdict is not Verdict.NOT_SOLVED:
        raise Conflict(f"过了 {CHANGE_DAYS} 天，不能再改了。还有话要说，请在下面留言。")


def _move(session: Session, submission: Submission, verdict: Verdict, *, workflow: Workflow, at: datetime) -> None:
    move(session, submission, _SAYING[verdict], actor=RESIDENT, at=at)
    if verdict is Verdict.NOT_SOLVED:
        back_to_handler(session, submission, workflow=workflow, at=at)
    else:
        stop_clock(submission)

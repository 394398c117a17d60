"""The result on a receipt: who answered, what was done, with what evidence, and what the resident said to it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from intake.domain.attachment import AttachmentKind, AttachmentState
from intake.domain.outcome import ReviewDecision, Verdict
from intake.domain.referral import OUTCOME_NAMES
from intake.domain.submission import TOLD, SubmissionState
from intake.domain.topic import TopicAction
from intake.models import Answer, Attachment, Decision, Department, Outcome, Submission, User


@dataclass(frozen=True, slots=True)
class Evidence:
    """One picture or document behind a unit's answer, re-encoded and safe to show."""

    id: int
    name: str
    is_picture: bool


@dataclass(frozen=True, slots=True)
class OutcomeOnReceipt:
    """The result that stands now."""

    id: int
    decision_id: int
    told_at: datetime
    by: str
    """The unit that answered, else the member or staff who did."""
    did: str
    """已办好 and the like, in the table's words; empty where no unit answered."""
    words: str
    reason: str
    """Why only partly, not yet or not at all, or why there is no evidence."""
    remark: str
    """What the checker adds to a unit's answer."""
    checked_by: str
    """Who looked whether a unit's answer answers; empty where no unit answered."""
    signed_name: str
    paper_number: str
    paper_date: date | None
    refused: bool
    """Whether the topic wasn't taken up: an answer, but nothing was done."""
    evidence: tuple[Evidence, ...]
    verdict: Verdict | None
    said: str
    said_at: datetime | None
    may_judge: bool
    """Whether the resident may say something to it now, or change it."""
    unseen: bool
    """Whether the receipt is opened for the first time since it was told."""


def outcome_of(session: Session, submission: Submission, *, at: datetime) -> OutcomeOnReceipt | None:
    """What the submission was told last, once the time to undo it is over; None where nothing was, or it is being worked on anew. One
    statement.
    """
    if submission.state not in {*TOLD, SubmissionState.REOPENED}:
        return None
    ready = and_(
        Attachment.answer_id == Answer.id,
        Attachment.kind == AttachmentKind.EVIDENCE,
        Attachment.state == AttachmentState.READY,
        Attachment.removed_at.is_(None),
    )
    newest = (
        select(Outcome.id)
        .where(
            Outcome.submission_id == submission.id, Outcome.told_at <= at, or_(Outcome.superseded_at.is_(None), Outcome.superseded_at > at)
        )
        .order_by(Outcome.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Outcome, Decision, User.name, Answer, Department.name, Attachment)
        .join(Decision, Decision.id == Outcome.decision_id)
        .join(User, User.id == Decision.decided_by)
        .outerjoin(Answer, Answer.id == Decision.answer_id)
        .outerjoin(Department, Department.id == Answer.department_id)
        .outerjoin(Attachment, ready)
        .where(Outcome.id == newest)
        .order_by(Attachment.id)
    ).all()
    if not rows:
        return None
    outcome, decision, name, answer, unit, _ = rows[0]
    return OutcomeOnReceipt(
        id=outcome.id,
        decision_id=decision.id,
        told_at=outcome.told_at,
        by=unit or name,
        did=OUTCOME_NAMES[answer.outcome] if answer is not None else "",
        words=answer.words if answer is not None else decision.words,
        reason=answer.reason if answer is not None else "",
        remark=decision.words if answer is not None else "",
        checked_by=name if answer is not None else "",
        signed_name=answer.signed_name if answer is not None else "",
        paper_number=answer.paper_number if answer is not None else "",
        paper_date=answer.paper_date if answer is not None else None,
        refused=decision.action in {TopicAction.REJECT.value, TopicAction.DROP.value},
        evidence=tuple(Evidence(one.id, one.name, one.media_type == "image/jpeg") for *_, one in rows if one is not None),
        verdict=outcome.verdict,
        said=outcome.said,
        said_at=outcome.said_at,
        may_judge=_may_judge(submission, outcome),
        unseen=outcome.seen_at is None,
    )


def _may_judge(submission: Submission, outcome: Outcome) -> bool:
    if outcome.superseded_at is not None or outcome.review is ReviewDecision.REOPEN:
        return False
    return submission.state in TOLD or outcome.verdict is Verdict.NOT_SOLVED

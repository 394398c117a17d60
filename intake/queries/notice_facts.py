"""What stands behind notices: everything their words need, and whether it is still news; no words are made here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from intake.domain.message import MessageFrom
from intake.domain.notice_words import ASKING
from intake.domain.notification import NoticeKind
from intake.domain.submission import SUBMISSION_TABLE, SubmissionState
from intake.domain.topic import TOPIC_TABLE
from intake.domain.upward_report import UPWARD_TABLE
from intake.models import Answer, Decision, Department, IntakePoint, Message, Notification, Outcome, Submission, User


@dataclass(frozen=True, slots=True)
class BehindNotice:
    """One notice's matter."""

    notice_id: int
    kind: NoticeKind
    receipt_number: str
    text: str
    """As masked; empty before triage."""
    place: str
    step: str
    """The table's sentence for what was decided; empty where no decision stands behind it."""
    who: str
    said: str
    """What they wrote to the resident; empty where there was nothing to write."""
    at: datetime
    """When it happened."""
    is_news: bool
    contact_cipher: bytes | None


_SENTENCES = {
    (noun, transition.action.value): transition.words
    for noun, table in (("submission", SUBMISSION_TABLE), ("topic", TOPIC_TABLE), ("topic", UPWARD_TABLE))
    for transition in table.transitions
}


def behind_notices(session: Session, notice_ids: Sequence[int]) -> dict[int, BehindNotice]:
    """By the notice's id, in one statement."""
    unread = exists().where(Message.submission_id == Submission.id, Message.written_from == MessageFrom.MEMBER, Message.read_at.is_(None))
    rows = session.execute(
        select(Notification, Submission, IntakePoint.name, Decision, User.name, Department.name, Answer.words, Outcome, unread)
        .join(Submission, Submission.id == Notification.submission_id)
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .outerjoin(Decision, Decision.id == Notification.decision_id)
        .outerjoin(User, User.id == Decision.decided_by)
        .outerjoin(Answer, Answer.id == Decision.answer_id)
        .outerjoin(Department, Department.id == Answer.department_id)
        .outerjoin(Outcome, (Outcome.decision_id == Decision.id) & (Outcome.submission_id == Submission.id))
        .where(Notification.id.in_(notice_ids))
    )
    return {
        notice.id: BehindNotice(
            notice_id=notice.id,
            kind=notice.kind,
            receipt_number=submission.receipt_number,
            text=submission.text_masked,
            place=place,
            step=_step(decision),
            who=unit or name or "",
            said=answered or (decision.words if decision is not None else ""),
            at=decision.decided_at if decision is not None else notice.created_at,
            is_news=_is_news(notice, submission, decision, outcome, unread=is_unread),
            contact_cipher=submission.contact_cipher,
        )
        for notice, submission, place, decision, name, unit, answered, outcome, is_unread in rows
    }


def _step(decision: Decision | None) -> str:
    if decision is None:
        return ""
    return _SENTENCES.get(("topic" if decision.topic_id is not None else "submission", decision.action), "")


def _is_news(notice: Notification, submission: Submission, decision: Decision | None, outcome: Outcome | None, *, unread: bool) -> bool:
    """False for what was taken back, withdrawn, joined again, overtaken by a newer result, judged or read by now."""
    if submission.state in {SubmissionState.WITHDRAWN, SubmissionState.REJOINED} or (
        decision is not None and decision.undone_at is not None
    ):
        return False
    if notice.kind in ASKING:
        return outcome is not None and outcome.superseded_at is None and outcome.verdict is None
    return decision is not None or notice.kind is not NoticeKind.MESSAGE or unread

"""Who looks at which card just now, and who stays out of one for good; conditions for every question that shows residents' words."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, Select, SQLColumnExpression, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.reassignment import ReassignmentKind
from intake.models import MemberReport, Reassignment, Submission, SubmissionLease, User
from intake.queries.appeal import barred_people
from intake.queries.submission_part import whole_message

STEPPED_BACK = "您已回避这一件，由别的同志处理，内容不再给您看。"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a card on the screen, and until when."""

    user_id: int
    name: str
    until: datetime


def holders(session: Session, submission_ids: Collection[int], *, at: datetime) -> dict[int, Holder]:
    """Who holds which of these cards at `at`, by submission; one question, free ones are left out."""
    if not submission_ids:
        return {}
    rows = session.execute(
        select(SubmissionLease.submission_id, User.id, User.name, SubmissionLease.until)
        .join(User, User.id == SubmissionLease.user_id)
        .where(SubmissionLease.submission_id.in_(submission_ids), SubmissionLease.until > at)
    )
    return {row.submission_id: Holder(row.id, row.name, row.until) for row in rows}


def held_by_another(actor: Actor, *, at: datetime) -> ColumnElement[bool]:
    """Submissions that somebody besides the actor looks at; for the WHERE of a question about Submission."""
    return (
        select(SubmissionLease.submission_id)
        .where(SubmissionLease.submission_id == Submission.id, SubmissionLease.until > at, SubmissionLease.user_id != actor.user_id)
        .correlate(Submission)
        .exists()
    )


def recused(actor: Actor, submission_id: SQLColumnExpression[int] | SQLColumnExpression[int | None] | None = None) -> ColumnElement[bool]:
    """Whether the actor stays out of a submission (回避), by its id in a question: Submission's own unless another column is named.

    Negate it wherever a question shows residents' words to a person.
    """
    return (
        select(Reassignment.id)
        .where(
            Reassignment.submission_id == (Submission.id if submission_id is None else submission_id),
            Reassignment.from_user_id == actor.user_id,
            Reassignment.kind == ReassignmentKind.RECUSE,
        )
        .correlate_except(Reassignment)
        .exists()
    )


def recused_ids(session: Session, actor: Actor, submission_ids: Collection[int]) -> frozenset[int]:
    """Which of these the actor stays out of."""
    if not submission_ids:
        return frozenset()
    return frozenset(session.scalars(select(Submission.id).where(Submission.id.in_(submission_ids), recused(actor))))


def recused_from(session: Session, submission_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Who stays out of which of these, by submission; one question."""
    return _by_submission(session, _recused(submission_ids)) if submission_ids else {}


def kept_from(session: Session, submission_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Who isn't to be asked about which of these: whoever stays out of it, whoever wrote it down themselves (随手报), and whoever declined what
    came back for another look (复核); one question.
    """
    if not submission_ids:
        return {}
    wrote = (
        select(Submission.id, MemberReport.user_id)
        .join(MemberReport, MemberReport.submission_id == whole_message())
        .where(Submission.id.in_(submission_ids))
    )
    return _by_submission(session, _recused(submission_ids).union_all(wrote, barred_people(submission_ids)))


def _recused(submission_ids: Collection[int]) -> Select[int, int]:
    return select(Reassignment.submission_id, Reassignment.from_user_id).where(
        Reassignment.submission_id.in_(submission_ids), Reassignment.kind == ReassignmentKind.RECUSE
    )


def _by_submission(session: Session, pairs: Select[int, int] | CompoundSelect[int, int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for submission_id, user_id in session.execute(pairs):
        found.setdefault(submission_id, set()).add(user_id)
    return {submission_id: frozenset(people) for submission_id, people in found.items()}

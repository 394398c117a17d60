"""结果反馈: what was told for one submission, what waits for a second look, and how many were asked, reached and heard."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.outcome import ReviewDecision, Verdict
from intake.domain.permission import Permission
from intake.domain.personal_data import mask, personal_data
from intake.domain.submission import OPEN_FOR_DECISION, Channel
from intake.domain.topic import TopicState
from intake.models import Answer, Area, Decision, Department, Outcome, Referral, Submission, Topic, User
from intake.queries.pages import Page, key_of, page_of, within

PAGE = 20
REOPENABLE = frozenset({TopicState.DELIVERED, TopicState.DELIVERING})
"""A topic whose responsibilities can be, or already are, worked on again."""


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """Results told from `since` up to but not including `until`; each number is a part of `asked`."""

    asked: int
    """Told, so that the receipt asked for a verdict; several of one submission count each."""
    reached: int
    """The receipt was opened after that."""
    answered: int
    """The resident said something to it."""
    solved: int
    partly: int
    not_solved: int
    cannot_judge: int
    reopened: int
    """"Not solved", and a person found so too."""
    explained: int
    """"Not solved", and a person explained why it stays."""


def outcome_counts(session: Session, district_id: int, since: datetime, until: datetime) -> OutcomeCounts:
    """The counts of one district by the time a result was told, in one statement."""

    def of(verdict: Verdict) -> ColumnElement[int]:
        return func.count().filter(Outcome.verdict == verdict)

    row = session.execute(
        select(
            func.count(),
            func.count(Outcome.seen_at),
            func.count(Outcome.verdict),
            of(Verdict.SOLVED),
            of(Verdict.PARTLY),
            of(Verdict.NOT_SOLVED),
            of(Verdict.CANNOT_JUDGE),
            func.count().filter(Outcome.review == ReviewDecision.REOPEN),
            func.count().filter(Outcome.review == ReviewDecision.EXPLAIN),
        ).where(Outcome.district_id == district_id, Outcome.told_at >= since, Outcome.told_at < until)
    ).one()
    return OutcomeCounts(*row)


@dataclass(frozen=True, slots=True)
class Review:
    """A result that a resident calls not solved, until a person has looked again."""

    id: int
    version: int
    submission_id: int
    text: str
    channel: Channel
    area_name: str
    said: str
    said_at: datetime
    told_at: datetime
    answered_by: str
    """The unit, or the person where no unit answered."""
    answer: str
    topic_id: int | None
    topic_title: str
    referral_number: str
    """Empty where no referral stands behind it."""
    may_reopen: bool
    """Whether a referral or a topic stands behind it that can be opened again; the member's own answer is handled on the card."""


def open_reviews(session: Session, actor: Actor, *, after: str = "") -> Page[Review]:
    """A page of what waits within the actor's areas, the oldest first, in two statements; `after` is a page's `next_key`."""
    total = open_review_count(session, actor)
    query = _reviews().where(*_within(actor))
    key = key_of(after)
    if key is not None:
        query = query.where(Outcome.id > key)
    rows = [_review(row) for row in session.execute(query.order_by(Outcome.id).limit(PAGE + 1))]
    return page_of(rows, total=total, limit=PAGE)


def open_review_count(session: Session, actor: Actor) -> int:
    """How many wait within the actor's areas."""
    joined = select(func.count()).select_from(Outcome).join(Submission, Submission.id == Outcome.submission_id)
    return session.scalar(joined.join(Area, Area.id == Submission.area_id).where(*_within(actor))) or 0


def review_of(session: Session, submission_id: int) -> Review | None:
    """The open review of one submission, None where there is none; one statement."""
    row = session.execute(_reviews().where(_open(), Outcome.submission_id == submission_id)).one_or_none()
    return _review(row) if row else None


def _open() -> ColumnElement[bool]:
    return (
        (Outcome.verdict == Verdict.NOT_SOLVED)
        & Outcome.reviewed_at.is_(None)
        & Outcome.superseded_at.is_(None)
        & Submission.state.in_(OPEN_FOR_DECISION)
    )


def _within(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return _open(), Outcome.district_id == actor.district_id, within(actor, Permission.TRIAGE_DECIDE)


def _reviews() -> Any:
    """What a review's row is made of."""
    return (
        select(Outcome, Submission, Area.name, Decision.words, Answer.words, Department.name, User.name, Topic, Referral)
        .join(Submission, Submission.id == Outcome.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .join(Decision, Decision.id == Outcome.decision_id)
        .join(User, User.id == Decision.decided_by)
        .outerjoin(Answer, Answer.id == Decision.answer_id)
        .outerjoin(Department, Department.id == Answer.department_id)
        .outerjoin(Topic, Topic.id == Outcome.topic_id)
        .outerjoin(Referral, Referral.id == Outcome.referral_id)
    )


def _review(row: Any) -> Review:
    outcome, submission, area, words, answer, unit, name, topic, referral = row
    return Review(
        id=outcome.id,
        version=outcome.version,
        submission_id=submission.id,
        text=submission.text_masked,
        channel=submission.channel,
        area_name=area,
        said=mask(outcome.said, personal_data(outcome.said)),
        said_at=outcome.said_at,
        told_at=outcome.told_at,
        answered_by=unit or name,
        answer=answer or words,
        topic_id=topic.id if topic is not None else None,
        topic_title=topic.title if topic is not None else "",
        referral_number=referral.number if referral is not None else "",
        may_reopen=referral is not None or (topic is not None and topic.state in REOPENABLE),
    )

"""What came back on reports upward, as it was written down, corrected, and told to residents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CompoundSelect, select, union
from sqlalchemy.orm import Session, aliased

from intake.domain.contributor import ContributorStatus
from intake.models import Contributor, Decision, Notification, UpwardAnswer, User
from intake.queries.imported import somebody_waits
from intake.queries.topic_detail import with_matters

_LATER = aliased(UpwardAnswer)


@dataclass(frozen=True, slots=True)
class AnswerTold:
    """One answer that stands, as a topic's page shows it."""

    words: str
    number: str
    answered_on: date


@dataclass(frozen=True, slots=True)
class AnswerKept:
    """One answer as it was written down, with what became of it."""

    id: int
    words: str
    number: str
    answered_on: date
    is_correction: bool
    reason: str
    by: str
    at: datetime
    was_corrected: bool
    """Another stands in its place, and no resident read this one."""
    told_at: datetime | None
    told_words: str
    """As residents read it; empty where that was the answer itself."""


def to_be_told(report_id: int, topic_id: int) -> CompoundSelect[int]:
    """Ids of the submissions whose residents hear of an answer: all behind the class now, and whoever was told of one before, wherever their
    matter stands since, so that nobody is left with what was set right. Behind imported rows there is nobody.
    """
    confirmed = select(Contributor.submission_id).where(
        Contributor.status == ContributorStatus.CONFIRMED, somebody_waits(Contributor.submission_id)
    )
    told = (
        select(Notification.submission_id)
        .join(UpwardAnswer, UpwardAnswer.decision_id == Notification.decision_id)
        .where(UpwardAnswer.report_id == report_id)
    )
    return union(confirmed.where(Contributor.topic_id.in_(with_matters(topic_id))), confirmed.where(Contributor.submission_id.in_(told)))


def standing_answers(session: Session, report_ids: Sequence[int]) -> dict[int, list[AnswerTold]]:
    """The answers of these reports that no correction took the place of, by report, the first first; one query."""
    if not report_ids:
        return {}
    rows = session.execute(
        select(UpwardAnswer.report_id, UpwardAnswer.words, UpwardAnswer.number, UpwardAnswer.answered_on)
        .where(UpwardAnswer.report_id.in_(report_ids), ~select(_LATER.id).where(_LATER.corrects_id == UpwardAnswer.id).exists())
        .order_by(UpwardAnswer.id)
    )
    found: dict[int, list[AnswerTold]] = {}
    for report_id, words, number, answered_on in rows:
        found.setdefault(report_id, []).append(AnswerTold(words, number, answered_on))
    return found


def answers_kept(session: Session, report_id: int) -> tuple[AnswerKept, ...]:
    """All of one report, the latest first; one query."""
    rows = session.execute(
        select(UpwardAnswer, User.name, Decision.decided_at, Decision.words)
        .join(User, User.id == UpwardAnswer.recorded_by)
        .outerjoin(Decision, Decision.id == UpwardAnswer.decision_id)
        .where(UpwardAnswer.report_id == report_id)
        .order_by(UpwardAnswer.id.desc())
    ).all()
    corrected = {one.corrects_id for one, *_ in rows}
    return tuple(
        AnswerKept(
            id=one.id,
            words=one.words,
            number=one.number,
            answered_on=one.answered_on,
            is_correction=one.corrects_id is not None,
            reason=one.reason,
            by=by,
            at=one.recorded_at,
            was_corrected=one.id in corrected,
            told_at=told_at,
            told_words=told if told and told != one.words else "",
        )
        for one, by, told_at, told in rows
    )

"""Corrections are examples: what a person decides where the machine had suggested something is kept to learn from (triage.md).

An example holds codes and ids; the words stay with the submission and leave with it. Taking a decision back takes its examples back too.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.submission import SubmissionAction
from intake.domain.topic import TopicKind
from intake.domain.triage_model import ExampleKind
from intake.domain.triage_result import Verdict
from intake.models import Contributor, Finding, Submission, Topic, TrainingExample

SAME, DIFFERENT = "same", "different"
SPAM, FINE, DECLINED = "spam", "fine", "declined"
"""What a person said of a message: rightly held back, rightly let through, read and not taken up."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the machine had said of a submission."""

    verdict: Verdict
    topic_id: int | None
    """The topic it suggested, or that it showed as possible while unsure."""
    score: float | None
    model_version: str


def learn(
    session: Session,
    *,
    kind: ExampleKind,
    submission: Submission,
    label: str,
    by: int,
    at: datetime,
    other_submission_id: int | None = None,
    topic_id: int | None = None,
    suggested: str | None = None,
    score: float | None = None,
    model_version: str | None = None,
) -> None:
    """Keep one example; not flushed. Without words there is nothing to learn from: none is kept."""
    if not submission.text_masked:
        return
    session.add(
        TrainingExample(
            district_id=submission.district_id,
            kind=kind,
            submission_id=submission.id,
            other_submission_id=other_submission_id,
            topic_id=topic_id,
            label=label,
            suggested=suggested,
            score=score,
            model_version=model_version,
            decided_by=by,
            created_at=at,
        )
    )


def said_of(session: Session, submission_id: int) -> Said | None:
    """The machine's latest word on the submission; None where it failed or wasn't asked."""
    found = session.execute(
        select(Finding.content, Finding.model_version).where(Finding.submission_id == submission_id).order_by(Finding.id.desc()).limit(1)
    ).one_or_none()
    if found is None or "verdict" not in found.content:
        return None
    content: dict[str, Any] = found.content
    others = content.get("others") or ()
    topic_id = content.get("topic_id")
    if topic_id is None and others:
        topic_id = int(others[0][0])
    return Said(Verdict(content["verdict"]), topic_id, content.get("score"), found.model_version)


def learn_placing(
    session: Session, submission: Submission, action: SubmissionAction, *, topic_id: int | None, by: int, at: datetime
) -> None:
    """What attaching, opening or declining says about the machine's suggestion; called before the contributors change.

    Attached: it is the same as what stands there, and another than the topic that was suggested instead. Opened though a topic was
    suggested or shown: another than that. Declined: a message that was read and not taken up.
    """
    said = said_of(session, submission.id)
    shown = _survivor(session, said.topic_id) if said is not None else None
    told: dict[str, Any] = {
        "suggested": said.verdict.value if said else None,
        "score": said.score if said else None,
        "model_version": said.model_version if said else None,
        "by": by,
        "at": at,
    }
    if action is SubmissionAction.DECLINE:
        learn(session, kind=ExampleKind.SCREEN, submission=submission, label=DECLINED, **told)
        return
    taught: list[tuple[ExampleKind, int, str]] = []
    if action is SubmissionAction.ATTACH and topic_id is not None:
        taught.append((ExampleKind.SAME, topic_id, SAME))
    if shown is not None and shown != topic_id:
        taught.append((ExampleKind.DIFFERENT, shown, DIFFERENT))
    for kind, of_topic, label in taught:
        beside = standing_in(session, of_topic, besides=submission.id)
        if beside is not None:
            learn(session, kind=kind, submission=submission, other_submission_id=beside, topic_id=of_topic, label=label, **told)


def learn_leaving(session: Session, submission: Submission, *, topic_id: int, by: int, at: datetime) -> None:
    """Taken out of a topic: it was another matter after all, and what said otherwise is no example any more."""
    session.execute(
        update(TrainingExample)
        .where(
            TrainingExample.submission_id == submission.id,
            TrainingExample.topic_id == topic_id,
            TrainingExample.kind == ExampleKind.SAME,
            TrainingExample.undone_at.is_(None),
        )
        .values(undone_at=at)
    )
    said = said_of(session, submission.id)
    beside = standing_in(session, topic_id, besides=submission.id)
    if beside is not None:
        learn(
            session,
            kind=ExampleKind.DIFFERENT,
            submission=submission,
            other_submission_id=beside,
            topic_id=topic_id,
            label=DIFFERENT,
            suggested=said.verdict.value if said else None,
            score=said.score if said else None,
            model_version=said.model_version if said else None,
            by=by,
            at=at,
        )


def learn_pair(
    session: Session,
    kind: ExampleKind,
    *,
    one: int,
    other: int,
    topic_id: int,
    by: int,
    at: datetime,
    suggested: str | None = None,
    score: float | None = None,
    model_version: str | None = None,
) -> None:
    """What a decision on whole topics says about two of their submissions."""
    learn(
        session,
        kind=kind,
        submission=session.get_one(Submission, one),
        other_submission_id=other,
        topic_id=topic_id,
        label=SAME if kind is ExampleKind.SAME else DIFFERENT,
        suggested=suggested,
        score=score,
        model_version=model_version,
        by=by,
        at=at,
    )


def standing_in(session: Session, topic_id: int, *, besides: int | None = None) -> int | None:
    """A submission whose words stand for the topic: the latest that was confirmed, else the latest that was suggested."""
    query = (
        select(Contributor.submission_id)
        .join(Submission, Submission.id == Contributor.submission_id)
        .where(
            Contributor.topic_id == topic_id,
            Contributor.status != ContributorStatus.REMOVED,
            Contributor.submission_id != (besides or 0),
            Submission.text_masked != "",
        )
    )
    return session.scalar(query.order_by(Contributor.status, Contributor.submission_id.desc()).limit(1))


def forget(session: Session, *, decided_at: datetime, at: datetime, submission_id: int | None = None, topic_id: int | None = None) -> None:
    """The decision of `decided_at` on the submission, or on the topic, was taken back: its examples are none any more."""
    about = TrainingExample.submission_id == submission_id if submission_id is not None else TrainingExample.topic_id == topic_id
    session.flush()
    session.execute(
        update(TrainingExample)
        .where(about, TrainingExample.created_at == decided_at, TrainingExample.undone_at.is_(None))
        .values(undone_at=at)
    )


def _survivor(session: Session, topic_id: int | None) -> int | None:
    """The topic that was meant, or what it was merged into since; None for one that is gone, or a class."""
    topic = session.get(Topic, topic_id) if topic_id is not None else None
    if topic is None or topic.kind is not TopicKind.MATTER:
        return None
    return topic.merged_into_id or topic.id

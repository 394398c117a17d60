"""What was asked of the assistant for one topic, what it wrote, and what is left of the month's budget."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.assistant import (
    FAILURE_WORDS,
    LOST_AFTER,
    RESERVED_IN,
    RESERVED_OUT,
    RESTS_AFTER,
    RESTS_FOR,
    DraftOutcome,
    DraftPurpose,
    Failure,
    budget_month,
)
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.topic import JOINABLE
from intake.models import Area, AssistantDraft, AuditEntry, Contributor, Submission, Topic, User

SHOWN = 6
"""Requests on the page, the newest first."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One request; exactly one of `waiting`, `words` and `failure` says how it stands, none when the words are past their days."""

    id: int
    purpose: DraftPurpose
    waiting: bool
    words: str
    failure: str
    """A sentence for a person."""
    model: str
    tokens: int
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """What a district has used of its tokens this month, those set aside included, and when it begins anew."""

    used: int
    most: int
    anew: date

    @property
    def spent(self) -> bool:
        """Whether another request could go beyond it."""
        return self.used + RESERVED_IN + RESERVED_OUT > self.most


@dataclass(frozen=True, slots=True)
class AssistantDesk:
    """Everything on the page where staff ask for drafts of one topic."""

    topic_id: int
    number: str
    title: str
    summary: str
    version: int
    open: bool
    """Whether its title and summary may still be changed."""
    drafts: tuple[Draft, ...]
    budget: Budget
    rests_until: datetime | None
    """The assistant isn't asked before, since it didn't answer several times in a row."""

    def waits_for(self, purpose: DraftPurpose) -> bool:
        """Whether such a draft is being written."""
        return any(one.waiting and one.purpose == purpose for one in self.drafts)


def assistant_desk(session: Session, actor: Actor, topic_id: int, *, monthly_tokens: int, at: datetime) -> AssistantDesk:
    """One topic in four queries; NotFound for another district's, Forbidden where the actor doesn't screen."""
    found = session.execute(
        select(Topic.district_id, Topic.number, Topic.title, Topic.summary, Topic.version, Topic.state, Area.path)
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.id == topic_id, Topic.district_id == actor.district_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个议题，或者不在您的区。")
    if not actor.may(Permission.SCREEN_DECIDE, area_path=found.path):
        raise Forbidden("这个议题不在您负责的范围。")
    return AssistantDesk(
        topic_id=topic_id,
        number=found.number,
        title=found.title,
        summary=found.summary,
        version=found.version,
        open=found.state in JOINABLE,
        drafts=_drafts(session, topic_id, at=at),
        budget=budget(session, found.district_id, monthly_tokens=monthly_tokens, at=at),
        rests_until=rests_until(session, found.district_id, at=at),
    )


def budget(session: Session, district_id: int, *, monthly_tokens: int, at: datetime) -> Budget:
    """The district's budget for the calendar month of `at` in Shanghai; one query."""
    first, anew = budget_month(at)
    used = session.scalar(
        select(func.coalesce(func.sum(AssistantDraft.tokens_in + AssistantDraft.tokens_out), 0)).where(
            AssistantDraft.district_id == district_id, AssistantDraft.created_at >= first
        )
    )
    return Budget(used=used or 0, most=monthly_tokens, anew=anew)


def rests_until(session: Session, district_id: int, *, at: datetime) -> datetime | None:
    """Until when the assistant isn't asked; None when its latest ended requests weren't all without an answer."""
    latest = session.execute(
        select(AssistantDraft.outcome, AssistantDraft.created_at)
        .where(
            AssistantDraft.district_id == district_id,
            AssistantDraft.outcome != DraftOutcome.ASKED,
            AssistantDraft.created_at > at - RESTS_FOR,
        )
        .order_by(AssistantDraft.created_at.desc(), AssistantDraft.id.desc())
        .limit(RESTS_AFTER)
    ).all()
    if len(latest) < RESTS_AFTER or any(one.outcome is not DraftOutcome.UNREACHABLE for one in latest):
        return None
    until: datetime = latest[0].created_at + RESTS_FOR
    return until


def words_behind(session: Session, topic_id: int, *, limit: int) -> tuple[str, ...]:
    """Masked words of the submissions in a topic, of a class those of its matters: confirmed ones first, then the newest; none emptied."""
    newest = _behind(topic_id).order_by(Contributor.status, Submission.received_at.desc(), Submission.id.desc())
    return tuple(session.scalars(newest.limit(limit)))


def all_behind(session: Session, topic_id: int, texts: Collection[str]) -> bool:
    """Whether each of `texts`, of `words_behind`, stands behind the topic still; one question."""
    return set(texts) <= set(session.scalars(_behind(topic_id).where(Submission.text_masked.in_(texts)).distinct()))


def _behind(topic_id: int) -> Select[str]:
    topics = select(Topic.id).where(or_(Topic.id == topic_id, Topic.class_topic_id == topic_id))
    return (
        select(Submission.text_masked)
        .join(Contributor, Contributor.submission_id == Submission.id)
        .where(Contributor.topic_id.in_(topics), Contributor.status != ContributorStatus.REMOVED, Submission.text_masked != "")
    )


def _drafts(session: Session, topic_id: int, *, at: datetime) -> tuple[Draft, ...]:
    rows = session.execute(
        select(AssistantDraft, User.name)
        .join(User, User.id == AssistantDraft.asked_by)
        .where(AssistantDraft.topic_id == topic_id)
        .order_by(AssistantDraft.id.desc())
        .limit(SHOWN)
    )
    return tuple(_draft(row, by, at=at) for row, by in rows)


def _draft(row: AssistantDraft, by: str, *, at: datetime) -> Draft:
    waiting = row.outcome is DraftOutcome.ASKED
    # Without a worker nobody ends a request; the page doesn't wait for ever all the same.
    lost = waiting and row.created_at <= at - LOST_AFTER
    failure = Failure.LOST if lost else None if waiting or row.outcome is DraftOutcome.DRAFTED else Failure(row.draft)
    return Draft(
        id=row.id,
        purpose=row.purpose,
        waiting=waiting and not lost,
        words=row.draft if row.outcome is DraftOutcome.DRAFTED else "",
        failure=FAILURE_WORDS[failure] if failure else "",
        model=row.model,
        tokens=row.tokens_in + row.tokens_out,
        asked_by=by,
        asked_at=row.created_at,
    )


def with_adopted_summary(session: Session, topic_ids: Collection[int]) -> set[int]:
    """Those of the topics whose summary somebody adopted from a draft; that choice stands in the audit."""
    adopted = select(AuditEntry.entity_id).where(
        AuditEntry.noun == "topic",
        AuditEntry.entity_id.in_(topic_ids),
        AuditEntry.action == "assistant.adopt",
        AuditEntry.detail["purpose"].astext == DraftPurpose.SUMMARY.value,
    )
    return {topic_id for topic_id in session.scalars(adopted) if topic_id is not None}

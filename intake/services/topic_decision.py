"""What every decision on a topic shares: the lock, the version, the written decision, and the word to everyone behind it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.notification import NoticeKind
from intake.domain.permission import Permission
from intake.domain.text import clean
from intake.domain.topic import TopicAction, TopicKind
from intake.models import Area, Contributor, Decision, Topic
from intake.queries.plan_topics import lines_planned
from intake.services.audit import record
from intake.services.notify import announce

WORDS_MAX = 500


@dataclass(frozen=True, slots=True)
class Screening:
    """What every decision on a topic carries."""

    actor: Actor
    topic_id: int
    version: int
    at: datetime


def lock_topic(session: Session, screening: Screening) -> tuple[Topic, str]:
    """The topic, locked and fresh, and the path of its area; NotFound outside the district, Conflict when somebody was faster."""
    topic = lock_topics(session, [screening.topic_id]).get(screening.topic_id)
    if topic is None or topic.district_id != screening.actor.district_id:
        raise NotFound("没有这个议题，或者不在您的区。")
    if topic.version != screening.version:
        raise Conflict("这个议题刚刚有人处理过。您写的理由还在下面，请先看看现在的情况。")
    return topic, session.get_one(Area, topic.area_id).path


def lock_topics(session: Session, topic_ids: Sequence[int]) -> dict[int, Topic]:
    """Those of them that there are, locked in one order, so that two who need the same can't wait for each other: matters before classes,
    each kind by id.
    """
    order = (Topic.kind == TopicKind.CLASS, Topic.id)
    found = session.scalars(
        select(Topic).where(Topic.id.in_(topic_ids)).order_by(*order).with_for_update().execution_options(populate_existing=True)
    )
    return {topic.id: topic for topic in found}


def with_merged(session: Session, topic_ids: Sequence[int]) -> list[int]:
    """The topics and what was merged into them, which follows where they are merged: to be locked together."""
    return [*topic_ids, *session.scalars(select(Topic.id).where(Topic.merged_into_id.in_(topic_ids)))]


def require_screening(session: Session, actor: Actor, topic: Topic) -> str:
    """The path of the topic's area; Forbidden where the actor doesn't screen there, NotFound in another district."""
    if topic.district_id != actor.district_id:
        raise NotFound("没有这个议题，或者不在您的区。")
    path = session.get_one(Area, topic.area_id).path
    if not actor.may(Permission.SCREEN_DECIDE, area_path=path):
        raise Forbidden(f"议题 {topic.number} 不在您负责的范围。")  # its words are not for them either
    return path


def require_told(session: Session, screening: Screening, told_planned: Collection[int] | None) -> None:
    """Conflict where the topic stands in a plan and isn't among those of which the person was told so; None where a page tells nobody.

    Asked once the topic is locked and the actor may decide: whoever puts a topic into a plan locks it too, so what is read here stays so.
    """
    line = lines_planned(session, screening.actor, [screening.topic_id]).get(screening.topic_id)
    if line is None or screening.topic_id in (told_planned or ()):
        return
    if told_planned is None:
        raise Conflict(
            f"这个议题已选进《{line.plan_title}》第 {line.quarter} 季度的“{line.title}”，还没有印发。请到议题库里勾选比较，在那里合并。"
        )
    raise Conflict(
        f"这个议题已选进《{line.plan_title}》第 {line.quarter} 季度的“{line.title}”，还没有印发。请先看清计划里的这一场，勾选后再按一次。"
    )


def words_of(raw: str) -> str:
    """The cleaned words of a decision; InvalidInput (field `words`) when there are none."""
    text = clean(raw).text
    if not text:
        raise InvalidInput("请写明理由，每位反映过的居民都会看到。", field="words")
    return text


def written(
    session: Session, screening: Screening, topic: Topic, action: TopicAction, *, words: str, target: Topic | None = None
) -> Decision:
    """The decision and its line in the audit; InvalidInput (field `words`) when it is too long. Not flushed."""
    text = clean(words).text
    if len(text) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，请写短一点。", field="words")
    assert screening.actor.user_id is not None
    decision = Decision(
        district_id=topic.district_id,
        topic_id=topic.id,
        action=action.value,
        words=text,
        target_topic_id=target.id if target else None,
        decided_by=screening.actor.user_id,
        decided_at=screening.at,
    )
    session.add(decision)
    record(
        session,
        actor=screening.actor,
        district_id=topic.district_id,
        action=f"topic.{action.value}",
        noun="topic",
        entity_id=topic.id,
        at=screening.at,
    )
    return decision


def confirmed_in(session: Session, *topics: Topic) -> list[int]:
    """Submissions that a person confirmed in the topics, or behind the matters of those that are classes; by id."""
    ids = [topic.id for topic in topics]
    return list(
        session.scalars(
            select(Contributor.submission_id)
            .join(Topic, Topic.id == Contributor.topic_id)
            .where(or_(Topic.id.in_(ids), Topic.class_topic_id.in_(ids)), Contributor.status == ContributorStatus.CONFIRMED)
            .order_by(Contributor.submission_id)
        )
    )


def tell(session: Session, decision: Decision, *topics: Topic, at: datetime) -> None:
    """One notice for everyone behind the topics."""
    announce(session, decision=decision, submission_ids=confirmed_in(session, *topics), kind=NoticeKind.TOPIC_DECISION, due_at=at, at=at)

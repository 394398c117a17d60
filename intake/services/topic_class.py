"""一类事: matters of one kind in several communities stand under one topic; each keeps its own state, residents and answer (ADR 18)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.topic import CLASS_FEWEST, CLASS_MOST, JOINABLE, TopicKind, TopicState
from intake.domain.upward_report import UpwardState
from intake.models import Area, Topic, UpwardReport
from intake.services.audit import record
from intake.services.contribution import recount
from intake.services.topic_decision import Screening, lock_topic, lock_topics, require_screening
from intake.services.topic_open import checked_title, open_class_topic
from intake.services.topic_proposal import outdate_for


def open_class(session: Session, *, actor: Actor, topic_ids: Sequence[int], title: str, at: datetime) -> Topic:
    """A candidate class of these matters; Conflict when one of them has ended or belongs to a class, Forbidden outside the actor's areas."""
    matters = _matters(session, actor, topic_ids)
    area = _common_area(session, matters)
    new = open_class_topic(session, matters=matters, area=area, title=title, actor=actor, at=at)
    require_screening(session, actor, new)
    _gather(session, new, matters, actor=actor, at=at)
    return new


def revive_class(session: Session, *, actor: Actor, class_id: int, topic_ids: Sequence[int], title: str, at: datetime) -> Topic:
    """A class that was dissolved gathers these matters again, under its old number."""
    matters = _matters(session, actor, topic_ids)
    former = lock_topics(session, [class_id]).get(class_id)
    if former is None or former.kind is not TopicKind.CLASS or former.state is not TopicState.DISSOLVED:
        raise Conflict("这一类事刚刚有变化，请先看看现在的情况。")
    require_screening(session, actor, former)
    former.title = checked_title(title)
    _gather(session, former, matters, actor=actor, at=at)
    return former


def leave_class(session: Session, screening: Screening) -> Topic:
    """One matter leaves its class, which dissolves when nothing is left in it; returns the class. Of the last, raises what `dissolve_class` raises."""
    topic, _ = lock_topic(session, screening)
    require_screening(session, screening.actor, topic)
    if topic.class_topic_id is None:
        raise NotFound("这个议题不在哪一类事里。")
    former = lock_topics(session, [topic.class_topic_id])[topic.class_topic_id]
    if former.state is not TopicState.CANDIDATE:
        raise Conflict("这一类事已经提交或处理过，不能再移出。")
    if session.scalar(select(Topic.id).where(Topic.class_topic_id == former.id, Topic.id != topic.id).limit(1)) is None:
        _refuse_while_reported(session, former)
    topic.class_topic_id = None
    _note(session, "topic.leave_class", topic, former, actor=screening.actor, at=screening.at)
    recount(session, {topic.id, former.id}, at=screening.at)
    return former


def dissolve_class(session: Session, screening: Screening) -> None:
    """The class comes apart, and its matters stand as they were; Conflict once it went to screening, or while a report upward of it isn't told."""
    # Matters are locked before classes.
    matters = lock_topics(session, list(session.scalars(select(Topic.id).where(Topic.class_topic_id == screening.topic_id))))
    former, _ = lock_topic(session, screening)
    require_screening(session, screening.actor, former)
    if former.kind is not TopicKind.CLASS:
        raise NotFound("这不是一类事。")
    if former.state is not TopicState.CANDIDATE:
        raise Conflict("这一类事已经提交或处理过，不能拆开。退回之后可以拆开。")
    _refuse_while_reported(session, former)
    for matter in matters.values():
        matter.class_topic_id = None
        _note(session, "topic.leave_class", matter, former, actor=screening.actor, at=screening.at)
    recount(session, {former.id, *matters}, at=screening.at)


def _refuse_while_reported(session: Session, former: Topic) -> None:
    """Residents are told of an answer from above through the class: once it has come apart, nobody would hear of it."""
    under_way = (UpwardReport.state == UpwardState.SENT) | ((UpwardReport.state == UpwardState.ANSWERED) & UpwardReport.told_at.is_(None))
    if session.scalar(select(UpwardReport.id).where(UpwardReport.topic_id == former.id, under_way).limit(1)) is not None:
        raise Conflict("这一类事报到了上级，居民还不知道结果，现在不能拆开。请先登记答复、告诉居民；上级没有答复的，也照实登记、告诉居民。")


def _matters(session: Session, actor: Actor, topic_ids: Sequence[int]) -> list[Topic]:
    ids = sorted(set(topic_ids))
    if len(ids) < CLASS_FEWEST:
        raise InvalidInput("请至少选两个议题。", field="topics")
    if len(ids) > CLASS_MOST:
        raise InvalidInput(f"一次最多选 {CLASS_MOST} 个议题。", field="topics")
    found = lock_topics(session, ids)
    if len(found) != len(ids):
        raise NotFound("选中的议题里有的已经不在了，请重新选。")
    for topic in found.values():
        require_screening(session, actor, topic)
        if topic.kind is TopicKind.CLASS:
            raise InvalidInput("一类事不能再放进另一类事，请选单件的议题。", field="topics")
        if topic.state not in JOINABLE:
            raise Conflict(f"“{topic.title}”已经有了结论，不能再归类。")
        if topic.class_topic_id is not None:
            raise Conflict(f"“{topic.title}”已经归在别的一类事里。")
    return list(found.values())


def _common_area(session: Session, matters: Sequence[Topic]) -> Area:
    """The smallest area that holds them all."""
    paths = list(session.scalars(select(Area.path).where(Area.id.in_({topic.area_id for topic in matters}))))
    lines = [path.strip("/").split("/") for path in paths]
    shared = 0
    while all(len(line) > shared and line[shared] == lines[0][shared] for line in lines):
        shared += 1
    return session.get_one(Area, int(lines[0][shared - 1]))


def _gather(session: Session, new: Topic, matters: Sequence[Topic], *, actor: Actor, at: datetime) -> None:
    for matter in matters:
        matter.class_topic_id = new.id
        _note(session, "topic.join_class", matter, new, actor=actor, at=at)
    recount(session, {new.id, *(matter.id for matter in matters)}, at=at)
    outdate_for(session, {matter.id for matter in matters}, at=at)


def _note(session: Session, action: str, matter: Topic, of: Topic, *, actor: Actor, at: datetime) -> None:
    record(
        session,
        actor=actor,
        district_id=matter.district_id,
        action=action,
        noun="topic",
        entity_id=matter.id,
        at=at,
        class_topic=of.id,
    )

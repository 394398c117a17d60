"""并题: members put two candidates that are one matter together, and take that back while it still is a candidate; staff merge when they screen
(`topic_screen`), by the same steps.
"""

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.topic import TOPIC_TABLE, TopicAction, TopicKind, TopicState
from intake.domain.triage_model import ExampleKind
from intake.models import Area, Contributor, Decision, HistoryEntry, Topic
from intake.services.contribution import recount
from intake.services.topic_decision import Screening, lock_topic, lock_topics, tell, with_merged, words_of, written
from intake.services.topic_proposal import outdate_for
from intake.services.training_example import forget, learn_pair, standing_in
from intake.services.transition import move

MERGE_WORDS = "与另一议题是同一件事，合并办理。"
STAND_ALONE_WORDS = "再看不是同一件事，仍分开办理。"
"""Offered where members write to the residents; they may change them."""


def merge_candidates(session: Session, screening: Screening, *, target_topic_id: int | None, words: str) -> Topic:
    """The candidate's voices go over to another candidate, which is returned; everyone behind the first reads the words.

    Raises InvalidInput (field `target` or `words`), NotFound, Forbidden where one of the two lies outside the actor's areas, Conflict when
    somebody was faster or one of them is no candidate any more.
    """
    words = words_of(words)
    if target_topic_id is None:
        raise InvalidInput("请先选与哪个议题是一件事。", field="target")
    if target_topic_id == screening.topic_id:
        raise InvalidInput("不能并入自己，请选另一个议题。", field="target")
    survivor = lock_topics(session, [*with_merged(session, [screening.topic_id]), target_topic_id]).get(target_topic_id)
    topic, path = lock_topic(session, screening)
    if survivor is None or survivor.district_id != screening.actor.district_id:
        raise NotFound("没有要并入的那个议题。")
    _require_candidates(session, screening, topic, survivor)
    decision = written(session, screening, topic, TopicAction.MERGE, words=words, target=survivor)
    move(session, topic, TopicAction.MERGE, actor=screening.actor, at=screening.at, area_path=path, decision=decision, topic=survivor)
    tell(session, decision, topic, at=screening.at)
    learn_merge(session, topic, survivor, decision)
    follow(session, topic, survivor, decision)
    outdate_for(session, {topic.id, survivor.id}, at=screening.at)
    return survivor


def stand_alone(session: Session, screening: Screening, *, words: str) -> None:
    """Take back a merge of candidates: the voices that came from this topic return to it, and it is a candidate again.

    Raises NotFound for a topic that isn't merged, Conflict once the survivor went to screening, or when staff merged it there.
    """

    def refuse(topic: Topic, survivor: Topic) -> None:
        if survivor.state is not TopicState.CANDIDATE or not was_candidate(session, topic.id):
            raise Conflict(f"“{survivor.title}”已经提交筛选，不能再撤销合并。需要的话请联系区政协工作人员。")

    take_back(session, screening, TopicAction.STAND_ALONE, words=words, refuse=refuse)


def take_back(session: Session, screening: Screening, action: TopicAction, *, words: str, refuse: Callable[[Topic, Topic], None]) -> None:
    """Undo a merge by `action`: the voices that came from the topic return to it and are told the words.

    `refuse(topic, survivor)` raises when it is too late. Raises NotFound for a topic that isn't merged, Conflict when somebody was faster.
    """
    words = words_of(words)
    topic = session.get(Topic, screening.topic_id)
    if topic is None or topic.merged_into_id is None:
        raise NotFound("这个议题没有合并过。")
    lock_topics(session, with_merged(session, [topic.merged_into_id]))
    topic, path = lock_topic(session, screening)
    if topic.merged_into_id is None:
        raise Conflict("这次合并刚刚撤销过。")
    survivor = session.get_one(Topic, topic.merged_into_id, populate_existing=True)
    refuse(topic, survivor)
    decision = written(session, screening, topic, action, words=words)
    move(session, topic, action, actor=screening.actor, at=screening.at, area_path=path, decision=decision)
    come_back(session, topic, survivor, screening)
    tell(session, decision, topic, at=screening.at)


def was_candidate(session: Session, topic_id: int) -> bool:
    """Whether a merged topic was a candidate until then."""
    last = (
        select(HistoryEntry.from_state)
        .where(HistoryEntry.noun == TOPIC_TABLE.noun, HistoryEntry.entity_id == topic_id, HistoryEntry.action == TopicAction.MERGE.value)
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )
    return session.scalar(last) == TopicState.CANDIDATE.value


def follow(session: Session, topic: Topic, survivor: Topic, decision: Decision) -> None:
    """The contributors go over to the survivor, and so does the place in a class where the survivor has none. Both are locked."""
    topic.merged_into_id = survivor.id
    # Topics merged earlier into this one are now behind the survivor; who came by them stays known by the first topic, so that each link
    # of a chain can be taken back.
    behind = session.scalars(select(Topic).where(Topic.merged_into_id == topic.id)).all()
    for earlier in behind:
        earlier.merged_into_id = survivor.id
    links = {earlier.id for earlier in behind}
    # Who was split off from this topic into the survivor is at home there, and doesn't come along when the merge is taken back.
    session.execute(
        update(Contributor).where(Contributor.topic_id == survivor.id, Contributor.via_topic_id == topic.id).values(via_topic_id=None)
    )
    for contributor in session.scalars(
        select(Contributor).where(Contributor.topic_id == topic.id, Contributor.status != ContributorStatus.REMOVED)
    ):
        via = contributor.via_topic_id
        contributor.topic_id, contributor.via_topic_id = survivor.id, via if via in links else topic.id
    if survivor.class_topic_id is None:
        survivor.class_topic_id = topic.class_topic_id
    recount(session, {topic.id, survivor.id}, at=decision.decided_at)


def come_back(session: Session, topic: Topic, survivor: Topic, screening: Screening) -> None:
    """The contributors that came from `topic` return to it, and with them what had been merged into it before; what was learnt of the merge is
    forgotten. All that is merged into the survivor is locked.
    """
    topic.merged_into_id = None
    came_with = _came_with(session, topic, survivor)
    for earlier in came_with:
        earlier.merged_into_id = topic.id
    vias = {topic.id, *(earlier.id for earlier in came_with)}
    for contributor in session.scalars(
        select(Contributor).where(
            Contributor.topic_id == survivor.id, Contributor.via_topic_id.in_(vias), Contributor.status != ContributorStatus.REMOVED
        )
    ):
        via = contributor.via_topic_id
        contributor.topic_id, contributor.via_topic_id = topic.id, via if via != topic.id else None
    recount(session, {topic.id, survivor.id}, at=screening.at)
    merged = select(Decision.decided_at).where(Decision.topic_id == topic.id, Decision.action == TopicAction.MERGE.value)
    decided_at = session.scalar(merged.order_by(Decision.id.desc()).limit(1))
    if decided_at is not None:
        forget(session, decided_at=decided_at, at=screening.at, topic_id=topic.id)
    outdate_for(session, {topic.id, survivor.id}, at=screening.at)


def _came_with(session: Session, topic: Topic, survivor: Topic) -> list[Topic]:
    """Topics behind the survivor that a person had merged into `topic`, or into one of these, before it was merged itself."""
    last = (
        select(Decision.target_topic_id)
        .where(Decision.topic_id == Topic.id, Decision.action == TopicAction.MERGE.value)
        .order_by(Decision.id.desc())
        .limit(1)
        .correlate(Topic)
        .scalar_subquery()
    )
    behind = [(earlier, into) for earlier, into in session.execute(select(Topic, last).where(Topic.merged_into_id == survivor.id))]
    found: dict[int, Topic] = {}
    while more := [earlier for earlier, into in behind if earlier.id not in found and (into == topic.id or into in found)]:
        found |= {earlier.id: earlier for earlier in more}
    return list(found.values())


def learn_merge(session: Session, topic: Topic, survivor: Topic, decision: Decision) -> None:
    """The two are the same matter, says a person; asked before the contributors have gone over."""
    one, other = standing_in(session, topic.id), standing_in(session, survivor.id)
    if one is not None and other is not None:
        learn_pair(session, ExampleKind.SAME, one=one, other=other, topic_id=topic.id, by=decision.decided_by, at=decision.decided_at)


def _require_candidates(session: Session, screening: Screening, *topics: Topic) -> None:
    for topic in topics:
        if not screening.actor.may(Permission.TOPIC_MERGE, area_path=session.get_one(Area, topic.area_id).path):
            raise Forbidden(f"“{topic.title}”不在您联系的社区，不能一起合并。")
        if topic.kind is TopicKind.CLASS:
            raise InvalidInput("一类事不能合并，请选一件具体的议题。", field="target")
        if topic.state is not TopicState.CANDIDATE:
            raise Conflict(f"“{topic.title}”已经提交或处理过，不能在这里合并。请联系区政协工作人员。")

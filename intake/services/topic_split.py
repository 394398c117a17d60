"""One topic that holds two matters becomes two; and back again."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.submission import URGENCIES, Urgency
from intake.domain.topic import SPLITTABLE, TopicAction, TopicKind, TopicState
from intake.domain.triage_model import ExampleKind
from intake.models import Contributor, Decision, Submission, Topic
from intake.services.contribution import recount, remove
from intake.services.topic_decision import Screening, lock_topic, lock_topics, tell, words_of, written
from intake.services.topic_open import open_candidate
from intake.services.topic_proposal import outdate_for
from intake.services.training_example import forget, learn_pair, standing_in
from intake.services.transition import move

SPLIT_WORDS = "议题里其实是两件事，分开办理，进展会分别告诉您。"
UNSPLIT_WORDS = "再看还是一件事，合在一起办理。"
"""Offered where staff write to the residents; they may change them."""


def split(session: Session, screening: Screening, *, submission_ids: Collection[int], title: str, words: str) -> Topic:
    """The named submissions leave together for a new candidate topic, confirmed or suggested as they were; returns it.

    Everyone behind the topic reads the words. Raises Conflict when the topic has changed, or when one of them isn't in it any more;
    InvalidInput (field `submissions`, `title` or `words`) when none or all would leave, or something isn't written.
    """
    words = words_of(words)
    topic, path = lock_topic(session, screening)
    if topic.kind is TopicKind.CLASS:
        raise InvalidInput("一类事里没有来件，请在它的某一件事里分出。")
    leaving = _leaving(session, topic, set(submission_ids))
    first = session.get_one(Submission, min(leaving, key=lambda one: one.submission_id).submission_id)
    new = open_candidate(session, submission=first, title=title, actor=screening.actor, at=screening.at)
    decision = written(session, screening, topic, TopicAction.SPLIT, words=words, target=new)
    move(session, topic, TopicAction.SPLIT, actor=screening.actor, at=screening.at, area_path=path, decision=decision, topic=new)
    tell(session, decision, topic, at=screening.at)
    for contributor in leaving:
        _carry(session, contributor, topic_id=new.id, via_topic_id=topic.id, screening=screening)
    recount(session, {topic.id, new.id}, at=screening.at)
    new.urgency = _most_urgent(session, leaving)
    _learn(session, topic, new, screening)
    outdate_for(session, {topic.id}, at=screening.at)
    return new


def unsplit(session: Session, screening: Screening, *, words: str) -> Topic:
    """What was split off into `screening.topic_id` and is still there returns to where it came from, which is returned.

    What joined it since stays; with nothing left it dissolves. Conflict once the new topic went to screening, or when the old one can't
    take anybody back.
    """
    words = words_of(words)
    made = session.scalars(
        select(Decision)
        .where(Decision.target_topic_id == screening.topic_id, Decision.action == TopicAction.SPLIT.value)
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()
    if made is None or made.topic_id is None:
        raise NotFound("这个议题不是分出来的。")
    lock_topics(session, [screening.topic_id, made.topic_id])
    new, _ = lock_topic(session, screening)
    source = session.get_one(Topic, made.topic_id)
    if new.state is not TopicState.CANDIDATE:
        raise Conflict("分出的议题已经提交或处理过，不能直接撤销。可以把它并回原来的议题。")
    if source.state not in SPLITTABLE:
        raise Conflict(f"原来的议题“{source.title}”已经有了结论，不能再并回去。")
    back = Screening(actor=screening.actor, topic_id=source.id, version=source.version, at=screening.at)
    _, path = lock_topic(session, back)
    left = {former.submission_id: former for former in _split_off(session, source, made)}
    returning = [one for one in _live(session, new) if one.submission_id in left]
    if not returning:
        raise Conflict("分出去的来件已经不在这个议题里，没有可以撤销的。")
    decision = written(session, back, source, TopicAction.UNSPLIT, words=words, target=new)
    move(session, source, TopicAction.UNSPLIT, actor=screening.actor, at=screening.at, area_path=path, decision=decision, topic=new)
    tell(session, decision, source, new, at=screening.at)
    for contributor in returning:
        via = left[contributor.submission_id].via_topic_id
        _carry(session, contributor, topic_id=source.id, via_topic_id=_still_merged(session, via, source), screening=screening)
    recount(session, {source.id, new.id}, at=screening.at)
    forget(session, decided_at=made.decided_at, at=screening.at, topic_id=source.id)
    outdate_for(session, {source.id, new.id}, at=screening.at)
    return source


def _leaving(session: Session, topic: Topic, ids: set[int]) -> list[Contributor]:
    if not ids:
        raise InvalidInput("请先选要分出去的来件。", field="submissions")
    live = _live(session, topic)
    leaving = [one for one in live if one.submission_id in ids]
    if len(leaving) != len(ids):
        raise Conflict("选中的来件里有的已经不在这个议题。请看看现在的情况，重新选。")
    if len(leaving) == len(live):
        raise InvalidInput("不能全部分出去，请至少留下一件。", field="submissions")
    return leaving


def _live(session: Session, topic: Topic) -> Sequence[Contributor]:
    return session.scalars(
        select(Contributor)
        .where(Contributor.topic_id == topic.id, Contributor.status != ContributorStatus.REMOVED)
        .order_by(Contributor.submission_id)
        .execution_options(populate_existing=True)
    ).all()


def _split_off(session: Session, source: Topic, made: Decision) -> Sequence[Contributor]:
    """The rows that were closed in the source when it was split."""
    return session.scalars(
        select(Contributor).where(
            Contributor.topic_id == source.id,
            Contributor.status == ContributorStatus.REMOVED,
            Contributor.decided_at == made.decided_at,
        )
    ).all()


def _carry(session: Session, contributor: Contributor, *, topic_id: int, via_topic_id: int | None, screening: Screening) -> None:
    """Close the row where it was and open one where it goes, with the same evidence and the same confirmation."""
    moved = Contributor(
        district_id=contributor.district_id,
        topic_id=topic_id,
        submission_id=contributor.submission_id,
        via_topic_id=via_topic_id,
        status=contributor.status,
        score=contributor.score,
        reasons=contributor.reasons,
        model_version=contributor.model_version,
        sentence_start=contributor.sentence_start,
        sentence_end=contributor.sentence_end,
        decided_by=contributor.decided_by,
        created_at=screening.at,
        decided_at=contributor.decided_at,
    )
    remove(contributor, by=screening.actor.user_id, at=screening.at)
    session.flush()
    session.add(moved)


def _still_merged(session: Session, via_topic_id: int | None, source: Topic) -> int | None:
    """Where it had come from by a merge, while that merge stands."""
    via = session.get(Topic, via_topic_id) if via_topic_id is not None else None
    return via.id if via is not None and via.merged_into_id == source.id else None


def _most_urgent(session: Session, contributors: Sequence[Contributor]) -> Urgency:
    ids = [one.submission_id for one in contributors]
    return max(session.scalars(select(Submission.urgency).where(Submission.id.in_(ids))), key=URGENCIES.index)


def _learn(session: Session, topic: Topic, new: Topic, screening: Screening) -> None:
    one, other = standing_in(session, topic.id), standing_in(session, new.id)
    assert one is not None, "not all may leave"
    assert other is not None, "somebody left"
    assert screening.actor.user_id is not None
    learn_pair(session, ExampleKind.DIFFERENT, one=other, other=one, topic_id=topic.id, by=screening.actor.user_id, at=screening.at)

"""一起筛选: one decision with one reason on several topics, each through the same service as if it had been pressed alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.domain.topic import TopicAction
from intake.models import Area, ScreeningDraft, ScreeningRound, Topic
from intake.services.screening_round import draft, lock_open
from intake.services.topic_decision import lock_topics, words_of
from intake.services.topic_screen import Screening, screen, take_up

TOGETHER = (TopicAction.TAKE_UP, TopicAction.APPROVE, TopicAction.RETURN, TopicAction.REJECT)
"""What may be decided on several at once; merging and referring need a choice for each."""
AT_ONCE = 30
CHANGED = "刚刚有人处理过，请打开看看现在的情况。"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A topic nothing was done to, and why."""

    topic_id: int
    title: str
    """Empty where it isn't the actor's to see."""
    why: str


@dataclass(frozen=True, slots=True)
class Together:
    """What became of several at one press."""

    done: tuple[int, ...]
    left_out: tuple[LeftOut, ...]
    round_id: int | None = None
    """Of the round that the decisions wait in; None where they were made."""
    round_name: str = ""


def screen_together(
    session: Session,
    *,
    actor: Actor,
    chosen: Sequence[tuple[int, int]],
    action: TopicAction,
    words: str,
    workflow: Workflow,
    at: datetime,
    round_id: int | None = None,
) -> Together:
    """Decide on each of `chosen` (id and the version on the screen), now or as drafts of a round; what changed meanwhile, or was decided and
    waits, is left out and named.

    Raises InvalidInput (field `pick`) for none or more than AT_ONCE, (field `action`) for what isn't decided together, (field `words`)
    where a reason is needed and missing, (field `round`) for what no round holds; NotFound and Conflict as `lock_open` of the round.
    """
    if not chosen:
        raise InvalidInput("一个也没有勾选。请先勾选议题。", field="pick")
    if len(chosen) > AT_ONCE:
        raise InvalidInput(f"一次最多 {AT_ONCE} 个，请分几次处理。", field="pick")
    if action not in TOGETHER:
        raise InvalidInput("请先选怎么处理。", field="action")
    if action is not TopicAction.TAKE_UP:
        words = words_of(words)
    elif round_id is not None:
        raise InvalidInput("提请筛选当场就办，居民读不到什么，不放进集中公布。请选“现在”。", field="round")
    held = lock_open(session, actor, round_id, at=at) if round_id is not None else None
    topics = lock_topics(session, _with_classes(session, [topic_id for topic_id, _ in chosen]))
    waiting = _waiting(session, topics) if held is None else {}
    done, left_out = [], []
    for topic_id, version in sorted(chosen):
        if topic_id in topics and topics[topic_id].version != version:
            left_out.append(LeftOut(topic_id, _title(session, topics[topic_id], actor), CHANGED))
            continue
        screening = Screening(actor=actor, topic_id=topic_id, version=version, at=at)
        try:
            with session.begin_nested():
                if name := waiting.get(topic_id):
                    raise Conflict(f"这个议题已经有一个决定等着在“{name}”公布。要改，请到那一轮里改话或者收回。")
                _decide(session, screening, action, words=words, workflow=workflow, round_id=round_id)
        except InvalidInput:
            raise  # the reason itself: too long for one is too long for all
        except DomainError as error:
            left_out.append(LeftOut(topic_id, _title(session, topics.get(topic_id), actor), error.message))
        else:
            done.append(topic_id)
    return Together(tuple(done), tuple(left_out), round_id, held.name if held is not None else "")


def _with_classes(session: Session, topic_ids: Sequence[int]) -> list[int]:
    """The topics and the classes they belong to, which are counted anew with them: locked together, two who press can't wait for each other."""
    classes = select(Topic.class_topic_id).where(Topic.id.in_(topic_ids), Topic.class_topic_id.is_not(None))
    return [*topic_ids, *(one for one in session.scalars(classes) if one is not None)]


def _waiting(session: Session, topics: Mapping[int, Topic]) -> dict[int, str]:
    """The round that each of them waits in with a decision that still holds; this one would undo it unseen."""
    rows = session.execute(
        select(ScreeningDraft.topic_id, ScreeningDraft.topic_version, ScreeningRound.name)
        .join(ScreeningRound, ScreeningRound.id == ScreeningDraft.round_id)
        .where(ScreeningDraft.topic_id.in_(topics), ScreeningDraft.ended_at.is_(None))
    )
    return {topic_id: name for topic_id, version, name in rows if version == topics[topic_id].version}


def _decide(session: Session, screening: Screening, action: TopicAction, *, words: str, workflow: Workflow, round_id: int | None) -> None:
    if action is TopicAction.TAKE_UP:
        take_up(session, screening)
    elif round_id is not None:
        draft(session, screening, action, round_id=round_id, words=words, target_topic_id=None, office_id=None)
    else:
        screen(session, screening, action, words=words, workflow=workflow)


def _title(session: Session, topic: Topic | None, actor: Actor) -> str:
    if topic is None or topic.district_id != actor.district_id:
        return ""
    reached = actor.may(Permission.SCREEN_VIEW, area_path=session.get_one(Area, topic.area_id).path)
    return topic.title if reached else ""

"""议题库: what stays there for another time, what leaves it, and what is put together; one topic or several."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, DomainError, InvalidInput
from intake.domain.receipt import SHANGHAI
from intake.domain.topic import TopicAction, TopicKind, TopicState
from intake.domain.transition import label
from intake.models import Topic
from intake.services.appeal import refuse_own_rejection
from intake.services.outcome import report_back
from intake.services.topic_decision import Screening, lock_topic, lock_topics, require_told, tell, with_merged, words_of, written
from intake.services.topic_proposal import outdate_for
from intake.services.topic_screen import drop_suggestions, screen
from intake.services.transition import move

TOGETHER_MOST = 60
"""Topics in one go."""
COMPARE_FEWEST, COMPARE_MOST = 2, 4

Act = Callable[[Session, Screening], None]


@dataclass(frozen=True, slots=True)
class Refused:
    """One topic that was left as it is, and why."""

    topic_id: int
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Together:
    """What came of an act on several topics."""

    done: int
    refused: tuple[Refused, ...]


def keep(session: Session, screening: Screening, *, words: str, look_again_on: date | None) -> None:
    """It stays in the pool, with the reason for colleagues alone; `look_again_on` is a day in Shanghai, None where nobody named one.

    Raises InvalidInput (field `words` or `look_again_on`), Conflict when somebody was faster or it isn't in the pool.
    """
    if not words.strip():
        raise InvalidInput("请写明为什么留在库里，同事会看到。", field="words")
    if look_again_on is not None and look_again_on <= screening.at.astimezone(SHANGHAI).date():
        raise InvalidInput("再看的日子请选今天以后的一天，或者空着。", field="look_again_on")
    topic, path = lock_topic(session, screening)
    decision = written(session, screening, topic, TopicAction.KEEP, words=words)
    move(session, topic, TopicAction.KEEP, actor=screening.actor, at=screening.at, area_path=path, decision=decision)
    topic.look_again_on = look_again_on
    session.flush()


def drop(session: Session, screening: Screening, *, words: str, told_planned: Collection[int]) -> None:
    """It leaves the pool without being taken further; everyone behind it is reported back with the reason, and may ask for another look.

    Of a class, everyone behind its matters is told, and their own matters go on. `told_planned` are the topics of which the person was told
    that they stand in a plan. Raises InvalidInput (field `words`), Conflict when somebody was faster, it isn't in the pool, or it stands in
    a plan and nobody was told, Forbidden for who turned it down before an appeal.
    """
    text = words_of(words)
    topic, path = lock_topic(session, screening)
    refuse_own_rejection(session, topic, screening.actor)
    decision = written(session, screening, topic, TopicAction.DROP, words=text)
    about = topic if topic.kind is TopicKind.CLASS else None
    move(session, topic, TopicAction.DROP, actor=screening.actor, at=screening.at, area_path=path, decision=decision, topic=about)
    require_told(session, screening, told_planned)
    topic.look_again_on = None
    if topic.kind is TopicKind.MATTER:
        report_back(session, topic, decision, referral_id=None, at=screening.at)
    tell(session, decision, topic, at=screening.at)
    if topic.kind is TopicKind.MATTER:
        drop_suggestions(session, topic, decision, at=screening.at)
        outdate_for(session, {topic.id}, at=screening.at)


def merge_into(session: Session, screening: Screening, *, target_topic_id: int | None, words: str, told_planned: Collection[int]) -> None:
    """One in the pool goes into another topic, as `screen` merges; Conflict for one that isn't in the pool, or that stands in a plan as `drop`."""
    topic = session.get(Topic, screening.topic_id)
    mine = topic is not None and topic.district_id == screening.actor.district_id
    if topic is not None and mine and topic.state is not TopicState.POOLED:
        raise Conflict(f"现在是“{label(topic.state)}”，不在议题库里，不能在这里合并。")
    screen(session, screening, TopicAction.MERGE, words=words, target_topic_id=target_topic_id, told_planned=told_planned)


def together(session: Session, screenings: Sequence[Screening], act: Act, *, besides: Collection[int] = ()) -> Together:
    """Do `act` to each in a savepoint of its own: what can't be done stays as it is and is named with the reason; the rest is done.

    `besides` are further topics that `act` locks. InvalidInput for none and for more than TOGETHER_MOST; what is wrong with the words, the day
    or the target is raised for all of them.
    """
    if not screenings:
        raise InvalidInput("请先勾选议题。", field="topic")
    if len(screenings) > TOGETHER_MOST:
        raise InvalidInput(f"一次最多选 {TOGETHER_MOST} 个议题。", field="topic")
    ids = [*(one.topic_id for one in screenings), *besides]
    locked = lock_topics(session, with_merged(session, ids))
    refused: list[Refused] = []
    for screening in screenings:
        try:
            with session.begin_nested():
                act(session, screening)
                session.flush()
        except InvalidInput:
            raise
        except DomainError as error:
            topic = locked.get(screening.topic_id)
            mine = topic is not None and topic.district_id == screening.actor.district_id
            refused.append(Refused(screening.topic_id, topic.title if topic is not None and mine else "", error.message))
    return Together(len(screenings) - len(refused), tuple(refused))

"""集中公布: a round of screening decisions that become known together; until then each is a draft that nobody but staff knows."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.screening import RoundAction, RoundState
from intake.domain.text import clean_line
from intake.domain.topic import TopicAction
from intake.models import Area, ScreeningDraft, ScreeningRound, Topic
from intake.ports import Wake
from intake.queries.screening_round import waiting_draft
from intake.services.audit import record
from intake.services.topic_decision import Screening, lock_topic, require_screening, words_of
from intake.services.topic_screen import screen
from intake.services.transition import begin, move
from intake.services.wake import wake_after_commit

NAME_MAX = 40
ROUND_MOST = 200
"""Decisions that one round holds."""
OPEN_MOST = 60
"""Rounds of a district that wait for their day: each of them is offered where something is decided."""
CHANGED = "公布之前，这个议题已经有了变化，这个决定没有作出。请打开议题，看过现在的情况再决定。"
"""What stays with a draft whose topic moved on meanwhile."""


class _TriedOut(Exception):
    """It could be done: the savepoint ends with nothing kept."""


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What staff write; `publish_at` is None where no day or hour could be read."""

    name: str
    publish_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rounding:
    """What every act on a stored round carries; `version` is the one on the person's screen."""

    actor: Actor
    round_id: int
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Drafting:
    """What every act on a stored draft carries; `version` is the draft's on the person's screen."""

    actor: Actor
    draft_id: int
    version: int
    at: datetime


def create_round(session: Session, facts: RoundFacts, *, actor: Actor, at: datetime) -> ScreeningRound:
    """An open round of the actor's district.

    Raises InvalidInput (field `name` or `day`), Forbidden for who doesn't screen the whole district, Conflict where an open round has that
    name and moment: it was sent twice, or where more wait for their day than can be offered.
    """
    assert actor.user_id is not None
    assert actor.district_id is not None
    require(actor, Permission.SCREEN_DECIDE, area_path=_district_path(session, actor.district_id))
    name, publish_at = _name(facts), _moment(facts, at=at)
    _require_new(session, actor.district_id, name, publish_at)
    new = ScreeningRound(
        district_id=actor.district_id,
        name=name,
        publish_at=publish_at,
        created_by=actor.user_id,
        created_at=at,
        version=1,
    )
    begin(session, new, actor=actor, at=at)
    _note(session, new, actor=actor, act="create", at=at)
    return new


def change_round(session: Session, rounding: Rounding, facts: RoundFacts) -> None:
    """Another name or moment, while it is open; raises what `create_round` raises, and Conflict when somebody was faster."""
    found = _lock_mine(session, rounding)
    found.name, found.publish_at = _name(facts), _moment(facts, at=rounding.at)
    found.version += 1
    _note(session, found, actor=rounding.actor, act="change", at=rounding.at)
    session.flush()


def publish_now(session: Session, rounding: Rounding) -> None:
    """Its moment is now: a worker publishes it within seconds. InvalidInput while it holds no decision."""
    found = _lock_mine(session, rounding)
    if not _waiting(session, found.id):
        raise InvalidInput("这一轮里还没有决定，没有可以公布的。")
    found.publish_at = rounding.at
    found.version += 1
    _note(session, found, actor=rounding.actor, act="publish_now", at=rounding.at)
    wake_after_commit(session, Wake.ROUNDS)
    session.flush()


def cancel_round(session: Session, rounding: Rounding) -> None:
    """Nothing of it becomes known; its topics wait for a decision as before."""
    found = _lock_mine(session, rounding)
    for waiting in _waiting(session, found.id):
        _end(waiting, at=rounding.at)
    path = _district_path(session, found.district_id)
    move(session, found, RoundAction.CANCEL, actor=rounding.actor, at=rounding.at, area_path=path)
    _note(session, found, actor=rounding.actor, act="cancel", at=rounding.at)
    session.flush()


def draft(
    session: Session,
    screening: Screening,
    action: TopicAction,
    *,
    round_id: int,
    words: str,
    target_topic_id: int | None,
    office_id: int | None,
) -> ScreeningDraft:
    """Keep a screening decision for the round instead of making it; what `screen` would refuse is refused now.

    Sent twice it is one. Raises what `screen` raises, NotFound for another district's round, Conflict when the round isn't open any more or
    another decision on the topic waits already, naming its round, and for a merger that would come back to the topic by others that wait.
    """
    # Rounds are locked before topics, here and where they are published.
    holding = lock_open(session, screening.actor, round_id, at=screening.at)
    if action is TopicAction.MERGE:  # of two that would make a ring together, the second sees the first
        session.execute(sql("SELECT pg_advisory_xact_lock(7210440, :district)"), {"district": holding.district_id % 2_147_483_647})
    text = words_of(words)
    _try_out(session, screening, action, words=text, target_topic_id=target_topic_id, office_id=office_id)
    topic, _ = lock_topic(session, screening)
    earlier = _earlier(session, topic, at=screening.at)
    if earlier is not None:
        asked = (action.value, round_id, text, _target(action, target_topic_id), _office(action, office_id))
        if earlier.decided_by == screening.actor.user_id and asked == _says(earlier):
            return earlier
        name = session.get_one(ScreeningRound, earlier.round_id).name
        raise Conflict(f"这个议题已经有一个决定等着在“{name}”公布。要改，请到那一轮里改话或者收回。")
    if action is TopicAction.MERGE and target_topic_id is not None:
        _refuse_ring(session, topic, target_topic_id)
    if len(_waiting(session, round_id)) >= ROUND_MOST:
        raise Conflict(f"一轮最多放 {ROUND_MOST} 个决定，请另建一轮。")
    assert screening.actor.user_id is not None
    new = ScreeningDraft(
        district_id=holding.district_id,
        round_id=holding.id,
        topic_id=screening.topic_id,
        topic_version=screening.version,
        action=action.value,
        words=text,
        target_topic_id=_target(action, target_topic_id),
        office_id=_office(action, office_id),
        decided_by=screening.actor.user_id,
        decided_at=screening.at,
        version=1,
    )
    session.add(new)
    session.flush()
    _note_draft(session, new, actor=screening.actor, act="draft", at=screening.at)
    return new


def change_words(session: Session, drafting: Drafting, *, words: str) -> ScreeningDraft:
    """Other words for the residents; who writes them answers for the decision. Raises what `draft` raises."""
    found = _lock_draft(session, drafting)
    text = words_of(words)
    screening = Screening(actor=drafting.actor, topic_id=found.topic_id, version=found.topic_version, at=drafting.at)
    action, target, office = TopicAction(found.action), found.target_topic_id, found.office_id
    if session.get_one(Topic, found.topic_id).version != found.topic_version:
        raise Conflict("这个议题已经有了变化，到时候公布不了。请收回这个决定，打开议题重新决定。")
    _try_out(session, screening, action, words=text, target_topic_id=target, office_id=office)
    assert drafting.actor.user_id is not None
    found.words, found.decided_by, found.decided_at = text, drafting.actor.user_id, drafting.at
    found.version += 1
    _note_draft(session, found, actor=drafting.actor, act="change", at=drafting.at)
    session.flush()
    return found


def take_draft_back(session: Session, drafting: Drafting) -> ScreeningDraft:
    """The topic waits for a decision as before; nobody is told, since nobody knew."""
    found = _lock_draft(session, drafting)
    _end(found, at=drafting.at)
    _note_draft(session, found, actor=drafting.actor, act="take_back", at=drafting.at)
    session.flush()
    return found


def _try_out(
    session: Session, screening: Screening, action: TopicAction, *, words: str, target_topic_id: int | None, office_id: int | None
) -> None:
    """Make the decision and take it back at once, so that whatever would refuse it on the day refuses it now, in the same words.

    What it locked is free again with the savepoint, so that it keeps the order of locks whatever it needed.
    """
    with suppress(_TriedOut), session.begin_nested():
        screen(session, screening, action, words=words, target_topic_id=target_topic_id, office_id=office_id)
        session.flush()
        raise _TriedOut


def _earlier(session: Session, topic: Topic, *, at: datetime) -> ScreeningDraft | None:
    """The decision that waits for the topic; one that was overtaken makes room, with the reason."""
    waiting = waiting_draft(session, topic.id)
    if waiting is None or waiting.topic_version == topic.version:
        return waiting
    _end(waiting, at=at, problem=CHANGED)
    session.flush()
    return None


def _refuse_ring(session: Session, topic: Topic, target_topic_id: int) -> None:
    """Conflict where the target, by the mergers that wait, would end in the topic itself; those that were overtaken lead nowhere."""
    into, round_name = _merger_of(session, target_topic_id)
    after, seen = into, {target_topic_id}
    while after is not None and after != topic.id and after not in seen:
        seen.add(after)
        after, _ = _merger_of(session, after)
    if after == topic.id:
        title = session.get_one(Topic, target_topic_id).title
        raise Conflict(
            f"“{title}”已经决定并入别的议题，等着在“{round_name}”公布，最后又会并回这个议题。请先到那一轮收回那个决定，或者另选一个议题并入。"
        )


def _merger_of(session: Session, topic_id: int) -> tuple[int | None, str]:
    """What the topic is to be merged into by a draft that waits, and the name of its round."""
    row = session.execute(
        select(ScreeningDraft.target_topic_id, ScreeningRound.name)
        .join(ScreeningRound, ScreeningRound.id == ScreeningDraft.round_id)
        .join(Topic, Topic.id == ScreeningDraft.topic_id)
        .where(
            ScreeningDraft.topic_id == topic_id,
            ScreeningDraft.ended_at.is_(None),
            ScreeningDraft.target_topic_id.is_not(None),
            ScreeningDraft.topic_version == Topic.version,
        )
    ).one_or_none()
    return (row.target_topic_id, row.name) if row is not None else (None, "")


def _says(earlier: ScreeningDraft) -> tuple[str, int, str, int | None, int | None]:
    return (earlier.action, earlier.round_id, earlier.words, earlier.target_topic_id, earlier.office_id)


def _target(action: TopicAction, topic_id: int | None) -> int | None:
    return topic_id if action is TopicAction.MERGE else None


def _office(action: TopicAction, office_id: int | None) -> int | None:
    return office_id if action is TopicAction.REFER else None


def _end(waiting: ScreeningDraft, *, at: datetime, problem: str = "") -> None:
    waiting.ended_at, waiting.problem = at, problem
    waiting.version += 1


def _waiting(session: Session, round_id: int) -> list[ScreeningDraft]:
    query = select(ScreeningDraft).where(ScreeningDraft.round_id == round_id, ScreeningDraft.ended_at.is_(None))
    return list(session.scalars(query.order_by(ScreeningDraft.id).execution_options(populate_existing=True)))


def lock_open(session: Session, actor: Actor, round_id: int, *, at: datetime) -> ScreeningRound:
    """The round, held until the transaction ends; whoever holds topics, too, holds it first.

    Raises NotFound for another district's, Conflict once it was published or cancelled or its moment has come.
    """
    found = session.scalars(
        select(ScreeningRound).where(ScreeningRound.id == round_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found.district_id != actor.district_id:
        raise NotFound("没有这一轮，或者不在您的区。")
    if found.state is RoundState.PUBLISHED:
        raise Conflict("这一轮已经公布，不能再改。请另选一轮，或者现在就公布。")
    if found.state is RoundState.CANCELLED:
        raise Conflict("这一轮已经取消。请另选一轮，或者现在就公布。")
    if found.publish_at <= at:
        raise Conflict("这一轮到时间了，正在公布，不能再改。请稍等，看公布的结果。")
    return found


def _lock_mine(session: Session, rounding: Rounding) -> ScreeningRound:
    found = lock_open(session, rounding.actor, rounding.round_id, at=rounding.at)
    require(rounding.actor, Permission.SCREEN_DECIDE, area_path=_district_path(session, found.district_id))
    if found.version != rounding.version:
        raise Conflict("这一轮刚刚有人改过。您写的还在，请先看看现在的样子。")
    return found


def _lock_draft(session: Session, drafting: Drafting) -> ScreeningDraft:
    """The draft under its round's lock, which stands for its own; Conflict when it doesn't wait any more or somebody was faster."""
    row = session.get(ScreeningDraft, drafting.draft_id)
    if row is None or row.district_id != drafting.actor.district_id:
        raise NotFound("没有这个决定，或者不在您的区。")
    lock_open(session, drafting.actor, row.round_id, at=drafting.at)
    require_screening(session, drafting.actor, session.get_one(Topic, row.topic_id, populate_existing=True))
    found = session.get_one(ScreeningDraft, drafting.draft_id, populate_existing=True)
    if found.ended_at is not None or found.version != drafting.version:
        raise Conflict("这个决定刚刚有人改过或者收回了。您写的话还在下面，请先看看现在的情况。")
    return found


def _name(facts: RoundFacts) -> str:
    name = clean_line(facts.name, limit=NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请给这一轮起个名字，例如“十一月集中公布”。", field="name")
    return name


def _moment(facts: RoundFacts, *, at: datetime) -> datetime:
    if facts.publish_at is None:
        raise InvalidInput("请选哪天几点公布。", field="day")
    if facts.publish_at <= at:
        raise InvalidInput("公布的时间已经过了，请选一个以后的时间。", field="day")
    return facts.publish_at


def _require_new(session: Session, district_id: int, name: str, publish_at: datetime) -> None:
    """The district's row is the fence: nobody makes the same round meanwhile."""
    session.execute(select(Area.id).where(Area.id == district_id).with_for_update(key_share=True))
    same = select(ScreeningRound.id).where(
        ScreeningRound.district_id == district_id,
        ScreeningRound.state == RoundState.OPEN,
        ScreeningRound.name == name,
        ScreeningRound.publish_at == publish_at,
    )
    if session.scalar(same.limit(1)) is not None:
        raise Conflict("已经有同名、同一时间公布的一轮，可能是提交了两次。请用那一轮，或者换个名字。")
    is_open = ScreeningRound.district_id == district_id, ScreeningRound.state == RoundState.OPEN
    if (session.scalar(select(func.count()).select_from(ScreeningRound).where(*is_open)) or 0) >= OPEN_MOST:
        raise Conflict(f"已经有 {OPEN_MOST} 轮等着公布。请用其中一轮，或者先取消用不上的。")


def _district_path(session: Session, district_id: int) -> str:
    return session.get_one(Area, district_id).path


def _note(session: Session, row: ScreeningRound, *, actor: Actor, act: str, at: datetime) -> None:
    action = f"screening_round.{act}"
    record(session, actor=actor, district_id=row.district_id, action=action, noun="screening_round", entity_id=row.id, at=at)


def _note_draft(session: Session, row: ScreeningDraft, *, actor: Actor, act: str, at: datetime) -> None:
    """Which topic and which round; not what was decided, which nobody but staff may know before the day."""
    record(
        session,
        actor=actor,
        district_id=row.district_id,
        action=f"screening_draft.{act}",
        noun="screening_round",
        entity_id=row.round_id,
        at=at,
        topic=row.topic_id,
    )

"""一起并入: a cluster is put into its topic at one press, each submission with its decision, notice and history like any other."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict, DomainError, InvalidInput, NotFound
from intake.domain.topic import JOINABLE
from intake.models import Contributor, Decision, Submission, Topic
from intake.queries.suggested_together import AT_ONCE, of_one_press
from intake.services.contribution import lock_topics_of, recount
from intake.services.submission_decide import Deciding, put_into, take_back


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of several at one press."""

    topic_id: int
    """Where they stand: the topic that was pressed, or what it was merged into since."""
    done: int
    left_out: tuple[int, ...]
    """Ids of those that changed meanwhile; nothing was done to them."""


def attach_together(
    session: Session, *, actor: Actor, topic_id: int, chosen: Sequence[tuple[int, int]], at: datetime, undo_seconds: int
) -> Batch:
    """Confirm each of `chosen` (id and the version on the screen) in the topic; what somebody else has or changed is left out.

    Pressed twice, the second time finds them there and changes nothing. Raises InvalidInput (field `one`) for none or for more than AT_ONCE,
    NotFound and Conflict for a topic that takes no more.
    """
    if not chosen:
        raise InvalidInput("一件也没有勾选。请勾选说同一件事的来件，再按“勾选的并入议题”。", field="one")
    if len(chosen) > AT_ONCE:
        raise InvalidInput(f"一次最多 {AT_ONCE} 件，请分几次并入。", field="one")
    _lock(session, topic_id, [one for one, _ in chosen])
    topic_id = _open_topic(session, actor, topic_id)
    there = _there_already(session, actor, topic_id, [one for one, _ in chosen])

    def confirm(submission_id: int, version: int) -> set[int]:
        if submission_id in there:
            return set()
        card = Deciding(actor=actor, submission_id=submission_id, version=version, at=at, undo_seconds=undo_seconds)
        return put_into(session, card, topic_id=topic_id)[1]

    return _each(session, topic_id, sorted(chosen), confirm, at=at)


def undo_together(session: Session, *, actor: Actor, topic_id: int, workflow: Workflow, undo_seconds: int, at: datetime) -> Batch:
    """Take the actor's last press on this topic back; what somebody went on with is left out.

    Raises Conflict when it is too late, and says what to do instead.
    """
    topic_id = _standing(session, actor, topic_id).id
    press = select(func.max(Decision.decided_at)).where(
        *of_one_press(actor, topic_id), Decision.decided_at > at - timedelta(seconds=undo_seconds)
    )
    ids = session.scalars(
        select(Decision.submission_id).where(*of_one_press(actor, topic_id), Decision.decided_at == press.scalar_subquery())
    ).all()
    if not ids:
        raise Conflict("超过撤销时间，居民可能已经看到。请在议题里移出，或联系区政协工作人员。")
    chosen = sorted({(one, 0) for one in ids if one is not None})
    _lock(session, topic_id, [one for one, _ in chosen])

    def back(submission_id: int, _version: int) -> set[int]:
        return take_back(session, actor=actor, submission_id=submission_id, workflow=workflow, undo_seconds=undo_seconds, at=at)

    return _each(session, topic_id, chosen, back, at=at)


def _each(
    session: Session, topic_id: int, chosen: Sequence[tuple[int, int]], act: Callable[[int, int], set[int]], *, at: datetime
) -> Batch:
    """One after the other; a refusal takes back what it had begun, and nothing else. The topics are counted once, at the end."""
    left_out, changed = [], set[int]()
    for submission_id, version in chosen:
        try:
            with session.begin_nested():
                changed |= act(submission_id, version)
        except DomainError:
            left_out.append(submission_id)
    recount(session, changed, at=at)
    return Batch(topic_id, len(chosen) - len(left_out), tuple(left_out))


def _lock(session: Session, topic_id: int, submission_ids: Sequence[int]) -> None:
    """Every topic that any of them stands or stood in, then the submissions by id: in the order in which everybody locks."""
    stood = session.scalars(select(Contributor.topic_id).where(Contributor.submission_id.in_(submission_ids)).distinct()).all()
    lock_topics_of(session, submission_ids[0], topic_id, *stood)
    session.execute(select(Submission.id).where(Submission.id.in_(submission_ids)).order_by(Submission.id).with_for_update())


def _open_topic(session: Session, actor: Actor, topic_id: int) -> int:
    """The topic that takes them, which is locked; NotFound for another district's, Conflict for one that takes no more."""
    topic = _standing(session, actor, topic_id)
    if topic.state not in JOINABLE:
        raise Conflict(f"议题“{topic.title}”已经有了结论，不能再并入。可以另立议题。")
    return topic.id


def _standing(session: Session, actor: Actor, topic_id: int) -> Topic:
    """The topic as it stands now, or what it was merged into."""
    topic = session.get(Topic, topic_id, populate_existing=True)
    if topic is None or topic.district_id != actor.district_id:
        raise NotFound("没有这个议题。")
    into = topic.merged_into_id
    return topic if into is None else session.get_one(Topic, into, populate_existing=True)


def _there_already(session: Session, actor: Actor, topic_id: int, submission_ids: Sequence[int]) -> Collection[int]:
    """Those that the actor put there before, by the same press sent twice."""
    rows = session.scalars(
        select(Contributor.submission_id).where(
            Contributor.submission_id.in_(submission_ids),
            Contributor.topic_id == topic_id,
            Contributor.status == ContributorStatus.CONFIRMED,
            Contributor.decided_by == actor.user_id,
        )
    )
    return set(rows)

"""公布: what a round that is due holds is made, one decision at a time; what can't be made stays with the reason."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session, aliased

from config.workflow import Workflow
from intake.domain.actor import MACHINE, Actor
from intake.domain.errors import DomainError, Forbidden, RetryableError
from intake.domain.permission import Permission
from intake.domain.screening import RoundAction, RoundState
from intake.domain.topic import TopicAction, TopicState
from intake.models import Area, Decision, ScreeningDraft, ScreeningRound, Topic, User
from intake.queries.actor import actor_of_user
from intake.services.audit import record
from intake.services.screening_round import CHANGED
from intake.services.topic_decision import Screening
from intake.services.topic_screen import screen
from intake.services.transition import move

log = structlog.get_logger(__name__)

PASSING = (RetryableError, OperationalError, InterfaceError)
"""Errors that another try may not meet: somebody holds the topic for longer than a statement may wait, the database is busy."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20))
"""Before each further try of a decision that met one of them; after the last it is given up."""
LEFT = "作出这个决定的同志现在不能筛选这个议题了，这个决定没有作出。请另一位同志打开议题决定。"
BROKEN = "系统没能作出这个决定，已经记下原因。请打开议题再决定一次。"
BUSY = "这个议题一直被别的操作占着，或者系统太忙，试了几次都没能作出这个决定。请打开议题再决定一次。"
_MERGER = aliased(ScreeningDraft)


def publish_next(session: Session, *, workflow: Workflow, at: datetime) -> bool:
    """Make one decision of a round that is due, or end a due round that holds none; False when there is nothing to do.

    One in a transaction: each locks topics of its own. A round that another worker has in hand is passed over, and so is a decision that
    was put off, with what must come after it.
    """
    waiting = select(ScreeningDraft.id).where(ScreeningDraft.round_id == ScreeningRound.id, ScreeningDraft.ended_at.is_(None))
    due = session.scalars(
        select(ScreeningRound)
        .where(
            ScreeningRound.state == RoundState.OPEN,
            ScreeningRound.publish_at <= at,
            or_(waiting.where(*_ready(at)).exists(), ~waiting.where(_paused(at)).exists()),
        )
        .order_by(ScreeningRound.publish_at, ScreeningRound.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if due is None:
        return False
    draft = _next_draft(session, due.id, at=at)
    if draft is not None:
        _make(session, draft, workflow=workflow, at=at)
    elif not _holds_any(session, due.id):  # another worker may have put the last one off before the round was locked
        _end(session, due, at=at)
    session.flush()
    return True


def _paused(at: datetime) -> ColumnElement[bool]:
    return and_(ScreeningDraft.try_again_at.is_not(None), ScreeningDraft.try_again_at > at)


def _ready(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Waiting drafts whose turn it is: not put off themselves, and nothing of their round is still to be merged into their topic. What is merged
    into a topic must be there before that one is decided or goes on into a third.
    """
    still_to_come = select(_MERGER.id).where(
        _MERGER.round_id == ScreeningDraft.round_id,
        _MERGER.ended_at.is_(None),
        _MERGER.target_topic_id == ScreeningDraft.topic_id,
    )
    return ~_paused(at), ~still_to_come.exists()


def _next_draft(session: Session, round_id: int, *, at: datetime) -> ScreeningDraft | None:
    """The oldest whose turn it is; None while what is left waits for what was put off.

    Mergers in a ring, of which one was overtaken when the next was drafted, wait for each other: the oldest goes first.
    """
    waiting = select(ScreeningDraft).where(ScreeningDraft.round_id == round_id, ScreeningDraft.ended_at.is_(None))
    oldest = waiting.order_by(ScreeningDraft.id).limit(1).execution_options(populate_existing=True)
    found = session.scalars(oldest.where(*_ready(at))).one_or_none()
    if found is None and session.scalars(waiting.where(_paused(at)).limit(1)).one_or_none() is None:
        found = session.scalars(oldest).one_or_none()
    return found


def _holds_any(session: Session, round_id: int) -> bool:
    waiting = select(ScreeningDraft.id).where(ScreeningDraft.round_id == round_id, ScreeningDraft.ended_at.is_(None))
    return session.scalar(waiting.limit(1)) is not None


def _make(session: Session, draft: ScreeningDraft, *, workflow: Workflow, at: datetime) -> None:
    try:
        with session.begin_nested():
            _decide(session, draft, workflow=workflow, at=at)
            session.flush()
    except PASSING as error:
        _put_off(draft, error, at=at)
        return
    except DomainError as error:
        version = session.scalar(select(Topic.version).where(Topic.id == draft.topic_id))
        _settle(draft, at=at, problem=CHANGED if version != draft.topic_version else error.message)
        return
    except Exception as error:  # noqa: BLE001 -- whatever one decision broke, the others of the round go on
        log.error("draft_not_made", draft=draft.id, error=type(error).__name__)  # noqa: TRY400 -- a traceback may quote what somebody wrote
        _settle(draft, at=at, problem=BROKEN)
        return
    draft.decision_id = session.scalar(
        select(Decision.id)
        .where(Decision.topic_id == draft.topic_id, Decision.action == draft.action)
        .order_by(Decision.id.desc())
        .limit(1)
    )
    _settle(draft, at=at)


def _put_off(draft: ScreeningDraft, error: Exception, *, at: datetime) -> None:
    """Try it again later, a few times; a database that is away is noticed when this is written, and ends the job."""
    draft.tries += 1
    log.warning("draft_put_off", draft=draft.id, tries=draft.tries, error=type(error).__name__)
    if draft.tries > len(PAUSES):
        _settle(draft, at=at, problem=BUSY)
    else:
        draft.try_again_at = at + PAUSES[draft.tries - 1]


def _decide(session: Session, draft: ScreeningDraft, *, workflow: Workflow, at: datetime) -> None:
    """As whoever decided it would now, if they still may."""
    decider = _decider(session, draft)
    screen(
        session,
        Screening(actor=decider, topic_id=draft.topic_id, version=draft.topic_version, at=at),
        TopicAction(draft.action),
        words=draft.words,
        target_topic_id=_where_it_is_now(session, draft.target_topic_id),
        workflow=workflow,
        office_id=draft.office_id,
    )


def _where_it_is_now(session: Session, target_topic_id: int | None) -> int | None:
    """The topic to merge into; when that was itself merged since, the one it went into: what was said of the one was said of the other."""
    merged = select(Topic.merged_into_id).where(Topic.state == TopicState.MERGED)
    while target_topic_id is not None and (into := session.scalar(merged.where(Topic.id == target_topic_id))) is not None:
        target_topic_id = into
    return target_topic_id


def _decider(session: Session, draft: ScreeningDraft) -> Actor:
    active = session.scalar(select(User.active).where(User.id == draft.decided_by))
    decider = actor_of_user(session, draft.decided_by) if active else None
    path = session.scalar(select(Area.path).join(Topic, Topic.area_id == Area.id).where(Topic.id == draft.topic_id))
    if decider is None or decider.district_id != draft.district_id or not decider.may(Permission.SCREEN_DECIDE, area_path=path):
        raise Forbidden(LEFT)
    return decider


def _settle(draft: ScreeningDraft, *, at: datetime, problem: str = "") -> None:
    draft.ended_at, draft.problem = at, problem
    draft.version += 1


def _end(session: Session, due: ScreeningRound, *, at: datetime) -> None:
    move(session, due, RoundAction.PUBLISH, actor=MACHINE, at=at)
    record(
        session,
        actor=MACHINE,
        district_id=due.district_id,
        action="screening_round.publish",
        noun="screening_round",
        entity_id=due.id,
        at=at,
    )

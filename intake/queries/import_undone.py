"""What an import that was taken back left behind: topics that people had taken up and nobody speaks in any more."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.permission import Permission
from intake.domain.row_import import IMPORT_TABLE, UNDONE_CODE, ImportAction, undone_code
from intake.domain.submission import SUBMISSION_TABLE, SubmissionAction
from intake.domain.topic import JOINABLE, TopicKind, TopicState
from intake.models import Area, Contributor, HistoryEntry, Topic, TopicOrigin
from intake.queries.pages import within

SHOWN = 50


@dataclass(frozen=True, slots=True)
class SilentTopic:
    """A topic without a message behind it."""

    id: int
    number: str
    title: str
    state: TopicState


def left_silent(session: Session, actor: Actor, import_id: int) -> tuple[SilentTopic, ...]:
    """Of the topics in the actor's reach those that lost their last message when the import was taken back, in two statements.

    A candidate that nobody took up is no matter of anybody's, and what was registered rests on its own paper. Where several imports were
    taken back, a topic is told with the one that went last.
    """
    moved = (
        select(HistoryEntry.action, func.max(HistoryEntry.at))
        .where(
            HistoryEntry.noun == IMPORT_TABLE.noun,
            HistoryEntry.entity_id == import_id,
            HistoryEntry.action.in_([ImportAction.UNDO.value, ImportAction.UNDONE.value]),
        )
        .group_by(HistoryEntry.action)
    )
    at = dict(session.execute(moved).all())
    begun, ended = at.get(ImportAction.UNDO.value), at.get(ImportAction.UNDONE.value)
    if begun is None or ended is None:
        return ()
    entry = aliased(HistoryEntry)
    # Where history doesn't say with which import a row went, the time tells.
    ours = or_(entry.reason_code == undone_code(import_id), (entry.reason_code == UNDONE_CODE) & entry.at.between(begun, ended))
    went_last = (
        select(func.max(entry.id).filter(ours) == func.max(entry.id))
        .select_from(Contributor)
        .join(entry, (entry.noun == SUBMISSION_TABLE.noun) & (entry.entity_id == Contributor.submission_id))
        .where(
            Contributor.topic_id == Topic.id,
            Contributor.status == ContributorStatus.REMOVED,
            entry.action == SubmissionAction.WITHDRAW.value,
            entry.reason_code.startswith(UNDONE_CODE),
            entry.at == Contributor.decided_at,  # it stood here until then
        )
        .correlate(Topic)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Topic.id, Topic.number, Topic.title, Topic.state)
        .join(Area, Area.id == Topic.area_id)
        .where(
            Topic.district_id == actor.district_id,
            Topic.state.in_(sorted(JOINABLE - {TopicState.CANDIDATE})),
            Topic.confirmed_count + Topic.suggested_count == 0,
            Topic.kind == TopicKind.MATTER,
            within(actor, Permission.SCREEN_VIEW),
            went_last,
            ~select(TopicOrigin.topic_id).where(TopicOrigin.topic_id == Topic.id).exists(),
        )
        .order_by(Topic.id)
        .limit(SHOWN)
    )
    return tuple(SilentTopic(*row) for row in rows)

"""How submissions join, leave and count in topics; every change keeps its row for lineage."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.contributor import ContributorStatus
from intake.domain.topic import TopicAction, TopicState
from intake.models import Contributor, Submission, Topic
from intake.services.transition import move


def live_contributor(session: Session, submission_id: int) -> Contributor | None:
    """The one place the submission has now: suggested or confirmed."""
    return session.scalars(
        select(Contributor)
        .where(Contributor.submission_id == submission_id, Contributor.status != ContributorStatus.REMOVED)
        .execution_options(populate_existing=True)  # asked again behind a lock, the answer must be the new one: a merge moves it
    ).one_or_none()


def lock_topics_of(session: Session, submission_id: int, *others: int) -> None:
    """Lock, in id order, every topic the submission stands or stood in, `others`, and what they were merged into.

    A decision changes the counts where it leaves and where it joins: two that cross would otherwise wait for each other.
    """
    stood = select(Contributor.topic_id).where(Contributor.submission_id == submission_id)
    into = select(Topic.merged_into_id).where(Topic.id.in_(others), Topic.merged_into_id.is_not(None))
    session.execute(
        select(Topic.id).where(or_(Topic.id.in_(stood), Topic.id.in_(others), Topic.id.in_(into))).order_by(Topic.id).with_for_update()
    )


def confirm(session: Session, *, submission: Submission, topic: Topic, by: int, at: datetime) -> set[int]:
    """Make the submission a confirmed contributor of `topic`; returns the topics whose counts changed."""
    live = live_contributor(session, submission.id)
    changed = {topic.id}
    if live is not None and live.topic_id == topic.id:
        live.status = ContributorStatus.CONFIRMED
        live.decided_by, live.decided_at = by, at
        return changed
    if live is not None:
        remove(live, by=by, at=at)
        changed.add(live.topic_id)
        session.flush()
    session.add(
        Contributor(
            district_id=submission.district_id,
            topic_id=topic.id,
            submission_id=submission.id,
            status=ContributorStatus.CONFIRMED,
            score=None,
            reasons=[],
            model_version=None,
            decided_by=by,
            created_at=at,
            decided_at=at,
        )
    )
    return changed


def remove(contributor: Contributor, *, by: int | None, at: datetime) -> None:
    """Take it out; the row stays."""
    contributor.status = ContributorStatus.REMOVED
    contributor.decided_by, contributor.decided_at = by, at


def restore_suggestion(session: Session, *, submission: Submission, at: datetime) -> set[int]:
    """After an undo: what the machine had suggested stands again; returns the topics whose counts changed."""
    live = live_contributor(session, submission.id)
    changed: set[int] = set()
    if live is not None:
        changed.add(live.topic_id)
        if live.model_version is not None:
            live.status = ContributorStatus.SUGGESTED
            live.decided_by = live.decided_at = None
            return changed
        remove(live, by=None, at=at)
        session.flush()
    former = session.scalars(
        select(Contributor)
        .join(Topic, Topic.id == Contributor.topic_id)
        .where(
            Contributor.submission_id == submission.id,
            Contributor.model_version.is_not(None),
            Topic.state.in_([TopicState.CANDIDATE, TopicState.PROPOSED, TopicState.POOLED, TopicState.DISSOLVED]),
        )
        .order_by(Contributor.id.desc())
        .limit(1)
    ).one_or_none()
    if former is not None:
        session.add(
            Contributor(
                district_id=former.district_id,
                topic_id=former.topic_id,
                submission_id=submission.id,
                status=ContributorStatus.SUGGESTED,
                score=former.score,
                reasons=former.reasons,
                model_version=former.model_version,
                created_at=at,
            )
        )
        changed.add(former.topic_id)
    return changed


def recount(session: Session, topic_ids: Iterable[int], *, at: datetime) -> None:
    """Write the counts of `topic_ids` anew; an empty candidate dissolves, a dissolved one that got something back revives."""
    session.flush()
    ids = sorted(set(topic_ids))
    if not ids:
        return
    # Locked before they are counted, so that two who change the same topic count one after the other.
    topics = session.scalars(
        select(Topic).where(Topic.id.in_(ids)).order_by(Topic.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    suggested = func.count().filter(Contributor.status == ContributorStatus.SUGGESTED)
    confirmed = func.count().filter(Contributor.status == ContributorStatus.CONFIRMED)
    rows = {
        row.topic_id: row
        for row in session.execute(
            select(
                Contributor.topic_id,
                suggested.label("suggested"),
                confirmed.label("confirmed"),
                func.count(Submission.area_id.distinct()).label("areas"),
                func.max(Submission.received_at).label("last"),
                func.min(Submission.received_at).label("first"),
            )
            .join(Submission, Submission.id == Contributor.submission_id)
            .where(Contributor.topic_id.in_(ids), Contributor.status != ContributorStatus.REMOVED)
            .group_by(Contributor.topic_id)
        )
    }
    for topic in topics:
        row = rows.get(topic.id)
        topic.suggested_count = row.suggested if row else 0
        topic.confirmed_count = row.confirmed if row else 0
        topic.area_count = row.areas if row else 0
        if row:
            topic.first_at, topic.last_at = row.first, row.last
        if row is None and topic.state is TopicState.CANDIDATE:
            move(session, topic, TopicAction.DISSOLVE, actor=MACHINE, at=at)
        elif row is not None and topic.state is TopicState.DISSOLVED:
            move(session, topic, TopicAction.REVIVE, actor=MACHINE, at=at)
    session.flush()

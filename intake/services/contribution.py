"""How submissions join, leave and count in topics; every change keeps its row for lineage."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, Select, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import MACHINE
from intake.domain.contributor import ContributorStatus
from intake.domain.heat import corrected_heat, heat_of
from intake.domain.topic import TopicAction, TopicKind, TopicState
from intake.models import Contributor, Submission, Topic
from intake.queries.topic_counts import Counted, counts_of_classes, counts_of_matters
from intake.queries.topic_origin import has_origin
from intake.services.transition import move


def live_contributor(session: Session, submission_id: int) -> Contributor | None:
    """The one place the submission has now: suggested or confirmed."""
    return session.scalars(
        select(Contributor)
        .where(Contributor.submission_id == submission_id, Contributor.status != ContributorStatus.REMOVED)
        .execution_options(populate_existing=True)  # asked again behind a lock, the answer must be the new one: a merge moves it
    ).one_or_none()


def lock_topics_of(session: Session, submission_id: int, *others: int) -> None:
    """`lock_topics_behind` for one submission."""
    lock_topics_behind(session, [submission_id], *others)


def lock_topics_behind(session: Session, submission_ids: Collection[int], *others: int) -> None:
    """Lock, matters before classes and each by id, every topic the submissions stand or stood in, `others`, what they were merged into, and
    the classes of all these.

    A decision changes the counts where it leaves and where it joins: two that cross would otherwise wait for each other. So would whoever
    tells everyone behind a class, and holds that before their submissions.
    """
    session.execute(_topics_behind(), {"submissions": list(submission_ids), "others": list(others)})


@cache
def _topics_behind() -> Select[int]:
    """Built once: that takes longer than the answer."""
    submissions: BindParameter[int] = bindparam("submissions", expanding=True)
    others: BindParameter[int] = bindparam("others", expanding=True)
    stood = select(Contributor.topic_id).where(Contributor.submission_id.in_(submissions))
    matter, merged = aliased(Topic), aliased(Topic)
    into = select(merged.merged_into_id).where(merged.id.in_(others), merged.merged_into_id.is_not(None))
    classes = select(matter.class_topic_id).where(
        or_(matter.id.in_(stood), matter.id.in_(others), matter.id.in_(into)), matter.class_topic_id.is_not(None)
    )
    return (
        select(Topic.id)
        .where(or_(Topic.id.in_(stood), Topic.id.in_(others), Topic.id.in_(into), Topic.id.in_(classes)))
        .order_by(Topic.kind == TopicKind.CLASS, Topic.id)
        .with_for_update()
    )


def confirm(session: Session, *, submission: Submission, topic: Topic, by: int | None, at: datetime) -> set[int]:
    """Make the submission a confirmed contributor of `topic`, by a person or (None) by its resident's own word; returns the topics whose
    counts changed.
    """
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
    """Write counts and heat of `topic_ids` and of the classes they belong to anew; an empty candidate dissolves, unless it was registered
    without messages, and a dissolved one that got something back revives.

    Matters are locked before classes, each kind by id, and before they are counted, so that two who change the same topic count one after
    the other.
    """
    session.flush()
    asked = set(topic_ids)
    if not asked:
        return
    locked = _locked(session, asked)
    matters = [topic for topic in locked if topic.kind is TopicKind.MATTER]
    _write(session, matters, counts_of_matters(session, [topic.id for topic in matters], at=at), at=at)
    class_ids = {topic.class_topic_id for topic in matters} | {topic.id for topic in locked if topic.kind is TopicKind.CLASS}
    if class_ids - {None}:
        classes = _locked(session, {one for one in class_ids if one is not None})
        session.flush()
        _write(session, classes, counts_of_classes(session, [topic.id for topic in classes], at=at), at=at)
    session.flush()


def _locked(session: Session, ids: set[int]) -> Sequence[Topic]:
    return session.scalars(
        select(Topic).where(Topic.id.in_(ids)).order_by(Topic.id).with_for_update().execution_options(populate_existing=True)
    ).all()


def _write(session: Session, topics: Sequence[Topic], counted: Mapping[int, Counted], *, at: datetime) -> None:
    for topic in topics:
        found = counted.get(topic.id)
        topic.suggested_count = found.suggested if found else 0
        topic.confirmed_count = found.confirmed if found else 0
        topic.area_count = found.areas if found else 0
        if found:
            topic.first_at, topic.last_at = found.first_at, found.last_at
        _warm(topic, found, at=at)
        if found is None and topic.state is TopicState.CANDIDATE and not has_origin(session, topic.id):
            move(session, topic, TopicAction.DISSOLVE, actor=MACHINE, at=at)
        elif found is not None and topic.state is TopicState.DISSOLVED:
            move(session, topic, TopicAction.REVIVE, actor=MACHINE, at=at)


def _warm(topic: Topic, counted: Counted | None, *, at: datetime) -> None:
    heat = heat_of(counted.facts) if counted else None
    topic.people_count = counted.facts.people if counted else 0
    topic.heat = heat.points if heat else 0
    topic.heat_corrected = corrected_heat(counted.facts, counted.factor) if counted else 0
    topic.heat_parts = [part.to_json() for part in heat.parts] if heat else []
    topic.heat_at = at


def warm(session: Session, topics: Sequence[Topic], *, at: datetime) -> None:
    """Write the heat of locked `topics` anew, since a week has passed by itself; counts and states stay."""
    matters = [topic.id for topic in topics if topic.kind is TopicKind.MATTER]
    classes = [topic.id for topic in topics if topic.kind is TopicKind.CLASS]
    counted = counts_of_matters(session, matters, at=at) | counts_of_classes(session, classes, at=at)
    for topic in topics:
        _warm(topic, counted.get(topic.id), at=at)

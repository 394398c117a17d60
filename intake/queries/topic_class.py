"""一类事: every matter of a class on one page, where it stands, and who has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.contributor import ContributorStatus
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.domain.referral import OPEN_REFERRAL
from intake.domain.submission import TOLD
from intake.domain.topic import TopicKind, TopicState
from intake.models import Area, Contributor, Department, Referral, Submission, Topic
from intake.queries.pages import within
from intake.queries.topic_board import ROW_COLUMNS, TopicRow


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open referral of a matter."""

    referral_id: int
    number: str
    unit: str
    """Who has it: the unit that answers, or while there is none the office."""
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter of a class, and who has it."""

    topic: TopicRow
    since: datetime
    waiting: tuple[Waiting, ...]
    told: int
    """Confirmed submissions behind it whose residents were told a result."""


@dataclass(frozen=True, slots=True)
class ClassPage:
    """A class of matters."""

    row: TopicRow
    since: datetime
    matters: tuple[Matter, ...]
    states: tuple[tuple[TopicState, int], ...]
    """How many matters stand where, in the order of the states."""

    @property
    def people(self) -> int:
        """Confirmed submissions behind all of them."""
        return sum(one.topic.confirmed for one in self.matters)


def class_page(session: Session, actor: Actor, topic_id: int) -> ClassPage | None:
    """A class with every matter, whoever has it, and since when; four statements. None for a single matter, NotFound beyond reach."""
    query = select(*ROW_COLUMNS, Topic.state_changed_at).join(Area, Area.id == Topic.area_id)
    found = session.execute(
        query.where(Topic.id == topic_id, Topic.district_id == actor.district_id, within(actor, Permission.SCREEN_VIEW))
    ).one_or_none()
    if found is None:
        raise NotFound("没有这一类事，或者不在您负责的范围。")
    row = TopicRow(*found[:-1])
    if row.kind is not TopicKind.CLASS:
        return None
    # A matter may lie where the actor doesn't screen: where it stands is the class's business, what residents said isn't shown here.
    rows = session.execute(query.where(Topic.class_topic_id == topic_id).order_by(Topic.state_changed_at, Topic.id)).all()
    ids = [one.id for one in rows]
    waiting, told = _waiting(session, ids), _told(session, ids)
    matters = tuple(Matter(TopicRow(*one[:-1]), one[-1], tuple(waiting.get(one.id, ())), told.get(one.id, 0)) for one in rows)
    states = tuple((state, count) for state in TopicState if (count := sum(one.topic.state is state for one in matters)))
    return ClassPage(row=row, since=found[-1], matters=matters, states=states)


_OFFICE, _LEAD = aliased(Department), aliased(Department)


def _waiting(session: Session, topic_ids: Sequence[int]) -> dict[int, list[Waiting]]:
    rows = session.execute(
        select(Referral.topic_id, Referral.id, Referral.number, func.coalesce(_LEAD.name, _OFFICE.name, ""), Referral.due_at)
        .outerjoin(_OFFICE, _OFFICE.id == Referral.office_id)
        .outerjoin(_LEAD, _LEAD.id == Referral.lead_id)
        .where(Referral.topic_id.in_(topic_ids), Referral.state.in_(OPEN_REFERRAL))
        .order_by(Referral.id)
    )
    found: dict[int, list[Waiting]] = {}
    for topic_id, referral_id, number, unit, due_at in rows:
        found.setdefault(topic_id or 0, []).append(Waiting(referral_id, number, unit, due_at))
    return found


def _told(session: Session, topic_ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(Contributor.topic_id, func.count())
        .join(Submission, Submission.id == Contributor.submission_id)
        .where(
            Contributor.topic_id.in_(topic_ids), Contributor.status == ContributorStatus.CONFIRMED, Submission.state.in_(TOLD)
        )
        .group_by(Contributor.topic_id)
    )  # fmt: skip
    return {one[0]: one[1] for one in rows}

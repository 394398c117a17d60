"""Topics and plans: what of the pool may still be put in, where a topic stands, and whom an item may name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.permission import Role
from intake.domain.topic import Route, TopicKind, TopicState
from intake.domain.year_plan import ConsultationForm, PlanState
from intake.models import Area, PlanItem, RoleGrant, Topic, User, YearPlan
from intake.queries.pages import PAGE, Page, holding, key_of
from intake.queries.year_plan import standing


@dataclass(frozen=True, slots=True)
class PoolChoice:
    """A pooled topic that stands in no plan."""

    id: int
    number: str
    title: str
    kind: TopicKind
    route: Route
    area_name: str
    people: int
    category: str | None


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A topic's line in a plan."""

    topic_id: int
    item_id: int
    title: str
    quarter: int
    plan_id: int
    year: int
    plan_title: str


@dataclass(frozen=True, slots=True)
class PlanOfTopic:
    """Where a topic stands in a plan."""

    plan_id: int
    item_id: int
    year: int
    quarter: int
    state: PlanState
    form: ConsultationForm
    starts_on: date | None
    ends_on: date | None


def plan_to_fill(session: Session, actor: Actor) -> int | None:
    """The newest plan of the district that still takes topics; None where there is none."""
    return session.scalar(
        select(YearPlan.id)
        .where(YearPlan.district_id == actor.district_id, YearPlan.state != PlanState.CLOSED)
        .order_by(YearPlan.year.desc())
        .limit(1)
    )


def lines_planned(session: Session, actor: Actor, topic_ids: Sequence[int]) -> Mapping[int, PlannedLine]:
    """Topic → the line of a plan of the actor's district, issued or not, in which it stands; those in none are left out."""
    rows = session.execute(
        select(PlanItem.topic_id, PlanItem.id, PlanItem.title, PlanItem.quarter, YearPlan.id, YearPlan.year, YearPlan.title)
        .join(YearPlan, YearPlan.id == PlanItem.plan_id)
        .where(PlanItem.topic_id.in_(topic_ids), YearPlan.district_id == actor.district_id, *standing())
        .order_by(YearPlan.year, PlanItem.quarter, PlanItem.place, PlanItem.id)
    )
    return {topic_id: PlannedLine(topic_id, *row[1:]) for row in rows if (topic_id := row[0]) is not None}


def pool_choices(
    session: Session, actor: Actor, *, words: str, only: Sequence[int] = (), after: str = "", limit: int = PAGE
) -> Page[PoolChoice]:
    """Pooled topics of the district in no plan, the newest first, narrowed to titles and numbers that hold the words, or to those chosen in
    the pool (`only`, none: all); two queries.
    """
    taken = exists().where(PlanItem.topic_id == Topic.id, PlanItem.dropped_at.is_(None))
    where = [Topic.district_id == actor.district_id, Topic.state == TopicState.POOLED, ~taken, *holding(words, Topic.title, Topic.number)]
    where += [Topic.id.in_(only)] if only else []
    key = key_of(after)
    rows = [
        PoolChoice(*row)
        for row in session.execute(
            select(Topic.id, Topic.number, Topic.title, Topic.kind, Topic.route, Area.name, Topic.people_count, Topic.category)
            .join(Area, Area.id == Topic.area_id)
            .where(*where, *([Topic.id < key] if key is not None else []))
            .order_by(Topic.id.desc())
            .limit(limit + 1)
        )
    ]
    total = session.scalar(select(func.count()).select_from(Topic).where(*where)) or 0
    return Page(rows=tuple(rows[:limit]), total=total, next_key=str(rows[limit - 1].id) if len(rows) > limit else "")


def plan_of_topic(session: Session, topic_id: int) -> PlanOfTopic | None:
    """The plan that the topic stands in now; None where it stands in none."""
    row = session.execute(
        select(
            YearPlan.id,
            PlanItem.id,
            YearPlan.year,
            PlanItem.quarter,
            YearPlan.state,
            PlanItem.form,
            PlanItem.starts_on,
            PlanItem.ends_on,
        )
        .join(PlanItem, PlanItem.plan_id == YearPlan.id)
        .where(PlanItem.topic_id == topic_id, *standing())
    ).one_or_none()
    return PlanOfTopic(*row) if row is not None else None


def convenor_choices(session: Session, actor: Actor, *, kept: int | None = None) -> tuple[tuple[int, str], ...]:
    """(id, name) of the district's convenors and staff who can sign in, and of `kept`, by name."""
    carries = exists().where(RoleGrant.user_id == User.id, RoleGrant.role.in_((Role.CONVENOR, Role.STAFF)))
    rows = session.execute(
        select(User.id, User.name)
        .where(User.district_id == actor.district_id, (User.active & carries) | (User.id == (kept or 0)))
        .order_by(User.name, User.id)
    )
    return tuple((row.id, row.name) for row in rows)


def chair_names(session: Session, actor: Actor) -> tuple[str, ...]:
    """Names of the chair's meeting, to be offered while one types."""
    chairs = exists().where(RoleGrant.user_id == User.id, RoleGrant.role == Role.CHAIR)
    return tuple(session.scalars(select(User.name).where(User.district_id == actor.district_id, User.active, chairs).order_by(User.name)))

"""The years of a district: its plans in a list, and which of them a phone shows."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.topic import TopicState
from intake.domain.year_plan import PlanState
from intake.models import PlanEdition, PlanItem, Topic, YearPlan
from intake.queries.pages import PAGE, Page, key_of
from intake.queries.year_plan import readable, reads_drafts, standing


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan in the list of years."""

    id: int
    year: int
    title: str
    state: PlanState
    edition: int
    quota: int
    planned: int
    held: int


@dataclass(frozen=True, slots=True)
class IssuedPlan:
    """Which plan and edition a phone shows."""

    id: int
    year: int
    state: PlanState
    edition: int


def plans_in(session: Session, actor: Actor, *, after: str = "", limit: int = PAGE) -> Page[PlanLine]:
    """The years, the newest first, as the actor reads each; two queries. The key of a page is a year."""
    drafts, printed = reads_drafts(actor), PlanEdition.content
    of_plan = [*standing(), PlanItem.plan_id == YearPlan.id]
    if not drafts:
        same = func.jsonb_build_object("items", func.jsonb_build_array(func.jsonb_build_object("item_id", PlanItem.id)))
        of_plan.append(printed.contains(same))
    planned = select(func.count()).where(*of_plan).correlate(YearPlan, PlanEdition).scalar_subquery()
    held = (
        select(func.count())
        .select_from(PlanItem)
        .join(Topic, Topic.id == PlanItem.topic_id)
        .where(*of_plan, Topic.state.in_((TopicState.DELIVERING, TopicState.DELIVERED)))
        .correlate(YearPlan, PlanEdition)
        .scalar_subquery()
    )
    title, quota = (YearPlan.title, YearPlan.quota) if drafts else (printed["title"].as_string(), printed["quota"].as_integer())
    key = key_of(after)
    rows = [
        PlanLine(*row)
        for row in session.execute(
            select(YearPlan.id, YearPlan.year, title, YearPlan.state, YearPlan.edition, quota, planned, held)
            .outerjoin(PlanEdition, (PlanEdition.plan_id == YearPlan.id) & (PlanEdition.edition == YearPlan.edition))
            .where(*readable(actor), *([YearPlan.year < min(key, 9_999)] if key is not None else []))
            .order_by(YearPlan.year.desc())
            .limit(limit + 1)
        )
    ]
    total = session.scalar(select(func.count()).select_from(YearPlan).where(*readable(actor))) or 0
    return Page(rows=tuple(rows[:limit]), total=total, next_key=str(rows[limit - 1].year) if len(rows) > limit else "")


def newest_issued(session: Session, actor: Actor, *, year: int | None) -> IssuedPlan | None:
    """The plan that a phone shows: that of `year`, else the newest that was issued; None where there is none."""
    row = session.execute(
        select(YearPlan.id, YearPlan.year, YearPlan.state, YearPlan.edition)
        .where(YearPlan.district_id == actor.district_id, YearPlan.edition > 0, *([YearPlan.year == year] if year is not None else []))
        .order_by(YearPlan.year.desc())
        .limit(1)
    ).one_or_none()
    return IssuedPlan(*row) if row is not None else None


def issued_years(session: Session, actor: Actor) -> tuple[int, ...]:
    """Years whose plan was issued, the newest first."""
    rows = session.scalars(
        select(YearPlan.year)
        .where(YearPlan.district_id == actor.district_id, YearPlan.edition > 0)
        .order_by(YearPlan.year.desc())
        .limit(PAGE)
    )
    return tuple(rows)

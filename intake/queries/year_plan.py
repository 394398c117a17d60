"""年度协商计划: one of a district's plans with its items as they stand now, and who may read it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import GRANTS, Permission
from intake.domain.plan_edition import ItemField, PlanDifferences, PrintedItem, PrintedPlan, days_printed, differences, thawed
from intake.domain.plan_progress import HELD, Progress, Tally, is_overdue, last_day, progress_of, tally
from intake.domain.topic import TopicState
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import CONSULTATION_FORM_NAMES, ITEMS_MOST, QUARTER_NAMES, ConsultationForm, PlanState
from intake.models import PlanEdition, PlanItem, Topic, User, YearPlan
from intake.queries.departments import manages_district

QUARTERS = tuple(QUARTER_NAMES)
_INTO, _OTHER = aliased(Topic), aliased(PlanItem)
_FORMS = {name: form for form, name in CONSULTATION_FORM_NAMES.items()}


@dataclass(frozen=True, slots=True)
class TopicChange:
    """What became of an item's topic that left the pool before the plan was issued."""

    state: TopicState
    into_id: int | None
    """The topic that it was merged into; None where it wasn't."""
    into_title: str
    into_number: str
    into_state: TopicState | None
    into_planned: bool
    """The other topic stands in a plan already."""

    @property
    def may_follow(self) -> bool:
        """Whether the item may take the topic that its own was merged into."""
        return self.into_state is TopicState.POOLED and not self.into_planned


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One consultation of the plan as it stands now."""

    id: int
    version: int
    title: str
    form: ConsultationForm
    quarter: int
    starts_on: date | None
    ends_on: date | None
    lead_chair: str
    proposers: str
    convenor_id: int | None
    convenor: str
    units: str
    words: str
    topic_id: int | None
    topic_number: str
    topic_title: str
    change: TopicChange | None
    """None while its topic is where it should be; of what was printed, too."""
    progress: Progress
    due: date
    """By when it is to have taken place."""
    is_late: bool
    """That day is over, and it hasn't."""

    @property
    def is_held(self) -> bool:
        """Whether it has taken place."""
        return self.progress in HELD


@dataclass(frozen=True, slots=True)
class DroppedItem:
    """One that was taken out, and why."""

    id: int
    title: str
    quarter: int
    at: datetime
    because: str


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A plan as it stands now."""

    id: int
    version: int
    year: int
    title: str
    words: str
    quota: int
    state: PlanState
    edition: int
    document_number: str
    issued_on: date | None
    created_on: date
    tally: Tally
    items: tuple[ItemLine, ...]
    dropped: tuple[DroppedItem, ...]
    """The newest first."""
    unissued: PlanDifferences | None
    """What was changed since the newest edition; None before the first, empty where nothing was."""

    def quarter(self, number: int) -> tuple[ItemLine, ...]:
        """The items of one quarter, in their order."""
        return tuple(one for one in self.items if one.quarter == number)

    @property
    def changed(self) -> tuple[ItemLine, ...]:
        """Those whose topic went elsewhere, which holds the next edition up."""
        return tuple(one for one in self.items if one.change is not None)

    @property
    def entering(self) -> int:
        """How many topics the next edition puts into the plan; everyone behind them is told."""
        return sum(one.progress is Progress.POOLED for one in self.items)

    @property
    def late(self) -> tuple[ItemLine, ...]:
        """Those whose day is over, in the plan's own order."""
        return tuple(one for one in self.items if one.is_late)


def require_planning(session: Session, actor: Actor) -> None:
    """Forbidden unless the actor makes the plan of their whole district."""
    if not manages_district(session, actor, Permission.PLAN_MANAGE):
        raise Forbidden("年度计划由负责全区的区政协工作人员编制。需要的话请联系区政协办公室。")


def plans(actor: Actor) -> bool:
    """Whether the actor makes the plan, without a query."""
    return any(one.area_id == actor.district_id and Permission.PLAN_MANAGE in GRANTS[one.role] for one in actor.grants)


def reads_drafts(actor: Actor) -> bool:
    """Those who make a plan, and those who decide on it; everybody else reads what was issued."""
    return actor.may(Permission.SCREEN_VIEW)


def readable(actor: Actor) -> list[ColumnElement[bool]]:
    """Plans that the actor may read."""
    own = [YearPlan.district_id == actor.district_id]
    return own if reads_drafts(actor) else [*own, YearPlan.edition > 0]


def plan_page(session: Session, actor: Actor, plan_id: int, *, today: date) -> PlanPage:
    """One plan in four queries; NotFound for another district's, and for a draft where the actor doesn't read drafts.

    Who doesn't reads of a plan what its newest edition says of the items that still stand in it.
    """
    plan = readable_plan(session, actor, plan_id)
    items, content = _items(session, plan, today=today), _newest_content(session, plan)
    issued = thawed(content) if content is not None else None
    now, unissued = _printed(plan, items), None
    if issued is not None and not reads_drafts(actor):
        now, items = issued, _as_issued(plan, items, issued, today=today)
    elif issued is not None:
        unissued = differences(issued, now)
    return PlanPage(
        id=plan.id,
        version=plan.version,
        year=plan.year,
        title=now.title,
        words=now.words,
        quota=now.quota,
        state=plan.state,
        edition=plan.edition,
        document_number=plan.document_number,
        issued_on=plan.issued_on,
        created_on=plan.created_at.astimezone(SHANGHAI).date(),
        tally=tally(now.quota, [(one.progress, one.is_late) for one in items]),
        items=items,
        dropped=_dropped(session, plan.id),
        unissued=unissued,
    )


def _newest_content(session: Session, plan: YearPlan) -> dict[str, Any] | None:
    return session.scalar(select(PlanEdition.content).where(PlanEdition.plan_id == plan.id, PlanEdition.edition == plan.edition))


def _as_issued(plan: YearPlan, items: Sequence[ItemLine], issued: PrintedPlan, *, today: date) -> tuple[ItemLine, ...]:
    """The items that still stand, with what was printed of each; how far it is, is told by the topic that was printed."""
    standing = {one.id: one for one in items}
    return tuple(_item_as_issued(plan, standing[one.item_id], one, today=today) for one in issued.items if one.item_id in standing)


def _item_as_issued(plan: YearPlan, now: ItemLine, printed: PrintedItem, *, today: date) -> ItemLine:
    cells, is_linked = printed.cells, now.topic_number == printed.cells.get(ItemField.TOPIC, "")
    progress, due = now.progress if is_linked else Progress.OPEN, last_day(plan.year, printed.quarter, printed.ends_on)
    return replace(
        now,
        title=printed.title,
        form=_FORMS[cells[ItemField.FORM]],
        quarter=printed.quarter,
        starts_on=printed.starts_on,
        ends_on=printed.ends_on,
        lead_chair=cells.get(ItemField.LEAD_CHAIR, ""),
        proposers=cells.get(ItemField.PROPOSERS, ""),
        convenor=cells.get(ItemField.CONVENOR, ""),
        units=cells.get(ItemField.UNITS, ""),
        words=cells.get(ItemField.WORDS, ""),
        topic_id=now.topic_id if is_linked else None,
        topic_number=now.topic_number if is_linked else "",
        topic_title=now.topic_title if is_linked else "",
        change=None,
        progress=progress,
        due=due,
        is_late=is_overdue(progress, due, today=today),
    )


def readable_plan(session: Session, actor: Actor, plan_id: int) -> YearPlan:
    """Its row; NotFound where the actor may not read it."""
    plan = session.scalars(select(YearPlan).where(YearPlan.id == plan_id, *readable(actor))).one_or_none()
    if plan is None:
        raise NotFound("没有这份年度计划，或者还没有印发。")
    return plan


def item_line(session: Session, actor: Actor, plan_id: int, item_id: int, *, today: date) -> ItemLine:
    """One item of a plan that the actor makes; NotFound elsewhere and once it was taken out."""
    plan = readable_plan(session, actor, plan_id)
    found = next(iter(_items(session, plan, today=today, item_id=item_id)), None)
    if found is None:
        raise NotFound("计划里没有这一场，可能已经取出。请回到计划看看。")
    return found


def standing() -> tuple[ColumnElement[bool], ...]:
    """Items that nobody took out."""
    return (PlanItem.dropped_at.is_(None),)


def _items(session: Session, plan: YearPlan, *, today: date, item_id: int | None = None) -> tuple[ItemLine, ...]:
    is_planned = exists().where(_OTHER.topic_id == _INTO.id, _OTHER.dropped_at.is_(None))
    rows = session.execute(
        select(PlanItem, User.name, Topic.number, Topic.title, Topic.state, _INTO.id, _INTO.title, _INTO.number, _INTO.state, is_planned)
        .outerjoin(User, User.id == PlanItem.convenor_id)
        .outerjoin(Topic, Topic.id == PlanItem.topic_id)
        .outerjoin(_INTO, _INTO.id == Topic.merged_into_id)
        .where(PlanItem.plan_id == plan.id, *standing(), *([PlanItem.id == item_id] if item_id is not None else []))
        .order_by(PlanItem.quarter, PlanItem.place, PlanItem.id)
    )
    return tuple(_item(plan, row, today=today) for row in rows)


def _item(plan: YearPlan, row: Any, *, today: date) -> ItemLine:
    item, convenor, number, title, state, *into = row
    progress, due = progress_of(state), last_day(plan.year, item.quarter, item.ends_on)
    return ItemLine(
        id=item.id,
        version=item.version,
        title=item.title,
        form=item.form,
        quarter=item.quarter,
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        lead_chair=item.lead_chair,
        proposers=item.proposers,
        convenor_id=item.convenor_id,
        convenor=convenor or "",
        units=item.units,
        words=item.words,
        topic_id=item.topic_id,
        topic_number=number or "",
        topic_title=title or "",
        change=_change(state, into) if progress is Progress.ELSEWHERE else None,
        progress=progress,
        due=due,
        is_late=is_overdue(progress, due, today=today),
    )


def _change(state: TopicState, into: Sequence[Any]) -> TopicChange:
    into_id, title, number, into_state, is_planned = into
    return TopicChange(state, into_id, title or "", number or "", into_state, into_planned=is_planned)


def _dropped(session: Session, plan_id: int) -> tuple[DroppedItem, ...]:
    rows = session.execute(
        select(PlanItem.id, PlanItem.title, PlanItem.quarter, PlanItem.dropped_at, PlanItem.dropped_because)
        .where(PlanItem.plan_id == plan_id, PlanItem.dropped_at.is_not(None))
        .order_by(PlanItem.dropped_at.desc(), PlanItem.id.desc())
        .limit(ITEMS_MOST)
    )
    return tuple(DroppedItem(item_id, title, quarter, at, because) for item_id, title, quarter, at, because in rows if at is not None)


def printed_now(session: Session, plan: YearPlan, *, today: date) -> PrintedPlan:
    """What would be printed of the plan as it stands."""
    return _printed(plan, _items(session, plan, today=today))


def _printed(plan: YearPlan, items: Sequence[ItemLine]) -> PrintedPlan:
    return PrintedPlan(plan.title, plan.words, plan.quota, tuple(_printed_item(one) for one in items))


def _printed_item(one: ItemLine) -> PrintedItem:
    cells = {
        ItemField.TITLE: one.title,
        ItemField.FORM: CONSULTATION_FORM_NAMES[one.form],
        ItemField.DAYS: days_printed(one.starts_on, one.ends_on),
        ItemField.LEAD_CHAIR: one.lead_chair,
        ItemField.PROPOSERS: one.proposers,
        ItemField.CONVENOR: one.convenor,
        ItemField.UNITS: one.units,
        ItemField.WORDS: one.words,
        ItemField.TOPIC: one.topic_number,
    }
    return PrintedItem(one.id, one.quarter, one.starts_on, one.ends_on, cells)

"""年度协商计划: a district's plans, one of them with its items, what an edition printed, and what may still be put in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import GRANTS, Permission, Role
from intake.domain.plan_edition import ItemField, PlanDifferences, PrintedItem, PrintedPlan, days_printed, differences, thawed
from intake.domain.plan_progress import HELD, Progress, Tally, is_overdue, last_day, progress_of, tally
from intake.domain.topic import Route, TopicKind, TopicState
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import CONSULTATION_FORM_NAMES, ITEMS_MOST, QUARTER_NAMES, ConsultationForm, PlanState
from intake.models import Area, PlanEdition, PlanItem, RoleGrant, Topic, User, YearPlan
from intake.queries.departments import manages_district
from intake.queries.pages import PAGE, Page, holding, key_of

QUARTERS = tuple(QUARTER_NAMES)
_FORMS = {name: form for form, name in CONSULTATION_FORM_NAMES.items()}


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
    def late(self) -> tuple[ItemLine, ...]:
        """Those whose day is over, in the plan's own order."""
        return tuple(one for one in self.items if one.is_late)


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


@dataclass(frozen=True, slots=True)
class IssuedPlan:
    """Which plan and edition a phone shows."""

    id: int
    year: int
    state: PlanState
    edition: int


@dataclass(frozen=True, slots=True)
class EditionLine:
    """One edition in the list of a plan's."""

    edition: int
    issued_on: date
    document_number: str
    reason: str
    issued_by: str
    items: int


@dataclass(frozen=True, slots=True)
class EditionPage:
    """One edition as it was printed, beside the one before."""

    line: EditionLine
    plan: PrintedPlan
    differences: PlanDifferences | None
    """None of the first."""


def require_planning(session: Session, actor: Actor) -> None:
    """Forbidden unless the actor makes the plan of their whole district."""
    if not manages_district(session, actor, Permission.PLAN_MANAGE):
        raise Forbidden("年度计划由负责全区的区政协工作人员编制。需要的话请联系区政协办公室。")


def plans(actor: Actor) -> bool:
    """Whether the actor makes the plan, without a query."""
    return any(one.area_id == actor.district_id and Permission.PLAN_MANAGE in GRANTS[one.role] for one in actor.grants)


def _reads_drafts(actor: Actor) -> bool:
    """Those who make a plan, and those who decide on it; everybody else reads what was issued."""
    return actor.may(Permission.SCREEN_VIEW)


def _readable(actor: Actor) -> list[ColumnElement[bool]]:
    """Plans that the actor may read."""
    own = [YearPlan.district_id == actor.district_id]
    return own if _reads_drafts(actor) else [*own, YearPlan.edition > 0]


def plans_in(session: Session, actor: Actor, *, after: str = "", limit: int = PAGE) -> Page[PlanLine]:
    """The years, the newest first, as the actor reads each; two queries. The key of a page is a year."""
    drafts, printed = _reads_drafts(actor), PlanEdition.content
    of_plan = [*_standing(), PlanItem.plan_id == YearPlan.id]
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
            .where(*_readable(actor), *([YearPlan.year < min(key, 9_999)] if key is not None else []))
            .order_by(YearPlan.year.desc())
            .limit(limit + 1)
        )
    ]
    total = session.scalar(select(func.count()).select_from(YearPlan).where(*_readable(actor))) or 0
    return Page(rows=tuple(rows[:limit]), total=total, next_key=str(rows[limit - 1].year) if len(rows) > limit else "")


def plan_page(session: Session, actor: Actor, plan_id: int, *, today: date) -> PlanPage:
    """One plan in four queries; NotFound for another district's, and for a draft where the actor doesn't read drafts.

    Who doesn't reads of a plan what its newest edition says of the items that still stand in it.
    """
    plan = readable_plan(session, actor, plan_id)
    items, content = _items(session, plan, today=today), _newest_content(session, plan)
    issued = thawed(content) if content is not None else None
    now, unissued = _printed(plan, items), None
    if issued is not None and not _reads_drafts(actor):
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
        progress=progress,
        due=due,
        is_late=is_overdue(progress, due, today=today),
    )


def printed_items(session: Session, plan_id: int) -> frozenset[int]:
    """Every item that any edition of the plan has."""
    contents = session.scalars(select(PlanEdition.content).where(PlanEdition.plan_id == plan_id))
    return frozenset(one["item_id"] for content in contents for one in content["items"])


def readable_plan(session: Session, actor: Actor, plan_id: int) -> YearPlan:
    """Its row; NotFound where the actor may not read it."""
    plan = session.scalars(select(YearPlan).where(YearPlan.id == plan_id, *_readable(actor))).one_or_none()
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


def _standing() -> tuple[ColumnElement[bool], ...]:
    return (PlanItem.dropped_at.is_(None),)


def _items(session: Session, plan: YearPlan, *, today: date, item_id: int | None = None) -> tuple[ItemLine, ...]:
    rows = session.execute(
        select(PlanItem, User.name, Topic.number, Topic.title, Topic.state)
        .outerjoin(User, User.id == PlanItem.convenor_id)
        .outerjoin(Topic, Topic.id == PlanItem.topic_id)
        .where(PlanItem.plan_id == plan.id, *_standing(), *([PlanItem.id == item_id] if item_id is not None else []))
        .order_by(PlanItem.quarter, PlanItem.place, PlanItem.id)
    )
    return tuple(_item(plan, row, today=today) for row in rows)


def _item(plan: YearPlan, row: Any, *, today: date) -> ItemLine:
    item, convenor, number, title, state = row
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
        progress=progress,
        due=due,
        is_late=is_overdue(progress, due, today=today),
    )


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


def editions_of(session: Session, plan_id: int) -> tuple[EditionLine, ...]:
    """Every edition, the newest first."""
    return tuple(_edition_line(*row) for row in session.execute(_editions(plan_id).order_by(PlanEdition.edition.desc())))


def edition_page(session: Session, actor: Actor, plan_id: int, edition: int) -> EditionPage:
    """One edition and how it differs from the one before; NotFound where there is none."""
    readable_plan(session, actor, plan_id)
    asked = min(edition, 9_999)
    rows = session.execute(_editions(plan_id).where(PlanEdition.edition.in_((asked, asked - 1))).order_by(PlanEdition.edition)).all()
    if not rows or rows[-1][0].edition != asked:
        raise NotFound("没有这一版。")
    now, before = thawed(rows[-1][0].content), thawed(rows[0][0].content) if len(rows) == 2 else None
    return EditionPage(_edition_line(*rows[-1]), now, differences(before, now) if before is not None else None)


def _editions(plan_id: int) -> Any:
    return select(PlanEdition, User.name).join(User, User.id == PlanEdition.issued_by).where(PlanEdition.plan_id == plan_id)


def _edition_line(one: PlanEdition, by: str) -> EditionLine:
    return EditionLine(one.edition, one.issued_on, one.document_number, one.reason, by, len(one.content["items"]))


def issued_progress(session: Session, plan_id: int) -> dict[int, Progress]:
    """Item → how far it is, of all that ever stood in the plan and still do."""
    rows = session.execute(
        select(PlanItem.id, Topic.state).outerjoin(Topic, Topic.id == PlanItem.topic_id).where(PlanItem.plan_id == plan_id, *_standing())
    )
    return {item_id: progress_of(state) for item_id, state in rows}


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


def plan_to_fill(session: Session, actor: Actor) -> int | None:
    """The newest plan of the district that still takes topics; None where there is none."""
    return session.scalar(
        select(YearPlan.id)
        .where(YearPlan.district_id == actor.district_id, YearPlan.state != PlanState.CLOSED)
        .order_by(YearPlan.year.desc())
        .limit(1)
    )


def years_planned(session: Session, topic_ids: Sequence[int]) -> Mapping[int, int]:
    """The year in whose plan, issued or not, each of the topics stands; those in none are left out."""
    rows = session.execute(
        select(PlanItem.topic_id, YearPlan.year)
        .join(YearPlan, YearPlan.id == PlanItem.plan_id)
        .where(PlanItem.topic_id.in_(topic_ids), *_standing())
    )
    return {topic_id: year for topic_id, year in rows if topic_id is not None}


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
        .where(PlanItem.topic_id == topic_id, *_standing())
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

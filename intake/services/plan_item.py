"""What stands in a plan: put in from the pool or as a placeholder, described, moved between quarters, taken out with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.approval import ApprovalSubject
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.text import clean, clean_line
from intake.domain.topic import TopicAction, TopicState
from intake.domain.year_plan import (
    ITEM_TITLE_MAX,
    ITEM_WORDS_MAX,
    ITEMS_MOST,
    LIST_MAX,
    NAME_MAX,
    QUARTER_NAMES,
    REASON_MAX,
    ConsultationForm,
    PlanState,
)
from intake.models import PlanItem, Topic, YearPlan
from intake.queries.plan_topics import convenor_choices
from intake.services.approval import require_complete
from intake.services.audit import record
from intake.services.topic_decision import lock_topics
from intake.services.year_plan import Planning, lock_plan, move_topics


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What stands in an item's form."""

    title: str
    form: ConsultationForm
    quarter: int
    starts_on: date | None
    ends_on: date | None
    lead_chair: str
    proposers: str
    convenor_id: int | None
    units: str
    words: str


@dataclass(frozen=True, slots=True)
class Itemising:
    """What every act on an item carries; `version` is the item's on the person's screen."""

    actor: Actor
    plan_id: int
    item_id: int
    version: int
    at: datetime

    @property
    def planning(self) -> Planning:
        """The act as one on its plan, whose own version doesn't matter here."""
        return Planning(actor=self.actor, plan_id=self.plan_id, version=0, at=self.at)


def add_topics(session: Session, planning: Planning, topic_ids: Sequence[int], *, quarter: int, form: ConsultationForm) -> list[PlanItem]:
    """Pooled topics, each an item at the end of the quarter, whatever the plan's version is meanwhile.

    Raises InvalidInput (field `topics` or `quarter`), NotFound for another district's, Conflict for one that isn't pooled, stands in a plan,
    or lacks a step of its own chain where the plan is issued already.
    """
    plan = lock_plan(session, planning, any_version=True)
    if not topic_ids:
        raise InvalidInput("请至少勾选一个议题。", field="topics")
    _require_room(session, plan, len(topic_ids))
    _require_quarter(quarter)
    topics = _pooled(session, plan, topic_ids)
    place = _last_place(session, plan, quarter)
    made = [
        PlanItem(
            district_id=plan.district_id,
            plan_id=plan.id,
            topic_id=topic.id,
            title=topic.title[:ITEM_TITLE_MAX],
            form=form,
            quarter=quarter,
            place=number,
            version=1,
            created_at=planning.at,
        )
        for number, topic in enumerate(topics, start=place + 1)
    ]
    session.add_all(made)
    session.flush()
    _changed(
        session, plan, "add", planning=planning, items=[one.id for one in made], topics=[topic.id for topic in topics], quarter=quarter
    )
    return made


def add_placeholder(session: Session, planning: Planning, facts: ItemFacts) -> PlanItem:
    """An item whose topic isn't known yet, at the end of its quarter. Conflict where the plan has one of that title: it was sent twice."""
    plan = lock_plan(session, planning, any_version=True)
    _require_room(session, plan, 1)
    item = PlanItem(district_id=plan.district_id, plan_id=plan.id, version=1, created_at=planning.at)
    _fill(session, planning.actor, plan, item, facts)
    _require_new_title(session, plan, item.title)
    item.place = _last_place(session, plan, item.quarter) + 1
    session.add(item)
    session.flush()
    _changed(session, plan, "add", planning=planning, items=[item.id], quarter=item.quarter)
    return item


def change_item(session: Session, itemising: Itemising, facts: ItemFacts) -> PlanItem:
    """What is said of it; in another quarter it goes to the end. Raises InvalidInput naming the field, Conflict when somebody was faster."""
    plan, item = _locked(session, itemising)
    before = item.quarter
    _fill(session, itemising.actor, plan, item, facts)
    same = {} if session.is_modified(item) else {"unchanged": True}
    if item.quarter != before:
        item.place = _last_place(session, plan, item.quarter, besides=item.id) + 1
    item.version += 1
    _changed(session, plan, "item", planning=itemising.planning, item=item.id, **same)
    return item


def shift_item(session: Session, itemising: Itemising, *, steps: int) -> PlanItem:
    """Up (-1) or down (+1) in the plan's order; over the edge of a quarter it goes to the next one, at the edge of the year it stays.

    Raises InvalidInput where its days hold it in its quarter, Conflict when somebody was faster.
    """
    plan, item = _locked(session, itemising)
    line = _line(session, plan, item.quarter)
    moved: dict[str, int] = {}
    here = next(number for number, one in enumerate(line) if one.id == item.id)
    there = here + steps
    if 0 <= there < len(line):
        line[here], line[there] = line[there], line[here]
        for number, one in enumerate(line, start=1):
            one.place = number
    elif (quarter := item.quarter + steps) in QUARTER_NAMES:
        if item.starts_on is not None or item.ends_on is not None:
            raise InvalidInput(f"“{item.title}”的日期在现在的季度里。要调到别的季度，请打开它，先改日期。")
        others = _line(session, plan, quarter)
        item.quarter = moved["quarter"] = quarter
        for number, one in enumerate([*others, item] if steps < 0 else [item, *others], start=1):
            one.place = number
    item.version += 1
    _changed(session, plan, "order", planning=itemising.planning, item=item.id, **moved)
    return item


def link_topic(session: Session, itemising: Itemising, topic_id: int | None) -> PlanItem:
    """A placeholder gets its topic, or an item whose topic isn't in the plan yet another one; as `add_topics`."""
    plan, item = _locked(session, itemising)
    if topic_id is None:
        raise InvalidInput("请选一个议题。", field="topics")
    if item.topic_id is not None and session.get_one(Topic, item.topic_id).state in _IN_PLAN:
        raise Conflict("这一场的议题已经列入计划，不能换。要换的话请取出这一场，再加新的。")
    (topic,) = _pooled(session, plan, [topic_id])
    item.topic_id = topic.id
    item.version += 1
    _changed(session, plan, "link", planning=itemising.planning, item=item.id, topic=topic.id)
    return item


def drop_item(session: Session, itemising: Itemising, *, reason: str) -> PlanItem:
    """Out of the plan; its planned topic goes back to the pool, and everyone behind it reads why.

    Raises InvalidInput (field `reason`), Conflict once its consultation has begun or when somebody was faster.
    """
    plan, item = _locked(session, itemising)
    words = clean(reason).text
    if not words:
        raise InvalidInput("请写明为什么取出；议题已列入计划的，反映过的居民会看到。", field="reason")
    if len(words) > REASON_MAX:
        raise InvalidInput(f"最多 {REASON_MAX} 个字，多了 {len(words) - REASON_MAX} 个。", field="reason")
    topic = lock_topics(session, [item.topic_id]).get(item.topic_id) if item.topic_id is not None else None
    if topic is not None and topic.state in _BEGUN:
        raise Conflict("这一场已经开始协商，不能取出。")
    if topic is not None and topic.state is TopicState.PLANNED:
        move_topics(session, itemising.planning, [topic], TopicAction.LEAVE_PLAN, words=words)
    item.dropped_at, item.dropped_because = itemising.at, words
    item.version += 1
    _changed(session, plan, "drop", planning=itemising.planning, item=item.id, topic=item.topic_id)
    return item


_BEGUN = frozenset({TopicState.CONSULTING, TopicState.DELIVERING, TopicState.DELIVERED})
_IN_PLAN = _BEGUN | {TopicState.PLANNED}


def _locked(session: Session, itemising: Itemising) -> tuple[YearPlan, PlanItem]:
    plan = lock_plan(session, itemising.planning, any_version=True)
    item = session.scalars(
        select(PlanItem)
        .where(PlanItem.id == itemising.item_id, PlanItem.plan_id == plan.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if item is None:
        raise NotFound("计划里没有这一场。")
    if item.dropped_at is not None:
        raise Conflict("这一场已经取出。您写的还在下面；请回到计划看看。")
    if item.version != itemising.version:
        raise Conflict("这一场刚刚有人改过。您写的还在下面，请先看看现在的情况，再按一次。")
    return plan, item


def _pooled(session: Session, plan: YearPlan, topic_ids: Sequence[int]) -> list[Topic]:
    """The topics, locked, in the order they were chosen."""
    found = lock_topics(session, topic_ids)
    topics = [found[topic_id] for topic_id in dict.fromkeys(topic_ids) if topic_id in found]
    if len(topics) != len(set(topic_ids)) or any(topic.district_id != plan.district_id for topic in topics):
        raise NotFound("选中的议题里有的已经不在了，请重新选。")
    planned = set(session.scalars(select(PlanItem.topic_id).where(PlanItem.topic_id.in_(topic_ids), PlanItem.dropped_at.is_(None))))
    for topic in topics:
        if topic.id in planned:
            raise Conflict(f"“{topic.title}”已经在计划里了，请刷新后再看。")
        if topic.state is not TopicState.POOLED:
            raise Conflict(f"“{topic.title}”现在不在议题库，不能列入。请刷新后再看。")
        if plan.state is PlanState.ISSUED:
            require_complete(session, subject=ApprovalSubject.TOPIC, subject_id=topic.id)
    return topics


def _fill(session: Session, actor: Actor, plan: YearPlan, item: PlanItem, facts: ItemFacts) -> None:
    title = clean_line(facts.title, limit=ITEM_TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请写这一场协商什么。", field="title")
    _require_quarter(facts.quarter)
    _require_days(plan, facts)
    if facts.convenor_id is not None and facts.convenor_id not in dict(convenor_choices(session, actor, kept=item.convenor_id)):
        raise InvalidInput("请从列表里选召集人。", field="convenor")
    words = clean(facts.words).text
    if len(words) > ITEM_WORDS_MAX:
        raise InvalidInput(f"最多 {ITEM_WORDS_MAX} 个字，多了 {len(words) - ITEM_WORDS_MAX} 个。", field="words")
    lead_chair = clean_line(facts.lead_chair, limit=NAME_MAX, field="lead_chair")
    proposers = clean_line(facts.proposers, limit=LIST_MAX, field="proposers")
    units = clean_line(facts.units, limit=LIST_MAX, field="units")
    item.title, item.form, item.quarter, item.words = title, facts.form, facts.quarter, words
    item.starts_on, item.ends_on, item.convenor_id = facts.starts_on, facts.ends_on, facts.convenor_id
    item.lead_chair, item.proposers, item.units = lead_chair, proposers, units


def _require_quarter(quarter: int) -> None:
    if quarter not in QUARTER_NAMES:
        raise InvalidInput("请选一个季度。", field="quarter")


def _require_days(plan: YearPlan, facts: ItemFacts) -> None:
    """In the plan's year, the first in the item's quarter; preparing may take longer, so the last may lie later."""
    if facts.starts_on is not None and facts.ends_on is not None and facts.ends_on < facts.starts_on:
        raise InvalidInput("结束的日期不能早于开始的日期。", field="ends_on")
    for field, day in (("starts_on", facts.starts_on), ("ends_on", facts.ends_on)):
        if day is not None and day.year != plan.year:
            raise InvalidInput(f"请选 {plan.year} 年里的日期。", field=field)
    first = facts.starts_on or facts.ends_on
    if first is not None and (first.month + 2) // 3 != facts.quarter:
        raise InvalidInput("日期不在选的季度里，请改日期或者改季度。", field="starts_on" if facts.starts_on else "ends_on")


def _require_room(session: Session, plan: YearPlan, more: int) -> None:
    standing = session.scalar(select(func.count()).select_from(PlanItem).where(PlanItem.plan_id == plan.id, PlanItem.dropped_at.is_(None)))
    if (standing or 0) + more > ITEMS_MOST:
        raise InvalidInput(f"一份计划最多 {ITEMS_MOST} 场。", field="topics")


def _require_new_title(session: Session, plan: YearPlan, title: str) -> None:
    same = select(PlanItem.id).where(PlanItem.plan_id == plan.id, PlanItem.title == title, PlanItem.dropped_at.is_(None))
    if session.scalar(same.limit(1)) is not None:
        raise Conflict("计划里已经有同名的一场，可能是提交了两次。要另加一场请换个标题。")


def _last_place(session: Session, plan: YearPlan, quarter: int, *, besides: int = 0) -> int:
    where = (PlanItem.plan_id == plan.id, PlanItem.quarter == quarter, PlanItem.dropped_at.is_(None), PlanItem.id != besides)
    with session.no_autoflush:
        return session.scalar(select(func.max(PlanItem.place)).where(*where)) or 0


def _line(session: Session, plan: YearPlan, quarter: int) -> list[PlanItem]:
    """The items of a quarter in their order; the plan's lock holds them."""
    return list(
        session.scalars(
            select(PlanItem)
            .where(PlanItem.plan_id == plan.id, PlanItem.quarter == quarter, PlanItem.dropped_at.is_(None))
            .order_by(PlanItem.place, PlanItem.id)
            .execution_options(populate_existing=True)
        )
    )


def _changed(session: Session, plan: YearPlan, act: str, *, planning: Planning, **detail: Any) -> None:
    """The plan is another one now: whoever issues it must have seen that."""
    plan.version += 1
    record(
        session,
        actor=planning.actor,
        district_id=plan.district_id,
        action=f"plan.{act}",
        noun="year_plan",
        entity_id=plan.id,
        at=planning.at,
        **detail,
    )
    session.flush()

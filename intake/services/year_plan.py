"""年度协商计划: drawn up, issued edition by edition, closed. Its topics enter the plan with the edition that names them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.approval import ApprovalSubject
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.plan_edition import differences, thawed
from intake.domain.text import clean, clean_line
from intake.domain.topic import TopicAction, TopicKind, TopicState
from intake.domain.working_days import SHANGHAI
from intake.domain.year_plan import NUMBER_MAX, PLAN_WORDS_MAX, QUOTA_MOST, REASON_MAX, TITLE_MAX, PlanAction, PlanState
from intake.models import Area, PlanEdition, PlanItem, Topic, YearPlan
from intake.queries.plan_after_approval import AfterApproval, after_approval
from intake.queries.year_plan import printed_now, require_planning
from intake.services.approval import require_complete
from intake.services.audit import record
from intake.services.topic_decision import Screening, lock_topics, tell, written
from intake.services.transition import begin, move

BEGUN = frozenset({TopicState.PLANNED, TopicState.CONSULTING, TopicState.DELIVERING, TopicState.DELIVERED})
"""A topic that is in the plan, or went on to its consultation already."""
YEARS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What stands in its form; the year is settled when it is begun."""

    title: str
    words: str
    quota: int


@dataclass(frozen=True, slots=True)
class Planning:
    """What every act on a plan carries; `version` is the one on the person's screen."""

    actor: Actor
    plan_id: int
    version: int
    at: datetime

    @property
    def today(self) -> date:
        """In Shanghai."""
        return self.at.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class Issuing:
    """What an edition is issued with; the number is of the paper and may come later."""

    words: str
    """What everyone behind its new topics reads."""
    issued_on: date | None
    document_number: str
    accepts_fewer: bool
    """Whoever issues it knows that it holds fewer than the quota."""
    reason: str = ""
    """Why there is another edition; of the first, why what was changed after its approvals needs no further one."""
    accepts_changes: bool = False
    """Whoever issues the first edition knows what was changed after a body approved it last."""


def create_plan(session: Session, facts: PlanFacts, *, actor: Actor, year: int, at: datetime) -> YearPlan:
    """An empty plan of a year. Raises InvalidInput naming the field, Conflict where the year has one."""
    require_planning(session, actor)
    assert actor.user_id is not None
    assert actor.district_id is not None
    this_year = at.astimezone(SHANGHAI).year
    if not this_year - 1 <= year <= this_year + YEARS_AHEAD:
        raise InvalidInput(f"年份请填 {this_year - 1} 到 {this_year + YEARS_AHEAD}。", field="year")
    made = YearPlan(district_id=actor.district_id, year=year, version=1, edition=0, created_by=actor.user_id, created_at=at)
    with session.no_autoflush:
        _fill(made, facts)
    try:
        with session.begin_nested():
            begin(session, made, actor=actor, at=at)
    except IntegrityError as error:
        raise Conflict(f"{year} 年的计划已经有了，请从列表里打开它。") from error
    _note(session, made, "begin", actor=actor, at=at)
    return made


def change_plan(session: Session, planning: Planning, facts: PlanFacts) -> YearPlan:
    """Title, words and quota; of an issued plan they are printed with the next edition."""
    plan = lock_plan(session, planning)
    _fill(plan, facts)
    same = {} if session.is_modified(plan) else {"unchanged": True}
    plan.version += 1
    _note(session, plan, "change", actor=planning.actor, at=planning.at, **same)
    session.flush()
    return plan


def issue(session: Session, planning: Planning, issuing: Issuing) -> PlanEdition:
    """The first edition: its topics are planned, and everyone behind them reads so.

    Raises Conflict where a step of the chain is missing, a topic has gone elsewhere, or somebody was faster; InvalidInput naming the field,
    also where the plan was changed after a body approved it last and nobody says that this needs no further approval, and why.
    """
    plan = lock_plan(session, planning)
    if plan.state is not PlanState.DRAFTING:
        raise Conflict("这份计划已经印发。之后的改动请印发新版。")
    require_complete(session, subject=ApprovalSubject.PLAN, subject_id=plan.id)
    later = after_approval(session, plan.id)
    if not later:
        return _issue(session, planning, plan, replace(issuing, reason=""), action=PlanAction.ISSUE)
    _require_accepted(later, issuing)
    return _issue(session, planning, plan, issuing, action=PlanAction.ISSUE, later=later)


def revise(session: Session, planning: Planning, issuing: Issuing) -> PlanEdition:
    """The next edition, with why there is one; each topic that is new in it went through a chain of its own.

    Raises Conflict where nothing was changed since the last, and whatever `issue` raises.
    """
    plan = lock_plan(session, planning)
    if plan.state is not PlanState.ISSUED:
        raise Conflict("只有已印发、还没有收官的计划才能印发新版。")
    if not _unissued(session, planning, plan):
        raise Conflict("和上一版相比没有改动，不用印发新版。")
    if not clean(issuing.reason).text:
        raise InvalidInput("请写明为什么印发新版。", field="reason")
    return _issue(session, planning, plan, issuing, action=PlanAction.REVISE)


def record_number(session: Session, planning: Planning, *, document_number: str) -> YearPlan:
    """The number that the newest edition's paper was given."""
    plan = lock_plan(session, planning, closed_too=True)
    number = clean_line(document_number, limit=NUMBER_MAX, field="document_number")
    if not number:
        raise InvalidInput("请照纸质文件填写文号。", field="document_number")
    edition = session.scalars(select(PlanEdition).where(PlanEdition.plan_id == plan.id, PlanEdition.edition == plan.edition)).one_or_none()
    if edition is None:
        raise Conflict("计划还没有印发，印发以后再登记文号。")
    edition.document_number = plan.document_number = number
    plan.version += 1
    _note(session, plan, "number", actor=planning.actor, at=planning.at, edition=plan.edition)
    session.flush()
    return plan


def close(session: Session, planning: Planning) -> YearPlan:
    """The year is over. Conflict while something isn't issued, or an item hasn't begun: each is taken out with its reason first."""
    plan = lock_plan(session, planning)
    if plan.state is PlanState.ISSUED:
        if _unissued(session, planning, plan):
            raise Conflict("还有改动没有印发。请先印发新版，再收官。")
        waiting = sum(topic is None or topic.state is TopicState.PLANNED for topic in _topics_of(session, plan).values())
        if waiting:
            raise Conflict(f"还有 {waiting} 场没有开始。请逐项取出并写明理由，居民会看到，印发后再收官。")
    _move(session, plan, PlanAction.CLOSE, planning=planning)
    _note(session, plan, "close", actor=planning.actor, at=planning.at)
    session.flush()
    return plan


def lock_plan(session: Session, planning: Planning, *, closed_too: bool = False, any_version: bool = False) -> YearPlan:
    """The plan, locked and fresh; NotFound in another district, Conflict once it is closed or, unless `any_version`, when somebody was faster.

    Plans are locked before topics.
    """
    require_planning(session, planning.actor)
    plan = session.scalars(
        select(YearPlan)
        .where(YearPlan.id == planning.plan_id, YearPlan.district_id == planning.actor.district_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if plan is None:
        raise NotFound("没有这份年度计划。")
    if plan.version != planning.version and not any_version:
        raise Conflict("这份计划刚刚有人改过。您写的还在下面，请先看看现在的情况，再按一次。")
    if plan.state is PlanState.CLOSED and not closed_too:
        raise Conflict("这一年的计划已经收官，不能再改。")
    return plan


def move_topics(session: Session, planning: Planning, topics: Sequence[Topic], action: TopicAction, *, words: str) -> None:
    """Into the plan or out of it, one decision each, told to everyone behind; the topics are locked."""
    for topic in topics:
        screening = Screening(actor=planning.actor, topic_id=topic.id, version=topic.version, at=planning.at)
        decision = written(session, screening, topic, action, words=words)
        path = session.get_one(Area, topic.area_id).path
        about = topic if topic.kind is TopicKind.CLASS else None
        move(session, topic, action, actor=planning.actor, at=planning.at, area_path=path, decision=decision, topic=about)
        tell(session, decision, topic, at=planning.at)


def _require_accepted(later: AfterApproval, issuing: Issuing) -> None:
    if not issuing.accepts_changes:
        raise InvalidInput(
            f"“{later.step_name}”登记以后，计划有 {len(later.changes)} 处改动没有审议过。"
            "确实不必再走审批的，请勾选并写明理由；要再审的，请到审批里撤销最后一步，审过再登记。",
            field="changes",
        )
    if not clean(issuing.reason).text:
        raise InvalidInput("请写明这些改动为什么不必再走审批。", field="reason")


def _issue(
    session: Session, planning: Planning, plan: YearPlan, issuing: Issuing, *, action: PlanAction, later: AfterApproval | None = None
) -> PlanEdition:
    assert planning.actor.user_id is not None
    number = clean_line(issuing.document_number, limit=NUMBER_MAX, field="document_number")
    issued_on = _issued_on(issuing.issued_on, today=planning.today)
    topics = _topics_of(session, plan)
    if not topics:
        raise Conflict("计划里还没有一场协商，先加进来再印发。")
    new = _entering(session, topics, planned_singly=action is PlanAction.REVISE)
    if len(topics) < plan.quota and not issuing.accepts_fewer:
        lacking = plan.quota - len(topics)
        raise InvalidInput(
            f"全年不少于 {plan.quota} 场，现在列入 {len(topics)} 场，还差 {lacking} 场。确实按现在列入的印发，请勾选后再按一次。",
            field="fewer",
        )
    words = clean(issuing.words).text
    if new and not words:
        raise InvalidInput("请写明列入计划的理由，每位反映过的居民都会看到。", field="words")
    move_topics(session, planning, new, TopicAction.PLAN, words=words)
    _move(session, plan, action, planning=planning)
    plan.edition += 1
    plan.document_number, plan.issued_on = number, issued_on
    session.flush()
    edition = PlanEdition(
        district_id=plan.district_id,
        plan_id=plan.id,
        edition=plan.edition,
        content=printed_now(session, plan, today=planning.today).frozen(),
        reason=_limited(clean(issuing.reason).text, REASON_MAX, "reason"),
        document_number=number,
        issued_on=issued_on,
        issued_by=planning.actor.user_id,
        created_at=planning.at,
    )
    session.add(edition)
    unapproved = {"after_approval": len(later.changes), "items": later.items} if later is not None else {}
    new_ids = [one.id for one in new]
    _note(session, plan, action.value, actor=planning.actor, at=planning.at, edition=plan.edition, topics=new_ids, **unapproved)
    session.flush()
    return edition


def _entering(session: Session, topics: dict[int, Topic | None], *, planned_singly: bool) -> list[Topic]:
    """Those that enter the plan with this edition; Conflict naming one that can't."""
    new = []
    for topic in topics.values():
        if topic is None or topic.state in BEGUN:
            continue
        if topic.state is not TopicState.POOLED:
            raise Conflict(f"“{topic.title}”已经不在议题库。请先把这一场取出，或改接别的议题，再印发。")
        if planned_singly:
            require_complete(session, subject=ApprovalSubject.TOPIC, subject_id=topic.id)
        new.append(topic)
    return new


def _topics_of(session: Session, plan: YearPlan) -> dict[int, Topic | None]:
    """Item → its topic, locked; in the plan's order."""
    items = session.execute(
        select(PlanItem.id, PlanItem.topic_id)
        .where(PlanItem.plan_id == plan.id, PlanItem.dropped_at.is_(None))
        .order_by(PlanItem.quarter, PlanItem.place, PlanItem.id)
    ).all()
    found = lock_topics(session, [topic_id for _, topic_id in items if topic_id is not None])
    return {item_id: found.get(topic_id) if topic_id is not None else None for item_id, topic_id in items}


def _unissued(session: Session, planning: Planning, plan: YearPlan) -> bool:
    """Whether anything differs from the newest edition."""
    content = session.scalars(
        select(PlanEdition.content).where(PlanEdition.plan_id == plan.id, PlanEdition.edition == plan.edition)
    ).one_or_none()
    return content is None or bool(differences(thawed(content), printed_now(session, plan, today=planning.today)))


def _issued_on(day: date | None, *, today: date) -> date:
    if day is None:
        raise InvalidInput("请选印发的日期。", field="issued_on")
    if day > today:
        raise InvalidInput("印发日期不能晚于今天。文件印好以后再来登记。", field="issued_on")
    return day


def _fill(plan: YearPlan, facts: PlanFacts) -> None:
    title = clean_line(facts.title, limit=TITLE_MAX, field="title")
    if not title:
        raise InvalidInput("请写计划的标题。", field="title")
    if not 0 <= facts.quota <= QUOTA_MOST:
        raise InvalidInput(f"场数请填 0 到 {QUOTA_MOST}。", field="quota")
    plan.title, plan.quota = title, facts.quota
    plan.words = _limited(clean(facts.words).text, PLAN_WORDS_MAX, "words")


def _limited(text: str, limit: int, field: str) -> str:
    if len(text) > limit:
        raise InvalidInput(f"最多 {limit} 个字，多了 {len(text) - limit} 个。", field=field)
    return text


def _move(session: Session, plan: YearPlan, action: PlanAction, *, planning: Planning) -> None:
    path = session.get_one(Area, plan.district_id).path
    move(session, plan, action, actor=planning.actor, at=planning.at, area_path=path)


def _note(session: Session, plan: YearPlan, act: str, *, actor: Actor, at: datetime, **detail: Any) -> None:
    record(session, actor=actor, district_id=plan.district_id, action=f"plan.{act}", noun="year_plan", entity_id=plan.id, at=at, **detail)

"""What of screening, the pool and the plan waits on the staff's first page."""

from typing import Any

from sqlalchemy import ColumnElement, DateTime, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from intake.domain.actor import Actor
from intake.domain.approval import ApprovalDecision, ApprovalSubject
from intake.domain.bulletin import BulletinState
from intake.domain.permission import Permission
from intake.domain.row_import import ImportState
from intake.domain.topic import TopicState
from intake.domain.upward_report import UpwardState
from intake.domain.year_plan import PlanState
from intake.models import (
    Approval,
    ApprovalStep,
    Area,
    Bulletin,
    Decision,
    RowImport,
    ScreeningDraft,
    Topic,
    UpwardReport,
    YearPlan,
)
from intake.queries.idle_topics import is_idle
from intake.queries.pages import covers_district, within
from intake.queries.referral_list import COUNTED
from intake.queries.waiting_moment import IDLE_BEFORE, STILL_BEFORE, TODAY, Named

_LATER, _PLACE = aliased(ScreeningDraft), aliased(Area)


def unmade(actor: Actor) -> Named:
    """Topics whose decision couldn't be made with its round, and that wait for another since; the id is the round's."""
    decided_since = select(Decision.id).where(
        Decision.topic_id == ScreeningDraft.topic_id, Decision.decided_at > ScreeningDraft.ended_at, Decision.undone_at.is_(None)
    )
    drafted_since = select(_LATER.id).where(_LATER.topic_id == ScreeningDraft.topic_id, _LATER.id > ScreeningDraft.id)
    ended_at = func.coalesce(ScreeningDraft.ended_at, ScreeningDraft.decided_at)  # for the types: what has a problem has ended
    return (
        select(ScreeningDraft.round_id, Topic.title, Area.name, ended_at, func.count().over())
        .join(Topic, Topic.id == ScreeningDraft.topic_id)
        .join(Area, Area.id == Topic.area_id)
        .where(
            ScreeningDraft.district_id == actor.district_id,
            ScreeningDraft.problem != "",
            Topic.state == TopicState.PROPOSED,
            ~decided_since.exists(),
            ~drafted_since.exists(),
            within(actor, Permission.SCREEN_DECIDE),
        )
        .order_by(ended_at, ScreeningDraft.id)
    )


def proposed(actor: Actor) -> Named:
    """Topics to be screened."""
    return _topics(actor, Permission.SCREEN_VIEW, Topic.state == TopicState.PROPOSED)


def idle(actor: Actor) -> Named:
    """Candidates that nobody proposes."""
    return _topics(actor, Permission.SCREEN_VIEW, is_idle(IDLE_BEFORE))


def to_look_at_again(actor: Actor) -> Named:
    """Topics kept in the pool whose day has come; `since` is the beginning of that day in Shanghai."""
    begins = func.timezone("Asia/Shanghai", cast(Topic.look_again_on, DateTime))
    return _topics(actor, Permission.SCREEN_DECIDE, Topic.state == TopicState.POOLED, Topic.look_again_on <= TODAY, since=begins)


def untold(actor: Actor) -> Named:
    """Reports upward of whose latest answer the residents behind them know nothing."""
    return (
        select(UpwardReport.id, UpwardReport.title, Area.name, UpwardReport.state_changed_at, func.count().over())
        .join(Topic, Topic.id == UpwardReport.topic_id)
        .join(Area, Area.id == Topic.area_id)
        .where(
            UpwardReport.district_id == actor.district_id,
            UpwardReport.state == UpwardState.ANSWERED,
            UpwardReport.told_at.is_(None),
            within(actor, Permission.SCREEN_DECIDE),
        )
        .order_by(UpwardReport.state_changed_at, UpwardReport.id)
    )


def imports_begun(actor: Actor) -> Named:
    """Files whose columns are to be named, or whose trial is to be looked at; a worker's turn isn't waited for."""
    mapped = (RowImport.state == ImportState.MAPPING) & (func.jsonb_array_length(RowImport.columns) > 0)
    return _imports(actor, or_(mapped, RowImport.state == ImportState.CHECKED))


def imports_failed(actor: Actor) -> Named:
    """Files that broke off."""
    return _imports(actor, RowImport.state == ImportState.FAILED)


def bulletins_unsent(actor: Actor) -> Named:
    """Bulletins drafted or signed and not sent, since they were begun; for whoever writes them for the whole district."""
    return (
        select(Bulletin.id, Bulletin.title, Area.name, Bulletin.created_at, func.count().over())
        .join(Area, Area.id == Bulletin.district_id)
        .where(
            Bulletin.district_id == actor.district_id,
            Bulletin.state.in_((BulletinState.DRAFTED, BulletinState.SIGNED)),
            within(actor, Permission.BULLETIN_MANAGE),
        )
        .order_by(Bulletin.created_at, Bulletin.id)
    )


def plans_standing_still(actor: Actor) -> Named:
    """Plans on their way through the approvals of which nothing was written down or taken back since STILL_BEFORE; for whoever makes the
    plan of the whole district.
    """
    moved, goes_on = _moved(actor, ApprovalSubject.PLAN, Approval.plan_id)
    return (
        select(YearPlan.id, YearPlan.title, Area.name, moved.c.at, func.count().over())
        .join(moved, moved.c.subject_id == YearPlan.id)
        .join(Area, Area.id == YearPlan.district_id)
        .where(YearPlan.state == PlanState.DRAFTING, goes_on, within(actor, Permission.PLAN_MANAGE))
        .order_by(moved.c.at, YearPlan.id)
    )


def topics_standing_still(actor: Actor) -> Named:
    """The same of topics that are to enter a plan which is issued already."""
    moved, goes_on = _moved(actor, ApprovalSubject.TOPIC, Approval.topic_id)
    return (
        select(Topic.id, Topic.title, _PLACE.name, moved.c.at, func.count().over())
        .join(moved, moved.c.subject_id == Topic.id)
        .join(_PLACE, _PLACE.id == Topic.area_id)
        .join(Area, Area.id == Topic.district_id)
        .where(Topic.state == TopicState.POOLED, goes_on, within(actor, Permission.PLAN_MANAGE))
        .order_by(moved.c.at, Topic.id)
    )


def _topics(actor: Actor, permission: Permission, *which: ColumnElement[bool], since: Any = Topic.state_changed_at) -> Named:
    """The first by its id; how many there are is counted apart, in any order, to at most `COUNTED` + 1."""
    where = [Topic.district_id == actor.district_id, *which]
    if not covers_district(actor, permission):
        where.append(Topic.area_id.in_(select(Area.id).where(within(actor, permission))))
    first = select(Topic.id).where(*where).order_by(since, Topic.id).limit(1)
    counted = select(Topic.id).where(*where).limit(COUNTED + 1).subquery()
    return (
        select(Topic.id, Topic.title, Area.name, since, select(func.count()).select_from(counted).scalar_subquery())
        .join(Area, Area.id == Topic.area_id)
        .where(Topic.id == first.scalar_subquery())
    )


def _imports(actor: Actor, which: ColumnElement[bool]) -> Named:
    """Where the file is still there: without it nothing can be done but to send it anew."""
    return (
        select(RowImport.id, RowImport.name, Area.name, RowImport.state_changed_at, func.count().over())
        .join(Area, Area.id == RowImport.area_id)
        .where(RowImport.district_id == actor.district_id, RowImport.file_key != "", which, within(actor, Permission.IMPORT_MANAGE))
        .order_by(RowImport.state_changed_at, RowImport.id)
    )


def _moved(actor: Actor, subject: ApprovalSubject, column: InstrumentedAttribute[int | None]) -> tuple[Any, ColumnElement[bool]]:
    """Subjects with an approval that stands, when anything was last written down or taken back of them if before STILL_BEFORE, and whether
    a step of theirs is open.

    Steps go in order and the last ends the chain: one is open while a step was never passed, or the newest that stands was sent back.
    """
    moved = (
        select(column.label("subject_id"), func.max(func.greatest(Approval.recorded_at, Approval.undone_at)).label("at"))
        .where(Approval.district_id == actor.district_id, column.is_not(None))
        .group_by(column)
        .having(
            func.max(func.greatest(Approval.recorded_at, Approval.undone_at)) < STILL_BEFORE, func.bool_or(Approval.undone_at.is_(None))
        )
        .subquery()
    )
    stands = (column == moved.c.subject_id) & Approval.undone_at.is_(None)
    passed = select(Approval.id).where(stands, Approval.step_id == ApprovalStep.id, Approval.decision != ApprovalDecision.SENT_BACK)
    never_passed = select(ApprovalStep.id).where(
        ApprovalStep.district_id == actor.district_id,
        ApprovalStep.subject == subject,
        ApprovalStep.ended_at.is_(None),
        ~passed.correlate(moved, ApprovalStep).exists(),
    )
    newest = select(Approval.decision).where(stands).order_by(Approval.id.desc()).limit(1).correlate(moved).scalar_subquery()
    return moved, or_(never_passed.correlate(moved).exists(), newest == ApprovalDecision.SENT_BACK)

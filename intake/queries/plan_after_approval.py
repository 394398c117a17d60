"""What was changed in a plan after a body approved it last: read from the record of who did what, put together item by item."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.approval import ApprovalDecision
from intake.models import Approval, AuditEntry, PlanItem, User

_ACTS = ("plan.add", "plan.item", "plan.link", "plan.order", "plan.drop", "plan.change")


class ChangeKind(StrEnum):
    """What became of it."""

    PLAN = "plan"
    """Title, words or quota of the plan itself."""
    ADDED = "added"
    """A consultation that wasn't there."""
    CHANGED = "changed"
    """Another topic, day, lead or words of one."""
    DROPPED = "dropped"
    """One that was there and isn't any more."""


@dataclass(frozen=True, slots=True)
class LaterChange:
    """One consultation, or the plan itself, that is another one than what was approved; who changed it last."""

    kind: ChangeKind
    item_id: int | None
    title: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AfterApproval:
    """The approval that a body gave last, and what was changed since; empty where nothing was."""

    step_name: str
    held_on: date
    changes: tuple[LaterChange, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def items(self) -> list[int]:
        """The consultations among them."""
        return [one.item_id for one in self.changes if one.item_id is not None]


def after_approval(session: Session, plan_id: int) -> AfterApproval | None:
    """In three queries; None where nothing was written down yet.

    Counted from the newest step that was passed: whoever lets a step be skipped doesn't look at the plan. What was put in and taken out again
    since, what was only put into another order in its quarter, and what was stored as it was, is no change. The caller who acts on it holds
    the plan: every change does, and every approval.
    """
    newest = session.execute(
        select(Approval.id, Approval.step_name, Approval.held_on)
        .where(Approval.plan_id == plan_id, Approval.undone_at.is_(None), Approval.decision != ApprovalDecision.SENT_BACK)
        .order_by((Approval.decision == ApprovalDecision.PASSED).desc(), Approval.id.desc())
        .limit(1)
    ).one_or_none()
    if newest is None:
        return None
    approval_id, step_name, held_on = newest
    written_down = (
        select(func.max(AuditEntry.id))
        .where(AuditEntry.noun == "approval", AuditEntry.entity_id == approval_id, AuditEntry.action == "approval.record")
        .scalar_subquery()
    )
    acts = session.execute(
        select(AuditEntry.action, AuditEntry.detail, AuditEntry.at, User.name)
        .join(User, User.id == AuditEntry.actor_id)
        .where(
            AuditEntry.noun == "year_plan",
            AuditEntry.entity_id == plan_id,
            AuditEntry.id > func.coalesce(written_down, 0),
            AuditEntry.action.in_(_ACTS),
        )
        .order_by(AuditEntry.id)
    ).all()
    items = {one.id: one for one in session.scalars(select(PlanItem).where(PlanItem.plan_id == plan_id))} if acts else {}
    found: dict[int | None, LaterChange] = {}
    new: set[int | None] = set()
    for action, detail, at, by in acts:
        if detail.get("unchanged") or (action == "plan.order" and "quarter" not in detail):
            continue
        touched = _items_of(action, detail, at, items)
        new.update(touched if action == "plan.add" else ())
        for item_id in touched:
            item = items.get(item_id) if item_id is not None else None
            kind = _kind(item, is_new=item_id in new)
            if kind is not None:
                found[item_id] = LaterChange(kind, item_id, item.title if item is not None else "", by, at)
    return AfterApproval(step_name, held_on, tuple(found.values()))


def _kind(item: PlanItem | None, *, is_new: bool) -> ChangeKind | None:
    """As it stands now; None for what came and went."""
    if item is None:
        return ChangeKind.PLAN
    if item.dropped_at is not None:
        return None if is_new else ChangeKind.DROPPED
    return ChangeKind.ADDED if is_new else ChangeKind.CHANGED


def _items_of(action: str, detail: dict[str, Any], at: datetime, items: dict[int, PlanItem]) -> list[int | None]:
    if action == "plan.change":
        return [None]
    if action != "plan.add":
        return [detail["item"]]
    # Before the record named them, those of an act were known by the moment they were made.
    return detail.get("items") or [one.id for one in items.values() if one.created_at == at]

"""A plan's editions as they were printed, what is different in each, and how far what was printed has come."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.domain.plan_edition import ItemField, PlanDifferences, PrintedPlan, differences, thawed
from intake.domain.plan_progress import Progress, progress_of
from intake.models import Area, PlanEdition, PlanItem, Topic, User
from intake.queries.year_plan import readable_plan, standing


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


@dataclass(frozen=True, slots=True)
class IssuedStep:
    """How far a printed item is, and its topic."""

    progress: Progress
    topic_id: int | None
    """None where it has none, and for whoever may not open it."""


def printed_items(session: Session, plan_id: int) -> frozenset[int]:
    """Every item that any edition of the plan has."""
    contents = session.scalars(select(PlanEdition.content).where(PlanEdition.plan_id == plan_id))
    return frozenset(one["item_id"] for content in contents for one in content["items"])


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


def issued_steps(session: Session, actor: Actor, plan_id: int, printed: PrintedPlan) -> dict[int, IssuedStep]:
    """Item → how far it is, of all that were printed and still stand in the plan; a topic that isn't printed yet tells nothing."""
    numbers = {one.item_id: one.cells.get(ItemField.TOPIC, "") for one in printed.items}
    rows = session.execute(
        select(PlanItem.id, Topic.id, Topic.number, Topic.state, Area.path)
        .outerjoin(Topic, Topic.id == PlanItem.topic_id)
        .outerjoin(Area, Area.id == Topic.area_id)
        .where(PlanItem.plan_id == plan_id, *standing())
    )
    found: dict[int, IssuedStep] = {}
    for item_id, topic_id, number, state, path in rows:
        is_printed = bool(number) and number == numbers.get(item_id)
        opens = is_printed and any(actor.may(one, area_path=path) for one in (Permission.TRIAGE_VIEW, Permission.SCREEN_VIEW))
        found[item_id] = IssuedStep(progress_of(state if is_printed else None), topic_id if opens else None)
    return found

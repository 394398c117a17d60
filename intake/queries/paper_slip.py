"""纸条: what was printed for which point, and what became of each slip."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.paper_slip import SlipState
from intake.domain.permission import Permission
from intake.models import Area, AssistedFiling, IntakePoint, PaperSlip
from intake.queries.pages import Page, key_of, page_of, within
from intake.queries.point import PointView, point_by_id

SHOWN = 20
"""Lines of a page."""


@dataclass(frozen=True, slots=True)
class PrintingRow:
    """Slips printed at one time for one point; `id` is the first slip's."""

    id: int
    point_name: str
    printed_at: datetime
    count: int
    filed: int
    void: int


@dataclass(frozen=True, slots=True)
class SlipRow:
    """One slip."""

    id: int
    number: str
    state: SlipState


@dataclass(frozen=True, slots=True)
class Printing:
    """Slips printed at one time, in the order of their pages."""

    id: int
    point: PointView
    printed_at: datetime
    slips: tuple[SlipRow, ...]


def printings(session: Session, actor: Actor, *, after: str = "") -> Page[PrintingRow]:
    """A page of what was printed within the actor's areas, the newest first; two statements."""
    first = func.min(PaperSlip.id)
    grouped = (
        select(
            first.label("id"),
            PaperSlip.point_id,
            PaperSlip.printed_at,
            func.count().label("count"),
            func.count(AssistedFiling.id).label("filed"),
            func.count(PaperSlip.void_at).label("void"),
        )
        .outerjoin(AssistedFiling, AssistedFiling.slip_id == PaperSlip.id)
        .where(PaperSlip.point_id.in_(_points(actor)))
        .group_by(PaperSlip.point_id, PaperSlip.printed_by, PaperSlip.printed_at)
    )
    total = session.scalar(select(func.count()).select_from(grouped.subquery())) or 0
    key = key_of(after)
    if key is not None:
        grouped = grouped.having(first < key)
    page = grouped.order_by(first.desc()).limit(SHOWN + 1).subquery()
    rows = session.execute(
        select(page.c.id, IntakePoint.name, page.c.printed_at, page.c.count, page.c.filed, page.c.void)
        .join(IntakePoint, IntakePoint.id == page.c.point_id)
        .order_by(page.c.id.desc())
    )
    return page_of([PrintingRow(*row) for row in rows], total=total, limit=SHOWN)


def printing(session: Session, actor: Actor, first_id: int) -> Printing:
    """The slips printed together with this first one; NotFound for another district's, Forbidden outside the actor's areas."""
    head = session.get(PaperSlip, first_id)
    point = point_by_id(session, head.point_id) if head is not None and head.district_id == actor.district_id else None
    if head is None or point is None:
        raise NotFound("没有这批纸条，或者不在您的区。")
    if not actor.may(Permission.ASSISTED_FILE, area_path=point.area_path):
        raise Forbidden("这批纸条不是您的社区的。")
    rows = session.execute(
        select(PaperSlip.id, PaperSlip.number, PaperSlip.void_at, AssistedFiling.id)
        .outerjoin(AssistedFiling, AssistedFiling.slip_id == PaperSlip.id)
        .where(PaperSlip.point_id == head.point_id, PaperSlip.printed_by == head.printed_by, PaperSlip.printed_at == head.printed_at)
        .order_by(PaperSlip.id)
    )
    return Printing(head.id, point, head.printed_at, tuple(SlipRow(row[0], row[1], _state(void_at=row[2], filing=row[3])) for row in rows))


def _state(*, void_at: datetime | None, filing: int | None) -> SlipState:
    if filing is not None:
        return SlipState.FILED
    return SlipState.VOID if void_at is not None else SlipState.OUT


def _points(actor: Actor) -> Any:
    """Ids of the points within the actor's areas."""
    return (
        select(IntakePoint.id)
        .join(Area, Area.id == IntakePoint.area_id)
        .where(IntakePoint.district_id == actor.district_id, within(actor, Permission.ASSISTED_FILE))
    )

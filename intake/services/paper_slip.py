"""纸条: printed with numbers nobody can guess, void once lost, and filed once."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.paper_slip import MOST_AT_ONCE, RANDOM_DIGITS, parse_slip_number, slip_number
from intake.domain.permission import Permission
from intake.domain.point import PointState
from intake.models import AssistedFiling, PaperSlip
from intake.queries.paper_slip import Printing
from intake.queries.point import PointView, point_by_id
from intake.services.audit import record
from intake.services.poster import PosterDesk
from qr_assets.slip import SlipSheet, slips_pdf


def print_slips(session: Session, *, actor: Actor, point_id: int | None, count: int, at: datetime) -> int:
    """Number `count` slips for a point of the actor's areas; the first one's id names the printing.

    Raises InvalidInput (fields `point`, `count`), Forbidden.
    """
    point = point_to_file(session, actor, point_id, Permission.ASSISTED_FILE)
    if not 1 <= count <= MOST_AT_ONCE:
        raise InvalidInput(f"一次印 1 到 {MOST_AT_ONCE} 张。", field="count")
    slips = [
        PaperSlip(district_id=point.district_id, point_id=point.id, number=number, printed_by=actor.user_id, printed_at=at)
        for number in _free_numbers(session, count)
    ]
    session.add_all(slips)
    session.flush()
    first = min(slip.id for slip in slips)
    record(
        session,
        actor=actor,
        district_id=point.district_id,
        action="slip.print",
        noun="paper_slip",
        entity_id=first,
        at=at,
        point=point.id,
        count=count,
    )
    return first


def void_slip(session: Session, *, actor: Actor, slip_id: int, at: datetime) -> None:
    """A lost or spoilt slip is never filed; again changes nothing. Raises NotFound, Forbidden, Conflict where it was filed."""
    slip = session.scalars(
        select(PaperSlip).where(PaperSlip.id == slip_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if slip is None or slip.district_id != actor.district_id:
        raise NotFound("没有这张纸条，或者不在您的区。")
    point = point_by_id(session, slip.point_id)
    assert point is not None, "a slip's point stays"
    require(actor, Permission.ASSISTED_FILE, area_path=point.area_path)
    if _is_filed(session, slip):
        raise Conflict(f"纸条 {slip.number} 已经代填，不用作废。")
    if slip.void_at is None:
        slip.void_at = at
        record(session, actor=actor, district_id=slip.district_id, action="slip.void", noun="paper_slip", entity_id=slip.id, at=at)


def hold_slip(session: Session, raw: str, *, point: PointView) -> PaperSlip:
    """The slip with this number, held until the transaction ends; InvalidInput (field `slip`) unless it is one of the point's."""
    number = parse_slip_number(raw, field="slip")
    slip = session.scalars(
        select(PaperSlip).where(PaperSlip.number == number).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if slip is None or slip.district_id != point.district_id:
        raise InvalidInput("没有这个纸条号。请对着纸条再看一遍；不是从纸条来的，就空着。", field="slip")
    if slip.point_id != point.id:
        raise InvalidInput("这张纸条是另一个直报点的，请在上面改选那个直报点。", field="slip")
    return slip


def check_unused(session: Session, slip: PaperSlip) -> None:
    """InvalidInput (field `slip`) for a slip that is void or filed already."""
    if slip.void_at is not None:
        raise InvalidInput(f"纸条 {slip.number} 已经作废，请另拿一张，或者把纸条号空着。", field="slip")
    if _is_filed(session, slip):
        raise InvalidInput(f"纸条 {slip.number} 已经代填过了。要打印回执，请用“补打回执”查这个号。", field="slip")


def point_to_file(session: Session, actor: Actor, point_id: int | None, permission: Permission) -> PointView:
    """The open point that was chosen; InvalidInput (field `point`) for none, Forbidden where the actor doesn't hold `permission`."""
    point = point_by_id(session, point_id) if point_id is not None else None
    if point is None or point.district_id != actor.district_id:
        raise InvalidInput("请选是哪个直报点。", field="point")
    require(actor, permission, area_path=point.area_path)
    if point.state is not PointState.ACTIVE:
        raise InvalidInput("这个直报点现在不收件，请选别的。", field="point")
    return point


def printing_pdf(desk: PosterDesk, found: Printing) -> bytes:
    """The sheets of one printing, two slips on each, the same bytes every time; ValueError names what can't be printed and the cure."""
    numbers: Sequence[str] = [slip.number for slip in found.slips]
    return slips_pdf(SlipSheet(poster=desk.spec(found.point), find_at=f"{desk.base_url}/r"), numbers)


def _free_numbers(session: Session, count: int) -> list[str]:
    """Fresh ones, drawn again where one is taken; two who draw the same at once meet at the unique constraint, one in millions."""
    found: dict[str, None] = {}
    while len(found) < count:
        drawn = {slip_number(secrets.randbelow(10**RANDOM_DIGITS)) for _ in range(count - len(found))}
        taken = set(session.scalars(select(PaperSlip.number).where(PaperSlip.number.in_(drawn))))
        found |= dict.fromkeys(drawn - taken)
    return list(found)


def _is_filed(session: Session, slip: PaperSlip) -> bool:
    return session.scalar(select(AssistedFiling.id).where(AssistedFiling.slip_id == slip.id)) is not None

"""待核, many at once: what was held from one device, or at one point for one reason, as an attack brings it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import NotFound
from intake.domain.permission import Permission
from intake.domain.submission import SubmissionState
from intake.models import Area, IntakePoint, Submission
from intake.queries.pages import Page, key_of, page_of, within
from intake.queries.quarantine import held_words

MANY = 5
"""From so many on they are offered together."""
GROUPS = 5
"""Of each kind, the largest."""
PAGE = 50


class Alike(StrEnum):
    """What those have in common that are looked at together."""

    POINT = "point"
    """同一直报点，同一理由."""
    DEVICE = "device"
    """同一台设备."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some that belong together, told by one of them."""

    by: Alike
    like: int
    """Id of one of them, the oldest."""
    point_name: str
    held: str
    """Why, where all are held for the same."""
    count: int


@dataclass(frozen=True, slots=True)
class TogetherRow:
    """One of them."""

    id: int
    text: str
    point_name: str


@dataclass(frozen=True, slots=True)
class Together:
    """All of them: what they have in common, a page, and the last that was there to be seen."""

    group: Group
    page: Page[TogetherRow]
    newest: int


def groups_held(session: Session, actor: Actor) -> tuple[Group, ...]:
    """What came in numbers, the largest first; two statements."""
    first, count = func.min(Submission.id).label("first"), func.count().label("count")
    by_point = session.execute(
        select(first, IntakePoint.name, Submission.suspicion, count)
        .join(Area, Area.id == Submission.area_id)
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .where(_waiting(actor), Submission.suspicion.is_not(None))
        .group_by(IntakePoint.id, IntakePoint.name, Submission.suspicion)
        .having(func.count() >= MANY)
        .order_by(count.desc(), first)
        .limit(GROUPS)
    )
    groups = [Group(Alike.POINT, one, name, held_words(why), number) for one, name, why, number in by_point]
    by_device = session.execute(
        select(first, func.min(IntakePoint.name), count)
        .join(Area, Area.id == Submission.area_id)
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .where(_waiting(actor), Submission.device_hash.is_not(None))
        .group_by(Submission.device_hash)
        .having(func.count() >= MANY)
        .order_by(count.desc(), first)
        .limit(GROUPS)
    )
    groups += [Group(Alike.DEVICE, one, name, "", number) for one, name, number in by_device]
    return tuple(groups)


def together(session: Session, actor: Actor, *, by: Alike, like: int, after: str) -> Together:
    """Those that are like the one, by id; NotFound when it isn't held any more, or not within reach. Three statements."""
    alike = _alike(session, actor, by=by, like=like)
    total, newest = session.execute(
        select(func.count(), func.max(Submission.id)).join(Area, Area.id == Submission.area_id).where(*alike)
    ).one()
    key = key_of(after)
    rows = session.execute(
        select(Submission.id, Submission.text_masked, IntakePoint.name, Submission.suspicion)
        .join(Area, Area.id == Submission.area_id)
        .join(IntakePoint, IntakePoint.id == Submission.point_id)
        .where(*alike, *([Submission.id > key] if key is not None else []))
        .order_by(Submission.id)
        .limit(PAGE + 1)
    ).all()
    shown = [TogetherRow(row_id, text, point) for row_id, text, point, _ in rows]
    held = held_words(rows[0].suspicion) if rows and by is Alike.POINT else ""
    group = Group(by, like, rows[0].name if rows else "", held, total)
    return Together(group, page_of(shown, total=total, limit=PAGE), newest or 0)


def held_alike(session: Session, actor: Actor, *, by: Alike, like: int, newest: int, limit: int) -> Sequence[int]:
    """Ids of the oldest of them, none newer than `newest`."""
    return session.scalars(
        select(Submission.id)
        .join(Area, Area.id == Submission.area_id)
        .where(*_alike(session, actor, by=by, like=like), Submission.id <= newest)
        .order_by(Submission.id)
        .limit(limit)
    ).all()


def _alike(session: Session, actor: Actor, *, by: Alike, like: int) -> list[ColumnElement[bool]]:
    # It may have been decided meanwhile; what it has in common with the others stays.
    one = session.execute(
        select(Submission.point_id, Submission.suspicion, Submission.device_hash).where(
            Submission.id == like, Submission.district_id == actor.district_id
        )
    ).one_or_none()
    if one is None or (one.device_hash is None if by is Alike.DEVICE else one.suspicion is None):
        raise NotFound("没有这一批来件，可能已经处理完了。")
    if by is Alike.DEVICE:
        return [_waiting(actor), Submission.device_hash == one.device_hash]
    return [_waiting(actor), Submission.point_id == one.point_id, Submission.suspicion == one.suspicion]


def _waiting(actor: Actor) -> ColumnElement[bool]:
    return (
        (Submission.district_id == actor.district_id)
        & (Submission.state == SubmissionState.QUARANTINED)
        & within(actor, Permission.QUARANTINE_DECIDE)
    )

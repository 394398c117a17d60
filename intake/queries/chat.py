"""Where a follower stands in the chat: the point, the draft that is open there, and which points there are to pick from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, case, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from intake.domain.chat_draft import DraftState, PartKind, says_something
from intake.domain.point import PointState
from intake.domain.position import Position, position_of
from intake.models import Area, ChatDraft, ChatPart, IntakePoint, Submission
from intake.queries.open_call import of_no_call

PAGE = 8
"""Points in one list: more aren't read on a phone."""
MOST_PAGES = 60
_SAYING = [kind for kind in PartKind if says_something(kind)]


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A draft that takes words, and how full it is."""

    id: int
    salt: bytes
    page: int
    offered: tuple[int, ...]
    letters: int
    parts: int
    photos: int
    says: bool
    """Whether anything in it tells what the matter is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A follower's point, None where none is known, and the draft that is open at it."""

    point_id: int | None
    district_id: int | None
    state: PointState | None
    name: str
    code: str
    closed_note: str
    draft: OpenDraft | None

    @property
    def is_taking(self) -> bool:
        """Whether the point is known and takes submissions."""
        return self.state is PointState.ACTIVE


@dataclass(frozen=True, slots=True)
class PointToPick:
    """One line of the list."""

    id: int
    name: str
    parent: str
    """The street, or the district where the account serves several."""


@dataclass(frozen=True, slots=True)
class SentLately:
    """A draft that was sent, by its receipt."""

    number: str
    salt: bytes


def _draft_columns() -> Any:
    """The columns of OpenDraft, and the lateral they come from."""
    letters = func.char_length(_parts.words) + func.char_length(_parts.address) + 2
    counted = (
        select(
            func.coalesce(func.sum(letters).filter(_parts.kind.in_((PartKind.TEXT, PartKind.LINK))), 0).label("letters"),
            func.count().label("parts"),
            func.count().filter(_parts.kind == PartKind.IMAGE).label("photos"),
            func.coalesce(func.bool_or(_parts.kind.in_(_SAYING)), False).label("says"),
        )
        .where(_parts.draft_id == _drafts.id)
        .lateral("counted")
    )
    columns = (_drafts.id, _drafts.link_salt, _drafts.offered, counted.c.letters, counted.c.parts, counted.c.photos, counted.c.says)
    return columns, counted


_drafts, _parts, _points = ChatDraft.__table__.c, ChatPart.__table__.c, IntakePoint.__table__.c
"""The bare columns: the two statements below are part of every message, and the mapper's way takes twice as long."""


@cache
def _at_point() -> Any:
    columns, counted = _draft_columns()
    here = (
        (_drafts.point_id == _points.id)
        & (_drafts.follower_id == bindparam("follower", type_=BigInteger))
        & (_drafts.state == DraftState.OPEN)
    )
    return (
        select(_points.district_id, _points.state, _points.name, _points.code, _points.closed_note, *columns)
        .select_from(IntakePoint.__table__.outerjoin(ChatDraft.__table__, here).outerjoin(counted, true()))
        .where(_points.id == bindparam("point", type_=BigInteger))
    )


@cache
def _nowhere() -> Any:
    columns, counted = _draft_columns()
    return (
        select(*columns)
        .select_from(ChatDraft.__table__.join(counted, true()))
        .where(_drafts.follower_id == bindparam("follower"), _drafts.point_id.is_(None), _drafts.state == DraftState.OPEN)
    )


def standing(session: Session, *, follower_id: int, point_id: int | None) -> Standing:
    """The follower at that point, in one statement."""
    if point_id is None:
        row = session.execute(_nowhere(), {"follower": follower_id}).one_or_none()
        return Standing(None, None, None, "", "", "", _draft(row) if row else None)
    district_id, state, name, code, closed_note, *draft = session.execute(_at_point(), {"follower": follower_id, "point": point_id}).one()
    return Standing(point_id, district_id, state, name, code, closed_note, _draft(draft) if draft[0] is not None else None)


def _draft(row: Sequence[Any]) -> OpenDraft:
    draft_id, salt, offered, letters, parts, photos, says = row
    return OpenDraft(draft_id, salt, int(offered.get("page", 0)), tuple(offered.get("ids", ())), int(letters), parts, photos, says)


def other_open_drafts(session: Session, *, follower_id: int, but: int | None) -> list[tuple[int, int | None, str]]:
    """(draft, point, the point's name) of drafts that the follower has open elsewhere than at the point `but`, oldest first."""
    rows = session.execute(
        select(ChatDraft.id, ChatDraft.point_id, func.coalesce(IntakePoint.name, ""))
        .outerjoin(IntakePoint, IntakePoint.id == ChatDraft.point_id)
        .where(ChatDraft.follower_id == follower_id, ChatDraft.state == DraftState.OPEN, ChatDraft.point_id.is_distinct_from(but))
        .order_by(ChatDraft.id)
        .limit(5)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def sent_lately(session: Session, *, follower_id: int, since: datetime) -> SentLately | None:
    """The last draft of the follower that was sent since then."""
    row = session.execute(
        select(Submission.receipt_number, Submission.receipt_salt)
        .join(ChatDraft, ChatDraft.submission_id == Submission.id)
        .where(ChatDraft.follower_id == follower_id, ChatDraft.state == DraftState.SENT, ChatDraft.state_changed_at >= since)
        .order_by(ChatDraft.state_changed_at.desc())
        .limit(1)
    ).one_or_none()
    return SentLately(*row) if row else None


@dataclass(frozen=True, slots=True)
class SaidWhere:
    """The last place that was sent into a draft; empty where none was."""

    label: str = ""
    position: Position | None = None


def said_where(session: Session, draft_id: int) -> SaidWhere:
    """Where the resident says it is."""
    row = session.execute(
        select(ChatPart.words, ChatPart.latitude, ChatPart.longitude)
        .where(ChatPart.draft_id == draft_id, ChatPart.kind == PartKind.LOCATION)
        .order_by(ChatPart.sent_at.desc(), ChatPart.message_id.desc())
        .limit(1)
    ).one_or_none()
    return SaidWhere(row.words, position_of(row.latitude, row.longitude)) if row is not None else SaidWhere()


_TOP, _PARENT = aliased(Area), aliased(Area)


def points_to_pick(session: Session, *, area_id: int, near: SaidWhere, page: int, but: int | None) -> tuple[tuple[PointToPick, ...], bool]:
    """A page of the active points below an area, and whether there are more: those whose community or street the map names in `near`
    first, then, where positions are known, those that lie nearest.
    """
    label = bindparam("label", near.label, type_=Text)
    named = case(
        (func.strpos(label, Area.name) > 0, 0),
        (func.strpos(label, func.coalesce(_PARENT.name, "-")) > 0, 1),
        else_=2,
    )
    rows = session.execute(
        select(IntakePoint.id, IntakePoint.name, func.coalesce(_PARENT.name, ""))
        .join(Area, Area.id == IntakePoint.area_id)
        .join(_TOP, func.starts_with(Area.path, _TOP.path))
        .outerjoin(_PARENT, _PARENT.id == Area.parent_id)
        .where(_TOP.id == area_id, IntakePoint.state == PointState.ACTIVE, of_no_call(), IntakePoint.id.is_distinct_from(but))
        .order_by(named, *_distance(near.position), Area.path, IntakePoint.id)
        .offset(min(page, MOST_PAGES) * PAGE)
        .limit(PAGE + 1)
    ).all()
    return tuple(PointToPick(*row) for row in rows[:PAGE]), len(rows) > PAGE


def _distance(position: Position | None) -> tuple[ColumnElement[Any], ...]:
    """Nearest first, by the squares of degrees made equally long; points without a position come last."""
    if position is None:
        return ()
    east = (IntakePoint.longitude - position.longitude) * math.cos(math.radians(position.latitude))
    north = IntakePoint.latitude - position.latitude
    return ((north * north + east * east).asc().nulls_last(),)


def point_called(session: Session, name: str, *, area_id: int) -> int | None:
    """The one active point below an area that is called so, or whose community is; None for none, and for two."""
    found = session.scalars(
        select(IntakePoint.id)
        .join(Area, Area.id == IntakePoint.area_id)
        .join(_TOP, func.starts_with(Area.path, _TOP.path))
        .where(_TOP.id == area_id, IntakePoint.state == PointState.ACTIVE, of_no_call(), or_(IntakePoint.name == name, Area.name == name))
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None

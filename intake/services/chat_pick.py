"""A resident without a point, or with one that takes nothing, picks one: by its number in a list, or by its name."""

from datetime import datetime

from sqlalchemy.orm import Session

from intake.domain.point import PointState
from intake.models import ChatDraft
from intake.queries.chat import PointToPick, point_called, points_to_pick, said_where
from intake.queries.point import PointView, point_by_id
from intake.services.chat_draft import offer, place_draft
from intake.services.wechat_follower import note_point

NAME_MAX = 30


def offer_page(session: Session, *, draft_id: int, area_id: int, page: int, but: int | None) -> tuple[tuple[PointToPick, ...], bool]:
    """A page of points for a draft, the first again behind the last, and whether there are more; their numbers are remembered."""
    near = said_where(session, draft_id)
    points, more = points_to_pick(session, area_id=area_id, near=near, page=page, but=but)
    if not points and page:
        page = 0
        points, more = points_to_pick(session, area_id=area_id, near=near, page=page, but=but)
    offer(session, draft_id=draft_id, page=page, ids=[one.id for one in points])
    return points, more or page > 0


def by_name(session: Session, text: str, *, area_id: int) -> PointView | None:
    """The point that a whole message names."""
    name = text.strip().strip('。.“”"')
    found = point_called(session, name, area_id=area_id) if 0 < len(name) <= NAME_MAX else None
    return by_id(session, found) if found is not None else None


def by_id(session: Session, point_id: int) -> PointView | None:
    """The point, as long as it takes submissions."""
    point = point_by_id(session, point_id)
    return point if point is not None and point.state is PointState.ACTIVE else None


def settle(session: Session, *, follower_id: int, draft_id: int, point: PointView, closes_at: datetime, at: datetime) -> ChatDraft | None:
    """The follower is at `point` from now on, and so is what they said; None, and nothing moves, when it was sent meanwhile."""
    placed = place_draft(session, draft_id=draft_id, point=point, closes_at=closes_at, at=at)
    if placed is not None:
        note_point(session, follower_id=follower_id, point=point, at=at)
    return placed

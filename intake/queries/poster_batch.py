"""Batches of posters as the desk sees them: what can be ordered, the list, one batch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.point import PointState
from intake.domain.poster_batch import BatchState, PosterFormat
from intake.models import Area, IntakePoint, PosterBatch, User

PAGE = 20
PACE = 25
"""Posters a second on a busy machine of two cores; for what a page promises."""


@dataclass(frozen=True, slots=True)
class AreaChoice:
    """An area that can be ordered: how deep it lies below the highest one, and how many posters it makes in how many seconds."""

    id: int
    name: str
    depth: int
    points: int

    @property
    def seconds(self) -> int:
        """About how long it takes."""
        return -(-self.points // PACE)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One line of the list."""

    id: int
    area_id: int
    area_name: str
    format: PosterFormat
    state: BatchState
    done: int
    total: int
    left_out: int
    """Points without a poster; its page lists them with the reasons."""
    has_file: bool
    file_bytes: int
    ordered_by: str
    ordered_at: datetime
    version: int

    @property
    def expired(self) -> bool:
        """Whether it was made and its file is gone."""
        return self.state is BatchState.DONE and not self.has_file

    @property
    def unfinished(self) -> bool:
        """Whether its page has to be looked at again."""
        return self.state in {BatchState.WAITING, BatchState.RUNNING}


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One page and the key of the next."""

    rows: tuple[BatchRow, ...]
    next_key: str
    """Empty on the last page."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A point without a poster, and why."""

    point_id: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class BatchDetail:
    """Everything on a batch's page."""

    row: BatchRow
    reason: str
    """Why it failed, empty where it didn't."""
    left_out: tuple[LeftOut, ...]
    file_key: str | None


_COLUMNS: Any = (  # typed by BatchRow, whose fields it follows
    PosterBatch.id,
    PosterBatch.area_id,
    Area.name,
    PosterBatch.format,
    PosterBatch.state,
    PosterBatch.done,
    PosterBatch.total,
    func.jsonb_array_length(func.jsonb_path_query_array(PosterBatch.problems, cast("$[*] ? (@.point_id != null)", JSONPATH))),
    PosterBatch.file_key.is_not(None),
    PosterBatch.file_bytes,
    User.name,
    PosterBatch.created_at,
    PosterBatch.version,
)


def areas_to_print(session: Session, actor: Actor) -> tuple[AreaChoice, ...]:
    """Areas in the actor's reach that hold a point in use, in the tree's order; one query, summed up the tree here."""
    rows = session.execute(
        select(Area.id, Area.name, Area.path, func.count(IntakePoint.id))
        .outerjoin(IntakePoint, (IntakePoint.area_id == Area.id) & (IntakePoint.state != PointState.RETIRED))
        .where(Area.district_id == actor.district_id, _reach(actor))
        .group_by(Area.id)
        .order_by(Area.path)
    ).all()
    below: dict[int, int] = {}
    for _, _, path, points in rows:
        for one in path.strip("/").split("/"):
            below[int(one)] = below.get(int(one), 0) + points
    highest = min((path.count("/") for _, _, path, _ in rows), default=0)
    return tuple(AreaChoice(area_id, name, path.count("/") - highest, below[area_id]) for area_id, name, path, _ in rows if below[area_id])


def batches_of(session: Session, actor: Actor, *, after: str = "") -> BatchPage:
    """A page of the batches in the actor's reach, the newest first; `after` is a page's `next_key`, anything else starts at the top."""
    query = _batches(actor).where(_reach(actor))
    if after.isascii() and after.isdecimal() and len(after) < 19:
        query = query.where(PosterBatch.id < int(after))
    rows = [_row(row) for row in session.execute(query.order_by(PosterBatch.id.desc()).limit(PAGE + 1))]
    return BatchPage(rows=tuple(rows[:PAGE]), next_key=str(rows[PAGE - 1].id) if len(rows) > PAGE else "")


def batch_detail(session: Session, actor: Actor, batch_id: int) -> BatchDetail:
    """One batch in one query; NotFound for another district's, Forbidden without a permission that reaches its area."""
    found = session.execute(
        _batches(actor).add_columns(Area.path, PosterBatch.problems, PosterBatch.file_key).where(PosterBatch.id == batch_id)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这批海报，或者不在您的区。")
    path, problems, file_key = found[len(_COLUMNS) :]
    if not actor.may(Permission.POSTERS_PRINT, area_path=path):
        raise Forbidden("这批海报不在您负责的区域。")
    return BatchDetail(
        row=_row(found[: len(_COLUMNS)]),
        reason=next((one["reason"] for one in problems if one["point_id"] is None), ""),
        left_out=tuple(LeftOut(one["point_id"], one["name"], one["reason"]) for one in problems if one["point_id"] is not None),
        file_key=file_key,
    )


def _batches(actor: Actor) -> Any:
    return (
        select(*_COLUMNS)
        .select_from(PosterBatch)
        .join(Area, Area.id == PosterBatch.area_id)
        .join(User, User.id == PosterBatch.created_by)
        .where(PosterBatch.district_id == actor.district_id)
    )


def _row(row: Any) -> BatchRow:
    values = list(row)
    values[3] = PosterFormat(values[3])
    return BatchRow(*values)


def _reach(actor: Actor) -> ColumnElement[bool]:
    """Areas in which the actor may print."""
    paths = actor.area_paths(Permission.POSTERS_PRINT)
    return or_(*(Area.path.startswith(path, autoescape=True) for path in paths)) if paths else Area.id.is_(None)

"""扫码情况: scans, openings and submissions of each point by day, counted after the answer has gone out.

A count is for the eye of staff; the form is what a mass push hits. So nothing is counted in the resident's transaction: what happened is noted
on the session, and written once that has committed and the resident has their page. A count that can't be written is lost, and logged.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.point_count import PointStep
from intake.domain.receipt import SHANGHAI
from intake.models import Base
from intake.ports import RateLimiter
from intake.queries.point import PointView

SHARDS = 16
"""Rows for each day and point, so that a rush doesn't queue for one; each process has its own, so that quiet points have one or two."""
ONCE = "1/10 minutes"
"""One device that comes to one point again within this is counted once: a reload, the way back, a return from WeChat's recognition."""
_NOTED = "point_steps"


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing that happened at a point; `day` is in Shanghai."""

    point_id: int
    day: date
    step: PointStep
    district_id: int
    device: str = ""
    """Hash of the device that is counted ONCE; empty where each time counts."""


def counted_at(point: PointView, step: PointStep, *, at: datetime, device: str = "") -> Counted:
    """What is to be counted of `point`."""
    return Counted(point.id, at.astimezone(SHANGHAI).date(), step, point.district_id, device)


def note_step(session: Session, point: PointView, step: PointStep, *, at: datetime, device: str = "") -> None:
    """Note it on the session; the edge counts it after the commit (`noted`, `first_times`, `count_steps`)."""
    session.info.setdefault(_NOTED, []).append(counted_at(point, step, at=at, device=device))


def noted(session: Session) -> tuple[Counted, ...]:
    """What was noted, and forget it."""
    return tuple(session.info.pop(_NOTED, ()))


def first_times(limiter: RateLimiter, steps: Sequence[Counted]) -> tuple[Counted, ...]:
    """Those of `steps` whose device wasn't counted at this point a moment ago, and those without a device."""
    asked = [one for one in steps if one.device]
    fresh = limiter.hit_each(*((ONCE, (one.step.value, str(one.point_id), one.device)) for one in asked)) if asked else ()
    again = {one for one, is_first in zip(asked, fresh, strict=True) if not is_first}
    return tuple(one for one in steps if one not in again)


def count_steps(session: Session, steps: Iterable[Counted]) -> None:
    """Count each, points in one order so that two who count the same can't wait for each other; a statement a point and day.

    For a session that does nothing else: the edge sees to it that a count that fails costs nobody anything.
    """
    sums = Counter((one.point_id, one.day, one.district_id, one.step) for one in steps)
    for point_id, day, district_id in sorted({key[:3] for key in sums}):
        values = {"point_id": point_id, "day": day, "district_id": district_id, "shard": os.getpid() % SHARDS}
        session.execute(_count(), {**values, **{step.value: sums[point_id, day, district_id, step] for step in PointStep}})


@cache
def _count() -> Any:
    """The statement, built once. Its commit doesn't wait for the disk: the last counts before a power cut are worth less than the wait."""
    table = Base.metadata.tables["point_counts"]
    names = ("point_id", "day", "shard", "district_id", *(step.value for step in PointStep))
    for_this_commit = True
    quick = select(func.set_config("synchronous_commit", "off", for_this_commit).label("value")).subquery("quick")
    added = insert(table).from_select(names, select(*(bindparam(name, type_=table.c[name].type) for name in names)).select_from(quick))
    sums = {step.value: table.c[step.value] + added.excluded[step.value] for step in PointStep}
    return added.on_conflict_do_update(index_elements=["point_id", "day", "shard"], set_=sums)

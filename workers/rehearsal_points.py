"""扫码情况 and 六途径 of the demo: a month of scans, one poster that nobody scans, how many people live where, and topics that no message opened.

Everything invented.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.point import AreaKind, PointState
from intake.domain.topic import Route
from intake.domain.working_days import SHANGHAI
from intake.models import Area, IntakePoint, PointCount
from intake.services.place import set_residents
from intake.services.topic_origin import OriginFacts, register

DAYS = 30
QUIET_EVERY = 23
"""One poster in so many hangs where nobody sees it."""
ADMINISTRATOR, WORKER, WORKERS_COMMUNITY, STREET = "于管家", "王桂兰", "龙池社区", "丰山街道"
ASKED = (
    ("老旧小区加装电梯怎么推得动", "区委办公室", "云委办〔2026〕31 号", "请调研丰山街道加装电梯卡在哪里，提出办法。", "lift-addition"),
    ("沿河步道夜间照明", "区人民政府办公室", "", "沿河步道明年改造，请先听听居民想要什么样的灯。", "street-lights"),
)


def use_points(session: Session, *, staff: Actor, actor: Callable[[str], Actor], ends: datetime) -> None:
    """All of it, up to `ends`, done by `staff` of the whole district and by a community worker."""
    _scan(session, staff, ends)
    _count_residents(session, actor(ADMINISTRATOR), ends)
    areas = {area.name: area.id for area in session.scalars(select(Area).where(Area.district_id == staff.district_id))}
    for days, (title, body, number, words, category) in enumerate(ASKED, start=3):
        at = ends - timedelta(days=days)
        facts = OriginFacts(
            route=Route.PARTY_GOVERNMENT,
            title=title,
            area_id=areas[STREET],
            category=category,
            words=words,
            body=body,
            document_number=number,
            received_on=at.astimezone(SHANGHAI).date(),
        )
        register(session, actor=staff, facts=facts, at=at)
    found = OriginFacts(
        route=Route.COMMUNITIES,
        title="老菜场门口早高峰堵路",
        area_id=areas[WORKERS_COMMUNITY],
        category=None,
        words="送菜的车和接孩子的车挤在一起，每天早上堵半个多小时，社区协调过三次没有办法。",
        body=f"{WORKERS_COMMUNITY}居委会",
        place="老菜场东门",
        homes=260,
    )
    register(session, actor=actor(WORKER), facts=found, at=ends - timedelta(days=2))


def _scan(session: Session, staff: Actor, ends: datetime) -> None:
    """A month of scans, as they would have been counted; what was sent the rehearsal counts itself."""
    last = ends.astimezone(SHANGHAI).date()
    points = session.scalars(
        select(IntakePoint.id)
        .where(IntakePoint.district_id == staff.district_id, IntakePoint.state == PointState.ACTIVE)
        .order_by(IntakePoint.id)
    )
    rows = [
        {
            "point_id": point_id,
            "day": last - timedelta(days=past),
            "shard": 0,
            "district_id": staff.district_id,
            "scanned": 1 + (point_id * 7 + past * 5) % 6,
            "opened": 1 + (point_id * 7 + past * 5) % 5,
        }
        for point_id in points
        for past in range(DAYS)
        if point_id % QUIET_EVERY
    ]
    session.execute(insert(PointCount), rows)


def _count_residents(session: Session, administrator: Actor, ends: datetime) -> None:
    """Most communities know how many live there."""
    communities = session.scalars(
        select(Area).where(Area.district_id == administrator.district_id, Area.kind == AreaKind.COMMUNITY).order_by(Area.id)
    ).all()
    for number, area in enumerate(communities):
        if number % 9:
            living = 2_400 + number * 370 % 5_200
            set_residents(session, actor=administrator, area_id=area.id, version=area.version, residents=living, at=ends)

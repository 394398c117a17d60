"""推广链接: behind a tapped code, in the desk's list, and day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import Actor
from intake.domain.campaign import CampaignStage, stage_of
from intake.domain.errors import Forbidden, NotFound
from intake.domain.permission import Permission
from intake.domain.point import PointState
from intake.models import Area, Campaign, CampaignCount, IntakePoint
from intake.queries.open_call import of_no_call
from intake.queries.pages import PAGE, Page, holding, key_of, page_of, within


@dataclass(frozen=True, slots=True)
class Tapped:
    """What a tap on a link needs to know."""

    id: int
    district_id: int
    area_path: str
    area_name: str
    point_code: str
    """Empty where the resident picks among those of the area, or the one point takes nothing more."""
    stage: CampaignStage


@dataclass(frozen=True, slots=True)
class Choice:
    """A point to pick."""

    id: int
    code: str
    name: str
    area_name: str
    parent_name: str


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A line of the desk's list."""

    id: int
    name: str
    partner: str
    target: str
    """The point's name, or the area's."""
    stage: CampaignStage
    opened: int
    formed: int
    sent: int


@dataclass(frozen=True, slots=True)
class CampaignDetail:
    """Everything on its page but the days."""

    row: CampaignRow
    district_id: int
    area_path: str
    code: str
    to_one_point: bool
    starts_on: date
    ends_on: date | None
    version: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the funnel: how often, not how many people."""

    day: date
    opened: int
    formed: int
    sent: int


def campaign_by_code(session: Session, code: str, *, today: date) -> Tapped | None:
    """What is behind `/c/<code>`, ended ones too; None for a code nobody was given."""
    row = session.execute(
        select(Campaign, Area.path, Area.name, IntakePoint.code, IntakePoint.state)
        .join(Area, Area.id == Campaign.area_id)
        .outerjoin(IntakePoint, IntakePoint.id == Campaign.point_id)
        .where(Campaign.code == code)
    ).one_or_none()
    if row is None:
        return None
    found, path, name, point_code, state = row
    return Tapped(
        id=found.id,
        district_id=found.district_id,
        area_path=path,
        area_name=name,
        point_code=point_code if point_code and state is PointState.ACTIVE else "",
        stage=stage_of(starts_on=found.starts_on, ends_on=found.ends_on, ended=found.ended_at is not None, today=today),
    )


_PARENT = aliased(Area)


def points_to_pick(session: Session, area_path: str, words: str, *, after: str, limit: int = PAGE) -> Page[Choice]:
    """Active points below an area, each of `words` in the name of point, community or street; two queries."""
    where: list[ColumnElement[bool]] = [
        Area.path.startswith(area_path, autoescape=True),
        IntakePoint.state == PointState.ACTIVE,
        of_no_call(),
        *holding(words, IntakePoint.name, Area.name, _PARENT.name),
    ]
    base = (
        select(IntakePoint.id, IntakePoint.code, IntakePoint.name, Area.name, func.coalesce(_PARENT.name, ""))
        .join(Area, Area.id == IntakePoint.area_id)
        .outerjoin(_PARENT, (_PARENT.id == Area.parent_id) & (_PARENT.id != IntakePoint.district_id))
        .where(*where)
    )
    total = session.scalar(select(func.count()).select_from(base.subquery())) or 0
    key = key_of(after)
    rows = session.execute((base.where(IntakePoint.id > key) if key is not None else base).order_by(IntakePoint.id).limit(limit + 1))
    return page_of([Choice(*row) for row in rows], total=total, limit=limit)


def campaigns_in_reach(session: Session, actor: Actor, words: str, *, today: date, after: str, limit: int = PAGE) -> Page[CampaignRow]:
    """The latest first, with their sums; three queries."""
    where = [
        Campaign.district_id == actor.district_id,
        within(actor, Permission.CAMPAIGN_MANAGE),
        *holding(words, Campaign.name, Campaign.partner, Area.name),
    ]
    total = session.scalar(select(func.count()).select_from(Campaign).join(Area, Area.id == Campaign.area_id).where(*where)) or 0
    key = key_of(after)
    if key is not None:
        where.append(Campaign.id < key)
    rows = session.execute(_rows().where(*where).order_by(Campaign.id.desc()).limit(limit + 1)).all()
    sums = _sums(session, [row[0].id for row in rows])
    return page_of([_row(found, area, point, sums, today=today) for found, area, point, _path in rows], total=total, limit=limit)


def campaign_detail(session: Session, actor: Actor, campaign_id: int, *, today: date) -> CampaignDetail:
    """One campaign in two queries; NotFound for another district's, Forbidden outside the actor's areas."""
    found = session.execute(_rows().where(Campaign.id == campaign_id, Campaign.district_id == actor.district_id)).one_or_none()
    if found is None:
        raise NotFound("没有这个推广链接，或者不在您的区。")
    campaign, area, point, path = found
    if not actor.may(Permission.CAMPAIGN_MANAGE, area_path=path):
        raise Forbidden("这个推广链接不在您负责的范围。")
    return CampaignDetail(
        row=_row(campaign, area, point, _sums(session, [campaign.id]), today=today),
        district_id=campaign.district_id,
        area_path=path,
        code=campaign.code,
        to_one_point=campaign.point_id is not None,
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        version=campaign.version,
    )


def days_of(session: Session, campaign_id: int, *, limit: int | None = None) -> tuple[Day, ...]:
    """The days on which anything was counted, the latest first."""
    rows = session.execute(
        select(CampaignCount.day, *_SUMS)
        .where(CampaignCount.campaign_id == campaign_id)
        .group_by(CampaignCount.day)
        .order_by(CampaignCount.day.desc())
        .limit(limit)
    )
    return tuple(Day(*row) for row in rows)


_SUMS: Any = tuple(  # three columns, in the order of Day's fields
    cast(func.sum(column), BigInteger) for column in (CampaignCount.opened, CampaignCount.formed, CampaignCount.sent)
)


def _rows() -> Any:
    return (
        select(Campaign, Area.name, IntakePoint.name, Area.path)
        .join(Area, Area.id == Campaign.area_id)
        .outerjoin(IntakePoint, IntakePoint.id == Campaign.point_id)
    )


def _sums(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    rows = session.execute(
        select(CampaignCount.campaign_id, *_SUMS).where(CampaignCount.campaign_id.in_(ids)).group_by(CampaignCount.campaign_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _row(found: Campaign, area: str, point: str | None, sums: dict[int, tuple[int, int, int]], *, today: date) -> CampaignRow:
    opened, formed, sent = sums.get(found.id, (0, 0, 0))
    stage = stage_of(starts_on=found.starts_on, ends_on=found.ends_on, ended=found.ended_at is not None, today=today)
    return CampaignRow(found.id, found.name, found.partner, point or area, stage, opened, formed, sent)

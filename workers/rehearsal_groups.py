"""委员组织 of the demo: liaison groups by street, sectors, a committee, everybody's profile, and venues of which one lacks something.

People, their sectors and specialities stand in `district.toml`; firms and venues here. All invented.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.cli.district_seed import DISTRICT_FILE
from intake.domain.actor import Actor
from intake.domain.member_group import GroupKind, MemberLevel
from intake.domain.venue import VenueKind, VenueNeed
from intake.domain.working_days import SHANGHAI
from intake.models import Area, IntakePoint, User
from intake.services.member_group import GroupFacts, add_members, change_group, create_group
from intake.services.member_profile import ProfileFacts, save_profile
from intake.services.venue import VenueFacts, check_venue, create_venue, seat_members
from intake.wiring import Wiring

LEVELS = {"省": MemberLevel.PROVINCE, "市": MemberLevel.CITY, "区": MemberLevel.DISTRICT}
SPECIALITIES: dict[str, tuple[str, ...]] = {
    "交通": ("traffic-order", "transport", "parking"),
    "养老服务": ("elderly-care",),
    "医疗卫生": ("health",),
    "城市管理": ("street-lights", "waste"),
    "教育": ("schools",),
    "文化体育": ("culture-and-sport",),
    "民营经济": ("business",),
    "法律": ("safety",),
    "物业治理": ("property-management",),
    "环境保护": ("noise", "air", "pollution"),
    "社会保障": ("social-insurance", "jobs-and-pay"),
    "老旧小区改造": ("old-estate-renewal", "lift-addition"),
}
"""What a member knows about → codes of the taxonomy."""
CONCERNS = {"周明远": "紫薇苑物业服务部\n明远灯饰行", "方启东": "松岚五金厂"}
COMMITTEE, COMMITTEE_KNOWS = "城市建设与环境委", ("城市管理", "环境保护", "物业治理")
WITHOUT = "长堰街道"
"""A street that has no liaison group yet, so that the map of what is covered has something to say."""
IN_ALL, IN_PART = tuple(VenueNeed), (VenueNeed.PLACE, VenueNeed.PEOPLE, VenueNeed.RULES, VenueNeed.FACILITIES)


@dataclass(frozen=True, slots=True)
class Planned:
    """A venue, the point on its wall where there is one, and what the newest check found; None where nobody looked yet."""

    kind: VenueKind
    name: str
    area: str
    address: str
    hours: str
    serve: tuple[str, ...]
    """Names of those who serve there beside its group."""
    point: str = ""
    has: tuple[VenueNeed, ...] | None = IN_ALL
    note: str = ""


VENUES = (
    Planned(VenueKind.STATION, "丰山街道委员工作站", "丰山街道", "丰山街道便民中心二楼", "每周三 14–17 时", (), "丰山委员工作站"),
    Planned(
        VenueKind.STUDIO,
        "周明远委员工作室",
        "龙池社区",
        "龙池社区党群服务中心",
        "每周六 9–11 时",
        ("周明远",),
        "周明远委员工作室",
        IN_PART,
        "活动记录不全，今年的经费还没有列。年底前再来看。",
    ),
    Planned(VenueKind.HALL, "云泊街道协商议事室", "云泊街道", "云泊街道文化站一楼", "预约使用", ()),
    Planned(VenueKind.RECEPTION_ROOM, "望渚街道委员接待室", "望渚街道", "望渚街道办事处大厅", "每周二上午", (), has=None),
)


def found_groups(session: Session, wiring: Wiring, staff: Actor, *, at: datetime) -> None:
    """All of it, done by `staff` of the whole district."""
    _Founding(session, wiring, staff, at, _ids(session, Area, staff), _ids(session, User, staff)).happen()


def _ids(session: Session, table: Any, staff: Actor) -> dict[str, int]:
    return {row.name: row.id for row in session.execute(select(table.id, table.name).where(table.district_id == staff.district_id))}


@dataclass(slots=True)
class _Founding:
    session: Session
    wiring: Wiring
    staff: Actor
    at: datetime
    areas: Mapping[str, int]
    people: Mapping[str, int]

    def happen(self) -> None:
        members = tomllib.loads(DISTRICT_FILE.read_text(encoding="utf-8"))["member"]
        streets = {street: [one for one in members if street in one["streets"]] for one in members for street in one["streets"]}
        liaison = {
            street: self._group(GroupKind.LIAISON, f"{street}联络组", inside, area_id=self.areas[street])
            for street, inside in streets.items()
            if street != WITHOUT
        }
        for sector in ("经济", "教育", "医药卫生"):
            self._group(GroupKind.SECTOR, f"{sector}界", [one for one in members if one["sector"] == sector])
        self._group(GroupKind.COMMITTEE, COMMITTEE, [one for one in members if one["speciality"] in COMMITTEE_KNOWS])
        for one in members:
            self._profile(one)
        for venue in VENUES:
            self._venue(venue, group_id=liaison.get(venue.area))

    def _group(self, kind: GroupKind, name: str, inside: Iterable[Mapping[str, Any]], *, area_id: int | None = None) -> int:
        listed = list(inside)
        leader = next((one for one in listed if one.get("convenor")), listed[0])
        codes = tuple({code for one in listed for code in SPECIALITIES[one["speciality"]]}) if kind is GroupKind.COMMITTEE else ()
        facts = GroupFacts(kind, name, area_id, None, codes)
        made = create_group(self.session, actor=self.staff, facts=facts, taxonomy=self.wiring.taxonomy, at=self.at)
        add_members(
            self.session,
            actor=self.staff,
            group_id=made.id,
            user_ids=[self.people[one["name"]] for one in listed],
            since=date(self.at.year - 2, 3, 1),
            at=self.at,
        )
        led = GroupFacts(kind, name, area_id, self.people[leader["name"]], codes)
        change_group(
            self.session,
            actor=self.staff,
            group_id=made.id,
            version=made.version,
            facts=led,
            taxonomy=self.wiring.taxonomy,
            at=self.at,
        )
        return made.id

    def _profile(self, one: Mapping[str, Any]) -> None:
        facts = ProfileFacts(LEVELS[one["level"]], "", CONCERNS.get(one["name"], ""), SPECIALITIES[one["speciality"]])
        save_profile(
            self.session,
            actor=self.staff,
            user_id=self.people[one["name"]],
            version=0,
            facts=facts,
            taxonomy=self.wiring.taxonomy,
            at=self.at,
        )

    def _venue(self, planned: Planned, *, group_id: int | None) -> None:
        area_id = self.areas[planned.area]
        hangs = select(IntakePoint).where(IntakePoint.name == planned.point, IntakePoint.area_id == area_id)
        point = self.session.scalars(hangs).one_or_none()
        facts = VenueFacts(
            kind=planned.kind,
            name=planned.name,
            area_id=area_id,
            group_id=group_id,
            point_id=point.id if point is not None else None,
            address=planned.address,
            hours=planned.hours,
            latitude=point.latitude if point is not None else None,
            longitude=point.longitude if point is not None else None,
        )
        venue = create_venue(self.session, actor=self.staff, facts=facts, at=self.at)
        if planned.serve:
            serving = [self.people[name] for name in planned.serve]
            seat_members(self.session, actor=self.staff, venue_id=venue.id, user_ids=serving, at=self.at)
        if planned.has is not None:
            at = self.at + timedelta(days=30)
            day = at.astimezone(SHANGHAI).date()
            check_venue(self.session, actor=self.staff, venue_id=venue.id, checked_on=day, has=planned.has, note=planned.note, at=at)

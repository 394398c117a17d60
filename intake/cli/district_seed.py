"""The made-up district of the demo: read from `district.toml`, written into a database, safe to write again."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.taxonomy import default_taxonomy
from intake.domain.actor import MACHINE
from intake.domain.errors import Conflict
from intake.domain.granting import ABOVE_DISTRICTS
from intake.domain.permission import Role
from intake.domain.point import AreaKind, PointKind, PointState
from intake.domain.position import Position, read_position
from intake.domain.referral import OFFICES, UnitKind
from intake.models import Area, Department, DistrictProfile, IntakePoint, User
from intake.services.password import hash_password, verify_password
from intake.services.person import create_user, grant_role
from intake.services.place import create_area, create_point, set_rota

DISTRICT_FILE = Path(__file__).with_name("demo_data") / "district.toml"
PASSWORD = "zhibao-demo-2026"  # noqa: S105 - printed on the screen on purpose: every demo account has it
MEMORABLE = {
    "周明远": "zhou",
    "秦雨桐": "convenor",
    "林晓燕": "staff",
    "于管家": "admin",
    "沈知秋": "office",
    "高致远": "dept",
    "罗守夜": "duty",
    "王桂兰": "worker",
    "江望舒": "city",
}
"""People whom a visitor tries first get a login that can be remembered: a member, the convenor of the same street, staff, administrator,
one of the office that assigns, one of a unit that answers, the duty room, a community worker, the city's committee.
"""
HELPERS = ("王姐", "小陈", "老赵", "刘姐", "小孙", "吴姐", "老何")
HOURS = "周一至周五 9–17 时"


@dataclass(frozen=True, slots=True)
class Community:
    """A community, which has one point."""

    name: str
    estates: tuple[str, ...]
    position: Position | None


@dataclass(frozen=True, slots=True)
class Street:
    """A street and its communities."""

    name: str
    communities: tuple[Community, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; `grants` pairs each role with the name of its area."""

    login: str
    name: str
    grants: tuple[tuple[Role, str], ...]
    unit: str = ""
    """Name of the office or department they work in."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point beside those of the communities: a station, a school, an enterprise."""

    name: str
    kind: PointKind
    area: str
    position: Position | None


@dataclass(frozen=True, slots=True)
class Unit:
    """An office that assigns or a department that answers; `is_backstop` takes what fits none."""

    name: str
    duty: str
    phone: str
    kind: UnitKind
    is_backstop: bool


@dataclass(frozen=True, slots=True)
class DistrictPlan:
    """What the file says."""

    city: str
    district: str
    streets: tuple[Street, ...]
    people: tuple[Person, ...]
    places: tuple[Place, ...]
    departments: tuple[Unit, ...]
    profile: Mapping[str, str]
    """Columns of DistrictProfile."""

    @property
    def communities(self) -> tuple[Community, ...]:
        """Of every street, in the file's order."""
        return tuple(community for street in self.streets for community in street.communities)


@dataclass(frozen=True, slots=True)
class SeededDistrict:
    """What stands in the database now."""

    district_id: int
    codes: Mapping[str, str]
    """Community → the code of its point."""
    added: int
    """How many areas, points, people and departments were missing and have been made."""


def read_district(path: Path = DISTRICT_FILE) -> DistrictPlan:
    """The district in `path`; KeyError names an entry that is missing."""
    return _plan(tomllib.loads(path.read_text(encoding="utf-8")))


def _plan(raw: Mapping[str, Any]) -> DistrictPlan:
    district = str(raw["district"]["name"])
    return DistrictPlan(
        city=str(raw["city"]["name"]),
        district=district,
        streets=tuple(
            Street(one["name"], tuple(Community(c["name"], tuple(c.get("estates", ())), _position(c)) for c in one["community"]))
            for one in raw["street"]
        ),
        people=(
            *(_person(entry, _member_grants(entry)) for entry in raw["member"]),
            *(_person(entry, ((Role.STAFF, district),)) for entry in raw["staff"]),
            *(_person(entry, ((Role.ADMIN, district),)) for entry in raw["admin"]),
            *(_person(entry, ((Role.WORKER, entry["in"]),)) for entry in raw.get("worker", ())),
            *(_officer(entry, raw, district) for entry in raw.get("officer", ())),
            *(_person(entry, ((Role.CITY, str(raw["city"]["name"])),)) for entry in raw.get("city_staff", ())),
        ),
        places=tuple(Place(one["name"], PointKind(one["kind"]), one["in"], _position(one)) for one in raw.get("point", ())),
        departments=tuple(
            Unit(one["name"], one["duty"], one["phone"], _kind(one), bool(one.get("backstop", False))) for one in raw.get("department", ())
        ),
        profile=raw.get("profile", {}),
    )


def _person(entry: Mapping[str, Any], grants: tuple[tuple[Role, str], ...]) -> Person:
    return Person(MEMORABLE.get(entry["name"], entry["login"]), entry["name"], grants)


def _position(place: Mapping[str, Any]) -> Position | None:
    return read_position(str(place.get("position", "")), field="position")


def _kind(unit: Mapping[str, Any]) -> UnitKind:
    return UnitKind(unit.get("kind", UnitKind.DEPARTMENT))


def _officer(entry: Mapping[str, Any], raw: Mapping[str, Any], district: str) -> Person:
    unit = next(one for one in raw["department"] if one["name"] == entry["unit"])
    role = Role.OFFICE if _kind(unit) in OFFICES else Role.DEPARTMENT
    return Person(MEMORABLE.get(entry["name"], entry["login"]), entry["name"], ((role, district),), entry["unit"])


def _member_grants(entry: Mapping[str, Any]) -> tuple[tuple[Role, str], ...]:
    # A member reads the whole street with its group; the community of the duty comes first in the rota (services/ownership.py).
    areas = [*entry["duty"], *entry["streets"]]
    led = entry["streets"] if entry.get("convenor") else []
    return (*((Role.MEMBER, area) for area in areas), *((Role.CONVENOR, area) for area in led))


def seed_district(session: Session, plan: DistrictPlan, *, at: datetime) -> SeededDistrict:
    """Make what is missing of `plan`, leave the rest as it is; flushes.

    Raises Conflict when the database holds another district: accounts whose password is public have no place beside real ones.
    """
    writer = _Writer(session, at)
    stranger = session.scalar(select(Area.name).where(Area.kind == AreaKind.DISTRICT, Area.name != plan.district).limit(1))
    if stranger is not None:
        raise Conflict(f"这个数据库里已有“{stranger}”，不能再放演示数据；请换一个 --data 或数据库。 / Not beside a real district.")
    city = writer.area(AreaKind.CITY, plan.city, None)
    district = writer.area(AreaKind.DISTRICT, plan.district, city)
    writer.profile(district, plan.profile)
    writer.departments(district, plan.departments)
    areas = {plan.city: city, plan.district: district}
    codes: dict[str, str] = {}
    for street in plan.streets:
        areas[street.name] = writer.area(AreaKind.STREET, street.name, district)
        for community in street.communities:
            areas[community.name] = writer.area(AreaKind.COMMUNITY, community.name, areas[street.name])
            codes[community.name] = writer.community_point(areas[community.name], community.position, number=len(codes) + 1)
    for number, place in enumerate(plan.places, len(codes) + 1):
        writer.place(place, areas[place.area], number=number)
    for person in plan.people:
        writer.person(person, areas, district_id=district.id)
    session.flush()
    writer.rotas(plan)
    return SeededDistrict(district_id=district.id, codes=codes, added=writer.added)


def refuse_beside_demo(session: Session) -> None:
    """The other way round: Conflict when accounts of the demo, still with its public password, are here before a real district is made."""
    known = session.execute(select(User.login, User.password_hash).where(User.login.in_(MEMORABLE.values()), User.active).order_by(User.id))
    login = next((login for login, encoded in known if verify_password(encoded, PASSWORD)), None)
    if login is not None:
        raise Conflict(
            f"这个数据库里有演示账号（{login} 等），密码是公开的，不能再建真实的区；请换一个数据目录（ZHIBAO_DATA）或数据库。 / Not beside the demo's accounts."
        )


class _Writer:
    """Finds or makes, and counts what it made."""

    def __init__(self, session: Session, at: datetime) -> None:
        self.added = 0
        self._session = session
        self._at = at
        self._people = set(session.scalars(select(User.login)))
        self._new_points: list[IntakePoint] = []

    def area(self, kind: AreaKind, name: str, parent: Area | None) -> Area:
        same_parent = Area.parent_id == parent.id if parent else Area.parent_id.is_(None)
        found = self._session.scalar(select(Area).where(same_parent, Area.kind == kind, Area.name == name))
        if found is None:
            found = create_area(self._session, kind=kind, name=name, parent=parent)
            self.added += 1
        return found

    def profile(self, district: Area, columns: Mapping[str, str]) -> None:
        """What the district looks like, unless somebody has said so already."""
        if not self._session.scalar(select(DistrictProfile.id).where(DistrictProfile.district_id == district.id)):
            self._session.add(DistrictProfile(district_id=district.id, version=1, updated_at=self._at, **columns))

    def departments(self, district: Area, units: Sequence[Unit]) -> None:
        """The departments whose names aren't there, each with the categories that the taxonomy gives it."""
        known = set(self._session.scalars(select(Department.name).where(Department.district_id == district.id)))
        categories: dict[str, list[str]] = {}
        for category in default_taxonomy().categories:
            categories.setdefault(category.department, []).append(category.code)
        for unit in units:
            if unit.name in known:
                continue
            self._session.add(
                Department(
                    district_id=district.id,
                    name=unit.name,
                    duty=unit.duty,
                    phone=unit.phone,
                    kind=unit.kind,
                    categories=categories.get(unit.name, []),
                    is_backstop=unit.is_backstop,
                    active=True,
                    version=1,
                    created_at=self._at,
                )
            )
            self.added += 1

    def community_point(self, area: Area, position: Position | None, *, number: int) -> str:
        """The area's oldest open point, else a new one with a random code; a visitor may have retired the old."""
        mine = (IntakePoint.area_id == area.id, IntakePoint.kind == PointKind.COMMUNITY, IntakePoint.state == PointState.ACTIVE)
        code = self._session.scalar(select(IntakePoint.code).where(*mine).order_by(IntakePoint.id).limit(1))
        return (
            code if code is not None else self._point(Place(area.name, PointKind.COMMUNITY, area.name, position), area, number=number).code
        )

    def place(self, place: Place, area: Area, *, number: int) -> None:
        """The point called so, whatever its state: one that was paused or retired stays as it is."""
        same = (IntakePoint.area_id == area.id, IntakePoint.name == place.name, IntakePoint.kind == place.kind)
        if self._session.scalar(select(IntakePoint.id).where(*same).limit(1)) is None:
            self._point(place, area, number=number)

    def rotas(self, plan: DistrictPlan) -> None:
        """Who listens at the new points of the communities: those on duty there take turns from Monday to Saturday, one alone has two days."""
        names = {area.id: area.name for area in self._session.scalars(select(Area))}
        people = {user.login: user.id for user in self._session.scalars(select(User))}
        for point in self._new_points:
            area = names[point.area_id]
            # The first grant of a member is the duty (_member_grants).
            on_duty = [people[person.login] for person in plan.people if person.grants[0] == (Role.MEMBER, area)]
            weekdays = range(6) if len(on_duty) > 1 else (1, 3)
            days = {day: [on_duty[day % len(on_duty)]] for day in weekdays if on_duty}
            if point.kind is PointKind.COMMUNITY and days:
                set_rota(self._session, actor=MACHINE, point_id=point.id, version=point.version, days=days, at=self._at)

    def _point(self, place: Place, area: Area, *, number: int) -> IntakePoint:
        """A new point with an invented helper."""
        self.added += 1
        point = create_point(
            self._session,
            actor=MACHINE,
            area=area,
            kind=place.kind,
            name=place.name,
            at=self._at,
            latitude=place.position.latitude if place.position else None,
            longitude=place.position.longitude if place.position else None,
            helper_name=HELPERS[number % len(HELPERS)],
            helper_phone=f"0550-0000{number:03d}",
            helper_hours=HOURS,
        )
        self._new_points.append(point)
        return point

    def person(self, person: Person, areas: Mapping[str, Area], *, district_id: int) -> None:
        """An account that is there keeps its password and grants: somebody may have changed them."""
        if person.login in self._people:
            return
        user = create_user(
            self._session,
            district_id=areas[person.grants[0][1]].id if person.grants[0][0] in ABOVE_DISTRICTS else district_id,
            login=person.login,
            name=person.name,
            password="",
            department_id=self._unit(person.unit, district_id),
            at=self._at,
            password_hash=_encoded_password(),
        )
        for role, area in person.grants:
            grant_role(self._session, actor=MACHINE, user=user, role=role, area=areas[area], at=self._at)
        self.added += 1

    def _unit(self, name: str, district_id: int) -> int | None:
        if not name:
            return None
        return self._session.scalars(select(Department.id).where(Department.district_id == district_id, Department.name == name)).one()


@cache
def _encoded_password() -> str:
    """Hashed once: a hash takes 0.2 s on purpose."""
    return hash_password(PASSWORD)

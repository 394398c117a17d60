"""The people and places every test knows: 云栖区, its streets and communities, and a neighbouring district for the fences."""

from dataclasses import dataclass
from datetime import UTC, datetime

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, Actor
from intake.domain.permission import Role
from intake.domain.point import AreaKind, PointKind
from intake.domain.referral import UnitKind
from intake.models import Area, Department, IntakePoint, User
from intake.queries.actor import actor_of_user
from intake.services.person import create_user, grant_role
from intake.services.place import create_area, create_point

PASSWORD = "tests-only-password"
QUICK_HASHES = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""In place of the real parameters, which are to be slow; those are looked at in tests/unit/test_password.py."""
ENCODED = QUICK_HASHES.hash(PASSWORD)
"""The same kind of hash as in earnest, made cheaply: what it costs to check is written in it, and tests sign in a thousand times."""
BORN = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
"""A Monday morning in Shanghai."""


@dataclass(frozen=True, slots=True)
class Town:
    """Ids of the seeded district."""

    district_id: int
    street_id: int
    longchi_id: int
    """龙池社区 of 丰山街道."""
    ziwei_id: int
    """紫薇社区 of 丰山街道."""
    shiqiao_id: int
    """石桥社区 of 清河街道."""
    longchi_code: str
    ziwei_code: str
    shiqiao_code: str
    zhou_id: int
    """周明远, 委员 for 丰山街道."""
    qing_id: int
    """李青, 委员 for 紫薇社区."""
    laozhou_id: int
    """召集人老周 of 丰山街道."""
    jing_id: int
    """王静, 区政协工作人员."""
    li_id: int
    """陈立, 管理员."""
    office_id: int
    """区政府办公室, an office that assigns."""
    lights_id: int
    """区城市管理局, a unit that answers."""
    homes_id: int
    """区住房和建设局, another."""
    fang_id: int
    """方敏, of the office."""
    gao_id: int
    """高强, of 区城市管理局."""
    sun_id: int
    """孙丽, of 区城市管理局 as well."""
    wu_id: int
    """吴军, of 区住房和建设局."""
    shiqiao_member_id: int
    """何苗, 委员 for 石桥社区."""
    stranger_id: int
    """A staff member of the neighbouring 望江区."""


LOGINS = {
    "zhou_id": "zhou",
    "qing_id": "liqing",
    "laozhou_id": "laozhou",
    "jing_id": "wangjing",
    "li_id": "chenli",
    "fang_id": "fangmin",
    "gao_id": "gaoqiang",
    "sun_id": "sunli",
    "wu_id": "wujun",
    "shiqiao_member_id": "hemiao",
    "stranger_id": "sunyi",
}


def seed_town(session: Session) -> Town:
    """Make it all in the session's transaction."""
    encoded = ENCODED
    city = create_area(session, kind=AreaKind.CITY, name="临江市", parent=None)
    district = create_area(session, kind=AreaKind.DISTRICT, name="云栖区", parent=city)
    fengshan = create_area(session, kind=AreaKind.STREET, name="丰山街道", parent=district)
    qinghe = create_area(session, kind=AreaKind.STREET, name="清河街道", parent=district)
    longchi = create_area(session, kind=AreaKind.COMMUNITY, name="龙池社区", parent=fengshan)
    ziwei = create_area(session, kind=AreaKind.COMMUNITY, name="紫薇社区", parent=fengshan)
    shiqiao = create_area(session, kind=AreaKind.COMMUNITY, name="石桥社区", parent=qinghe)
    neighbour = create_area(session, kind=AreaKind.DISTRICT, name="望江区", parent=city)

    def person(login: str, name: str, role: Role, area: Area) -> User:
        user = create_user(session, district_id=area.district_id or 0, login=login, name=name, password="", at=BORN, password_hash=encoded)
        grant_role(session, actor=MACHINE, user=user, role=role, area=area, at=BORN)
        return user

    def unit(name: str, kind: UnitKind, *, is_backstop: bool = False) -> Department:
        made = Department(
            district_id=district.id, name=name, kind=kind, duty="", phone="", categories=[], is_backstop=is_backstop, created_at=BORN
        )
        session.add(made)
        session.flush()
        return made

    def works_in(department: Department, login: str, name: str) -> int:
        role = Role.OFFICE if department.kind is not UnitKind.DEPARTMENT else Role.DEPARTMENT
        user = person(login, name, role, district)
        user.department_id = department.id
        return user.id

    office = unit("区政府办公室", UnitKind.OFFICE)
    lights = unit("区城市管理局", UnitKind.DEPARTMENT)
    homes = unit("区住房和建设局", UnitKind.DEPARTMENT, is_backstop=True)

    def point(area: Area, code: str, phone: str) -> str:
        made = create_point(
            session,
            actor=MACHINE,
            area=area,
            kind=PointKind.COMMUNITY,
            name=area.name,
            at=BORN,
            code=code,
            helper_name="王姐",
            helper_phone=phone,
            helper_hours="周一至周五 9–17 时",
        )
        made.scene = f"scene-{code}"
        return made.code

    return Town(
        district_id=district.id,
        street_id=fengshan.id,
        longchi_id=longchi.id,
        ziwei_id=ziwei.id,
        shiqiao_id=shiqiao.id,
        longchi_code=point(longchi, "nvgch2345a", "0550-0000001"),
        ziwei_code=point(ziwei, "ziwei2345b", ""),
        shiqiao_code=point(shiqiao, "shqa2345cd", ""),
        zhou_id=person("zhou", "周明远", Role.MEMBER, fengshan).id,
        qing_id=person("liqing", "李青", Role.MEMBER, ziwei).id,
        laozhou_id=person("laozhou", "老周", Role.CONVENOR, fengshan).id,
        jing_id=person("wangjing", "王静", Role.STAFF, district).id,
        li_id=person("chenli", "陈立", Role.ADMIN, district).id,
        office_id=office.id,
        lights_id=lights.id,
        homes_id=homes.id,
        fang_id=works_in(office, "fangmin", "方敏"),
        gao_id=works_in(lights, "gaoqiang", "高强"),
        sun_id=works_in(lights, "sunli", "孙丽"),
        wu_id=works_in(homes, "wujun", "吴军"),
        shiqiao_member_id=person("hemiao", "何苗", Role.MEMBER, shiqiao).id,
        stranger_id=person("sunyi", "孙一", Role.STAFF, neighbour).id,
    )


def actor(session: Session, user_id: int) -> Actor:
    """The seeded person as an actor."""
    found = actor_of_user(session, user_id)
    assert found is not None
    return found


def town_in(session: Session) -> Town:
    """The ids of what `seed_town` made in this database or the one it was copied from."""
    areas = {area.name: area.id for area in session.query(Area)}
    codes = {point.name: point.code for point in session.query(IntakePoint)}
    users = {user.login: user.id for user in session.query(User)}
    units = {unit.name: unit.id for unit in session.query(Department)}
    return Town(
        district_id=areas["云栖区"],
        street_id=areas["丰山街道"],
        longchi_id=areas["龙池社区"],
        ziwei_id=areas["紫薇社区"],
        shiqiao_id=areas["石桥社区"],
        longchi_code=codes["龙池社区"],
        ziwei_code=codes["紫薇社区"],
        shiqiao_code=codes["石桥社区"],
        office_id=units["区政府办公室"],
        lights_id=units["区城市管理局"],
        homes_id=units["区住房和建设局"],
        **{field: users[login] for field, login in LOGINS.items()},
    )

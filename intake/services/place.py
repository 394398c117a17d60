"""Areas and intake points: made, named, paused, resumed, given a new code, retired, and who listens there on which weekday."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.point import AREA_KIND_NAMES, BELOW, AreaKind, PointAction, PointKind, PointState
from intake.domain.position import Position
from intake.domain.text import clean_line
from intake.models import Area, IntakePoint, PointCode, PointListener
from intake.queries.point import listener_ids
from intake.services.audit import record
from intake.services.transition import begin, move
from qr_assets.spec import LIMITS

CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""No 0/o, 1/l/i: a code can be read from a wall and typed."""
CODE_LENGTH = 10
"""31^10 ≈ 2^49.5: nobody meets a code by chance."""
NAME_MAX, NOTE_MAX = 60, 200
RESIDENTS_MAX = 9_999_999


@dataclass(frozen=True, slots=True)
class PointFacts:
    """What is written on a point's poster and page; a phone needs the hours when it is answered."""

    kind: PointKind
    name: str
    helper_name: str
    helper_phone: str
    helper_hours: str
    latitude: float | None = None
    """Where the code hangs, in degrees of GCJ-02 (domain/position.py); both or none."""
    longitude: float | None = None


def create_area(session: Session, *, kind: AreaKind, name: str, parent: Area | None) -> Area:
    """A node under `parent`; InvalidInput when its name is taken there."""
    name = clean_line(name, limit=60, field="name")
    if not name:
        raise InvalidInput("请填写区域名称。", field="name")
    if parent is not None and session.scalar(select(Area.id).where(Area.parent_id == parent.id, Area.name == name)) is not None:
        raise InvalidInput(f"“{parent.name}”下面已经有“{name}”。", field="name")
    area = Area(kind=kind, name=name, parent_id=parent.id if parent else None, district_id=parent.district_id if parent else None, path="")
    session.add(area)
    session.flush()
    area.path = f"{parent.path if parent else '/'}{area.id}/"
    if kind is AreaKind.DISTRICT:
        area.district_id = area.id
    session.flush()
    return area


def new_code() -> str:
    """A fresh public code of a point."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def add_area(session: Session, *, actor: Actor, parent_id: int, kind: AreaKind, name: str, at: datetime) -> Area:
    """A street or community added on the desk below an area the actor manages; NotFound, Forbidden or InvalidInput."""
    parent = _area(session, actor, parent_id)
    if kind not in BELOW[parent.kind]:
        raise InvalidInput(f"“{parent.name}”是{AREA_KIND_NAMES[parent.kind]}，下面不能建{AREA_KIND_NAMES[kind]}。", field="kind")
    area = create_area(session, kind=kind, name=_named(name), parent=parent)
    record(session, actor=actor, district_id=_district(area), action="area.create", noun="area", entity_id=area.id, at=at)
    return area


def rename_area(session: Session, *, actor: Actor, area_id: int, version: int, name: str, at: datetime) -> Area:
    """Another name for the same place; InvalidInput when a sibling has it, Conflict when somebody was faster."""
    area = _area(session, actor, area_id)
    if area.version != version:
        raise Conflict("这个区域刚刚有人改过。您写的还在框里，请先看看现在的名称。")
    name = _named(name)
    if area.parent_id is not None:
        _hold(session, area.parent_id)
        if session.scalar(select(Area.id).where(Area.parent_id == area.parent_id, Area.name == name, Area.id != area.id)) is not None:
            raise InvalidInput(f"同一级已经有“{name}”。", field="name")
    area.name = name
    area.version += 1
    record(session, actor=actor, district_id=_district(area), action="area.rename", noun="area", entity_id=area.id, at=at)
    session.flush()
    return area


def set_residents(session: Session, *, actor: Actor, area_id: int, version: int, residents: int | None, at: datetime) -> Area:
    """How many people live there (常住人口), None where nobody knows; Conflict when somebody was faster."""
    area = _area(session, actor, area_id)
    if area.version != version:
        raise Conflict("这个区域刚刚有人改过。您写的还在框里，请先看看现在的情况。")
    if residents is not None and not 0 < residents <= RESIDENTS_MAX:
        raise InvalidInput(f"请写 1 到 {RESIDENTS_MAX} 之间的整数，不知道就空着。", field="residents")
    if area.residents != residents:
        area.residents = residents
        area.version += 1
        record(session, actor=actor, district_id=_district(area), action="area.residents", noun="area", entity_id=area.id, at=at)
    session.flush()
    return area


def create_point(
    session: Session,
    *,
    actor: Actor,
    area: Area,
    kind: PointKind,
    name: str,
    at: datetime,
    code: str | None = None,
    helper_name: str = "",
    helper_phone: str = "",
    helper_hours: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
) -> IntakePoint:
    """A point with a code of its own; `code` only for seeding and moving an installation. Forbidden outside the actor's areas."""
    if area.district_id is None:
        raise InvalidInput("直报点要建在区、街道或社区下面。", field="area")
    require(actor, Permission.POINTS_MANAGE, area_path=area.path)
    facts = _checked(PointFacts(kind, name or area.name, helper_name, helper_phone, helper_hours, latitude=latitude, longitude=longitude))
    point = IntakePoint(
        district_id=area.district_id,
        area_id=area.id,
        code=code or new_code(),
        closed_note="",
        poster_version=1,
        version=1,
        created_at=at,
        **asdict(facts),
    )
    begin(session, point, actor=actor, at=at)
    record(session, actor=actor, district_id=point.district_id, action="point.create", noun="point", entity_id=point.id, at=at)
    return point


def add_point(session: Session, *, actor: Actor, area_id: int, facts: PointFacts, at: datetime) -> IntakePoint:
    """A point made on the desk: it needs a name that no other point in use has there; InvalidInput names the field."""
    area = _area(session, actor, area_id, field="area")
    facts = _checked(facts)
    _check_name_is_free(session, area, facts.name, but=None)
    return create_point(session, actor=actor, area=area, at=at, **asdict(facts))


def change_facts(session: Session, *, actor: Actor, point_id: int, version: int, facts: PointFacts, at: datetime) -> IntakePoint:
    """Name, kind, telephone and position of a point in use; history holds which of them changed, not the words."""
    point, area = _locked(session, actor, point_id, version=version)
    if point.state is PointState.RETIRED:
        raise Conflict("这个直报点已经停用，不能再改。")
    facts = _checked(facts)
    _hold(session, area.id)
    _check_name_is_free(session, area, facts.name, but=point.id)
    changed = [field for field, value in asdict(facts).items() if getattr(point, field) != value]
    for field in changed:
        setattr(point, field, getattr(facts, field))
    if changed:
        _note_change(session, point, changed, actor=actor, at=at)
    session.flush()
    return point


def locate_point(session: Session, *, actor: Actor, point_id: int, position: Position, at: datetime) -> IntakePoint:
    """Where the code hangs, from a list of many; whoever changes one on the desk does it with its other facts."""
    point, _ = _locked(session, actor, point_id, version=None)
    if (point.latitude, point.longitude) != (position.latitude, position.longitude):
        point.latitude, point.longitude = position.latitude, position.longitude
        _note_change(session, point, ["latitude", "longitude"], actor=actor, at=at)
    session.flush()
    return point


def _note_change(session: Session, point: IntakePoint, fields: list[str], *, actor: Actor, at: datetime) -> None:
    point.version += 1
    record(
        session, actor=actor, district_id=point.district_id, action="point.change", noun="point", entity_id=point.id, at=at, fields=fields
    )


def change_point(
    session: Session, *, actor: Actor, point_id: int, action: PointAction, note: str, at: datetime, version: int | None = None
) -> IntakePoint:
    """Pause, resume or retire; `note` is the sentence its page shows meanwhile, required unless it resumes.

    `version` is what the person saw; the command line, which shows none, leaves it out. Raises Conflict when somebody was faster or the
    state doesn't allow it.
    """
    if action is PointAction.ROTATE:
        raise InvalidInput("换码请用换码那一页。")
    point, area = _locked(session, actor, point_id, version=version)
    note = clean_line(note, limit=NOTE_MAX, field="note")
    if action is not PointAction.RESUME and not note:
        raise InvalidInput("请写一句话说明理由，居民扫码时会看到：为什么、去哪里说。", field="note")
    move(session, point, action, actor=actor, at=at, area_path=area.path, reason_code="note" if note else None)
    point.closed_note = "" if action is PointAction.RESUME else note
    record(session, actor=actor, district_id=point.district_id, action=f"point.{action.value}", noun="point", entity_id=point.id, at=at)
    return point


def rotate_code(session: Session, *, actor: Actor, point_id: int, version: int, at: datetime) -> IntakePoint:
    """A new code and the next edition of the poster; the old code is kept only to say that its poster is old."""
    point, area = _locked(session, actor, point_id, version=version)
    move(session, point, PointAction.ROTATE, actor=actor, at=at, area_path=area.path)
    session.add(PointCode(district_id=point.district_id, point_id=point.id, code=point.code, ended_at=at))
    point.code = new_code()
    point.poster_version += 1
    record(session, actor=actor, district_id=point.district_id, action="point.rotate", noun="point", entity_id=point.id, at=at)
    session.flush()
    return point


def set_rota(
    session: Session, *, actor: Actor, point_id: int, version: int, days: Mapping[int, Collection[int]], at: datetime
) -> IntakePoint:
    """Who listens on which weekday (0 is Monday): ids of active members and convenors whose areas hold the point.

    Raises InvalidInput (field `day-N`) when one of them can't listen there, Conflict when somebody was faster or the point is retired.
    """
    point, area = _locked(session, actor, point_id, version=version)
    if point.state is PointState.RETIRED:
        raise Conflict("这个直报点已经停用，不能再改。")
    able = listener_ids(session, district_id=point.district_id, path=area.path)
    wanted: set[tuple[int, int]] = set()
    for day, people in days.items():
        if day not in range(7):
            raise InvalidInput("一周只有七天，请刷新后再选。")
        if not set(people) <= able:
            raise InvalidInput("选中的人里有人不再负责这里，请刷新后再选。", field=f"day-{day}")
        wanted |= {(day, user_id) for user_id in people}
    rows = {(row.weekday, row.user_id): row for row in session.scalars(select(PointListener).where(PointListener.point_id == point.id))}
    for key, row in rows.items():
        if key not in wanted:
            session.delete(row)
    session.add_all(
        PointListener(district_id=point.district_id, point_id=point.id, weekday=day, user_id=user_id)
        for day, user_id in sorted(wanted - set(rows))
    )
    if wanted != set(rows):
        point.version += 1
        record(session, actor=actor, district_id=point.district_id, action="point.rota", noun="point", entity_id=point.id, at=at)
    session.flush()
    return point


def _area(session: Session, actor: Actor, area_id: int, *, field: str | None = None) -> Area:
    """The area of the actor's district, held until the transaction ends; where a form chose it, `field` takes the refusal."""
    area = session.scalars(
        select(Area).where(Area.id == area_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if area is None or area.district_id is None or area.district_id != actor.district_id:
        if field is not None:
            raise InvalidInput("没有这个区域，请重新选择。", field=field)
        raise NotFound("没有这个区域，或者不在您的区。")
    try:
        require(actor, Permission.POINTS_MANAGE, area_path=area.path)
    except Forbidden as error:
        if field is not None:
            raise InvalidInput("这个区域不在您负责的范围，请重新选择。", field=field) from error
        raise
    return area


def _district(area: Area) -> int:
    assert area.district_id is not None, "cities are not managed on the desk"
    return area.district_id


def _hold(session: Session, area_id: int) -> None:
    """One at a time names something below the area; residents, who only refer to it, don't wait."""
    session.execute(select(Area.id).where(Area.id == area_id).with_for_update(key_share=True))


def _locked(session: Session, actor: Actor, point_id: int, *, version: int | None) -> tuple[IntakePoint, Area]:
    point = session.scalars(
        select(IntakePoint).where(IntakePoint.id == point_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if point is None or (actor.district_id is not None and point.district_id != actor.district_id):
        raise NotFound("没有这个直报点，或者不在您的区。")
    area = session.get_one(Area, point.area_id)
    require(actor, Permission.POINTS_MANAGE, area_path=area.path)
    if version is not None and point.version != version:
        raise Conflict("这个直报点刚刚有人改过。您写的还在框里，请先看看现在的情况，再决定要不要保存。")
    return point, area


def _named(raw: str) -> str:
    name = clean_line(raw, limit=NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请填写名称。", field="name")
    return name


def _checked(facts: PointFacts) -> PointFacts:
    phone = clean_line(facts.helper_phone, limit=LIMITS["phone"], field="helper_phone")
    hours = clean_line(facts.helper_hours, limit=LIMITS["phone_hours"], field="helper_hours")
    if phone and not any(character.isdigit() for character in phone):
        raise InvalidInput("电话里没有数字，请再看一遍。", field="helper_phone")
    if phone and not hours:
        raise InvalidInput("写了电话，也请写明什么时候有人接。", field="helper_hours")
    helper = clean_line(facts.helper_name, limit=LIMITS["phone_name"], field="helper_name")
    return replace(facts, name=_named(facts.name), helper_name=helper, helper_phone=phone, helper_hours=hours)


def _check_name_is_free(session: Session, area: Area, name: str, *, but: int | None) -> None:
    taken = select(IntakePoint.id).where(
        IntakePoint.area_id == area.id, IntakePoint.name == name, IntakePoint.state != PointState.RETIRED, IntakePoint.id != (but or 0)
    )
    if session.scalar(taken.limit(1)) is not None:
        raise InvalidInput(f"“{area.name}”已经有叫“{name}”的直报点，请换一个名称。", field="name")

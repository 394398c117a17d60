"""协商场所: founded, described, checked, closed, and who serves there."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import reaches, require
from intake.domain.permission import Permission
from intake.domain.point import PointState
from intake.domain.text import clean, clean_line
from intake.domain.venue import ADDRESS_MAX, HOURS_MAX, NOTE_MAX, VENUE_NAME_MAX, VenueKind, VenueNeed
from intake.domain.working_days import SHANGHAI
from intake.models import Area, DutyShift, GroupMembership, IntakePoint, MemberGroup, User, Venue, VenueCheck, VenueMember
from intake.queries.member_group import serves
from intake.queries.venue import POINT_KINDS
from intake.services.audit import record


@dataclass(frozen=True, slots=True)
class VenueFacts:
    """What stands in its form."""

    kind: VenueKind
    name: str
    area_id: int | None
    group_id: int | None
    point_id: int | None
    address: str
    hours: str
    latitude: float | None = None
    """Degrees of GCJ-02 (domain/position.py); both or none."""
    longitude: float | None = None


def create_venue(session: Session, *, actor: Actor, facts: VenueFacts, at: datetime) -> Venue:
    """A venue in use, where the members of its group serve from the start; InvalidInput names the field."""
    district_id = _hold_district(session, actor)
    facts = _checked(session, actor, facts, before=None)
    venue = Venue(district_id=district_id, version=1, created_at=at, **asdict(facts))
    session.add(venue)
    session.flush()
    if facts.group_id is not None:
        live = (GroupMembership.group_id == facts.group_id, GroupMembership.until.is_(None))
        people = session.scalars(
            select(User.id).join(GroupMembership, GroupMembership.user_id == User.id).where(*live, serves()).order_by(User.id)
        )
        _seat(session, venue, people.all())
    _note(session, actor, venue, "create", at=at)
    return venue


def change_venue(session: Session, *, actor: Actor, venue_id: int, version: int, facts: VenueFacts, at: datetime) -> Venue:
    """Everything but who serves there; Conflict when somebody was faster."""
    _hold_district(session, actor)
    venue = _locked(session, actor, venue_id, version=version)
    facts = _checked(session, actor, facts, before=venue)
    changed = [field for field, value in asdict(facts).items() if getattr(venue, field) != value]
    for field in changed:
        setattr(venue, field, getattr(facts, field))
    if changed:
        venue.version += 1
        _note(session, actor, venue, "change", at=at, fields=changed)
    session.flush()
    return venue


def end_venue(session: Session, *, actor: Actor, venue_id: int, version: int, at: datetime) -> Venue:
    """Nobody serves there any more; Conflict while shifts are still to come. Its checks and what was done there stay."""
    venue = _locked(session, actor, venue_id, version=version)
    to_come = select(func.count()).select_from(DutyShift)
    to_come = to_come.where(DutyShift.venue_id == venue.id, DutyShift.cancelled_at.is_(None), DutyShift.day >= _today(at))
    if shifts := session.scalar(to_come):
        raise Conflict(f"这里还排着 {shifts} 次值班。请先在值班表里取消或换个地方，再来停用。")
    session.execute(delete(VenueMember).where(VenueMember.venue_id == venue.id))
    venue.ended_at = at
    venue.version += 1
    _note(session, actor, venue, "end", at=at)
    session.flush()
    return venue


def seat_members(session: Session, *, actor: Actor, venue_id: int, user_ids: Sequence[int], at: datetime) -> int:
    """Several people serve there from now on; who does already stays. How many were added; InvalidInput (field `people`)."""
    venue = _locked(session, actor, venue_id)
    if not user_ids:
        raise InvalidInput("请至少勾选一个人。", field="people")
    able = set(session.scalars(select(User.id).where(User.id.in_(user_ids), User.district_id == venue.district_id, serves())))
    if able != set(user_ids):
        raise InvalidInput("勾选的人里有人不再是委员，请重新找一遍再选。", field="people")
    added = _seat(session, venue, sorted(able))
    if added:
        _note(session, actor, venue, "seat", at=at, users=sorted(added))
    session.flush()
    return len(added)


def unseat_member(session: Session, *, actor: Actor, venue_id: int, user_id: int, at: datetime) -> Venue:
    """Somebody serves there no more; doing it twice changes nothing."""
    venue = _locked(session, actor, venue_id)
    gone = session.scalars(
        delete(VenueMember).where(VenueMember.venue_id == venue.id, VenueMember.user_id == user_id).returning(VenueMember.user_id)
    ).all()
    if gone:
        _note(session, actor, venue, "unseat", at=at, user=user_id)
    session.flush()
    return venue


def check_venue(
    session: Session, *, actor: Actor, venue_id: int, checked_on: date | None, has: Collection[VenueNeed], note: str, at: datetime
) -> VenueCheck:
    """What somebody found on a day that isn't to come; the newest entry counts, and the same sent twice is one. Raises InvalidInput (field `checked_on` or
    `note`).
    """
    venue = _locked(session, actor, venue_id)
    if checked_on is None or checked_on > _today(at):
        raise InvalidInput("哪天去看的，请选今天或以前的日子。", field="checked_on")
    words = clean(note).text
    if len(words) > NOTE_MAX:
        raise InvalidInput(f"最多 {NOTE_MAX} 个字，请写短一点。", field="note")
    assert actor.user_id is not None, "a person looked"
    if not has and not words:
        raise InvalidInput("六样一样也没有勾。真的都没有，请在说明里写一句再记。", field="note")
    written = {
        "checked_on": checked_on,
        "checked_by": actor.user_id,
        "has": [need.value for need in VenueNeed if need in has],
        "note": words,
    }
    newest = session.scalars(
        select(VenueCheck).where(VenueCheck.venue_id == venue.id).order_by(VenueCheck.id.desc()).limit(1)
    ).one_or_none()
    if newest is not None and all(getattr(newest, name) == value for name, value in written.items()):
        return newest
    check = VenueCheck(district_id=venue.district_id, venue_id=venue.id, created_at=at, **written)
    session.add(check)
    session.flush()
    _note(session, actor, venue, "check", at=at)
    return check


def _seat(session: Session, venue: Venue, user_ids: Sequence[int]) -> Sequence[int]:
    if not user_ids:
        return ()
    rows = [{"district_id": venue.district_id, "venue_id": venue.id, "user_id": one} for one in user_ids]
    return session.scalars(insert(VenueMember).values(rows).on_conflict_do_nothing().returning(VenueMember.user_id)).all()


def _hold_district(session: Session, actor: Actor) -> int:
    """The actor's district, held so that one at a time names a venue or takes a point for it."""
    assert actor.district_id is not None, "venues belong to a district"
    session.execute(select(Area.id).where(Area.id == actor.district_id).with_for_update(key_share=True))
    return actor.district_id


def _locked(session: Session, actor: Actor, venue_id: int, *, version: int | None = None) -> Venue:
    venue = session.get(Venue, venue_id, populate_existing=True, with_for_update={"key_share": True})
    if venue is None or venue.district_id != actor.district_id:
        raise NotFound("没有这个场所，或者不在您的区。")
    require(actor, Permission.GROUPS_MANAGE, area_path=session.get_one(Area, venue.area_id).path)
    if venue.ended_at is not None:
        raise Conflict("这个场所已经停用了，不能再改。要接着用，请新建一个。")
    if version is not None and venue.version != version:
        raise Conflict("这个场所刚刚有人改过。您写的还在框里，请先看看现在的情况。")
    return venue


def _checked(session: Session, actor: Actor, facts: VenueFacts, *, before: Venue | None) -> VenueFacts:
    name = clean_line(facts.name, limit=VENUE_NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请填写名称，例如：丰山街道委员工作站。", field="name")
    others = (Venue.district_id == actor.district_id, Venue.ended_at.is_(None), Venue.id != (before.id if before is not None else 0))
    area = _area(session, actor, facts.area_id)
    if session.scalar(select(Venue.id).where(*others, Venue.name == name).limit(1)) is not None:
        raise InvalidInput(f"已经有叫“{name}”的场所了，请换一个名称。", field="name")
    if facts.group_id is not None and (before is None or facts.group_id != before.group_id):
        # Held against whoever would end it meanwhile.
        group = session.get(MemberGroup, facts.group_id, populate_existing=True, with_for_update={"key_share": True})
        if group is None or group.district_id != actor.district_id or group.ended_at is not None:
            raise InvalidInput("没有这个组，或者它已经结束，请重新选择。", field="group")
    if facts.point_id is not None:
        _check_point(session, facts.point_id, area)
        if (other := session.scalar(select(Venue.name).where(*others, Venue.point_id == facts.point_id).limit(1))) is not None:
            raise InvalidInput(f"这个直报点已经挂在“{other}”，请另选一个或先到那里取下。", field="point")
    address = clean_line(facts.address, limit=ADDRESS_MAX, field="address")
    return replace(facts, name=name, address=address, hours=clean_line(facts.hours, limit=HOURS_MAX, field="hours"))


def _area(session: Session, actor: Actor, area_id: int | None) -> Area:
    area = session.get(Area, area_id) if area_id is not None else None
    if area is None or area.district_id is None or area.district_id != actor.district_id:
        raise InvalidInput("请选择场所在哪个区域。", field="area")
    if not reaches(actor, Permission.GROUPS_MANAGE, area_path=area.path):
        raise InvalidInput("这个区域不在您负责的范围，请重新选择。", field="area")
    return area


def _check_point(session: Session, point_id: int, area: Area) -> None:
    point = session.get(IntakePoint, point_id)
    if point is None or point.district_id != area.district_id or point.kind not in POINT_KINDS:
        raise InvalidInput("没有这个直报点，或者它不是委员工作站、工作室的，请重新选择。", field="point")
    if point.area_id != area.id:
        raise InvalidInput(f"这个直报点不在“{area.name}”，请选同一个区域的。", field="point")
    if point.state is PointState.RETIRED:
        raise InvalidInput("这个直报点已经停用，请另选一个。", field="point")


def _today(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _note(session: Session, actor: Actor, venue: Venue, what: str, *, at: datetime, **detail: object) -> None:
    record(session, actor=actor, district_id=venue.district_id, action=f"venue.{what}", noun="venue", entity_id=venue.id, at=at, **detail)

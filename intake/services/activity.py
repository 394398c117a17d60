"""履职记录: what a member did, in their own words and numbers; nobody has to prove it, and they may take it out (rows Y3, S1)."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.activity import BACK_DAYS, PEOPLE_MOST, ActivityKind
from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Permission
from intake.domain.personal_data import mask, personal_data
from intake.domain.text import clean
from intake.domain.working_days import SHANGHAI
from intake.models import Activity, Area, DutyShift, Venue
from intake.services.audit import record

WORDS_MAX = 500


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """What a member writes down; `day` is Shanghai's, `settled` is of a dispute."""

    kind: ActivityKind
    day: date | None
    area_id: int | None
    venue_id: int | None
    people: int
    words: str
    settled: bool | None


@dataclass(frozen=True, slots=True)
class Changing:
    """Somebody's act on a record of their own; `version` is the one on their screen."""

    actor: Actor
    activity_id: int
    version: int
    at: datetime


def note(
    session: Session,
    *,
    actor: Actor,
    kind: ActivityKind,
    day: date,
    area_id: int | None,
    venue_id: int | None,
    people: int,
    words: str,
    settled: bool | None,
    nonce: bytes,
    at: datetime,
) -> Activity:
    """Put it on the actor's record; sent twice with one `nonce` it is there once.

    Telephone numbers, names and the like in `words` are masked. Raises InvalidInput naming the field, Forbidden for who is no member.
    """
    if not actor.may(Permission.LEDGER_KEEP):
        raise Forbidden("只有委员和召集人有履职记录。")
    facts = ActivityFacts(kind, day, area_id, venue_id, people, words, settled)
    return _store(session, actor, _checked(session, actor, facts, at=at), shift_id=None, nonce=nonce, at=at)


def note_shift(session: Session, *, actor: Actor, shift_id: int, at: datetime) -> Activity:
    """Put one's own shift on record as it stands in the calendar; twice is once."""
    found = session.execute(
        select(DutyShift, Venue.area_id)
        .join(Venue, Venue.id == DutyShift.venue_id)
        .where(DutyShift.id == shift_id, DutyShift.user_id == actor.user_id, DutyShift.cancelled_at.is_(None))
    ).one_or_none()
    if found is None:
        raise NotFound("没有这一班，可能已经取消，或者换给了别人。")
    shift, area_id = found
    facts = _checked(session, actor, ActivityFacts(ActivityKind.DUTY, shift.day, area_id, shift.venue_id, 0, "", None), at=at)
    nonce = hashlib.sha256(f"shift/{shift.id}/{actor.user_id}".encode()).digest()[:16]
    return _store(session, actor, facts, shift_id=shift.id, nonce=nonce, at=at)


def change(session: Session, changing: Changing, facts: ActivityFacts) -> Activity:
    """Write a record anew; one older than 60 days stays as it is."""
    activity = _lock(session, changing)
    if activity.day < _earliest(changing.at):
        raise Conflict(f"超过 {BACK_DAYS} 天的记录不能再改；写错了可以删去。")
    new = _checked(session, changing.actor, facts, at=changing.at)
    assert new.day is not None
    activity.kind, activity.day, activity.area_id, activity.venue_id = new.kind, new.day, new.area_id, new.venue_id
    activity.people, activity.words, activity.settled = new.people, new.words, new.settled
    _note(session, activity, changing.actor, "change", at=changing.at)
    activity.version += 1
    session.flush()
    return activity


def take_out(session: Session, changing: Changing) -> None:
    """Off the record, whenever it was: it is the member's."""
    activity = _lock(session, changing)
    activity.removed_at, activity.words = changing.at, ""
    activity.version += 1
    _note(session, activity, changing.actor, "take_out", at=changing.at)
    session.flush()


def _store(session: Session, actor: Actor, facts: ActivityFacts, *, shift_id: int | None, nonce: bytes, at: datetime) -> Activity:
    stored = session.scalar(
        insert(Activity)
        .values(
            district_id=actor.district_id,
            user_id=actor.user_id,
            kind=facts.kind,
            day=facts.day,
            area_id=facts.area_id,
            venue_id=facts.venue_id,
            shift_id=shift_id,
            people=facts.people,
            words=facts.words,
            settled=facts.settled,
            nonce=nonce,
            version=1,
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=["nonce"])
        .returning(Activity.id)
    )
    if stored is not None:
        activity = session.get_one(Activity, stored)
        _note(session, activity, actor, "note", at=at)
        return activity
    activity = session.scalars(select(Activity).where(Activity.nonce == nonce)).one()
    if activity.user_id != actor.user_id:
        raise Conflict("没有记下来，请刷新这一页再记一次。")
    return activity


def _checked(session: Session, actor: Actor, facts: ActivityFacts, *, at: datetime) -> ActivityFacts:
    today = at.astimezone(SHANGHAI).date()
    if facts.day is None:
        raise InvalidInput("请选哪一天。", field="day")
    if facts.day > today:
        raise InvalidInput("还没到这一天，到了再记。", field="day")
    if facts.day < _earliest(at):
        raise InvalidInput(f"最多补记 {BACK_DAYS} 天以内的事。", field="day")
    if not 0 <= facts.people <= PEOPLE_MOST:
        raise InvalidInput(f"人数写 0 到 {PEOPLE_MOST}。", field="people")
    words = clean(facts.words).text
    if len(words) > WORDS_MAX:
        raise InvalidInput(f"最多 {WORDS_MAX} 个字，请写短一点。", field="words")
    venue_area = _venue_area(session, actor, facts.venue_id)
    return ActivityFacts(
        kind=facts.kind,
        day=facts.day,
        area_id=_area(session, actor, facts.area_id) or venue_area,
        venue_id=facts.venue_id,
        people=facts.people,
        words=mask(words, personal_data(words)),
        settled=facts.settled if facts.kind is ActivityKind.MEDIATION else None,
    )


def _area(session: Session, actor: Actor, area_id: int | None) -> int | None:
    if area_id is not None and session.scalar(select(Area.district_id).where(Area.id == area_id)) != actor.district_id:
        raise InvalidInput("没有这个地方，请重新选。", field="area")
    return area_id


def _venue_area(session: Session, actor: Actor, venue_id: int | None) -> int | None:
    if venue_id is None:
        return None
    area_id = session.scalar(select(Venue.area_id).where(Venue.id == venue_id, Venue.district_id == actor.district_id))
    if area_id is None:
        raise InvalidInput("没有这个场所，请重新选。", field="venue")
    return area_id


def _lock(session: Session, changing: Changing) -> Activity:
    activity = session.scalars(
        select(Activity)
        .where(Activity.id == changing.activity_id, Activity.user_id == changing.actor.user_id, Activity.removed_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if activity is None:
        raise NotFound("没有这条记录，可能已经删去。")
    if activity.version != changing.version:
        raise Conflict("这条记录刚刚改过，请看看现在的样子再改。")
    return activity


def _earliest(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date() - timedelta(days=BACK_DAYS)


def _note(session: Session, activity: Activity, actor: Actor, act: str, *, at: datetime) -> None:
    record(
        session,
        actor=actor,
        district_id=activity.district_id,
        action=f"activity.{act}",
        noun="activity",
        entity_id=activity.id,
        at=at,
        kind=activity.kind.value,
    )

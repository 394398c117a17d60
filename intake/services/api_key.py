"""接口密钥: given to another system, shown once, taken back."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.granting import require
from intake.domain.permission import Permission
from intake.domain.point import PointState
from intake.domain.text import clean, clean_line
from intake.models import ApiKey, Area, IntakePoint
from intake.services.audit import record

NAME_MAX = 40
MARK = "zhibao_"
"""Begins every key, so that whoever finds one in a file knows what it is."""
_HINT = len(MARK) + 4
_NOTED_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class GivenKey:
    """A key just made; `secret` is known here and never again."""

    id: int
    name: str
    secret: str


def key_hash(secret: str) -> bytes:
    """What is kept of a key: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def give_key(session: Session, *, actor: Actor, name: str, point_code: str, at: datetime) -> GivenKey:
    """A key by which the system called `name` files at one point; InvalidInput names the field and its cure."""
    name = clean_line(name, limit=NAME_MAX, field="name")
    if not name:
        raise InvalidInput("请写是谁的系统，例如“区城市管理平台”。", field="name")
    point = _point(session, actor, point_code)
    require(actor, Permission.API_KEYS_MANAGE, area_path=session.get_one(Area, point.area_id).path)
    secret = MARK + secrets.token_urlsafe(32)
    key = ApiKey(
        district_id=point.district_id,
        point_id=point.id,
        name=name,
        key_hash=key_hash(secret),
        key_hint=secret[:_HINT],
        created_by=actor.user_id,
        created_at=at,
    )
    session.add(key)
    session.flush()
    _note(session, key, actor=actor, action="api_key.give", at=at)
    return GivenKey(key.id, key.name, secret)


def revoke_key(session: Session, *, actor: Actor, key_id: int, version: int, at: datetime) -> None:
    """From the next request on it opens nothing; Conflict when somebody was faster."""
    key = session.scalars(
        select(ApiKey).where(ApiKey.id == key_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if key is None or key.district_id != actor.district_id:
        raise NotFound("没有这把密钥，或者不在您的区。")
    point = session.get_one(IntakePoint, key.point_id)
    require(actor, Permission.API_KEYS_MANAGE, area_path=session.get_one(Area, point.area_id).path)
    if key.version != version or key.revoked_at is not None:
        raise Conflict("这把密钥刚刚有人收回了，请先看看现在的情况。")
    key.revoked_at = at
    key.version += 1
    _note(session, key, actor=actor, action="api_key.revoke", at=at)
    session.flush()


def note_use(session: Session, key_id: int, *, at: datetime) -> None:
    """Remember that it was used, at most once a day: no row is written by every request."""
    session.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id, or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < at - _NOTED_EVERY))
        .values(last_used_at=at)
    )


def _point(session: Session, actor: Actor, code: str) -> IntakePoint:
    code = "".join(clean(code).text.split()).lower()
    point = session.scalars(select(IntakePoint).where(IntakePoint.code == code)).one_or_none() if code else None
    if point is None or point.district_id != actor.district_id:
        raise InvalidInput("请写它交来的事记在哪个直报点：海报上的十位编码。", field="point_code")
    if point.state is PointState.RETIRED:
        raise InvalidInput("这个直报点已经停用，请换一个。", field="point_code")
    return point


def _note(session: Session, key: ApiKey, *, actor: Actor, action: str, at: datetime) -> None:
    record(session, actor=actor, district_id=key.district_id, action=action, noun="api_key", entity_id=key.id, at=at)

"""What somebody sees of their own account: where they are signed in, whether a second step is on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from intake.domain.device import device_names
from intake.models import LoginSession, RecoveryCode, User

DEVICES_SHOWN = 50
WAY_NAMES: dict[str, str] = {
    "password": "密码",
    "totp": "密码和验证码",
    "recovery_code": "密码和恢复码",
    "wechat": "微信",
    "wechat_totp": "微信和验证码",
}
"""Screen names of the ways to sign in."""


@dataclass(frozen=True, slots=True)
class OwnDevice:
    """A browser in which one is signed in."""

    id: int
    browser: str
    """Empty, as `system`, for sessions of which nothing was noted."""
    system: str
    way: str
    since: datetime
    seen_at: datetime
    is_this: bool
    is_new: bool
    """Whether one had never signed in with such a browser before, but with another."""


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Whether a code is asked for."""

    since: datetime | None
    codes_left: int


_BEFORE = aliased(LoginSession)


def own_devices(session: Session, user_id: int, *, this_device: bytes, idle_minutes: int, at: datetime) -> tuple[OwnDevice, ...]:
    """Where this person is signed in, in one query: new ones first, then this one, then who was seen last; at most DEVICES_SHOWN."""
    earlier = select(_BEFORE.id).where(_BEFORE.user_id == LoginSession.user_id, _BEFORE.id < LoginSession.id, _BEFORE.device != "")
    rows = session.execute(
        select(
            LoginSession,
            earlier.exists() & ~earlier.where(_BEFORE.device == LoginSession.device).exists() & (LoginSession.device != ""),
        )
        .where(
            LoginSession.user_id == user_id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > at,
            LoginSession.seen_at > at - timedelta(minutes=idle_minutes),
        )
        .order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
        .limit(DEVICES_SHOWN)
    ).all()
    found = [_device(row, this_device=this_device, is_new=bool(is_new)) for row, is_new in rows]
    return tuple(sorted(found, key=lambda one: (not one.is_new, not one.is_this)))


def second_factor_of(session: Session, user_id: int) -> SecondFactor:
    """Since when, and how many recovery codes weren't used, in one query."""
    unused = select(func.count()).where(RecoveryCode.user_id == User.id, RecoveryCode.used_at.is_(None)).scalar_subquery()
    row = session.execute(select(User.totp_since, unused).where(User.id == user_id)).one()
    return SecondFactor(*row)


def has_second_factor(session: Session, user_id: int) -> bool:
    """Whether a code is asked for."""
    return session.scalars(select(User.totp_since).where(User.id == user_id)).one() is not None


def account_name(session: Session, user_id: int) -> str:
    """The login."""
    return session.scalars(select(User.login).where(User.id == user_id)).one()


def _device(row: LoginSession, *, this_device: bytes, is_new: bool) -> OwnDevice:
    browser, system = device_names(row.device)
    return OwnDevice(
        id=row.id,
        browser=browser,
        system=system,
        way=WAY_NAMES.get(row.way, ""),
        since=row.created_at,
        seen_at=row.seen_at,
        is_this=row.token_hash == this_device,
        is_new=is_new,
    )

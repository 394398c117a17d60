"""Signing in and out: one row a device, lockout with back-off, the same answer for a wrong name and a wrong password."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from intake.domain.actor import Actor, ActorKind
from intake.models import LoginSession, User
from intake.ports import RateLimiter, Vault
from intake.services.audit import record
from intake.services.password import verify_password

TRIES_BEFORE_LOCK = 5
LOCK_LONGEST = timedelta(hours=1)
FORGET_AFTER = timedelta(hours=24)
"""A day without a wrong try, and earlier ones no longer count. Who tries on and on can still keep the account locked; its owner comes in all the
same with a browser that is known (`spared`)."""
NOBODY = "sign-in-nobody"
"""Under what the wrong tries at names that nobody has are noted."""


class SignInOutcome(StrEnum):
    """How a try to sign in ended."""

    DONE = "done"
    """登录成功."""
    REFUSED = "refused"
    """用户名或密码不对."""
    LOCKED = "locked"
    """错误次数多，暂时锁定."""
    CODE = "code"
    """密码对，还要验证码."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a try to sign in gave."""

    outcome: SignInOutcome
    token: str = ""
    """Empty unless done."""
    wait_minutes: int = 0
    """How long the account stays locked, rounded up; 0 unless locked."""
    user_id: int = 0
    """0 unless done or half done."""
    mark: str = ""
    """Of a sign-in that is half done: what `half_mark` gives; empty otherwise."""
    by_recovery: bool = False
    """Whether a recovery code was spent on it."""


@dataclass(frozen=True, slots=True)
class _Failures:
    """Wrong tries that count still, and until when they lock; a lock that is over says when the last one was."""

    count: int
    until: datetime | None


def token_hash(token: str) -> bytes:
    """What is stored of a session token."""
    return hashlib.sha256(token.encode()).digest()


def sign_in(
    session: Session,
    *,
    vault: Vault,
    limiter: RateLimiter,
    login: str,
    password: str,
    hours: int,
    device: str,
    spared: int | None,
    at: datetime,
) -> SignIn:
    """Check and open a session, or say that the second factor is asked for.

    Commit whatever the outcome is: the counter of failed tries must outlive a refusal. After 5 failures the account is locked for a
    minute, twice as long after each further one, at most an hour. `spared` is whom this browser may sign in in spite of a lock: its own tries
    are counted elsewhere. With a second factor failures are forgotten once that is given too: else a known password would be as many tries.
    A name that nobody has locks in the same way: else the lock would tell which names there are.
    """
    name = login.strip().lower()
    user = session.scalars(select(User).where(User.login == name).with_for_update()).one_or_none()
    if user is None:
        return _refuse_nobody(session, vault, limiter, name, password, at=at)
    is_spared = user.id == spared
    minutes = 0 if is_spared else minutes_locked(user, at)
    if minutes:
        return SignIn(SignInOutcome.LOCKED, wait_minutes=minutes)
    if not verify_password(user.password_hash if user.active else None, password):
        if not is_spared:
            count_failure(session, user, at=at)
        return SignIn(SignInOutcome.REFUSED)
    if user.totp_since is not None:
        return SignIn(SignInOutcome.CODE, user_id=user.id, mark=half_mark(vault, user))
    user.failed_tries, user.locked_until = 0, None
    return SignIn(SignInOutcome.DONE, token=open_session(session, user, hours=hours, device=device, at=at, way="password"), user_id=user.id)


def half_mark(vault: Vault, user: User) -> str:
    """What a half-done sign-in carries: a new password, or a factor switched off and on, ends it."""
    bound = f"{user.id}.{user.password_hash}.{user.totp_since}"
    return vault.derive("half-sign-in", bound.encode())[:16].hex()


def minutes_locked(user: User, at: datetime) -> int:
    """For how many minutes, rounded up, wrong passwords still keep the account locked; 0 when they don't."""
    return _minutes_until(user.locked_until, at)


def open_session(session: Session, user: User, *, hours: int, device: str, at: datetime, way: str) -> str:
    """The token of a new session for somebody who has proved who they are; `way` says how, `device` with what (`device_of`)."""
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            district_id=user.district_id,
            user_id=user.id,
            token_hash=token_hash(token),
            created_at=at,
            seen_at=at,
            expires_at=at + timedelta(hours=hours),
            way=way,
            device=device,
        )
    )
    record(session, actor=_as_actor(user), district_id=user.district_id, action="sign_in", noun="user", entity_id=user.id, at=at, way=way)
    return token


def sign_out(session: Session, *, token: str, at: datetime) -> None:
    """End one session; ending it twice changes nothing."""
    session.execute(
        update(LoginSession).where(LoginSession.token_hash == token_hash(token), LoginSession.ended_at.is_(None)).values(ended_at=at)
    )


def count_failure(session: Session, user: User, *, at: datetime) -> None:
    """One more wrong password or code; from the fifth on the account is locked."""
    failures = _one_more(_Failures(user.failed_tries, user.locked_until), at)
    user.failed_tries, user.locked_until = failures.count, failures.until
    if user.failed_tries >= TRIES_BEFORE_LOCK:
        record(session, actor=_as_actor(user), district_id=user.district_id, action="sign_in.locked", noun="user", entity_id=user.id, at=at)


def _one_more(before: _Failures, at: datetime) -> _Failures:
    forgotten = before.until is not None and at - before.until > FORGET_AFTER
    count = 1 if forgotten else before.count + 1
    if count < TRIES_BEFORE_LOCK:
        return _Failures(count, at)
    return _Failures(count, at + min(timedelta(minutes=2 ** min(count - TRIES_BEFORE_LOCK, 6)), LOCK_LONGEST))


def _minutes_until(until: datetime | None, at: datetime) -> int:
    if until is None or until <= at:
        return 0
    return -(-int((until - at).total_seconds()) // 60) or 1


def _refuse_nobody(session: Session, vault: Vault, limiter: RateLimiter, name: str, password: str, *, at: datetime) -> SignIn:
    """As for somebody, step by step: one try after the other, the lock, the time a password takes, the count. Noted under a keyed hash,
    since a name is anything somebody typed, and gone by itself."""
    number = vault.derive(NOBODY, name.encode(errors="replace"))
    session.execute(text("SELECT pg_advisory_xact_lock(7210441, :name)"), {"name": int.from_bytes(number[:4], signed=True)})
    before = _noted(limiter.kept(NOBODY, number.hex()))
    minutes = _minutes_until(before.until, at)
    if minutes:
        return SignIn(SignInOutcome.LOCKED, wait_minutes=minutes)
    verify_password(None, password)
    failures = _one_more(before, at)
    assert failures.until is not None, "set by each failure"
    kept_for = FORGET_AFTER + LOCK_LONGEST + timedelta(minutes=1)
    limiter.keep(f"{failures.count} {failures.until.isoformat()}", NOBODY, number.hex(), seconds=int(kept_for.total_seconds()))
    return SignIn(SignInOutcome.REFUSED)


def _noted(words: str) -> _Failures:
    count, _, until = words.partition(" ")
    return _Failures(int(count), datetime.fromisoformat(until)) if words else _Failures(0, None)


def _as_actor(user: User) -> Actor:
    return Actor(kind=ActorKind.PERSON, user_id=user.id, district_id=user.district_id, name=user.name)

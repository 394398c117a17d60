"""两步登录: switched on by a first code, asked for at every sign-in, taken off by oneself, by an administrator, or on the command line."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.errors import Conflict, Expired, Forbidden, InvalidInput
from intake.domain.second_factor import (
    DIGITS,
    RECOVERY_DIGITS,
    digits_of,
    minutes_off,
    new_recovery_codes,
    new_secret,
    steps_of,
)
from intake.models import RecoveryCode, User
from intake.ports import Vault
from intake.services.audit import record
from intake.services.own_account import end_others
from intake.services.password import verify_password
from intake.services.person import as_actor, end_sessions, managed
from intake.services.sign_in import SignIn, SignInOutcome, count_failure, half_mark, minutes_locked, open_session

WRONG_CODE = "验证码不对。请看看手机的时间准不准（设置里打开“自动设置时间”），再写现在显示的 6 位数字。"
USED_CODE = "这个验证码刚刚用过。请等下一个出来再写，最多等半分钟。"
WAYS = {"password": "totp", "wechat": "wechat_totp"}
"""How a sign-in that began so is noted once the code was right."""


class Found(StrEnum):
    """What somebody typed as a code turned out to be."""

    FITS = "fits"
    """验证码对."""
    RECOVERY = "recovery"
    """是没用过的恢复码."""
    USED = "used"
    """验证码对，但已经用过."""
    WRONG = "wrong"
    """不对."""


class ProofOutcome(StrEnum):
    """How a proof of oneself ended."""

    DONE = "done"
    """证明是本人."""
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a code of an outcome
    """密码不对."""
    WRONG_CODE = "wrong_code"
    """验证码不对."""
    USED_CODE = "used_code"
    """验证码用过了."""
    LOCKED = "locked"
    """错误次数多，暂时锁定."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof gave."""

    outcome: ProofOutcome
    wait_minutes: int = 0


@dataclass(frozen=True, slots=True)
class HalfSignIn:
    """What the first step left: who, how it began, and the mark that a changed password or factor ends."""

    user_id: int
    way: str
    mark: str


def prove(session: Session, *, vault: Vault, user_id: int, password: str, code: str, spared: int | None, at: datetime) -> Proof:
    """Whether this signed-in person is who they say: the password, and where a second factor is on, a code.

    Commit whatever the outcome is, as with `sign_in`; failures count towards the same lock, unless this browser's own are counted elsewhere.
    """
    user = _held(session, user_id)
    is_spared = user.id == spared
    minutes = 0 if is_spared else minutes_locked(user, at)
    if minutes:
        return Proof(ProofOutcome.LOCKED, wait_minutes=minutes)
    outcome = _proven(session, vault, user, password=password, code=code, at=at)
    if outcome is ProofOutcome.DONE:
        user.failed_tries, user.locked_until = 0, None
    elif not is_spared:
        count_failure(session, user, at=at)
    return Proof(outcome)


def _proven(session: Session, vault: Vault, user: User, *, password: str, code: str, at: datetime) -> ProofOutcome:
    if not verify_password(user.password_hash, password):
        return ProofOutcome.WRONG_PASSWORD
    if user.totp_since is None:
        return ProofOutcome.DONE
    found = _take_code(session, vault, user, code, at=at)
    by_code = {Found.USED: ProofOutcome.USED_CODE, Found.WRONG: ProofOutcome.WRONG_CODE}
    return by_code.get(found, ProofOutcome.DONE)


def finish_sign_in(
    session: Session, *, vault: Vault, half: HalfSignIn, code: str, hours: int, device: str, spared: int | None, at: datetime
) -> SignIn:
    """The second step of signing in; commit whatever the outcome is. Expired where the first step no longer counts."""
    user = session.scalars(select(User).where(User.id == half.user_id).with_for_update()).one_or_none()
    if user is None or not user.active or user.totp_since is None or not hmac.compare_digest(half_mark(vault, user), half.mark):
        raise Expired("请从头登录一次。")
    is_spared = user.id == spared
    minutes = 0 if is_spared else minutes_locked(user, at)
    if minutes:
        return SignIn(SignInOutcome.LOCKED, wait_minutes=minutes)
    found = _take_code(session, vault, user, code, at=at)
    if found in {Found.WRONG, Found.USED}:
        if not is_spared:
            count_failure(session, user, at=at)
        return SignIn(SignInOutcome.CODE if found is Found.USED else SignInOutcome.REFUSED)
    user.failed_tries, user.locked_until = 0, None
    way = "recovery_code" if found is Found.RECOVERY else WAYS[half.way]
    token = open_session(session, user, hours=hours, device=device, at=at, way=way)
    return SignIn(SignInOutcome.DONE, token=token, user_id=user.id, by_recovery=found is Found.RECOVERY)


def begin(session: Session, *, vault: Vault, actor: Actor) -> str:
    """A new secret for the actor to put into an authenticator; nothing is asked for until `confirm`. Conflict where one is on already."""
    user = _own(session, actor)
    if user.totp_since is not None:
        raise Conflict("两步登录已经打开了。")
    secret = new_secret()
    user.totp_cipher = vault.seal(secret, context=_context(user))
    session.flush()
    return secret


def waiting_secret(session: Session, *, vault: Vault, actor: Actor) -> str | None:
    """The secret that waits for its first code; None where there is none."""
    user = _own(session, actor)
    return _secret(vault, user) if user.totp_since is None and user.totp_cipher is not None else None


def confirm(session: Session, *, vault: Vault, actor: Actor, code: str, this_device: bytes, at: datetime) -> tuple[str, ...]:
    """Switch it on by a first code: the ten recovery codes, which nothing can show again; every other device is signed out.

    `this_device` is the hash of the session's token. InvalidInput (field `code`) says by how much a clock is wrong.
    """
    user = _own(session, actor)
    if user.totp_since is not None:
        raise Conflict("两步登录已经打开了。")
    if user.totp_cipher is None:
        raise Conflict("请先按“开始”，再扫码。")
    secret, digits = _secret(vault, user), digits_of(code)
    steps = steps_of(secret, digits, at=at)
    if not steps:
        _refuse_first_code(minutes_off(secret, digits, at=at))
    user.totp_since, user.totp_last = at, max(steps)
    user.version += 1
    codes = _make_codes(session, vault, user, at=at)
    end_others(session, user, this_device=this_device, at=at)
    record(session, actor=actor, district_id=user.district_id, action="second_factor.on", noun="user", entity_id=user.id, at=at)
    session.flush()
    return codes


def renew_codes(session: Session, *, vault: Vault, actor: Actor, at: datetime) -> tuple[str, ...]:
    """Ten new recovery codes; the old ones stop working. The caller has proved the person (`prove`)."""
    user = _switched_on(session, actor)
    codes = _make_codes(session, vault, user, at=at)
    record(session, actor=actor, district_id=user.district_id, action="second_factor.codes", noun="user", entity_id=user.id, at=at)
    session.flush()
    return codes


def switch_off(session: Session, *, actor: Actor, required: bool, this_device: bytes, at: datetime) -> None:
    """Off; every other device is signed out. The caller has proved the person. Forbidden where `required` for one of their roles."""
    user = _switched_on(session, actor)
    if required:
        raise Forbidden("您的角色要求两步登录，不能关闭。换了手机，请管理员取消后重新打开。")
    _forget(session, user)
    end_others(session, user, this_device=this_device, at=at)
    record(session, actor=actor, district_id=user.district_id, action="second_factor.off", noun="user", entity_id=user.id, at=at)
    session.flush()


def take_off(session: Session, *, actor: Actor, user_id: int, version: int, at: datetime) -> User:
    """For somebody who lost telephone and codes; all their devices are signed out. Not one's own: that would spare the code."""
    user = managed(session, actor, user_id, version=version)
    if user.id == actor.user_id:
        raise Forbidden("自己的两步登录请在“两步登录”页关闭；手机和恢复码都没有了，请另一位管理员来取消。")
    drop(session, actor=actor, user=user, at=at)
    return user


def drop(session: Session, *, actor: Actor, user: User, at: datetime) -> None:
    """Take the factor off `user`, whom the caller may manage; Conflict where there is none."""
    if user.totp_since is None:
        raise Conflict("这个人没有打开两步登录，请刷新后再看。")
    _forget(session, user)
    end_sessions(session, user, at=at)
    record(session, actor=actor, district_id=user.district_id, action="second_factor.taken_off", noun="user", entity_id=user.id, at=at)
    session.flush()


def codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes weren't used."""
    unused = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def _take_code(session: Session, vault: Vault, user: User, typed: str, *, at: datetime) -> Found:
    """What the digits are; a code that fits is spent by this."""
    digits = digits_of(typed)
    if len(digits) == RECOVERY_DIGITS:
        return _take_recovery(session, vault, user, digits, at=at)
    if len(digits) != DIGITS:
        return Found.WRONG
    steps = steps_of(_secret(vault, user), digits, at=at)
    fresh = [step for step in steps if user.totp_last is None or step > user.totp_last]
    if fresh:
        user.totp_last = max(fresh)
        return Found.FITS
    return Found.USED if steps else Found.WRONG


def _take_recovery(session: Session, vault: Vault, user: User, digits: str, *, at: datetime) -> Found:
    mine = (RecoveryCode.user_id == user.id, RecoveryCode.code_hash == _code_hash(vault, user, digits), RecoveryCode.used_at.is_(None))
    taken = session.scalars(update(RecoveryCode).where(*mine).values(used_at=at).returning(RecoveryCode.id)).one_or_none()
    if taken is None:
        return Found.WRONG
    record(
        session, actor=as_actor(user), district_id=user.district_id, action="second_factor.recovery", noun="user", entity_id=user.id, at=at
    )
    return Found.RECOVERY


def _make_codes(session: Session, vault: Vault, user: User, *, at: datetime) -> tuple[str, ...]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = new_recovery_codes()
    session.add_all(
        RecoveryCode(district_id=user.district_id, user_id=user.id, code_hash=_code_hash(vault, user, code), created_at=at)
        for code in codes
    )
    return codes


def _refuse_first_code(ahead: int | None) -> None:
    if ahead is None:
        raise InvalidInput(WRONG_CODE, field="code")
    if ahead > 0:
        raise InvalidInput(f"手机的时间快了大约 {ahead} 分钟。请在手机设置里打开“自动设置时间”，再写新的验证码。", field="code")
    behind = -ahead
    raise InvalidInput(f"手机的时间慢了大约 {behind} 分钟。请在手机设置里打开“自动设置时间”，再写新的验证码。", field="code")


def _forget(session: Session, user: User) -> None:
    user.totp_cipher = user.totp_since = user.totp_last = None
    user.version += 1
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def _switched_on(session: Session, actor: Actor) -> User:
    user = _own(session, actor)
    if user.totp_since is None:
        raise Conflict("两步登录没有打开，请刷新后再看。")
    return user


def _own(session: Session, actor: Actor) -> User:
    assert actor.user_id is not None, "commands have no second factor"
    return _held(session, actor.user_id)


def _held(session: Session, user_id: int) -> User:
    return session.scalars(select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)).one()


def _secret(vault: Vault, user: User) -> str:
    assert user.totp_cipher is not None, "switched on with a secret"
    return vault.open(user.totp_cipher, context=_context(user))


def _context(user: User) -> str:
    return f"totp:{user.id}"


def _code_hash(vault: Vault, user: User, digits: str) -> bytes:
    return vault.derive("recovery-code", f"{user.id}.{digits}".encode())

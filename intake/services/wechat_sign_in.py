"""微信登录: the platform has just said who it is, the binding says as whom; everything else as with a password."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.errors import Forbidden, NotFound, TooMany
from intake.models import RoleGrant, User, WeChatBinding, WeChatFollower
from intake.ports import Vault
from intake.services.sign_in import SignIn, SignInOutcome, half_mark, minutes_locked, open_session
from intake.services.wechat_binding import PASSWORD_ROLES

UNBOUND = "这个微信还没有绑定账号。请先用登录名和密码登录，再到“微信绑定”里绑定。"


def bound_person(session: Session, follower_id: int) -> User:
    """As whom the follower signs in, held until the transaction ends.

    NotFound where no account is bound, Forbidden for a closed account and for who signs in by password alone.
    """
    user = session.scalars(
        select(User)
        .join(WeChatBinding, (WeChatBinding.user_id == User.id) & WeChatBinding.ended_at.is_(None))
        .join(
            WeChatFollower,
            (WeChatFollower.account == WeChatBinding.account) & (WeChatFollower.openid_hash == WeChatBinding.openid_hash),
        )
        .where(WeChatFollower.id == follower_id)
        .with_for_update(of=(User, WeChatBinding))  # the binding too: one that is just being taken off opens nothing
    ).one_or_none()
    if user is None:
        raise NotFound(UNBOUND)
    if not user.active:
        raise Forbidden("这个账号已经停用，请联系管理员。")
    if session.scalar(select(RoleGrant.id).where(RoleGrant.user_id == user.id, RoleGrant.role.in_(PASSWORD_ROLES)).limit(1)):
        raise Forbidden("管理员请用登录名和密码登录。")
    return user


def sign_in_by_wechat(
    session: Session, *, vault: Vault, follower_id: int, hours: int, device: str, spared: int | None, at: datetime
) -> SignIn:
    """Open a session, or say that the second factor is asked for, which holds for every way in (ADR 40).

    Raises as `bound_person`, and TooMany while wrong passwords keep the account locked, save for whom this browser is `spared`.
    """
    user = bound_person(session, follower_id)
    minutes = 0 if user.id == spared else minutes_locked(user, at)
    if minutes:
        raise TooMany(f"密码错的次数太多，账号暂时锁定，请过 {minutes} 分钟再试。")
    if user.totp_since is not None:
        return SignIn(SignInOutcome.CODE, user_id=user.id, mark=half_mark(vault, user))
    return SignIn(SignInOutcome.DONE, token=open_session(session, user, hours=hours, device=device, at=at, way="wechat"), user_id=user.id)

"""关注者: what a page needs to know of one."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.models import WeChatFollower


@dataclass(frozen=True, slots=True)
class FollowerRow:
    """Somebody known to an account."""

    id: int
    account: str
    openid_hash: bytes


def follower_by_id(session: Session, follower_id: int) -> FollowerRow | None:
    """The follower; None once erased."""
    columns = (WeChatFollower.id, WeChatFollower.account, WeChatFollower.openid_hash)
    row = session.execute(select(*columns).where(WeChatFollower.id == follower_id)).one_or_none()
    return FollowerRow(*row) if row else None

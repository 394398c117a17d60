"""关注者: who opens our pages inside WeChat, as the platform names them; and forgetting whoever hasn't been seen for long."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.workflow import Workflow
from intake.domain.chat_draft import DraftState
from intake.domain.notification import NoticeState
from intake.models import ChatDraft, ChatPart, Notification, Submission, WeChatBinding, WeChatFollower, WeChatRight
from intake.ports import Vault
from intake.queries.point import PointView


def openid_hash(vault: Vault, *, account: str, openid: str) -> bytes:
    """By which a follower of an account (its original id) is found again."""
    return vault.derive("openid", f"{account}:{openid}".encode())


def recognise(session: Session, *, vault: Vault, account: str, openid: str, at: datetime) -> int:
    """The id of the follower whom the platform names, made at the first visit; one statement.

    Whether they follow the account isn't known by it, and it opens no right to write to them.
    """
    return session.execute(
        insert(WeChatFollower)
        .values(
            account=account,
            openid_hash=openid_hash(vault, account=account, openid=openid),
            openid_cipher=vault.seal(openid, context=f"openid:{account}"),
            following=False,
            seen_at=at,
        )
        .on_conflict_do_update(index_elements=["account", "openid_hash"], set_={"seen_at": at})
        .returning(WeChatFollower.id)
    ).scalar_one()


def note_point(session: Session, *, follower_id: int, point: PointView, at: datetime) -> None:
    """What they say next in the chat is about this point."""
    session.execute(
        update(WeChatFollower)
        .where(WeChatFollower.id == follower_id)
        .values(point_id=point.id, district_id=point.district_id, seen_at=at)
        .execution_options(synchronize_session=False)
    )


def forget_followers(session: Session, *, workflow: Workflow, at: datetime, limit: int) -> int:
    """Erase up to `limit` followers who weren't seen for so many days and of whom nothing is left to do; how many there were.

    Nothing left means: no submission that names them, no notice on its way, no open draft, and no account bound to them.
    """
    before = at - timedelta(days=workflow.retention.follower_days)
    ids = session.scalars(
        select(WeChatFollower.id)
        .where(WeChatFollower.seen_at < before, ~or_(*_needed()))
        .order_by(WeChatFollower.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if ids:
        _erase(session, ids)
    return len(ids)


def _needed() -> tuple[ColumnElement[bool], ...]:
    on_its_way = Notification.state.in_([NoticeState.PENDING, NoticeState.SENDING])
    bound = (WeChatBinding.account == WeChatFollower.account) & (WeChatBinding.openid_hash == WeChatFollower.openid_hash)
    return (
        exists().where(Submission.follower_id == WeChatFollower.id),
        exists().where(Notification.follower_id == WeChatFollower.id, on_its_way),
        exists().where(ChatDraft.follower_id == WeChatFollower.id, ChatDraft.state == DraftState.OPEN),
        exists().where(bound, WeChatBinding.ended_at.is_(None)),
    )


def _erase(session: Session, ids: Sequence[int]) -> None:
    """The rows, and what hangs on them: rights, ended drafts; notices that were sent stay and name nobody."""
    session.execute(update(Notification).where(Notification.follower_id.in_(ids)).values(follower_id=None))
    drafts = select(ChatDraft.id).where(ChatDraft.follower_id.in_(ids))
    session.execute(delete(ChatPart).where(ChatPart.draft_id.in_(drafts)))
    session.execute(delete(ChatDraft).where(ChatDraft.follower_id.in_(ids)))
    session.execute(delete(WeChatRight).where(WeChatRight.follower_id.in_(ids)))
    session.execute(delete(WeChatFollower).where(WeChatFollower.id.in_(ids)))

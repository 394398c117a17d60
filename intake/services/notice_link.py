"""通知里的链接: a signed address that names one notice; opening it is how we know that the resident was reached."""

import base64
import hmac
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake.domain.errors import Expired, NotFound
from intake.models import Notification
from intake.ports import Vault

LINK_DAYS = 180
"""A chat is kept for years, and telephones change hands."""
_MAC_BYTES = 15


def token_of(vault: Vault, notice_id: int) -> str:
    """The secret part of the notice's address: its number and 120 bits that only we can write."""
    mac = vault.derive("notice-link", str(notice_id).encode())[:_MAC_BYTES]
    return f"{notice_id:x}-{base64.urlsafe_b64encode(mac).decode()}"


def notice_by_token(session: Session, vault: Vault, token: str, *, at: datetime) -> Notification:
    """The notice that a link names; NotFound for a link that isn't ours, Expired after `LINK_DAYS`, both with what to do instead."""
    number, _, _ = token.partition("-")
    notice = None
    if number and len(number) < 16 and set(number) <= set("0123456789abcdef"):
        notice_id = int(number, 16)
        if hmac.compare_digest(token.encode(), token_of(vault, notice_id).encode()):
            notice = session.scalars(select(Notification).where(Notification.id == notice_id)).one_or_none()
    if notice is None:
        raise NotFound("这条链接不对，可能没有复制全。可以用回执号和查询码来查。")
    if at > notice.created_at + timedelta(days=LINK_DAYS):
        raise Expired("这条链接已经过期。请用回执号和查询码来查。")
    return notice


def note_reached(session: Session, *, notice_id: int, at: datetime) -> None:
    """Its link was opened; one UPDATE that matches a row once, harmless however often it is repeated."""
    session.execute(
        update(Notification)
        .where(Notification.id == notice_id, Notification.reached_at.is_(None))
        .values(reached_at=at)
        .execution_options(synchronize_session=False)
    )

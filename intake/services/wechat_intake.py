"""A verified WeChat message: remembers the follower's point, turns a text into a submission once, and knows what to answer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.point import PointState
from intake.domain.submission import Channel
from intake.models import WeChatFollower, WeChatMessage
from intake.ports import Vault
from intake.queries.point import PointView, point_by_id, point_by_scene
from intake.services.submission_submit import Stored, read_sentence, submit


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """What the adapter read, in our words."""

    kind: str
    """text, subscribe, scan, unsubscribe or other."""
    account: str
    openid: str
    text: str
    scene: str | None
    dedupe_key: str


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What the web turns into words: at most one of `stored` and `greet` decides."""

    point: PointView | None
    stored: Stored | None = None
    silent: bool = False
    """True where the platform expects no words, such as an unfollow."""


def handle(session: Session, *, vault: Vault, event: ChatEvent, at: datetime) -> ChatAnswer:
    """Do what the message asks, once; a retry finds the same submission and gets the same answer.

    Raises InvalidInput when a text says nothing, PointClosed when the follower's point is paused.
    """
    openid_hash = vault.derive("openid", f"{event.account}:{event.openid}".encode())
    if event.kind in {"subscribe", "scan"}:
        return ChatAnswer(point=_remember(session, vault=vault, event=event, openid_hash=openid_hash, at=at))
    if event.kind == "unsubscribe":
        for leaving in session.scalars(_follower(event, openid_hash)):
            leaving.following = False
        return ChatAnswer(point=None, silent=True)
    follower = session.scalars(_follower(event, openid_hash)).one_or_none()
    point = point_by_id(session, follower.point_id) if follower is not None else None
    if event.kind != "text" or point is None:
        return ChatAnswer(point=point)
    sentence = read_sentence(text=event.text, place="", contact="")
    key = b"wx" + hashlib.sha256(f"{event.account}:{event.dedupe_key}".encode()).digest()
    stored = submit(
        session, vault=vault, point=point, key=key, sentence=sentence, channel=Channel.WECHAT_TEXT, at=at, openid_hash=openid_hash
    )
    session.execute(
        insert(WeChatMessage)
        .values(dedupe_key=key, district_id=point.district_id, kind=event.kind, submission_id=stored.submission_id, created_at=at)
        .on_conflict_do_nothing()
    )
    return ChatAnswer(point=point, stored=stored)


def _follower(event: ChatEvent, openid_hash: bytes) -> Select[WeChatFollower]:
    return select(WeChatFollower).where(WeChatFollower.account == event.account, WeChatFollower.openid_hash == openid_hash)


def _remember(session: Session, *, vault: Vault, event: ChatEvent, openid_hash: bytes, at: datetime) -> PointView | None:
    """The point of the scanned scene, kept as the follower's; without a scene, the point known before."""
    point = point_by_scene(session, event.scene) if event.scene else None
    if point is None:
        follower = session.scalars(_follower(event, openid_hash)).one_or_none()
        if follower is None:
            return None
        follower.following, follower.seen_at = True, at
        return point_by_id(session, follower.point_id)
    if point.state is PointState.RETIRED:
        return point
    values = {
        "district_id": point.district_id,
        "account": event.account,
        "openid_hash": openid_hash,
        "openid_cipher": vault.seal(event.openid, context=f"openid:{event.account}"),
        "point_id": point.id,
        "following": True,
        "seen_at": at,
    }
    session.execute(
        insert(WeChatFollower)
        .values(values)
        .on_conflict_do_update(
            index_elements=["account", "openid_hash"],
            set_={"point_id": point.id, "following": True, "seen_at": at},
        )
    )
    return point

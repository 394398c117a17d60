"""Who writes to an account: found by a keyed hash, and what the platform allows us after each message or tap."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.chat_event import SAID, Incoming
from intake.models import WeChatFollower, WeChatMessage
from intake.ports import Vault
from intake.queries.point import PointView
from intake.services.chat_answer import SILENCE, Answer, ChatAnswer
from intake.services.wechat_follower import openid_hash


@dataclass(frozen=True, slots=True)
class Follower:
    """Who writes, and the point they last scanned or picked."""

    id: int
    point_id: int | None
    openid_hash: bytes
    is_repeat: bool
    """Whether this very message came before."""


def take_in(session: Session, vault: Vault, incoming: Incoming, *, point: PointView | None, at: datetime) -> Follower:
    """The follower behind a message or tap, made if need be and moved to `point` if one is given; locked until the commit.

    In the same statement it is noted that the message came. A repeat that comes while the first is being worked on waits here for its
    commit. It gives no new right to write back: it carries the time of the first.
    """
    hashed = openid_hash(vault, account=incoming.account, openid=incoming.openid)
    when = min(incoming.created_at, at)
    said = incoming.kind in SAID
    follower = {
        "account": incoming.account,
        "openid_hash": hashed,
        "openid_cipher": vault.seal(incoming.openid, context=f"openid:{incoming.account}"),
        "district_id": point.district_id if point else None,
        "point_id": point.id if point else None,
        "following": True,
        "seen_at": at,
        "wrote_at": when if said else None,
        "touched_at": None if said else when,
        "replies_used": 0,
        "touches_used": 0,
    }
    message: dict[str, Any] = {"dedupe_key": message_key(incoming), "kind": incoming.kind.value, "answer": {}, "created_at": at}
    row = session.execute(
        _taking_in(tuple(follower), tuple(message)), {f"f_{k}": v for k, v in follower.items()} | {f"m_{k}": v for k, v in message.items()}
    ).one()
    return Follower(row.id, row.point_id, hashed, is_repeat=not row.noted)


@cache
def _taking_in(follower: tuple[str, ...], message: tuple[str, ...]) -> Any:
    """The statement, built once: every message goes through it. The follower's row is held first, then the message noted."""
    table, messages = cast("Table", WeChatFollower.__table__), cast("Table", WeChatMessage.__table__)
    noted = (
        insert(messages)
        .values({name: bindparam(f"m_{name}", type_=messages.c[name].type) for name in message})
        .on_conflict_do_nothing()
        .returning(messages.c.dedupe_key)
        .cte("noted")
    )
    row, new = table.c, insert(table).values({name: bindparam(f"f_{name}", type_=table.c[name].type) for name in follower})
    wrote, touched = func.greatest(row.wrote_at, new.excluded.wrote_at), func.greatest(row.touched_at, new.excluded.touched_at)
    return new.on_conflict_do_update(
        index_elements=["account", "openid_hash"],
        set_={
            "following": True,
            "seen_at": new.excluded.seen_at,
            "point_id": func.coalesce(new.excluded.point_id, row.point_id),
            "district_id": func.coalesce(new.excluded.district_id, row.district_id),
            "wrote_at": wrote,
            "touched_at": touched,
            "replies_used": case((wrote.is_distinct_from(row.wrote_at), 0), else_=row.replies_used),
            "touches_used": case((touched.is_distinct_from(row.touched_at), 0), else_=row.touches_used),
        },
    ).returning(row.id, row.point_id, select(func.count()).select_from(noted).scalar_subquery().label("noted"))


def let_go(session: Session, vault: Vault, incoming: Incoming) -> None:
    """The follower left; what is open is sent all the same. A late repeat doesn't undo that they came back since."""
    hashed = openid_hash(vault, account=incoming.account, openid=incoming.openid)
    session.execute(
        update(WeChatFollower)
        .where(
            WeChatFollower.account == incoming.account,
            WeChatFollower.openid_hash == hashed,
            func.coalesce(WeChatFollower.touched_at, incoming.created_at) <= incoming.created_at,
        )
        .values(following=False)
    )


def message_key(incoming: Incoming) -> bytes:
    """What a message or event is known by, over all accounts."""
    return b"wx" + hashlib.sha256(f"{incoming.account}:{incoming.dedupe_key}".encode()).digest()


def answered_before(session: Session, incoming: Incoming, *, at: datetime) -> ChatAnswer | None:
    """Note that something came which is no follower's message; what was answered to it before if it is a repeat, None if it is new.

    A repeat that comes while the first is being worked on waits here for its commit.
    """
    new = session.scalar(_noting(), {"dedupe_key": message_key(incoming), "kind": incoming.kind.value, "answer": {}, "created_at": at})
    return answer_given(session, incoming) if new is None else None


def answer_given(session: Session, incoming: Incoming) -> ChatAnswer:
    """What was answered to a message that came before."""
    given = session.scalar(select(WeChatMessage.answer).where(WeChatMessage.dedupe_key == message_key(incoming))) or {}
    return ChatAnswer(Answer(given["code"]), given["facts"]) if given else SILENCE


@cache
def _noting() -> Any:
    table = cast("Table", WeChatMessage.__table__)
    return insert(table).on_conflict_do_nothing().returning(table.c.dedupe_key)


@cache
def _remembering() -> Any:
    table = cast("Table", WeChatMessage.__table__)
    return update(table).where(table.c.dedupe_key == bindparam("message"))


def remember_answer(session: Session, incoming: Incoming, answer: ChatAnswer) -> None:
    """So that a repeat gets the same."""
    if answer.code is Answer.SILENT:
        return
    given = {"code": answer.code.value, "facts": dict(answer.facts)}
    session.execute(_remembering(), {"message": message_key(incoming), "answer": given, "submission_id": answer.submission_id})

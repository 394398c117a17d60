"""通知: what nobody is known to have got, and how many of those that were written arrived and were opened."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.notice_refusal import REPORTED
from intake.domain.notification import NoticeChannel, NoticeKind, NoticeState
from intake.domain.permission import Permission
from intake.models import Area, Notification, Submission
from intake.queries.pages import Page, covers_district, key_of, page_of, within

PAGE = 30


class Stuck(StrEnum):
    """Why a notice needs a person."""

    UNCERTAIN = "uncertain"
    """Whether it left is unknown (不确定)."""
    FAILED = "failed"
    """A channel refused it for good (没送到)."""
    BOARD = "board"
    """There was no way to reach this resident: the printed sheet has to do (只能张贴)."""


_STUCK: dict[Stuck, ColumnElement[bool]] = {
    Stuck.UNCERTAIN: Notification.state == NoticeState.UNCERTAIN,
    Stuck.FAILED: and_(Notification.state == NoticeState.FAILED, Notification.channel != NoticeChannel.BOARD),
    Stuck.BOARD: and_(Notification.state == NoticeState.FAILED, Notification.channel == NoticeChannel.BOARD),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """One channel that didn't take it; None where staff asked for another try."""

    channel: NoticeChannel | None
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StuckNotice:
    """One notice that nobody is known to have got."""

    id: int
    version: int
    kind: NoticeKind
    state: NoticeState
    channel: NoticeChannel
    at: datetime
    submission_id: int
    receipt_number: str
    area_name: str
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """What left by one channel; each number is a part of `sent`."""

    channel: NoticeChannel
    sent: int
    arrived: int | None
    """As the platform reports; None where it never says."""
    reached: int
    """Its link was opened."""


@dataclass(frozen=True, slots=True)
class NoticeCounts:
    """Notices to residents written since a day, by what became of them; the parts make up `written`."""

    written: int
    sent: int
    waiting: int
    uncertain: int
    unreachable: int
    """Refused by every channel, or no way to write at all."""
    dropped: int
    """Taken back, or no news any more when its turn came."""
    channels: tuple[ChannelCount, ...]


def stuck_notices(session: Session, actor: Actor, which: Stuck, *, after: str = "") -> Page[StuckNotice]:
    """A page within the actor's areas, the newest first, in two statements; `after` is a page's `next_key`."""
    total = session.scalar(_narrowed(select(func.count(Notification.id)), actor).where(_STUCK[which])) or 0
    query = (
        select(Notification, Submission.receipt_number, Area.name)
        .join(Submission, Submission.id == Notification.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(*_outward(actor), within(actor, Permission.NOTICES_MANAGE), _STUCK[which])
    )
    key = key_of(after)
    if key is not None:
        query = query.where(Notification.id < key)
    rows = session.execute(query.order_by(Notification.id.desc()).limit(PAGE + 1))
    return page_of([_row(notice, number, area) for notice, number, area in rows], total=total, limit=PAGE)


def notice_counts(session: Session, actor: Actor, *, since: datetime) -> NoticeCounts:
    """What was written to residents since then, in one statement."""
    rows = session.execute(
        _narrowed(
            select(
                Notification.channel,
                Notification.state,
                func.count(),
                func.count(Notification.arrived_at),
                func.count(Notification.reached_at),
            ),
            actor,
        )
        .where(Notification.created_at >= since)
        .group_by(Notification.channel, Notification.state)
    ).all()
    by_state: dict[NoticeState, int] = {}
    for _channel, state, count, _arrived, _reached in rows:
        by_state[state] = by_state.get(state, 0) + count
    sent = {channel: (count, arrived, reached) for channel, state, count, arrived, reached in rows if state is NoticeState.SENT}
    return NoticeCounts(
        written=sum(by_state.values()),
        sent=by_state.get(NoticeState.SENT, 0),
        waiting=by_state.get(NoticeState.PENDING, 0) + by_state.get(NoticeState.SENDING, 0),
        uncertain=by_state.get(NoticeState.UNCERTAIN, 0),
        unreachable=by_state.get(NoticeState.FAILED, 0),
        dropped=by_state.get(NoticeState.CANCELLED, 0) + by_state.get(NoticeState.EXPIRED, 0),
        channels=tuple(
            ChannelCount(channel, sent[channel][0], sent[channel][1] if channel in REPORTED else None, sent[channel][2])
            for channel in NoticeChannel
            if channel in sent
        ),
    )


def _outward(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return Notification.district_id == actor.district_id, Notification.channel != NoticeChannel.RECEIPT


def _narrowed(query: Any, actor: Actor) -> Any:
    """To what goes to residents within the actor's areas; whoever has the district needs no areas."""
    query = query.where(*_outward(actor))
    if covers_district(actor, Permission.NOTICES_MANAGE):
        return query
    return (
        query.join(Submission, Submission.id == Notification.submission_id)
        .join(Area, Area.id == Submission.area_id)
        .where(within(actor, Permission.NOTICES_MANAGE))
    )


def _row(notice: Notification, number: str, area_name: str) -> StuckNotice:
    return StuckNotice(
        id=notice.id,
        version=notice.version,
        kind=notice.kind,
        state=notice.state,
        channel=notice.channel,
        at=notice.state_changed_at,
        submission_id=notice.submission_id,
        receipt_number=number,
        area_name=area_name,
        tried=tuple(
            Tried(NoticeChannel(entry["channel"]) if entry["channel"] else None, entry["code"], datetime.fromisoformat(entry["at"]))
            for entry in notice.tried
        ),
    )

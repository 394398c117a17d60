"""Claims what is due to residents, decides by which channel it goes, and spends the right to it.

Whoever is written to is locked together with the notices, so that two workers never make two messages of what belongs in one, and no right
is spent twice. What became of it afterwards is `notify_settle`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from config.workflow import WeChatRules
from intake.domain.actor import MACHINE
from intake.domain.message_right import Window, channels, window
from intake.domain.notification import NoticeAction, NoticeChannel, NoticeKind, NoticeState
from intake.domain.quiet_hours import out_of_quiet
from intake.models import Notification, WeChatFollower
from intake.ports import Notice
from intake.queries.notice_facts import BehindNotice, behind_notices
from intake.services.notice_letter import NOBODY, Desk, Resident, letter_for, residents_of
from intake.services.notice_tried import add_tried, refused
from intake.services.transition import move

GATHERED = 50
"""Notices that one message may stand for."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message, ready to leave, and what was spent for it."""

    notice: Notice
    ids: tuple[int, ...]
    """All notices it stands for, the newest first."""
    account: str
    """The account's original id; empty where it goes by another channel."""
    follower_id: int | None
    window: Window | None
    opened_at: datetime | None
    """The resident's act that a customer message was counted against."""
    right_id: int | None
    """The one-time subscription that was spent, or the long-term one that was used."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look at the queue brought; `seen` counts also what was given up on the spot."""

    claimed: tuple[Claimed, ...]
    seen: int


def claim_out(session: Session, desk: Desk, *, at: datetime, limit: int) -> Batch:
    """Claim up to `limit` residents with something due; the caller commits before anything is sent."""
    groups = _due(session, desk.rules, at=at, limit=limit)
    behind = behind_notices(session, [notice.id for _, notices in groups for notice in notices])
    residents = residents_of(session, [follower for follower, _ in groups if follower is not None])
    claimed = []
    for follower, notices in groups:
        news = [notice for notice in notices if _still_news(session, desk.rules, notice, behind[notice.id], at=at)]
        if not news:
            continue
        news.sort(key=lambda notice: (behind[notice.id].at, notice.id), reverse=True)
        resident = residents[follower.id] if follower is not None else NOBODY
        one = _claim(session, desk, resident, [(notice, behind[notice.id]) for notice in news], at=at)
        claimed += [one] if one is not None else []
    session.flush()
    return Batch(tuple(claimed), sum(len(notices) for _, notices in groups))


def put_off(session: Session, *, account: str | None, until: datetime, at: datetime, limit: int) -> int:
    """Let up to `limit` due notices wait until then: those of one account that is stopped, or for the night (None) all but receipts that
    somebody waits for in the chat. Returns how many.
    """
    due = select(Notification.id).where(*_is_due(at))
    if account is None:
        due = due.where(Notification.kind != NoticeKind.RECEIVED)
    else:
        due = due.join(WeChatFollower, WeChatFollower.id == Notification.follower_id).where(WeChatFollower.account == account)
    locked = due.limit(limit).with_for_update(skip_locked=True, of=Notification)
    moved = session.execute(
        update(Notification)
        .where(Notification.id.in_(locked))
        .values(due_at=until)
        .returning(Notification.id)
        .execution_options(synchronize_session=False)
    )
    return len(moved.all())


Group = tuple[WeChatFollower | None, list[Notification]]


def _is_due(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return Notification.state == NoticeState.PENDING, Notification.channel != NoticeChannel.RECEIPT, Notification.due_at <= at


def _due(session: Session, rules: WeChatRules, *, at: datetime, limit: int) -> list[Group]:
    """Due notices by resident, each with what else falls due to the same one soon; at night only receipts that are waited for begin one."""
    seeds = _seeds(session, at, limit, Notification.kind == NoticeKind.RECEIVED)
    by_day = out_of_quiet(at, rules) == at
    if by_day and len(seeds) < limit:
        seeds += _seeds(session, at, limit - len(seeds), Notification.kind != NoticeKind.RECEIVED)
    followers = {follower.id: follower for _, follower in seeds}
    notices = {notice.id: notice for notice, _ in seeds}
    for notice in _besides(session, notices, followers, before=at + timedelta(minutes=rules.digest_minutes)):
        notices[notice.id] = notice
    gathered: dict[int, list[Notification]] = {}
    for notice in notices.values():
        gathered.setdefault(notice.follower_id or 0, []).append(notice)
    groups: list[Group] = [(followers[follower_id], found[:GATHERED]) for follower_id, found in gathered.items()]
    if by_day:
        groups += [(None, [notice]) for notice in _by_telephone(session, at, limit)]
    return groups


def _seeds(session: Session, at: datetime, limit: int, which: ColumnElement[bool]) -> list[tuple[Notification, WeChatFollower]]:
    rows = session.execute(
        select(Notification, WeChatFollower)
        .join(WeChatFollower, WeChatFollower.id == Notification.follower_id)
        .where(*_is_due(at), which)
        .order_by(Notification.due_at, Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=[Notification, WeChatFollower])
        .execution_options(populate_existing=True)
    )
    return [(notice, follower) for notice, follower in rows]


def _besides(
    session: Session, notices: dict[int, Notification], followers: dict[int, WeChatFollower], *, before: datetime
) -> Sequence[Notification]:
    if not followers:
        return ()
    return session.scalars(
        select(Notification)
        .where(*_is_due(before), Notification.follower_id.in_(followers), Notification.id.not_in(notices))
        .order_by(Notification.id)
        .limit(GATHERED * len(followers))
        .with_for_update(skip_locked=True)
    ).all()


def _by_telephone(session: Session, at: datetime, limit: int) -> Sequence[Notification]:
    return session.scalars(
        select(Notification)
        .where(*_is_due(at), Notification.follower_id.is_(None))
        .order_by(Notification.due_at, Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def _still_news(session: Session, rules: WeChatRules, notice: Notification, behind: BehindNotice, *, at: datetime) -> bool:
    """Whether it is worth a message; expires it otherwise."""
    late = at >= (notice.expires_at or notice.created_at + timedelta(days=rules.notice_days))
    if behind.is_news and not late:
        return True
    move(session, notice, NoticeAction.EXPIRE, actor=MACHINE, at=at)
    return False


def _claim(
    session: Session, desk: Desk, resident: Resident, told: list[tuple[Notification, BehindNotice]], *, at: datetime
) -> Claimed | None:
    """The message for one resident, its right spent; None where nothing can be used, which is noted."""
    notices = [notice for notice, _ in told]
    newest = told[0][1]
    standing = resident.standing(newest.kind, sms=desk.sms and newest.contact_cipher is not None)
    tried = refused(notices)
    for channel in channels(standing, desk.rules, at=at):
        if channel is NoticeChannel.BOARD or channel in tried:
            continue
        letter = letter_for(desk, resident, channel, [behind for _, behind in told])
        if letter is None:
            add_tried(notices, channel, "no_address", at=at)
            continue
        for notice in notices:
            move(session, notice, NoticeAction.CLAIM, actor=MACHINE, at=at)
            notice.channel, notice.tries = channel, notice.tries + 1
        counted = window(standing, desk.rules, at=at) if channel is NoticeChannel.CUSTOMER else None
        right = resident.right(newest.kind, channel)
        return Claimed(
            notice=Notice(
                id=notices[0].id, kind=newest.kind.value, receipt_number=newest.receipt_number, channel=channel.value, letter=letter
            ),
            ids=tuple(notice.id for notice in notices),
            account=letter.keys.account if letter.keys is not None else "",
            follower_id=resident.follower.id if resident.follower is not None else None,
            window=counted,
            opened_at=_spend(resident, counted, newest.kind, channel),
            right_id=right.id if right is not None else None,
        )
    _leave_to_board(session, resident, notices, at=at)
    return None


def _spend(resident: Resident, counted: Window | None, kind: NoticeKind, channel: NoticeChannel) -> datetime | None:
    """Count it, under the lock of the claim; the act a customer message was counted against."""
    follower, right = resident.follower, resident.right(kind, channel)
    if right is not None and channel is NoticeChannel.ONCE:
        right.remaining -= 1
    if follower is None or counted is None:
        return None
    if counted is Window.TOUCH:
        follower.touches_used += 1
        return follower.touched_at
    follower.replies_used += 1
    return follower.wrote_at


def _leave_to_board(session: Session, resident: Resident, notices: list[Notification], *, at: datetime) -> None:
    """Nothing reaches this resident: the printed sheet carries what was decided. A reminder, and what nobody could ever be told, just ends."""
    for notice in notices:
        if notice.kind is NoticeKind.RATE or (resident.follower is None and not notice.tried):
            move(session, notice, NoticeAction.EXPIRE, actor=MACHINE, at=at)
            continue
        notice.channel = NoticeChannel.BOARD
        move(session, notice, NoticeAction.CLAIM, actor=MACHINE, at=at)
        move(session, notice, NoticeAction.FAIL, actor=MACHINE, at=at)

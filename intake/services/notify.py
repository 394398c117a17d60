"""Writes the notices that decisions and messages bring, and moves those that stand on the receipt page; what leaves the house is
`notify_send`'s.

A decision's notice stands on the receipt first. When that row falls due, which is when the decision can't be undone any more, `write_out`
puts one beside it for whoever is known in WeChat or left a mobile number: so a decision for 150,000 people costs its request one statement.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, SQLColumnExpression, bindparam, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from intake.domain.actor import MACHINE
from intake.domain.notification import NoticeAction, NoticeChannel, NoticeKind, NoticeState
from intake.models import Decision, Notification, Submission
from intake.ports import Notice, Wake
from intake.queries.imported import somebody_waits
from intake.services.transition import initial_state, move
from intake.services.wake import wake_after_commit

LOST_AFTER = timedelta(minutes=10)
"""A notice claimed this long ago was lost with its worker."""
RETRY_AFTER = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
_MOBILE_HINT = r"^1[3-9]\d••••\d{4}$"
"""What `hint_of` leaves of a mobile number; whether it is one is looked at again when it is opened."""


def announce(
    session: Session, *, decision: Decision, submission_ids: Iterable[int], kind: NoticeKind, due_at: datetime, at: datetime
) -> None:
    """One notice for each submission that somebody waits behind; a repeat of the same decision adds none. One statement for however many."""
    ids = sorted(set(submission_ids))
    if not ids:
        return
    session.flush()
    each = func.unnest(bindparam("ids", ids, type_=ARRAY(BigInteger))).column_valued("submission_id")
    _insert(
        session,
        select(each.label("submission_id")).where(somebody_waits(each)),
        {
            "district_id": decision.district_id,
            "decision_id": decision.id,
            "once_key": f"decision:{decision.id}:{NoticeChannel.RECEIPT.value}",
            "channel": NoticeChannel.RECEIPT,
        },
        kind=kind,
        due_at=due_at,
        at=at,
    )


def announce_each(session: Session, decisions: Sequence[Decision], *, kind: NoticeKind, due_at: datetime, at: datetime) -> None:
    """`announce` for many decisions, each about its own submission: one statement. They are flushed."""
    if not decisions:
        return
    _insert(
        session,
        select(Decision.submission_id).where(
            Decision.id.in_([decision.id for decision in decisions]), somebody_waits(Decision.submission_id)
        ),
        {
            "district_id": Decision.district_id,
            "decision_id": Decision.id,
            "once_key": func.concat("decision:", Decision.id, f":{NoticeChannel.RECEIPT.value}"),
            "channel": NoticeChannel.RECEIPT,
        },
        kind=kind,
        due_at=due_at,
        at=at,
    )


def announce_out(session: Session, *, submission_id: int, kind: NoticeKind, once_key: str, due_at: datetime, at: datetime) -> None:
    """Something to tell one resident in WeChat that no decision brought; nothing where they aren't known there, or `once_key` was told before.

    Not by short message, which costs money each time: those tell decisions, results and the one reminder.
    """
    insert_out(
        session,
        select(Submission.id.label("submission_id")).where(Submission.id == submission_id, reachable(sms=False)),
        {"once_key": once_key},
        kind=kind,
        due_at=due_at,
        at=at,
    )


def announce_message(session: Session, *, submission_id: int, key: bytes, digest_minutes: int, at: datetime) -> None:
    """A member or staff wrote: told after `digest_minutes`, together with all that is written until then. The caller holds the submission."""
    waiting = select(Notification.id).where(
        Notification.submission_id == submission_id,
        Notification.kind == NoticeKind.MESSAGE,
        Notification.channel != NoticeChannel.RECEIPT,
        Notification.state == NoticeState.PENDING,
    )
    if session.scalar(waiting.limit(1)) is None:
        due_at = at + timedelta(minutes=digest_minutes)
        announce_out(
            session, submission_id=submission_id, kind=NoticeKind.MESSAGE, once_key=f"message:{key.hex()[:24]}", due_at=due_at, at=at
        )


def write_out(session: Session, notices: Iterable[Notice], *, sms: bool, at: datetime) -> None:
    """Beside receipt notices that are claimed, one that goes to the resident, due at once; a repeat adds none. `sms`: whether short
    messages can be sent.
    """
    beside = aliased(Notification)
    insert_out(
        session,
        select(Submission.id.label("submission_id"))
        .join(beside, beside.submission_id == Submission.id)
        .where(beside.id.in_([notice.id for notice in notices]), beside.decision_id.is_not(None), reachable(sms=sms)),
        {"decision_id": beside.decision_id, "once_key": func.concat("decision:", beside.decision_id, ":out"), "kind": beside.kind},
        kind=None,
        due_at=at,
        at=at,
    )


def insert_out(
    session: Session, whom: Select[Any], columns: Mapping[str, Any], *, kind: NoticeKind | None, due_at: datetime, at: datetime
) -> None:
    """Notices to the residents of the submissions that `whom` selects; `columns` holds the once_key, the decision, and the kind where it
    differs (`kind` None). A repeat of a once_key adds none.
    """
    channel = Notification.channel.type
    first = case((Submission.follower_id.is_not(None), literal(NoticeChannel.CUSTOMER, channel)), else_=literal(NoticeChannel.SMS, channel))
    outward = {"district_id": Submission.district_id, "follower_id": Submission.follower_id, "channel": first}
    _insert(session, whom, {**outward, **columns}, kind=kind, due_at=due_at, at=at)


def reachable(*, sms: bool) -> ColumnElement[bool]:
    """Submissions whose resident can be written to."""
    known = Submission.follower_id.is_not(None)
    return or_(known, Submission.contact_hint.regexp_match(_MOBILE_HINT)) if sms else known


def _insert(
    session: Session,
    whom: Select[Any],
    columns: Mapping[str, Any],
    *,
    kind: NoticeKind | None,
    due_at: datetime,
    at: datetime,
) -> None:
    """`whom` yields the submissions; `columns` what differs between notices, values or columns of its statement."""
    values: dict[str, Any] = {
        "state": initial_state(Notification),
        "state_changed_at": at,
        "version": 1,
        "tries": 0,
        "tried": [],
        "platform_id": "",
        "due_at": due_at,
        "created_at": at,
        **columns,
    }
    if kind is not None:
        values["kind"] = kind
    found = whom.add_columns(*(_column(name, value) for name, value in values.items()))
    session.execute(insert(Notification).from_select(["submission_id", *values], found).on_conflict_do_nothing())
    wake_after_commit(session, Wake.NOTIFY)


def _column(name: str, value: Any) -> Any:
    """A plain value as the table's column takes it."""
    given = value if isinstance(value, SQLColumnExpression) else literal(value, Notification.__table__.c[name].type)
    return given.label(name)


def cancel_notices(session: Session, *, decision_id: int, at: datetime) -> None:
    """Take back what hasn't left yet."""
    pending = session.scalars(
        select(Notification).where(Notification.decision_id == decision_id, Notification.state == NoticeState.PENDING).with_for_update()
    )
    for notice in pending:
        move(session, notice, NoticeAction.CANCEL, actor=MACHINE, at=at)


def claim_due(session: Session, *, at: datetime, limit: int) -> list[Notice]:
    """Claim up to `limit` due notices of the receipt page; the caller commits before anything is done with them."""
    rows = session.execute(
        select(Notification, Submission.receipt_number)
        .join(Submission, Submission.id == Notification.submission_id)
        .where(Notification.state == NoticeState.PENDING, Notification.channel == NoticeChannel.RECEIPT, Notification.due_at <= at)
        .order_by(Notification.due_at, Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Notification)
    ).all()
    for notice, _ in rows:
        move(session, notice, NoticeAction.CLAIM, actor=MACHINE, at=at)
        notice.tries += 1
    return [Notice(id=n.id, kind=n.kind.value, receipt_number=number, channel=n.channel.value) for n, number in rows]


def settle(session: Session, *, notice_id: int, action: NoticeAction, at: datetime) -> None:
    """Note what became of one claimed notice of the receipt page."""
    settle_all(session, {notice_id: action}, at=at)


def settle_all(session: Session, actions: Mapping[int, NoticeAction], *, at: datetime) -> None:
    """Note what became of claimed notices of the receipt page; `RETRY` waits longer each time and ends as failed."""
    notices = session.scalars(select(Notification).where(Notification.id.in_(actions)).order_by(Notification.id).with_for_update())
    for notice in notices:
        if notice.state is not NoticeState.SENDING:
            continue
        action = actions[notice.id]
        if action is NoticeAction.RETRY and notice.tries > len(RETRY_AFTER):
            action = NoticeAction.FAIL
        move(session, notice, action, actor=MACHINE, at=at)
        if action is NoticeAction.RETRY:
            notice.due_at = at + RETRY_AFTER[notice.tries - 1]


def lose_stale(session: Session, *, at: datetime, limit: int) -> int:
    """Notices claimed long ago become `uncertain`: their fate is unknown, so they aren't sent twice. Returns how many."""
    stale = session.scalars(
        select(Notification)
        .where(Notification.state == NoticeState.SENDING, Notification.state_changed_at < at - LOST_AFTER)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for notice in stale:
        move(session, notice, NoticeAction.LOSE, actor=MACHINE, at=at)
    return len(stale)

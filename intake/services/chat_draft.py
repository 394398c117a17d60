"""聊天草稿: begun, added to, placed at a point, sent as exactly one submission, thrown away, erased.

Who sends holds the draft's row: the chat, the form and the pause can't both send it, and whoever comes second gets the first one's receipt.
Who needs the follower's row too takes that first, as every message does.
"""

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import CTE, Select, Table, bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, RESIDENT
from intake.domain.chat_draft import Composed, DraftAction, DraftState, Part, PartKind, SentBy, compose, is_unheard, says_something
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.point import PointState
from intake.domain.submission import Channel
from intake.domain.text import PLACE_MAX, clean_message
from intake.models import ChatDraft, ChatPart, Submission, SubmissionFile, WeChatFollower, WeChatMessage
from intake.ports import Vault
from intake.queries.point import PointView, point_by_id
from intake.services.submission_submit import Origin, Sentence, Stored, hint_of, read_sentence, submit
from intake.services.transition import begin, initial_state, move

MESSAGES_KEPT = timedelta(days=2)
"""How long it is known which messages were taken in; the platform repeats one within seconds, and an older one is refused as stale."""
FORM_MINUTES = 30
"""A pause waits for so long once the draft was opened on the form."""


@dataclass(frozen=True, slots=True)
class NewPart:
    """One message for a draft."""

    kind: PartKind
    dedupe_key: bytes
    sent_at: datetime
    message_id: int = 0
    words: str = ""
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    file_id: int | None = None


def begin_draft(session: Session, *, follower_id: int, point_id: int | None, district_id: int | None, at: datetime) -> ChatDraft:
    """An empty draft; the caller holds the follower's row, so that there is one at most."""
    draft = ChatDraft(
        district_id=district_id,
        follower_id=follower_id,
        point_id=point_id,
        link_salt=os.urandom(16),
        offered={},
        created_at=at,
    )
    begin(session, draft, actor=RESIDENT, at=at)
    session.flush()
    return draft


def add_part(
    session: Session, *, draft_id: int, district_id: int | None, part: NewPart, closes_at: datetime | None, is_placed: bool
) -> bool:
    """Add a message in one statement; False when the draft was sent meanwhile, so that the message begins the next one.

    `is_placed`: its point takes it, so that whoever was asked to pick another one has decided by talking on.
    """
    bound = _bound(part, district_id) | {"draft": draft_id, "closes": closes_at}
    return session.execute(_adding(is_placed=is_placed), bound).scalar() is not None


def begin_with_part(
    session: Session,
    *,
    follower_id: int,
    point_id: int | None,
    district_id: int | None,
    part: NewPart,
    closes_at: datetime | None,
    at: datetime,
) -> tuple[int, bytes]:
    """`begin_draft` and `add_part` in one statement, for the first message of a draft; its id and salt."""
    salt = os.urandom(16)
    born: dict[str, Any] = {
        "d_district_id": district_id,
        "d_follower_id": follower_id,
        "d_point_id": point_id,
        "d_state": initial_state(ChatDraft),
        "d_state_changed_at": at,
        "d_version": 1,
        "d_link_salt": salt,
        "d_closes_at": closes_at,
        "d_offered": {},
        "d_created_at": at,
    }
    draft_id: int = session.execute(_beginning(), _bound(part, district_id) | born).scalar_one()
    return draft_id, salt


_PART = ("district_id", "dedupe_key", "kind", "sent_at", "message_id", "words", "address", "latitude", "longitude", "file_id")
_DRAFT = (
    "district_id",
    "follower_id",
    "point_id",
    "state",
    "state_changed_at",
    "version",
    "link_salt",
    "closes_at",
    "offered",
    "created_at",
)


def _bound(part: NewPart, district_id: int | None) -> dict[str, Any]:
    return {"p_district_id": district_id} | {f"p_{name}": getattr(part, name) for name in _PART[1:]}


@cache
def _adding(*, is_placed: bool) -> Any:
    """The statement, built once."""
    drafts, parts = cast("Table", ChatDraft.__table__), cast("Table", ChatPart.__table__)
    held = (
        update(drafts)
        .where(drafts.c.id == bindparam("draft"), drafts.c.state == DraftState.OPEN)
        .values({"closes_at": bindparam("closes", type_=drafts.c.closes_at.type)} | ({"offered": {}} if is_placed else {}))
        .returning(drafts.c.id)
        .cte("held")
    )
    return _part_of(held).returning(parts.c.draft_id)


@cache
def _beginning() -> Any:
    """The same for a draft that is born with its first part; its id."""
    drafts = cast("Table", ChatDraft.__table__)
    values = {name: bindparam(f"d_{name}", type_=drafts.c[name].type) for name in _DRAFT}
    born = insert(drafts).values(values).returning(drafts.c.id).cte("born")
    return select(born.c.id).add_cte(_part_of(born).cte("added"))


def _part_of(draft: CTE) -> Any:
    """Insert what is bound as a part of the draft whose id `draft` gives."""
    parts = cast("Table", ChatPart.__table__)
    bound = [bindparam(f"p_{name}", type_=parts.c[name].type) for name in _PART]
    chosen = select(draft.c.id, *bound)
    return insert(parts).from_select(["draft_id", *_PART], chosen).on_conflict_do_nothing(index_elements=["dedupe_key"])


def offer(session: Session, *, draft_id: int, page: int, ids: Sequence[int]) -> None:
    """Note which points the resident picks from by number."""
    session.execute(update(ChatDraft).where(ChatDraft.id == draft_id).values(offered={"page": page, "ids": list(ids)}))


def place_draft(session: Session, *, draft_id: int, point: PointView, closes_at: datetime, at: datetime) -> ChatDraft | None:
    """The draft goes to `point`, into the one that is open there if there is one; a pause sends it if it says something.

    None when it was sent meanwhile.
    """
    draft = session.scalars(_open(draft_id)).one_or_none()
    if draft is None:
        return None
    there = session.scalars(
        select(ChatDraft)
        .where(
            ChatDraft.follower_id == draft.follower_id,
            ChatDraft.point_id == point.id,
            ChatDraft.state == DraftState.OPEN,
            ChatDraft.id != draft.id,
        )
        .with_for_update()
    ).one_or_none()
    file_ids = select(ChatPart.file_id).where(ChatPart.draft_id == draft.id, ChatPart.file_id.is_not(None))
    session.execute(update(SubmissionFile).where(SubmissionFile.id.in_(file_ids)).values(district_id=point.district_id))
    target = there or draft
    session.execute(update(ChatPart).where(ChatPart.draft_id == draft.id).values(draft_id=target.id, district_id=point.district_id))
    if there is not None:
        move(session, draft, DraftAction.DROP, actor=RESIDENT, at=at)
        draft.erased_at, draft.closes_at = at, None  # nothing of it is left
    else:
        draft.point_id, draft.district_id = point.id, point.district_id
    says = session.scalar(select(exists().where(ChatPart.draft_id == target.id, ChatPart.kind.in_(_SAYING))))
    target.offered, target.closes_at = {}, closes_at if says else None
    session.flush()
    return target


def parts_of(session: Session, draft_id: int, *, after: int = 0) -> list[Part]:
    """What was said so far; beyond the part `after` alone, if one is given."""
    return parts_and_last(session, draft_id, after=after)[0]


def parts_and_last(session: Session, draft_id: int, *, after: int = 0) -> tuple[list[Part], int]:
    """The same, and the id of what came last: `after` where nothing did. In one statement, so that nothing comes between."""
    rows = session.execute(_parts(), {"draft": draft_id, "after": after}).all()
    return [Part(*row[1:]) for row in rows], max((row[0] for row in rows), default=after)


@cache
def _parts() -> Any:
    """The statement, built once."""
    parts = cast("Table", ChatPart.__table__).c
    read = ("id", "kind", "sent_at", "message_id", "words", "address", "latitude", "longitude")
    chosen = select(*(parts[name] for name in read)).where(parts.draft_id == bindparam("draft"), parts.id > bindparam("after"))
    return chosen.order_by(parts.id)


def with_what_came_since(session: Session, draft_id: int, sentence: Sentence, *, seen: int) -> Sentence:
    """What the form says, and below it what was said in the chat after the form was opened, when the part `seen` was the last.

    Raises InvalidInput (field `text`) when the two don't fit into one submission.
    """
    parts = parts_of(session, draft_id, after=seen)
    said = compose(parts)
    if any(says_something(part.kind) for part in parts) and said.text:
        message = clean_message(f"{sentence.message.text}\n{said.text}")
        sentence = replace(sentence, message=replace(message, replaced=sentence.message.replaced))
    return replace(sentence, place=sentence.place or said.place[:PLACE_MAX])


def send(
    session: Session,
    *,
    vault: Vault,
    draft_id: int,
    by: SentBy,
    at: datetime,
    sentence: Sentence | None = None,
    seen: int | None = None,
    device_hash: bytes | None = None,
) -> Stored:
    """Send it as one submission; `sentence` is what the form says of it, else it is composed of its parts. What came after the part `seen`,
    which the form knew as the last, is added to what the form says.

    Sent before, it gives the same receipt, `repeated`. Raises Conflict when it was thrown away, InvalidInput (field `text`) when it says
    nothing, (field `point`) when no point was picked, PointClosed when the point takes nothing and a person asks for it to be sent: what a
    pause sends was said while the point was open.
    """
    if by is SentBy.FORM:
        _hold_follower(session, draft_id)
    held = session.execute(_with_sender(), {"draft": draft_id}).one_or_none()
    if held is None:
        raise NotFound("没有这段草稿。")
    draft, openid_hash = held
    if draft.state is DraftState.SENT:
        return _sent_before(session, draft)
    if draft.state is DraftState.DROPPED:
        raise Conflict("这段话已经不要了，没有送出。想说的话请重新写。")
    point = point_by_id(session, draft.point_id) if draft.point_id is not None else None
    if point is None:
        raise InvalidInput("还没有选直报点，请先选一个。", field="point")
    if by is SentBy.PAUSE:
        point = replace(point, state=PointState.ACTIVE)
    parts = parts_of(session, draft.id)
    composed = compose(parts)
    if sentence is not None and seen is not None:
        sentence = with_what_came_since(session, draft.id, sentence, seen=seen)
    stored = submit(
        session,
        vault=vault,
        point=point,
        key=draft_key(draft.id),
        sentence=sentence or _sentence(composed),
        origin=Origin(
            composed.channel if sentence is None or is_unheard(sentence.message.text, composed.channel) else Channel.WECHAT_TEXT,
            device_hash=device_hash,
            openid_hash=openid_hash,
            follower_id=draft.follower_id,
        ),
        at=at,
    )
    move(session, draft, DraftAction.SEND, actor=MACHINE if by is SentBy.PAUSE else RESIDENT, at=at)
    draft.sent_by, draft.submission_id, draft.closes_at = by, stored.submission_id, None
    if any(part.kind in _WITH_FILES for part in parts):
        file_ids = select(ChatPart.file_id).where(ChatPart.draft_id == draft.id, ChatPart.file_id.is_not(None))
        session.execute(
            update(SubmissionFile)
            .where(SubmissionFile.id.in_(file_ids))
            .values(submission_id=stored.submission_id, district_id=point.district_id)
            .execution_options(synchronize_session=False)
        )
    session.flush()
    return stored


_WITH_FILES = frozenset({PartKind.IMAGE, PartKind.VOICE})


def says_the_same(session: Session, submission_id: int, sentence: Sentence) -> bool:
    """Whether what was sent is what the form says: words, place and contact."""
    row = session.execute(
        select(Submission.text_written, Submission.place, Submission.contact_hint).where(Submission.id == submission_id)
    ).one()
    return row == (sentence.message.text, sentence.place, hint_of(sentence.contact))


def drop(session: Session, *, draft_id: int, at: datetime) -> bool:
    """Throw it away; its words and files are erased in the night. False when it was sent meanwhile."""
    draft = session.scalars(_open(draft_id)).one_or_none()
    if draft is None:
        return False
    move(session, draft, DraftAction.DROP, actor=RESIDENT, at=at)
    draft.closes_at = None
    return True


def due_drafts(session: Session, *, at: datetime, limit: int) -> list[int]:
    """Drafts whose pause is over, held until the commit; those that somebody is writing into are left."""
    return list(
        session.scalars(
            select(ChatDraft.id)
            .where(ChatDraft.state == DraftState.OPEN, ChatDraft.closes_at <= at)
            .order_by(ChatDraft.closes_at, ChatDraft.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )


def leave_open(session: Session, draft_id: int) -> None:
    """It says nothing that could be sent: it waits for words."""
    session.execute(update(ChatDraft).where(ChatDraft.id == draft_id).values(closes_at=None))


def wait_for_the_form(session: Session, *, draft_id: int, at: datetime) -> None:
    """The draft was opened on the form: the pause waits, so that what is edited there isn't sent under the resident's hands."""
    session.execute(
        update(ChatDraft)
        .where(ChatDraft.id == draft_id, ChatDraft.state == DraftState.OPEN, ChatDraft.closes_at < at + timedelta(minutes=FORM_MINUTES))
        .values(closes_at=at + timedelta(minutes=FORM_MINUTES))
    )


def drop_forgotten(session: Session, *, before: datetime, at: datetime, limit: int) -> int:
    """Drop drafts that nobody ended and nothing came into since `before`; how many."""
    since = exists().where(ChatPart.draft_id == ChatDraft.id, ChatPart.sent_at >= before)
    forgotten = session.scalars(
        select(ChatDraft)
        .where(ChatDraft.state == DraftState.OPEN, ChatDraft.closes_at.is_(None), ChatDraft.created_at < before, ~since)
        .order_by(ChatDraft.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for draft in forgotten:
        move(session, draft, DraftAction.DROP, actor=MACHINE, at=at)
    return len(forgotten)


def erase_dropped(session: Session, *, at: datetime, limit: int) -> int:
    """Empty up to `limit` drafts that were thrown away; how many. The bytes of their files go with the next sweep of files."""
    dropped = session.scalars(
        select(ChatDraft)
        .where(ChatDraft.state == DraftState.DROPPED, ChatDraft.erased_at.is_(None))
        .order_by(ChatDraft.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    ids = [draft.id for draft in dropped]
    file_ids = select(ChatPart.file_id).where(ChatPart.draft_id.in_(ids), ChatPart.file_id.is_not(None))
    session.execute(
        update(SubmissionFile)
        .where(SubmissionFile.id.in_(file_ids))
        .values(removed_at=at, heard_written="", heard_masked="")
        .execution_options(synchronize_session=False)
    )
    _empty_parts(session, ids)
    for draft in dropped:
        draft.erased_at = at
    return len(dropped)


def erase_of_submission(session: Session, submission_id: int, *, at: datetime) -> None:
    """Empty what a submission was made of, and forget who said it; its files are the submission's, and go with its words."""
    ids = list(session.scalars(select(ChatDraft.id).where(ChatDraft.submission_id == submission_id)))
    _empty_parts(session, ids)
    session.execute(update(ChatDraft).where(ChatDraft.id.in_(ids)).values(submission_id=None, erased_at=at))


def _empty_parts(session: Session, draft_ids: Sequence[int]) -> None:
    session.execute(
        update(ChatPart)
        .where(ChatPart.draft_id.in_(draft_ids))
        .values(words="", address="", latitude=None, longitude=None)
        .execution_options(synchronize_session=False)
    )


def forget_messages(session: Session, *, before: datetime) -> int:
    """Delete what was only kept to know a repeat; how many."""
    return len(session.scalars(delete(WeChatMessage).where(WeChatMessage.created_at < before).returning(WeChatMessage.dedupe_key)).all())


def draft_key(draft_id: int) -> bytes:
    """What makes chat, form and pause one submission."""
    return b"chat" + struct.pack(">Q", draft_id)


def _sentence(composed: Composed) -> Sentence:
    return read_sentence(text=composed.text, place=composed.place[:PLACE_MAX], contact="")


def _sent_before(session: Session, draft: ChatDraft) -> Stored:
    row = session.execute(
        select(Submission.id, Submission.receipt_number, Submission.receipt_salt).where(Submission.id == draft.submission_id)
    ).one_or_none()
    if row is None:
        raise Conflict("这段话送出很久了，原来的内容已经清除。")
    return Stored(row.id, row.receipt_number, row.receipt_salt, repeated=True)


def _hold_follower(session: Session, draft_id: int) -> None:
    whose = select(ChatDraft.follower_id).where(ChatDraft.id == draft_id).scalar_subquery()
    session.execute(select(WeChatFollower.id).where(WeChatFollower.id == whose).with_for_update(key_share=True))


_SAYING = [kind for kind in PartKind if says_something(kind)]


def _open(draft_id: int) -> Select[ChatDraft]:
    chosen = select(ChatDraft).where(ChatDraft.id == draft_id, ChatDraft.state == DraftState.OPEN)
    return chosen.with_for_update().execution_options(populate_existing=True)


@cache
def _with_sender() -> Any:
    """The draft, held, and who says it; the statement, built once."""
    return (
        select(ChatDraft, WeChatFollower.openid_hash)
        .join(WeChatFollower, WeChatFollower.id == ChatDraft.follower_id)
        .where(ChatDraft.id == bindparam("draft"))
        .with_for_update(of=ChatDraft)
        .execution_options(populate_existing=True)
    )

"""The conversation: what a verified message does, once, and what is answered to it; everything slow is left to jobs.

The hot path. A push brings hundreds of messages a second, and most of what one costs is the number of its statements; so each is built once
and asks for as much as it can:

1. `take_in` holds the follower's row until the commit and notes the message: of repeats and of what one follower sends at once, one is worked
   on at a time. What was committed meanwhile can't be seen in the same statement, hence
2. `standing`: the point, and how full the draft is that is open there;
3. the message itself: a part is added to the draft (`add_part`, or `begin_with_part` for the first), and that is all where nothing is said to
   it. “发送” takes the draft's row, its parts, its point, and what `submit` writes;
4. `remember_answer`, where something is answered, so that a repeat gets the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from config.workflow import WeChatRules
from intake.domain.chat_draft import MOST_LETTERS, MOST_PARTS, MOST_PHOTOS, PartKind, SentBy, says_something
from intake.domain.chat_event import SAID, EventKind, Incoming
from intake.domain.chat_words import Command, command_in, number_in
from intake.domain.errors import InvalidInput, PointClosed
from intake.domain.language.route_out import route_out
from intake.domain.point import PointState
from intake.domain.point_count import PointStep
from intake.domain.submission_file import FileKind
from intake.domain.text import clean, clean_message
from intake.models import ChatDraft
from intake.ports import RateLimiter, Vault
from intake.queries.chat import OpenDraft, Standing, other_open_drafts, sent_lately, standing
from intake.queries.open_call import question_at
from intake.queries.point import PointView, point_by_scene
from intake.queries.wechat_account import AccountRow
from intake.services import chat_pick
from intake.services.chat_answer import SILENCE, Answer, ChatAnswer, cure
from intake.services.chat_draft import NewPart, add_part, begin_draft, begin_with_part, drop, place_draft, send
from intake.services.chat_follower import Follower, answer_given, answered_before, let_go, message_key, remember_answer, take_in
from intake.services.notify_arrival import note_arrival, note_subscriptions
from intake.services.point_count import note_step
from intake.services.submission_file import await_media
from intake.services.wechat_follower import openid_hash

LABEL_MAX = 500
SAID_LATELY = timedelta(hours=1)
"""For so long a second "发送" gets the receipt of the first."""
_PARTS = {
    EventKind.TEXT: PartKind.TEXT,
    EventKind.IMAGE: PartKind.IMAGE,
    EventKind.VOICE: PartKind.VOICE,
    EventKind.LOCATION: PartKind.LOCATION,
    EventKind.LINK: PartKind.LINK,
}
_FILES = {PartKind.IMAGE: FileKind.PHOTO, PartKind.VOICE: FileKind.VOICE}
_NOT_READ = "这里收文字、照片、语音、位置和链接，别的打不开。请换一种发。"


@dataclass(frozen=True, slots=True)
class Chat:
    """One account's conversation at one moment."""

    session: Session
    vault: Vault
    limiter: RateLimiter
    account: AccountRow
    rules: WeChatRules
    limit: str
    """How many drafts a follower may begin, such as "20/hour"."""
    at: datetime

    @property
    def closes_at(self) -> datetime:
        """When a pause that begins now is over."""
        return self.at + timedelta(minutes=self.rules.pause_minutes)


def handle(chat: Chat, incoming: Incoming) -> ChatAnswer:
    """Do what a message asks, once; a repeat gets the answer of the first and changes nothing."""
    session = chat.session
    if incoming.kind is EventKind.UNSUBSCRIBE:
        let_go(session, chat.vault, incoming)
        return SILENCE
    if incoming.kind in {EventKind.ARRIVAL, EventKind.SUBSCRIPTIONS}:
        _note(chat, incoming)
        return SILENCE
    if incoming.kind is EventKind.OTHER:
        return cure(_NOT_READ) if incoming.message_id else SILENCE
    point = point_by_scene(session, incoming.scene, account=incoming.account) if incoming.scene else None
    taken = point if point is not None and point.state is not PointState.RETIRED else None
    follower = take_in(session, chat.vault, incoming, point=taken, at=chat.at)
    if follower.is_repeat:
        return answer_given(session, incoming)
    if point is not None:
        note_step(session, point, PointStep.SCANNED, at=chat.at)
    if incoming.kind in SAID:
        answer = _said(chat, follower, incoming)
    elif incoming.kind is EventKind.CLICK and (command := _BUTTONS.get(incoming.key)) is not None:
        answer = _commanded(chat, follower, standing(session, follower_id=follower.id, point_id=follower.point_id), command)
    else:
        answer = _greeted(chat, follower, point)
    remember_answer(session, incoming, answer)
    return answer


_BUTTONS = {"mine": Command.MINE, "help": Command.HELP}
"""Keys of menu buttons that answer in the chat."""


def _note(chat: Chat, incoming: Incoming) -> None:
    """What became of our own notices, and which ones are allowed; the platform repeats these too."""
    if answered_before(chat.session, incoming, at=chat.at) is not None:
        return
    for one in incoming.arrivals:
        note_arrival(chat.session, account=incoming.account, platform_id=one.platform_id, ok=one.ok, at=chat.at)
    if incoming.subscriptions:
        hashed = openid_hash(chat.vault, account=incoming.account, openid=incoming.openid)
        note_subscriptions(chat.session, account=incoming.account, openid_hash=hashed, changes=incoming.subscriptions, at=chat.at)


def _greeted(chat: Chat, follower: Follower, point: PointView | None) -> ChatAnswer:
    """A follow or a scan: where one is now, and what becomes of what was being said elsewhere."""
    if point is not None and point.state is PointState.RETIRED:
        return ChatAnswer(Answer.CLOSED, {"closed_note": point.closed_note, "place": point.name})
    here = standing(chat.session, follower_id=follower.id, point_id=follower.point_id)
    if here.point_id is None:
        return _where(chat, here) if here.draft is not None else ChatAnswer(Answer.FIND)
    if not here.is_taking:
        return ChatAnswer(Answer.CLOSED, {"closed_note": here.closed_note, "place": here.name})
    elsewhere = other_open_drafts(chat.session, follower_id=follower.id, but=here.point_id)
    homeless = next((draft_id for draft_id, point_id, _ in elsewhere if point_id is None), None)
    if homeless is not None and point is not None:
        draft = place_draft(chat.session, draft_id=homeless, point=point, closes_at=chat.closes_at, at=chat.at)
        if draft is not None:
            return chosen(draft, point)
    waiting_at = next((name for _, point_id, name in elsewhere if point_id is not None), "")
    asked = question_at(chat.session, point, at=chat.at) if point is not None else ""
    return ChatAnswer(Answer.GREET, {"place": here.name, "code": here.code, "waiting_at": waiting_at, "asked": asked})


def chosen(draft: ChatDraft, point: PointView) -> ChatAnswer:
    """What was said goes to this point."""
    facts = {"place": point.name, "draft": draft.id, "salt": draft.link_salt.hex(), "says": draft.closes_at is not None, "code": point.code}
    return ChatAnswer(Answer.CHOSEN, facts)


def _said(chat: Chat, follower: Follower, incoming: Incoming) -> ChatAnswer:
    here = standing(chat.session, follower_id=follower.id, point_id=follower.point_id)
    if incoming.kind is EventKind.TEXT:
        command = command_in(incoming.text)
        if command is not None:
            return _commanded(chat, follower, here, command)
        if here.draft is not None and here.draft.offered:
            picked = _picked(chat, follower, here.draft, incoming.text)
            if picked is not None:
                return picked
    refused = _refused(here.draft, incoming)
    return refused if refused is not None else _added(chat, follower, here, incoming)


def _picked(chat: Chat, follower: Follower, draft: OpenDraft, text: str) -> ChatAnswer | None:
    """The point that a number or a name means; None where the text is something else."""
    number = number_in(text)
    if number is None:
        point = chat_pick.by_name(chat.session, text, area_id=chat.account.area_id)
    elif 1 <= number <= len(draft.offered):
        point = chat_pick.by_id(chat.session, draft.offered[number - 1])
    else:
        return cure(f"请回复 1 到 {len(draft.offered)} 之间的数字，或写社区的名字。")
    if point is None:
        return None if number is None else cure("这个直报点刚刚停了，请另选一个。")
    placed = chat_pick.settle(chat.session, follower_id=follower.id, draft_id=draft.id, point=point, closes_at=chat.closes_at, at=chat.at)
    return chosen(placed, point) if placed is not None else _sent_already(chat, follower)


def _refused(draft: OpenDraft | None, incoming: Incoming) -> ChatAnswer | None:
    """Why a message isn't kept; None for one that is."""
    is_photo = incoming.kind is EventKind.IMAGE
    if draft is not None and (draft.parts >= MOST_PARTS or (is_photo and draft.photos >= MOST_PHOTOS)):
        return ChatAnswer(Answer.TOO_MUCH, {"photos": MOST_PHOTOS if is_photo else 0})
    if (draft.letters if draft is not None else 0) + _letters(incoming) > MOST_LETTERS:
        return ChatAnswer(Answer.TOO_LONG, {"most": MOST_LETTERS})
    if incoming.kind is EventKind.TEXT and (draft is None or not draft.says):
        try:
            clean_message(incoming.text)
        except InvalidInput as error:
            return cure(error.message)
    if incoming.kind is EventKind.LINK and not (incoming.text.strip() or incoming.address):
        return cure(_NOT_READ)
    return None


def _letters(incoming: Incoming) -> int:
    """How much room a message takes of what may be written; what is spoken gives way where it is too much."""
    if incoming.kind is EventKind.LINK:
        return len(incoming.text[:LABEL_MAX]) + len(incoming.address[:LABEL_MAX]) + 1
    return len(incoming.text) if incoming.kind is EventKind.TEXT else 0


def _added(chat: Chat, follower: Follower, here: Standing, incoming: Incoming) -> ChatAnswer:
    """The message becomes a part of the draft at the follower's point, of a new one if need be."""
    kind = _PARTS[incoming.kind]
    if here.draft is None and not chat.limiter.hit(chat.limit, "wechat", follower.openid_hash.hex()):
        return ChatAnswer(Answer.TOO_OFTEN)
    says = says_something(kind) or (here.draft is not None and here.draft.says)
    part = NewPart(
        kind=kind,
        dedupe_key=message_key(incoming),
        sent_at=min(incoming.created_at, chat.at),
        message_id=incoming.message_id,
        words=clean(incoming.text).text[: None if kind is PartKind.TEXT else LABEL_MAX],
        address=incoming.address[:LABEL_MAX],
        latitude=incoming.latitude,
        longitude=incoming.longitude,
        file_id=_file(chat, here, incoming, kind),
    )
    closes_at = chat.closes_at if says and here.is_taking else None
    draft_id, salt = (here.draft.id, here.draft.salt) if here.draft is not None else (0, b"")
    is_new = here.draft is None or not add_part(
        chat.session, draft_id=draft_id, district_id=here.district_id, part=part, closes_at=closes_at, is_placed=here.is_taking
    )
    if is_new:
        draft_id, salt = begin_with_part(
            chat.session,
            follower_id=follower.id,
            point_id=here.point_id,
            district_id=here.district_id,
            part=part,
            closes_at=closes_at,
            at=chat.at,
        )
    if not here.is_taking:
        return _where(chat, here, draft_id=draft_id, again=kind is PartKind.LOCATION)
    return _taken(here, incoming, draft_id=draft_id, salt=salt, is_new=is_new)


def _file(chat: Chat, here: Standing, incoming: Incoming, kind: PartKind) -> int | None:
    if kind not in _FILES:
        return None
    return await_media(
        chat.session,
        kind=_FILES[kind],
        account=incoming.account,
        media_id=incoming.media_id,
        heard=incoming.text,
        district_id=here.district_id,
        at=chat.at,
    )


def _taken(here: Standing, incoming: Incoming, *, draft_id: int, salt: bytes, is_new: bool) -> ChatAnswer:
    """What is said to a part that was kept: how it goes on at first, later only what helps."""
    says = says_something(_PARTS[incoming.kind])
    said_before = here.draft is not None and here.draft.says and not is_new
    advice = route_out(incoming.text) if incoming.kind in {EventKind.TEXT, EventKind.VOICE} else None
    facts = {"place": here.name, "code": here.code, "draft": draft_id, "salt": salt.hex(), "advice": advice.advice if advice else ""}
    if is_new and says:
        return ChatAnswer(Answer.FIRST, facts)
    if is_new:
        return ChatAnswer(Answer.WORDS_WANTED, {**facts, "is_place": incoming.kind is EventKind.LOCATION})
    if advice is not None:
        return ChatAnswer(Answer.ELSEWHERE, facts)
    return ChatAnswer(Answer.NOTED) if says and not said_before else SILENCE


def _where(chat: Chat, here: Standing, *, draft_id: int | None = None, again: bool = False) -> ChatAnswer:
    """Ask for a point: once, and again when a place was sent, since the nearest come first then."""
    draft = here.draft
    if draft is not None and draft.offered and draft_id is not None and not again:
        return SILENCE
    held = draft_id or (draft.id if draft is not None else None)
    assert held is not None, "a point is picked for what was said"
    return _offered(chat, here, draft_id=held, page=0)


def _offered(chat: Chat, here: Standing, *, draft_id: int, page: int) -> ChatAnswer:
    points, more = chat_pick.offer_page(
        chat.session, draft_id=draft_id, area_id=chat.account.area_id, page=page, but=None if here.is_taking else here.point_id
    )
    facts = {
        "points": [[one.name, one.parent] for one in points],
        "more": more,
        "closed": here.name if here.point_id is not None and not here.is_taking else "",
        "closed_note": "" if here.is_taking else here.closed_note,
    }
    return ChatAnswer(Answer.CHOOSE, facts)


def _commanded(chat: Chat, follower: Follower, here: Standing, command: Command) -> ChatAnswer:
    """A word that asks for something instead of telling it."""
    match command:
        case Command.MINE | Command.HELP:
            return ChatAnswer(Answer.MINE if command is Command.MINE else Answer.HELP)
        case Command.SEND:
            return _sent(chat, follower, here)
        case Command.DROP:
            dropped = here.draft is not None and drop(chat.session, draft_id=here.draft.id, at=chat.at)
            return ChatAnswer(Answer.DROPPED) if dropped else _sent_already(chat, follower)
    page = here.draft.page + 1 if here.draft is not None and here.draft.offered and command is Command.MORE else 0
    return _offered(chat, here, draft_id=here.draft.id if here.draft is not None else _begun(chat, follower, here).id, page=page)


def _begun(chat: Chat, follower: Follower, here: Standing) -> ChatDraft:
    return begin_draft(chat.session, follower_id=follower.id, point_id=here.point_id, district_id=here.district_id, at=chat.at)


def _sent_already(chat: Chat, follower: Follower) -> ChatAnswer:
    """There is nothing to send or to take back: the receipt of what was sent last."""
    lately = sent_lately(chat.session, follower_id=follower.id, since=chat.at - SAID_LATELY)
    if lately is None:
        return ChatAnswer(Answer.NOTHING_YET)
    return ChatAnswer(Answer.ALREADY_SENT, {"number": lately.number, "salt": lately.salt.hex()})


def _sent(chat: Chat, follower: Follower, here: Standing) -> ChatAnswer:
    """Send what was said; a second time, the receipt of the first."""
    if here.draft is None or not here.draft.parts:
        return _sent_already(chat, follower)
    if not here.is_taking:
        return _where(chat, here)
    try:
        stored = send(chat.session, vault=chat.vault, draft_id=here.draft.id, by=SentBy.WORD, at=chat.at)
    except PointClosed:
        return _where(chat, here)
    except InvalidInput as error:
        return cure(error.message)
    code = Answer.ALREADY_SENT if stored.repeated else Answer.SENT
    return ChatAnswer(code, {"number": stored.receipt_number, "salt": stored.receipt_salt.hex()}, submission_id=stored.submission_id)

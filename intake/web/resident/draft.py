"""The form opened from the chat, with what was said there; and the form's words kept for the chat."""

import re
from dataclasses import dataclass

from flask import render_template, request
from werkzeug.wrappers import Response

from intake.domain.chat_draft import DraftState, SentBy, compose
from intake.domain.errors import Conflict, NotFound, TooMany
from intake.queries.point import PointView
from intake.queries.submission_file import FileSaid, file_of_draft, files_of_draft
from intake.services.chat_draft import parts_and_last, says_the_same, send, wait_for_the_form, with_what_came_since
from intake.services.chat_keep import keep_words
from intake.services.chat_link import LinkedDraft, draft_by_token
from intake.services.form_key import read_form_key
from intake.services.submission_submit import Sentence, Stored
from intake.web.guard import open_to_all
from intake.web.language import translate as _
from intake.web.resident.blueprint import Page, resident
from intake.web.resident.in_wechat import follower_at
from intake.web.said import said_file
from intake.web.unit_of_work import db, wiring

_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class DraftOnForm:
    """What the form shows of a draft; without a token it has only a note."""

    token: str = ""
    text: str = ""
    place: str = ""
    seen: int = 0
    """The last part it shows: what comes later is added when it is sent."""
    files: tuple[FileSaid, ...] = ()
    is_over: bool = False
    """The link is none, or what it led to has been sent or erased: the form is a plain one, and says so."""


def draft_on_form(point: PointView) -> DraftOnForm | None:
    """The draft that the form was opened with; None for a plain form. A pause waits while it is open there."""
    token = request.values.get("draft", "")
    if not token:
        return None
    draft = _open_at(point, token)
    if draft is None:
        return DraftOnForm(is_over=request.method == "GET")
    if request.method == "GET":
        wait_for_the_form(db(), draft_id=draft.id, at=wiring().clock.now())
    parts, seen = parts_and_last(db(), draft.id)
    composed = compose(parts)
    return DraftOnForm(token, composed.text, composed.place, seen, files_of_draft(db(), draft.id))


def send_draft(point: PointView, sentence: Sentence, *, device: bytes) -> Stored | None:
    """Send the draft behind the form as it was edited there; None for a plain form, or a link that leads to nothing.

    Sent meanwhile by the pause, the same words get its receipt; Conflict when they were edited.
    """
    draft = draft_by_token(db(), wiring().vault, request.form.get("draft", ""))
    if draft is None or draft.state is DraftState.DROPPED or draft.erased or draft.point_id != point.id:
        return None
    stored = send(
        db(),
        vault=wiring().vault,
        draft_id=draft.id,
        by=SentBy.FORM,
        at=wiring().clock.now(),
        sentence=sentence,
        seen=_seen(),
        device_hash=device,
    )
    if stored.repeated and not _is_sent(stored, draft, sentence):
        raise Conflict("这段话刚才已经送出，回执在微信里。您改过的还在框里：要补充的话再按一次提交，会作为另一件送出。")
    return stored


def kept_for_chat(point: PointView) -> Page | None:
    """The page that says the words are kept for the chat, if that is what was asked; None to send them.

    Raises InvalidInput for words that say nothing, TooMany for more than are taken in the chat.
    """
    follower = follower_at(point) if "keep" in request.form else None
    if follower is None:
        return None
    wired = wiring()
    key = read_form_key(wired.vault, request.form.get("key", ""), point_id=point.id)
    if not wired.limiter.hit(wired.settings.device_limit, "wechat", follower.openid_hash.hex()):  # as in the chat
        raise TooMany(_("这里提交得太多了，请过一小时再试。写的内容还在框里；着急的话请打电话或到社区服务台说。"))
    text = keep_words(
        db(),
        follower_id=follower.id,
        point=point,
        text=request.form.get("text", ""),
        nonce=key.nonce,
        pause_minutes=wired.workflow.wechat.pause_minutes,
        at=wired.clock.now(),
    )
    return render_template("resident/kept.html", point=point, text=text, minutes=wired.workflow.wechat.pause_minutes)


@resident.get("/p/<code>/draft/<token>/<int:file_id>")
@open_to_all
def draft_file(code: str, token: str, file_id: int) -> Response:
    """One photo or voice of a draft, for whoever has its link while it is open; `?small=1` a small picture."""
    del code
    draft = draft_by_token(db(), wiring().vault, token)
    if draft is None or draft.state is not DraftState.OPEN:
        raise NotFound("没有这张照片，请回到微信重新打开链接。")
    return said_file(file_of_draft(db(), draft_id=draft.id, file_id=file_id))


def _is_sent(stored: Stored, draft: LinkedDraft, sentence: Sentence) -> bool:
    """Whether what was sent is what the form says, with what came since."""
    seen = _seen()
    whole = sentence if seen is None else with_what_came_since(db(), draft.id, sentence, seen=seen)
    return says_the_same(db(), stored.submission_id, whole)


def _seen() -> int | None:
    raw = request.form.get("seen", "")
    return int(raw) if _NUMBER.fullmatch(raw) else None


def _open_at(point: PointView, token: str) -> LinkedDraft | None:
    draft = draft_by_token(db(), wiring().vault, token)
    return draft if draft is not None and draft.state is DraftState.OPEN and draft.point_id == point.id else None

"""议题筛选: the board with one topic beside it, a topic's own page, and the decisions.

Without script each card is a link and each decision a form; with script only the pane, or the board after a decision, is put in anew.
"""

from dataclasses import dataclass, replace
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.language.reply_gate import check_reason
from intake.domain.permission import Permission
from intake.domain.topic import TopicAction, TopicState
from intake.domain.topic_proposal import PROPOSAL_NAMES
from intake.queries.instruction import instructions_of
from intake.queries.referral_list import referrals_of_topic
from intake.queries.referral_units import assigning_offices
from intake.queries.topic_board import BOARD_STATES, Order, topic_after, topic_name
from intake.queries.topic_board import board as board_of
from intake.queries.topic_desk import TopicOnDesk, topic_on_desk
from intake.services import topic_finish
from intake.services.topic_screen import Screening, screen, take_up, unmerge
from intake.web.asked import id_sent, one_of
from intake.web.district.blueprint import district
from intake.web.district.curve import Curve, curve
from intake.web.district.offered import OFFERED
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.numbers import whole_number
from intake.web.reply_check import LookedAt, look_at
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]
IN_COLUMN, ALONE = 8, 20
FIND = "find"
"""The button that looks for topics to merge into: it decides nothing and keeps what was typed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the board somebody is, so that a decision leads back there."""

    state: TopicState | None
    """One column alone; None for all three."""
    words: str
    after: str
    order: Order = Order.HEAT

    @property
    def query(self) -> dict[str, Any]:
        """As an address says it."""
        order = self.order.value if self.order is not Order.HEAT else None
        return {"state": self.state.value if self.state else None, "q": self.words or None, "order": order, "after": self.after or None}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the deciding form."""

    words: str = ""
    find: str = ""
    target: str = ""
    merging: bool = False
    """Whether topics to merge into were asked for."""
    looked_at: LookedAt | None = None
    """Remarks on the words, before they are sent."""


@dataclass(frozen=True, slots=True)
class Done:
    """What has just been decided, for the toast."""

    topic_id: int
    title: str
    action: TopicAction
    can_take_back: bool


@district.get("/topics")
@requires(Permission.SCREEN_VIEW)
def board() -> Page:
    """Candidates, proposed and pooled side by side, or one state alone with keyset pages; one topic in the pane."""
    place = _place(request.args)
    chosen = _id(request.args.get("topic", ""))
    if _swaps("pane") and chosen is not None:
        return _pane(place, chosen)
    return _board(place, chosen=chosen)


@district.get("/topics/<int:topic_id>")
@requires(Permission.SCREEN_VIEW)
def topic(topic_id: int) -> Page:
    """One topic."""
    return _topic(topic_id)


@district.post("/topics/<int:topic_id>/take-up")
@requires(Permission.SCREEN_DECIDE)
def take(topic_id: int) -> Page:
    """Take a candidate up; it stays open, since now it is to be decided."""
    try:
        take_up(db(), _screening(topic_id))
    except DomainError as error:
        return _refused(topic_id, error)
    return redirect(_back(topic_id, topic_id, TopicAction.TAKE_UP), code=303)


@district.post("/topics/<int:topic_id>/decide")
@requires(Permission.SCREEN_DECIDE)
def decide(topic_id: int) -> Page:
    """Approve, return, merge, refer, reject: the button pressed says which."""
    raw = request.form.get("action", "")
    if raw == FIND:
        return _again(topic_id, error=None)
    action = next((one for one in TopicAction if one.value == raw), TopicAction.PROPOSE)
    target = request.form.get("target", "")
    looked_at = look_at(request.form.get("words", ""), check_reason)
    if looked_at is not None:
        return _not_yet(topic_id, looked_at)
    try:
        screen(
            db(),
            _screening(topic_id),
            action,
            words=request.form.get("words", ""),
            target_topic_id=whole_number(target, field="target") if target and action is TopicAction.MERGE else None,
            workflow=wiring().workflow,
            office_id=id_sent("office") if action is TopicAction.REFER else None,
        )
    except DomainError as error:
        return _refused(topic_id, error)
    return redirect(_back(topic_id, _next(topic_id), action), code=303)


@district.post("/topics/<int:topic_id>/unmerge")
@requires(Permission.SCREEN_DECIDE)
def take_merge_back(topic_id: int) -> Page:
    """Undo a merge."""
    try:
        unmerge(db(), _screening(topic_id), words=request.form.get("words", ""))
    except DomainError as error:
        return _refused(topic_id, error)
    return redirect(_back(topic_id, topic_id, TopicAction.UNMERGE), code=303)


@district.post("/topics/<int:topic_id>/verify")
@requires(Permission.SCREEN_DECIDE)
def finish(topic_id: int) -> Page:
    """Every measure is verified: everyone behind the topic is told the result."""
    try:
        topic_finish.verify(db(), _screening(topic_id), words=request.form.get("words", ""), workflow=wiring().workflow)
    except DomainError as error:
        return _refused(topic_id, error)
    return redirect(_back(topic_id, topic_id, TopicAction.VERIFY), code=303)


def _screening(topic_id: int) -> Screening:
    return Screening(actor=actor(), topic_id=topic_id, version=whole_number(request.form.get("version", "")), at=wiring().clock.now())


def _place(source: MultiDict[str, str]) -> Place:
    """From an address, or from a form's hidden fields."""
    state = next((one for one in TopicState if one.value == source.get("state", "")), None)
    return Place(
        state=state,
        words=source.get("q", "")[:60].replace("\x00", ""),
        after=source.get("after", "") if state else "",
        order=one_of(Order, source.get("order", "")) or Order.HEAT,
    )


def _id(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 19 else None


def _swaps(name: str) -> bool:
    """Whether script asked for this part of the page alone."""
    return request.headers.get("HX-Target", "").endswith(f"#{name}") and "HX-History-Restore-Request" not in request.headers


def _on_board() -> bool:
    return request.form.get("from") == "board"


def _next(topic_id: int) -> int | None:
    """What to look at after a decision: the next in the column one came from, else the topic itself."""
    column = next((one for one in TopicState if one.value == request.form.get("column", "")), None)
    if not _on_board() or column is None:
        return topic_id
    place = _place(request.form)
    return topic_after(db(), actor(), topic_id, state=column, words=place.words, order=place.order)


def _back(topic_id: int, following: int | None, action: TopicAction) -> str:
    """Where a decision leads: the board with the next topic, or the topic's own page."""
    if not _on_board():
        return url_for("district.topic", topic_id=topic_id, done=action.value)
    return url_for("district.board", **_place(request.form).query, topic=following, done=action.value, was=topic_id)


def _not_yet(topic_id: int, looked_at: LookedAt) -> Page:
    page = make_response(_again(topic_id, error=None, looked_at=looked_at), 422)
    page.headers["HX-Push-Url"] = "false"
    return page


def _refused(topic_id: int, error: DomainError) -> Page:
    db().rollback()
    page = make_response(_again(topic_id, error=error), status_of(error))
    page.headers["HX-Push-Url"] = "false"  # nothing happened, and the address of a form can't be opened
    return page


def _again(topic_id: int, *, error: DomainError | None, looked_at: LookedAt | None = None) -> str | Response:
    """The page a form came from, with what was typed."""
    typed = Typed(
        words=request.form.get("words", ""),
        find=request.form.get("find", "")[:60].replace("\x00", ""),
        target=request.form.get("target", ""),
        merging=request.form.get("action") in {FIND, TopicAction.MERGE.value},
        looked_at=looked_at,
    )
    if not _on_board():
        return _topic(topic_id, error=error, typed=typed)
    page = make_response(_board(_place(request.form), chosen=topic_id, error=error, typed=typed))
    page.headers["HX-Push-Url"] = "false"
    return page


def _pane(place: Place, topic_id: int) -> str:
    return render_template("district/pane.html", place=place, **_detail(topic_id, error=None, typed=Typed()))


def _board(place: Place, *, chosen: int | None, error: DomainError | None = None, typed: Typed | None = None) -> str:
    at = wiring().clock.now()
    states = (place.state,) if place.state else BOARD_STATES
    limit = ALONE if place.state else IN_COLUMN
    found = board_of(db(), actor(), states, after=place.after, words=place.words, order=place.order, limit=limit, at=at)
    shown = chosen if chosen is not None else found.first
    return render_template(
        "district/board.html",
        board=found,
        place=place,
        # Cards that are put below those already there keep all three columns.
        links=replace(place, state=None, after="") if request.args.get("into") == "columns" else place,
        states=TopicState,
        orders=Order,
        chosen=chosen is not None,
        elsewhere=[state for state in TopicState if state not in states and (found.totals.get(state) or state in BOARD_STATES)],
        done=_done(),
        **(_detail(shown, error=error, typed=typed or Typed()) if shown is not None else {"found": None}),
    )


def _topic(topic_id: int, *, error: DomainError | None = None, typed: Typed | None = None) -> str:
    done = next((one for one in TopicAction if one.value == request.args.get("done", "")), None)
    return render_template(
        "district/topic.html",
        place=None,
        done=done,
        instructions=instructions_of(db(), actor(), topic_id=topic_id, at=wiring().clock.now()),
        **_detail(topic_id, error=error, typed=typed or Typed(find=_find())),
    )


def _find() -> str:
    return request.args.get("find", "")[:60].replace("\x00", "")


def _detail(topic_id: int, *, error: DomainError | None, typed: Typed) -> dict[str, object]:
    """What the pane and the topic's own page show."""
    found = topic_on_desk(db(), actor(), topic_id, find=typed.find)
    state = found.detail.row.state
    return {
        "found": found,
        "referred": referrals_of_topic(db(), topic_id),
        "offices": assigning_offices(db(), actor()) if state in {TopicState.PROPOSED, TopicState.DELIVERING} else (),
        "topic": found.detail,
        "growth": _growth(found),
        "error": error,
        "typed": typed,
        "names": PROPOSAL_NAMES,
        "offered": OFFERED,
    }


def _growth(found: TopicOnDesk) -> Curve | None:
    days = dict(found.days)
    return curve(days, first=min(days), last=max(days)) if days else None


def _done() -> Done | None:
    """The decision that led here."""
    action = next((one for one in TopicAction if one.value == request.args.get("done", "")), None)
    topic_id = _id(request.args.get("was", ""))
    named = topic_name(db(), actor(), topic_id) if action is not None and topic_id is not None else None
    if action is None or topic_id is None or named is None:
        return None
    title, state = named
    return Done(topic_id=topic_id, title=title, action=action, can_take_back=state is TopicState.MERGED)

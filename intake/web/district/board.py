"""议题筛选: the board with one topic beside it, and a topic's own page.

Without script each card is a link and each decision a form; with script only the pane, or the board after a decision, is put in anew.
"""

from dataclasses import dataclass, replace

from flask import current_app, make_response, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.screening import CRITERION_NAMES, MARK_MOST, Criterion
from intake.domain.topic import TopicAction, TopicState
from intake.domain.topic_proposal import PROPOSAL_NAMES
from intake.domain.topic_return import MISSING_NAMES
from intake.queries.communities_heard import CommunitiesHeard, communities_heard
from intake.queries.instruction import instructions_of
from intake.queries.referral_list import referrals_of_topic
from intake.queries.referral_units import assigning_offices
from intake.queries.topic_board import BOARD_STATES, Board, spread, topic_name
from intake.queries.topic_board import board as board_of
from intake.queries.topic_desk import Desk, TopicOnDesk, topic_on_desk
from intake.queries.topic_detail import VOICES
from intake.queries.topic_mark import MarkRow
from intake.queries.topic_order import Order
from intake.queries.topic_watch import watched
from intake.services.topic_mark import MARKED_STATES
from intake.web.asked import id_asked, one_of
from intake.web.district.blueprint import district
from intake.web.district.curve import Curve, curve
from intake.web.district.offered import OFFERED
from intake.web.district.place import FIND, Done, Place, Typed, missing_sent, on_board, place_of
from intake.web.district.topic_map import topic_map
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.remembered import Remembered
from intake.web.reply_check import LookedAt
from intake.web.unit_of_work import db, wiring

Page = str | Response | tuple[str, int]
IN_COLUMN, ALONE = 8, 20
PANE_VOICES = 20
"""Read of those behind the topic beside the board; five are unfolded, and its own page has more."""
HEARD_SECONDS = 3_600
"""What communities said in a year changes little in an hour, and counting it reads every message of that year."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One criterion in the pane: what is known, and the marks beside it."""

    criterion: Criterion
    name: str
    sentences: tuple[str, ...]
    others: tuple[MarkRow, ...]
    """Colleagues' marks, and the reader's own where it can't be changed any more."""
    mark: str
    """The reader's own: a digit, or empty."""
    words: str


@district.record_once
def _remember(state: BlueprintSetupState) -> None:
    state.app.extensions["communities_heard"] = Remembered[CommunitiesHeard](seconds=HEARD_SECONDS)


@district.get("/topics")
@requires(Permission.SCREEN_VIEW)
def board() -> Page:
    """Candidates, proposed and pooled side by side, or one state alone with keyset pages; one topic in the pane."""
    place, chosen = place_of(request.args), id_asked("topic")
    if chosen is not None and (_swaps("pane") or _swaps("marks")):
        return render_template("district/pane.html", place=place, **_detail(chosen, voices=PANE_VOICES, error=None, typed=Typed()))
    return board_page(place, chosen=chosen)


@district.get("/topics/<int:topic_id>")
@requires(Permission.SCREEN_VIEW)
def topic(topic_id: int) -> Page:
    """One topic."""
    return topic_page(topic_id)


def board_page(place: Place, *, chosen: int | None, error: DomainError | None = None, typed: Typed | None = None) -> str:
    """The board, with `chosen` in the pane or what is to be looked at first."""
    at = wiring().clock.now()
    states = (place.state,) if place.state else BOARD_STATES
    limit = ALONE if place.state else IN_COLUMN
    found = board_of(db(), actor(), states, after=place.after, words=place.words, route=place.route, order=place.order, limit=limit, at=at)
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
        pickable=(TopicState.CANDIDATE, TopicState.PROPOSED) if actor().may(Permission.SCREEN_DECIDE) else (),
        **(_detail(shown, beside=found, voices=PANE_VOICES, error=error, typed=typed or Typed()) if shown is not None else {"found": None}),
    )


def topic_page(topic_id: int, *, error: DomainError | None = None, typed: Typed | None = None) -> str:
    """A topic alone on its page."""
    return render_template(
        "district/topic.html",
        place=None,
        done=one_of(TopicAction, request.args.get("done", "")),
        instructions=instructions_of(db(), actor(), topic_id=topic_id, at=wiring().clock.now()),
        **_detail(topic_id, voices=VOICES, error=error, typed=typed or Typed(find=request.args.get("find", "")[:60].replace("\x00", ""))),
    )


def refused(topic_id: int, error: DomainError, *, typed: Typed | None = None) -> Response:
    """The page a form came from, with what was typed and why nothing was done."""
    db().rollback()
    page = make_response(again(topic_id, error=error, typed=typed), status_of(error))
    page.headers["HX-Push-Url"] = "false"  # nothing happened, and the address of a form can't be opened
    return page


def again(topic_id: int, *, error: DomainError | None, looked_at: LookedAt | None = None, typed: Typed | None = None) -> str | Response:
    """The page a form came from, with what was typed."""
    typed = typed or Typed(
        words=request.form.get("words", ""),
        find=request.form.get("find", "")[:60].replace("\x00", ""),
        target=request.form.get("target", ""),
        merging=request.form.get("action") in {FIND, TopicAction.MERGE.value},
        missing=missing_sent(),
        looked_at=looked_at,
    )
    if not on_board():
        return topic_page(topic_id, error=error, typed=typed)
    page = make_response(board_page(place_of(request.form), chosen=topic_id, error=error, typed=typed))
    page.headers["HX-Push-Url"] = "false"
    return page


def _swaps(name: str) -> bool:
    """Whether script asked for this part of the page alone."""
    return request.headers.get("HX-Target", "").endswith(f"#{name}") and "HX-History-Restore-Request" not in request.headers


def _detail(topic_id: int, *, voices: int, error: DomainError | None, typed: Typed, beside: Board | None = None) -> dict[str, object]:
    """What the pane and the topic's own page show, `beside` a board that was read or alone."""
    at, heard = wiring().clock.now(), _heard()
    desk = Desk(heard, beside.spread if beside is not None else spread(db(), actor()), _department_of, at)
    found = topic_on_desk(db(), actor(), topic_id, desk=desk, voices=voices, find=typed.find)
    watching = beside.watched if beside is not None else watched(db(), actor(), at=at)
    state = found.detail.row.state
    may_mark = state in MARKED_STATES and actor().may(Permission.SCREEN_DECIDE)
    return {
        "found": found,
        "referred": referrals_of_topic(db(), topic_id),
        "offices": assigning_offices(db(), actor()) if state in {TopicState.PROPOSED, TopicState.DELIVERING} else (),
        "topic": found.detail,
        "growth": _growth(found),
        "map": topic_map(found.places, heard.positions),
        "weighed": _weighed(found, typed, may_mark=may_mark),
        "may_mark": may_mark,
        "marks": range(MARK_MOST + 1),
        "marked": bool(request.args.get("marked")),
        "missing": MISSING_NAMES,
        "watchers": watching.get(topic_id, ()),
        "error": error,
        "typed": typed,
        "names": PROPOSAL_NAMES,
        "offered": OFFERED,
    }


def _heard() -> CommunitiesHeard:
    memory: Remembered[CommunitiesHeard] = current_app.extensions["communities_heard"]
    at, district_id = wiring().clock.now(), actor().district_id or 0
    return memory.get(district_id, lambda: communities_heard(db(), district_id=district_id, at=at), at=at)


def _department_of(category: str | None) -> str:
    """Who usually deals with it, as the taxonomy says; empty for a category that is no longer there."""
    try:
        return wiring().taxonomy.category(category).department if category is not None else ""
    except KeyError:
        return ""


def _weighed(found: TopicOnDesk, typed: Typed, *, may_mark: bool) -> tuple[Weighed, ...]:
    mine = {one.criterion: one for one in found.marks if one.user_id == actor().user_id}
    rows = []
    for evidence in found.evidence:
        own = mine.get(evidence.criterion)
        stored = (str(own.mark), own.words) if own is not None else ("", "")
        mark, words = typed.marks.get(evidence.criterion.value, stored)
        others = tuple(one for one in found.marks if one.criterion is evidence.criterion and not (may_mark and one is own))
        rows.append(Weighed(evidence.criterion, CRITERION_NAMES[evidence.criterion], evidence.sentences, others, mark, words))
    return tuple(rows)


def _growth(found: TopicOnDesk) -> Curve | None:
    days = dict(found.days)
    return curve(days, first=min(days), last=max(days)) if days else None


def _done() -> Done | None:
    """The decision that led here."""
    action, topic_id = one_of(TopicAction, request.args.get("done", "")), id_asked("was")
    named = topic_name(db(), actor(), topic_id) if action is not None and topic_id is not None else None
    if action is None or topic_id is None or named is None:
        return None
    title, state, confirmed = named
    merged = state is TopicState.MERGED  # its messages stand behind the other one now
    waits = bool(request.args.get("waits"))
    return Done(topic_id=topic_id, title=title, action=action, can_take_back=merged, waits=waits, heard=confirmed or merged)


def back_to(topic_id: int, following: int | None, action: TopicAction) -> str:
    """Where a decision leads: the board with the next topic, or the topic's own page."""
    waits = 1 if request.form.get("round") else None
    if not on_board():
        return url_for("district.topic", topic_id=topic_id, done=action.value, waits=waits)
    return url_for("district.board", **place_of(request.form).query, topic=following, done=action.value, was=topic_id, waits=waits)

"""区政协工作人员: what waits, the board, one topic, the decisions."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.topic import TopicAction, TopicState
from intake.queries.card import card, joinable_topics
from intake.queries.district_home import district_home
from intake.queries.topic_board import BOARD_STATES, topic_detail, topics_in
from intake.services.contact_reveal import REASONS, reveal_contact
from intake.services.topic_screen import Screening, screen, take_up, unmerge
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.numbers import whole_number
from intake.web.unit_of_work import db, wiring

district = Blueprint("district", __name__, url_prefix="/d")

Page = str | Response | tuple[str, int]


@district.get("")
@requires(Permission.SCREEN_VIEW)
def home() -> str:
    """What waits for the district's staff."""
    return render_template("district/home.html", home=district_home(db(), actor(), at=wiring().clock.now()))


@district.get("/topics")
@requires(Permission.SCREEN_VIEW)
def board() -> str:
    """Candidates, proposed and pooled side by side; one column alone with keyset pages."""
    words = request.args.get("q", "")[:60].replace("\x00", "")
    one = request.args.get("state", "")
    states = tuple(TopicState) if one else BOARD_STATES
    chosen = tuple(state for state in states if not one or state.value == one) or BOARD_STATES
    after = request.args.get("after", "") if len(chosen) == 1 else ""
    pages = [topics_in(db(), actor(), state, after=after, words=words, limit=20 if len(chosen) == 1 else 8) for state in chosen]
    return render_template("district/board.html", pages=pages, words=words, single=len(chosen) == 1, states=tuple(TopicState))


@district.get("/topics/<int:topic_id>")
@requires(Permission.SCREEN_VIEW)
def topic(topic_id: int) -> Page:
    """One topic."""
    return _topic(topic_id)


@district.post("/topics/<int:topic_id>/take-up")
@requires(Permission.SCREEN_DECIDE)
def take(topic_id: int) -> Page:
    """Take a candidate up."""
    try:
        take_up(db(), _screening(topic_id))
    except DomainError as error:
        return _topic(topic_id, error=error)
    return redirect(url_for("district.topic", topic_id=topic_id), code=303)


@district.post("/topics/<int:topic_id>/decide")
@requires(Permission.SCREEN_DECIDE)
def decide(topic_id: int) -> Page:
    """Approve, return, merge, refer, reject: the button pressed says which."""
    try:
        raw = request.form.get("action", "")
        action = next((one for one in TopicAction if one.value == raw), TopicAction.PROPOSE)
        target = request.form.get("target", "")
        screen(
            db(),
            _screening(topic_id),
            action,
            words=request.form.get("words", ""),
            target_topic_id=whole_number(target, field="target") if target and action is TopicAction.MERGE else None,
        )
    except DomainError as error:
        return _topic(topic_id, error=error)
    return redirect(url_for("district.topic", topic_id=topic_id, done=1), code=303)


@district.post("/topics/<int:topic_id>/unmerge")
@requires(Permission.SCREEN_DECIDE)
def take_merge_back(topic_id: int) -> Page:
    """Undo a merge."""
    try:
        unmerge(db(), _screening(topic_id), words=request.form.get("words", ""))
    except DomainError as error:
        return _topic(topic_id, error=error)
    return redirect(url_for("district.topic", topic_id=topic_id, done=1), code=303)


@district.get("/submissions/<int:submission_id>")
@requires(Permission.SCREEN_VIEW)
def submission(submission_id: int) -> str:
    """One submission, masked."""
    return render_template("district/submission.html", card=card(db(), actor(), submission_id), reasons=REASONS, contact="", error=None)


@district.post("/submissions/<int:submission_id>/contact")
@requires(Permission.CONTACT_REVEAL)
def contact(submission_id: int) -> Page:
    """The contact, for a stated reason that is written down."""
    found = card(db(), actor(), submission_id)
    try:
        plain = reveal_contact(
            db(),
            vault=wiring().vault,
            actor=actor(),
            submission_id=submission_id,
            reason=request.form.get("reason", ""),
            at=wiring().clock.now(),
        )
    except DomainError as error:
        return render_template("district/submission.html", card=found, reasons=REASONS, contact="", error=error), status_of(error)
    return render_template("district/submission.html", card=found, reasons=REASONS, contact=plain, error=None)


def _screening(topic_id: int) -> Screening:
    return Screening(actor=actor(), topic_id=topic_id, version=whole_number(request.form.get("version", "")), at=wiring().clock.now())


def _topic(topic_id: int, *, error: DomainError | None = None) -> Page:
    if error is not None:
        db().rollback()
    detail = topic_detail(db(), actor(), topic_id)
    search = request.args.get("q", "")[:60].replace("\x00", "")
    page = render_template(
        "district/topic.html",
        topic=detail,
        error=error,
        words=request.form.get("words", "") if error is not None else "",
        done="done" in request.args,
        targets=[one for one in joinable_topics(db(), actor(), words=search) if one.topic_id != topic_id],
        search=search,
    )
    return (page, status_of(error)) if error is not None else page

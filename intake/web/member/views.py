"""委员: the queue, one card at a time, and the topics that may be proposed."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.language.demands import demands_in
from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.reply_gate import check_reply
from intake.domain.permission import Permission
from intake.domain.submission import DECLINE_WORDS, Channel
from intake.models import Decision
from intake.queries.card import card, joinable_topics, lately
from intake.queries.imported import is_imported
from intake.queries.member_queue import LastDecision, awaiting_member, last_decision, next_card, workload
from intake.queries.topic_board import topics_of_member
from intake.queries.topic_detail import topic_detail
from intake.services import submission_decide as decide
from intake.services.category_change import change_category
from intake.services.topic_screen import Screening, propose
from intake.web.asked import id_sent, nonce_sent, wants_json, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import moment
from intake.web.language import translate as _
from intake.web.member.answers_json import done_answer, look_first, refusal
from intake.web.member.imported import imported_page
from intake.web.member.looking import look_at_card
from intake.web.member.starting import words_started
from intake.web.numbers import whole_number
from intake.web.reply_check import LookedAt, look_at
from intake.web.similar import alike
from intake.web.unit_of_work import db, wiring

member = Blueprint("member", __name__, url_prefix="/m")

Page = str | Response | tuple[str | Response, int]
LATELY = timedelta(days=3)
"""How far back a suggested topic's growth is counted."""
TOPICS_OFFERED = 10
"""As many topics as a thumb passes without a search."""


@member.app_template_filter()
def ago(at: datetime) -> str:
    """How long ago: minutes within the hour, hours within the day, days within the week, else the date."""
    minutes = int((wiring().clock.now() - at).total_seconds()) // 60
    if minutes < 1:
        return _("刚刚")
    if minutes < 60:
        return _("%(count)s 分钟前", count=minutes)
    if minutes < 24 * 60:
        return _("%(count)s 小时前", count=minutes // 60)
    return _("%(count)s 天前", count=minutes // (24 * 60)) if minutes < 7 * 24 * 60 else moment(at)


@member.get("")
@requires(Permission.TRIAGE_VIEW)
def queue() -> str:
    """What waits: emergencies, mine, my specialities, the rest; keyset pages."""
    after, now = request.args.get("after", ""), wiring().clock.now()
    page = awaiting_member(db(), actor(), at=now, after=after)
    work = workload(db(), actor(), at=now)
    return render_template("member/queue.html", page=page, work=work, undo=_undo(), after=after)


@member.get("/next")
@requires(Permission.TRIAGE_VIEW)
def following() -> Response:
    """The next card, passing over `skip`, and over `past` as well: what is being decided, or waits on the phone to be sent."""
    skip = _skipped()
    past = [whole_number(raw) for raw in request.args.getlist("past")[-50:]]
    found = next_card(db(), actor(), at=wiring().clock.now(), skip=(*skip, *past))
    if found is None:
        return redirect(url_for("member.queue"), code=303)
    return redirect(url_for("member.show", submission_id=found, skip=skip, done=_done()), code=303)


@member.get("/cards/<int:submission_id>")
@requires(Permission.TRIAGE_VIEW)
def show(submission_id: int) -> Page:
    """One card."""
    look_at_card(submission_id)
    return card_page(submission_id)


@member.post("/cards/<int:submission_id>/attach")
@requires(Permission.TRIAGE_DECIDE)
def attach(submission_id: int) -> Page:
    """Into a topic."""
    return decide_on(submission_id, lambda s, d: decide.attach(s, d, topic_id=whole_number(request.form.get("topic", ""), field="topic")))


@member.post("/cards/<int:submission_id>/open-topic")
@requires(Permission.TRIAGE_DECIDE)
def open_topic(submission_id: int) -> Page:
    """A topic of its own."""
    return decide_on(submission_id, lambda s, d: decide.open_topic(s, d, title=request.form.get("title", "")))


@member.post("/cards/<int:submission_id>/refer")
@requires(Permission.TRIAGE_DECIDE)
def refer(submission_id: int) -> Page:
    """To the coordinating office."""
    words, office_id = request.form.get("words", ""), id_sent("office")
    return decide_on(submission_id, lambda s, d: decide.refer(s, d, words=words, workflow=wiring().workflow, office_id=office_id))


@member.post("/cards/<int:submission_id>/answer")
@requires(Permission.TRIAGE_DECIDE)
def answer(submission_id: int) -> Page:
    """The member's own answer; remarks on it come first, once."""
    words = request.form.get("words", "")
    looked_at = _looked_at(submission_id, words)
    if looked_at is not None:
        return look_first(submission_id) if wants_json() else card_page(submission_id, looked_at=looked_at)
    return decide_on(submission_id, lambda s, d: decide.answer(s, d, words=words))


@member.post("/cards/<int:submission_id>/decline")
@requires(Permission.TRIAGE_DECIDE)
def decline(submission_id: int) -> Page:
    """Not taken up, with a reason."""
    return decide_on(
        submission_id, lambda s, d: decide.decline(s, d, reason=request.form.get("reason", ""), words=request.form.get("words", ""))
    )


@member.post("/cards/<int:submission_id>/detach")
@requires(Permission.TRIAGE_DECIDE)
def detach(submission_id: int) -> Page:
    """Out of its topic again."""
    words = request.form.get("words", "")
    return decide_on(submission_id, lambda s, d: decide.detach(s, d, words=words, workflow=wiring().workflow))


@member.post("/cards/<int:submission_id>/category")
@requires(Permission.TRIAGE_DECIDE)
def category(submission_id: int) -> Page:
    """Into another category; the card stays."""
    wired = wiring()
    try:
        change_category(
            db(),
            actor=actor(),
            submission_id=submission_id,
            version=whole_number(request.form.get("version", "")),
            category=request.form.get("category", ""),
            taxonomy=wired.taxonomy,
            at=wired.clock.now(),
        )
    except DomainError as error:
        db().rollback()
        return card_page(submission_id, error=error)
    return redirect(url_for("member.show", submission_id=submission_id, skip=_skipped()), code=303)


@member.post("/cards/<int:submission_id>/undo")
@requires(Permission.TRIAGE_DECIDE)
def undo(submission_id: int) -> Page:
    """Take the last decision back, and look at the card again."""
    wired = wiring()
    decide.undo(
        db(),
        actor=actor(),
        submission_id=submission_id,
        workflow=wired.workflow,
        undo_seconds=wired.settings.undo_seconds,
        at=wired.clock.now(),
    )
    card_again = url_for("member.show", submission_id=submission_id)
    return done_answer(again=False, following=card_again) if wants_json() else redirect(card_again, code=303)


@member.get("/similar")
@requires(Permission.TRIAGE_VIEW)
def similar() -> Response:
    """Topics like the words in `q`, as JSON."""
    return alike(Permission.TRIAGE_VIEW)


@member.get("/topics")
@requires(Permission.TOPIC_PROPOSE)
def topics() -> str:
    """Candidates of the member's areas, by words."""
    words, after = words_asked(), request.args.get("after", "")
    return render_template("member/topics.html", page=topics_of_member(db(), actor(), words=words, after=after), words=words, after=after)


@member.get("/topics/<int:topic_id>")
@requires(Permission.TOPIC_PROPOSE)
def topic(topic_id: int) -> str:
    """One topic with everyone's words."""
    return render_template("member/topic.html", topic=topic_detail(db(), actor(), topic_id), error=None, words="")


@member.post("/topics/<int:topic_id>/propose")
@requires(Permission.TOPIC_PROPOSE)
def send_topic(topic_id: int) -> Page:
    """Send it to screening."""
    words = request.form.get("words", "")
    try:
        version = whole_number(request.form.get("version", ""))
        propose(db(), Screening(actor=actor(), topic_id=topic_id, version=version, at=wiring().clock.now()), words=words)
    except DomainError as error:
        db().rollback()
        detail = topic_detail(db(), actor(), topic_id)
        return render_template("member/topic.html", topic=detail, error=error, words=words), status_of(error)
    return redirect(url_for("member.topic", topic_id=topic_id), code=303)


def decide_on(submission_id: int, act: Callable[[Session, decide.Deciding], Decision]) -> Page:
    """Do it and go to the next card; a refusal shows the card as it is now with what was typed. The phone's script gets JSON."""
    wired = wiring()
    try:
        deciding = decide.Deciding(
            actor=actor(),
            submission_id=submission_id,
            version=whole_number(request.form.get("version", "")),
            at=wired.clock.now(),
            undo_seconds=wired.settings.undo_seconds,
            nonce=nonce_sent(),
        )
        _decision, again = decide.decide_once(db(), deciding, act)
    except DomainError as error:
        db().rollback()
        return refusal(error, submission_id) if wants_json() else card_page(submission_id, error=error)
    following = url_for("member.following", skip=_skipped(), done=submission_id)
    if wants_json():
        newest = _undo()
        own = newest if newest is not None and newest.submission_id == submission_id else None
        return done_answer(again=again, following=following, work=workload(db(), actor(), at=wired.clock.now()), undo=own)
    if is_imported(db(), submission_id):  # no card of the queue: its own page says where it stands now
        following = url_for("member.show", submission_id=submission_id)
    return redirect(following, code=303)


def _looked_at(submission_id: int, words: str) -> LookedAt | None:
    """Remarks on an answer that could be sent; one that is refused anyway gets the refusal."""
    found = card(db(), actor(), submission_id)
    if not found.is_open or request.form.get("version") != str(found.version) or len(words) > decide.WORDS_MAX:
        return None
    lexicon = lexicon_of(wiring().taxonomy)
    about = [found.text[one.start : one.end] for one in demands_in(found.text, lexicon)]
    return look_at(words, lambda draft: check_reply(draft, about, lexicon))


def card_page(submission_id: int, *, error: DomainError | None = None, looked_at: LookedAt | None = None) -> Page:
    """One card, with what was typed and refused."""
    found = card(db(), actor(), submission_id)
    search = request.args.get("q", "")[:60].replace("\x00", "")
    if found.channel is Channel.IMPORT:
        return imported_page(found, search=search, undo=_undo(), error=error)
    now = wiring().clock.now()
    page = render_template(
        "member/card.html",
        card=found,
        error=error,
        typed=request.form if error is not None or looked_at is not None else words_started(),
        looked_at=looked_at,
        reasons=DECLINE_WORDS,
        groups=wiring().taxonomy.groups,
        search=search,
        topics=joinable_topics(db(), actor(), words=search, limit=TOPICS_OFFERED) if found.is_open else (),
        lately=lately(db(), found.suggestion.topic_id, since=now - LATELY) if found.suggestion and not found.suggestion.is_new else 0,
        lately_days=LATELY.days,
        work=workload(db(), actor(), at=now),
        undo=_undo(),
        open_panel="answer" if looked_at is not None else _panel(error) if error is not None else request.args.get("panel", ""),
        skipped=_skipped(),
        came_from=request.args.get("after", ""),
    )
    if looked_at is not None:
        return page, 422
    return (page, status_of(error)) if error is not None else page


def _panel(error: DomainError) -> str:
    """Which folded form the refused decision came from, so that what was typed is in sight; none for one tap that nothing can mend."""
    return "" if getattr(error, "field", None) is None and "quick" in request.form else request.path.rsplit("/", 1)[-1]


def _undo() -> LastDecision | None:
    wired = wiring()
    return last_decision(db(), actor(), at=wired.clock.now(), undo_seconds=wired.settings.undo_seconds)


def _skipped() -> list[int]:
    """The cards this person has just passed over; the newest fifty, so that the address stays short."""
    return [whole_number(raw) for raw in request.args.getlist("skip")[-50:]]


def _done() -> str | None:
    done = request.args.get("done", "")
    return done if done.isdecimal() else None

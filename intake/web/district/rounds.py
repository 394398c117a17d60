"""集中公布: rounds of screening decisions, what one holds, and the day on which everybody will know."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.language.reply_gate import check_reason
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.queries.screening_round import (
    OpenRound,
    RoundDetail,
    WaitingDecision,
    draft_of,
    drafted_among,
    open_rounds,
    round_detail,
    round_of_draft,
)
from intake.queries.screening_round import rounds as rounds_of
from intake.queries.topic_board import TopicRow
from intake.services import screening_round
from intake.services.screening_round import NAME_MAX, Drafting, RoundFacts, Rounding
from intake.services.topic_screen import SCREENING
from intake.web.asked import day_sent, sent, typed, version_sent
from intake.web.errors import status_of
from intake.web.guard import actor, current_actor, requires
from intake.web.language import translate as _
from intake.web.reply_check import LookedAt, look_at
from intake.web.unit_of_work import db, wiring

screening = Blueprint("screening", __name__, url_prefix="/d/rounds")

Page = str | Response | tuple[str, int]
USUAL_HOUR = "09:00"


@screening.app_template_global("open_rounds")
def offered_rounds() -> tuple[OpenRound, ...]:
    """Rounds that a decision may be put into, for the deciding form; none for who doesn't screen."""
    who = current_actor()
    return open_rounds(db(), who, at=wiring().clock.now()) if who is not None else ()


@screening.app_template_global("draft_of")
def waiting_for(topic_id: int) -> WaitingDecision | None:
    """The decision that waits for the topic to be published; None for everybody who doesn't screen it."""
    who = current_actor()
    return draft_of(db(), who, topic_id) if who is not None else None


@screening.app_template_global("drafted_in")
def drafted_in(rows: Iterable[TopicRow]) -> frozenset[int]:
    """Those of the topics that are decided and wait to be published; one question for a whole column, none for an empty one."""
    ids, who = [row.id for row in rows], current_actor()
    return drafted_among(db(), ids) if ids and who is not None and who.may(Permission.SCREEN_DECIDE) else frozenset()


@screening.get("")
@requires(Permission.SCREEN_DECIDE)
def rounds() -> Page:
    """The district's rounds, the latest first."""
    after = request.args.get("after", "")
    return render_template("rounds/index.html", page=rounds_of(db(), actor(), after=after), after=after)


@screening.get("/new")
@requires(Permission.SCREEN_DECIDE)
def new() -> Page:
    """An empty form."""
    return _form({"hour": USUAL_HOUR})


@screening.post("/new")
@requires(Permission.SCREEN_DECIDE)
def create() -> Page:
    """Make a round and lead to its page."""
    try:
        made = screening_round.create_round(db(), _facts(), actor=actor(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _form(typed(), error=error)
    return redirect(url_for("screening.round_page", round_id=made.id, done="created"), code=303)


@screening.get("/<int:round_id>")
@requires(Permission.SCREEN_DECIDE)
def round_page(round_id: int) -> Page:
    """What it holds, by what is decided, with the words as residents will read them."""
    return _show(round_id)


@screening.post("/<int:round_id>/change")
@requires(Permission.SCREEN_DECIDE)
def change(round_id: int) -> Page:
    """Another name, day or hour."""
    return _step(round_id, lambda: screening_round.change_round(db(), _rounding(round_id), _facts()), done="changed")


@screening.post("/<int:round_id>/publish")
@requires(Permission.SCREEN_DECIDE)
def publish(round_id: int) -> Page:
    """Everybody is to know now."""
    return _step(round_id, lambda: screening_round.publish_now(db(), _rounding(round_id)), done="publishing")


@screening.post("/<int:round_id>/cancel")
@requires(Permission.SCREEN_DECIDE)
def cancel(round_id: int) -> Page:
    """Nobody will know; the topics wait as before."""
    return _step(round_id, lambda: screening_round.cancel_round(db(), _rounding(round_id)), done="cancelled")


@screening.post("/drafts/<int:draft_id>/words")
@requires(Permission.SCREEN_DECIDE)
def change_words(draft_id: int) -> Page:
    """Other words for the residents, looked at like those of any decision."""
    round_id = round_of_draft(db(), actor(), draft_id)
    looked_at = look_at(sent("words"), check_reason)
    if looked_at is not None:
        return _show(round_id, typed_in=draft_id, looked_at=looked_at), 422
    return _step(
        round_id, lambda: screening_round.change_words(db(), _drafting(draft_id), words=sent("words")), done="words", typed_in=draft_id
    )


@screening.post("/drafts/<int:draft_id>/back")
@requires(Permission.SCREEN_DECIDE)
def take_back(draft_id: int) -> Page:
    """The topic waits for a decision as before."""
    round_id = round_of_draft(db(), actor(), draft_id)
    return _step(round_id, lambda: screening_round.take_draft_back(db(), _drafting(draft_id)), done="back")


def _step(round_id: int, step: Callable[[], object], *, done: str, typed_in: int = 0) -> Page:
    try:
        step()
    except DomainError as error:
        db().rollback()
        return _show(round_id, error=error, typed_in=typed_in), status_of(error)
    return redirect(url_for("screening.round_page", round_id=round_id, done=done), code=303)


def _rounding(round_id: int) -> Rounding:
    return Rounding(actor=actor(), round_id=round_id, version=version_sent(), at=wiring().clock.now())


def _drafting(draft_id: int) -> Drafting:
    return Drafting(actor=actor(), draft_id=draft_id, version=version_sent(), at=wiring().clock.now())


def _facts() -> RoundFacts:
    """Day and hour are Shanghai's."""
    day, hour = day_sent("day"), _hour_sent("hour")
    return RoundFacts(name=sent("name"), publish_at=datetime.combine(day, hour, tzinfo=SHANGHAI) if day and hour else None)


def _hour_sent(name: str) -> time | None:
    """As browsers send it (09:00); None for anything else."""
    raw = request.form.get(name, "")
    try:
        return time.fromisoformat(raw) if len(raw) == 5 else None
    except ValueError:
        return None


def _form(values: Mapping[str, str], *, error: DomainError | None = None) -> Page:
    page = render_template("rounds/new.html", values=values, error=error, name_max=NAME_MAX)
    return (page, status_of(error)) if error is not None else page


def _stored(found: RoundDetail) -> dict[str, str]:
    local = found.row.publish_at.astimezone(SHANGHAI)
    return {"name": found.row.name, "day": local.date().isoformat(), "hour": f"{local:%H:%M}"}


def _show(round_id: int, *, error: DomainError | None = None, typed_in: int = 0, looked_at: LookedAt | None = None) -> str:
    """`typed_in` is the draft whose words were being changed."""
    found = round_detail(db(), actor(), round_id, at=wiring().clock.now())
    moving = error is not None and request.endpoint == "screening.change"
    done = {
        "created": _("已建好。在议题筛选里作决定时，选这一轮。"),
        "changed": _("已保存。"),
        "publishing": _("已公布，每位反映过的居民都能在回执上看到。")
        if not found.failed
        else _("公布了 %(made)s 个；另有 %(failed)s 个没有公布成，原因在下面。", made=found.row.made, failed=found.row.failed),
        "cancelled": _("已取消。这些议题还等着决定，居民什么也不知道。"),
        "words": _("话已改好。"),
        "back": _("已收回。这个议题还等着决定。"),
    }.get(request.args.get("done", ""), "")
    return render_template(
        "rounds/round.html",
        found=found,
        values=typed() if moving else _stored(found),
        moving=moving,
        actions_in_order=SCREENING,
        typed_in=typed_in,
        typed_words=sent("words") if typed_in else "",
        looked_at=looked_at,
        name_max=NAME_MAX,
        error=error,
        done=done if error is None else "",
    )

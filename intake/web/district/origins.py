"""六途径来题 on the desk: how topics come in by each route, what is registered by hand, and what was."""

from collections.abc import Mapping
from datetime import date, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.permission import Permission
from intake.domain.topic import Route, TopicState
from intake.domain.topic_origin import ADDRESS_MAX, BODY_MAX, BY_HAND, HOW, NUMBER_MAX, PLACE_MAX
from intake.domain.working_days import SHANGHAI
from intake.queries.area import area_choices
from intake.queries.registered_alike import Alike, alike
from intake.queries.topic_origin import Origin, came_by_route, origin_of, origins_of, registered
from intake.services.topic_open import TITLE_MAX
from intake.services.topic_origin import OriginFacts, check_facts, register, registered_before
from intake.web.asked import count_sent, day_sent, id_asked, id_sent, one_of, sent, typed
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.once import fresh, nonce_of
from intake.web.unit_of_work import db, wiring

origins = Blueprint("origins", __name__, url_prefix="/d/origins")

Page = str | Response | tuple[str, int]
LONGEST = 40_000
"""Far more than is taken, so that what is too long comes back whole."""


@origins.get("")
@requires(Permission.TOPIC_REGISTER)
def index() -> Page:
    """The six routes with this year's topics, and what was registered by hand, the newest first."""
    route, after, today = one_of(Route, request.args.get("route", "")), request.args.get("after", ""), _today()
    return render_template(
        "origins/index.html",
        counts=came_by_route(db(), actor(), since=datetime(today.year, 1, 1, tzinfo=SHANGHAI)),
        all_states=tuple(TopicState),
        how=HOW,
        by_hand=BY_HAND,
        year=today.year,
        page=registered(db(), actor(), route=route, after=after),
        route=route,
        after=after,
        done=_("已登记，正在筛选。") if id_asked("done") else "",
        made=id_asked("done"),
    )


@origins.get("/new")
@requires(Permission.TOPIC_REGISTER)
def new() -> Page:
    """An empty form for `?route=`."""
    route = one_of(Route, request.args.get("route", ""))
    if route not in BY_HAND:
        return redirect(url_for("origins.index"), code=303)
    return form_page(route, {})


@origins.post("/new")
@requires(Permission.TOPIC_REGISTER)
def create() -> Page:
    """Register it; what may be the same matter is pointed out first, and can be registered all the same.

    The same form sent twice leads to the same topic.
    """
    route = one_of(Route, request.form.get("route", ""))
    if route is None:
        return redirect(url_for("origins.index"), code=303)
    try:
        facts = _facts(route)
        nonce, at = nonce_of(facts), wiring().clock.now()
        made = registered_before(db(), nonce)
        if made is None:
            check_facts(db(), actor=actor(), facts=facts, at=at)
            found = _alike(facts)
            if found:
                return form_page(route, typed(longest=LONGEST), found=found)
        topic = made or register(db(), actor=actor(), facts=facts, nonce=nonce, at=at)
    except DomainError as error:
        db().rollback()
        return form_page(route, typed(longest=LONGEST), error=error)
    return redirect(url_for("origins.index", done=topic.id), code=303)


@origins.app_template_global("origins_of")
def _origins_of(topic_id: int) -> tuple[Origin, ...]:
    """For a topic's page: where it came from, and what was merged into it."""
    return origins_of(db(), topic_id)


@origins.app_template_global("origin_of")
def _origin_of(topic_id: int) -> Origin | None:
    """Where a topic came from, for the page that shows it; None where residents' messages opened it."""
    return origin_of(db(), topic_id)


def form_page(route: Route, values: Mapping[str, str], *, found: tuple[Alike, ...] = (), error: DomainError | None = None) -> Page:
    """The form of a route with what was typed, and what may be the same matter."""
    page = render_template(
        "origins/new.html",
        route=route,
        how=HOW,
        values=values,
        once=values.get("once") or fresh(),
        found=found,
        error=error,
        areas=area_choices(db(), actor(), Permission.TOPIC_REGISTER),
        groups=wiring().taxonomy.groups,
        today=_today(),
        title_max=TITLE_MAX,
        body_max=BODY_MAX,
        number_max=NUMBER_MAX,
        address_max=ADDRESS_MAX,
        place_max=PLACE_MAX,
    )
    return (page, status_of(error)) if error is not None else page


def _alike(facts: OriginFacts) -> tuple[Alike, ...]:
    """What may be the same matter; nothing where it was looked at already."""
    if request.form.get("checked") == "1":
        return ()
    address = "".join(facts.source_address.split())
    return alike(db(), actor(), area_id=facts.area_id, title=facts.title, words=facts.words, address=address)


def _today() -> date:
    return wiring().clock.now().astimezone(SHANGHAI).date()


def _facts(route: Route) -> OriginFacts:
    code = sent("category", longest=80)
    return OriginFacts(
        route=route,
        title=sent("title"),
        area_id=id_sent("area") or 0,
        category=code if code in {one.code for one in wiring().taxonomy.categories} else None,
        words=sent("words", longest=LONGEST),
        body=sent("body"),
        document_number=sent("document_number"),
        received_on=day_sent("received_on"),
        place=sent("place"),
        homes=count_sent("homes"),
        source_address=sent("source_address"),
    )

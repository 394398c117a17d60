"""两委找题: what a community office found goes to the district's staff as a candidate topic, and what became of it."""

from flask import redirect, render_template, request, url_for

from intake.domain.errors import DomainError, InvalidInput
from intake.domain.permission import Permission
from intake.domain.topic import Route
from intake.domain.topic_origin import NAMED_MOST, OFFICES, PLACE_MAX
from intake.queries.area import area_choices
from intake.queries.registered_alike import Alike, own_alike
from intake.queries.topic_origin import own_filed, own_suggestions
from intake.services.topic_open import TITLE_MAX
from intake.services.topic_origin import OriginFacts, check_facts, register, registered_before
from intake.web.asked import count_sent, id_asked, id_sent, ids_sent, sent, typed
from intake.web.community.blueprint import Page, community
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.once import fresh, nonce_of
from intake.web.unit_of_work import db, wiring

LONGEST = 40_000
"""Far more than is taken, so that what is too long comes back whole."""


@community.get("/topics")
@requires(Permission.TOPIC_SUGGEST)
def suggest_topic() -> Page:
    """The form, and what one put up before with where it stands."""
    return _form()


@community.post("/topics")
@requires(Permission.TOPIC_SUGGEST)
def send_topic() -> Page:
    """Put it up; where one put up the like before, that is pointed out first. Whatever is wrong, everything typed stays.

    The same form sent twice leads to the same topic.
    """
    try:
        facts = _facts()
        nonce, at = nonce_of(facts), wiring().clock.now()
        made = registered_before(db(), nonce)
        if made is None:
            check_facts(db(), actor=actor(), facts=facts, at=at)
            found = own_alike(db(), actor(), title=facts.title) if request.form.get("checked") != "1" else ()
            if found:
                return _form(found=found)
        topic = made or register(db(), actor=actor(), facts=facts, nonce=nonce, at=at)
    except DomainError as error:
        db().rollback()
        return _form(error=error), status_of(error)
    return redirect(url_for("community.suggest_topic", done=topic.id, _anchor=f"t{topic.id}"), code=303)


def _facts() -> OriginFacts:
    area_id, office = id_sent("area") or 0, sent("office", longest=60)
    name = next((name.strip() for one, name in area_choices(db(), actor(), Permission.TOPIC_SUGGEST) if one == area_id), "")
    if office not in OFFICES:
        raise InvalidInput("请选是哪个组织提的。", field="office")
    return OriginFacts(
        route=Route.COMMUNITIES,
        title=sent("title"),
        area_id=area_id,
        category=None,
        words=sent("words", longest=LONGEST),
        body=f"{name}{office}",
        place=sent("place"),
        homes=count_sent("homes"),
        submission_ids=ids_sent("submissions"),
    )


def _form(*, found: tuple[Alike, ...] = (), error: DomainError | None = None) -> str:
    areas, after = area_choices(db(), actor(), Permission.TOPIC_SUGGEST), request.args.get("after", "")
    is_back = error is not None or bool(found)
    return render_template(
        "community/suggest.html",
        areas=areas,
        offices=OFFICES,
        typed=typed(longest=LONGEST) if is_back else {},
        once=(typed().get("once") if is_back else "") or fresh(),
        named=request.form.getlist("submissions") if is_back else [],
        filed=own_filed(db(), actor(), limit=NAMED_MOST),
        found=found,
        page=own_suggestions(db(), actor(), after=after),
        after=after,
        done=_("已交给区政协，办到哪一步写在下面。") if id_asked("done") and not is_back else "",
        title_max=TITLE_MAX,
        place_max=PLACE_MAX,
        error=error,
    )

"""What everybody may read without signing in: the front door, a place's page, a topic's page; and the health checks.

Nothing here shows what named staff didn't release (先审后发). Answers to people who aren't signed in may be kept for a minute by browsers
and caches, so what is withdrawn is gone everywhere within one.
"""

from dataclasses import dataclass

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from sqlalchemy import text
from werkzeug.wrappers import Response

from intake.domain.errors import NotFound
from intake.domain.release import KIND_NAMES, ReleaseKind
from intake.queries.point import point_by_code
from intake.queries.public_page import (
    Crumb,
    Heard,
    PublicArea,
    Section,
    counts,
    districts,
    entries_of_kind,
    heard,
    listening,
    public_area,
    public_topic,
    sections,
)
from intake.web.errors import status_of
from intake.web.footer import belongs_to
from intake.web.guard import anonymous_form, open_to_all
from intake.web.language import PREFERENCES
from intake.web.remembered import Remembered
from intake.web.unit_of_work import db, wiring
from intake.web.wechat_accounts import inside_wechat

public = Blueprint("public", __name__)

CACHE_SECONDS = 60
"""How long others may keep a page: what is withdrawn may be seen this long, as staff are told (web/district/releases.py)."""
COUNT_SECONDS = 300
"""How old the number of submissions may be: counting reads every row of the district, once for the pages of all its areas."""
LATEST = 3


@dataclass(frozen=True, slots=True)
class Front:
    """What the front door shows of the district, where there is only one; else the districts to choose from."""

    area: PublicArea | None
    sections: tuple[Section, ...]
    districts: tuple[Crumb, ...]


@public.record_once
def _remember(state: BlueprintSetupState) -> None:
    state.app.extensions["heard"] = Remembered[Heard](seconds=COUNT_SECONDS)


@public.get("/")
@open_to_all
def home() -> Response:
    """Type the code from the poster, find a receipt, sign in; what the district works on, and its places."""
    return _cacheable(render_template("public/home.html", front=_front(), kinds=KIND_NAMES, error=None, code=""))


@public.post("/")
@anonymous_form
def enter() -> Response | tuple[str, int]:
    """The poster's short code leads to its form."""
    typed = "".join(request.form.get("code", "").split()).lower()[:40]
    if not typed.isalnum() or point_by_code(db(), typed) is None:
        error = NotFound("没有这个编码，请对着海报再看一遍。字母不分大小写。")
        return render_template("public/home.html", front=_front(), kinds=KIND_NAMES, error=error, code=typed), status_of(error)
    return redirect(url_for("resident.form", code=typed), code=303)


@public.get("/c/<int:area_id>")
@open_to_all
def area(area_id: int) -> Response:
    """A district, a street or a community: what is in hand, what was decided and why, what came of it; who listens, how to say something."""
    found = public_area(db(), area_id)
    belongs_to(found.district_id)
    kind = next((one for one in ReleaseKind if one.value == request.args.get("kind")), None)
    if kind is not None:
        after = request.args.get("after", "")
        page = entries_of_kind(db(), found, kind, after=after)
        return _cacheable(render_template("public/entries.html", area=found, kind=kind, kinds=KIND_NAMES, page=page, after=after))
    memory: Remembered[Heard] = current_app.extensions["heard"]
    of_each = memory.get(found.district_id, lambda: heard(db(), found.district_id), at=wiring().clock.now())
    return _cacheable(
        render_template(
            "public/area.html",
            area=found,
            sections=sections(db(), found, each=LATEST),
            kinds=KIND_NAMES,
            counts=counts(found, of_each),
            listening=listening(db(), found),
        )
    )


@public.get("/t/<number>")
@open_to_all
def topic(number: str) -> Response:
    """Everything released of one topic, step by step; one of which nothing is released is as unknown as any other."""
    typed = number.upper()[:40]
    found = public_topic(db(), typed if typed.isascii() and typed.isprintable() else "")
    belongs_to(found.district_id)
    return _cacheable(render_template("public/topic.html", topic=found, kinds=KIND_NAMES))


@public.get("/healthz")
@open_to_all
def alive() -> tuple[str, int, dict[str, str]]:
    """The process answers."""
    return "ok", 200, {"Content-Type": "text/plain"}


@public.get("/readyz")
@open_to_all
def ready() -> tuple[str, int, dict[str, str]]:
    """The database answers; the queue is reported, not required."""
    db().execute(text("SELECT 1"))
    queue = "ok" if _queue_answers() else "away"
    return f"database ok\nqueue {queue}\n", 200, {"Content-Type": "text/plain"}


def _front() -> Front:
    found = districts(db())
    if len(found) != 1:
        return Front(area=None, sections=(), districts=found)
    only = public_area(db(), found[0].id)
    belongs_to(only.district_id)
    return Front(area=only, sections=sections(db(), only, each=LATEST), districts=found)


def _cacheable(page: str) -> Response:
    """`page` for everybody's caches, with a tag of its content; for somebody who may be signed in, or just chose a language, for nobody's."""
    response = make_response(page)
    # The page is in the language and size that cookies ask for.
    response.vary.add("Cookie")
    signed_in = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    if not signed_in and not PREFERENCES.keys() & request.args.keys():
        # Inside WeChat it may offer the scanner: that is no page for others' caches.
        response.headers["Cache-Control"] = f"{'private' if inside_wechat() else 'public'}, max-age={CACHE_SECONDS}"
        response.add_etag()
        response.make_conditional(request)
    return response


def _queue_answers() -> bool:
    return wiring().queue_answers()

"""What everybody may read without signing in: the front door, a place's page, a topic's page; and the health checks.

Nothing here shows what named staff didn't release (先审后发). Answers to people who aren't signed in may be kept for a minute by browsers
and caches, so what is withdrawn is gone everywhere within one.
"""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response

from intake.domain.errors import NotFound
from intake.domain.release import KIND_NAMES, PHOTO_SIDE_NAMES, ReleaseKind
from intake.queries.point import point_by_code
from intake.queries.public_page import (
    Crumb,
    PublicArea,
    Section,
    counts,
    districts,
    entries_of_kind,
    listening,
    public_area,
    public_topic,
    sections,
)
from intake.queries.public_photo import photos_of
from intake.web.errors import status_of
from intake.web.footer import belongs_to
from intake.web.guard import anonymous_form, open_to_all
from intake.web.public import card, cases, feeds, map, open_data, robots, search  # noqa: A004 -- the module's noun
from intake.web.public.blueprint import public
from intake.web.public.caching import cacheable
from intake.web.public.heard import heard_in
from intake.web.unit_of_work import db, wiring

__all__ = ["card", "cases", "feeds", "map", "open_data", "public", "robots", "search"]

LATEST = 3


@dataclass(frozen=True, slots=True)
class Front:
    """What the front door shows of the district, where there is only one; else the districts to choose from."""

    area: PublicArea | None
    sections: tuple[Section, ...]
    districts: tuple[Crumb, ...]


@public.get("/")
@open_to_all
def home() -> Response:
    """Type the code from the poster, find a receipt, sign in; what the district works on, and its places."""
    return cacheable(render_template("public/home.html", front=_front(), kinds=KIND_NAMES, error=None, code=""))


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
        return cacheable(render_template("public/entries.html", area=found, kind=kind, kinds=KIND_NAMES, page=page, after=after))
    return cacheable(
        render_template(
            "public/area.html",
            area=found,
            sections=sections(db(), found, each=LATEST),
            kinds=KIND_NAMES,
            counts=counts(found, heard_in(found.district_id)),
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
    photos = photos_of(db(), [one.id for one in found.entries])
    return cacheable(render_template("public/topic.html", topic=found, photos=photos, kinds=KIND_NAMES, sides=PHOTO_SIDE_NAMES))


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


def _queue_answers() -> bool:
    return wiring().queue_answers()

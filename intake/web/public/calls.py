"""公开征题 for everybody: all calls, and those that run just now on the pages of the places they ask."""

from flask import Flask, current_app, render_template, request
from werkzeug.wrappers import Response

from intake.queries.open_call import CallEntry, public_calls, running_calls, today_at
from intake.queries.public_page import PublicArea
from intake.web.guard import open_to_all
from intake.web.public.blueprint import public
from intake.web.public.caching import CACHE_SECONDS, cacheable
from intake.web.remembered import Remembered
from intake.web.unit_of_work import db, wiring

EVERYWHERE = "/"
"""The path that all others begin with."""


def init_running_calls(app: Flask) -> None:
    """The memory of this application, and `running_calls(area)` for templates."""
    app.extensions["running_calls"] = Remembered[tuple[CallEntry, ...]](seconds=CACHE_SECONDS)
    app.jinja_env.globals["running_calls"] = _running


@public.get("/calls")
@open_to_all
def calls() -> Response:
    """Running, coming, over and told, the latest first; keyset pages."""
    after = request.args.get("after", "")
    page = public_calls(db(), today=today_at(wiring().clock.now()), after=after)
    return cacheable(render_template("public/calls.html", page=page, after=after))


def _running(area: PublicArea | None) -> tuple[CallEntry, ...]:
    """The latest few that ask the people of `area`, or anybody; at most a minute old."""
    path, at = area.path if area is not None else EVERYWHERE, wiring().clock.now()
    memory: Remembered[tuple[CallEntry, ...]] = current_app.extensions["running_calls"]
    return memory.get(path, lambda: running_calls(db(), area_path=path, today=today_at(at)), at=at)

"""The front door for those who type a code instead of scanning it, and the health checks."""

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response

from intake.domain.errors import NotFound
from intake.queries.point import point_by_code
from intake.web.errors import status_of
from intake.web.guard import anonymous_form, open_to_all
from intake.web.unit_of_work import db, wiring

public = Blueprint("public", __name__)


@public.get("/")
@open_to_all
def home() -> str:
    """Type the code from the poster, find a receipt, or sign in."""
    return render_template("public/home.html", error=None, code="")


@public.post("/")
@anonymous_form
def enter() -> Response | tuple[str, int]:
    """The poster's short code leads to its form."""
    typed = "".join(request.form.get("code", "").split()).lower()[:40]
    if not typed.isalnum() or point_by_code(db(), typed) is None:
        error = NotFound("没有这个编码，请对着海报再看一遍。字母不分大小写。")
        return render_template("public/home.html", error=error, code=typed), status_of(error)
    return redirect(url_for("resident.form", code=typed), code=303)


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


def _queue_answers() -> bool:
    return wiring().queue_answers()

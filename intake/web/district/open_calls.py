"""公开征题 on the desk: asked, changed while nobody has read it, published, closed, and told what became of it."""

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from intake.domain.errors import DomainError
from intake.domain.open_call import BACKGROUND_MAX, QUESTION_MAX, RESULT_MAX, TITLE_MAX, OpenCallState
from intake.domain.permission import Permission
from intake.domain.poster_batch import FORMAT_NAMES
from intake.queries.area import area_choices
from intake.queries.entity_history import entity_history
from intake.queries.open_call import CallDetail, call_detail, calls_in_reach, today_at
from intake.services.open_call import CallFacts, Calling, close_call, create_call, edit_call, publish_call, report_call
from intake.web.asked import day_sent, id_asked, id_sent, sent, typed, version_sent, words_asked
from intake.web.errors import status_of
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring
from qr_assets.code import code_svg

open_calls = Blueprint("open_calls", __name__, url_prefix="/d/calls")

Page = str | Response | tuple[str, int]


@open_calls.get("")
@requires(Permission.OPEN_CALL_MANAGE)
def index() -> Page:
    """Calls within reach, the latest first."""
    words, after = words_asked(), request.args.get("after", "")
    page = calls_in_reach(db(), actor(), words, today=today_at(wiring().clock.now()), after=after)
    return render_template("district/open_calls.html", page=page, words=words, after=after)


@open_calls.get("/new")
@requires(Permission.OPEN_CALL_MANAGE)
def new() -> Page:
    """An empty form; it begins today."""
    today = today_at(wiring().clock.now())
    return _form({"opens_on": today.isoformat(), "area": str(id_asked("area") or "")})


@open_calls.post("/new")
@requires(Permission.OPEN_CALL_MANAGE)
def create() -> Page:
    """Keep it as a draft and lead to its page."""
    try:
        call = create_call(db(), _facts(), actor=actor(), at=wiring().clock.now())
    except DomainError as error:
        db().rollback()
        return _form(typed(longest=BACKGROUND_MAX + 100), error=error)
    return redirect(url_for("open_calls.show", call_id=call.id, done="created"), code=303)


@open_calls.get("/<int:call_id>")
@requires(Permission.OPEN_CALL_MANAGE)
def show(call_id: int) -> Page:
    """The question, its code and poster, what came in, and the next step."""
    return _show(call_id)


@open_calls.get("/<int:call_id>/edit")
@requires(Permission.OPEN_CALL_MANAGE)
def edit(call_id: int) -> Page:
    """The draft with what stands there now."""
    found = _detail(call_id)
    if found.row.state is not OpenCallState.DRAFT:
        return redirect(url_for("open_calls.show", call_id=call_id), code=303)
    return _form(_stored(found), call=found)


@open_calls.post("/<int:call_id>/edit")
@requires(Permission.OPEN_CALL_MANAGE)
def change(call_id: int) -> Page:
    """Save the draft."""
    try:
        edit_call(db(), _calling(call_id), _facts())
    except DomainError as error:
        db().rollback()
        return _form(typed(longest=BACKGROUND_MAX + 100), call=_detail(call_id), error=error)
    return redirect(url_for("open_calls.show", call_id=call_id, done="changed"), code=303)


@open_calls.post("/<int:call_id>/publish")
@requires(Permission.OPEN_CALL_MANAGE)
def publish(call_id: int) -> Page:
    """Everybody reads it."""
    return _step(call_id, lambda: publish_call(db(), _calling(call_id)), done="published")


@open_calls.post("/<int:call_id>/close")
@requires(Permission.OPEN_CALL_MANAGE)
def close(call_id: int) -> Page:
    """It takes nothing more."""
    return _step(call_id, lambda: close_call(db(), _calling(call_id)), done="closed")


@open_calls.post("/<int:call_id>/report")
@requires(Permission.OPEN_CALL_MANAGE)
def report(call_id: int) -> Page:
    """Tell what came in and what became of it."""
    words = sent("words", longest=RESULT_MAX + 100)
    return _step(call_id, lambda: report_call(db(), _calling(call_id), words=words), done="reported")


def _step(call_id: int, step: Callable[[], None], *, done: str) -> Page:
    try:
        step()
    except DomainError as error:
        db().rollback()
        return _show(call_id, error=error)
    return redirect(url_for("open_calls.show", call_id=call_id, done=done), code=303)


def _calling(call_id: int) -> Calling:
    return Calling(actor=actor(), call_id=call_id, version=version_sent(), at=wiring().clock.now())


def _facts() -> CallFacts:
    return CallFacts(
        title=sent("title"),
        question=sent("question"),
        background=sent("background", longest=BACKGROUND_MAX + 100),
        area_id=id_sent("area") or 0,
        opens_on=day_sent("opens_on"),
        closes_on=day_sent("closes_on"),
    )


def _stored(found: CallDetail) -> dict[str, str]:
    row = found.row
    return {
        "title": row.title,
        "question": found.question,
        "background": found.background,
        "area": str(found.area_id),
        "opens_on": row.opens_on.isoformat(),
        "closes_on": row.closes_on.isoformat(),
    }


def _detail(call_id: int) -> CallDetail:
    return call_detail(db(), actor(), call_id, today=today_at(wiring().clock.now()))


def _form(values: Mapping[str, str], *, call: CallDetail | None = None, error: DomainError | None = None) -> Page:
    page = render_template(
        "district/open_call_form.html",
        values=values,
        call=call,
        error=error,
        areas=area_choices(db(), actor(), Permission.OPEN_CALL_MANAGE),
        title_max=TITLE_MAX,
        question_max=QUESTION_MAX,
    )
    return (page, status_of(error)) if error is not None else page


def _show(call_id: int, *, error: DomainError | None = None) -> Page:
    found = _detail(call_id)
    address = f"{wiring().settings.base_url}/p/{found.point_code}"
    done = {
        "created": _("已存为草稿。再看一遍，可以先打印海报，再发布。"),
        "changed": _("已保存。"),
        "published": _("已发布。到了第一天，大家扫码就能说。"),
        "closed": _("已截止。看过大家说的，请写明结果。"),
        "reported": _("结果已公开，扫这个码的人都能看到。"),
    }.get(request.args.get("done", ""), "")
    page = render_template(
        "district/open_call.html",
        call=found,
        address=address,
        picture=Markup(code_svg(address, label=_("二维码"))),  # noqa: S704 -- drawn by ourselves from an address of ours
        history=entity_history(db(), district_id=actor().district_id or 0, noun="open_call", entity_id=call_id),
        formats=FORMAT_NAMES,
        words=sent("words", longest=RESULT_MAX + 100) if error is not None else "",
        error=error,
        done=done if error is None else "",
    )
    return (page, status_of(error)) if error is not None else page

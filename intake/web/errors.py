"""DomainError → response, in one place; what the person typed is kept on the page."""

import traceback

import structlog
from flask import Flask, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from intake.domain.errors import Conflict, DomainError, Expired, Forbidden, InvalidInput, NotFound, PointClosed, SignedOut, TooMany

log = structlog.get_logger(__name__)

STATUS: dict[type[DomainError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Forbidden: 403,
    SignedOut: 401,
    Conflict: 409,
    TooMany: 429,
    Expired: 410,
    PointClosed: 409,
}
"""The HTTP status of each refusal; subclasses share their parent's."""

CARRIED_FIELDS = ("key", "draft", "seen", "c", "pass_on", "told")
"""What goes along unseen when a resident's form is sent again."""
KEPT_FIELDS = (
    "text",
    "place",
    "contact",
    "words",
    "title",
    "note",
    "duty",
    "question",
    "background",
    "concerns",
    "problem",
    "basis",
    "request",
    "source_address",
    "document_number",
)
"""What a person may have typed and must not lose."""

STALE = "这一页打开得太久，请刷新后再提交。您写的内容在下面。"
"""For a token that is no longer, or another session's."""

_PLAIN = {
    400: "请求不完整，请退回上一页再试。",
    403: "这一页没有对您开放。",
    404: "没有找到这一页。可能网址抄错了，或者内容已经移走。",
    405: "这一页不能这样打开。",
    413: "内容太大了。文字最多 5000 个字，请留下最要紧的。",
    429: "试的次数太多了，请过一会儿再来。",
}


_HEADLINES = {
    400: "这一页没有收全",
    401: "请先登录",
    403: "这一页没有对您开放",
    404: "没有找到",
    409: "刚才有变化",
    410: "已经过期",
    413: "内容太大了",
    429: "请歇一会儿再试",
    503: "系统正忙",
}


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal."""
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)


def error_page(status: int, message: str) -> tuple[str, int]:
    """The plain page for `status`, with what was typed; people at the desk see it inside the desk."""
    kept = {name: value for name in KEPT_FIELDS if (value := _form_value(name))}
    # The resident's own form can be sent again from here with its key, and the draft of the chat: the same words make the same submission.
    is_form = status >= 500 and request.endpoint == "resident.send"
    carried = {name: value for name in CARRIED_FIELDS if (value := _form_value(name))} if is_form else {}
    return render_template(
        "_shell/error.html", status=status, headline=_HEADLINES.get(status, "没有成功"), message=message, kept=kept, carried=carried
    ), status


def too_large() -> tuple[str, int]:
    """The page for a body over the limit of its address."""
    return error_page(413, _PLAIN[413])


def _form_value(name: str) -> str:
    try:
        return request.form.get(name, "")[:20_000] if request.method == "POST" else ""
    except HTTPException:
        return ""  # the body itself was the error


def unavailable(error: Exception) -> tuple[str, int, dict[str, str]]:
    """The page for a database that is away: what was typed is kept, and sending it again with the same key is harmless."""
    cause = getattr(error, "orig", None)
    name = getattr(getattr(cause, "diag", None), "constraint_name", None)
    log.error(
        "database_unavailable",
        error=type(error).__name__,
        sqlstate=getattr(cause, "sqlstate", None),
        constraint=name,
        route=str(request.url_rule),
        frames=_frames(error),
    )
    session = g.pop("db", None)
    if session is not None:
        session.close()
    page, status = error_page(503, "系统正忙，您写的内容还在下面，没有丢。请过半分钟再按一次提交。")
    return page, status, {"Retry-After": "30"}


def note_broken(error: Exception) -> None:
    """Log where something unexpected broke, not what it said: a message may quote what a resident wrote."""
    log.error("unhandled", error=type(error).__name__, route=str(request.url_rule), frames=_frames(error))


def _frames(error: Exception) -> list[str]:
    """Where it broke, our own lines alone: what SQLAlchemy and the driver did with it is the same each time."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or list(frames)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in own[-8:]]


def init_errors(app: Flask) -> None:
    """Install the handlers."""

    @app.errorhandler(DomainError)
    def refused(error: DomainError) -> tuple[str, int]:
        return error_page(status_of(error), error.message)

    @app.errorhandler(CSRFError)
    def forged(_error: CSRFError) -> tuple[str, int]:
        return error_page(400, STALE)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[str, int]:
        status = error.code or 500
        return error_page(status, _PLAIN.get(status, "出了点问题，请稍后再试。"))

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    @app.errorhandler(DBAPIError)
    @app.errorhandler(PendingRollbackError)  # a page went on without what had failed
    def database(error: Exception) -> tuple[str, int, dict[str, str]]:
        return unavailable(error)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> tuple[str, int]:
        note_broken(error)
        return error_page(500, "我们这边出了错，已经记下。您写的内容在下面，请稍后再试。")

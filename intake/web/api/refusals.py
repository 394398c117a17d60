"""DomainError → what a program reads: Open311's list of code and description, in the form that the address asks for."""

from flask import Response, request
from limits import parse
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from intake.domain.errors import DomainError, Forbidden, NotFound, TooMany
from intake.web.api.blueprint import api
from intake.web.api.formats import JSON, XML, answer
from intake.web.errors import note_broken, unavailable
from intake.web.labels import translated
from intake.web.unit_of_work import wiring

_STATUS: tuple[tuple[type[DomainError], int], ...] = ((NotFound, 404), (Forbidden, 403), (TooMany, 429))
"""Anything else is 400, which Open311 calls a general service error."""
_AWAY_SECONDS = 30


@api.errorhandler(DomainError)
def refused(error: DomainError) -> Response:
    """The sentence that a person would read; what was sent isn't repeated."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
    said = refusal(status, error.message)
    if status == 429:
        settings = wiring().settings
        said.headers["Retry-After"] = str(parse(settings.api_limit if request.method == "POST" else settings.api_read_limit).get_expiry())
    return said


@api.errorhandler(HTTPException)
def http(error: HTTPException) -> Response:
    """A body too large or cut off."""
    return refusal(error.code or 400, "请求不完整或太大，没有收下。")


@api.errorhandler(DBAPIError)
@api.errorhandler(PendingRollbackError)
@api.errorhandler(PoolTimeout)
def away(error: Exception) -> Response:
    """The database is away; sending the same again is harmless."""
    unavailable(error)
    said = refusal(503, "系统正忙，请过半分钟再发一次；同样的内容不会重复记下。")
    said.headers["Retry-After"] = str(_AWAY_SECONDS)
    return said


@api.errorhandler(Exception)
def broken(error: Exception) -> Response:
    """An error of ours; what went wrong isn't told."""
    note_broken(error)
    return refusal(500, "我们这边出了错，已经记下，请稍后再试。")


def refusal(status: int, sentence: str) -> Response:
    """One error."""
    form = XML if request.path.endswith(f".{XML}") else JSON
    return answer(form, "errors", [{"code": status, "description": translated(sentence)}], status=status)

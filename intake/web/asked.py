"""What a request asks for: search words, one of a table's choices, an id that may be missing."""

from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import request

from intake.domain.errors import InvalidInput
from intake.domain.text import clean
from intake.web.numbers import whole_number

Choice = TypeVar("Choice", bound=StrEnum)


def words_asked() -> str:
    """The search words of a list, at most 60 characters."""
    return request.args.get("q", "")[:60].replace("\x00", "").strip()


def one_of(choices: type[Choice], raw: str) -> Choice | None:
    """The member with this value; None for anything else, which in a filter means all."""
    return next((one for one in choices if one.value == raw), None)


def needed(choices: type[Choice], field: str) -> Choice:
    """The member a form chose; InvalidInput (that field) for anything else."""
    found = one_of(choices, request.form.get(field, ""))
    if found is None:
        raise InvalidInput("请先选一个再提交。", field=field)
    return found


def id_asked(name: str) -> int | None:
    """An id in the address; None where there is none that a row could have."""
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 19 else None


def id_sent(name: str) -> int | None:
    """An id chosen in a form; None where nothing was chosen, InvalidInput (that field) for what is no id."""
    raw = request.form.get(name, "")
    return whole_number(raw, field=name) if raw else None


def sent(name: str, *, longest: int = 2_000) -> str:
    """What was typed; the service says what is too long, this only keeps a flood away from it."""
    return request.form.get(name, "")[:longest]


def typed(*, longest: int = 2_000) -> dict[str, str]:
    """What was typed, to be shown again beside the error: characters that no page may hold are replaced."""
    return {name: clean(value[:longest]).text for name, value in request.form.items()}


def ids_sent(name: str) -> tuple[int, ...]:
    """Ids ticked in a form, each once; InvalidInput (that field) for what is no id."""
    return tuple(dict.fromkeys(whole_number(raw, field=name) for raw in request.form.getlist(name)))


def version_sent() -> int:
    """The version of the row on the person's screen."""
    return whole_number(request.form.get("version", ""))


def day_sent(name: str) -> date | None:
    """A day chosen in a form, as browsers send it (2026-11-20); None for anything else."""
    return _day(request.form.get(name, ""))


def day_asked(name: str) -> date | None:
    """A day in the address; None where there is none."""
    return _day(request.args.get(name, ""))


def _day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw) if len(raw) == 10 else None
    except ValueError:
        return None

"""What a request asks for: search words, one of a table's choices, an id that may be missing."""

from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import request

from intake.domain.errors import InvalidInput
from intake.domain.text import clean
from intake.web.numbers import whole_number

Choice = TypeVar("Choice", bound=StrEnum)


def wants_json() -> bool:
    """Whether a script of ours asks, not a person's browser."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


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


def ids_asked(name: str) -> tuple[int, ...]:
    """Ids in the address, each once; what is no id is passed over."""
    return tuple(dict.fromkeys(int(raw) for raw in request.args.getlist(name) if raw.isascii() and raw.isdecimal() and len(raw) < 19))


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


def count_sent(name: str) -> int | None:
    """A count that was typed, thousands marked or not; None where nothing was, InvalidInput (that field) for anything else."""
    raw = "".join(request.form.get(name, "")[:40].replace(",", "").replace("，", "").split())
    if not raw:
        return None
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 10):
        raise InvalidInput("请只写数字，例如 120；不知道就空着。", field=name)
    return int(raw)


def version_sent() -> int:
    """The version of the row on the person's screen."""
    return whole_number(request.form.get("version", ""))


def nonce_sent() -> bytes | None:
    """What a script marked one press with: 32 hex digits; None where there is none, InvalidInput for anything else."""
    raw = request.form.get("nonce", "")
    if not raw:
        return None
    if len(raw) != 32 or not set(raw) <= set("0123456789abcdef"):
        raise InvalidInput("这一步没有收全，没有记下。请刷新这一页再处理。")
    return bytes.fromhex(raw)


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

"""What a program asks for, checked: each refusal names the parameter and says what it may be."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from flask import request

from intake.domain.errors import InvalidInput, NotFound, TooMany
from intake.domain.position import Position
from intake.domain.projection import from_wgs84, lies_in_china
from intake.queries.public_page import districts
from intake.web.api_caller import key_caller
from intake.web.unit_of_work import db, wiring

MOST = 1_000
"""Matters in one answer; Open311's own bound."""
SPAN = timedelta(days=90)
"""The longest time that one question may cover; Open311's own bound."""
LAST_PAGE = 10_000
NUMBERS_MOST = 100
_DEGREES = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?", re.ASCII)
_YEARS = range(2000, 2100)

Choice = TypeVar("Choice", bound=StrEnum)


def brake() -> None:
    """TooMany when this address has read more than the settings allow."""
    if not wiring().limiter.hit(wiring().settings.api_read_limit, "api-read", request.remote_addr or ""):
        raise TooMany("读得太勤了，请按 Retry-After 说的秒数过后再来。")


def jurisdiction() -> int:
    """The district asked for: its number, or none at all where there is only one; the key's own, where a key came along.

    NotFound for another, InvalidInput where several could be meant.
    """
    found = jurisdiction_named()
    if found is not None:
        return found
    ids = _districts()
    if len(ids) > 1:
        named = "、".join(map(str, ids))
        raise InvalidInput(f"请在 jurisdiction_id 里写是哪个区：{named}。", field="jurisdiction_id")
    return ids[0]


def jurisdiction_named() -> int | None:
    """The same where it makes no difference: None where none was named, NotFound for another."""
    raw = request.values.get("jurisdiction_id", "").strip()
    if not raw:
        return None
    found = next((one for one in _districts() if str(one) == raw), None)
    if found is None:
        raise NotFound("没有这个 jurisdiction_id。")
    return found


def _districts() -> tuple[int, ...]:
    caller = key_caller()
    return (caller.district_id,) if caller is not None else tuple(one.id for one in districts(db()))


def several(name: str) -> tuple[str, ...]:
    """The values of a parameter that may be given many times or joined by commas, blanks cut; those that no row can hold are left out."""
    parts = [part.strip() for value in request.args.getlist(name) for part in value[:10_000].split(",")]
    return tuple(dict.fromkeys(part for part in parts if part and part.isascii() and part.isprintable()))[:NUMBERS_MOST]


def one_status(choices: type[Choice]) -> Choice | None:
    """The one status asked for; None for none or for all of them; InvalidInput for another word."""
    asked = {part.strip() for value in request.args.getlist("status") for part in value.split(",")} - {""}
    if not asked <= {one.value for one in choices}:
        raise InvalidInput("status 只能是 open 或 closed。", field="status")
    return choices(asked.pop()) if len(asked) == 1 else None


def span(*, now: datetime) -> tuple[datetime, datetime]:
    """From when to when, at most SPAN: the last 90 days where nothing is said; InvalidInput names the parameter."""
    since, until = moment("start_date"), moment("end_date")
    if since is None and until is None:
        return now - SPAN, now
    if since is None or until is None:
        return (since, since + SPAN) if since is not None else ((until or now) - SPAN, until or now)
    if until < since:
        raise InvalidInput("end_date 比 start_date 还早，请改一下。", field="end_date")
    if until - since > SPAN:
        raise InvalidInput("start_date 和 end_date 最多相隔 90 天，请分几次问。", field="end_date")
    return since, until


def moment(name: str) -> datetime | None:
    """A time with its zone, such as 2026-11-03T00:00:00Z; None for nothing, InvalidInput for anything else."""
    raw = request.args.get(name, "").strip()
    if not raw:
        return None
    found = _moment(raw)
    if found is None:
        raise InvalidInput(f"{name} 要写成 2026-11-03T00:00:00Z 这样，带时区。", field=name)
    return found.astimezone(UTC)


def count_of(name: str, *, usual: int, most: int) -> int:
    """A whole number from 1 to `most`; `usual` for nothing."""
    raw = request.args.get(name, "").strip()
    if not raw:
        return usual
    if raw.isascii() and raw.isdecimal() and len(raw) < 9 and 1 <= int(raw) <= most:
        return int(raw)
    raise InvalidInput(f"{name} 要写从 1 到 {most} 的整数。", field=name)


def position_sent() -> Position | None:
    """GCJ-02 for `lat` and `long` in WGS-84; None for neither, InvalidInput for one alone or a place outside the country."""
    raw = tuple(request.form.get(name, "").strip() for name in ("lat", "long"))
    if raw == ("", ""):
        return None
    if all(_DEGREES.fullmatch(one) for one in raw):
        found = Position(latitude=float(raw[0]), longitude=float(raw[1]))
        if lies_in_china(found):
            return from_wgs84(found)
    raise InvalidInput("lat 和 long 要一起写，是 WGS-84 的纬度和经度，在国内，例如 31.2304 和 121.4737。", field="lat")


def _moment(raw: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(raw.upper())
    except ValueError:
        return None
    return found if found.tzinfo is not None and found.year in _YEARS else None

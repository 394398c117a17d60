"""全市情况: what each district of the city heard and what became of it, side by side in the districts' own order."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, current_app, render_template, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from intake.adapters.replica import Read
from intake.domain.city import Added, CityCounts, DistrictCounts, added
from intake.domain.daily_count import FEW
from intake.domain.dashboard import USUAL_DAYS, period_asked
from intake.domain.errors import InvalidInput
from intake.domain.figures import Period
from intake.domain.permission import Permission
from intake.queries.city import city_counts
from intake.web.asked import day_asked
from intake.web.errors import status_of
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.labels import listed
from intake.web.language import translate as _
from intake.web.remembered import Remembered
from intake.web.replica import read_figures
from intake.web.report import Report, Row, Table, Value, percent, today, workbook
from intake.web.unit_of_work import wiring

city = Blueprint("city", __name__, url_prefix="/city")

Page = str | tuple[str, int]
COUNTED_SECONDS, MOST_PAGES = 60, 100


@city.record_once
def _remember(state: BlueprintSetupState) -> None:
    state.app.extensions["cities"] = Remembered[Read[CityCounts]](seconds=COUNTED_SECONDS, most=MOST_PAGES)


@city.get("")
@requires(Permission.CITY_VIEW)
def index() -> Page:
    """The last 30 whole days, or those that were asked for."""
    try:
        period, error = _asked(), None
    except InvalidInput as refused:
        period, error = _usual(), refused
    read = _read(period)
    page = render_template(
        "city/index.html",
        period=period,
        found=read.value,
        read=read,
        table=_table(read.value),
        notes=_notes(),
        book=url_for("city.book", **_address(period)),
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


@city.get("/export.xlsx")
@requires(Permission.CITY_VIEW)
def book() -> Response:
    """The same as a workbook."""
    period = _asked()
    found = _read(period).value
    note_visit("city.export", "area", {"format": "xlsx", **_address(period)}, entity_id=actor().district_id)
    return workbook(
        Report(f"{listed(found.cities)} · {_('全市情况')}", f"{found.period.first} – {found.period.last}", (_table(found),), _notes())
    )


def _asked() -> Period:
    """InvalidInput (field `first`) for days that are no period, or of which none is over: the city's counts end with yesterday."""
    asked = period_asked(day_asked("first"), day_asked("last"), usual=_usual(), today=today())
    if asked.first >= today():
        raise InvalidInput("全市的数到昨天为止，请选今天以前的日子。", field="first")
    return asked


def _usual() -> Period:
    return Period(today() - dt.timedelta(days=USUAL_DAYS), today() - dt.timedelta(days=1))


def _address(period: Period) -> dict[str, Any]:
    return {"first": period.first.isoformat(), "last": period.last.isoformat()}


def _read(period: Period) -> Read[CityCounts]:
    person, at = actor(), wiring().clock.now()
    memory: Remembered[Read[CityCounts]] = current_app.extensions["cities"]
    key = (person.area_paths(Permission.CITY_VIEW), period)
    return memory.get(key, lambda: read_figures(lambda session: city_counts(session, person, period, at=at)), at=at)


def _table(found: CityCounts) -> Table:
    heads = (
        _("区"), _("社区（个）"), _("有直报点的"), _("百分数"), _("收到"), _("没有撤回的"), _("其中定了去向"), _("其中有了答复或结果"),
        _("立起来的议题"), _("入库的议题"), _("告诉的结果"), _("其中作了评价"), _("其中解决了"),
    )  # fmt: skip
    return Table("districts", _("各区"), heads, (*(Row(one.name, _values(one)) for one in found.districts), *_sums(found)))


def _sums(found: CityCounts) -> Iterator[Row]:
    """One for each city of several districts."""
    for city_name in found.cities:
        inside = [one for one in found.districts if one.city == city_name]
        if len(inside) > 1:
            yield Row(_("全市") if len(found.cities) == 1 else _("%(city)s全市", city=city_name), _summed(inside), is_sum=True)


def _summed(inside: Sequence[DistrictCounts]) -> tuple[Value, ...]:
    communities, covered = sum(one.communities for one in inside), sum(one.covered for one in inside)
    columns = zip(*(_heard(one) for one in inside), strict=True)
    return (communities, covered, percent(covered, communities), *(_at_least(added(column)) for column in columns))


def _at_least(found: Added | None) -> Value:
    if found is None or found.is_all:
        return found.count if found is not None else None
    return _("至少 %(count)s", count=found.count)


def _values(one: DistrictCounts) -> tuple[Value, ...]:
    return (one.communities, one.covered, percent(one.covered, one.communities), *_heard(one))


def _heard(one: DistrictCounts) -> tuple[int | None, ...]:
    return (one.heard, one.staying, one.decided, one.told, one.opened, one.approved, one.asked, one.said, one.solved)


def _notes() -> tuple[str, ...]:
    return (
        _("各区按设立的顺序列出，不排名：来件多少与贴了多少海报、有多少人扫码有关，不能拿来比高低。"),
        _("“全市”只加写出来的数：有一个区“不列”，就写“至少”。"),
        _("只有数，没有居民说的话；不足 %(few)s 的数，还有能由它算出这样的数的，都写“不列”。", few=FEW),
        _("数到昨天为止；哪个区有没数完的日子，会写在下面。没有手机、不会扫码的人不在里面。"),
    )

"""数据: the figures of a period on one page, and the same numbers as a file."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from intake.adapters.replica import Read
from intake.domain.errors import InvalidInput
from intake.domain.figures import FEW, Figures, Period, month_with, period_of, sections
from intake.domain.permission import Permission
from intake.domain.working_days import SHANGHAI
from intake.queries.area import area_choices
from intake.queries.figures import FiguresAsked, figures
from intake.web.asked import day_asked, id_asked
from intake.web.errors import status_of
from intake.web.exported import note_export
from intake.web.guard import actor, requires
from intake.web.labels import category_name, translated
from intake.web.language import translate as _
from intake.web.replica import read_figures
from intake.web.spreadsheet import BEGINNING, cell
from intake.web.unit_of_work import db, wiring

district_figures = Blueprint("figures", __name__, url_prefix="/d/figures")

Page = str | tuple[str, int]
HEADS = ("部分", "指标", "数", "占多少里的", "占什么的", "百分数", "中位数（天）", "九成不超过（天）")


@district_figures.get("")
@requires(Permission.FIGURES_VIEW)
def index() -> Page:
    """A month, or the days that were asked for."""
    try:
        asked, error = _asked(), None
    except InvalidInput as refused:
        asked, error = FiguresAsked(month_with(_today())), refused
    read = _read(asked)
    found = read.value
    page = render_template(
        "figures/index.html",
        asked=asked,
        figures=found,
        read=read,
        sections=sections(found),
        areas=area_choices(db(), actor(), Permission.FIGURES_VIEW),
        categories=[(one.code, category_name(one.code)) for one in wiring().taxonomy.categories],
        months=_months(asked),
        file=url_for("figures.file", **_address(asked)),
        few=FEW,
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


@district_figures.get("/export.csv")
@requires(Permission.FIGURES_VIEW)
def file() -> Response:
    """The same numbers for a spreadsheet."""
    asked = _asked()
    text = io.StringIO()
    writer = csv.writer(text)
    for row in _rows(asked, _read(asked).value):
        writer.writerow([cell(one) for one in row])
    note_export("figures", **_address(asked))
    answer = Response(BEGINNING + text.getvalue(), mimetype="text/csv")
    name = f"figures-{asked.period.first:%Y%m%d}-{asked.period.last:%Y%m%d}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _read(asked: FiguresAsked) -> Read[Figures]:
    person, at = actor(), wiring().clock.now()
    return read_figures(lambda session: figures(session, person, asked, at=at))


def _today() -> date:
    return wiring().clock.now().astimezone(SHANGHAI).date()


def _asked() -> FiguresAsked:
    code = request.args.get("category", "")
    known = {one.code for one in wiring().taxonomy.categories}
    return FiguresAsked(
        period=period_of(day_asked("first"), day_asked("last"), today=_today()),
        area_id=id_asked("area"),
        category=code if code in known else None,
    )


def _address(asked: FiguresAsked) -> dict[str, Any]:
    chosen = {"area": str(asked.area_id or ""), "category": asked.category or ""}
    return {
        "first": asked.period.first.isoformat(),
        "last": asked.period.last.isoformat(),
        **{name: value for name, value in chosen.items() if value},
    }


def _months(asked: FiguresAsked) -> list[tuple[date, str, bool]]:
    """This month and the two before: the first day, the address, whether it is shown."""
    periods: list[Period] = []
    day = _today()
    for _month in range(3):
        periods.append(month_with(day))
        day = periods[-1].first - timedelta(days=1)
    return [(one.first, url_for("figures.index", **_address(replace(asked, period=one))), one == asked.period) for one in reversed(periods)]


def _rows(asked: FiguresAsked, found: Figures) -> Iterator[list[object]]:
    yield [_("时段"), f"{asked.period.first} – {asked.period.last}"]
    yield [_("区域"), found.area_name]
    yield [_("类别"), category_name(asked.category) if asked.category else _("全部")]
    yield []
    yield [_(head) for head in HEADS]
    for section in sections(found):
        title = translated(section.title)
        for line in section.lines:
            share = f"{line.percent}%" if line.percent is not None else ""
            yield [title, translated(line.words), line.part, "" if line.whole is None else line.whole, translated(line.of), share]
        for spread in section.spreads:
            yield [title, translated(spread.words), spread.count, spread.whole, "", "", _days(spread.median), _days(spread.ninety)]
        for words in section.unseen:
            yield [title, translated(words)]
    yield []
    yield [
        _(head)
        for head in (
            "区域",
            "收到",
            "撤回",
            "定了去向",
            "有了答复或结果",
            "送交办机关",
            "已答复",
            "按时答复",
            "告诉结果",
            "作了评价",
            "解决了",
        )
    ]
    for one in found.areas:
        yield [
            one.name, one.received, one.withdrawn, one.decided, one.told, one.sent, one.replied, one.in_time, one.asked, one.said, one.solved
        ]  # fmt: skip


def _days(hours: float | None) -> object:
    return round(hours / 24, 1) if hours is not None else ""

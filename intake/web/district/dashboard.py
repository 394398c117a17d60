"""全区情况: first what waits for whoever looks, then the district over time and by area; and the same as a workbook and on paper."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, current_app, g, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from intake.adapters.replica import Read
from intake.domain.dashboard import AGAINST_NAMES, STEP_NAMES, USUAL_DAYS, Against, Dashboard, Step, period_asked
from intake.domain.errors import InvalidInput
from intake.domain.figures import Period
from intake.domain.permission import Permission
from intake.domain.position import Position
from intake.domain.projection import to_wgs84
from intake.queries.area import area_choices
from intake.queries.dashboard import DashboardAsked, dashboard
from intake.queries.district_home import Waiting, WaitingKind
from intake.web.asked import day_asked, id_asked, one_of
from intake.web.district.dashboard_tables import days, flow_of, report_of, tables_of, unseen
from intake.web.district.home import waiting_now
from intake.web.errors import status_of
from intake.web.exported import note_visit
from intake.web.guard import actor, requires
from intake.web.language import translate as _
from intake.web.remembered import Remembered
from intake.web.replica import read_figures
from intake.web.report import paper, today, workbook
from intake.web.unit_of_work import wiring

dashboards = Blueprint("dashboard", __name__, url_prefix="/d/dashboard")

Page = str | tuple[str, int]
KIND_NAMES: dict[WaitingKind, str] = {
    WaitingKind.ALARM: "紧急来件",
    WaitingKind.EMERGENCY: "紧急",
    WaitingKind.APPEALED: "复核",
    WaitingKind.ESCALATED: "超时转来",
    WaitingKind.GUARDED: "防刷",
    WaitingKind.ABUSED: "换码",
    WaitingKind.HELD: "待核",
    WaitingKind.REPLIED: "待核答复",
    WaitingKind.OVERDUE: "超期",
    WaitingKind.UNMADE: "没有公布成的决定",
    WaitingKind.UNTOLD: "上级答复待告知",
    WaitingKind.PROPOSED: "待筛选",
    WaitingKind.PROPOSAL: "合并与拆分建议",
    WaitingKind.DRAFT: "待审公开",
    WaitingKind.CHECK: "抽查",
    WaitingKind.REVISIT: "回头看",
    WaitingKind.IDLE: "没有人提交的候选",
    WaitingKind.LOOK_AGAIN: "该再看的议题",
    WaitingKind.PLAN_STILL: "停着的计划审批",
    WaitingKind.TOPIC_STILL: "停着的议题审批",
    WaitingKind.BULLETIN: "没有报送的信息",
    WaitingKind.IMPORT_FAILED: "没有成功的导入",
    WaitingKind.IMPORT: "没有办完的导入",
    WaitingKind.FAILED_BATCH: "没有生成的海报",
    WaitingKind.SILENT_POINT: "很久没有人扫码的直报点",
}
"""What waits, in few words; what isn't here is said to be something else."""
COUNTED_SECONDS, WAITING_SECONDS = 60, 20
MOST_PAGES, MOST_PEOPLE = 200, 1_000


@dataclass(frozen=True, slots=True)
class _Found:
    """What is remembered of a page; whoever has the same reach and asks the same sees the same."""

    counts: Dashboard
    areas: tuple[tuple[int, str], ...]


@dashboards.record_once
def _remember(state: BlueprintSetupState) -> None:
    state.app.extensions["dashboards"] = Remembered[Read[_Found]](seconds=COUNTED_SECONDS, most=MOST_PAGES)
    state.app.extensions["waiting"] = Remembered[tuple[Waiting, ...]](seconds=WAITING_SECONDS, most=MOST_PEOPLE)


@dashboards.get("")
@requires(Permission.DASHBOARD_VIEW)
def index() -> Page:
    """The last 30 days, or the days that were asked for."""
    try:
        asked, error = _asked(), None
    except InvalidInput as refused:
        asked, error = DashboardAsked(_last(USUAL_DAYS)), refused
    read = _read(asked)
    found, settings = read.value.counts, wiring().settings
    g.map_origin = settings.map_origin
    page = render_template(
        "dashboard/index.html",
        asked=asked,
        found=found,
        read=read,
        waiting=_each_kind(_waiting()),
        kinds={kind.value: _(words) for kind, words in KIND_NAMES.items()},
        tables={one.key: one for one in tables_of(found, categories=_categories())},
        unseen=unseen(found),
        flow=flow_of(found),
        period_words=days(found.period),
        presets=_presets(asked),
        areas=read.value.areas,
        steps=[(one.value, _(words)) for one, words in STEP_NAMES.items()],
        against=[(one.value, _(words)) for one, words in AGAINST_NAMES.items()],
        spots=[(one, _on_map(one.position)) for one in found.areas if one.is_spot],
        tiles=settings.map_tiles,
        book=url_for("dashboard.book", **_address(asked)),
        paper=url_for("dashboard.printed", **_address(asked)),
        error=error,
    )
    return (page, status_of(error)) if error is not None else page


@dashboards.get("/export.xlsx")
@requires(Permission.DASHBOARD_VIEW)
def book() -> Response:
    """Every table of the page as a sheet."""
    asked = _asked()
    return workbook(report_of(_taken_along(asked, "xlsx"), categories=_categories()))


@dashboards.get("/export.pdf")
@requires(Permission.DASHBOARD_VIEW)
def printed() -> Response:
    """The same to be printed."""
    asked = _asked()
    return paper(report_of(_taken_along(asked, "pdf"), categories=_categories()))


def _asked() -> DashboardAsked:
    """InvalidInput (field `first`) for days that are no period."""
    return DashboardAsked(
        period=period_asked(day_asked("first"), day_asked("last"), usual=_last(USUAL_DAYS), today=today()),
        area_id=id_asked("area"),
        step=one_of(Step, request.args.get("by", "")),
        against=one_of(Against, request.args.get("against", "")) or Against.BEFORE,
    )


def _read(asked: DashboardAsked) -> Read[_Found]:
    """Remembered for a minute by district, reach and what was asked; the guard has let the person in before."""
    person, at = actor(), wiring().clock.now()
    key = (person.district_id, person.area_paths(Permission.DASHBOARD_VIEW), asked)
    memory: Remembered[Read[_Found]] = current_app.extensions["dashboards"]

    def ask() -> Read[_Found]:
        return read_figures(
            lambda session: _Found(dashboard(session, person, asked, at=at), area_choices(session, person, Permission.DASHBOARD_VIEW))
        )

    return memory.get(key, ask, at=at)


def _taken_along(asked: DashboardAsked, kind: str) -> Dashboard:
    """The counts for a file; that somebody took them along is written down."""
    found = _read(asked).value.counts
    codes = {"format": kind, "first": asked.period.first.isoformat(), "last": asked.period.last.isoformat()}
    note_visit("dashboard.export", "area", codes, entity_id=asked.area_id or actor().district_id)
    return found


def _waiting() -> tuple[Waiting, ...]:
    at = wiring().clock.now()
    memory: Remembered[tuple[Waiting, ...]] = current_app.extensions["waiting"]
    return memory.get(actor(), lambda: waiting_now(at), at=at)  # with their grants: whoever loses one reads no more of it


def _each_kind(lines: tuple[Waiting, ...]) -> tuple[Waiting, ...]:
    """The first line of each kind, which says how many there are: urgent words have a line each."""
    return tuple({line.kind: line for line in reversed(lines)}[kind] for kind in dict.fromkeys(line.kind for line in lines))


def _categories() -> list[str]:
    return [one.code for one in wiring().taxonomy.categories]


def _last(count: int) -> Period:
    """So many days up to today."""
    return Period(today() - dt.timedelta(days=count - 1), today())


def _presets(asked: DashboardAsked) -> list[tuple[str, str, bool, None]]:
    """Words, address, whether it is shown."""
    year = Period(today().replace(month=1, day=1), today())
    offered = ((_("近 30 天"), _last(30)), (_("近 90 天"), _last(90)), (_("今年"), year), (_("近一年"), _last(365)))
    return [
        (words, url_for("dashboard.index", **_address(replace(asked, period=period, step=None))), period == asked.period, None)
        for words, period in offered
    ]


def _address(asked: DashboardAsked) -> dict[str, Any]:
    chosen = {
        "area": str(asked.area_id or ""),
        "by": asked.step.value if asked.step is not None else "",
        "against": asked.against.value if asked.against is not Against.BEFORE else "",
    }
    return {
        "first": asked.period.first.isoformat(),
        "last": asked.period.last.isoformat(),
        **{name: value for name, value in chosen.items() if value},
    }


def _on_map(at: Position | None) -> Position | None:
    """Where the map draws it: tiles are WGS-84, an empty sheet doesn't mind."""
    return to_wgs84(at) if at is not None and wiring().settings.map_tiles else at

"""扫码情况 on the desk: scan, open, send by day for the district, a street or one point, and the posters that nobody scans."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from typing import Any

from flask import Blueprint, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from intake.domain.permission import Permission
from intake.domain.point import POINT_KIND_NAMES
from intake.domain.point_count import QUIET_DAYS
from intake.domain.transition import LABELS
from intake.domain.working_days import SHANGHAI
from intake.ports import Sheet
from intake.queries.area import area_choices
from intake.queries.point_funnel import Funnel, FunnelAsked, PointUse, Uses, funnel, points_used
from intake.web.asked import id_asked, words_asked
from intake.web.district.curve import Curve, curve
from intake.web.exported import note_export
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.unit_of_work import db, wiring
from intake.web.year_file import XLSX

point_use = Blueprint("funnel", __name__, url_prefix="/d/funnel")

SPANS = (30, 90)
"""Days that can be asked for; the first where nobody chose."""
DAYS_SHOWN = 14
"""The latest with anything on them; the others are folded."""
HEADS = ("扫码（次）", "打开表单（次）", "提交（件）")
UNSEEN = (
    "数的是次数，不是人数。同一部手机十分钟内再打开同一个码，只算一次；两个人用一样的手机、连同一个网络，十分钟内也只算一次。",
    "预先加载、自动程序、没有信号时打开手机里存着的表单，都不算。",
    "从推广链接、回执或微信对话里点进来的，算打开，不算扫码。在公众号里扫码、又从对话打开表单的，扫码可能算两次。",
    "在微信对话里直接说的，有提交，没有打开表单。社区代填、委员代录和别的系统转来的，不算在这里。",
    "看了以后去社区说、打电话说、改天再说的，这里看不到。",
)
"""What the numbers can't show."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One small chart."""

    words: str
    total: int
    curve: Curve


@point_use.get("")
@requires(Permission.POINTS_FUNNEL)
def index() -> str:
    """The sums of 30 or 90 days, a chart and a table by day, and each point."""
    asked, after, at = _asked(), request.args.get("after", ""), wiring().clock.now()
    found = funnel(db(), actor(), asked, today=_today())
    return render_template(
        "funnel/index.html",
        asked=asked,
        funnel=found,
        pictures=_pictures(found),
        used=[one for one in reversed(found.days) if one.uses != Uses()],
        shown=DAYS_SHOWN,
        page=points_used(db(), actor(), asked, at=at, today=_today(), after=after),
        after=after,
        address=_address(asked),
        spans=[(days, url_for("funnel.index", **_address(replace(asked, days=days))), days == asked.days) for days in SPANS],
        areas=area_choices(db(), actor(), Permission.POINTS_FUNNEL),
        kinds=POINT_KIND_NAMES,
        unseen=UNSEEN,
        quiet_days=QUIET_DAYS,
    )


@point_use.get("/export.xlsx")
@requires(Permission.POINTS_FUNNEL)
def file() -> Response:
    """The same as a workbook, with every point."""
    asked, today = _asked(), _today()
    found = funnel(db(), actor(), asked, today=today)
    points = points_used(db(), actor(), asked, at=wiring().clock.now(), today=today, limit=None).rows
    heading = _("扫码情况 · %(first)s 至 %(last)s", first=found.days[0].day.isoformat(), last=found.days[-1].day.isoformat())
    note_export("funnel")
    answer = send_file(
        BytesIO(wiring().papers.book((_days(found, heading), _points(points, heading)), day=today)),
        mimetype=XLSX,
        as_attachment=True,
        download_name=f"scans-{found.days[0].day:%Y%m%d}-{found.days[-1].day:%Y%m%d}.xlsx",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _today() -> date:
    return wiring().clock.now().astimezone(SHANGHAI).date()


def _asked() -> FunnelAsked:
    return FunnelAsked(
        days=next((span for span in SPANS if request.args.get("days") == str(span)), SPANS[0]),
        area_id=id_asked("area"),
        point_id=id_asked("point"),
        words=words_asked(),
        is_quiet=request.args.get("quiet") == "1",
    )


def _address(asked: FunnelAsked) -> dict[str, Any]:
    chosen = {
        "days": asked.days if asked.days != SPANS[0] else "",
        "area": asked.area_id or "",
        "point": asked.point_id or "",
        "q": asked.words,
        "quiet": 1 if asked.is_quiet else "",
    }
    return {name: value for name, value in chosen.items() if value}


def _pictures(found: Funnel) -> tuple[Picture, ...]:
    parts: tuple[tuple[str, Callable[[Uses], int]], ...] = (
        (HEADS[0], lambda uses: uses.scanned),
        (HEADS[1], lambda uses: uses.opened),
        (HEADS[2], lambda uses: uses.sent),
    )
    first, last = found.days[0].day, found.days[-1].day
    return tuple(
        Picture(words, part(found.uses), curve({one.day: part(one.uses) for one in found.days}, first=first, last=last))
        for words, part in parts
    )


def _days(found: Funnel, heading: str) -> Sheet:
    rows = [(one.day, *_cells(one.uses)) for one in found.days]
    notes = [(_(words),) for words in UNSEEN]
    return Sheet(_("每天"), heading, ((_("日期"), *map(_, HEADS)), *rows, (_("合计"), *_cells(found.uses)), *notes))


def _points(points: tuple[PointUse, ...], heading: str) -> Sheet:
    heads = (
        _("直报点"),
        _("街道"),
        _("区域"),
        _("类型"),
        _("状态"),
        *map(_, HEADS),
        _("最近一次扫码或提交"),
        _("%(days)s 天没人扫", days=QUIET_DAYS),
    )
    rows = tuple(
        (
            one.name,
            one.parent_name,
            one.area_name,
            translated(POINT_KIND_NAMES[one.kind]),
            translated(LABELS[one.state]),
            *_cells(one.uses),
            one.alive_on if one.is_used else "",
            _("是") if one.is_quiet else "",
        )
        for one in points
    )
    return Sheet(_("直报点"), heading, (heads, *rows))


def _cells(uses: Uses) -> tuple[int, int, int]:
    return uses.scanned, uses.opened, uses.sent

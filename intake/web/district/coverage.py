"""覆盖 on the desk: which communities lack what, a table by street, a map drawn here, and the same as a file."""

import csv
import io

from flask import Blueprint, Response, render_template, request, url_for

from intake.domain.coverage import MEANS_NAMES, Covered, Means, gaps_of
from intake.domain.map_layout import BOX
from intake.domain.permission import Permission
from intake.domain.point_count import QUIET_DAYS
from intake.queries.coverage import coverage, sectors
from intake.web.asked import id_asked, one_of
from intake.web.coverage_map import drawn, streets_of
from intake.web.exported import note_export
from intake.web.guard import actor, requires
from intake.web.labels import translated
from intake.web.language import translate as _
from intake.web.spreadsheet import BEGINNING, cell
from intake.web.unit_of_work import db, wiring

reach = Blueprint("coverage", __name__, url_prefix="/d/coverage")

HEADS = (
    "街道",
    "社区",
    "直报点（个）",
    "社区的场所（个）",
    "街道的场所（个）",
    "负责的委员（人）",
    "联络组（个）",
    "值班的人（人）",
    "还缺",
    "没人扫的直报点（个）",
    "企业直报点（个）",
)


@reach.get("")
@requires(Permission.GROUPS_VIEW)
def index() -> str:
    """The whole district by street or one street by community (`?street=`); with `?lacks=` the communities that lack it."""
    found = coverage(db(), actor(), at=wiring().clock.now())
    street_id, lacks = id_asked("street"), one_of(Means, request.args.get("lacks", ""))
    shown = tuple(one for one in found if street_id is None or one.street_id == street_id)
    streets = streets_of(found)
    is_quiet = request.args.get("quiet") == "1"
    listed = street_id is not None or lacks is not None or is_quiet
    return render_template(
        "coverage/index.html",
        communities=shown,
        gaps=gaps_of(shown),
        rows=tuple(
            one
            for one in shown
            if (listed or one.street_id is None) and (lacks is None or not one.has(lacks)) and (one.is_quiet or not is_quiet)
        ),
        by_street=() if listed else streets,
        drawing=drawn(shown, within=street_id),
        street=next((one for one in streets if one.id == street_id), None),
        streets=streets,
        lacks=lacks,
        is_quiet=is_quiet,
        quiet=tuple(one for one in shown if one.is_quiet),
        quiet_days=QUIET_DAYS,
        with_points=sum(one.points > 0 for one in shown),
        enterprises=tuple(one for one in shown if one.enterprise_points),
        sectors=sectors(db(), actor()) if street_id is None else (),
        names=MEANS_NAMES,
        box=BOX,
        file=url_for("coverage.file"),
    )


@reach.get("/export.csv")
@requires(Permission.GROUPS_VIEW)
def file() -> Response:
    """Every community of the district for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_(head) for head in HEADS])
    for one in coverage(db(), actor(), at=wiring().clock.now()):
        writer.writerow([cell(value) for value in _values(one)])
    note_export("coverage")
    answer = Response(BEGINNING + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="coverage.csv"'
    return answer


def _values(one: Covered) -> list[object]:
    counts: list[object] = [one.points, one.venues, one.street_venues, one.members, one.groups, one.on_rota]
    return [
        one.street_name,
        one.name,
        *counts,
        translated("、".join(MEANS_NAMES[means] for means in one.gaps)),
        one.quiet_points,
        one.enterprise_points,
    ]

"""开放数据: three tables for everybody to take, as CSV and JSON, and a page that says what they hold and what they can't show.

Names of columns are English and stay as they are; docs/open-data.schema.json describes the JSON.
"""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template, request, stream_with_context
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from intake.domain.errors import NotFound
from intake.domain.working_days import SHANGHAI
from intake.queries.public_data import OpenFigures, open_figures, open_matters, open_places, stand_of_matters
from intake.web.footer import publisher
from intake.web.guard import open_to_all
from intake.web.public.blueprint import public
from intake.web.public.caching import cacheable, same_for_all
from intake.web.remembered import Remembered
from intake.web.spreadsheet import BEGINNING, cell
from intake.web.unit_of_work import db, wiring

COUNT_SECONDS = 3_600
"""How old the monthly figures may be: counting reads every row there is, and finished months hardly change."""
Row = tuple[object, ...]
Source = Callable[[], tuple[Iterable[Row], str]]
"""A table's rows, and a tag where that is known before the rows are read."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns, each with what it holds."""

    name: str
    title: str
    about: str
    columns: tuple[tuple[str, str], ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(name for name, _ in self.columns)


TABLES = (
    Table(
        "matters",
        "公开的事",
        "每一段审核公开的话是一行；同一件事可以有几行。随时更新。",
        (
            ("id", "这段话的编号"),
            ("matter", "这件事的编号"),
            ("kind", "in_hand 正在办，decision 决定与理由，result 办理结果"),
            ("title", "标题"),
            ("words", "公开的话"),
            ("area_id", "放在哪里的公开页"),
            ("area", "那里的名称"),
            ("district", "区"),
            ("submissions", "公开时有多少件来件；空着是不足 3 件"),
            ("released_at", "什么时候公开的"),
            ("url", "网址"),
        ),
    ),
    Table(
        "places",
        "地方",
        "区、街道、社区各一行。随时更新。",
        (
            ("area_id", "地方的编号"),
            ("parent_id", "上一级的编号；区没有"),
            ("kind", "district 区，street 街道，community 社区"),
            ("name", "名称"),
            ("points", "直接挂在这里、正在收件的直报点有几个"),
            ("latitude", "这些直报点的中间位置，纬度（GCJ-02）"),
            ("longitude", "经度（GCJ-02）"),
            ("url", "网址"),
        ),
    ),
    Table(
        "figures",
        "每月的数",
        "每个地方每个过完的月是一行，只算直接在那里收到的，不含下一级。每小时更新。",
        (
            ("month", "哪个月收到的"),
            ("area_id", "地方的编号"),
            ("area", "地方的名称"),
            ("received", "收到几件，撤回的不算；空着是不公开"),
            ("answered", "其中到现在已给答复的"),
            ("closed", "其中到现在已办结的"),
        ),
    ),
)


@public.record_once
def _remember(state: BlueprintSetupState) -> None:
    state.app.extensions["open figures"] = Remembered[tuple[OpenFigures, ...]](seconds=COUNT_SECONDS)


@public.get("/open-data")
@open_to_all
def open_data() -> Response:
    """What there is to take, under which terms, and what the numbers can't show."""
    return cacheable(render_template("public/open_data.html", tables=TABLES, licence=wiring().settings.open_data_licence))


@public.get("/open-data/<name>.<any(csv, json):ending>")
@open_to_all
def open_file(name: str, ending: str) -> Response:
    """One table, sent piece by piece; NotFound for another name."""
    table = next((one for one in TABLES if one.name == name), None)
    if table is None:
        raise NotFound("没有这个文件，请从开放数据的页面打开。")
    rows, tag = _SOURCES[table.name]()
    pieces = _csv(table, rows) if ending == "csv" else _json(table, rows)
    response = Response(stream_with_context(pieces), mimetype="text/csv" if ending == "csv" else "application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{table.name}.{ending}"'
    response.headers["Access-Control-Allow-Origin"] = "*"
    return same_for_all(response, tag=f"{tag}-{ending}") if tag else _whole(response)


def _whole(response: Response) -> Response:
    """A short table, tagged by its bytes."""
    response.set_data(response.get_data())
    return same_for_all(response)


def _matters() -> tuple[Iterable[Row], str]:
    base = wiring().settings.base_url
    return (
        (
            one.id, one.matter, one.kind.value, one.title, one.words, one.area_id, one.area, one.district, one.submissions,
            one.released_at.astimezone(SHANGHAI).isoformat(timespec="seconds"), f"{base}/t/{one.matter}",
        )
        for one in open_matters(db())
    ), str(stand_of_matters(db()))  # fmt: skip


def _places() -> tuple[Iterable[Row], str]:
    base = wiring().settings.base_url
    return [
        (one.area_id, one.parent_id, one.kind.value, one.name, one.points, one.latitude, one.longitude, f"{base}/c/{one.area_id}")
        for one in open_places(db())
    ], ""


def _figures() -> tuple[Iterable[Row], str]:
    memory: Remembered[tuple[OpenFigures, ...]] = current_app.extensions["open figures"]
    at = wiring().clock.now()
    today: dt.date = at.astimezone(SHANGHAI).date()
    found = memory.get(today.replace(day=1), lambda: open_figures(db(), until=today), at=at)
    return [(one.month, one.area_id, one.area, one.figures.received, one.figures.answered, one.figures.closed) for one in found], ""


_SOURCES: dict[str, Source] = {"matters": _matters, "places": _places, "figures": _figures}


def _csv(table: Table, rows: Iterable[Row]) -> Iterator[str]:
    yield BEGINNING + _line(table.heads)
    for row in rows:
        yield _line(row)


def _line(row: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([cell(one) for one in row])
    return text.getvalue()


def _json(table: Table, rows: Iterable[Row]) -> Iterator[str]:
    settings = wiring().settings
    head = {
        "table": table.name,
        "licence": settings.open_data_licence,
        "publisher": publisher(),
        "source": f"{settings.base_url}{request.path}",
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": ['
    between = ""
    for row in rows:
        yield between + json.dumps(dict[str, Any](zip(table.heads, row, strict=True)), ensure_ascii=False)
        between = ",\n"
    yield "]}\n"

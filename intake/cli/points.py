"""`zhibao points`: intake points, their codes and their posters."""

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.cli.connected import area_called, connected, unit_of_work
from intake.domain.actor import MACHINE
from intake.domain.errors import Conflict, InvalidInput, NotFound
from intake.domain.point import PointAction, PointKind, PointState
from intake.domain.position import read_position
from intake.domain.text import clean_line
from intake.domain.transition import label
from intake.models import Area
from intake.queries.point import PointView, point_by_code, point_by_scene, points_under
from intake.queries.poster import district_look
from intake.services.place import change_point, create_point, locate_point
from intake.services.poster import PosterDesk, form_url, poster_desk
from intake.wiring import Wiring
from qr_assets.code import check_colour, code_png, code_svg
from qr_assets.emblem import emblem_picture
from qr_assets.poster import LIMITS, Paper, PosterSpec, poster_pdf, poster_png, write_posters

_UNSAFE = re.compile(r"[^\w-]+")
_NAME_LIMIT = 40
_SCENE_LIMIT = 64
"""Of the platform, for scenes that are words (scene_str)."""
ALL, BOTH = "all", "both"


@click.group()
def points() -> None:
    """直报点与海报 / intake points and posters."""


@points.command("list")
@click.option("--area", help="只列这个区域之下的 / only those below this area")
def list_points(area: str | None) -> None:
    """列出直报点和网址 / points and their addresses."""
    with connected() as wiring, wiring.sessions() as session:
        for point in _chosen(session, area):
            cells = (point.code, label(point.state), f"{point.parent_name}{point.name}", form_url(wiring.settings.base_url, point.code))
            click.echo("\t".join((*cells, point.closed_note) if point.closed_note else cells))


@points.command()
@click.option("--area", required=True, help="区域名称或编号 / name or id of its area")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in PointKind]),
    default=PointKind.COMMUNITY.value,
    show_default=True,
    help="挂在哪类地方 / where the code hangs",
)
@click.option("--name", default="", help="名称，不写就用区域的 / its name, the area's by default")
@click.option("--scene", default="", help="微信二维码的场景值 / scene of its WeChat code")
@click.option("--helper-name", default="", help="电话由谁接 / who answers the phone")
@click.option("--helper-phone", default="", help="不方便用手机的居民打的电话 / for residents without a phone that scans")
@click.option("--helper-hours", default="", help="什么时候有人接 / when it is answered")
@click.option("--position", default="", help="地图上的位置，例如 31.2304,121.4737（GCJ-02） / latitude and longitude")
def create(*, area: str, kind: str, name: str, scene: str, helper_name: str, helper_phone: str, helper_hours: str, position: str) -> None:
    """建一个直报点，写出它的网址 / create a point and print its address."""
    helper = {
        "helper_name": _line("--helper-name", helper_name, limit=LIMITS["phone_name"]),
        "helper_phone": _line("--helper-phone", helper_phone, limit=LIMITS["phone"]),
        "helper_hours": _line("--helper-hours", helper_hours, limit=LIMITS["phone_hours"]),
    }
    if helper["helper_phone"] and not helper["helper_hours"]:
        raise InvalidInput("写了电话，也请用 --helper-hours 写明什么时候有人接。 / Say when the phone is answered.", field="helper_hours")
    where = read_position(position, field="--position")
    with connected() as wiring, unit_of_work(wiring) as session:
        place = area_called(session, area)
        free = _free_scene(session, scene)
        at = wiring.clock.now()
        point = create_point(
            session,
            actor=MACHINE,
            area=place,
            kind=PointKind(kind),
            name=name,
            at=at,
            latitude=where.latitude if where else None,
            longitude=where.longitude if where else None,
            **helper,
        )
        point.scene = free
        cells = (point.code, label(point.state), f"{point.name}（{place.name}）", form_url(wiring.settings.base_url, point.code))
    click.echo("\t".join(cells))


@points.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def locate(file: Path) -> None:
    """按表格写下直报点的位置 / positions of many points, from a CSV with the columns code and position

    position 是地图里复制的两个数，例如 "31.2304,121.4737"（GCJ-02）；一行有错，整张表都不写。
    """
    with file.open(encoding="utf-8-sig", newline="") as lines, connected() as wiring, unit_of_work(wiring) as session:
        rows = csv.DictReader(lines)
        if not {"code", "position"} <= set(rows.fieldnames or ()):
            raise InvalidInput(f"{file.name} 第一行要有 code 和 position 两列。 / The columns code and position are needed.", field="file")
        written = sum(_locate(session, row, at=wiring.clock.now(), line=rows.line_num) for row in rows)
    click.echo(f"已写 {written} 个直报点的位置 / written")


def _locate(session: Session, row: Mapping[str, str | None], *, at: datetime, line: int) -> int:
    """1 where the line names a position, 0 where it is empty."""
    try:
        where = read_position(row["position"] or "", field="position")
        point = point_by_code(session, (row["code"] or "").strip().lower())
    except InvalidInput as error:
        raise InvalidInput(f"第 {line} 行：{error.message} / Line {line} is no position.", field="file") from error
    if point is None:
        raise NotFound(f"第 {line} 行：没有代码是“{row['code']}”的直报点。 / Line {line}: no point has this code.")
    if where is not None:
        locate_point(session, actor=MACHINE, point_id=point.id, position=where, at=at)
    return int(where is not None)


@points.command()
@click.argument("code")
@click.option("--note", required=True, help="页面上给居民看的一句话 / the sentence residents read meanwhile")
def pause(code: str, note: str) -> None:
    """暂停收件 / stop taking submissions for a while."""
    _change(code, PointAction.PAUSE, note)


@points.command()
@click.argument("code")
@click.option("--note", default="", help="内部说明 / why, for the record")
def resume(code: str, note: str) -> None:
    """恢复收件 / take submissions again."""
    _change(code, PointAction.RESUME, note)


@points.command()
@click.argument("code")
@click.option("--note", required=True, help="页面上给居民看的一句话 / the sentence residents read from now on")
def retire(code: str, note: str) -> None:
    """永久停用 / stop for good."""
    _change(code, PointAction.RETIRE, note)


@points.command()
@click.option("--area", required=True, help="区域名称或编号，含其下各级 / name or id of an area, what lies below included")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="写到哪个目录 / folder to write to")
@click.option(
    "--format",
    "paper",
    type=click.Choice([*(paper.value for paper in Paper), ALL]),
    default=Paper.A4.value,
    show_default=True,
    help="a4、a3 海报，sticker A6 不干胶，card 桌牌（A4 横向对折），all 全部 / what to print on",
)
@click.option(
    "--as",
    "kind",
    type=click.Choice(["pdf", "png", BOTH]),
    default="pdf",
    show_default=True,
    help="矢量 PDF、300 dpi 图片，或两样都要 / vectors, pixels or both",
)
@click.option("--one-file", is_flag=True, help="每种规格只写一个 PDF，每个直报点一页 / one PDF with a page a point, nothing else")
@click.option(
    "--emblem", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="徽标图片，PNG 或 JPEG / emblem instead of ours"
)
@click.option("--colour", help="主色，#RRGGBB；不写就用本区的 / colour of titles and rules, the district's by default")
def poster(*, area: str, out: Path, paper: str, kind: str, one_file: bool, emblem: Path | None, colour: str | None) -> None:
    """给每个直报点写海报和二维码图 / a poster and its code as PNG and SVG for every point."""
    papers = list(Paper) if paper == ALL else [Paper(paper)]
    endings = ("pdf", "png") if kind == BOTH else (kind,)
    if one_file and kind != "pdf":
        raise InvalidInput("--one-file 只能写 PDF，请去掉 --as 或改成 --as pdf。 / One file for all is a PDF.", field="as")
    own = _own_look(emblem, colour)
    with connected() as wiring, wiring.sessions() as session:
        chosen = [point for point in _chosen(session, area) if point.state is not PointState.RETIRED]
        desks = {point.district_id: _desk(session, wiring, point.district_id, own) for point in chosen}
    if not chosen:
        raise NotFound(f"“{area}”下面没有在用的直报点。 / No point in use lies below this area.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"不能写入 {out}（{error.strerror}）；请换一个目录。 / The folder can't be written.", field="out") from error
    if one_file:
        bad = _write_batches(desks, chosen, out, stem=file_stem(area, "海报"), papers=papers)
    else:
        bad = []
        with click.progressbar(chosen, label="海报 / posters") as bar:
            for point in bar:
                try:
                    write_poster(desks[point.district_id], point, out, papers=papers, endings=endings)
                except (ValueError, OSError) as error:
                    bad.append(f"{point.name}（{point.code}）：{error}")
    click.echo(f"已写 {len(chosen) - len(bad)} 个直报点，在 {out} / written")
    if bad:
        click.echo("\n".join([f"{len(bad)} 个没有写成：", *bad]), err=True)
        raise click.exceptions.Exit(1)


def write_poster(desk: PosterDesk, point: PointView, out: Path, *, papers: Sequence[Paper], endings: Sequence[str]) -> None:
    """Write the posters of one point into `out`, and its code as PNG and SVG; ValueError says what can't be printed, and then
    nothing is written.

    The A4 PDF and the code have the point's own file name; every other poster has its paper behind it (`…-a3.pdf`, `…-a4.png`).
    """
    spec, colour = desk.spec(point), desk.template.colour
    made = {".png": code_png(spec.url, colour=colour), ".svg": code_svg(spec.url, colour=colour).encode()}
    for paper in papers:
        if "pdf" in endings:
            made[".pdf" if paper is Paper.A4 else f"-{paper}.pdf"] = poster_pdf(spec, paper=paper)
        if "png" in endings:
            made[f"-{paper}.png"] = poster_png(spec, paper=paper)
    stem = file_stem(point.name, point.code)
    for ending, content in made.items():
        (out / f"{stem}{ending}").write_bytes(content)


def file_stem(name: str, code: str) -> str:
    """`龙池社区-nvgch2345a`: letters, digits and dashes alone, whatever a point is called; the code keeps it unique."""
    safe = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip("_")[:_NAME_LIMIT]
    return f"{safe}-{_UNSAFE.sub('_', code)}" if safe else _UNSAFE.sub("_", code)


def _own_look(emblem: Path | None, colour: str | None) -> dict[str, Any]:
    """The colour and emblem asked for instead of the district's, checked before anything is drawn."""
    try:
        if colour is not None:
            check_colour(colour)
        picture = emblem.read_bytes() if emblem else None
        if picture is not None:
            emblem_picture(picture)
    except (ValueError, OSError) as error:
        raise InvalidInput(f"{error} / The emblem or the colour can't be printed.", field="emblem") from error
    return {name: value for name, value in (("colour", colour), ("emblem", picture)) if value is not None}


def _desk(session: Session, wiring: Wiring, district_id: int, own: dict[str, Any]) -> PosterDesk:
    """The same desk as the pages use, so that both print the same poster."""
    look = replace(district_look(session, district_id), **own)
    try:
        return poster_desk(look, wiring.settings, at=wiring.clock.now())
    except ValueError as error:
        raise InvalidInput(f"{error} / The district's own settings can't be printed.", field="profile") from error


def _write_batches(
    desks: Mapping[int, PosterDesk], points: Sequence[PointView], out: Path, *, stem: str, papers: Sequence[Paper]
) -> list[str]:
    """One PDF a paper with a page for every point that can be printed; the sentences of those that can't."""
    specs: list[PosterSpec] = []
    bad: list[str] = []
    for point in points:
        try:
            specs.append(desks[point.district_id].spec(point))
        except ValueError as error:
            bad.append(f"{point.name}（{point.code}）：{error}")
    for paper in papers if specs else ():
        unfinished = out / f".{stem}-{paper}.pdf.part"
        try:
            with click.progressbar(length=len(specs), label=f"海报 / posters {paper}") as bar, unfinished.open("wb") as file:
                write_posters(specs, file, paper=paper, progress=lambda _done, bar=bar: bar.update(1))  # type: ignore[misc] # this turn's bar
            unfinished.replace(out / f"{stem}-{paper}.pdf")
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise InvalidInput(f"不能写入 {out}（{error.strerror}）；请换一个目录。 / The folder can't be written.", field="out") from error
    return bad


def _line(option: str, raw: str, *, limit: int) -> str:
    try:
        return clean_line(raw, limit=limit, field=option)
    except InvalidInput as error:
        raise InvalidInput(f"{option}：{error.message} / At most {limit} characters.", field=option) from error


def _free_scene(session: Session, raw: str) -> str | None:
    """The scene as WeChat will send it back, None when none is wanted; the platform puts `qrscene_` in front, which is not part of it."""
    scene = _line("--scene", raw, limit=_SCENE_LIMIT).removeprefix("qrscene_")
    holder = point_by_scene(session, scene) if scene else None
    if holder is not None:
        raise Conflict(f"场景值“{scene}”已经给了{holder.name}（{holder.code}），请换一个。 / Another point has this scene.")
    return scene or None


def _chosen(session: Session, area: str | None) -> Sequence[PointView]:
    if area is not None:
        return points_under(session, str(area_called(session, area).id))
    roots = session.scalars(select(Area.id).where(Area.parent_id.is_(None)).order_by(Area.id)).all()
    return [point for root in roots for point in points_under(session, str(root))]


def _change(code: str, action: PointAction, note: str) -> None:
    with connected() as wiring, unit_of_work(wiring) as session:
        found = point_by_code(session, code.lower())
        if found is None:
            raise NotFound(f"没有代码是“{code}”的直报点；用 `zhibao points list` 查看。 / No point has this code.")
        point = change_point(session, actor=MACHINE, point_id=found.id, action=action, note=note, at=wiring.clock.now())
        line = f"{point.name}：{label(found.state)} → {label(point.state)}"
    click.echo(line)

"""What the demo's staff took over from the hotline: a table that came in, whose rows the worker reads when it starts, and one that waits to be
mapped. Everything invented.
"""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from intake.domain.actor import Actor
from intake.domain.import_mapping import Said, Unfit, guess, read_row
from intake.domain.row_import import ImportAction
from intake.models import RowImport
from intake.queries.row_import import areas_by_name
from intake.services.row_import import Importing, Upload, check, receive, take_in
from intake.services.row_import_work import (
    Claim,
    FreshRow,
    Tried,
    claim_import,
    external_hash,
    finish,
    store_look,
    store_rows,
    store_trial,
)
from intake.wiring import Wiring

HOTLINE, BOARD = "12345 热线", "网上留言板"
HEADS = ("工单编号", "标题", "诉求内容", "来电时间", "所在社区", "事发地点", "类别", "联系电话")
CALLS = (
    ("菜场后门路灯不亮", "公交站到菜场后门那一段路灯坏了半年，晚上买菜回来看不见路", "龙池社区", "公交站到菜场后门", "城市管理"),
    ("电瓶车进楼道充电", "幸福里6号楼有人把电瓶车推进楼道充电，夜里飞线，怕着火", "龙池社区", "幸福里6号楼", "消防安全"),
    ("河边步道台阶", "河边步道北头没有灯，台阶边上也没有扶手，老人下去散步摔过", "云泊社区", "河边步道", "城市管理"),
    ("学校门口斑马线", "实验小学门口的斑马线磨没了，放学时车不让人", "后井社区", "实验小学门口", "交通"),
    ("垃圾房异味", "紫薇苑垃圾房离3号楼太近，夏天开不了窗，希望挪个地方", "后井社区", "紫薇苑3号楼", "环境卫生"),
    ("老菜场积水", "老菜场一下雨就积水，地上滑，摊主自己拿砖头垫", "龙池社区", "老菜场", "城市管理"),
    ("咨询", "？", "", "", "其他"),
)
LETTERS = (
    ("3021", "晚归的路太黑", "学校后面的小路一盏灯也没有，晚自习放学孩子都绕着走。", "2026-10-18", "后井"),
    ("3022", "楼下的快递柜挡路", "幸福里南门的快递柜占了半条路，轮椅过不去。", "2026-10-19", "幸福里片区"),
    ("3023", "河边的灯", "河边步道的灯晚上九点就关了，散步的人还很多。", "2026-10-20", "云泊社区"),
)


def take_over(session: Session, wiring: Wiring, *, staff: Actor, ends: datetime) -> None:
    """A table of the hotline comes in the day before; one of the message board is sent an hour ago."""
    at = ends - timedelta(days=1)
    rows = [
        (f"LJ{number:05d}", title, words, f"{ends - timedelta(days=9 + number):%Y-%m-%d %H:%M}", community, place, category, "13800000000")
        for number, (title, words, community, place, category) in enumerate(CALLS, 1)
    ]
    row = receive(
        session,
        _upload(staff, "12345 热线上半月", HOTLINE, [HEADS, *rows]),
        actor=staff,
        tables=wiring.tables,
        objects=wiring.objects,
        at=at,
    )
    look = wiring.tables.look(io.BytesIO(_table([HEADS, *rows])), row.format, sheet=0)
    store_look(session, _claim(session, at), look)
    check(session, _now(row, staff, at), columns={**guess(row.columns)}, since=None)
    trial = _claim(session, at)
    read = [(line, read_row(cells, trial.mapping, now=ends)) for line, cells in enumerate(rows, 1)]
    refused = {line: one for line, one in read if isinstance(one, Unfit)}
    store_trial(session, trial, Tried(len(read), len(read) - len(refused), 0, refused), at=at)
    finish(session, trial, ImportAction.CHECKED, at=at)
    take_in(session, _now(row, staff, at), areas={})
    claim = _claim(session, at)
    areas = areas_by_name(session, claim.area_path, claim.mapping.areas)
    fresh = [
        FreshRow(line, one, external_hash(claim.source, one), areas.get(one.community, claim.area_id))
        for line, one in read
        if isinstance(one, Said)
    ]
    store_rows(session, claim, fresh, read=len(read), at=at)
    finish(session, claim, ImportAction.IMPORTED, at=at)
    letters = [("编号", "主题", "留言内容", "日期", "所在社区"), *LETTERS]
    receive(
        session,
        _upload(staff, "留言板十月", BOARD, letters),
        actor=staff,
        tables=wiring.tables,
        objects=wiring.objects,
        at=ends - timedelta(hours=1),
    )


def _upload(staff: Actor, name: str, source: str, rows: Sequence[tuple[str, ...]]) -> Upload:
    return Upload(name=name, source=source, area_id=staff.district_id, file_name=f"{name}.csv", file=io.BytesIO(_table(rows)))


def _table(rows: Sequence[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _claim(session: Session, at: datetime) -> Claim:
    claim = claim_import(session, at=at)
    assert claim is not None, "it was made just now"
    return claim


def _now(row: RowImport, staff: Actor, at: datetime) -> Importing:
    return Importing(actor=staff, import_id=row.id, version=row.version, at=at)

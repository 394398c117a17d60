"""The pool as the rows of a file (稿)."""

from collections.abc import Iterator
from datetime import date, datetime

from intake.domain.topic import ROUTE_NAMES, TopicKind
from intake.domain.working_days import SHANGHAI
from intake.ports import SheetCell
from intake.queries.topic_pool import EXPORTED_MOST, PoolRow
from intake.web.labels import category_name, translated
from intake.web.language import translate as _

HEADS = (
    "编号",
    "议题",
    "一类事",
    "类别",
    "途径",
    "区域",
    "热度",
    "已确认（件）",
    "人数",
    "社区",
    "首次说到",
    "最近说到",
    "入库",
    "到这天再看",
    "申请过复核",
)


def pool_lines(rows: tuple[PoolRow, ...]) -> Iterator[tuple[SheetCell, ...]]:
    """Heads, a row for each topic, and what was left out, in the page's language."""
    yield tuple(_(head) for head in HEADS)
    for row in rows[:EXPORTED_MOST]:
        one = row.topic
        yield (
            one.number,
            one.title,
            _("是") if one.kind is TopicKind.CLASS else "",
            category_name(one.category),
            translated(ROUTE_NAMES[one.route]),
            one.area_name,
            one.heat,
            one.confirmed,
            one.people,
            one.areas,
            _day(one.first_at),
            _day(one.last_at),
            _day(row.since),
            row.look_again_on or "",
            _("是") if row.appealed else "",
        )
    if len(rows) > EXPORTED_MOST:
        yield (_("只列出前 %(count)s 个，其余请缩小范围再导出。", count=EXPORTED_MOST),)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()

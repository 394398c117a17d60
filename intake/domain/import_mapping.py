"""导入: which column of another system's table is which of our fields, and what one row of it says."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from intake.domain.errors import InvalidInput
from intake.domain.text import PLACE_MAX, TEXT_MAX, clean
from intake.domain.working_days import SHANGHAI

MOST_BYTES = 30 * 1024 * 1024
MOST_ROWS = 200_000
"""Of one file; a district's hotline brings fewer in a year."""
MOST_COLUMNS = 200
NUMBER_MAX = 80
NAME_MAX = 40
LINK_MAX = 500
MOST_NAMES = 300
"""Names that a source is remembered by staff to have put somewhere."""
EARLIEST = date(2000, 1, 1)
"""Nothing that somebody said before can be acted on; a date before it is a slip."""
UNVALUED = "\0formula"
"""What a cell says whose formula has no result in the file, or came to an error; no workbook can hold these words."""


class ImportField(StrEnum):
    """What a column may be to us; the rest of the table is left where it is."""

    TEXT = "text"
    """正文: what was said; without it there is no row."""
    TITLE = "title"
    """标题: stands above the text."""
    NUMBER = "number"
    """编号: the other system's own, by which a row comes in once."""
    WHEN = "when"
    """时间: when it was said there."""
    PLACE = "place"
    """地点."""
    COMMUNITY = "community"
    """社区: matched to the district's areas by name."""
    CATEGORY = "category"
    """类别: what the other system calls it; the machine finds its own."""
    LINK = "link"
    """网址: where the row stands there."""


FIELD_NAMES: dict[ImportField, str] = {
    ImportField.TEXT: "正文",
    ImportField.TITLE: "标题",
    ImportField.NUMBER: "编号",
    ImportField.WHEN: "时间",
    ImportField.PLACE: "地点",
    ImportField.COMMUNITY: "所在社区",
    ImportField.CATEGORY: "原来的类别",
    ImportField.LINK: "网址",
}
"""Screen names."""


class Refusal(StrEnum):
    """Why a row doesn't come in."""

    NO_TEXT = "no_text"
    """没有正文."""
    SAYS_NOTHING = "says_nothing"
    """正文看不出是什么事."""
    TOO_LONG = "too_long"
    """超过 5000 字: refused, never cut."""
    BAD_DATE = "bad_date"
    """时间看不懂."""
    OUTSIDE_DATES = "outside_dates"
    """晚于今天，或者早于要导入的日期."""
    FORMULA = "formula"
    """公式没有结果: the file holds how to work it out, and not what came of it."""


REFUSAL_WORDS: dict[Refusal, str] = {
    Refusal.NO_TEXT: "没有正文",
    Refusal.SAYS_NOTHING: "正文只有符号或一个字，看不出是什么事",
    Refusal.TOO_LONG: "标题和正文合起来超过 5000 个字；不截断，请在原表里分成几行",
    Refusal.BAD_DATE: "时间看不懂，请写成 2026-10-03 或 2026-10-03 08:05",
    Refusal.OUTSIDE_DATES: "时间晚于今天，或者早于要导入的日期",
    Refusal.FORMULA: "这一格是公式，文件里没有它的结果。请用 Excel 打开，复制这一列，“选择性粘贴”成“值”，存好再上传",
}
"""What staff read."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Our fields by the index of their column, the sheet of a workbook, and since which day rows come in (None: all)."""

    columns: Mapping[ImportField, int]
    sheet: int = 0
    since: date | None = None
    areas: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Where staff put names that no area of ours has; kept from one import of a source to the next."""

    def with_areas(self, areas: Mapping[str, int]) -> "ColumnMapping":
        """The same, names among it; the newest MOST_NAMES of them."""
        newest = list({**self.areas, **areas}.items())[-MOST_NAMES:]
        return dataclasses.replace(self, areas=dict(newest))

    def stored(self) -> dict[str, object]:
        """As the row of the import keeps it."""
        kept: dict[str, object] = {field.value: index for field, index in self.columns.items()}
        return {**kept, "sheet": self.sheet, "since": self.since.isoformat() if self.since else "", "areas": dict(self.areas)}

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> "ColumnMapping":
        """What `stored` wrote; an empty one maps nothing."""
        since, sheet, areas = stored.get("since"), stored.get("sheet"), stored.get("areas")
        return cls(
            columns={field: index for field in ImportField if isinstance(index := stored.get(field.value), int)},
            sheet=sheet if isinstance(sheet, int) else 0,
            since=date.fromisoformat(since) if isinstance(since, str) and since else None,
            areas=areas if isinstance(areas, dict) else {},
        )


_HEADS: dict[ImportField, tuple[str, ...]] = {
    ImportField.TEXT: ("正文", "内容", "诉求内容", "反映内容", "留言内容", "工单内容", "详情", "描述", "detail", "content", "text", "body", "description"),
    ImportField.TITLE: ("标题", "主题", "事项", "title", "subject"),
    ImportField.NUMBER: ("编号", "工单号", "工单编号", "流水号", "序号", "受理编号", "id", "number", "no", "code"),
    ImportField.WHEN: ("时间", "日期", "来电时间", "受理时间", "留言时间", "提交时间", "time", "date", "dateline", "created_at", "datetime"),
    ImportField.PLACE: ("地点", "地址", "位置", "事发地址", "river", "area", "place", "location", "address"),
    ImportField.COMMUNITY: ("社区", "所在社区", "所属社区", "街道", "community", "street", "forumname"),
    ImportField.CATEGORY: ("类别", "分类", "类型", "诉求类型", "领域", "category", "domainname", "nature", "type"),
    ImportField.LINK: ("网址", "链接", "原文链接", "url", "link"),
}  # fmt: skip
"""What columns are called in exports that were seen, the likeliest first."""
_CONTACT = re.compile(
    r"姓名|昵称|网友|作者|户主|人员?$|电话|手机|联系|身份证|证件|住址|微信|邮箱|称呼|来电人|诉求人|投诉人|举报人|留言人|author\b|sender\b|caller\b|phone|mobile|tel\b|contact|email|id.?card|user.?name|nick",
    re.IGNORECASE,
)


def is_contact(head: str) -> bool:
    """Whether a column is about who said it: such columns never come in."""
    return _CONTACT.search(head) is not None


def guess(heads: Sequence[str]) -> dict[ImportField, int]:
    """The columns that look like our fields, by their heads; each column is one field at most."""
    plain = ["" if is_contact(head) else re.sub(r"\s+", "", head).casefold() for head in heads]
    found: dict[ImportField, int] = {}
    for exact in (True, False):
        for field, names in _HEADS.items():
            if field in found:
                continue
            for name in names:
                at = next((i for i, head in enumerate(plain) if i not in found.values() and _fits(head, name, exact=exact)), None)
                if at is not None:
                    found[field] = at
                    break
    return found


def _fits(head: str, name: str, *, exact: bool) -> bool:
    """Whether the head is the name, or (not exact) holds a Chinese one: 诉求正文."""
    return head == name if exact else not name.isascii() and name in head


def choose(heads: Sequence[str], chosen: Mapping[ImportField, int | None], *, sheet: int, since: date | None) -> ColumnMapping:
    """The mapping that a person chose.

    Raises InvalidInput (field named after ours) without a text, for a column that isn't there, is about a person, or is chosen twice.
    """
    columns = {field: index for field, index in chosen.items() if index is not None}
    for field, index in columns.items():
        if not 0 <= index < len(heads):
            raise InvalidInput("表里没有这一列，请重新选择。", field=field.value)
        if is_contact(heads[index]):
            raise InvalidInput(f"“{heads[index]}”一列像是个人信息，不能导入。请换一列。", field=field.value)
        twice = next((other for other, taken in columns.items() if taken == index and other is not field), None)
        if twice is not None:
            raise InvalidInput(f"“{heads[index]}”一列选了两次，请各选一列。", field=field.value)
    if ImportField.TEXT not in columns:
        raise InvalidInput("请选哪一列是正文，没有正文就没有可导入的内容。", field=ImportField.TEXT.value)
    return ColumnMapping(columns, sheet=sheet, since=since)


@dataclass(frozen=True, slots=True)
class Said:
    """One row that may come in: what was said and what the other system knows of it, the number whole."""

    text: str
    replaced: int
    """Characters that no text may hold."""
    number: str
    when: datetime | None
    """None where the table doesn't say."""
    place: str
    community: str
    category: str
    link: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """One row that may not: the field at fault and why."""

    field: ImportField
    reason: Refusal


_WORDLIKE = re.compile(r"[^\W_]")


def read_row(cells: Sequence[str], mapping: ColumnMapping, *, now: datetime) -> Said | Unfit:
    """What a row says by `mapping`; text beyond a short field's bound is cut there, never in what was said."""

    def cell(field: ImportField) -> str:
        index = mapping.columns.get(field)
        return cells[index] if index is not None and index < len(cells) else ""

    def line(field: ImportField, limit: int) -> str:
        return " ".join(clean(raw).text.split())[:limit] if (raw := cell(field)) else ""

    unvalued = next((field for field in mapping.columns if field is not ImportField.LINK and cell(field) == UNVALUED), None)
    if unvalued is not None:
        return Unfit(unvalued, Refusal.FORMULA)
    body, title = clean(cell(ImportField.TEXT)), line(ImportField.TITLE, TEXT_MAX)
    text = body.text if not title or body.text.startswith(title) else f"{title}\n{body.text}"
    reason = _unfit_words(body.text, text)
    if reason is not None:
        return Unfit(ImportField.TEXT, reason)
    raw_when = cell(ImportField.WHEN).strip()
    when = read_when(raw_when) if raw_when else None
    if raw_when and when is None:
        return Unfit(ImportField.WHEN, Refusal.BAD_DATE)
    if when is not None and not _is_inside(when, mapping.since, now=now):
        return Unfit(ImportField.WHEN, Refusal.OUTSIDE_DATES)
    link = line(ImportField.LINK, LINK_MAX)
    return Said(
        text=text,
        replaced=body.replaced,
        number=line(ImportField.NUMBER, TEXT_MAX),
        when=when,
        place=line(ImportField.PLACE, PLACE_MAX),
        community=line(ImportField.COMMUNITY, NAME_MAX),
        category=line(ImportField.CATEGORY, NAME_MAX),
        link=link if link.startswith(("https://", "http://")) else "",  # of a formula too, whose words are no address
    )


def _unfit_words(body: str, text: str) -> Refusal | None:
    """Why the words alone don't come in; `text` is the body with its title."""
    if not body.replace("\ufffd", "").strip():
        return Refusal.NO_TEXT
    if len(_WORDLIKE.findall(body)) < 2:
        return Refusal.SAYS_NOTHING
    return Refusal.TOO_LONG if len(text) > TEXT_MAX else None


def _is_inside(when: datetime, since: date | None, *, now: datetime) -> bool:
    """Not before `since` nor the year 2000, not after today."""
    return max(EARLIEST, since or EARLIEST) <= when.astimezone(SHANGHAI).date() <= now.astimezone(SHANGHAI).date()


_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s]*(\d{1,2})\s*[:时点]\s*(?:(\d{1,2})\s*分?)?(?:\s*:?\s*(\d{1,2})(?:\.\d+)?\s*秒?)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_PLAIN_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EXCEL_DAYS = range(36_526, 73_051)
"""Serial numbers of the days from 2000 to 2099."""
_EXCEL_ZERO = datetime(1899, 12, 30, tzinfo=SHANGHAI)


def read_when(raw: str) -> datetime | None:
    """A time as tables write it: 2026-10-03 08:05, 2026年10月3日, 20261003, seconds or milliseconds since 1970, a serial number of Excel.

    Without a zone it is Shanghai's, a day alone its midnight; None for anything else. Aware UTC.
    """
    try:
        found = _read_number(raw) if re.fullmatch(r"\d+(?:\.\d+)?", raw) else _read_date(raw)
        return found.astimezone(UTC) if found is not None else None
    except (ValueError, OverflowError):
        return None


def _read_number(raw: str) -> datetime | None:
    whole = raw.partition(".")[0]
    if len(whole) == 5 and int(whole) in _EXCEL_DAYS:
        return _EXCEL_ZERO + timedelta(days=round(float(raw) * 86_400) / 86_400)
    if len(raw) == 8 and (day := _PLAIN_DAY.fullmatch(raw)):
        return datetime(*(int(part) for part in day.groups()), tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]  # year, month, day
    if len(whole) in (12, 13):
        return datetime.fromtimestamp(int(whole) / 1000, UTC)
    return datetime.fromtimestamp(int(whole), UTC) if len(whole) in (9, 10) else None


def _read_date(raw: str) -> datetime | None:
    found = _DATE.fullmatch(raw)
    if found is None:
        return None
    *numbers, zone = found.groups()
    year, month, day, hour, minute, second = (int(one or 0) for one in numbers)
    local = datetime(year, month, day, hour, minute, second, tzinfo=SHANGHAI)
    return local if zone is None else datetime.fromisoformat(f"{local:%Y-%m-%dT%H:%M:%S}{zone}")

"""The poster of one intake point: a PosterSpec in, an A4 page of vectors out. Measures are points (1/72 inch) from the top left."""

import datetime as dt
import io
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from qr_assets.code import ACTION, QUIET, Symbol, check_colour, check_url, symbol
from qr_assets.fonts import Fonts, poster_fonts
from qr_assets.lines import Measure, fit

TITLE = "身边的事，扫码说"
PROMISE = "不用注册，一分钟说完，有回执，有回音"
STEPS = (
    ("1", "扫一扫", ("微信或相机都行",)),
    ("2", "说清楚", ("在哪里、什么事，", "可以拍照")),
    ("3", "等回音", ("凭回执随时查", "办到哪一步")),
)
EMERGENCY = "110 119 120"

INK, QUIET_INK, LINE, WHITE, BLACK = "#1F2328", "#59616B", "#E4E0D8", "#FFFFFF", "#000000"

PAGE_WIDTH, PAGE_HEIGHT = A4
SIDE, TOP, BOTTOM = 48.0, 44.0, 32.0
ROOM = PAGE_WIDTH - 2 * SIDE
CODE_LEAST = 62 * mm
"""Narrowest symbol without its quiet zone; design/interface.md asks for 6 cm on A4."""
CODE_FRAME = 296.0
"""Side of the frame around symbol and quiet zone, where there is room."""
FRAME_PADDING = 5.0
"""Between frame and quiet zone, so that the rounded corners stay outside it."""

LIMITS = {
    "district": 30, "street": 30, "place": 60, "title": 24, "short_code": 16, "host_for_typing": 40,
    "phone": 24, "phone_hours": 30, "phone_name": 12, "controller": 40,
}  # fmt: skip
"""Longest text of each field in characters: the worst poster still keeps CODE_LEAST and readable type."""

NAMES = {
    "district": "区县名称", "street": "街道名称", "place": "直报点名称", "title": "标题", "short_code": "短码",
    "host_for_typing": "手输网址", "phone": "电话", "phone_hours": "接听时间", "phone_name": "接听人", "controller": "主办单位",
}  # fmt: skip
OPTIONAL = {"street", "phone", "phone_hours", "phone_name"}

_one_at_a_time = threading.Lock()  # reportlab reads glyphs through one file position per face: two threads would mix them up


@dataclass(frozen=True, kw_only=True)
class PosterSpec:
    """What one poster says; a spec that exists can be printed: ValueError names the field that can't and the cure.

    `title` is coloured after its last comma. Without `phone`, `phone_hours` and `phone_name` are left out too.
    """

    district: str
    street: str
    place: str
    url: str
    short_code: str
    host_for_typing: str
    controller: str
    version: int
    date: dt.date
    phone: str = ""
    phone_hours: str = ""
    phone_name: str = ""
    title: str = TITLE
    colour: str = ACTION

    def __post_init__(self) -> None:
        check_url(self.url)
        check_colour(self.colour)
        if self.version < 1:
            raise ValueError("海报版次从 1 开始。")
        fonts = poster_fonts()
        for field, longest in LIMITS.items():
            text = str(getattr(self, field))
            if not text.strip() and field not in OPTIONAL:
                raise ValueError(f"{NAMES[field]}是空的，请填写。")
            if len(text) > longest:
                raise ValueError(f"{NAMES[field]}有 {len(text)} 个字，海报上最多放 {longest} 个，请用简称。")
            if not text.isprintable():
                raise ValueError(f"{NAMES[field]}里有换行或不可见字符，请删去。")
            if missing := fonts.missing(text):
                raise ValueError(f"{NAMES[field]}里的“{missing}”字体里没有，印出来是空框，请换一个写法。")


def poster_pdf(spec: PosterSpec) -> bytes:
    """One A4 page; the same spec always gives the same bytes."""
    return posters_pdf([spec])


def posters_pdf(specs: Iterable[PosterSpec], *, progress: Callable[[int], None] | None = None) -> bytes:
    """One document, a page a spec in the order given; `progress` hears how many pages are drawn. ValueError if there are none."""
    fonts = poster_fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, pageCompression=1, invariant=1, lang="zh-CN")
    done = 0
    for spec in specs:  # outside the lock: the caller's iterable may be a query
        with _one_at_a_time:
            if not done:
                canvas.setTitle(f"{spec.place} 直报点海报 第 {spec.version} 版")
                canvas.setAuthor(spec.controller)
                canvas.setCreator("zhibao")
            _Page(canvas, fonts, spec).draw()
            canvas.showPage()
        done += 1
        if progress:
            progress(done)
    if not done:
        raise ValueError("没有可以印的直报点，请先选择直报点。")
    with _one_at_a_time:
        canvas.save()
    return out.getvalue()


@dataclass(frozen=True)
class _Run:
    """A stretch of one line in one type."""

    text: str
    size: float
    bold: bool = False
    colour: str = INK


class _Page:
    """Draws one spec: the header from the top, the footer from the bottom, the rest centred in between."""

    def __init__(self, canvas: Canvas, fonts: Fonts, spec: PosterSpec) -> None:
        self.canvas = canvas
        self.fonts = fonts
        self.spec = spec

    def draw(self) -> None:
        header_end = self._header()
        footer_start = self._footer()
        self._middle(header_end, footer_start)

    def _header(self) -> float:
        """District, street and place at the left, the product's label at the right; the end of the lower one."""
        label_width, label_height = 78.0, 34.0
        self._rounded(PAGE_WIDTH - SIDE - label_width, TOP, label_width, label_height, radius=7, fill=self.spec.colour)
        middle = PAGE_WIDTH - SIDE - label_width / 2
        self._line([_Run("直报点", 18, bold=True, colour=WHITE)], middle, TOP + 23.4, align=0.5)
        room = ROOM - label_width - 24
        area = [part for part in (self.spec.district.strip(), self.spec.street.strip()) if part]
        if self.fonts.width(" · ".join(area), 16.5) <= room:
            area = [" · ".join(area)]
        y = TOP
        for line in area:
            y = self._paragraph(line, SIDE, y, room=room, size=16.5, most_lines=1, leading=1.35)
        return max(self._paragraph(self.spec.place.strip(), SIDE, y + 4, room=room, size=23, most_lines=2, bold=True), TOP + label_height)

    def _footer(self) -> float:
        """Help without a telephone in hand, then who answers for this and the emergency numbers; where its rule lies."""
        spec = self.spec
        imprint = [_Run(f"第 {spec.version} 版 {spec.date:%Y-%m} · 紧急请拨 ", 11.5, colour=QUIET_INK), _Run(EMERGENCY, 12.5, bold=True)]
        who, organiser = "政协委员直接看到您的话", f"{spec.controller.strip()} 主办"
        y = PAGE_HEIGHT - BOTTOM
        self._line(imprint, PAGE_WIDTH - SIDE, y, align=1)
        if self.fonts.width(f"{who} · {organiser}", 11.5) <= ROOM - self._width(imprint) - 20:
            self._line([_Run(f"{who} · {organiser}", 11.5, colour=QUIET_INK)], SIDE, y)
        else:
            self._line([_Run(who, 11.5, colour=QUIET_INK)], SIDE, y)
            y -= 17
            self._line(self._shrunk([_Run(organiser, 11.5, colour=QUIET_INK)]), SIDE, y)
        y -= 28
        help_text = [_Run("不会用手机？", 16, bold=True), _Run(" 社区服务台可以代您填", 14.5)]
        if spec.phone.strip():
            for line in reversed(self._phone()):
                self._line(line, SIDE, y)
                y -= 26
            help_text.append(_Run("，或打电话：", 14.5))
        self._line(help_text, SIDE, y)
        y -= 32
        self._rounded(SIDE, y, ROOM, 0.75, radius=0, fill=LINE)
        return y

    def _phone(self) -> list[list[_Run]]:
        """The number, then when and who."""
        name = self.spec.phone_name.strip()
        about = "，".join(part for part in (self.spec.phone_hours.strip(), f"{name}接" if name else "") if part)
        return self._rows([_Run(self.spec.phone.strip(), 20, bold=True)], [_Run(about, 14.5)] if about else [], between="  ")

    def _middle(self, start: float, end: float) -> None:
        """Title, promise, code, the way in by typing, and the three steps; the code gives way where names are long."""
        spec = self.spec
        code = symbol(spec.url)
        typing = self._rows(
            [_Run("扫不了？打开 ", 16, colour=QUIET_INK), _Run(spec.host_for_typing.strip(), 17, bold=True)],
            [_Run("输入 ", 16, colour=QUIET_INK), _Run(spec.short_code.strip(), 17, bold=True)],
            between=" ",
        )
        one_line = self.fonts.width(spec.title.strip(), 52, bold=True) <= ROOM
        size, lines = fit(
            spec.title.strip(), room=ROOM, size=52 if one_line else 44, most_lines=2, measure_at=partial(self._measure, bold=True)
        )
        title_height, promise_height, typing_height, steps_height = len(lines) * size * 1.2, 44.0, 36.0 + 26 * len(typing), 78.0
        fixed = title_height + promise_height + typing_height + steps_height
        least = CODE_LEAST * code.full_size / code.size + 2 * FRAME_PADDING
        frame = max(least, min(CODE_FRAME, end - start - fixed - 20))
        y = start + max(0.0, end - start - fixed - frame) * 0.45
        for runs in self._title(lines, size):
            self._line(runs, PAGE_WIDTH / 2, y + size * 0.98, align=0.5)
            y += size * 1.2
        self._line(self._shrunk([_Run(PROMISE, 18.5, colour=QUIET_INK)]), PAGE_WIDTH / 2, y + 23, align=0.5)
        y += promise_height
        self._code(code, (PAGE_WIDTH - frame) / 2, y, frame)
        y += frame
        for row, line in enumerate(typing):
            self._line(line, PAGE_WIDTH / 2, y + 32 + 26 * row, align=0.5)
        self._steps(y + typing_height)

    def _title(self, lines: Sequence[str], size: float) -> list[list[_Run]]:
        """The title's lines with what follows its last comma in colour."""
        title = self.spec.title.strip()
        plain = title.rfind("，") + 1 or len(title)
        rows: list[list[_Run]] = []
        at = 0
        for line in lines:
            at = title.index(line, at)  # a line break swallows spaces
            kept = line[: max(0, plain - at)]
            rows.append([_Run(kept, size, bold=True), _Run(line[len(kept) :], size, bold=True, colour=self.spec.colour)])
            at += len(line)
        return rows

    def _code(self, code: Symbol, x: float, y: float, frame: float) -> None:
        """The symbol with its quiet zone, in a frame."""
        self._rounded(x, y, frame, frame, radius=15, fill=WHITE, line=LINE)
        module = (frame - 2 * FRAME_PADDING) / code.full_size
        left, top = (start + FRAME_PADDING + QUIET * module for start in (x, y))
        dark = self.canvas.beginPath()  # one path, filled once: separate shapes show hairlines between them
        for rect in code.rects:
            height = rect.height * module
            dark.rect(left + rect.x * module, PAGE_HEIGHT - top - rect.y * module - height, rect.width * module, height)
        self.canvas.setFillColor(HexColor(BLACK))
        self.canvas.drawPath(dark, stroke=0, fill=1)
        if mark := code.emblem:
            side = mark.side * module
            self._rounded(left + mark.x * module, top + mark.y * module, side, side, radius=mark.radius * module, fill=self.spec.colour)
            centre_x, centre_y, radius = mark.bubble
            bubble = self.canvas.beginPath()
            bubble.circle(left + centre_x * module, PAGE_HEIGHT - top - centre_y * module, radius * module)
            corners = [(left + tx * module, PAGE_HEIGHT - top - ty * module) for tx, ty in mark.tail]
            bubble.moveTo(*corners[0])
            for corner in corners[1:]:
                bubble.lineTo(*corner)
            bubble.close()
            self.canvas.setFillColor(HexColor(WHITE))
            self.canvas.drawPath(bubble, stroke=0, fill=1, fillMode=1)

    def _steps(self, y: float) -> None:
        gap = 14.0
        width = (ROOM - 2 * gap) / 3
        for at, (number, name, words) in enumerate(STEPS):
            x = SIDE + at * (width + gap)
            self._rounded(x, y, width, 3, radius=0, fill=self.spec.colour)
            self._line([_Run(f"{number} ", 19.5, bold=True, colour=self.spec.colour), _Run(name, 19.5, bold=True)], x, y + 29)
            for row, line in enumerate(words):
                self._line([_Run(line, 15)], x, y + 52 + row * 21)

    def _paragraph(self, text: str, x: float, y: float, *, room: float, size: float, most_lines: int, bold: bool = False,
                   leading: float = 1.25) -> float:  # fmt: skip
        """Lines from `y` downwards, shrunk until they are at most `most_lines`; where they end."""
        size, lines = fit(text, room=room, size=size, most_lines=most_lines, measure_at=partial(self._measure, bold=bold))
        for line in lines:
            self._line([_Run(line, size, bold=bold)], x, y + size * ((leading - 1) / 2 + 0.88))
            y += size * leading
        return y

    def _rows(self, first: list[_Run], second: list[_Run], *, between: str) -> list[list[_Run]]:
        """Both parts in one line if it fits at full size, else one below the other."""
        if not second:
            return [self._shrunk(first)]
        joined = [*first, _Run(between, second[0].size), *second]
        return [joined] if self._width(joined) <= ROOM else [self._shrunk(first), self._shrunk(second)]

    def _shrunk(self, runs: Sequence[_Run]) -> list[_Run]:
        """The same line, smaller as a whole if it is wider than the page has room."""
        ratio = min(1.0, ROOM / self._width(runs))
        return [_Run(run.text, run.size * ratio, run.bold, run.colour) for run in runs]

    def _line(self, runs: Sequence[_Run], x: float, baseline: float, *, align: float = 0) -> None:
        """One line; `align` is the part of its width that lies left of x."""
        x -= self._width(runs) * align
        for run in runs:
            self.canvas.setFillColor(HexColor(run.colour))
            self.canvas.setFont(self.fonts.bold if run.bold else self.fonts.regular, run.size)
            self.canvas.drawString(x, PAGE_HEIGHT - baseline, run.text)
            x += self.fonts.width(run.text, run.size, bold=run.bold)

    def _width(self, runs: Sequence[_Run]) -> float:
        return sum(self.fonts.width(run.text, run.size, bold=run.bold) for run in runs)

    def _measure(self, size: float, *, bold: bool = False) -> Measure:
        return lambda text: self.fonts.width(text, size, bold=bold)

    def _rounded(self, x: float, y: float, width: float, height: float, *, radius: float, fill: str, line: str | None = None) -> None:
        self.canvas.setFillColor(HexColor(fill))
        if line:
            self.canvas.setStrokeColor(HexColor(line))
            self.canvas.setLineWidth(0.75)
        self.canvas.roundRect(x, PAGE_HEIGHT - y - height, width, height, radius, stroke=int(line is not None), fill=1)

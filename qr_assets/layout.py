"""Composing a sheet: what stands where on each paper. Type shrinks step by step until everything fits; the code gives way first."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import floor, sqrt

from reportlab.lib.units import mm

from qr_assets.code import Emblem, Symbol, symbol
from qr_assets.fonts import Fonts
from qr_assets.marks import Box, Code, Face, Fold, Mark, Picture, Sheet, Text
from qr_assets.setting import LINE, QUIET_INK, WHITE, Block, Run, Typesetter
from qr_assets.spec import Paper, PosterSpec

PROMISE = "不用注册，一分钟说完，有回执，有回音"
STEPS = (
    ("1", "扫一扫", ("微信或相机都行",)),
    ("2", "说清楚", ("在哪里、什么事，", "一句话也行")),
    ("3", "等回音", ("凭回执随时查", "办到哪一步")),
)
LISTENER = "政协委员直接看到您的话"
EMERGENCY = "110 119 120"
PRODUCT = "直报点"

_MOST_STEPS = 16
"""How often everything may shrink by 4 %: to about half."""

_PIXEL = 72 / 300
"""A module is a whole number of these wide where there is room, so that its edges are sharp at 300 and 600 dpi."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """Measures of one paper in points; sizes of type where nothing needs to shrink."""

    width: float
    height: float
    side: float
    top: float
    bottom: float
    least: float
    """Smallest type."""
    code_least: float
    """Narrowest symbol without its quiet zone."""
    frame: float
    """Side of the frame around symbol and quiet zone, where there is room."""
    padding: float
    """Between frame and quiet zone, so that the rounded corners stay outside it."""
    corner: float
    seal: float
    area: float
    place: float
    title: float
    promise: float
    typing: float
    step: float
    step_words: float
    help: float
    phone: float
    imprint: float
    gap: float
    """Between the parts."""

    @property
    def room(self) -> float:
        """Width between the margins."""
        return self.width - 2 * self.side

    def scaled(self, ratio: float) -> "Style":
        """Everything `ratio` times as large."""
        return Style(**{name: value * ratio for name, value in vars(self).items()})

    def smaller(self, ratio: float) -> "Style":
        """The same paper with its type, gaps and seal `ratio` times as large, no type below the smallest."""
        kept = {"width", "height", "side", "top", "bottom", "least", "code_least", "frame", "padding", "corner"}
        shrunk = {name: value * ratio for name, value in vars(self).items() if name not in kept}
        floors = {name: value if name in {"gap", "seal"} else max(self.least, value) for name, value in shrunk.items()}
        return replace(self, **floors)


_A4 = Style(
    width=210 * mm, height=297 * mm, side=48, top=44, bottom=30, least=11, code_least=61 * mm, frame=290, padding=5, corner=12, seal=56,
    area=16.5, place=23, title=52, promise=18.5, typing=16.5, step=19.5, step_words=15, help=15, phone=20, imprint=11.5, gap=16,
)  # fmt: skip
_A3 = replace(_A4.scaled(sqrt(2)), width=297 * mm, height=420 * mm)
_STICKER = Style(
    width=105 * mm, height=148 * mm, side=25, top=25, bottom=24, least=7, code_least=40.5 * mm, frame=170, padding=3, corner=6, seal=29,
    area=8.5, place=12, title=24.5, promise=9.5, typing=8.5, step=10, step_words=8, help=8.2, phone=11, imprint=7, gap=6.5,
)  # fmt: skip
_CARD = Style(
    width=297 * mm, height=105 * mm, side=40, top=25, bottom=26, least=9, code_least=46 * mm, frame=196, padding=4, corner=9, seal=42,
    area=11.5, place=17, title=37, promise=14.5, typing=11.5, step=15, step_words=12, help=12, phone=15.5, imprint=9.5, gap=9.5,
)  # fmt: skip
STYLES = {Paper.A4: _A4, Paper.A3: _A3, Paper.STICKER: _STICKER, Paper.CARD: _CARD}
"""Of the card: one face, half a sheet."""


def composed(spec: PosterSpec, fonts: Fonts, *, paper: Paper) -> Sheet:
    """The sheet for this spec; every spec that exists fits on every paper."""
    style = STYLES[paper]
    marks = _largest_that_fits(_Card if paper is Paper.CARD else _Portrait, style, spec, fonts)
    if paper is not Paper.CARD:
        return Sheet(style.width, style.height, (Face(0, style.height, turned=False, marks=marks),))
    fold: tuple[Mark, ...] = (Fold(style.side * 0.6, 0.5, style.width - style.side * 1.2, LINE),)
    faces = (
        Face(0, style.height, turned=True, marks=marks),
        Face(style.height, style.height, turned=False, marks=marks),
        Face(style.height - 0.5, 1, turned=False, marks=fold),
    )
    return Sheet(style.width, 2 * style.height, faces)


class _Composition(ABC):
    """The parts that all papers share."""

    def __init__(self, style: Style, spec: PosterSpec, fonts: Fonts, code: Symbol) -> None:
        self.style = style
        self.spec = spec
        self.template = spec.template
        self.type = Typesetter(fonts, least=style.least)
        self.code = code

    @abstractmethod
    def marks(self) -> tuple[Mark, ...] | None:
        """Everything on the page or face; None if it doesn't fit at this size of type."""

    def whose(self, room: float, *, most_lines: int) -> tuple[Block, Block]:
        """District and street, and the place below them."""
        style = self.style
        parts = [[Run(part.strip(), style.area)] for part in (self.template.district, self.spec.street) if part.strip()]
        area = self.type.rows(*parts, between=" · ", room=room, leading=1.35)
        place = Run(self.spec.place.strip(), style.place, bold=True)
        return area, self.type.paragraph(place, room=room, most_lines=most_lines, least=style.place * 0.6, leading=1.25)

    def seal(self, right: float, top: float) -> list[Mark]:
        """The emblem with the product's name below, or the name alone set like a seal; as wide and high as `style.seal`."""
        side, colour = self.style.seal, self.template.colour
        if picture := self.template.picture:
            name = Block(((Run(PRODUCT, max(self.style.least, side * 0.24), bold=True),),), leading=1.2)
            high = side - name.height
            wide = max(side, self.type.width(name.rows[0]))
            ratio = min(wide / picture.width, high / picture.height)
            width, height = picture.width * ratio, picture.height * ratio
            middle = right - wide / 2
            return [
                Picture(middle - width / 2, top + (high - height) / 2, width, height),
                *self.type.draw(name, middle, top + high, align=0.5),
            ]
        marks: list[Mark] = [Box(right - side, top, side, side, side * 0.13, WHITE, line=colour, line_width=side * 0.04)]
        size = max(self.style.least, side * 0.32)
        rows = Block(tuple((Run(part, size, bold=True, colour=colour),) for part in (PRODUCT[:2], PRODUCT[2:])), leading=1.15)
        return [*marks, *self.type.draw(rows, right - side / 2, top + (side - rows.height) / 2, align=0.5)]

    def title(self, room: float) -> Block:
        """One line, or two in smaller type; what follows its last comma in colour."""
        title, size = self.template.title.strip(), self.style.title
        one_line = self.type.fonts.width(title, size, bold=True) <= room
        block = self.type.paragraph(
            Run(title, size if one_line else size * 0.85, bold=True), room=room, most_lines=2, least=self.style.least, leading=1.2
        )
        plain = title.rfind("，") + 1 or len(title)
        rows: list[tuple[Run, ...]] = []
        at = 0
        for (run,) in block.rows:
            at = title.index(run.text, at)  # a line break swallows spaces
            kept = run.text[: max(0, plain - at)]
            coloured = Run(run.text[len(kept) :], run.size, bold=True, colour=self.template.colour)
            rows.append(tuple(part for part in (replace(run, text=kept), coloured) if part.text))
            at += len(run.text)
        return Block(tuple(rows), block.leading)

    def promise(self, room: float) -> Block:
        """What a resident may count on."""
        return self.type.paragraph(Run(PROMISE, self.style.promise, colour=QUIET_INK), room=room, most_lines=1, leading=1.5)

    def typing(self, room: float) -> Block:
        """The way in for those whose phone doesn't scan."""
        size = self.style.typing
        open_, enter = Run("扫不了？打开 ", size, colour=QUIET_INK), Run("输入 ", size, colour=QUIET_INK)
        host = Run(self.spec.host_for_typing.strip(), size * 1.03, bold=True)
        code = Run(self.spec.short_code.strip(), size * 1.03, bold=True)
        return self.type.rows([open_, host], [enter, code], between=" ", room=room, leading=1.5)

    def steps(self, x: float, y: float, room: float) -> tuple[list[Mark], float]:
        """How it works in three columns, and where they end."""
        style, colour = self.style, self.template.colour
        gap = room * 0.03
        width = (room - 2 * gap) / 3
        bar, end = style.step * 0.15, y
        marks: list[Mark] = []
        for at, (number, name, words) in enumerate(STEPS):
            left = x + at * (width + gap)
            marks.append(Box(left, y, width, bar, 0, colour))
            head = Block(((Run(f"{number} ", style.step, bold=True, colour=colour), Run(name, style.step, bold=True)),), leading=1.4)
            text = Block(tuple((Run(line, style.step_words),) for line in words), leading=1.4)
            top = y + bar + style.step * 0.25
            marks += self.type.draw(head, left, top)
            marks += self.type.draw(text, left, top + head.height)
            end = max(end, top + head.height + text.height)
        return marks, end

    def help(self, room: float) -> Block:
        """Who helps those without a phone in hand, and the number with its hours and who answers."""
        style, spec = self.style, self.spec
        phone = spec.phone.strip()
        desk = "社区服务台可以代您填，或打电话：" if phone else "社区服务台可以代您填"
        asked = self.type.rows([Run("不会用手机？", style.help * 1.08, bold=True), Run(desk, style.help)], between="", room=room)
        if not phone:
            return asked
        name = spec.phone_name.strip()
        about = "，".join(part for part in (spec.phone_hours.strip(), f"{name}接" if name else "") if part)
        number = [Run(phone, style.phone, bold=True)]
        return Block(
            (*asked.rows, *self.type.rows(number, [Run(about, style.help)] if about else [], between="  ", room=room).rows), asked.leading
        )

    def imprint(self, y: float) -> tuple[list[Mark], float]:
        """Who listens and answers for this at the left; version, date and emergency numbers at the right; `y` is where it ends."""
        style, spec, size = self.style, self.spec, self.style.imprint
        right = [Run(f"第 {spec.version} 版 {spec.date:%Y-%m} · 紧急请拨 ", size, colour=QUIET_INK), Run(EMERGENCY, size * 1.09, bold=True)]
        who, organiser = Run(LISTENER, size, colour=QUIET_INK), Run(f"{self.template.controller.strip()} 主办", size, colour=QUIET_INK)
        last = Block((tuple(right),), leading=1.4)
        joined = [who, Run(" · ", size, colour=QUIET_INK), organiser]
        space = style.room - self.type.width(right) - size * 1.5
        if self.type.width(joined) <= space:
            left = Block((tuple(joined),), leading=1.4)
            above = Block(())
        elif self.type.width([organiser]) <= space:
            left = Block(((organiser,),), leading=1.4)
            above = Block(((who,),), leading=1.4)
        elif self.type.width([who]) <= space:
            left = Block(((who,),), leading=1.4)
            above = self.type.rows([organiser], between="", room=style.room, leading=1.4)
        else:
            left = Block(())
            above = self.type.rows([who], [organiser], between=" · ", room=style.room, leading=1.4)
        top = y - last.height
        marks: list[Mark] = [*self.type.draw(last, style.width - style.side, top, align=1)]
        # the left text is smaller than the bold numbers beside it: on the same baseline
        for text in self.type.draw(left, style.side, top):
            marks.append(replace(text, baseline=marks[0].baseline if isinstance(marks[0], Text) else text.baseline))
        marks += self.type.draw(above, style.side, top - above.height)
        return marks, top - above.height

    def framed(self, x: float, y: float, frame: float) -> list[Mark]:
        """The symbol with its quiet zone in a frame of this side; in its middle the emblem."""
        style = self.style
        module = self.module(frame)
        left, top = (start + (frame - module * self.code.size) / 2 for start in (x, y))
        picture = self.template.picture
        marks: list[Mark] = [
            Box(x, y, frame, frame, style.corner, WHITE, line=LINE),
            Code(left, top, module, self.code, self.template.colour, bubble=picture is None),
        ]
        if picture and (mark := self.code.emblem):
            marks.append(_inside(mark, left=left, top=top, module=module, width=picture.width, height=picture.height))
        return marks

    def module(self, frame: float) -> float:
        """Side of a module in a frame of this side: whole pixels, or half ones where whole ones would make the symbol too small."""
        most = (frame - 2 * self.style.padding) / self.code.full_size + 1e-6
        sharp = floor(most / _PIXEL) * _PIXEL
        return sharp if sharp * self.code.size >= self.style.code_least else floor(most / _PIXEL * 2) * _PIXEL / 2

    def frame(self, most: float) -> float | None:
        """Side of the largest frame not above `most`; None if the symbol would be too small."""
        module = self.module(min(most, self.style.frame))
        if module * self.code.size < self.style.code_least:
            return None
        return module * self.code.full_size + 2 * self.style.padding

    def rule(self, y: float) -> Box:
        """A light line across the page."""
        return Box(self.style.side, y, self.style.room, max(0.5, self.style.imprint * 0.065), 0, LINE)


class _Portrait(_Composition):
    """A4, A3 and the sticker: the header from the top, the footer from the bottom, the rest centred in between."""

    def marks(self) -> tuple[Mark, ...] | None:
        style = self.style
        room, middle = style.room, style.width / 2
        right = style.width - style.side
        area, place = self.whose(room - style.seal - style.gap * 1.4, most_lines=2)
        marks: list[Mark] = [*self.seal(right, style.top), *self.type.draw(area, style.side, style.top)]
        marks += self.type.draw(place, style.side, style.top + area.height)
        start = style.top + max(style.seal, area.height + place.height) + style.gap
        imprint, end = self.imprint(style.height - style.bottom)
        help_ = self.help(room)
        end -= help_.height + style.gap * 0.4
        marks += [*imprint, *self.type.draw(help_, style.side, end)]
        end -= style.gap * 0.6
        marks.append(self.rule(end))
        end -= style.gap

        title, promise, typing = self.title(room), self.promise(room), self.typing(room)
        _, steps_height = self.steps(style.side, 0, room)
        fixed = title.height + promise.height + style.gap * 0.5 + style.gap * 0.4 + typing.height + style.gap * 0.6 + steps_height
        frame = self.frame(end - start - fixed)
        if frame is None:
            return None
        spare = max(0.0, end - start - fixed - frame)
        air = min(spare / 4, style.gap)  # loosens the middle; what is left stands above and below it
        y = start + (spare - 3 * air) * 0.45
        marks += self.type.draw(title, middle, y, align=0.5)
        y += title.height
        marks += self.type.draw(promise, middle, y, align=0.5)
        y += promise.height + style.gap * 0.5 + air
        marks += self.framed(middle - frame / 2, y, frame)
        y += frame + style.gap * 0.4 + air / 2
        marks += self.type.draw(typing, middle, y, align=0.5)
        y += typing.height + style.gap * 0.6 + air
        marks += self.steps(style.side, y, room)[0]
        return tuple(marks)


class _Card(_Composition):
    """One face of the tent: the code and the way in by typing at the left, words at the right, the imprint below both."""

    def marks(self) -> tuple[Mark, ...] | None:
        style = self.style
        imprint, end = self.imprint(style.height - style.bottom)
        end -= style.gap * 0.4
        marks: list[Mark] = [*imprint, self.rule(end)]
        end -= style.gap * 0.6
        typing = self.typing(style.frame)
        frame = self.frame(end - style.top - typing.height - style.gap * 0.3)
        if frame is None:
            return None
        left = style.side + (style.frame - frame) / 2
        marks += self.framed(left, style.top, frame)
        marks += self.type.draw(typing, style.side + style.frame / 2, style.top + frame + style.gap * 0.3, align=0.5)

        x = style.side + style.frame + style.gap * 2.6
        room = style.width - style.side - x
        area, place = self.whose(room - style.seal - style.gap * 1.5, most_lines=2)
        marks += [*self.seal(x + room, style.top), *self.type.draw(area, x, style.top)]
        marks += self.type.draw(place, x, style.top + area.height)
        parts = list(self._words(x, room))
        head = max(style.seal, area.height + place.height)
        spare = end - style.top - head - sum(height for _, height in parts)
        if spare < style.gap * 0.35 * len(parts):
            return None
        y = style.top + head
        for make, height in parts:
            y += spare / len(parts)
            marks += make(y)
            y += height
        return tuple(marks)

    def _words(self, x: float, room: float) -> Iterator[tuple[Callable[[float], list[Text] | list[Mark]], float]]:
        """Each part as a function of where it starts, and its height."""
        title, promise, help_ = self.title(room), self.promise(room), self.help(room)
        yield lambda y: [*self.type.draw(title, x, y), *self.type.draw(promise, x, y + title.height)], title.height + promise.height
        yield lambda y: self.steps(x, y, room)[0], self.steps(x, 0, room)[1]
        yield lambda y: self.type.draw(help_, x, y), help_.height


def _largest_that_fits(kind: type[_Composition], style: Style, spec: PosterSpec, fonts: Fonts) -> tuple[Mark, ...]:
    """The composition in its full size if it fits, else shrunk as little as a search by halves finds."""
    code = symbol(spec.url)

    def at(step: int) -> tuple[Mark, ...] | None:
        return kind(style.smaller(0.96**step), spec, fonts, code).marks()

    marks = at(0)
    if marks is not None:
        return marks
    too_large, fitting = 0, _MOST_STEPS
    best = at(fitting)
    if best is None:
        raise AssertionError("LIMITS allow more than fits")
    while fitting - too_large > 1:
        middle = (too_large + fitting) // 2
        if marks := at(middle):
            best, fitting = marks, middle
        else:
            too_large = middle
    return best


def _inside(mark: Emblem, *, left: float, top: float, module: float, width: float, height: float) -> Picture:
    """A picture of these proportions as large as the square cleared in the code allows."""
    ratio = mark.side * module / max(width, height)
    wide, high = width * ratio, height * ratio
    x, y = left + mark.x * module, top + mark.y * module
    return Picture(x + (mark.side * module - wide) / 2, y + (mark.side * module - high) / 2, wide, high)

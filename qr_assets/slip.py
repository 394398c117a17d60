"""Paper slips: two on a sheet of A4, each with lines to write on and a stub to tear off that carries the number and the point's code."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reportlab.lib.units import mm

from qr_assets.code import Symbol, symbol
from qr_assets.fonts import Fonts, poster_fonts
from qr_assets.layout import EMERGENCY
from qr_assets.marks import Box, Code, Face, Fold, Mark, Sheet, Text
from qr_assets.setting import QUIET_INK, WHITE, Block, Run, Typesetter
from qr_assets.spec import PosterSpec
from qr_assets.vector import Document

WIDTH, HALF = 210 * mm, 148.5 * mm
SIDE, TOP = 16 * mm, 10 * mm
STUB = 42 * mm
"""Height of the part that is torn off."""
RULE = "#8A857C"
"""Lines to write on must be seen: the control line of design/interface.md."""
LINE_STEP = 26.0
"""Between lines, where the names above leave room."""
WRITING_LINES = 5
LEAST = 8.5
TITLE = "有话请写在这里"
_BELOW_LINES = 64.0
"""What stands between the last line and the stub: boxes, signature, what happens next."""
ASKS = "什么事？在哪里、多久了，写一句也可以"
CONSENT = "我同意由社区工作者按这张纸代我填写并提交"
GUARDIAN = "我不满十四岁，监护人同意"
HOW = "写好撕下下面一条自己留着，上面交给服务台，工作人员当面念给您听再提交。"
KEEP = "请把这一条撕下来留好"
WHAT_FOR = "凭纸条号到服务台，可以问办到哪一步、打印回执和结果。"


@dataclass(frozen=True, slots=True)
class SlipSheet:
    """What all slips of a printing share: the point as its poster says it, and where receipts are found."""

    poster: PosterSpec
    find_at: str


def slips_pdf(sheet: SlipSheet, numbers: Sequence[str]) -> bytes:
    """A PDF with two slips a page, in the order of `numbers`; the same slips always give the same bytes. ValueError without numbers."""
    if not numbers:
        raise ValueError("没有可以印的纸条。")
    fonts = poster_fonts()
    out = io.BytesIO()
    document = Document(out, fonts, title=f"{sheet.poster.place} 纸条", author=sheet.poster.template.controller)
    code = symbol(sheet.poster.url)
    for at in range(0, len(numbers), 2):
        document.add(_page(sheet, numbers[at : at + 2], fonts, code), picture=None, key="")
    document.finish()
    return out.getvalue()


def _page(sheet: SlipSheet, numbers: Sequence[str], fonts: Fonts, code: Symbol) -> Sheet:
    faces = [
        Face(at * HALF, HALF, turned=False, marks=tuple(_Slip(sheet, number, fonts, code).marks())) for at, number in enumerate(numbers)
    ]
    if len(faces) == 2:
        faces.append(Face(HALF - 0.5, 1, turned=False, marks=(Fold(0, 0.5, WIDTH, RULE),)))
    return Sheet(WIDTH, 2 * HALF, tuple(faces))


class _Slip:
    """One slip, composed from its top left corner."""

    def __init__(self, sheet: SlipSheet, number: str, fonts: Fonts, code: Symbol) -> None:
        self.sheet = sheet
        self.poster = sheet.poster
        self.number = number
        self.code = code
        self.colour = sheet.poster.template.colour
        self.type = Typesetter(fonts, least=LEAST)
        self.room = WIDTH - 2 * SIDE

    def marks(self) -> list[Mark]:
        """Everything on it."""
        head, y = self.head()
        lines, y = self.lines(y)
        consent, _ = self.consent(y)
        tear = HALF - STUB
        fold: list[Mark] = [Fold(SIDE * 0.4, tear, WIDTH - SIDE * 0.8, RULE)]
        return [*head, *lines, *consent, *fold, *self.stub(tear)]

    def head(self) -> tuple[list[Mark], float]:
        """What it is and whose; the number at the right."""
        whose = " · ".join(part for part in (self.poster.template.district, self.poster.street, self.poster.place) if part.strip())
        number = self.numbered(17)
        right = max(self.type.width(row) for row in number.rows)
        left = self.room - right - 14
        title = Block(((Run(TITLE, 25, bold=True),),), leading=1.2)
        place = self.type.paragraph(Run(f"社情民意直报点 · {whose}", 10, colour=QUIET_INK), room=left, most_lines=2)
        marks: list[Mark] = [*self.type.draw(title, SIDE, TOP), *self.type.draw(place, SIDE, TOP + title.height)]
        marks += self.type.draw(number, WIDTH - SIDE, TOP, align=1)
        return marks, TOP + max(title.height + place.height, number.height) + 5

    def lines(self, y: float) -> tuple[list[Mark], float]:
        """Where to write: the matter, the place, and how to answer."""
        marks: list[Mark] = list(self.type.draw(Block(((Run(ASKS, 11, bold=True),),)), SIDE, y))
        y += 5
        room = HALF - STUB - _BELOW_LINES - y
        step = min(LINE_STEP, room / (WRITING_LINES + 1))
        for _ in range(WRITING_LINES):
            y += step
            marks.append(self.rule(SIDE, y, self.room))
        y += step
        half = self.room * 0.5 - 8
        marks += self.blank("在哪里", SIDE, y, half)
        marks += self.blank("电话（可以不留，只用来回复您）", SIDE + half + 16, y, half)
        return marks, y + 7

    def consent(self, y: float) -> tuple[list[Mark], float]:
        """Two boxes to tick, a line to sign, and what happens then."""
        marks: list[Mark] = []
        x = SIDE
        for words in (CONSENT, GUARDIAN):
            marks.append(Box(x, y + 2.5, 11, 11, 1.5, WHITE, line="#1F2328", line_width=0.9))
            row = Block(((Run(words, 10.5),),))
            marks += self.type.draw(row, x + 16, y)
            x += 16 + self.type.width(row.rows[0]) + 14
        y += 14 + 21
        marks += self.blank("签名", SIDE, y, self.room * 0.5 - 8)
        marks += self.blank("日期", SIDE + self.room * 0.5 + 8, y, self.room * 0.5 - 8)
        how = self.type.paragraph(Run(HOW, 9.5, colour=QUIET_INK), room=self.room, most_lines=1)
        return [*marks, *self.type.draw(how, SIDE, y + 4)], y + 4 + how.height

    def stub(self, top: float) -> list[Mark]:
        """What is kept: the code, the number, how to ask."""
        side = STUB - 7 * mm
        module = side / self.code.full_size
        y = top + 3.5 * mm
        marks: list[Mark] = [Code(SIDE + 4 * module, y + 4 * module, module, self.code, self.colour, bubble=True)]
        x = SIDE + side + 12
        room = WIDTH - SIDE - x
        number = self.numbered(20)
        keep = Block(((Run(KEEP, 13, bold=True),),))
        marks += [*self.type.draw(keep, x, y), *self.type.draw(number, WIDTH - SIDE, y - 3, align=1)]
        y += max(keep.height, number.height) - 4
        for words, bold in ((f"{self.poster.place}：{WHAT_FOR}", False), (self.help(), True), (self.online(), False)):
            block = self.type.paragraph(Run(words, 10, bold=bold), room=room, most_lines=1)
            marks += self.type.draw(block, x, y)
            y += block.height
        return marks

    def help(self) -> str:
        """Who answers the telephone, and the numbers that don't wait."""
        spec = self.poster
        when = "，".join(
            part for part in (spec.phone_hours.strip(), f"{spec.phone_name.strip()}接" if spec.phone_name.strip() else "") if part
        )
        asked = f"问讯 {spec.phone.strip()}{f'（{when}）' if when else ''} · " if spec.phone.strip() else ""
        return f"{asked}紧急请拨 {EMERGENCY}"

    def online(self) -> str:
        """The same for those with a telephone."""
        return f"代填以后也可以用手机查：{self.sheet.find_at}。下次扫左边的码，自己就能说。"

    def numbered(self, size: float) -> Block:
        """The number under its name."""
        return Block(((Run("纸条号", 9, colour=QUIET_INK),), (Run(self.number, size, bold=True, colour=self.colour),)), leading=1.2)

    def blank(self, label: str, x: float, y: float, width: float) -> list[Mark]:
        """A label with a line behind it to write on, which lies at `y`."""
        row = (Run(label, 10.5, colour=QUIET_INK),)
        wide = self.type.width(row) + 6
        texts: list[Text] = [replace(text, baseline=y - 3) for text in self.type.draw(Block((row,)), x, y)]
        return [*texts, self.rule(x + wide, y, width - wide)]

    def rule(self, x: float, y: float, width: float) -> Box:
        """A line to write on."""
        return Box(x, y, width, 0.7, 0, RULE)

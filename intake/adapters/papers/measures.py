"""The measures of GB/T 9704-2012 (党政机关公文格式): paper, text block, type sizes and faces. Millimetres and points."""

from dataclasses import dataclass

MM = 72 / 25.4
"""Points in a millimetre."""
LINES, CHARACTERS = 22, 28
"""On a full page of body text (5.2.3)."""
TITLE, BODY, PAGE_NUMBER, TABLE = 22.0, 16.0, 14.0, 10.5
"""2号, 3号, 4号 and, for the cells of a wide table, 5号."""
TABLE_LINE = 14.0
"""From line to line inside a cell."""
FOOT_GAP = 7.0
"""Between the text block and the page number (7.5)."""


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet of A4 and the text block on it."""

    width: float
    height: float
    top: float
    left: float
    block_width: float
    block_height: float

    @property
    def right(self) -> float:
        """The margin."""
        return self.width - self.left - self.block_width

    @property
    def bottom(self) -> float:
        """The margin."""
        return self.height - self.top - self.block_height


PORTRAIT = Page(width=210, height=297, top=37, left=28, block_width=156, block_height=225)
"""天头 37 mm, 订口 28 mm, 版心 156 mm × 225 mm (5.2.1)."""
LANDSCAPE = Page(width=297, height=210, top=28, left=35, block_width=225, block_height=156)
"""The same turned for wide tables, their heads on the side where it is bound (10.3)."""
LINE_PITCH = PORTRAIT.block_height * MM / LINES
"""Points from line to line of body text."""
ADVANCE = PORTRAIT.block_width * MM / CHARACTERS
"""Points from character to character of body text, a fifth of a point less than 3号 itself."""


@dataclass(frozen=True, slots=True)
class Face:
    """A typeface as word processors name it, and what may stand in for it."""

    name: str
    others: tuple[str, ...]


SONG_TITLE = Face("方正小标宋简体", ("方正小标宋_GBK", "小标宋", "华文中宋", "宋体"))
FANG_SONG = Face("仿宋_GB2312", ("仿宋", "FangSong", "华文仿宋"))
HEI = Face("黑体", ("SimHei", "方正黑体_GBK"))
KAI = Face("楷体_GB2312", ("楷体", "KaiTi", "华文楷体"))
SONG = Face("宋体", ("SimSun", "方正书宋_GBK"))
FACES = (SONG_TITLE, FANG_SONG, HEI, KAI, SONG)

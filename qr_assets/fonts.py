"""The Chinese fonts that posters embed: Kurinto Sans SC from the weblate-fonts package (SIL Open Font License)."""

import threading
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFError, TTFont

FILES = {"regular": "KurintoSansSC-Rg.ttf", "bold": "KurintoSansSC-Bd.ttf"}


class FontsMissingError(RuntimeError):
    """The Chinese fonts can't be found or read; the message says what to install."""


@dataclass(frozen=True)
class Fonts:
    """reportlab's names of the registered faces, the code points that both can draw, and their files for Pillow."""

    regular: str
    bold: str
    drawable: frozenset[int]
    regular_file: Path
    bold_file: Path

    def missing(self, text: str) -> str:
        """The characters of `text` that would print as an empty box, each once, in order."""
        return "".join(dict.fromkeys(c for c in text if ord(c) not in self.drawable))

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Width in points of one line."""
        return float(stringWidth(text, self.bold if bold else self.regular, size))


_lock = threading.Lock()


def font_folder() -> Path:
    """Where the weblate-fonts package keeps its Kurinto files; FontsMissingError if it isn't installed."""
    spec = find_spec("weblate_fonts")
    if spec is None or spec.origin is None:
        raise FontsMissingError("没有找到中文字体，海报无法生成：请安装 weblate-fonts（pip install weblate-fonts）后再试。")
    return Path(spec.origin).parent / "static" / "weblate_fonts" / "kurinto" / "ttf"


def poster_fonts() -> Fonts:
    """The faces, read and registered once in a process whichever thread asks first (about 0.2 s); FontsMissingError if they can't be."""
    with _lock:  # functools.cache alone would let two threads register at once
        return _register(font_folder())


@cache
def _register(folder: Path) -> Fonts:
    names: dict[str, str] = {}
    drawable: set[int] | None = None
    for weight, file in FILES.items():
        try:
            font = TTFont(Path(file).stem, str(folder / file))
        except (TTFError, OSError) as broken:
            raise FontsMissingError(f"中文字体文件 {file} 读不出来，海报无法生成：请重新安装 weblate-fonts 后再试。") from broken
        registerFont(font)
        names[weight] = font.fontName
        codes = set(font.face.charToGlyph)
        drawable = codes if drawable is None else drawable & codes
    return Fonts(names["regular"], names["bold"], frozenset(drawable or ()), folder / FILES["regular"], folder / FILES["bold"])

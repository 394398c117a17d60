"""Text with separators (CSV), read as a stream."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from intake.domain.errors import InvalidInput

_PIECE = 1 << 20
_SAMPLE = 64 * 1024
_SEPARATORS = ",;\t"
_MOST_LINE = 1 << 20
"""Characters between two line ends: a line of nothing but separators would be millions of cells."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class TextTable:
    """A table of lines; quoted cells may hold line ends."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._encoding = _encoding_of(source)
        self._separator = _separator_of(self._begin())

    def sheets(self) -> tuple[str, ...]:
        """None: a text file is one table."""
        return ()

    def count(self, *, sheet: int) -> int:
        """Rows below the heads."""
        return max(sum(1 for _ in self.rows(sheet=sheet, most_columns=1, above=0)) - 1, 0)

    def rows(self, *, sheet: int, most_columns: int, above: int) -> Iterator[tuple[int, Sequence[str]]]:
        """Number and cells of every row that isn't blank; the heads and the `above` rows over them are among them."""
        del sheet, above
        self._source.seek(0)
        text = io.TextIOWrapper(self._source, encoding=self._encoding, newline="")
        number = 0
        try:
            for number, cells in enumerate(csv.reader(_lines(text), delimiter=self._separator), 1):
                if any(cell and not cell.isspace() for cell in cells):
                    yield number, cells[:most_columns]
        except csv.Error:
            raise InvalidInput(f"第 {number + 1} 行读不下去：多半是引号没有成对。请改好后重新上传。", field="file") from None
        finally:
            text.detach()

    def _begin(self) -> str:
        self._source.seek(0)
        return self._source.read(_SAMPLE).decode(self._encoding, errors="ignore")


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Every line, the first without the mark that some programs write before GB18030, or twice before UTF-8."""
    mark = "\ufeff"
    while line := text.readline(_MOST_LINE):
        if len(line) == _MOST_LINE:
            raise InvalidInput("有一行太长，不像来件的表。请检查分隔符和换行，改好后重新上传。", field="file")
        yield line.lstrip(mark)
        mark = ""


def _encoding_of(source: BinaryIO) -> str:
    """By its mark, else the first of UTF-8 and GB18030 in which all of it makes sense."""
    source.seek(0)
    begin = source.read(4)
    for mark, encoding in _MARKS:
        if begin.startswith(mark) and _reads(source, encoding):
            return encoding
    for encoding in ("utf-8", "gb18030"):
        if _reads(source, encoding):
            return encoding
    raise InvalidInput("文字读不出来。请在 Excel 里另存为“CSV UTF-8（逗号分隔）”，再上传。", field="file")


def _reads(source: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    source.seek(0)
    try:
        while piece := source.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator_of(begin: str) -> str:
    """What stands most often between the heads, outside quotes."""
    counts = dict.fromkeys(_SEPARATORS, 0)
    quoted = False
    for character in begin.lstrip("\ufeff\r\n"):
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "\r\n":
            break
        elif not quoted and character in counts:
            counts[character] += 1
    return max(_SEPARATORS, key=lambda one: counts[one])

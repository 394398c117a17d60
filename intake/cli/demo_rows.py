"""What the demo's residents say: messages of our own, or rows of a file replayed in time order."""

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intake.domain.errors import InvalidInput
from intake.domain.text import TEXT_MAX, clean, clean_message

OWN_FILE = Path(__file__).with_name("demo_data") / "messages.jsonl"
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class DemoMessage:
    """One resident's sentence and the community whose form it is written in."""

    community: str
    text: str
    place: str = ""
    contact: str = ""


def own_messages(*, communities: Sequence[str], count: int | None = None, path: Path = OWN_FILE) -> list[DemoMessage]:
    """The first `count` messages of our own, in the file's order; InvalidInput when one names a community that isn't there."""
    known = set(communities)
    found = []
    for number, row in _rows(path):
        if row.get("community") not in known:
            raise InvalidInput(f"{path.name} 第 {number} 行：没有“{row.get('community')}”这个社区。 / Unknown community.")
        found.append(DemoMessage(row["community"], _text(row, "text"), _text(row, "place"), _text(row, "contact")))
    return found[:count]


def replay_messages(path: Path, *, communities: Sequence[str], count: int | None = None) -> list[DemoMessage]:
    """The `count` earliest rows of a JSON-lines file (`time`, `title`, `detail`), each sent from the same community in every run.

    A text over the form's limit is cut. Rows with one `user` come from one community. InvalidInput names the line that can't be read.
    """
    timed = []
    for number, row in _rows(path):
        text = clean(f"{_text(row, 'title')}\n{_text(row, 'detail')}").text[:TEXT_MAX]
        try:
            time = parse_time(_text(row, "time"))
            clean_message(text)
        except (InvalidInput, ValueError) as error:
            raise InvalidInput(f"{path.name} 第 {number} 行：{error}") from error
        home = zlib.crc32((_text(row, "user") or text).encode()) % len(communities)
        timed.append((time, number, DemoMessage(communities[home], text)))
    timed.sort(key=lambda entry: entry[:2])
    return [message for _, _, message in timed[:count]]


def parse_time(written: str) -> tuple[int, ...]:
    """`2019/2/8 9:05:01` → (2019, 2, 8, 9, 5, 1): a key that sorts by time, which the unpadded text doesn't.

    ValueError unless it begins with year, month and day; a part that isn't written counts as 0.
    """
    numbers = tuple(int(part) for part in _NUMBER.findall(written)[:6])
    if len(numbers) < 3 or not (1 <= numbers[1] <= 12 and 1 <= numbers[2] <= 31):
        raise ValueError(f"时间“{written}”看不懂，应当像 2019/2/8 9:05:01 / unreadable time")
    return numbers + (0,) * (6 - len(numbers))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object of every line that isn't blank."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise InvalidInput(f"{path.name} 第 {number} 行不是一个 JSON 对象。 / Line {number} is no JSON object.")
                yield number, row
    except OSError as error:
        raise InvalidInput(f"打不开 {path}（{error.strerror}）。 / The file can't be opened.") from error
    except ValueError as error:
        raise InvalidInput(f"{path.name} 不是 UTF-8 的 JSON lines：{error}") from error


def _text(row: dict[str, Any], field: str) -> str:
    value = row.get(field)
    return "" if value is None else str(value)

"""Files of labelled messages, one JSON object a line: what a row must hold, and the texts that are made of it."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from intake.domain.language.matching_form import matching_form

Text = Literal["full", "title", "body60"]
"""What stands for a message: title and body, the title alone, or the first 60 characters of the body."""

BODY = 60
_SENTENCE_END = re.compile(r"(?<=[。!?;\n])")
_FIRST_SENTENCE = (24, 120)


class RowsError(ValueError):
    """A file of rows can't be used; the message names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """One labelled message in matching form; rows of one `group` are near duplicates and stay in one fold."""

    title: str
    body: str
    label: str
    group: str


def read_json_lines(path: Path) -> list[Mapping[str, Any]]:
    """Every object in a file; RowsError for anything else in it."""
    rows: list[Mapping[str, Any]] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RowsError(f"{path.name}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise RowsError(f"{path.name}, line {number}: no JSON ({error.msg})") from error
        if not isinstance(row, dict):
            raise RowsError(f"{path.name}, line {number}: an object is needed")
        rows.append(row)
    if not rows:
        raise RowsError(f"{path.name} holds no rows")
    return rows


def category_rows(path: Path) -> list[CategoryRow]:
    """Rows with `label` and `title` or `detail`; without `group` each row is a group of its own."""
    found = []
    for number, raw in enumerate(read_json_lines(path), start=1):
        label = raw.get("label")
        title, detail = matching_form(str(raw.get("title") or "")), matching_form(str(raw.get("detail") or "").strip())
        if not isinstance(label, str) or not label or not (title or detail):
            raise RowsError(f"{path.name}, row {number}: `label` and one of `title` and `detail` are needed")
        found.append(CategoryRow(title, detail, label, f"{path.name}:{raw.get('group', f'row {number}')}"))
    return found


def message_text(row: CategoryRow, text: Text) -> str:
    """The row as a message; what it lacks is made up from what it has."""
    return VIEWS[text](row)


def fingerprints(rows: Sequence[CategoryRow]) -> npt.NDArray[np.uint32]:
    """Four bytes that stand for each row's words, so that a model knows which rows it has seen and holds none of them."""
    digests = [hashlib.blake2b(f"{row.title}\n{row.body}".encode("utf-8", "surrogatepass"), digest_size=4).digest() for row in rows]
    return np.frombuffer(b"".join(digests), np.dtype("<u4")).astype(np.uint32)


def _full(row: CategoryRow) -> str:
    return f"{row.title}。{row.body}" if row.title and row.body else row.title or row.body


def _opening(row: CategoryRow) -> str:
    """The first sentences of the body until there is something to read."""
    least, most = _FIRST_SENTENCE
    opening = ""
    for sentence in _SENTENCE_END.split(row.body or row.title):
        opening += sentence
        if len(opening) >= least:
            break
    return opening[:most]


VIEWS: Mapping[str, Callable[[CategoryRow], str]] = {
    "full": _full,
    "title": lambda row: row.title or row.body[:BODY],
    "body60": lambda row: row.body[:BODY] or row.title,
    "opening": _opening,
    "title_body30": lambda row: f"{row.title}。{row.body[: BODY // 2]}",
    "middle": lambda row: row.body[BODY : BODY + 80] or row.title or row.body,
}
"""Each name is a way of making one message of a row; a model for all lengths learns from all of them."""

"""自定义菜单: the account's buttons, each leading to a page of ours."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from intake.domain.errors import InvalidInput
from intake.domain.text import clean_line

MOST_BUTTONS = 3
"""Of the first level. Source: the platform's 自定义菜单 rules."""
NAME_WIDTH = 8
"""Four Chinese characters, or eight letters; what is longer the platform cuts with dots."""
PATH_MAX = 200
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")


@dataclass(frozen=True, slots=True)
class Button:
    """One button: its name, and the page it opens, as a path of our site."""

    name: str
    path: str


def checked_buttons(typed: Sequence[tuple[str, str]]) -> tuple[Button, ...]:
    """The buttons of the lines that aren't empty; InvalidInput names the field (`name-1`, `path-1` …) and its cure."""
    buttons = []
    for number, (raw_name, raw_path) in enumerate(typed, start=1):
        name = clean_line(raw_name, limit=NAME_WIDTH * 4, field=f"name-{number}")
        path = raw_path.strip()
        if not name and not path:
            continue
        if not name:
            raise InvalidInput("请写菜单的名字，最多 4 个汉字；不要这个菜单就把两格都清空。", field=f"name-{number}")
        if _width(name) > NAME_WIDTH:
            raise InvalidInput("菜单的名字最多 4 个汉字或 8 个字母，再长平台会截掉。", field=f"name-{number}")
        if not _PATH.fullmatch(path) or len(path) > PATH_MAX:
            raise InvalidInput("请写我们网站上的路径，以一个 / 开头，例如 /r；不要写域名。", field=f"path-{number}")
        buttons.append(Button(name, path))
    if len(buttons) > MOST_BUTTONS:
        raise InvalidInput(f"平台最多 {MOST_BUTTONS} 个菜单，请去掉几个。", field=f"name-{MOST_BUTTONS + 1}")
    return tuple(buttons)


def _width(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in words)

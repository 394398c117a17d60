"""模板字段: our facts cut to what the platform takes in a template's fields; a value that doesn't fit refuses the whole notice.

Source: the platform's table of parameter limits for 订阅通知 (thing 20 characters, character_string 32, time in 24 hours, phrase 5 Chinese
characters …); a name says its type (`thing1`, `time2`), and names of older templates (`keyword1`) have none.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from intake.domain.wechat_template import Fact
from intake.domain.working_days import SHANGHAI

NOTHING = "见回执"
"""In place of a fact that there isn't: an empty value is refused."""
_TYPE = re.compile(r"([a-z_]+?)_?\d*")
_NOT_CHINESE = re.compile(r"[^\u4e00-\u9fff]")
_NOT_PLAIN = re.compile(r"[^\x21-\x7e]")


def template_values(fields: Mapping[str, str], facts: Mapping[Fact, str], *, when: datetime) -> dict[str, str]:
    """A value for each of the template's own names; a fact that the account's table names wrongly reads 见回执."""
    known = set(Fact)
    return {name: fit(name, facts.get(Fact(fact), "") if fact in known else "", when=when) for name, fact in fields.items()}


def fit(name: str, value: str, *, when: datetime) -> str:
    """`value` as the field `name` takes it; a field of time holds `when`, whatever it was given."""
    found = _TYPE.fullmatch(name)
    fitting = _FITTING.get(found.group(1) if found is not None else "", _any)
    return fitting(" ".join(value.split()), when)


def clock_words(when: datetime) -> str:
    """`2026年11月2日 09:30` in Shanghai, as fields of time take it."""
    return f"{day_words(when)} {when.astimezone(SHANGHAI):%H:%M}"


def day_words(when: datetime) -> str:
    """`2026年11月2日` in Shanghai."""
    local = when.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"


def cut(words: str, most: int) -> str:
    """`words` on one line with at most `most` characters, the last of them … where something was left out."""
    line = " ".join(words.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _any(line: str, _when: datetime) -> str:
    return cut(line, 100) or NOTHING


_FITTING: dict[str, Callable[[str, datetime], str]] = {
    "time": lambda _line, when: clock_words(when),
    "date": lambda _line, when: day_words(when),
    "number": lambda line, _when: re.sub(r"[^0-9]", "", line)[:32] or "0",
    "character_string": lambda line, _when: _NOT_PLAIN.sub("", line)[:32] or "-",
    "phrase": lambda line, _when: _NOT_CHINESE.sub("", line)[:5] or NOTHING,
    "name": lambda line, _when: _NOT_CHINESE.sub("", line)[:10] or NOTHING,
    "thing": lambda line, _when: cut(line, 20) or NOTHING,
    "const": lambda line, _when: cut(line, 20) or NOTHING,
}
"""By the field's type, each never empty."""

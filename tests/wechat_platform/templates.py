"""Templates, and what the platform checks in their fields (参数值内容限制); by the name's first part: thing1, time2…"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.wechat_platform.codes import Refused

TEMPLATE, ONCE, LONG_TERM = 0, 2, 3
"""模板消息, 一次性订阅, 长期订阅; the platform's own numbers for the last two."""

_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_DATE = r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2})"
_MOMENT = rf"({_DATE}( ?{_CLOCK})?|{_CLOCK})"
RULES = {
    "thing": r".{1,20}",
    "number": r"[+-]?\d{1,32}(\.\d+)?",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[\x21-\x7e]{1,32}",
    "time": rf"{_MOMENT}(~{_MOMENT})?",
    "date": rf"{_DATE}( ?{_CLOCK})?(~{_DATE}( ?{_CLOCK})?)?",
    "amount": r"[¥￥$]?\d{1,10}(\.\d+)?元?",
    "phone_number": r"[\d+() -]{1,17}",
    "car_number": r"[一-鿿A-Za-z0-9]{1,8}",
    "name": r"([一-鿿·]{1,10}|[A-Za-z .·]{1,20})",
    "phrase": r"[一-鿿]{1,5}",
    "const": r".{1,20}",
}


@dataclass(frozen=True)
class Template:
    """One template of an account."""

    id: str
    title: str
    fields: tuple[str, ...]
    kind: int = TEMPLATE


def check_fields(template: Template, given: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The words of each field; Refused 47003 naming the first that is missing or breaks its rule."""
    words = {}
    for name in template.fields:
        value = str(given.get(name, {}).get("value", ""))
        rule = RULES.get(re.sub(r"\d+$", "", name), r".{1,200}")
        if not re.fullmatch(rule, value):
            raise Refused(47003, f"data.{name}.value invalid")
        words[name] = value
    return words

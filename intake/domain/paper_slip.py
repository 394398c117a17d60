"""纸条: numbered sheets for those who'd rather write by hand; the stub that they keep names the matter."""

import re
import unicodedata
from enum import StrEnum

from intake.domain.errors import InvalidInput
from intake.domain.receipt import check_digit

MOST_AT_ONCE = 40
"""Slips of one printing: twenty sheets of A4."""
RANDOM_DIGITS = 8
"""A number can't be reached by counting on from another."""


class SlipState(StrEnum):
    """What became of a slip."""

    OUT = "out"
    """没有交回: printed, nobody has filed it."""
    FILED = "filed"
    """已代填: its words are a submission."""
    VOID = "void"
    """已作废: lost or spoilt."""


SLIP_STATE_NAMES: dict[SlipState, str] = {SlipState.OUT: "没有交回", SlipState.FILED: "已代填", SlipState.VOID: "已作废"}
"""Screen names."""

_NUMBER = re.compile(r"Z([0-9]{9})")


def slip_number(drawn: int) -> str:
    """`Z482-173-657`: eight random digits in threes, the ninth a Damm check digit."""
    digits = f"{drawn:0{RANDOM_DIGITS}d}"
    return _dressed(digits + check_digit(digits))


def is_slip_number(raw: str) -> bool:
    """Whether what a person typed is meant as a slip's number, right or wrong: receipts begin with ZB."""
    compact = _compact(raw)
    return compact.startswith("Z") and not compact.startswith("ZB")


def parse_slip_number(raw: str, *, field: str) -> str:
    """The canonical number for whatever a person typed; InvalidInput naming `field` when a digit must be wrong."""
    match = _NUMBER.fullmatch(_compact(raw))
    if match is None:
        raise InvalidInput("纸条号是 Z 开头的九位数字，例如 Z482-173-657，印在纸条右上角。", field=field)
    if check_digit(match[1][:-1]) != match[1][-1]:
        raise InvalidInput("纸条号可能抄错了一位，请对着纸条再看一遍。", field=field)
    return _dressed(match[1])


def _compact(raw: str) -> str:
    return re.sub(r"[\s\-－—–_.·]", "", unicodedata.normalize("NFKC", raw)).upper()


def _dressed(digits: str) -> str:
    return f"Z{digits[:3]}-{digits[3:6]}-{digits[6:]}"

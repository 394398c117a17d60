"""Receipt numbers and query codes: short to read out, hard to guess, and checked for typing slips."""

import re
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

from intake.domain.errors import InvalidInput

SHANGHAI = ZoneInfo("Asia/Shanghai")

# The quasigroup of H. M. Damm (2004), the usual table of order 10: it catches every single wrong digit and every swap of neighbours.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)

_FIRST = "红黄蓝白黑大小新老高长圆甜香冷热金银铁木石水火土春夏秋方东西南北"
_SECOND = "山河桥路门窗灯车船花草树米面茶瓜豆鱼鸟马牛羊星月云电风雪画笔琴鼓"
WORD_BITS = 10
WORDS = 5


def receipt_number(sequence: int, at: datetime) -> str:
    """`ZB-2611-003827`: year and month in Shanghai, a running number, a Damm check digit."""
    month = at.astimezone(SHANGHAI).strftime("%y%m")
    running = f"{sequence:05d}"
    return f"ZB-{month}-{running}{check_digit(month + running)}"


_NUMBER = re.compile(r"(?:ZB)?(\d{4})(\d{5,12})")


def parse_receipt_number(raw: str) -> str:
    """The canonical number for whatever a person typed (blanks, dashes, full-width, lower case); InvalidInput when a digit must be wrong."""
    compact = re.sub(r"[\s\-－—–_.·]", "", unicodedata.normalize("NFKC", raw)).upper()
    match = _NUMBER.fullmatch(compact)
    if match is None or not match.group(1).isascii() or not match.group(2).isascii():
        raise InvalidInput("回执号是 ZB 开头的一串数字，例如 ZB-2611-003827。", field="number")
    digits = match.group(1) + match.group(2)
    if check_digit(digits[:-1]) != digits[-1]:
        raise InvalidInput("回执号可能抄错了一位，请对着回执再看一遍。", field="number")
    return f"ZB-{match.group(1)}-{match.group(2)}"


def check_digit(digits: str) -> str:
    """The Damm digit that catches one wrong digit and one swap of neighbours; behind receipts' numbers and slips'."""
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return str(interim)


def query_code(secret_bits: bytes) -> str:
    """Five plain two-character words from the first 50 bits of `secret_bits`, joined by dashes: 红山-大桥-新米-小花-老灯."""
    number = int.from_bytes(secret_bits[:7], "big") >> 6
    words = []
    for position in range(WORDS):
        ten = (number >> (WORD_BITS * position)) & 0x3FF
        words.append(_FIRST[ten >> 5] + _SECOND[ten & 31])
    return "-".join(words)


def normalise_query_code(raw: str) -> str:
    """The canonical form of a typed code: only its characters count, whatever stands between them."""
    kept = [character for character in raw if character in _FIRST or character in _SECOND]
    return "-".join("".join(kept[i : i + 2]) for i in range(0, len(kept), 2))

"""Hashed two-character pieces of a text: what the same-matter index stores and compares."""

import re
import zlib
from collections.abc import Iterable
from itertools import product
from operator import add

GRAM_CHARACTERS = 600
"""Characters of a text that are cut into grams: bounds the row, and a matter is named before that."""

WORD = re.compile(r"\w+")
_STOP_CHARACTERS = frozenset(
    "的了是在我你他她它们有没不也都就这那哪个吗呢啊吧呀嘛和与及对为把被给让到从上下来去过着得地很太又还再能会要想请可以么什之一"
)
# Two characters each: what people say in every message.
_STOP_TEXT = (
    "小区社区街道希望反映建议投诉举报请问问题麻烦解决处理情况有关相关部门领导政府居民业主群众百姓老百时候现在已经一直"
    "因为所以但是而且如果谢谢您好你好尊敬关于咨询进行严重影响生活我家大家每天天天今天昨天晚上早上什么怎么多次几次尽快"
    "尽早求助帮忙管管没人人管本人附近旁边门口家里楼下"
)
_SAYING_NOTHING = frozenset(
    (*(_STOP_TEXT[n : n + 2] for n in range(0, len(_STOP_TEXT), 2)), *map("".join, product(_STOP_CHARACTERS, repeat=2)))
)


def gram_hash(gram: str) -> int:
    """A signed 32-bit number for a gram, the same on every machine and in every version."""
    unsigned = zlib.crc32(gram.encode("utf-8", "surrogatepass"))
    return unsigned - (1 << 32) if unsigned >= 1 << 31 else unsigned


def grams_of(normalised: str) -> tuple[int, ...]:
    """The distinct hashed grams of a normalised text, sorted; pieces of speech that say nothing are left out."""
    return tuple(sorted(hashes_in([normalised])))


def hashes_in(pieces: Iterable[str]) -> set[int]:
    """The hashed grams of all pieces of a normalised text together."""
    grams: set[str] = set()
    for piece in pieces:
        grams |= telling_grams(piece)
    return set(map(gram_hash, grams))


def telling_grams(normalised: str) -> set[str]:
    """The two-character pieces within a run of letters and digits that may tell one matter from another."""
    found: set[str] = set()
    for word in WORD.findall(normalised[:GRAM_CHARACTERS]):
        found.update(map(add, word, word[1:]))
    return found - _SAYING_NOTHING

"""Personal data by rules: spans over the text as written, so that a screen can mask them and an authorised person can reveal them.

A floor, a price, a year or a house number is never masked: each rule needs a shape, a checksum or a word before it.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from intake.domain.surnames import COMMON_SURNAME, PLAIN_SURNAME, SURNAME

DOT = "•"
_FLAGS = re.IGNORECASE | re.ASCII
_GAP = r"[\s\-\u2010-\u2015_.·~()/*\u200b-\u200d\ufeff]{0,3}"
# Digits in the groups people write them in, and no others: a list of floors (13 14 15 16 17 8) isn't a telephone.
_GROUPS = ((3, 4, 4), (7, 4), (3, 8), (3, 3, 5), (3, 2, 3, 3), (2, 3, 3, 3), (3, 4, 2, 2), (3, 2, 2, 2, 2), (4, 3, 4), (4, 4, 3))
_MOBILE = "|".join(rf"1[3-9]\d{{{sizes[0] - 2}}}" + "".join(rf"{_GAP}\d{{{size}}}" for size in sizes[1:]) for sizes in _GROUPS)
_MOBILE += r"|1[\s\-.][3-9](?:[\s\-.]\d){9}"
_CHINESE_DIGITS = str.maketrans("\u3007零幺一二三四五六七八九oO壹贰叁肆伍陆柒捌玖", "00112345678900123456789")
_SPELT = r"[0-9\u3007零幺一二三四五六七八九o壹贰叁肆伍陆柒捌玖]"
_SPELT_NUMBER = re.compile(rf"(?<![0-9a-z])(?:[1一幺壹]{_SPELT}{{10}}|{_SPELT}{{15,19}})(?![0-9a-wyz])", _FLAGS)
_SEPARATOR = re.compile(r"[\s\-\u2010-\u2015_.·~()/*\u200b-\u200d\ufeff]+")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NAME_ENDS = r"(?=$|[^\u4e00-\u9fff]|住|家住|现住|电话|手机|联系|今年|身份证|性别|家在|是.{0,8}(?:业主|居民|住户))"


def _always(_: str) -> bool:
    return True


def _is_id(value: str) -> bool:
    checksum = sum(int(digit) * weight for digit, weight in zip(value[:17], _ID_WEIGHTS, strict=True)) % 11
    return "10X98765432"[checksum] == value[17].upper() and _has_birthday(value)


def _has_birthday(value: str) -> bool:
    written = value[6:14] if len(value) == 18 else f"19{value[6:12]}"
    try:
        dt.date(int(written[:4]), int(written[4:6]), int(written[6:]))
    except ValueError:
        return False
    return 1900 <= int(written[:4]) <= 2100


def _is_card(value: str) -> bool:
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(value))]
    return len(set(value)) > 2 and sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _has_digit(value: str) -> bool:
    return any(c.isdigit() for c in value[2:])


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data in the text as written, from `start` up to but not including `end`; `kind` names what it is."""

    start: int
    end: int
    kind: str

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` turns back into an equal span."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Span":
        """The span that `to_json` wrote."""
        return cls(raw["start"], raw["end"], raw["kind"])


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern over the folded text whose group `v` is the span, and a test of its characters without separators."""

    kind: str
    cues: tuple[str, ...]
    """The pattern is tried only where one of these stands somewhere, in small letters."""
    pattern: re.Pattern[str]
    accept: Callable[[str], bool]


def _rule(kind: str, cues: str, pattern: str, accept: Callable[[str], bool] = _always) -> _Rule:
    return _Rule(kind, tuple(cues.split()), re.compile(pattern, _FLAGS), accept)


_PLATES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"
_NUMBER = "\ue000"
"""A cue: seven digits or more that may belong together."""
_LONG_NUMBER = re.compile(rf"\d(?:{_GAP}\d){{6}}", _FLAGS)


_RULES = (
    # In this order: what an earlier rule has taken, a later one leaves alone.
    _rule("email", "@", r"(?<![\w.+-])(?P<v>[a-z0-9][\w.+-]{0,63}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,12})"),
    _rule(
        "email",
        "@ # (at) [at] (at] [at)",
        r"(?<![\w.+-])(?P<v>[a-z0-9][\w.+-]{0,63}\s?(?:@|#|[(\[]at[)\]])\s?"
        r"(?:qq|163|126|139|189|sina|sohu|gmail|outlook|foxmail|hotmail|yeah)[.。](?:com|cn|net))",
    ),
    _rule("id_card", _NUMBER, r"(?<!\d)(?P<v>[1-9](?:[\s\-]?\d){16}[\s\-]?[\dx])(?![\da-z])", _is_id),
    _rule("id_card", "身份证", r"身份证[^0-9]{0,6}(?P<v>[1-9]\d{16}[\dx]|[1-9]\d{14})(?![\da-z])", _has_birthday),
    _rule("bank_card", _NUMBER, r"(?<!\d)(?P<v>[2-9](?:[\s\-]?\d){15,18})(?!\d)", _is_card),
    _rule("bank_card", "卡 账", r"(?:银行卡|储蓄卡|工资卡|卡号|银行账[号户])[^0-9]{0,6}(?P<v>[2-9](?:[\s\-]?\d){15,18})(?!\d)"),
    _rule("phone", _NUMBER, rf"(?<!\d)(?P<v>(?:(?:\+|00)?86{_GAP}|0)?(?:{_MOBILE}))(?!\d)"),
    _rule(
        "landline",
        _NUMBER,
        r"(?<!\d)(?P<v>\(?0(?:10|2\d|[3-9]\d{2})\)?[\s\-\u2010-\u2015]{0,2}[2-8]\d{2,3}[\s\-]?\d{4}(?:(?:\s?转\s?|-)\d{1,5})?)(?!\d)",
    ),
    _rule("landline", _NUMBER, r"(?<!\d)(?P<v>(?:\+|00)86[\s\-]{0,2}(?:10|2\d|[3-9]\d{2})[\s\-]{0,2}[2-8]\d{2,3}[\s\-]?\d{4})(?!\d)"),
    _rule("landline", "电话 座机 固话 tel", r"(?:电话|座机|固话|tel)[号码是为::\s]{0,4}(?P<v>[2-8]\d{2,3}[\s\-]?\d{4})(?!\d)"),
    _rule(
        "wechat",
        "微信 薇信 威信 徽信 微x v信 weixin wechat vx wx",
        r"(?:微信|薇信|威信|徽信|微x|v信|weixin|wechat|(?<![a-z])[vw]x)(?:号码?|同号|id)?[是为::\s]{0,3}"
        r"(?P<v>[a-z][\w-]{5,19}|\d{6,12})(?![\w-])",
    ),
    _rule("wechat", "加v 加微 加我v 加我微", r"加(?:我)?[v微][::\s]{0,2}(?P<v>[a-z][\w-]{5,19}|\d{6,12})(?![\w-])"),
    _rule("wechat", "v: 卫星", r"(?:(?<![a-z\u4e00-\u9fff])v[::]\s?|卫星)(?P<v>[a-z]{2,13}[\d_-][\w-]{0,12})(?![\w-])"),
    _rule("qq", "q 扣扣 企鹅", r"(?:(?<![a-z])q\s?q|扣扣|企鹅)(?:群|号码?)?[是为::\s]{0,3}(?P<v>[1-9]\d{4,11})(?!\d)"),
    _rule("qq", "q", r"(?:加|(?<![a-z]))q群?[号是::\s]{0,2}(?P<v>[1-9]\d{5,11})(?!\d)"),
    _rule("qq", "q 扣扣", r"(?:(?<![a-z])qq|扣扣)(?:群|号码?)?[是为::\s]{0,3}(?P<v>[1-9]\d{2,3}(?:[\s\-]\d{2,4}){1,3})(?![\d\-])"),
    _rule(
        "plate",
        " ".join(_PLATES),
        rf"(?P<v>[{_PLATES}]\s?[a-hj-np-z][\s·.\-:\u2010-\u2015•]{{0,2}}[a-z0-9]{{4}}(?:[a-z0-9]{{1,2}}|[挂学警港澳]))(?![a-z0-9])",
        _has_digit,
    ),
    _rule(
        "name",
        "叫 名 联系人",
        rf"(?:我叫(?!车)|我的名字(?:叫|是)|名叫|(?:联系人|姓名)(?:姓名)?[是为::\s]{{0,3}})(?P<v>{SURNAME}[\u4e00-\u9fff]{{1,2}}){_NAME_ENDS}",
    ),
    _rule("name", "本人", rf"本人(?:叫|姓名)?[是为::\s]{{0,3}}(?P<v>{PLAIN_SURNAME}[\u4e00-\u9fff]{{1,2}}){_NAME_ENDS}"),
    _rule(
        "name",
        "人: 人 户主 业主姓名",
        rf"(?:(?:反映|投诉|举报|报修|申请|留言|求助|来信|收件|当事)人|户主|业主姓名)[是为::\s]{{1,3}}"
        rf"(?P<v>{PLAIN_SURNAME}[\u4e00-\u9fff]{{1,2}}){_NAME_ENDS}",
    ),
    _rule(
        "name",
        "叫",
        rf"(?:老公|老婆|丈夫|妻子|爱人|儿子|女儿|父亲|母亲|爸|妈|爷|奶|公|婆|老伴|哥|姐|弟|妹|姓{SURNAME},?)(?:的?名字)?叫"
        rf"(?P<v>{PLAIN_SURNAME}[\u4e00-\u9fff]{{1,2}}){_NAME_ENDS}",
    ),
    _rule(
        "name",
        _NUMBER,
        rf"(?<![\u4e00-\u9fff])(?P<v>{COMMON_SURNAME}[\u4e00-\u9fff]{{1,2}})(?=[\s,:]{{0,2}}1[3-9]\d(?:{_GAP}\d){{8}}(?!\d))",
    ),
    _rule("name", "先生 女士 小姐", rf"(?<![\u4e00-\u9fff])(?P<v>{COMMON_SURNAME}(?:先生|女士|小姐))(?=$|[^\u4e00-\u9fff])"),
    _rule("name", "我是 叫我", rf"(?:我是|叫我)(?P<v>{COMMON_SURNAME}(?:阿姨|师傅|大爷|大妈|叔叔|奶奶|爷爷))"),
    _rule("name", "先生 女士 小姐", rf"(?:联系人?|我是|叫我)[是::\s]{{0,3}}(?P<v>{SURNAME}[\u4e00-\u9fff]{{0,2}}(?:先生|女士|小姐))"),
)
_SHOWN = {
    "phone": (3, 4),
    "landline": (4, 2),
    "id_card": (3, 0),
    "bank_card": (0, 4),
    "plate": (2, 1),
    "wechat": (1, 1),
    "qq": (1, 1),
    "name": (1, 0),
}
"""How many characters of each kind stay readable at its beginning and end; an e-mail address keeps its first letter and its host."""

KIND_NAMES: dict[str, str] = {
    "email": "电子邮箱",
    "id_card": "身份证号",
    "bank_card": "银行卡号",
    "phone": "手机号",
    "landline": "座机号",
    "wechat": "微信号",
    "qq": "QQ 号",
    "plate": "车牌号",
    "name": "姓名",
}
"""Screen names of what a span holds."""


def personal_data(text: str) -> tuple[Span, ...]:
    """The spans of personal data in `text` as written, in order and apart from one another."""
    folded = _SPELT_NUMBER.sub(lambda m: m[0].translate(_CHINESE_DIGITS), fold(text))
    seen = folded.lower() + (_NUMBER if _LONG_NUMBER.search(folded) else "")
    taken: list[Span] = []
    for rule in _RULES:
        if not any(cue in seen for cue in rule.cues):
            continue
        for match in rule.pattern.finditer(folded):
            start, end = match.span("v")
            if rule.accept(_compact(match["v"])) and all(end <= span.start or span.end <= start for span in taken):
                taken.append(Span(start, end, rule.kind))
    return tuple(sorted(taken, key=lambda span: span.start))


def mask(text: str, spans: Iterable[Span]) -> str:
    """`text` with each span's middle as dots, such as 138••••0021; all else stays as written.

    A masked span has one character for each of its own, separators (spaces, dashes, brackets) left out.
    """
    return "".join(_pieces(text, spans))


@dataclass(frozen=True, slots=True)
class Masked:
    """Where one span stands in the text as written, and where its dots stand in the masked text."""

    written: tuple[int, int]
    shown: tuple[int, int]


def masked_at(text: str, spans: Iterable[Span]) -> tuple[Masked, ...]:
    """For each span of `text` its place there and in `mask(text, spans)`, which may be shorter: separators are left out."""
    found, shift = [], 0
    for span in spans:
        start, length = span.start + shift, len(_hide(fold(text[span.start : span.end]), span.kind))
        found.append(Masked((span.start, span.end), (start, start + length)))
        shift = start + length - span.end
    return tuple(found)


def fold(text: str) -> str:
    """`text` with full-width and circled characters made plain, one for one, so that positions stay true."""
    return text if text.isascii() else "".join(map(_folded, text))


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character


def _compact(value: str) -> str:
    return _SEPARATOR.sub("", value)


def _pieces(text: str, spans: Iterable[Span]) -> Iterator[str]:
    position = 0
    for span in spans:
        yield text[position : span.start]
        yield _hide(fold(text[span.start : span.end]), span.kind)
        position = span.end
    yield text[position:]


_AT = re.compile(r"\s?(?:@|#|[(\[]at[)\]])\s?", _FLAGS)


def _hide(value: str, kind: str) -> str:
    if kind == "email":
        user, host = _AT.split(value, maxsplit=1)
        return f"{user[:1]}{DOT * (len(user) - 1)}@{host}" if len(user) > 1 else f"{DOT}@{host}"
    compact = value if kind == "wechat" else _compact(value)
    first, last = _SHOWN[kind]
    if kind == "phone":
        first += len(compact) - 11
    hidden = max(1, len(compact) - first - last)
    return compact[:first] + DOT * hidden + compact[len(compact) - last :] if len(compact) > first + last else DOT * len(compact)

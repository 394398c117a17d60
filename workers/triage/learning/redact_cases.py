"""Made-up personal data in the ways people write it, and numbers that are none; the same seed gives the same cases."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SEED = 20260301
CASES = 4_000

_WIDE = str.maketrans({character: chr(ord(character) + 0xFEE0) for character in "0123456789+-@."})
_SPELT = str.maketrans("0123456789", "零一二三四五六七八九")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_BEFORE = ("楼下路灯坏了，", "请回电", "电梯又停了。", "谢谢！", "麻烦尽快处理，", "", "3栋2单元漏水，")
_AFTER = ("，谢谢", "。", "", " 急", "，望回复", "！", "\n")


@dataclass(frozen=True, slots=True)
class RedactCase:
    """A message and where its personal data stands, `start` up to but not including `end`; no spans, nothing to mask."""

    kind: str
    text: str
    spans: tuple[tuple[int, int], ...]


def personal_cases(count: int = CASES, *, seed: int = SEED) -> Iterator[RedactCase]:
    """`count` messages with one piece of personal data each, all kinds by turn."""
    rng = random.Random(seed)  # noqa: S311 -- made-up numbers, no secret
    kinds = list(_KINDS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        cue, value = _KINDS[kind](rng)
        before = rng.choice(_BEFORE) + cue
        yield RedactCase(kind, before + value + rng.choice(_AFTER), ((len(before), len(before) + len(value)),))


def harmless_cases(*, seed: int = SEED) -> Iterator[RedactCase]:
    """Messages full of numbers that are nobody's: floors, prices, years, bus lines, orders, measures."""
    rng = random.Random(seed)  # noqa: S311 -- as above
    for template in _HARMLESS:
        for _ in range(25):
            yield RedactCase("harmless", _filled(template, rng), ())


def _filled(template: str, rng: random.Random) -> str:
    text = ""
    for piece in template.split("{"):
        size, brace, rest = piece.partition("}")
        text += _digits(rng, int(size)) + rest if brace else piece
    return text


def _digits(rng: random.Random, size: int) -> str:
    return str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(size - 1))


def _grouped(number: str, sizes: tuple[int, ...], gap: str) -> str:
    parts, position = [], 0
    for size in sizes:
        parts.append(number[position : position + size])
        position += size
    return gap.join(parts)


def _phone(rng: random.Random) -> tuple[str, str]:
    number = f"1{rng.choice('3456789')}" + "".join(str(rng.randint(0, 9)) for _ in range(9))
    gap = rng.choice((" ", "-", "－", "　", ".", "—", "·"))
    written = rng.choice(
        (
            number,
            number.translate(_WIDE),
            number.translate(_SPELT),
            _grouped(number, (3, 4, 4), gap),
            _grouped(number, (3, 8), gap),
            _grouped(number, (7, 4), gap),
            f"+86 {number}",
            f"+86{number}",
            f"86-{number}",
            f"0086 {number}",
            f"+86{number}".translate(_WIDE),
            " ".join(number),
        )
    )
    return rng.choice(("电话", "手机号：", "联系方式", "我的号码是", "打我电话 ", "")), written


def _landline(rng: random.Random) -> tuple[str, str]:
    code = rng.choice(("010", "021", "0571", "0755", "025", "028", "0512"))
    local = str(rng.randint(2, 8)) + "".join(str(rng.randint(0, 9)) for _ in range(7))
    gap = rng.choice(("-", " ", "－", "—", ""))
    written = rng.choice((f"{code}{gap}{local}", f"({code}){local}", f"（{code}）{local}", f"{code}-{local}转{rng.randint(1, 999)}"))
    return rng.choice(("座机", "电话", "单位电话：", "固话 ")), written.translate(_WIDE) if rng.random() < 0.2 else written


def _id_card(rng: random.Random) -> tuple[str, str]:
    birthday = f"{rng.randint(1940, 2015)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    body = f"{rng.randint(110000, 659000)}{birthday}{rng.randint(0, 999):03d}"
    number = body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _ID_WEIGHTS, strict=True)) % 11]
    written = rng.choice((number, number.lower(), number.translate(_WIDE), _grouped(number, (6, 8, 4), rng.choice((" ", "-")))))
    return rng.choice(("身份证", "身份证号：", "身份证号码是", "证件 ")), written


def _bank_card(rng: random.Random) -> tuple[str, str]:
    body = f"62{rng.randint(0, 10**16 - 1):016d}"
    total = sum(d if place % 2 else (2 * d - 9 if d > 4 else 2 * d) for place, d in enumerate(map(int, reversed(body))))
    number = body + str(-total % 10)
    written = rng.choice((number, number.translate(_WIDE), _grouped(number, (4, 4, 4, 4, 3), " "), _grouped(number, (6, 13), " ")))
    return rng.choice(("银行卡", "卡号：", "工资卡号", "退到 ")), written


def _plate(rng: random.Random) -> tuple[str, str]:
    number = rng.choice(("12345", "D12345", "8K3M6", "F09871", "A7B26"))
    written = f"{rng.choice('京沪皖苏浙粤鲁豫湘川')}{rng.choice('ABCDEFGH')}{rng.choice(('', '·', ' ', '-', '.'))}{number}"
    return rng.choice(("车牌", "车牌号：", "有辆车", "白色轿车")), rng.choice((written, written.lower(), written.translate(_WIDE)))


def _email(rng: random.Random) -> tuple[str, str]:
    user = rng.choice(("lin.xiaoyu", "zhou_88", "wang2026", "a-b.c", "chen")) + str(rng.randint(1, 999))
    written = f"{user}@{rng.choice(('example.com', 'mail.example.cn', 'qq.example.com'))}"
    return rng.choice(("邮箱", "邮件发到", "E-mail：", "")), rng.choice((written, written.upper(), written.translate(_WIDE)))


def _wechat(rng: random.Random) -> tuple[str, str]:
    name = rng.choice(("linxiaoyu", "zhou_ayi", "wx-laowang", "happy")) + str(rng.randint(100, 9999))
    return rng.choice(("微信", "微信号：", "我微信是", "vx", "VX：", "加我微信 ", "wx:", "薇信")), name


def _qq(rng: random.Random) -> tuple[str, str]:
    return rng.choice(("QQ", "qq号", "QQ：", "扣扣", "QQ号码是", "\uff31\uff31：")), _digits(rng, rng.randint(6, 10))


_KINDS: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "phone": _phone,
    "landline": _landline,
    "id_card": _id_card,
    "bank_card": _bank_card,
    "plate": _plate,
    "email": _email,
    "wechat": _wechat,
    "qq": _qq,
}

_HARMLESS = (
    "我家在{2}栋{4}室，{2}楼的灯不亮",
    "物业费从{1}.{2}元涨到{1}.{2}元每平方米",
    "一共交了{5}元，押金{4}元，到现在没退",
    "20{2}年{1}月{1}日开始停水，到20{2}年还没好",
    "{3}路公交车等了{2}分钟，{2}路也不来",
    "订单号{12}，退款{3}元",
    "工单编号 2026{10} 一直没有回复",
    "每平方米{5}元，总价{7}元",
    "图纸编号{3}-{4}-{2}，面积{3}.{2}平方米",
    "1{1}号楼到1{1}号楼之间，{2}、{2}、{2}层都漏水",
    "下午{1}:{2}到{1}:{2}停电，电压只有{3}伏",
    "快递单号SF{13}没送到",
    "文件 临政发[2026]{2}号 第{1}条",
    "彩票开奖 {2} {2} {2} {2} {2} {2} 天天有人围观",
    "12345打了{1}次，96{3}也打过",
    "水表读数{6}，上个月{6}，收了{4}吨的钱",
)

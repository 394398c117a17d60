"""Personal data in the ways people write it when they are in a hurry, careful, or clever; and numbers that are nobody's."""

import random
from collections.abc import Callable

import pytest

from intake.domain.personal_data import mask, personal_data
from tests.unit.triage.test_redact import SPELT, WIDE, card_number, id_number, phone

BANKERS = str.maketrans("0123456789", "零壹贰叁肆伍陆柒捌玖")
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
SPOKEN = str.maketrans("0123456789", "〇幺二三四五六七八九")
AROUND = [("", ""), ("路灯坏了，", "，谢谢"), ("请联系", "。"), ("3栋 ", " 急"), ("（", "）")]
Write = Callable[[random.Random], str]


def grouped(number: str, *sizes: int, gap: str) -> str:
    parts, start = [], 0
    for size in sizes:
        parts.append(number[start : start + size])
        start += size
    return gap.join(parts)


def phones(rng: random.Random) -> list[str]:
    n = phone(rng)
    gaps = [" ", "-", ".", "—", "_", "/", "*", "\n", "\u200b", " - "]
    return [
        *(n, f"+86{n}", f"+86 {n}", f"0086{n}", f"(+86){n}", f"86{n}", f"0{n}", f"tel:{n}", f"{n}转3"),
        *(n.translate(way) for way in (WIDE, SPELT, BANKERS, CIRCLED, SPOKEN)),
        *(grouped(n, 3, 4, 4, gap=gap) for gap in gaps),
        *(grouped(n, 3, 8, gap=" "), grouped(n, 7, 4, gap="-"), grouped(n, 4, 3, 4, gap=" ")),
        *(" ".join(n), "-".join(n), ".".join(n), n.replace("0", "O")),
    ]


def landlines(rng: random.Random) -> list[str]:
    code, n = rng.choice(["010", "021", "0551", "0731"]), str(rng.randint(20_000_000, 89_999_999))
    return [
        *(f"{code}{gap}{n}" for gap in ("-", "", " ", "—", "－")),
        *(f"({code}){n}", f"（{code}）{n}", f"{code}-{n[:4]}-{n[4:]}", f"{code}-{n}-801", f"{code}-{n}转801", f"+86-{code[1:]}-{n}"),
        *(f"{word}{n}" for word in ("电话", "座机:", "家里电话 ", "固话是", "电话号码：")),
    ]


def id_cards(rng: random.Random) -> list[str]:
    n = id_number(rng)
    return [
        *(n, n.lower(), n.translate(WIDE), grouped(n, 6, 8, 4, gap=" "), grouped(n, 6, 8, 4, gap="-"), " ".join(n)),
        *(f"身份证号码：{n}", f"身份证{n[:6]}{n[8:17]}", f"身份证号是 {n[:17]}{(int(n[16]) + 3) % 10}", n[:17].translate(SPELT) + n[17]),
    ]


def bank_cards(rng: random.Random) -> list[str]:
    n = card_number(rng)
    wrong = n[:-1] + str((int(n[-1]) + 1) % 10)
    return [n, n.translate(WIDE), grouped(n, 4, 4, 4, 4, 3, gap=" "), grouped(n, 4, 4, 4, 4, 3, gap="-"), f"卡号{n}", f"工资卡号：{wrong}"]


def plates(rng: random.Random) -> list[str]:
    town, n = rng.choice("京沪皖苏浙粤鲁豫川"), rng.choice(["12345", "A1234", "8K3M6", "D12345", "F09871"])
    return [f"{town}A{gap}{n}" for gap in ("", "·", " ", "-", ".", "：", "–")] + [
        *(f"{town}a{n.lower()}", f"{town} A{n}", f"{town}Ａ{n.translate(WIDE)}", f"{town}Z1234港", f"{town}A1234学"),
    ]


def emails(rng: random.Random) -> list[str]:
    user = rng.choice(["zhou", "lao_zhou88", "a.b"])
    return [f"{user}{at}{host}" for at in ("@", "＠") for host in ("example.com", "mail.example.com.cn")] + [
        *(f"{user}#qq.com", f"{user}(at)163.com", f"{user} @ qq.com", f"{user}@qq。com", f"{user}@QQ.COM"),
    ]


def chats(rng: random.Random) -> list[str]:
    name, n = rng.choice(["laozhou_88", "lz12345", "zhou-2026"]), str(rng.randint(10_000, 9_999_999_999))
    wechat = ["微信", "微信：", "微信号是", "vx:", "VX ", "wx：", "薇信", "徽信", "加我微信 ", "V信", "WeChat: ", "加v ", "卫星", "微x "]
    return [f"{word}{name}" for word in wechat] + [
        f"{word}{n}" for word in ("QQ", "qq:", "QQ号", "扣扣", "企鹅号", "Q Q ", "QQ群：", "qq号码是")
    ]


def names(rng: random.Random) -> list[str]:
    full = rng.choice("王李张刘陈") + rng.choice(["芳", "国栋", "秀兰", "建军"])
    return [
        *(f"我叫{full}", f"本人{full}", f"联系人：{full}", f"姓名：{full}", f"我的名字叫{full}", f"反映人：{full}", f"户主 {full}"),
        *(f"我老公叫{full}", f"我姓{full[0]}，叫{full}", f"{full} 13800000021", f"{full[0]}女士", f"我是{full[0]}阿姨"),
    ]


@pytest.mark.parametrize("ways", [phones, landlines, id_cards, bank_cards, plates, emails, chats, names])
def test_every_way_of_writing_is_found_and_its_middle_hidden(ways: Callable[[random.Random], list[str]]) -> None:
    rng = random.Random(11)
    asked = missed = 0
    misses: set[str] = set()
    for _ in range(40):
        for written in ways(rng):
            # Where a name ends is only known by what isn't Chinese after it.
            for before, after in AROUND:
                text = f"{before}{written}{after}"
                asked += 1
                spans = personal_data(text)
                if not spans or mask(text, spans) == text:
                    missed += 1
                    misses.add(text)
    assert missed / asked <= 0.005, sorted(misses)[:8]


HARMLESS = [
    # Floors, buildings, rooms, areas and prices.
    "12栋1单元1302室和1402室漏水，13、14、15楼都湿了",
    "138号楼门口，1301、1401、1501都停水",
    "面积89.5平，单价13800元，总价1386000元",
    "物业费每平1.38元，一年1380元，滞纳金138.50元",
    "3栋-1楼车位B138，地下二层C区1380号",
    # Years, dates, times.
    "1998年建的房子，2019-2021年修过，2026年3月15日13:45又坏",
    "20260315 下午 13 点 45 分，15 日 16 日都没水",
    "从1999年12月到2001年10月",
    # Bus lines, road numbers, order and case numbers.
    "138路、139路和B12路改线，186路末班车19:00",
    "工单号20260315001234，回执ZB-2603-000123",
    "投诉编号 2026-0315-0012，流水号 400100200300400",
    "快递单号SF1380013800138，订单6217000000000000001",
    "G312国道K138+500处",
    # Hotlines belong to everybody.
    "打过12345、12319、96333和110",
    "400-123-4567打不通",
    # Words that only begin like an introduction.
    "我叫车难，叫不到出租车",
    "联系人都找不到，姓名也不知道",
    "孩子叫苦，老人叫车难",
    "本人向社区反映，本人已退休",
    "户主不同意，申请人都到齐了",
    "我是老师，我是业主，我是高血压",
    "微信群里说，加微信群也没用，微信公众号查不到",
    "QQ音乐太吵，qq群没人回",
    "云A座、苏式建筑、京东快递、川菜馆油烟",
    "张贴小广告，王府井小区，李子园路，陈旧的电梯",
    "黄先生路的路灯",
    "路不平 138 米",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_nothing_of_a_harmless_message_is_masked(text: str) -> None:
    assert [(text[span.start : span.end], span.kind) for span in personal_data(text)] == []


@pytest.mark.parametrize("written", ["zhou(at)163.com", "zhou#qq.com", "zhou @ qq.com", "a@b.cn"])
def test_an_address_written_round_the_corner_shows_no_more_than_its_first_letter(written: str) -> None:
    shown = mask(written, personal_data(written))
    assert "hou" not in shown
    assert shown.count("•") >= 1

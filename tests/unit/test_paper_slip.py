"""Slips' numbers catch typing slips; the sheets read back and are the same every time."""

import datetime as dt
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from intake.domain.errors import InvalidInput
from intake.domain.paper_slip import is_slip_number, parse_slip_number, slip_number
from intake.domain.receipt import receipt_number
from qr_assets.poster import LIMITS, PosterSpec, PosterTemplate
from qr_assets.receipt_card import ReceiptCard, receipt_png
from qr_assets.slip import SlipSheet, slips_pdf

URL = "https://zhibao.example/p/nvgch2345a"
NUMBERS = [slip_number(48_217_365), slip_number(7), slip_number(99_999_999)]


def test_every_wrong_digit_and_every_swap_is_caught() -> None:
    digits = NUMBERS[0].replace("-", "")
    for at in range(1, 10):
        for wrong in set("0123456789") - {digits[at]}:
            with pytest.raises(InvalidInput, match="抄错了一位"):
                parse_slip_number(digits[:at] + wrong + digits[at + 1 :], field="slip")
    for at in range(1, 9):
        if digits[at] != digits[at + 1]:
            with pytest.raises(InvalidInput, match="抄错了一位"):
                parse_slip_number(digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :], field="slip")


# However it is typed it is the same number, and a receipt's number is never taken for a slip's.
def test_typing_habits_do_not_matter() -> None:
    for typed in ("z482173657", "Ｚ４８２－１７３－６５７", " Z482 173 657 ", "Z482.173.657"):
        assert is_slip_number(typed)
        assert parse_slip_number(typed, field="slip") == NUMBERS[0] == "Z482-173-657"
    assert not is_slip_number(receipt_number(17, dt.datetime(2026, 11, 3, tzinfo=dt.UTC)))
    with pytest.raises(InvalidInput, match="九位数字") as refused:
        parse_slip_number("Z48", field="slip")
    assert refused.value.field == "slip"


def sheet(**more: str) -> SlipSheet:
    template = PosterTemplate(district="云栖区", controller="云栖区政协办公室")
    said = {
        "street": "丰山街道",
        "place": "龙池社区",
        "phone": "0550-0000001",
        "phone_hours": "周一至周五 9–17 时",
        "phone_name": "王姐",
        **more,
    }
    spec = PosterSpec(
        template=template, url=URL, short_code="nvgch2345a", host_for_typing="zhibao.example", version=1, date=dt.date(2026, 11, 3), **said
    )
    return SlipSheet(poster=spec, find_at="https://zhibao.example/r")


def page_picture(pdf: bytes, number: int) -> Image.Image:
    picture: Image.Image = pypdfium2.PdfDocument(pdf)[number].render(scale=2).to_pil()
    return picture


def test_two_on_a_page_each_with_its_number_twice_and_a_code_that_reads() -> None:
    pdf = slips_pdf(sheet(), NUMBERS)
    assert pdf == slips_pdf(sheet(), NUMBERS), "the same slips are the same bytes"
    reader = PdfReader(BytesIO(pdf))
    pages = [page.extract_text() for page in reader.pages]
    assert [[text.count(number) for number in NUMBERS] for text in pages] == [[2, 2, 0], [0, 0, 2]]
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    assert [one.text for one in zxingcpp.read_barcodes(page_picture(pdf, 0))] == [URL, URL]
    assert [one.text for one in zxingcpp.read_barcodes(page_picture(pdf, 1))] == [URL]


# The longest that a point may be called, with everything else said: nothing runs over the edge or into what stands below.
def test_the_longest_names_stay_on_their_slip() -> None:
    longest = {"street": "丰" * LIMITS["street"], "place": "龙" * LIMITS["place"], "phone_hours": "时" * LIMITS["phone_hours"]}
    picture = page_picture(slips_pdf(sheet(**longest), NUMBERS[:2]), 0).convert("L")
    width, height = picture.size
    for left, right in ((0, round(width * 0.01)), (round(width * 0.99), width)):
        dark = sum(1 for y in range(0, height, 2) for x in range(left, right) if picture.getpixel((x, y)) < 100)  # type: ignore[operator, misc]  # one band
        assert dark == 0
    assert len(zxingcpp.read_barcodes(picture)) == 2


CARD = ReceiptCard(
    head="社情民意直报点 · 回执", number_label="回执号", number="ZB-2611-000017", code_label="查询码", code="红山-大桥-新米-小花-老灯",
    state="已初步整理", standing="等委员看", next_words="接下来：委员一般在 2 个工作日内看到。", where="龙池社区 · 11 月 3 日 09:00",
    url="https://zhibao.example/r/ZB-2611-000017/abcdefghijklmnopqrstuv", scan="扫一扫，看办到哪一步", foot="请只给信得过的人。\U0010ffff",
)  # fmt: skip


def test_the_picture_of_a_receipt_is_as_wide_as_a_phone_and_reads_in_both_sizes() -> None:
    normal, large = (Image.open(BytesIO(receipt_png(CARD, large=size))) for size in (False, True))
    assert normal.width == large.width == 750
    assert normal.height < large.height < 3 * 750
    for picture in (normal, large):
        assert [one.text for one in zxingcpp.read_barcodes(picture)] == [CARD.url]

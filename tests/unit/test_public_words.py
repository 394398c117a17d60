"""What a search marks, and what a shared card shows."""

import io

import pytest
from PIL import Image

from intake.queries.public_search import AROUND, excerpt, marked
from qr_assets.card import SIZE, ShareCard, share_card

CARD = ShareCard("云栖区", "龙池社区", "办理结果", "幸福里的灯亮了", "https://zhibao.example/t/YT-2026-0001", "")


@pytest.mark.parametrize(
    ("text", "words", "pieces"),
    [
        # Two characters in the middle.
        ("幸福里路灯亮了", ["路灯"], (("幸福里", False), ("路灯", True), ("亮了", False))),
        # Upper and lower case alike, at both ends.
        ("LED灯换led", ["Led"], (("LED", True), ("灯换", False), ("led", True))),
        # The longer of two that begin alike; signs that mean something to a pattern.
        ("路灯(新)", ["路", "路灯", "("], (("路灯", True), ("(", True), ("新)", False))),
        ("没有", ["路灯"], (("没有", False),)),
    ],
)
def test_what_was_looked_for_is_marked_and_nothing_is_lost(text: str, words: list[str], pieces: tuple[tuple[str, bool], ...]) -> None:
    assert marked(text, words) == pieces


def test_an_excerpt_begins_shortly_before_the_first_word() -> None:
    text = "很长的开头。" * 20 + "路灯亮了。" + "后面还有话。" * 20
    cut = excerpt(text, ["路灯"])
    assert "路灯亮了" in cut
    assert len(cut) == AROUND + 2
    assert cut[0] == cut[-1] == "…"
    assert excerpt("只有一句。", ["别的"]) == "只有一句。"


def test_a_card_has_the_size_networks_want_and_the_districts_colour() -> None:
    for colour, top in (("", (15, 107, 92)), ("#7A1F1F", (122, 31, 31)), ("#FFFFFF", (15, 107, 92))):
        picture = Image.open(io.BytesIO(share_card(ShareCard(CARD.district, CARD.place, CARD.state, CARD.title, CARD.address, colour))))
        assert (picture.size, picture.format) == (SIZE, "PNG")
        assert all(abs(one - other) < 12 for one, other in zip(picture.convert("RGB").getpixel((10, 5)), top, strict=True)), colour  # type: ignore[arg-type]


def test_a_title_too_long_for_the_card_is_cut_and_still_drawn() -> None:
    one, other = (share_card(ShareCard("云栖区", "龙池社区", "正在办", "灯" * count, CARD.address, "")) for count in (120, 200))
    assert one == other, "what is cut away can't be seen"

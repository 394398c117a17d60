"""Marks on a card: the words the machine's reasons quote, found again in the message."""

import pytest

from intake.domain.recognised import pieces, words_named


# A reason names words of the message, or it speaks of something else.
@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("同一地点：幸福里、菜场", ("幸福里", "菜场")),
        ("同一问题：路灯不亮", ("路灯不亮",)),
        ("同样说到：晚上", ("晚上",)),
        ("提到：有人摔", ("有人摔",)),
        ("都说到“路灯”", ("路灯",)),
        # One character would mark half the page, a sentence all of it.
        ("提到：水", ()),
        ("同样说到：" + "灯" * 21, ()),
        ("来自同一社区", ()),
        ("相隔 3 天", ()),
        ("近期没有发现说同一件事的来件", ()),
    ],
)
def test_words_named(reason: str, named: tuple[str, ...]) -> None:
    assert words_named([reason]) == named


# Blanks and capitals may differ from the form the machine compares; overlapping marks grow together; nothing is added or lost.
@pytest.mark.parametrize(
    ("text", "reasons", "marked"),
    [
        ("幸福里 3 号楼路灯坏了", ["提到：3号楼", "提到：路灯"], ["3 号楼路灯"]),
        ("LED灯和led灯", ["提到：led灯"], ["LED灯", "led灯"]),
        ("路灯不亮", ["提到：路灯不", "提到：灯不亮"], ["路灯不亮"]),
        ("有 a.b 也有 axb", ["提到：a.b"], ["a.b"]),
        ("没有提到", ["提到：路灯"], []),
        ("", ["提到：路灯"], []),
    ],
)
def test_pieces(text: str, reasons: list[str], marked: list[str]) -> None:
    found = pieces(text, reasons)
    assert "".join(piece.text for piece in found) == text
    assert [piece.text for piece in found if piece.marked] == marked

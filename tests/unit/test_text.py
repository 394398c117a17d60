"""Cleaning what people type without changing what they said."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.errors import InvalidInput
from intake.domain.text import CONTACT_MAX, TEXT_MAX, clean, clean_line, clean_message

ANYTHING = st.text(st.characters(codec=None), max_size=200)
"""Every code point, surrogates included."""


@given(ANYTHING)
def test_what_is_stored_fits_the_database_and_the_page(raw: str) -> None:
    text = clean(raw).text
    text.encode("utf-8")
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t" for character in text)
    assert not any(0x202A <= ord(character) <= 0x202E or 0x2066 <= ord(character) <= 0x2069 for character in text)


@given(ANYTHING)
def test_cleaning_twice_changes_nothing_more(raw: str) -> None:
    once = clean(raw)
    again = clean(once.text)
    assert again.text == once.text
    assert again.replaced == 0


@given(st.text("路灯坏了abc，。！\n 😀", max_size=50))
def test_plain_words_stay_as_they_are(raw: str) -> None:
    cleaned = clean(raw)
    assert cleaned.text == raw.strip()
    assert cleaned.replaced == 0


@given(st.lists(st.sampled_from(["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ufeff", "\ud800"]), max_size=20))
def test_each_character_that_cannot_be_shown_is_replaced_and_counted(bad: list[str]) -> None:
    cleaned = clean("灯" + "".join(bad) + "坏")
    assert cleaned.text == "灯" + "\ufffd" * len(bad) + "坏"
    assert cleaned.replaced == len(bad)


# What a resident meant stays: a family emoji is one picture, an accent one letter, and line ends are line ends.
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("第一行\r\n第二行\r第三行", "第一行\n第二行\n第三行"),
        ("👨‍👩‍👧 一家", "👨‍👩‍👧 一家"),
        ("e\u0301", "é"),
        ("\t\n 路灯 \u3000", "路灯"),
        ("ＡＢＣ１２３", "ＡＢＣ１２３"),
    ],
)
def test_what_was_meant_stays(raw: str, text: str) -> None:
    assert clean(raw).text == text


# Each rule has its own cure.
@pytest.mark.parametrize(
    ("raw", "cure"),
    [
        ("", "请先写一句话"),
        (" \n\t\u3000", "请先写一句话"),
        ("\x00\x00", "请先写一句话"),
        ("\ufffd", "请先写一句话"),
        ("？？！", "只有表情或符号"),
        ("😀😀", "只有表情或符号"),
        ("____", "只有表情或符号"),
        ("灯", "只有一个字"),
        ("灯！！！", "只有一个字"),
    ],
)
def test_what_says_nothing_is_refused(raw: str, cure: str) -> None:
    with pytest.raises(InvalidInput, match=cure) as refused:
        clean_message(raw)
    assert refused.value.field == "text"


def test_the_longest_text_fits_and_one_more_is_counted() -> None:
    assert len(clean_message("灯" * TEXT_MAX).text) == TEXT_MAX
    assert len(clean_message("  " + "灯" * TEXT_MAX + "\n").text) == TEXT_MAX
    with pytest.raises(InvalidInput, match="多了 3 个"):
        clean_message("灯" * (TEXT_MAX + 3))


@given(ANYTHING)
def test_a_message_is_taken_clean_or_refused_with_its_field(raw: str) -> None:
    try:
        cleaned = clean_message(raw)
    except InvalidInput as refused:
        assert refused.field == "text"
    else:
        assert 2 <= len(cleaned.text) <= TEXT_MAX


def test_a_line_has_no_line_ends_and_names_its_field_when_too_long() -> None:
    assert clean_line(" 幸福里\r\n 3 号楼 ", limit=20, field="place") == "幸福里 3 号楼"
    assert clean_line("1" * CONTACT_MAX, limit=CONTACT_MAX, field="contact") == "1" * CONTACT_MAX
    with pytest.raises(InvalidInput, match="最多 60 个字") as refused:
        clean_line("1" * (CONTACT_MAX + 1), limit=CONTACT_MAX, field="contact")
    assert refused.value.field == "contact"

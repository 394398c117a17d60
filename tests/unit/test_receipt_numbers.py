"""Receipt numbers that catch slips, and query codes that are hard to guess and easy to type."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from intake.domain import receipt
from intake.domain.errors import InvalidInput
from intake.domain.receipt import WORD_BITS, WORDS, normalise_query_code, parse_receipt_number, query_code, receipt_number

NOVEMBER = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
SEQUENCES = st.integers(min_value=0, max_value=10**9)
SECRETS = st.binary(min_size=32, max_size=32)


@given(SEQUENCES)
def test_a_number_reads_back_as_itself(sequence: int) -> None:
    number = receipt_number(sequence, NOVEMBER)
    assert number.startswith("ZB-2611-")
    assert parse_receipt_number(number) == number


@given(st.sets(SEQUENCES, min_size=2, max_size=2))
def test_two_submissions_never_share_a_number(sequences: set[int]) -> None:
    assert len({receipt_number(sequence, NOVEMBER) for sequence in sequences}) == 2


def test_the_month_is_that_of_shanghai() -> None:
    assert receipt_number(1, datetime(2026, 10, 31, 15, 59, tzinfo=UTC)).startswith("ZB-2610-")
    assert receipt_number(1, datetime(2026, 10, 31, 16, 0, tzinfo=UTC)).startswith("ZB-2611-")


def digits_of(number: str) -> str:
    return number.removeprefix("ZB-").replace("-", "")


@given(SEQUENCES, st.data())
def test_every_wrong_digit_is_caught(sequence: int, data: st.DataObject) -> None:
    digits = digits_of(receipt_number(sequence, NOVEMBER))
    position = data.draw(st.integers(0, len(digits) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[position]]))
    with pytest.raises(InvalidInput, match="抄错了一位"):
        parse_receipt_number(digits[:position] + wrong + digits[position + 1 :])


@given(SEQUENCES, st.data())
def test_every_swap_of_neighbours_is_caught(sequence: int, data: st.DataObject) -> None:
    digits = digits_of(receipt_number(sequence, NOVEMBER))
    position = data.draw(st.integers(0, len(digits) - 2))
    one, other = digits[position], digits[position + 1]
    assume(one != other)
    with pytest.raises(InvalidInput, match="抄错了一位"):
        parse_receipt_number(digits[:position] + other + one + digits[position + 2 :])


@given(SEQUENCES, st.text(alphabet=" -－—–_.·\u3000\t", max_size=3), st.booleans(), st.booleans())
def test_blanks_dashes_case_and_width_do_not_matter(sequence: int, between: str, wide: bool, lower: bool) -> None:
    number = receipt_number(sequence, NOVEMBER)
    typed = between.join([*number.split("-"), ""])
    typed = typed.lower() if lower else typed
    typed = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in typed) if wide else typed
    assert parse_receipt_number(typed) == number


@given(st.text(max_size=40))
def test_anything_else_is_refused_with_an_example_or_taken_for_what_it_is(typed: str) -> None:
    try:
        number = parse_receipt_number(typed)
    except InvalidInput as refused:
        assert refused.field == "number"
    else:
        assert parse_receipt_number(number) == number


# Digits of other scripts look like numbers to Python, not to the database.
@pytest.mark.parametrize("typed", ["ZB-٢٦١١-٠٠٣٨٢٧", "ZB-২৬১১-০০৩৮২৭", "ZB-2611", "ZB-2611-0038", "YT-2611-003827", "", "ZB-2611-00382七"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        parse_receipt_number(typed)


# --- query codes --------------------------------------------------------------------------------------------------------------------


def test_a_code_holds_fifty_bits() -> None:
    first, second = receipt._FIRST, receipt._SECOND
    assert len(set(first)) == len(first) == len(set(second)) == len(second) == 32
    assert not set(first) & set(second)
    assert WORDS * math.log2(len(first) * len(second)) == WORDS * WORD_BITS == 50


@given(SECRETS)
def test_a_code_is_five_words_of_two_characters(secret: bytes) -> None:
    words = query_code(secret).split("-")
    assert [len(word) for word in words] == [2] * 5


@given(st.integers(0, 2**50 - 1), st.integers(0, 2**50 - 1))
def test_every_one_of_the_fifty_bits_counts(one: int, other: int) -> None:
    def secret(number: int) -> bytes:
        return (number << 6).to_bytes(7, "big") + bytes(25)

    assert (query_code(secret(one)) == query_code(secret(other))) is (one == other)


@given(st.integers(0, 2**50 - 1), st.integers(0, 49))
def test_a_single_bit_makes_another_code(number: int, bit: int) -> None:
    codes = {query_code((value << 6).to_bytes(7, "big")) for value in (number, number ^ (1 << bit))}
    assert len(codes) == 2


@given(SECRETS, st.text(alphabet=" -－—，。、,.\n\u3000abc123（）", max_size=4))
def test_only_the_characters_of_a_code_count(secret: bytes, between: str) -> None:
    code = query_code(secret)
    assert normalise_query_code(code) == code
    assert normalise_query_code(between.join(code.replace("-", ""))) == code
    assert normalise_query_code(between + code + between) == code


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(typed: str) -> None:
    once = normalise_query_code(typed)
    assert normalise_query_code(once) == once

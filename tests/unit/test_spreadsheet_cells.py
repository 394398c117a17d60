"""Cells of files that people open in a spreadsheet: what somebody wrote is never a formula."""

import pytest

from intake.adapters.papers.workbook import FORMULA_STARTS
from intake.web.spreadsheet import cell


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_text_that_begins_like_a_formula_is_quoted(sign: str) -> None:
    assert cell(f"{sign}1+1") == f"'{sign}1+1"
    assert sign in FORMULA_STARTS


@pytest.mark.parametrize("value", ["路灯=不亮", "", 3, -3, None])
def test_everything_else_stays_as_it_is(value: object) -> None:
    assert cell(value) == value

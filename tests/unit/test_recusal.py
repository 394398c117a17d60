"""回避: when a message speaks of what its reader has a part in."""

import pytest

from intake.domain.recusal import concerning


@pytest.mark.parametrize(
    ("text", "name", "speaks"),
    [
        # As it was written down.
        ("安居物业半年没来过", "安居物业", True),
        # Where the firm sits and what kind of company it is, nobody says.
        ("安居物业半年没来过", "临江市云栖区安居物业有限公司", True),
        # Blanks, width, capitals, punctuation and traditional characters don't matter.
        ("ａｂｃ 超 市的灯不亮", "ABC超市", True),
        ("安居物業半年沒來過", "安居物业", True),
        ("“安居”物业半年没来过", "安居物业", True),
        # What is left of a long name must still say who it is: 物业 alone is everybody's.
        ("物业半年没来过", "临江市物业有限公司", False),
        ("小区里的灯不亮", "安居小区物业有限公司", False),
        # Another firm, a single character, nothing at all.
        ("乐业物业半年没来过", "安居物业", False),
        ("水管漏水", "水", False),
        ("水管漏水", "", False),
    ],
)
def test_a_message_speaks_of_a_firm_by_its_everyday_name(text: str, name: str, speaks: bool) -> None:
    assert concerning(text, [name]) == (name if speaks else "")


def test_the_first_that_is_named_is_said_as_it_was_written_down() -> None:
    assert concerning("城管局和安居物业都说不归自己管", ["乐业超市", "安居物业有限公司", "城管局"]) == "安居物业有限公司"

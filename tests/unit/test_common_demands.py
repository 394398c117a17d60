"""What the residents behind one matter ask for, told together."""

import pytest

from config.taxonomy import default_taxonomy
from intake.domain.language.common_demands import MOST, common_demands
from intake.domain.language.lexicon import lexicon_of

LEXICON = lexicon_of(default_taxonomy())


def test_the_same_trouble_in_other_words_counts_once_with_everyone_who_spoke_of_it() -> None:
    found = common_demands(
        [["幸福里3号楼路灯坏了一个月"], ["垃圾桶满了没人收，发臭"], ["晚上路灯不亮，老人摔过跤"], ["路灯又坏了"]],
        LEXICON,
    )
    assert [(one.text, one.voices) for one in found] == [("幸福里3号楼路灯坏了一个月", 3), ("垃圾桶满了没人收，发臭", 1)]
    assert found[0].title == "幸福里3号楼路灯坏了一个月"


# Who says it twice in one message counts once.
def test_one_message_counts_once() -> None:
    found = common_demands([["路灯坏了", "还是那盏路灯不亮"]], LEXICON)
    assert [one.voices for one in found] == [1]


# Where the lexicon knows no trouble, shared words decide.
def test_words_in_common_make_one() -> None:
    found = common_demands([["想在北门口设一个临时理发摊"], ["北门口的临时理发摊什么时候设"], ["请办一次象棋比赛"]], LEXICON)
    assert [one.voices for one in found] == [2, 1]


@pytest.mark.parametrize("messages", [[], [[]], [[""]], [["  ", "\n"]]])
def test_without_words_nobody_asks_for_anything(messages: list[list[str]]) -> None:
    assert common_demands(messages, LEXICON) == ()


def test_the_list_is_short() -> None:
    numbers = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往"
    found = common_demands([[f"{one}{one}{one}{one}{one}"] for one in numbers], LEXICON)
    assert len(found) == MOST

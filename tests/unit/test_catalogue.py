"""The English catalogue."""

from io import BytesIO

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from intake.domain.topic import TOPIC_TABLE
from intake.domain.transition import LABELS
from tests import catalogue


def test_it_holds_every_sentence_of_the_pages_and_no_other_with_the_same_placeholders() -> None:
    assert catalogue.complaints() == []


# The collector must see: a template in a folder with an underscore, a call in Python, a label, a sentence of a transition, a refusal,
# a sentence chosen by a condition, and a category.
@pytest.mark.parametrize(
    "sentence",
    ["跳到正文", "登录名或密码不对。", "已收到", "合并撤销，单独筛选。", "没有这件来件。", "请先选一个再提交。", "加装电梯"],
)
def test_the_collector_sees_each_source(sentence: str) -> None:
    assert sentence in catalogue.needed()


def test_the_collector_sees_whole_tables() -> None:
    assert set(LABELS.values()) <= catalogue.needed()
    assert {transition.words for transition in TOPIC_TABLE.transitions if transition.words} <= catalogue.needed()


def test_it_compiles_and_answers_in_english() -> None:
    compiled = BytesIO()
    with catalogue.CATALOGUE.open("rb") as file:
        write_mo(compiled, read_po(file, locale="en"))
    compiled.seek(0)
    assert Translations(compiled).gettext("已收到") == "Received"

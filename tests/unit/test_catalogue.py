"""The English catalogue."""

import ast
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
# a sentence chosen by a condition, a category; a refusal with values, one with a label of ours, the machine's reasons with a value and
# without, why a batch of posters failed, why a poster can't be drawn, and a word in a sense of its own.
@pytest.mark.parametrize(
    "sentence",
    [
        "跳到正文",
        "登录名或密码不对。",
        "已收到",
        "合并撤销，单独筛选。",
        "没有这件来件。",
        "请先选一个再提交。",
        "加装电梯",
        "say\x04最多 %(limit)s 个字，请写短一点。",
        "say\x04现在是“%(label)s”，不能这样处理。请刷新后再看。",
        "say\x04相隔 %(days)s 天",
        "来自同一社区",
        "say\x04本区设置里有印不出来的内容：%(error)s改好之后再点“重试”。",
        "这里已经没有在用的直报点，没有海报可印。",
        "say\x04%(label)s是空的，请填写。",
        "button\x04停用",
    ],
)
def test_the_collector_sees_each_source(sentence: str) -> None:
    assert sentence in catalogue.needed()


def test_the_collector_sees_whole_tables() -> None:
    assert set(LABELS.values()) <= catalogue.needed()
    assert {transition.words for transition in TOPIC_TABLE.transitions if transition.words} <= catalogue.needed()


# Each value is named by what it is: the same for the same expression, numbered where another has the name; a literal per cent is doubled.
@pytest.mark.parametrize(
    ("text", "msgid"),
    [
        ("f'“{area.name}”有 {TOTAL} 个'", "“%(name)s”有 %(total)s 个"),
        ("f'“{parent.name}”下面已经有“{name}”'", "“%(name)s”下面已经有“%(name_2)s”"),
        ("f'{one}和{one}'", "%(one)s和%(one)s"),
        ("f'现在是{label(state)}，不能{ROLES[role]}'", "现在是%(label)s，不能%(label_2)s"),
        ("f'{len(text)} 个字，多 {len(text) - LIMIT} 个，{share:.1f}%'", "%(count)s 个字，多 %(value)s 个，%(share)s%%"),
    ],
)
def test_an_f_string_is_a_pattern(text: str, msgid: str) -> None:
    parsed = ast.parse(text, mode="eval").body
    assert isinstance(parsed, ast.JoinedStr)
    assert catalogue.template(parsed) == msgid


def test_a_pattern_nobody_translated_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalogue.needed()
    monkeypatch.setattr(catalogue, "needed", lambda: {*known, "say\x04说了 %(times)s 次"})
    assert "missing: say · 说了 %(times)s 次" in catalogue.complaints()


def test_it_compiles_and_answers_in_english() -> None:
    compiled = BytesIO()
    with catalogue.CATALOGUE.open("rb") as file:
        write_mo(compiled, read_po(file, locale="en"))
    compiled.seek(0)
    assert Translations(compiled).gettext("已收到") == "Received"

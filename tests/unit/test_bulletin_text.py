"""A bulletin's text: begun from what stands behind topics, read for quotations, laid out as a paper."""

from datetime import date

import pytest

from intake.domain.bulletin_text import QUOTE_MAX, TO_WRITE, Said, Source, first_text, first_title, length, parts_of, standing

SAID = Said(7, "楼道灯坏了一个月，老人晚上下楼看不见。", "龙池社区", date(2026, 11, 3))


def source(**changes: object) -> Source:
    facts: dict[str, object] = {"title": "楼道灯", "basis": "3件来件反映同一件事。", "problem": "楼道灯", "request": "", "said": (SAID,)}
    return Source(**{**facts, **changes})  # type: ignore[arg-type]  # each of its own type


def test_what_is_counted_and_said_stands_there_and_the_rest_waits_for_people() -> None:
    text = first_text([source()])
    assert "3件来件反映同一件事。" in text
    assert "居民说：“楼道灯坏了一个月，老人晚上下楼看不见。”（龙池社区，2026年11月3日）" in text
    assert text.count(TO_WRITE) == 2, "causes and suggestions"
    assert first_text([source(request="换灯。")]).count(TO_WRITE) == 1


def test_a_topic_nobody_spoke_of_waits_for_its_situation_too() -> None:
    text = first_text([source(basis="", said=())])
    assert text.count(TO_WRITE) == 3
    assert "没有可以引用的原话" in text


def test_a_title_says_how_many_matters_and_stays_short() -> None:
    assert first_title([source()]) == "关于“楼道灯”的情况和建议"
    assert "等 2 件事" in first_title([source(), source()])
    assert len(first_title([source(title="灯" * 200)])) == 80


def test_long_words_end_at_a_mark_and_are_never_rewritten() -> None:
    long = Said(1, "这里的灯坏了很久没有人管，" * 20, "龙池社区", date(2026, 11, 3))
    line = next(line for line in first_text([source(said=(long,))]).split("\n") if line.startswith("居民说"))
    quoted = line.partition("“")[2].partition("……”")[0]
    assert len(quoted) <= QUOTE_MAX
    assert long.words.startswith(quoted)


# Whose words stand in a text, and which piece of them is named.
@pytest.mark.parametrize(
    ("text", "words", "piece"),
    [
        ("居民说“老人晚上下楼看不见”。", SAID.words, "老人晚上下楼看不见"),  # one clause of two is enough
        ("居民反映看不见。", SAID.words, ""),  # three characters are anybody's
        ("路灯坏了", "路灯坏了", "路灯坏了"),  # words that are short as a whole
        ("别的事", "路灯坏了", ""),
        ("居民说：“路灯不亮，太黑了。”", "路灯不亮，太黑了。", "路灯不亮，太黑了"),  # short clauses, as people write them
        ("居民说：“路灯不亮太黑了”", "路灯不亮，太黑了", "路灯不亮太黑了"),
        ("太黑了。路灯不亮", "路灯不亮，太黑了", ""),
        ("居民说：“" + "路灯坏了没人修" * 20 + "……”", "路灯坏了没人修" * 40, ("路灯坏了没人修" * 3)[:20]),  # without a mark, and cut
        ("什么都没有", "", ""),
        ("只有标点，。", "，。！", ""),
    ],
)
def test_quotations_are_found_by_their_clauses(text: str, words: str, piece: str) -> None:
    assert standing(text, words) == piece


def test_headings_and_paragraphs_are_read_from_lines() -> None:
    parts = parts_of(
        "开头。\n一、情况\n甲。\n\n  乙。\n二、建议\n三、这一行太长不像标题，因为它有三十多个字，一直写一直写一直写一直写一直写一直写"
    )
    assert [(one.heading, one.paragraphs) for one in parts][:3] == [
        ("", ("开头。",)),
        ("一、情况", ("甲。", "乙。")),
        ("二、建议", (parts[-1].paragraphs[0],)),
    ]
    assert parts_of("") == ()


def test_blanks_are_not_counted() -> None:
    assert length("一 二\n三\u3000四") == 4

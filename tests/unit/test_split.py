"""分件, the pure part: where a message may be cut, what its parts say, and what is no choice."""

import pytest

from intake.domain.errors import InvalidInput
from intake.domain.language.sentences import MOST, sentences_in
from intake.domain.personal_data import mask, personal_data
from intake.domain.recognised import pieces, with_gone
from intake.domain.split import Words, moved, parts_of_choice


def words(text: str) -> Words:
    return Words(text, mask(text, personal_data(text)))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        # A mark ends a sentence, and what closes it goes along.
        ("路灯坏了。“没人管！”井盖响", ["路灯坏了。", "“没人管！”", "井盖响"]),
        # A line ends one too; marks alone are nobody's sentence.
        ("路灯坏了\n井盖响了……！！\n。。", ["路灯坏了\n", "井盖响了……！！\n。。"]),
        ("只有一句", ["只有一句"]),
        ("  ", []),
    ],
)
def test_where_sentences_end(text: str, sentences: list[str]) -> None:
    found = sentences_in(text)
    assert [text[start:end] for start, end in found] == sentences
    assert "".join(sentences) == text or not found


def test_a_demand_is_cut_where_no_mark_stands_and_nothing_masked_is_cut() -> None:
    text = "路灯坏了，另外井盖响。邮箱ab@qq。com请回。完了吗"
    message = words(text)
    shown = [message.masked[start:end] for start, end in message.sentences(starts=[text.index("另外")])]
    assert shown == ["路灯坏了，", "另外井盖响。", "邮箱a•@qq。com请回。", "完了吗"]


def test_a_flood_of_sentences_ends_in_one_rest() -> None:
    found = sentences_in("灯坏。" * 300)
    assert len(found) == MOST
    assert found[-1][1] == 900


# Whatever is cut: a part shows what its message shows there, and what it holds is masked to just that.
@pytest.mark.parametrize(
    "text",
    [
        "路灯坏了。打我电话138 0013 8000。井盖响。",
        "加我微信：\nabcdefg99。井盖响。",
        "电话１３８ ００１３－８０００；邮箱ab@qq。com。\n联系人：\n王小明\n电话：5566778",
        "皖A·B1234堵门！😀另外，身份证11010519491231002X，谢谢。",
    ],
)
def test_no_part_shows_more_than_its_message(text: str) -> None:
    message = words(text)
    sentences = message.sentences()
    hidden = [text[span.start : span.end] for span in personal_data(text)]
    assert hidden
    for first in range(len(sentences)):
        for last in range(first + 1, len(sentences) + 1):
            for chosen in (sentences[first:last], (sentences[first], *sentences[last:])):
                taken = message.taken(chosen)
                assert mask(taken, personal_data(taken)).count("•") >= message.shown(chosen).count("•")
                assert all(secret not in mask(taken, personal_data(taken)) for secret in hidden)


# What was heard in a voice was never written: its parts are what screens show.
def test_of_what_was_heard_the_masked_words_are_taken() -> None:
    message = Words("[语音]", "路灯坏了。电话138••••8000。")
    assert message.taken(message.sentences()[1:]) == "电话138••••8000。"


def test_parts_are_numbered_as_chosen_and_one_sentence_stays() -> None:
    sentences = ((0, 3), (3, 6), (6, 9))
    assert parts_of_choice({3: 5, 6: 2}, sentences, gone=()) == (((6, 9),), ((3, 6),))
    assert parts_of_choice({3: 1}, sentences, gone=[(6, 9)]) == (((3, 6),),)
    for choice, gone in (({}, ()), ({0: 1, 3: 1, 6: 1}, ()), ({0: 1, 3: 1}, [(6, 9)]), ({6: 1}, [(6, 9)])):
        with pytest.raises(InvalidInput):
            parts_of_choice(choice, sentences, gone=gone)


def test_what_left_is_marked_in_the_words() -> None:
    shown = pieces("路灯坏了。井盖响。", ["提到：路灯"])
    parted = with_gone(shown, [(5, 9)])
    assert [(one.text, one.marked, one.gone) for one in parted] == [
        ("路灯", True, False),
        ("坏了。", False, False),
        ("井盖响。", False, True),
    ]
    assert with_gone(shown, []) == shown


@pytest.mark.parametrize(
    ("text", "taken", "written", "masked"),
    [
        # The note stands where the sentences stood; blanks and lines around them stay.
        ("路灯坏了。\n井盖响。\n垃圾多。", ["井盖响。\n"], "路灯坏了。\n（这几句已撤回。）\n垃圾多。", None),
        # Sentences that follow each other leave one note, others one each.
        ("甲灯坏。乙灯坏。丙灯坏。丁灯坏。", ["甲灯坏。", "乙灯坏。", "丁灯坏。"], "（这几句已撤回。）丙灯坏。（这几句已撤回。）", None),
        # What is masked elsewhere stays as it was written for its own resident.
        (
            "打我电话138 0013 8000。井盖响。",
            ["井盖响。"],
            "打我电话138 0013 8000。（这几句已撤回。）",
            "打我电话138••••8000。（这几句已撤回。）",
        ),
        ("井盖响。打我电话138 0013 8000。", ["打我电话138••••8000。"], "井盖响。（这几句已撤回。）", None),
    ],
)
def test_sentences_taken_back_leave_a_note(text: str, taken: list[str], written: str, masked: str | None) -> None:
    message = words(text)
    spans = [(message.masked.index(one), message.masked.index(one) + len(one)) for one in taken]
    left = message.without(spans)
    assert left == Words(written, masked or written)
    # Every other sentence is found again at its new place, and may leave as before.
    others = [one for one in message.sentences() if one not in spans]
    places = moved(others, spans, masked=message.masked)
    assert [left.masked[start:end] for start, end in places] == [message.masked[start:end] for start, end in others]
    assert set(places) <= set(left.sentences())


def test_words_that_nobody_can_tell_apart_are_not_kept_as_written() -> None:
    heard = Words("（语音）打幺三八零零幺三八零零零。井盖响。", "打138••••8000。井盖响。")
    assert heard.without([(0, 13)]).written == "（这几句已撤回。）井盖响。"
    assert Words("", "井盖响。").without([(0, 4)]) == Words("", "（这几句已撤回。）")
    full = "灯坏。" + "长" * 4_997
    assert len(Words(full, full).without([(0, 3)]).written) == 4_997, "a note is left out where it would be too long to keep"

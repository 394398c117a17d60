"""Sentences with values, found again by the catalogue's patterns."""

import pytest

from intake.web.sentences import LONGEST, pattern_of, said

AMONG = sorted(
    (
        pattern_of(msgid, words)
        for msgid, words in {
            "%(name)s有了": "%(name)s is there",
            "议题“%(title)s”有了": "The topic “%(title)s” is there",
            "现在是“%(label)s”": "It is now “%(label)s”",
            "请改：%(error)s": "Please change: %(error)s",
            "%(count)s 件（%(share)s%%）": "%(share)s%% of them, %(count)s",
            "“%(name)s”不是“%(name)s”": "“%(name)s” differs from itself",
            "区%(place)s.": "District %(place)s.",
        }.items()
    ),
    key=lambda one: -one.weight,
)
OURS = {"已收到": "received", "现在是“已收到”": "never", "路灯": "street lights"}


@pytest.mark.parametrize(
    ("words", "english"),
    [
        # A name is somebody's: it stays as it was written, even where it is a word of ours.
        ("路灯有了", "路灯 is there"),
        # The most specific pattern wins.
        ("议题“路灯”有了", "The topic “路灯” is there"),
        # A label and a sentence are ours: they are said too.
        ("现在是“已收到”", "It is now “received”"),
        ("请改：路灯", "Please change: street lights"),
        # Values may change places, and a per cent is a per cent.
        ("3 件（40%）", "40% of them, 3"),
        # What stands twice is the same both times.
        ("“甲”不是“甲”", "“甲” differs from itself"),
        ("“甲”不是“乙”", None),
        # A dot is a dot, a value isn't empty, the whole sentence must fit, a line end is part of a value.
        ("区甲。", None),
        ("有了", None),
        ("路灯有了吗", None),
        ("甲\n乙有了", "甲\n乙 is there"),
        ("甲" * LONGEST + "有了", None),
        # What a person typed can't break the filling in.
        ("%(x)s %d有了", "%(x)s %d is there"),
    ],
)
def test_a_sentence_is_taken_apart_and_filled_in_again(words: str, english: str | None) -> None:
    assert said(words, AMONG, lambda value: OURS.get(value, value)) == english

"""What a draft says as one sentence: pure, whatever order its parts came in."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.chat_draft import MOST_LETTERS, MOST_PARTS, Part, PartKind, compose, is_unheard
from intake.domain.chat_words import Command, command_in, number_in
from intake.domain.submission import Channel
from intake.domain.text import TEXT_MAX

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)


def part(kind: PartKind, words: str = "", *, second: int = 0, number: int = 0, **facts: str | float) -> Part:
    return Part(kind, NOON + timedelta(seconds=second), number, words, **facts)  # type: ignore[arg-type]  # the tests name them rightly


def test_parts_stand_in_the_platforms_order_whatever_order_they_came_in() -> None:
    said = [part(PartKind.TEXT, f"第{n}", second=n // 2, number=n) for n in range(6)]
    assert compose(said[::-1]).text == compose(said).text == "第0\n第1\n第2\n第3\n第4\n第5"


# What each draft comes to, by what was said in it.
@pytest.mark.parametrize(
    ("parts", "text", "place", "channel"),
    [
        # words are words, however many pictures stand beside them
        ([part(PartKind.TEXT, "路灯坏了"), part(PartKind.IMAGE)], "路灯坏了", "", Channel.WECHAT_TEXT),
        # a link is title and address
        ([part(PartKind.LINK, "通知", address="https://example.org/")], "通知 https://example.org/", "", Channel.WECHAT_TEXT),
        ([part(PartKind.LINK, "", address="https://example.org/")], "https://example.org/", "", Channel.WECHAT_TEXT),
        # a voice is a mark, and what was heard
        ([part(PartKind.VOICE)], "（语音）", "", Channel.WECHAT_VOICE),
        ([part(PartKind.VOICE, "路灯\n坏了。"), part(PartKind.VOICE)], "（语音）路灯 坏了。\n（语音）", "", Channel.WECHAT_VOICE),
        ([part(PartKind.VOICE), part(PartKind.TEXT, "就是这里")], "（语音）\n就是这里", "", Channel.WECHAT_TEXT),
        # pictures alone are one mark
        ([part(PartKind.IMAGE), part(PartKind.IMAGE)], "（照片）", "", Channel.WECHAT_IMAGE),
        # the last place counts, by its name or by its degrees
        ([part(PartKind.LOCATION, "幸福路"), part(PartKind.LOCATION, "龙池路", second=1)], "", "龙池路", Channel.WECHAT_IMAGE),
        ([part(PartKind.LOCATION, latitude=31.2, longitude=118.3)], "", "31.20000, 118.30000", Channel.WECHAT_IMAGE),
        ([part(PartKind.LOCATION, "长" * 500)], "", "长" * 120, Channel.WECHAT_IMAGE),
        # nothing is nothing
        ([], "", "", Channel.WECHAT_IMAGE),
    ],
)
def test_what_is_composed(parts: list[Part], text: str, place: str, channel: Channel) -> None:
    composed = compose(parts)
    assert (composed.text, composed.place, composed.channel) == (text, place, channel)


@given(
    written=st.lists(st.text(max_size=400), max_size=20),
    heard=st.lists(st.text(max_size=600), max_size=MOST_PARTS - 20),
)
def test_what_fits_a_draft_always_fits_a_submission(written: list[str], heard: list[str]) -> None:
    room = MOST_LETTERS
    parts = [part(PartKind.VOICE, words, second=n) for n, words in enumerate(heard)]
    for n, words in enumerate(written):
        if len(words) + 2 <= room:
            room -= len(words) + 2
            parts.append(part(PartKind.TEXT, words, second=n))
    assert len(compose(parts).text) <= TEXT_MAX


def test_only_marks_are_unheard() -> None:
    assert is_unheard("（语音）\n（语音）", Channel.WECHAT_VOICE)
    assert is_unheard("（照片）", Channel.WECHAT_IMAGE)
    assert not is_unheard("（语音）路灯坏了", Channel.WECHAT_VOICE)
    assert not is_unheard("（语音）", Channel.FORM), "somebody may write just that on the form"


# A command is a whole message; what says more tells something.
@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("发送", Command.SEND),
        ("「发送」。", Command.SEND),
        ("提交！", Command.SEND),
        ("取消", Command.DROP),
        ("取消电梯", None),
        ("我的", Command.MINE),
        ("我的车被划了", None),
        ("换一批", Command.MORE),
        ("", None),
    ],
)
def test_commands_are_whole_messages(said: str, command: Command | None) -> None:
    assert command_in(said) is command


@pytest.mark.parametrize(("said", "number"), [("3", 3), (" 12。", 12), ("\uff13", 3), ("３号楼", None), ("123", None), ("三", None)])
def test_numbers_are_whole_messages(said: str, number: int | None) -> None:
    assert number_in(said) == number

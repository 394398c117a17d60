"""What notices say: facts in plain words, values that a template takes, hours in which nobody is written to."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from config.workflow import default_workflow
from intake.domain.notice_fields import NOTHING, cut, fit, template_values
from intake.domain.notice_refusal import NOTICE_CHANNELS, refusal_reason
from intake.domain.notice_words import (
    ASKING,
    CHAT_MOST_BYTES,
    HEADLINES,
    MOST_LISTED,
    WHAT_FOLLOWS,
    WHAT_MAX,
    NoticeFacts,
    chat_words,
    sms_words,
    template_facts,
)
from intake.domain.notification import NoticeChannel, NoticeKind
from intake.domain.outcome import VERDICT_NAMES, Verdict
from intake.domain.quiet_hours import out_of_quiet
from intake.domain.wechat_template import NOTICE_NAMES, Fact

WHEN = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
ANSWERED = NoticeFacts(
    kind=NoticeKind.OUTCOME,
    number="ZB-2611-003827",
    what="幸福里 3 号楼路灯坏了",
    place="龙池社区",
    state="有关单位答复了您。",
    who="区城市管理局",
    at=WHEN,
    link="https://zhibao.example/n/3-abc",
)

FIELDS = [
    # 20 characters of anything, on one line, the last one … where something was left out.
    ("thing1", "幸福里 3 号楼\n路灯坏了", "幸福里 3 号楼 路灯坏了"),
    ("thing12", "一二三四五六七八九十一二三四五六七八九十", "一二三四五六七八九十一二三四五六七八九十"),
    ("thing1", "一二三四五六七八九十一二三四五六七八九十一", "一二三四五六七八九十一二三四五六七八九…"),
    # Digits, letters and signs, 32 of them, nothing Chinese.
    ("character_string3", "ZB-2611-003827", "ZB-2611-003827"),
    ("character_string3", "回执 ZB-1" + "0" * 40, "ZB-1" + "0" * 28),
    # Digits alone.
    ("number4", "ZB-2611-003827", "2611003827"),
    ("number4", "没有", "0"),
    # In 24 hours, whatever the fact was.
    ("time2", "早上", "2026年11月2日 09:30"),
    ("date2", "", "2026年11月2日"),
    # Five Chinese characters; a name has ten.
    ("phrase5", "已并入：议题库了", "已并入议题"),
    ("name6", "周明远 A", "周明远"),
    # Older templates have no types.
    ("keyword1", "区城市管理局已答复", "区城市管理局已答复"),
    # An empty value refuses the whole notice.
    ("thing1", "", NOTHING),
    ("phrase5", "abc", NOTHING),
    ("keyword2", " ", NOTHING),
    ("character_string3", "没有", "-"),
]


@pytest.mark.parametrize(("name", "value", "fitting"), FIELDS)
def test_a_value_is_cut_to_what_its_field_takes(name: str, value: str, fitting: str) -> None:
    assert fit(name, value, when=WHEN) == fitting


def test_a_template_gets_a_value_for_each_of_its_names_even_where_the_table_is_wrong() -> None:
    fields = {"character_string1": "number", "thing2": "what", "time3": "when", "thing4": "weather"}
    values = template_values(fields, template_facts(ANSWERED, others=0), when=WHEN)
    assert values == {
        "character_string1": "ZB-2611-003827",
        "thing2": "幸福里 3 号楼路灯坏了",
        "time3": "2026年11月2日 09:30",
        "thing4": NOTHING,
    }


def test_a_digest_says_how_many_others_there_are() -> None:
    assert template_facts(ANSWERED, others=2)[Fact.TIP] == "另有 2 件也有新进展"
    assert template_facts(ANSWERED, others=0)[Fact.TIP] == WHAT_FOLLOWS[NoticeKind.OUTCOME]
    assert set(template_facts(ANSWERED, others=0)) == set(Fact)


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_its_words_and_they_fit_a_template(kind: NoticeKind) -> None:
    assert kind in HEADLINES
    assert kind in NOTICE_NAMES
    assert len(HEADLINES[kind]) <= 20
    assert len(WHAT_FOLLOWS[kind]) <= 20


def test_one_notice_tells_the_facts_and_asks_for_a_verdict_with_a_link_for_each() -> None:
    words = chat_words([ANSWERED])
    for fact in ("幸福里 3 号楼路灯坏了", "区城市管理局：有关单位答复了您。", "ZB-2611-003827"):
        assert fact in words
    for verdict, name in VERDICT_NAMES.items():
        assert f'<a href="https://zhibao.example/n/3-abc/{verdict.value}">{name}</a>' in words
    assert "！" not in words
    assert Verdict.SOLVED.value not in chat_words([replace(ANSWERED, kind=NoticeKind.DECISION)])


def test_what_a_resident_wrote_makes_no_link_of_its_own() -> None:
    assert "<a href=https://bad" not in chat_words([replace(ANSWERED, what="<a href=https://bad>点这里</a>")])


def test_many_notices_are_one_message_that_the_platform_takes() -> None:
    long = replace(ANSWERED, what="一" * WHAT_MAX, state="一" * 60, link="https://zhibao.example.yunqi-district.example/n/" + "x" * 40)
    words = chat_words([long] * 40)
    assert len(words.encode()) <= CHAT_MOST_BYTES
    assert words.count("<a href") == MOST_LISTED
    assert f"还有 {40 - MOST_LISTED} 条" in words


def test_one_message_fits_the_platform_even_with_everything_long() -> None:
    long = replace(ANSWERED, what="一" * 300, state="一" * 300, who="一" * 300, link="https://zhibao.yunqi-district.example/n/" + "x" * 40)
    assert len(chat_words([long]).encode()) <= CHAT_MOST_BYTES


# Others may hold the telephone.
def test_a_short_message_holds_no_word_of_the_resident() -> None:
    words = sms_words([ANSWERED, ANSWERED])
    assert ANSWERED.what not in words
    assert "等 2 件" in words
    assert ANSWERED.link in words
    assert len(words) <= 120


def test_only_results_are_judged() -> None:
    assert {NoticeKind.OUTCOME, NoticeKind.RATE} == ASKING


def test_every_channel_has_a_name_and_every_code_some_words() -> None:
    assert set(NOTICE_CHANNELS) == set(NoticeChannel)
    assert refusal_reason("45015") == "过了平台允许回话的时间"
    assert refusal_reason("99999") == "对方没有接受，错误码 99999"


def test_cutting_leaves_no_blank_before_the_dots() -> None:
    assert cut("甲 乙丙", 3) == "甲…"


# 21:00 to 08:00 in Shanghai; UTC is eight hours behind.
NIGHT = [
    ("2026-11-02T12:59:59+00:00", "2026-11-02T12:59:59+00:00"),
    ("2026-11-02T13:00:00+00:00", "2026-11-03T00:00:00+00:00"),
    ("2026-11-02T18:30:00+00:00", "2026-11-03T00:00:00+00:00"),
    ("2026-11-02T23:59:59+00:00", "2026-11-03T00:00:00+00:00"),
    ("2026-11-03T00:00:00+00:00", "2026-11-03T00:00:00+00:00"),
]


@pytest.mark.parametrize(("at", "leaves"), NIGHT)
def test_what_falls_due_at_night_waits_for_the_morning(at: str, leaves: str) -> None:
    assert out_of_quiet(datetime.fromisoformat(at), default_workflow().wechat) == datetime.fromisoformat(leaves)


def test_quiet_hours_within_one_day_are_quiet_too() -> None:
    rules = replace(default_workflow().wechat, quiet_from_hour=12, quiet_to_hour=14)
    assert out_of_quiet(datetime(2026, 11, 2, 5, 0, tzinfo=UTC), rules) == datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
    assert out_of_quiet(datetime(2026, 11, 2, 7, 0, tzinfo=UTC), rules) == datetime(2026, 11, 2, 7, 0, tzinfo=UTC)


def test_the_answer_itself_is_read_in_the_chat_and_nobody_else_gets_it() -> None:
    told = replace(ANSWERED, said="灯已经换好，<b>请看</b>。" + "长" * 400)
    words = chat_words([told])
    assert "区城市管理局：有关单位答复了您。\n“灯已经换好，〈b〉请看〈/b〉。长长" in words
    assert len(words.encode()) < CHAT_MOST_BYTES
    assert "灯已经换好" not in sms_words([told])
    assert "灯已经换好" not in "".join(template_facts(told, others=0).values())

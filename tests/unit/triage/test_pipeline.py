import datetime as dt
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.taxonomy import default_taxonomy
from intake.domain.language.grams import GRAM_CHARACTERS, gram_hash, grams_of
from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.matching_form import MAX_CHARACTERS, matching_form
from intake.domain.language.title import TITLE_CHARACTERS, title_for
from workers.triage.message import Finding, Message
from workers.triage.model.base import shipped_model
from workers.triage.pipeline import MODEL_VERSION, default_pipeline, pipeline
from workers.triage.same_matter import Candidate, Incoming, SameMatter, choose_rare, decide
from workers.triage.same_matter.scorer import base_scorer
from workers.triage.stages.redact import redact

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
TRIAGE = default_pipeline(default_taxonomy())
TALK = st.lists(
    st.sampled_from(
        ["幸福里", "路灯", "坏了", "，", "。", "13800000021", "我叫", "李国栋", "着火", "没有", "\x00", "😀", "\uff21", "\uff11", "İ", " "]
    )
).map("".join)


def message(text: str) -> Message:
    return Message(text, 1, ("云栖区", "丰山街道", "龙池社区"), NOW)


@given(st.one_of(st.text(max_size=400), TALK))
def test_any_text_gives_a_finding_that_survives_json(text: str) -> None:
    written = message(text)
    finding = TRIAGE(written, Finding())
    assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding
    assert Message.from_json(json.loads(json.dumps(written.to_json()))) == written
    assert finding.model_version == f"{MODEL_VERSION}+{shipped_model().version}+{base_scorer().version}"
    assert len(finding.title_hint) <= TITLE_CHARACTERS
    assert all(-(2**31) <= gram < 2**31 for gram in finding.grams)
    assert len(set(finding.grams)) == len(finding.grams)


@given(TALK)
def test_what_was_redacted_is_in_no_other_part_of_the_finding(talk: str) -> None:
    finding = TRIAGE(message(f"{talk} 13712345678 {talk}"), Finding())
    for part in (finding.masked, finding.normalised, finding.title_hint):
        assert "12345678" not in part
    assert gram_hash("34") not in finding.grams


@given(st.one_of(st.text(max_size=200), TALK))
def test_the_matching_form_of_a_matching_form_is_itself(text: str) -> None:
    once = matching_form(text)
    assert matching_form(once) == once
    assert len(once) <= MAX_CHARACTERS


@pytest.mark.parametrize(
    "piece", ["灯", "\x00", "😀路灯", "1 ", "138-", "1", "ﷺ", "我叫", "路", "a@", "a.", "里", "没有着火", "电话 ", "身份证1"]
)
def test_a_huge_text_is_done_in_a_moment_and_its_grams_are_bounded(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    started = time.thread_time()  # what others do on this machine meanwhile doesn't count
    finding = TRIAGE(message(text), Finding())
    assert time.thread_time() - started < 1.0
    assert len(finding.grams) < GRAM_CHARACTERS
    assert len(finding.masked) <= len(text)


def test_a_pipeline_is_itself_a_stage() -> None:
    written = message("电话13800000021")
    assert pipeline([pipeline([redact])])(written, Finding()) == redact(written, Finding())
    assert pipeline([])(written, Finding()) == Finding()


def test_traditional_width_and_repeated_marks_are_one_way_of_writing() -> None:
    assert matching_form("幸福里　路燈壞了！！！ ３棟") == matching_form("幸福里 路灯坏了! 3栋")
    assert matching_form("後面的頭髮店發票不乾淨") == "后面的头发店发票不干净"


def test_what_no_encoding_can_hold_is_no_word() -> None:
    assert matching_form("路燈\ud800壞了\x00修") == "路灯?坏了 修"


def test_a_gram_has_the_same_number_on_every_machine() -> None:
    assert (gram_hash("路灯"), gram_hash("幸福")) == (879113293, 464348281)
    assert grams_of("路灯,坏了") == tuple(sorted({gram_hash("路灯"), gram_hash("坏了")}))


@given(st.lists(st.integers(-5, 5)), st.dictionaries(st.integers(-5, 5), st.integers(0, 9)), st.integers(1, 8))
def test_the_rarest_grams_are_chosen_first(grams: list[int], df: dict[int, int], n: int) -> None:
    chosen = choose_rare(grams, df, n)
    assert len(chosen) == min(n, len(set(grams)))
    left = set(grams) - set(chosen)
    assert not left or max(df.get(g, 0) for g in chosen) <= min(df.get(g, 0) for g in left)


@settings(max_examples=60, deadline=None)  # the first one reads the models
@given(st.lists(TALK, min_size=1, max_size=6), st.integers(0, 3))
def test_any_two_texts_give_a_decision_that_survives_json(texts: list[str], topics: int) -> None:
    findings = [TRIAGE(message(text), Finding()) for text in texts]
    candidates = [Candidate(n, n % topics if topics else None, f.grams, f.masked, 1, NOW) for n, f in enumerate(findings[1:])]
    incoming = Incoming(findings[0].masked, findings[0].grams, 1, NOW)
    decision = decide(incoming, candidates, df={}, total=len(texts), lexicon=lexicon_of(default_taxonomy()), window_days=90)
    assert SameMatter.from_json(json.loads(json.dumps(decision.to_json()))) == decision
    assert 0 <= decision.score <= 1
    assert (decision.kind == "open") == (decision.topic_id is None and decision.submission_id is None)
    assert decision.kind == "open" or decision.reasons


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("你好，反映下幸福里的照明问题，楼下路灯一到晚上就不亮", "幸福里的照明问题"),
        ("紫薇苑三栋装电梯签字就差一户，请委员帮忙做做工作。本人李••", "紫薇苑三栋装电梯签字就差一户"),
        ("", ""),
        ("！！！", ""),
    ],
)
def test_a_title_is_chosen_from_the_persons_own_words(text: str, title: str) -> None:
    assert title_for(text).startswith(title)
    assert bool(title_for(text)) == bool(title)


@given(st.one_of(st.text(max_size=200), TALK))
def test_a_title_is_short_and_shows_nothing_that_was_not_written(text: str) -> None:
    title = title_for(text)
    assert len(title) <= TITLE_CHARACTERS
    assert set(title) <= set(text) | set("，…")


def test_a_batch_that_is_read_ahead_finds_what_each_message_finds_alone() -> None:
    asked = [message(text * count) for text in ("幸福里路灯坏了。", "一号线太挤，电话13800000021。", "", "A") for count in (1, 5, 20)]
    alone = [TRIAGE(one, Finding()) for one in asked]
    triage = default_pipeline(default_taxonomy())
    begun = [triage.begin(one, Finding()) for one in asked]
    triage.read_ahead([finding.normalised for finding in begun])
    assert [triage.finish(one, finding) for one, finding in zip(asked, begun, strict=True)] == alone
    triage.read_ahead([])
    assert triage(asked[0], Finding()) == alone[0]

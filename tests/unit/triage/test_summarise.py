"""A topic in its residents' own words."""

import json
from collections import defaultdict
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from config.taxonomy import default_taxonomy
from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.matching_form import matching_form
from intake.domain.language.summarise import KEYWORDS, PLACES, SENTENCES, summarise
from intake.domain.personal_data import DOT
from workers.triage.stages.pattern import MOST, Matter, patterns

LEXICON = lexicon_of(default_taxonomy())
DEMO = Path(__file__).parents[3] / "intake" / "cli" / "demo_data" / "messages.jsonl"
LAMPS = [
    "丰乐里3栋楼下的路灯坏了快半个月了，晚上黑漆漆的，老人下楼不敢走",
    "丰乐里南门口路灯时亮时不亮，走夜路害怕",
    "丰乐里路灯坏了好几盏，求修",
    "路过的人说这里以前挺好的",
]


def test_the_sentence_that_names_place_and_problem_comes_first() -> None:
    summary = summarise(LAMPS, LEXICON)
    assert "丰乐里" in summary.sentences[0]
    assert "路灯" in summary.sentences[0]
    assert summary.keywords[0] == "路灯"
    assert summary.places == ("丰乐里",)
    assert summary.title
    assert "以前挺好" not in summary.text


def test_the_second_sentence_says_something_else() -> None:
    summary = summarise(["丰乐里路灯坏了好几盏", "丰乐里的路灯坏了好几盏了", "丰乐里有老人因为没灯踩空了台阶"], LEXICON)
    assert len(summary.sentences) == 2
    assert any("台阶" in one for one in summary.sentences)


def test_what_was_masked_is_never_chosen() -> None:
    summary = summarise(["丰乐里路灯坏了，我电话138••••0021", "丰乐里路灯坏了打13800000021", "走夜路害怕，没人管"], LEXICON)
    assert summary.sentences
    assert not any(DOT in one or "138" in one for one in summary.sentences)


def test_nobody_s_words_no_summary() -> None:
    assert summarise([], LEXICON).text == ""
    assert summarise(["电话138••••0021"], LEXICON).sentences == ()


def test_every_matter_of_the_demo_is_summed_up_in_its_own_words_with_its_place() -> None:
    by_matter: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in DEMO.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        by_matter[row["matter"]].append(row)
    placed = shown = 0
    for rows in (rows for rows in by_matter.values() if len(rows) >= 3):
        texts = [row["text"] for row in rows]
        summary = summarise(texts, LEXICON)
        assert 1 <= len(summary.sentences) <= SENTENCES
        assert all(any(one in text for text in texts) for one in summary.sentences)
        shown += 1
        placed += any(row["place"] in summary.text or summary.places[:1] == (row["place"],) for row in rows if row.get("place"))
    assert shown >= 15
    assert placed / shown >= 0.85


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=80), st.sampled_from(LAMPS)), max_size=12))
def test_any_words_give_a_short_summary_of_nothing_but_themselves(texts: list[str]) -> None:
    summary = summarise(texts, LEXICON)
    assert len(summary.sentences) <= SENTENCES
    assert len(summary.keywords) <= KEYWORDS
    assert len(summary.places) <= PLACES
    assert all(3 <= len(one) <= 62 for one in summary.sentences)
    assert all(set(matching_form(one)) <= set("".join(map(matching_form, texts))) | {" "} for one in summary.sentences)


def test_a_thousand_messages_are_read_no_further_than_two_hundred() -> None:
    assert summarise(LAMPS * 250, LEXICON) == summarise((LAMPS * 250)[:200], LEXICON)


def matter(topic_id: int, title: str, area_id: int, people: int = 4) -> Matter:
    return Matter(topic_id, title, area_id, people)


def test_the_same_problem_in_three_communities_makes_a_class_with_its_evidence() -> None:
    found = patterns(
        [
            matter(1, "锦带花园飞线充电", 1, 9),
            matter(2, "竹屿家园一楼拉电线充电", 2),
            matter(3, "星汇城充电桩太少", 3),
            matter(4, "丰乐里路灯坏了", 4, 30),
        ],
        LEXICON,
    )
    assert [one.topic_ids for one in found] == [(1, 2, 3)]
    assert [reason.words for reason in found[0].reasons][1:] == ["分布在 3 个社区", "共 17 件来件"]
    assert found[0].problem.startswith("ebike-charging:")


def test_three_topics_of_one_community_are_no_class() -> None:
    assert patterns([matter(n, "路灯坏了", 1 + n // 2) for n in range(4)], LEXICON) == ()


def test_a_topic_stands_in_one_class_at_most_and_more_communities_score_higher() -> None:
    lamps = [matter(n, "路灯坏了，垃圾没人收", n) for n in range(1, 6)]
    waste = [matter(n, "垃圾桶满了", n) for n in range(10, 13)]
    found = patterns([*lamps, *waste], LEXICON)
    topics = [topic for one in found for topic in one.topic_ids]
    assert len(topics) == len(set(topics))
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)


def test_a_class_is_never_larger_than_a_person_could_open_and_keeps_its_name_as_it_grows() -> None:
    lamps = [matter(n, "路灯坏了", n, people=n) for n in range(1, 100)]
    (found,) = patterns(lamps, LEXICON)
    assert len(found.topic_ids) == MOST
    assert min(found.topic_ids) == 1
    assert [reason.words for reason in found.reasons][1:] == [f"分布在 {MOST} 个社区", f"共 {sum(range(1, MOST + 1))} 件来件"]

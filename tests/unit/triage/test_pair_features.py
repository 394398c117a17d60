"""Features of pairs: what agrees, what doesn't, and that a row never depends on its neighbours."""

import numpy as np
import pytest

from config.taxonomy import default_taxonomy
from intake.domain.language.lexicon import lexicon_of
from workers.triage.same_matter.background import Background, base_background
from workers.triage.same_matter.evidence import reading
from workers.triage.same_matter.features import FALLING, FEATURES, NEUTRAL, pair_features
from workers.triage.same_matter.reading import Reading, head_of
from workers.triage.same_matter.sentences import best_sentence

LEXICON = lexicon_of(default_taxonomy())
LAMP = "幸福里3栋楼下的路灯坏了快半个月了，晚上黑漆漆的"


def read(text: str) -> Reading:
    return reading(text, LEXICON)


def row(one: str, other: str, *, days: int = 3) -> dict[str, float]:
    found = pair_features(read(one), [read(other)], df={}, total=0, days=[days])
    return dict(zip(FEATURES, found[0].tolist(), strict=True))


def test_a_message_agrees_wholly_with_itself() -> None:
    same = row(LAMP, LAMP)
    assert {name: same[name] for name in same if name.startswith("cosine_") and name != "cosine_common"} == pytest.approx(
        {name: 1.0 for name in same if name.startswith("cosine_") and name != "cosine_common"}
    )
    assert same["shared_head"] == pytest.approx(1)
    assert (same["place_head"], same["place_clash"], same["problem_head"], same["problem_clash"]) == (2, 0, 1, 0)


def test_either_message_may_come_first() -> None:
    other = "书院弄路灯灭了好多天，晚上出来倒垃圾都要打手电"
    assert row(LAMP, other) == pytest.approx(row(other, LAMP))


@pytest.mark.parametrize(
    ("one", "other", "agreement", "clash"),
    [
        # The same estate, with and without what kind of estate it is.
        ("幸福里路灯坏了", "幸福里小区路灯坏了", 2, 0),
        # Estates of other names.
        ("幸福里路灯坏了", "书院弄路灯坏了", 0, 1),
        # A market isn't the estate that it is named after.
        ("丰乐里没有灯", "丰乐菜场没有灯", 0, 1),
        # A short name inside a long one.
        ("新城小区搅拌站太吵", "丽发新城搅拌站太吵", 1, 0),
        # Nobody names a place.
        ("路灯坏了", "路灯不亮", 0, 0),
    ],
)
def test_places_agree_contain_one_another_or_contradict(one: str, other: str, agreement: int, clash: int) -> None:
    found = row(one, other)
    assert (found["place_head"], found["place_clash_head"]) == (agreement, clash)


def test_within_a_month_days_say_nothing() -> None:
    assert row(LAMP, LAMP, days=0)["days"] == row(LAMP, LAMP, days=30)["days"] < row(LAMP, LAMP, days=31)["days"]


def test_a_row_is_the_same_alone_and_among_others() -> None:
    texts = ["", "书院弄路灯坏了", "！！！", LAMP + "。" + "另外垃圾也没人收。" * 20, "幸福里", "图书室晚上能不能开", ""]
    mine = read(LAMP)
    together = pair_features(mine, [read(text) for text in texts], df={}, total=50, days=range(len(texts)))
    alone = [pair_features(mine, [read(text)], df={}, total=50, days=[day])[0] for day, text in enumerate(texts)]
    assert together == pytest.approx(np.array(alone))


@pytest.mark.parametrize(
    "text", ["", " ", "😀😀", "0" * 10_000, "ab" * 5000, "\udcff乱码", "的" * 600, "里" * 600, "加快" * 300, "1、" * 2000]
)
def test_whatever_is_written_gives_finite_numbers(text: str) -> None:
    for one, other in ((text, LAMP), (LAMP, text), (text, text)):
        assert np.isfinite(list(row(one, other).values())).all()


def test_names_of_features_are_told_apart() -> None:
    assert len(set(FEATURES)) == len(FEATURES)
    assert set(FEATURES) > FALLING | NEUTRAL


def test_words_that_are_common_anywhere_weigh_little_even_in_an_empty_district() -> None:
    # 电梯 stands in many messages anywhere, 紫薇 in hardly any.
    assert row("紫薇苑电梯", "紫薇苑车位")["cosine_all"] > row("听松苑电梯", "紫薇苑电梯")["cosine_all"]


def test_the_background_knows_shares_of_listed_grams_only() -> None:
    background = Background(np.array([-5, 7], dtype=np.int32), np.array([0.5, 0.25], dtype=np.float32))
    assert background.shares_of(np.array([-6, -5, 0, 7, 8])).tolist() == [0, 0.5, 0, 0.25, 0]
    assert (background.expected(7), background.expected(8)) == (500, 0)
    assert len(base_background().grams) > 10_000


def test_the_head_is_the_first_sentence_but_no_greeting() -> None:
    assert head_of("幸福里路灯坏了。没人修") == "幸福里路灯坏了"
    assert head_of("你好!幸福里路灯坏了。没人修") == "你好!幸福里路灯坏了"
    assert len(head_of("幸" * 100)) == 40


def test_the_sentence_that_matched_is_found_where_it_stands() -> None:
    text = "你好。我们这里垃圾没人收。 幸福里路灯又坏了，很黑！谢谢"
    start, end = best_sentence(text, LAMP) or (0, 0)
    assert text[start:end] == "幸福里路灯又坏了，很黑"
    assert best_sentence("图书室能不能开", "路灯坏了") is None
    assert best_sentence("", LAMP) is None

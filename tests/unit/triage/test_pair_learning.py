"""The pair scorer goes on learning: what a few hundred pairs may change, who judges, and what is refused."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from intake.domain.learnt_part import EITHER_KIND_NEEDED, PAIRS_NEEDED
from intake.queries.pair_example import PairExample, PairMessage
from workers.pair_lessons import learnt_until, split
from workers.triage.learning.pair_compare import JudgedPairs, judge_pairs, not_worse
from workers.triage.learning.pair_correction import Pairs, corrected, logits_of
from workers.triage.same_matter.features import FEATURES
from workers.triage.same_matter.scorer import base_scorer, probability, scorer_of

MORNING = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
CLASH = FEATURES.index("number_clash")


def rows(count: int, *, seed: int = 0) -> Pairs:
    """Pairs at random; people keep apart those whose numbers clash (3栋, 8栋) and join the others."""
    random = np.random.default_rng(seed)
    features = random.random((count, len(FEATURES)))
    features[:, CLASH] = random.random(count) < 0.5
    return Pairs(
        features,
        near=random.random(count) < 0.8,
        same=1.0 - features[:, CLASH],
        counts=np.ones(count),
        topics=np.arange(count) // 2,
    )


def test_what_people_keep_apart_is_learnt_and_the_same_lessons_give_the_same_file() -> None:
    content = corrected(rows(300), base_scorer(), {"made_by": "test"})
    own, judging = scorer_of(content), rows(200, seed=1)
    assert judge_pairs(own, judging).average_precision > judge_pairs(base_scorer(), judging).average_precision + 0.2
    assert own.card["made_by"] == "test"
    assert own.trees.leaves.tolist() == base_scorer().trees.leaves.tolist()
    assert corrected(rows(300), base_scorer(), {"made_by": "test"}) == content


def test_a_few_pairs_hardly_move_it_and_none_at_all_leave_it_where_it_was() -> None:
    judging = rows(200, seed=1)
    shipped = probability(logits_of(base_scorer(), judging))
    moved = [
        float(np.abs(probability(logits_of(scorer_of(corrected(rows(count), base_scorer(), {})), judging)) - shipped).mean())
        for count in (4, 300)
    ]
    assert moved[0] < 0.1 < moved[1]
    agreeing = replace(judging, same=shipped)
    same = scorer_of(corrected(agreeing, base_scorer(), {}))
    assert np.abs(probability(logits_of(same, judging)) - shipped).max() < 0.02


def test_what_nobody_judged_holds_it_where_it_was() -> None:
    """People correct only what was shown: joins that the machine had missed must not make all that is unlike look alike."""
    missed = rows(100)
    away = np.zeros(100, dtype=bool)
    unlike = Pairs(missed.features * 0.2, away, np.ones(100), np.ones(100), missed.topics)
    shipped = probability(logits_of(base_scorer(), unlike))
    beside = replace(unlike, features=rows(100, seed=2).features * 0.2, same=shipped, counts=np.full(100, 0.25))
    both = Pairs(*(np.concatenate([getattr(one, name) for one in (unlike, beside, beside)]) for name in Pairs.__dataclass_fields__))
    alone, held = (scorer_of(corrected(lessons, base_scorer(), {})) for lessons in (unlike, both))
    elsewhere = replace(unlike, features=rows(100, seed=4).features * 0.2)
    moved = [float((probability(logits_of(one, elsewhere)) - shipped).mean()) for one in (held, alone)]
    assert 0 < moved[0] < 0.8 * moved[1]


def test_it_does_not_join_more_readily_than_it_should() -> None:
    """Where people keep apart at random a third of what the machine joins, fewer joins are the answer, not more."""
    lessons, judging = rows(600), rows(400, seed=1)
    random = np.random.default_rng(3)
    doubted = [replace(pairs, same=(random.random(len(pairs)) < 0.67).astype(np.float64)) for pairs in (lessons, judging)]
    own = scorer_of(corrected(doubted[0], base_scorer(), {}))
    assert judge_pairs(own, doubted[1]).joined <= judge_pairs(base_scorer(), doubted[1]).joined


def judged(*, joined: int, right: int, ap: float = 0.9) -> JudgedPairs:
    return JudgedPairs(examples=40, same=20, joined=joined, right=right, average_precision=ap)


@pytest.mark.parametrize(
    ("candidate", "in_force", "shipped", "adopted"),
    [
        # More of its joins are right.
        (judged(joined=18, right=17), judged(joined=20, right=17), judged(joined=20, right=17), True),
        # As many are right, and it orders the pairs no worse.
        (judged(joined=20, right=17), judged(joined=20, right=17), judged(joined=20, right=17), True),
        # Fewer of its joins are right, however well it orders them.
        (judged(joined=20, right=16, ap=0.99), judged(joined=20, right=17), judged(joined=20, right=17), False),
        # As many are right, but it orders the pairs worse.
        (judged(joined=20, right=17, ap=0.89), judged(joined=20, right=17), judged(joined=20, right=17), False),
        # Better than the one in force, but not as right as the shipped one.
        (judged(joined=20, right=17), judged(joined=20, right=16), judged(joined=20, right=18), False),
        # Always right, because it hardly joins.
        (judged(joined=3, right=3), judged(joined=20, right=17), judged(joined=20, right=17), False),
        # More right, and ordered much worse.
        (judged(joined=18, right=17, ap=0.8), judged(joined=20, right=17), judged(joined=20, right=17), False),
        # It joins nothing, and neither does the one in force: then the order alone counts.
        (judged(joined=0, right=0, ap=0.95), judged(joined=0, right=0), judged(joined=0, right=0), True),
    ],
)
def test_precision_comes_first_and_the_shipped_scorer_is_the_floor(
    candidate: JudgedPairs, in_force: JudgedPairs, shipped: JudgedPairs, adopted: bool
) -> None:
    assert not_worse(candidate, in_force, shipped) is adopted


def test_nothing_is_adopted_by_no_pairs() -> None:
    nothing = JudgedPairs(0, 0, 0, 0, 0.0)
    assert not not_worse(nothing, nothing, nothing)


def example(topic: int, minute: int, one: int, other: int, *, same: bool = True) -> PairExample:
    older, newer = (PairMessage(number, "路灯不亮", 1, MORNING) for number in (one, other))
    return PairExample(newer, older, topic, same, MORNING + dt.timedelta(minutes=minute))


def decided(topics: int) -> list[PairExample]:
    """In each topic one joined, and a minute later one kept apart."""
    return [
        example(topic, 2 * topic + at, 10 * topic, 10 * topic + 1 + at, same=at == 0) for topic in range(1, topics + 1) for at in range(2)
    ]


def test_the_newest_topics_judge_and_stay_whole() -> None:
    sides = split(decided(50), learnt_until=None)
    assert sides.missing is None
    assert len(sides.judging) == 20
    assert {one.topic_id for one in sides.judging} == set(range(41, 51))
    assert {one.topic_id for one in sides.lessons} == set(range(1, 41))
    assert sides.learnt_until == MORNING + dt.timedelta(minutes=80)


def test_a_late_word_on_an_old_topic_teaches() -> None:
    late = example(1, 500, 10, 19)
    sides = split([*decided(50), late], learnt_until=None)
    assert late in sides.lessons


def test_no_message_stands_on_both_sides() -> None:
    """Attached elsewhere says both: the same as there, different from here."""
    shared = example(1, 3, 11, 501, same=False)
    sides = split([*decided(50), shared], learnt_until=None)
    assert 501 in {one.newer.submission_id for one in sides.judging}
    assert shared not in sides.lessons


def test_who_has_taught_the_scorer_in_force_judges_nobody() -> None:
    first = split(decided(50), learnt_until=None)
    again = split(decided(80), learnt_until=first.learnt_until)
    assert {one.topic_id for one in again.judging}.isdisjoint({one.topic_id for one in first.lessons})
    nothing_new = split(decided(40), learnt_until=first.learnt_until)
    assert nothing_new.judging == ()
    assert nothing_new.missing is not None
    scorer = replace(base_scorer(), card={"learnt_until": MORNING.isoformat()})
    assert (learnt_until(scorer), learnt_until(base_scorer())) == (MORNING, None)


def test_too_little_says_what_is_missing() -> None:
    assert f"{PAIRS_NEEDED - 2} pairs" in str(split(decided(PAIRS_NEEDED // 2 - 1), learnt_until=None).missing)
    alike = [replace(one, same=True) for one in decided(50)]
    assert f"{EITHER_KIND_NEEDED} of either kind" in str(split(alike, learnt_until=None).missing)
    assert split((), learnt_until=None).learnt_until is None

"""Correction for communities that say little: between one and two, monotone, told with both numbers, and silent where nothing is known."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from intake.domain.screening import Criterion
from intake.domain.topic_evidence import CameOf, Place, TopicFacts, evidence_of
from intake.domain.under_reporting import LEAST_COMPARED, MOST_FACTOR, Basis, Heard, corrections, weighed

COUNTS = st.integers(min_value=0, max_value=100_000)
COMMUNITIES = st.lists(
    st.tuples(COUNTS, st.none() | st.integers(min_value=1, max_value=200_000), st.integers(min_value=0, max_value=40)), max_size=40
).map(lambda rows: [Heard(number, f"第{number}社区", *row) for number, row in enumerate(rows)])


@given(COMMUNITIES, COUNTS)
def test_a_message_counts_at_least_once_and_at_most_twice(communities: list[Heard], count: int) -> None:
    for one in corrections(communities).values():
        assert 1 <= one.factor <= MOST_FACTOR
        assert count <= weighed(count, one) <= MOST_FACTOR * count
        assert (one.factor == 1) == (one.own >= one.usual or round(one.usual / one.own if one.own else 9, 1) == 1)


@given(COMMUNITIES)
def test_who_says_less_for_its_size_is_never_weighed_less(communities: list[Heard]) -> None:
    found = corrections(communities)
    for basis in Basis:
        ranked = sorted((one for one in found.values() if one.basis is basis), key=lambda one: one.own)
        assert [one.factor for one in ranked] == sorted((one.factor for one in ranked), reverse=True)


@given(COMMUNITIES, st.randoms(use_true_random=False))
def test_the_order_in_which_communities_come_changes_nothing(communities: list[Heard], chance: object) -> None:
    mixed = list(communities)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert corrections(mixed) == corrections(communities)


@given(COMMUNITIES)
def test_without_residents_and_points_nothing_is_said(communities: list[Heard]) -> None:
    found = corrections(communities)
    for one in communities:
        if not one.residents and not one.points:
            assert one.area_id not in found
    assert len(found) != 1
    assert len(found) != LEAST_COMPARED - 1


# Registered residents are known; only what nobody entered is guessed by points, and says so.
def test_both_numbers_and_the_guess_are_told() -> None:
    counted = [Heard(1, "龙池社区", 4, 2_000, 1), Heard(2, "紫薇社区", 30, 5_000, 1), Heard(3, "石桥社区", 60, 10_000, 2)]
    guessed = [Heard(4, "书院社区", 3, None, 3)]
    found = corrections(counted + guessed)
    assert found[1].words == "龙池社区一年来每千名居民 2 件，区里各社区的中位数是 6 件，说话的人可能偏少，这里 1 件按 2 件看。"
    assert found[2].factor == found[3].factor == 1
    assert (found[4].basis, found[4].own, found[4].factor) == (Basis.POINTS, 1, MOST_FACTOR)
    assert found[4].words.startswith("书院社区没有居民数可比，按每个直报点估：一年 1 件，区里的中位数是 ")
    assert corrections(counted[:2]) == {}
    # Two whose residents are registered aren't enough to compare: what is guessed of them says nothing false.
    few = corrections([*counted[:2], *guessed])
    assert few[1].basis is Basis.POINTS
    assert "没有登记" not in few[1].words


def facts(**changes: object) -> TopicFacts:
    values: dict[str, object] = {
        "people": 3, "messages": 4, "endorsed": 0, "days": {date(2026, 11, 2): 3, date(2026, 9, 1): 1}, "today": date(2026, 11, 23),
        "places": (Place(1, "龙池社区", 3), Place(2, "紫薇社区", 1)), "emergencies": 1, "soon": 2, "waiting": 2, "late": 1,
        "department": "区城市管理局",
    }  # fmt: skip
    return TopicFacts(**{**values, **changes})  # type: ignore[arg-type]  # named by the test


def test_every_criterion_has_its_sentences() -> None:
    quiet = corrections([Heard(1, "龙池社区", 4, 2_000, 1), Heard(2, "紫薇社区", 30, 5_000, 1), Heard(3, "石桥社区", 60, 10_000, 2)])
    came = CameOf(topics=3, delivered=2, rejected=1, referred=0, solved=4, partly=0, not_solved=1)
    said = {one.criterion: one.sentences for one in evidence_of(facts(came_of=came), quiet)}
    assert list(said) == list(Criterion)
    assert said[Criterion.PEOPLE] == ("3 人，4 件来件", "收到 4 件，按校正约 7 件")
    joined = evidence_of(facts(endorsed=2), quiet)[0]
    assert joined.sentences[:2] == ("3 人，4 件来件", "其中 2 件是附议，没有另外写话"), "who joins is counted among both"
    assert said[Criterion.REPETITION] == ("13 周里有 2 周有人说起", "近 4 周 3 件，再往前 4 周 0 件")
    assert said[Criterion.SPREAD][0] == "2 个社区有来件"
    assert said[Criterion.SPREAD][1] == quiet[1].words
    assert said[Criterion.URGENCY] == ("紧急 1 件，较急 2 件", "还有 2 件等委员看，其中 1 件过了期限")
    assert said[Criterion.REMIT] == ("这一类通常由区城市管理局办", "以前相似的 3 个议题里，转办 0 个")
    assert said[Criterion.FEASIBILITY][1] == "那时 5 位居民评价：解决 4，部分解决 0，没有解决 1"


# A topic of party or government, which no message opened, has nothing to count and still something to say.
def test_a_topic_without_messages_says_so() -> None:
    bare = facts(messages=0, people=0, days={}, places=(), emergencies=0, soon=0, waiting=0, department="")
    said = {one.criterion: one.sentences for one in evidence_of(bare, {})}
    assert said[Criterion.REPETITION] == ("没有来件，看不出有没有反复",)
    assert said[Criterion.URGENCY] == ("没有紧急或较急的来件",)
    assert all(said.values())


@given(st.dictionaries(st.dates(min_value=date(2024, 1, 1), max_value=date(2026, 11, 23)), st.integers(1, 50), min_size=1))
def test_weeks_spoken_are_never_more_than_weeks_passed(days: dict[date, int]) -> None:
    said = evidence_of(facts(days=days), {})[1].sentences[0]
    weeks, spoken = (int(piece) for piece in said.replace(" 周里有 ", " ").replace(" 周有人说起", "").split())
    assert 1 <= spoken <= weeks <= (date(2026, 11, 23) - min(days)) / timedelta(weeks=1) + 2

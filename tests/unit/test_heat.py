"""Heat: by people, growth, spread and urgency, each explained; one noisy sender can't raise it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domain.heat import MOST, HeatFacts, corrected_heat, damped, heat_of
from intake.domain.submission import Urgency


def facts(
    senders: int = 1, *, unnamed: int = 0, recent: int = 0, before: int = 0, areas: int = 1, urgency: Urgency = Urgency.NORMAL
) -> HeatFacts:
    return HeatFacts(senders=senders, unnamed=unnamed, recent=recent, before=before, areas=areas, urgency=urgency)


@pytest.mark.parametrize(
    ("rule", "colder", "hotter"),
    [
        ("more people", facts(3), facts(4)),
        ("more people, however many there are", facts(200), facts(400)),
        ("more of them this week", facts(9, recent=2), facts(9, recent=8)),
        ("as many this week, fewer before", facts(9, recent=6, before=9), facts(9, recent=6)),
        ("more communities", facts(9, areas=2), facts(9, areas=5)),
        ("urgent", facts(9, urgency=Urgency.NORMAL), facts(9, urgency=Urgency.SOON)),
        ("more urgent", facts(9, urgency=Urgency.SOON), facts(9, urgency=Urgency.EMERGENCY)),
        ("named people rather than as many messages without a name", facts(0, unnamed=40), facts(40)),
    ],
)
def test_what_makes_a_topic_hotter(rule: str, colder: HeatFacts, hotter: HeatFacts) -> None:
    assert heat_of(colder).points < heat_of(hotter).points, rule


def test_heat_is_the_sum_of_its_parts_and_never_above_a_hundred() -> None:
    for senders, unnamed, recent, before, areas, urgency in itertools.product(
        (0, 1, 30, 5000), (0, 9, 9000), (0, 1, 5000), (0, 40), (0, 1, 35), Urgency
    ):
        heat = heat_of(HeatFacts(senders, unnamed, recent, before, areas, urgency))
        assert heat.points == sum(part.points for part in heat.parts)
        assert 0 <= heat.points <= sum(MOST.values()) == 100
        assert all(0 <= part.points <= part.most == MOST[part.code] for part in heat.parts)


def test_each_part_says_its_points_and_why() -> None:
    heat = heat_of(facts(12, recent=5, before=3, areas=3, urgency=Urgency.SOON))
    assert [part.words for part in heat.parts] == [
        "12 人反映（+25）",
        "近 7 天新增 5 人，此前每周约 1 人（+7）",
        "涉及 3 个社区（+10）",
        "有较急来件（+7）",
    ]


# Two more than usual are an accident, twenty more are not.
def test_small_numbers_are_damped_in_growth() -> None:
    growth = {more: heat_of(facts(100, recent=more)).parts[1].points for more in (1, 2, 20)}
    assert growth[2] <= 4
    assert growth[20] >= 14


def test_messages_without_a_sender_count_less_the_more_there_are() -> None:
    assert [damped(messages) for messages in (0, 1)] == [0, 1]
    assert all(damped(messages) <= damped(messages + 1) <= messages + 1 for messages in range(2000))
    assert damped(1000) < 50


PLENTY = st.integers(0, 5_000)


# Whoever is weighed as usual stays where they are; who is weighed more rises, and never over the top.
@given(st.builds(HeatFacts, PLENTY, PLENTY, PLENTY, PLENTY, st.integers(0, 40), st.sampled_from(Urgency)), st.integers(10, 20))
def test_corrected_heat_is_never_less_and_never_over_a_hundred(known: HeatFacts, tenths: int) -> None:
    heat = heat_of(known).points
    assert corrected_heat(known, 1.0) == heat
    assert heat <= corrected_heat(known, tenths / 10) <= corrected_heat(known, 2.0) <= 100

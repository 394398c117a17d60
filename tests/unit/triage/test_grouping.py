"""Two matters in one topic, and one matter in two: by the likeness of pairs."""

from collections.abc import Callable

from workers.triage.grouping import one_matter, two_groups


def grouped(*groups: range, across: float = 0.02, within: float = 0.9) -> Callable[[int, int], float]:
    """Messages that are like those of their own group, and unlike all others."""

    def likeness(one: int, other: int) -> float:
        return within if any(one in group and other in group for group in groups) else across

    return likeness


def test_two_groups_that_have_nothing_in_common_are_two_matters() -> None:
    found = two_groups(8, grouped(range(5), range(5, 8)))
    assert found is not None
    assert (found.leaving, found.staying) == ((5, 6, 7), (0, 1, 2, 3, 4))


def test_odd_ones_are_no_second_matter() -> None:
    assert two_groups(8, grouped(range(6), range(6, 8))) is None


# Short messages of one matter are often unlike each other, but not as unlike as those of two.
def test_groups_that_are_somewhat_alike_stay_together() -> None:
    assert two_groups(8, grouped(range(5), range(5, 8), across=0.35)) is None


def test_one_matter_stays_together_and_nothing_falls_apart() -> None:
    assert two_groups(8, grouped(range(8))) is None
    assert two_groups(1, grouped(range(1))) is None
    assert two_groups(0, grouped()) is None


def test_two_topics_are_one_when_most_of_the_smaller_has_its_like_in_the_larger() -> None:
    assert one_matter(range(5), range(5, 8), grouped(range(8))) == 0.9
    assert one_matter(range(5), range(5, 8), grouped(range(5), range(5, 8))) is None
    # One pair that happens to be alike doesn't make two topics one.
    assert one_matter(range(5), range(5, 8), lambda one, other: 0.95 if {one, other} == {0, 5} else 0.1) is None
    assert one_matter((), range(3), grouped(range(3))) is None

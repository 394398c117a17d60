"""Whether the messages of one topic fall into two matters, and whether two topics are one: from the likeness of pairs alone.

Conservative on purpose: a person has to look at whatever this says, and the short messages of one matter are often unlike each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

TOGETHER_AT = 0.50
"""Two messages as like as this hold their groups together."""
APART_BELOW = 0.30
"""Two groups are two matters when their messages are on average less like than this."""
LEAVING_AT_LEAST = 3
"""Fewer are odd ones, which a member takes out one by one."""
ONE_AT = 0.80
"""The best pairs of two topics must be as like as this, and the smaller topic's messages on average as MOSTLY_AT."""
MOSTLY_AT = 0.60
BEST_PAIRS = 2

Likeness = Callable[[int, int], float]
"""How likely the messages at two positions are about one matter, 0 to 1; the same both ways."""


@dataclass(frozen=True, slots=True)
class TwoGroups:
    """The positions that would leave and those they were found unlike."""

    leaving: tuple[int, ...]
    staying: tuple[int, ...]
    likeness: float
    """The mean over all pairs across."""


def two_groups(count: int, likeness: Likeness) -> TwoGroups | None:
    """The two largest groups among `count` messages where both are groups of their own; None where it is one matter, or hard to say."""
    groups = sorted(_components(count, likeness), key=lambda group: (-len(group), group))
    if len(groups) < 2 or len(groups[1]) < LEAVING_AT_LEAST:
        return None
    staying, leaving = groups[0], groups[1]
    across = fmean(likeness(one, other) for one in leaving for other in staying)
    return TwoGroups(leaving, staying, across) if across < APART_BELOW else None


def one_matter(left: Sequence[int], right: Sequence[int], likeness: Likeness) -> float | None:
    """How alike two topics are by their best pairs; None where that isn't enough to call them one matter."""
    if not left or not right:
        return None
    smaller, larger = sorted((left, right), key=len)
    best = sorted((max(likeness(one, other) for other in larger) for one in smaller), reverse=True)
    pairs = sorted((likeness(one, other) for one in smaller for other in larger), reverse=True)[:BEST_PAIRS]
    score = fmean(pairs)
    return score if score >= ONE_AT and fmean(best) >= MOSTLY_AT else None


def _components(count: int, likeness: Likeness) -> list[tuple[int, ...]]:
    """Positions joined by pairs that are like enough."""
    left = set(range(count))
    found = []
    while left:
        group, edge = set(), [min(left)]
        while edge:
            one = edge.pop()
            if one in group:
                continue
            group.add(one)
            edge += [other for other in left - group if likeness(one, other) >= TOGETHER_AT]
        left -= group
        found.append(tuple(sorted(group)))
    return found

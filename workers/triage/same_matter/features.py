"""What a message has in common with each of several others, in numbers: a row a pair, all rows at once."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from workers.triage.same_matter.background import Bools, Floats, Ints, weights
from workers.triage.same_matter.reading import PARTS, Named, Reading

CROSSED = ("head", "head_rest", "lead", "head_common", "head_rare")
"""Parts that are also looked for anywhere in the other message: one says in its first sentence what the other says late."""

_AGREEMENTS = (
    "place_head",
    "place_full",
    "place_clash_head",
    "place_clash",
    "district_same",
    "district_clash",
    "problem_head",
    "problem_full",
    "problem_clash",
    "number_clash",
)
FEATURES = (
    *(f"cosine_{part}" for part in PARTS),
    *(f"more_{part}" for part in CROSSED),
    *(f"less_{part}" for part in CROSSED),
    "shared_head",
    *(f"{what}_{part}" for what in ("rarest", "mass") for part in ("head", "all", "rest")),
    "run",
    "run_share",
    "fours",
    "fours_share",
    *_AGREEMENTS,
    "days",
    "shorter",
    "longer",
    "shorter_head",
)
"""Names of the columns, in order."""

FALLING = frozenset(
    {"place_clash_head", "place_clash", "district_clash", "problem_clash", "number_clash", "days"},
)
NEUTRAL = frozenset({"shorter", "longer", "shorter_head"})
"""Of all others more speaks for the same matter; of those in FALLING against it. The trees are held to this."""

MONTH = 30
"""Days; that two messages came within the same month says nothing, since in a busy week people write about everything."""

_TINY = 1e-9
_PART = {part: at for at, part in enumerate(PARTS)}
_CROSSED = [_PART[part] for part in CROSSED]
_ALL = [_PART["all"]] * len(CROSSED)
_MINE = [*range(len(PARTS)), *_ALL, *_CROSSED]
_THEIRS = [*range(len(PARTS)), *_CROSSED, *_ALL]
_MASS = [_PART["head"], _PART["all"], _PART["rest"]]


def pair_features(mine: Reading, others: Sequence[Reading], *, df: Mapping[int, int], total: int, days: Sequence[int]) -> Floats:
    """A row of FEATURES for each of `others`; `days` lie between the two. At least one other is needed."""
    shared = _shared(mine, others, df=df, total=total)
    run = _longest_runs(mine.codes, np.stack([other.codes for other in others]))
    heads = np.minimum([len(other.head) for other in others], len(mine.head))
    lengths = np.array([len(other.normalised) for other in others])
    fours, fours_share = _fours(mine, others)
    return np.column_stack(
        [
            shared.T,
            run,
            run / np.maximum(heads, 1),
            fours,
            fours_share,
            [_agreements(mine, other) for other in others],
            np.log1p(np.maximum(days, MONTH)),
            np.log1p(np.minimum(lengths, len(mine.normalised))),
            np.log1p(np.maximum(lengths, len(mine.normalised))),
            heads,
        ]
    )


class _Spans(NamedTuple):
    """Where each of several arrays, laid end to end, begins and how long it is."""

    starts: Ints
    sizes: Ints

    def sums(self, values: Floats) -> Floats:
        """Along the last axis, one for each array."""
        return self._reduced(np.add, values)

    def most(self, values: Floats) -> Floats:
        """The largest along the last axis, one for each array."""
        return self._reduced(np.maximum, values)

    def _reduced(self, how: np.ufunc, values: Floats) -> Floats:
        found = np.zeros((*values.shape[:-1], len(self.starts)))
        filled = self.sizes > 0
        if filled.any():
            found[..., filled] = how.reduceat(values, self.starts[filled], axis=-1)
        return found


def _spans(sizes: Ints) -> _Spans:
    return _Spans(np.cumsum(sizes) - sizes, sizes)


def _shared(mine: Reading, others: Sequence[Reading], *, df: Mapping[int, int], total: int) -> Floats:
    """The first features, a row each, up to the longest run: how much of what the messages say is shared, part by part."""
    sizes = np.array([len(other.grams) for other in others])
    theirs = _spans(sizes)
    grams = np.concatenate([other.grams for other in others])
    parts = np.concatenate([other.parts for other in others], axis=1)
    weight = weights(np.concatenate([other.shares for other in others]), grams, df=df, total=total)
    my_weight = weights(mine.shares, mine.grams, df=df, total=total)
    squared = weight * weight
    norms = theirs.sums(parts * squared)
    my_norms = (mine.parts @ (my_weight * my_weight))[:, None]

    at, hit = _found(mine.grams, grams)
    hits = np.flatnonzero(hit)
    common = _spans(np.bincount(np.repeat(np.arange(len(others)), sizes)[hits], minlength=len(others)))
    here, there = mine.parts[:, at[hits]] if len(hits) else np.zeros((len(PARTS), 0), dtype=np.bool_), parts[:, hits]
    both = here[_MINE] & there[_THEIRS]
    dots = common.sums(both * squared[hits])
    cosines = dots[: len(PARTS)] / np.sqrt(np.maximum(norms * my_norms, _TINY))
    theirs_in_mine = dots[len(PARTS) : len(PARTS) + len(CROSSED)] / np.maximum(norms[_CROSSED], _TINY)
    mine_in_theirs = dots[len(PARTS) + len(CROSSED) :] / np.maximum(my_norms[_CROSSED], _TINY)

    by_part = both[_MASS] * weight[hits]
    mass = common.sums(by_part)
    head = _PART["head"]
    head_mass = np.minimum(theirs.sums(parts[head] * weight), mine.parts[head] @ my_weight)
    return np.vstack(
        [
            cosines,
            np.maximum(theirs_in_mine, mine_in_theirs),
            np.minimum(theirs_in_mine, mine_in_theirs),
            mass[0] / np.maximum(head_mass, _TINY),
            common.most(by_part),
            np.log1p(mass),
        ]
    )


def _found(mine: Ints, theirs: Ints) -> tuple[Ints, Bools]:
    """For each of `theirs` a place in the sorted `mine`, and whether it stands there."""
    if not len(mine):
        return np.zeros(len(theirs), dtype=np.int64), np.zeros(len(theirs), dtype=np.bool_)
    at = np.minimum(np.searchsorted(mine, theirs), len(mine) - 1)
    return at, mine[at] == theirs


def _longest_runs(mine: npt.NDArray[np.int32], theirs: npt.NDArray[np.int32]) -> Floats:
    """Characters of the longest piece that the head shares with each of the others (a row of `theirs`)."""
    longest = np.zeros(len(theirs))
    equal = (theirs[:, :, None] == mine[None, None, :]) & (mine != 0)
    runs = equal
    for length in range(1, len(mine) + 1):
        still = runs.any(axis=(1, 2))
        if not still.any():
            break
        longest[still] = length
        runs = runs[:, :-1, :-1] & equal[:, length:, length:]
    return longest


def _fours(mine: Reading, others: Sequence[Reading]) -> tuple[Floats, Floats]:
    spans = _spans(np.array([len(other.fours) for other in others]))
    _, hit = _found(mine.fours, np.concatenate([other.fours for other in others]))
    shared = spans.sums(hit.astype(np.float64))
    return np.log1p(shared), shared / np.maximum(np.minimum(spans.sizes, len(mine.fours)), 1)


def _agreements(mine: Reading, other: Reading) -> tuple[float, ...]:
    head, full = place_agreement(mine.head_named, other.head_named), place_agreement(mine.named, other.named)
    return (
        head,
        full,
        not head and _both(mine.head_named, other.head_named),
        not full and _both(mine.named, other.named),
        not mine.administrative.isdisjoint(other.administrative),
        _both(mine.administrative, other.administrative) and mine.administrative.isdisjoint(other.administrative),
        not mine.head_problems.isdisjoint(other.head_problems),
        len(mine.problems.keys() & other.problems.keys()),
        _both(mine.head_problems, other.head_problems) and mine.head_problems.isdisjoint(other.head_problems),
        _both(mine.numbered, other.numbered) and mine.numbered.isdisjoint(other.numbered),
    )


def _both(one: frozenset[Any], other: frozenset[Any]) -> bool:
    return bool(one) and bool(other)


def place_agreement(one: frozenset[Named], other: frozenset[Named]) -> int:
    """2 when both name a place by the same proper part, 1 when one name is inside the other (新城小区, 丽发新城), 0 otherwise."""
    if not one or not other:
        return 0
    best = 0
    for a in one:
        for b in other:
            if a.facility == b.facility and a.proper == b.proper:
                return 2
            inside = a.name in b.name or b.name in a.name
            alike = a.facility == b.facility and (a.proper in b.name or b.proper in a.name)
            best = max(best, int(inside or alike))
    return best

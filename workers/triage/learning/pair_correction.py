"""Goes on learning the shipped pair scorer with a district's own pairs: held near what it was, so that a few hundred can't wreck it.

numpy alone: the nightly job needs no extra for this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workers.triage.same_matter.background import Bools, Floats, Ints
from workers.triage.same_matter.decide import ATTACH_AT
from workers.triage.same_matter.scorer import Scorer, probability, scorer_file

CAUTION = 10.0
"""How strongly each weight is held at the shipped one: as if as many pairs had spoken for it."""
LEAST_SPREAD = 0.1
"""A feature that hardly varies among the lessons is taken to vary this much, so that it can't weigh much elsewhere."""
RIGHT_JOINS = 0.90
"""So many of the pairs at or above ATTACH_AT shall be one matter, by pairs that the scorer hasn't learnt."""

_STEPS = 30
_FLATTEST = 0.1
_JOIN_LOGIT = float(np.log(ATTACH_AT / (1 - ATTACH_AT)))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of messages, a row each: `features` (FEATURES), whether both are from one community (`near`), and how `same` they are.

    `same` is 1 or 0 where a person said so; for what nobody said it is what the shipped scorer thinks, and `counts` is less than 1.
    `topics` tells what belongs together.
    """

    features: Floats
    near: Bools
    same: Floats
    counts: Floats
    topics: Ints

    def __len__(self) -> int:
        return len(self.features)

    def only(self, kept: Bools) -> "Pairs":
        """Some of them."""
        return Pairs(self.features[kept], self.near[kept], self.same[kept], self.counts[kept], self.topics[kept])

    @property
    def told(self) -> "Pairs":
        """Those of which a person said something."""
        return self.only(self.counts == 1.0)


def logits_of(scorer: Scorer, pairs: Pairs) -> Floats:
    """How like each pair is, as the decision sees it."""
    found: Floats = scorer.logits(pairs.features) + scorer.same_area * pairs.near
    return found


def corrected(lessons: Pairs, shipped: Scorer, card: Mapping[str, Any]) -> bytes:
    """The file of a scorer that has learnt `lessons` on top of `shipped`; the same lessons give the same file.

    Its scale is set on scores of pairs by scorers that hadn't learnt their topic, so that it doesn't join more readily than it should.
    """
    half = np.unique(lessons.topics, return_inverse=True)[1] % 2 == 0
    held = np.zeros(len(lessons))
    if half.any() and not half.all():
        for learnt, judged in ((half, ~half), (~half, half)):
            held[judged] = logits_of(_fit(lessons.only(learnt), shipped), lessons.only(judged))
    else:
        held = logits_of(shipped, lessons)  # one topic alone: nothing is held out
    people = lessons.counts == 1.0
    back = _set_back(held[people], logits_of(shipped, lessons.told), lessons.told.same > 0)
    scorer = _fit(lessons, shipped)
    return scorer_file(replace(scorer, shift=scorer.shift - back), card)


def _fit(lessons: Pairs, shipped: Scorer) -> Scorer:
    """The shipped scorer with other weights, slope, shift and bonus for the community; its trees stay."""
    before = logits_of(shipped, lessons)
    columns = np.column_stack([before, lessons.near, lessons.features])
    mean, spread = columns.mean(axis=0), np.maximum(columns.std(axis=0), LEAST_SPREAD)
    design = np.column_stack([np.ones(len(columns)), (columns - mean) / spread])
    found = _solve(design, before, lessons.same, lessons.counts)
    change = found[1:] / spread
    stretch = max(1 + change[0], _FLATTEST)
    slope = shipped.slope * stretch
    return replace(
        shipped,
        weights=shipped.weights + 2 * change[2:] / slope,
        slope=slope,
        shift=shipped.shift * stretch + float(found[0] - (stretch - 1) * mean[0] - change[1:] @ mean[1:]),
        same_area=shipped.same_area * stretch + float(change[1]),
    )


def _solve(design: Floats, before: Floats, same: Floats, counts: Floats) -> Floats:
    """What to add to `before`, by column: Newton's steps on the logistic loss, each weight held at zero by CAUTION."""
    added = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        shares = probability(before + design @ added)
        slope = design.T @ (counts * (shares - same)) + CAUTION * added
        curve = (design * (counts * shares * (1 - shares))[:, None]).T @ design + CAUTION * np.eye(len(added))
        step = np.linalg.solve(curve, slope)
        added -= step / max(1.0, float(np.abs(step).max()))  # far steps overshoot where the curve is flat
        if np.abs(step).max() < 1e-6:
            break
    return added


def _set_back(held: Floats, before: Floats, same: Bools) -> float:
    """How much to take from every logit, 0 or more, so that joins are right as often as they should be, or at least as they were.

    `held` and `before` are the logits now and of the shipped scorer. A bar that would leave less than half of the joins is none.
    """
    joined = before >= _JOIN_LOGIT
    order = np.argsort(-held, kind="stable")
    right = np.cumsum(same[order]) / np.arange(1, len(order) + 1)
    as_before = float(same[joined].mean()) if joined.any() else RIGHT_JOINS
    for wanted in sorted((RIGHT_JOINS, as_before), reverse=True):
        good = np.flatnonzero(right >= wanted)
        if len(good) and 2 * (good[-1] + 1) >= joined.sum():
            return max(0.0, float(held[order[good[-1]]]) - _JOIN_LOGIT)
    return 0.0

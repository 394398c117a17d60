"""Is a new pair scorer worse than the one in force? Judged on pairs that neither learnt from."""

from dataclasses import dataclass
from typing import Any

from workers.triage.learning.pair_correction import Pairs, logits_of
from workers.triage.learning.same_matter import average_precision
from workers.triage.same_matter.decide import ATTACH_AT
from workers.triage.same_matter.scorer import Scorer, probability

WAVERS = 0.02
"""The average precision of a few dozen pairs goes up and down that much by chance (triage.md)."""


@dataclass(frozen=True, slots=True)
class JudgedPairs:
    """How a scorer did on held-out pairs: how many it would join by itself (from ATTACH_AT on), and how many of those people joined too.

    `average_precision` looks at the order in which it puts all of them.
    """

    examples: int
    same: int
    joined: int
    right: int
    average_precision: float

    @property
    def precision(self) -> float:
        """Of the pairs it joins, how many are right; 0 where it joins none."""
        return self.right / self.joined if self.joined else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values for the record of the comparison."""
        counts = {"examples": self.examples, "same": self.same, "joined": self.joined, "right": self.right}
        return {**counts, "precision": round(self.precision, 4), "average_precision": round(self.average_precision, 4)}


def judge_pairs(scorer: Scorer, pairs: Pairs) -> JudgedPairs:
    """Ask how like each pair is of which a person said something."""
    told = pairs.told
    likely = probability(logits_of(scorer, told))
    same, joined = told.same > 0, likely >= ATTACH_AT
    ordered = average_precision(list(zip(likely.tolist(), same.tolist(), strict=True)))
    return JudgedPairs(len(told), int(same.sum()), int(joined.sum()), int((joined & same).sum()), ordered)


def not_worse(candidate: JudgedPairs, in_force: JudgedPairs, shipped: JudgedPairs) -> bool:
    """Whether the candidate may take its place: precision first, never below that of the shipped scorer; then average precision.

    Where its joins are right more often, its average precision may be lower by what chance makes of it. One that joins less than half as
    many of the right pairs is refused however right it is: it has only fallen silent.
    """
    if not candidate.examples or candidate.precision < max(in_force.precision, shipped.precision) or 2 * candidate.right < in_force.right:
        return False
    slack = WAVERS if candidate.precision > in_force.precision else 0.0
    return candidate.average_precision >= in_force.average_precision - slack

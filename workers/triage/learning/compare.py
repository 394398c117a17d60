"""Is a new model worse than the one in force? Judged on examples that neither learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.triage.stages.classify import Weigher, answer_of


@dataclass(frozen=True, slots=True)
class Judged:
    """How a model did on held-out examples: `right` and `wrong` answers; the rest it left open."""

    examples: int
    right: int
    wrong: int

    @property
    def worth(self) -> int:
        """A right answer saves a member a choice, a wrong one misleads; saying nothing does neither."""
        return self.right - self.wrong

    def to_json(self) -> dict[str, Any]:
        """Plain values for the record of the comparison."""
        return {"examples": self.examples, "right": self.right, "wrong": self.wrong, "worth": self.worth}


def judge(weigher: Weigher, examples: Sequence[tuple[str, str]]) -> Judged:
    """Ask for the category of each text in matching form; the second of each pair is what a person said."""
    right = wrong = 0
    for text, category in examples:
        answer = answer_of(weigher.weigh(text))
        right += answer == category
        wrong += answer not in {None, category}
    return Judged(len(examples), right, wrong)


def not_worse(candidate: Judged, in_force: Judged) -> bool:
    """Whether the candidate may take its place: there was something to judge by, and its answers are worth no less."""
    return candidate.examples > 0 and candidate.worth >= in_force.worth

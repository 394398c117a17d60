"""How likely two messages are about one matter, learnt from labelled pairs: boosted trees and a logistic function, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workers.triage.model.artifact import Artifact, ArtifactError, read_artifact, write_artifact
from workers.triage.same_matter.background import Floats
from workers.triage.same_matter.features import FEATURES

TASK = "same-matter"
FILE = Path(__file__).parent.parent / "base_model" / "pairs.npz"

SAME_AREA = 2.4
"""What a message from the same community adds, on the scale of the logits; by hand, since the public pairs don't say where they are from.

A district's own decisions say better (learning/pair_correction.py)."""


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Complete binary trees: `features` and `thresholds` (trees × inner nodes, level by level), `leaves` (trees × leaves), `bias`.

    A pair goes right where its feature is above the threshold; a tree that ends early goes on with a threshold nothing is above.
    """

    features: npt.NDArray[np.int16]
    thresholds: npt.NDArray[np.float32]
    leaves: npt.NDArray[np.float32]
    bias: float

    def logits(self, features: Floats) -> Floats:
        """One number a row."""
        count, inner = self.features.shape
        values = features.astype(np.float32)
        rows = np.arange(len(values))[:, None] * values.shape[1]
        tree = np.arange(count) * inner
        node = np.zeros((len(values), count), dtype=np.int64)
        for _ in range(inner.bit_length()):
            at = tree + node
            above = values.take(rows + self.features.take(at)) > self.thresholds.take(at)
            node = 2 * node + 1 + above
        found: Floats = self.leaves.take(np.arange(count) * (inner + 1) + node - inner).sum(axis=1, dtype=np.float64) + self.bias
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """`version` names it in findings; `slope` and `shift` make its probabilities true for hand-read pairs.

    `same_area` is what a pair from one community gets beside that.
    """

    version: str
    trees: Trees
    weights: Floats
    bias: float
    slope: float
    shift: float
    same_area: float
    card: Mapping[str, Any]

    def logits(self, features: Floats) -> Floats:
        """One number a row of FEATURES, 0 where a hand-read pair is as likely the same matter as not."""
        linear = features @ self.weights + self.bias
        return self.slope * (linear + self.trees.logits(features)) / 2 + self.shift


def probability(logits: Floats) -> Floats:
    """From 0 to 1."""
    found: Floats = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return found


@cache
def base_scorer() -> Scorer:
    """The shipped scorer, read once per process; ArtifactError when the file is damaged, OSError when it is missing."""
    return scorer_of(FILE.read_bytes())


def scorer_of(content: bytes) -> Scorer:
    """The scorer in a file's bytes; ArtifactError says what is wrong with them."""
    artifact = read_artifact(content, task=TASK)
    try:
        arrays, numbers = artifact.arrays, artifact.card["scorer"]
        if list(numbers["features"]) != list(FEATURES):
            raise ArtifactError("the model file was made for other features of a pair: train it anew")
        scorer = Scorer(
            version=artifact.version,
            trees=Trees(
                arrays["tree_features"].astype(np.int16),
                arrays["tree_thresholds"].astype(np.float32),
                arrays["tree_leaves"].astype(np.float32),
                float(numbers["tree_bias"]),
            ),
            weights=arrays["weights"].astype(np.float64),
            bias=float(numbers["bias"]),
            slope=float(numbers["slope"]),
            shift=float(numbers["shift"]),
            same_area=float(numbers.get("same_area", SAME_AREA)),
            card=artifact.card,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"the model file lacks a part or has a wrong one: {error}") from error
    _check(scorer)
    return scorer


def _check(scorer: Scorer) -> None:
    trees = scorer.trees
    inner = trees.features.shape[1] if trees.features.ndim == 2 else 0
    fits = (
        inner > 0
        and inner & (inner + 1) == 0
        and trees.thresholds.shape == trees.features.shape
        and trees.leaves.shape == (len(trees.features), inner + 1)
        and scorer.weights.shape == (len(FEATURES),)
        and 0 <= int(trees.features.min()) <= int(trees.features.max()) < len(FEATURES)
    )
    if not fits:
        raise ArtifactError("the arrays in the model file don't fit one another")


def scorer_file(scorer: Scorer, card: Mapping[str, Any]) -> bytes:
    """The bytes of a file that `scorer_of` reads; `card` is kept beside what the reader needs."""
    numbers = {
        "features": list(FEATURES),
        "tree_bias": scorer.trees.bias,
        "bias": scorer.bias,
        "slope": scorer.slope,
        "shift": scorer.shift,
        "same_area": scorer.same_area,
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "tree_features": scorer.trees.features,
        "tree_thresholds": scorer.trees.thresholds,
        "tree_leaves": scorer.trees.leaves,
        "weights": scorer.weights,
    }
    return write_artifact(Artifact(TASK, arrays, {**card, "scorer": numbers}))

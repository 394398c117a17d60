"""Linear scores over hashed n-grams, turned into probabilities that mean what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workers.triage.model.features import FeatureSpace, Floats, Rows

SENTENCE, REPORT = 60, 120
"""Characters up to which a text is a sentence, and from which it is a report."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sharply scores become probabilities: softmax of (`slope` + `per_length` · log of the characters) · score."""

    slope: float
    per_length: float

    def probabilities(self, scores: Floats, lengths: npt.NDArray[np.int64]) -> Floats:
        """Rows that add up to one; `lengths` in characters, one a row."""
        sharpness = np.maximum(0.1, self.slope + self.per_length * np.log(np.maximum(lengths, 1)))
        sharpened = scores * sharpness[:, None]
        powers = np.exp(sharpened - sharpened.max(axis=1, keepdims=True))
        result: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return result


@dataclass(frozen=True, slots=True, eq=False)
class TextClassifier:
    """One weight for each bucket and label, kept as small whole numbers; `scale` brings each label's column back to size."""

    space: FeatureSpace
    labels: tuple[str, ...]
    idf: Floats
    weights: npt.NDArray[np.int8]
    scale: Floats
    bias: Floats
    calibration: Calibration

    def scores(self, texts: Sequence[str]) -> Floats:
        """Rows of scores, a column a label, for texts in matching form."""
        return self._of_rows(self.space.rows(texts, self.idf))

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Rows of probabilities, a column a label, for texts in matching form."""
        lengths = np.minimum([len(text) for text in texts], self.space.characters)
        return self.calibration.probabilities(self.scores(texts), lengths)

    def speaking(self, text: str, label: int) -> Floats:
        """How much each character of `text` speaks for the label rather than for the mean of all labels."""
        grams = self.space.grams([text])
        weights = self.weights[grams.buckets] * self.scale
        worth = (weights[:, label] - weights.mean(axis=1)) * self.idf[grams.buckets] / grams.lengths
        length = min(len(text), self.space.characters)
        told = np.zeros(length + 2, np.float32)
        for step in range(self.space.longest):
            longer = grams.lengths > step
            np.add.at(told, grams.starts[longer] + 1 + step, worth[longer])
        return told[1 : length + 1]

    def _of_rows(self, rows: Rows) -> Floats:
        parts = self.weights[rows.buckets] * rows.values[:, None]
        starts = np.concatenate(([0], rows.ends[:-1]))
        sums = np.zeros((len(rows.ends), len(self.labels)), np.float32)
        filled = rows.ends > starts
        if filled.any():
            sums[filled] = np.add.reduceat(parts, starts[filled], axis=0)
        scores: Floats = sums * self.scale + self.bias
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class ByLength:
    """Two classifiers of the same labels: one for a sentence, one for a report, blended in between."""

    short: TextClassifier
    long: TextClassifier

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels both know."""
        return self.short.labels

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Rows of probabilities, a column a label, for texts in matching form."""
        share = self.share_of_long(np.array([len(text) for text in texts], np.int64))
        result = np.zeros((len(texts), len(self.labels)), np.float32)
        for classifier, weight in ((self.short, 1 - share), (self.long, share)):
            asked = np.flatnonzero(weight > 0)
            if len(asked):
                result[asked] += weight[asked, None] * classifier.probabilities([texts[n] for n in asked.tolist()])
        return result

    def speaking(self, text: str, label: int) -> Floats:
        """How much each character of `text` speaks for the label, in the classifier that has the greater say."""
        is_long = self.share_of_long(np.array([len(text)], np.int64))[0] > 0.5
        return (self.long if is_long else self.short).speaking(text, label)

    @staticmethod
    def share_of_long(lengths: npt.NDArray[np.int64]) -> Floats:
        """How much say the classifier for reports has in texts of these lengths, in characters."""
        share: Floats = np.clip((lengths - SENTENCE) / (REPORT - SENTENCE), 0, 1).astype(np.float32)
        return share


def quantised(weights: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Weights as whole numbers from -127 to 127, and what to multiply each column by."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-12) / 127
    return np.rint(weights / scale).astype(np.int8), scale.astype(np.float32)

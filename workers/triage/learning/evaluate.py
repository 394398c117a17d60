"""How well a model reads the field: figures of a model as it is, and of models that hadn't seen the rows they are asked about."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workers.triage.learning.rows import CategoryRow, Text, message_text
from workers.triage.model.features import Floats
from workers.triage.model.linear import ByLength

BATCH = 200


def predictions(classifier: ByLength, rows: Sequence[CategoryRow], text: Text) -> Floats:
    """Probabilities of each row as a message, a column a label."""
    texts = [message_text(row, text) for row in rows]
    return np.vstack([classifier.probabilities(texts[n : n + BATCH]) for n in range(0, len(texts), BATCH)])


def classify_figures(rows: Sequence[CategoryRow], probabilities: Floats, labels: Sequence[str]) -> dict[str, Any]:
    """macro_f1, accuracy, accuracy_at_90 and accuracy_at_80 (of that share of the rows of which it is surest), confusion by true label.

    A label of the rows that the model doesn't know is always wrong.
    """
    names = list(dict.fromkeys([*labels, *sorted({row.label for row in rows})]))
    truth = np.array([names.index(row.label) for row in rows])
    guess = probabilities.argmax(axis=1)
    surest_first = np.argsort(-probabilities.max(axis=1), kind="stable")
    right = (guess == truth)[surest_first]
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (truth, guess), 1)
    return {
        "macro_f1": _macro_f1(confusion),
        "accuracy": _share(right),
        "accuracy_at_90": _share(right[: round(0.9 * len(right))]),
        "accuracy_at_80": _share(right[: round(0.8 * len(right))]),
        "confusion": {
            name: {other: int(count) for other, count in zip(names, row, strict=True) if count}
            for name, row in zip(names, confusion, strict=True)
            if row.any()
        },
    }


def threshold_for(probabilities: Floats, truth: npt.NDArray[np.int64], *, accuracy: float) -> float:
    """The lowest probability above which the answers are right this often; 1 when none is."""
    surest_first = np.argsort(-probabilities.max(axis=1), kind="stable")
    right = (probabilities.argmax(axis=1) == truth)[surest_first]
    good = np.flatnonzero(np.cumsum(right) / np.arange(1, len(right) + 1) >= accuracy)
    return float(probabilities.max(axis=1)[surest_first[good[-1]]]) if len(good) else 1.0


def calibration_error(probabilities: Floats, truth: npt.NDArray[np.int64], *, bins: int = 10) -> float:
    """The mean distance between how sure it was and how often it was right, weighed by rows (expected calibration error)."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    which = np.minimum((sure * bins).astype(int), bins - 1)
    return float(
        sum(abs(sure[which == n].mean() - right[which == n].mean()) * (which == n).mean() for n in range(bins) if (which == n).any())
    )


def table_of(figures: dict[str, Any], say: Callable[[str], None]) -> None:
    """Print the figures of one measurement, confusion last."""
    for name, value in figures.items():
        if isinstance(value, float):
            say(f"{name:>16}  {value:.4f}")
    for name, row in figures.get("confusion", {}).items():
        say(f"  {name}: " + "，".join(f"{other} {count}" for other, count in sorted(row.items(), key=lambda cell: -cell[1])))


def _macro_f1(confusion: npt.NDArray[np.int64]) -> float:
    known = confusion.sum(axis=1) > 0
    both = (confusion.sum(axis=0) + confusion.sum(axis=1))[known]
    return float((2 * np.diag(confusion)[known] / both).mean())


def _share(right: npt.NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else 0.0

"""Learns from a district's own decisions: a small correction on top of the model that is there, never a model from nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from workers.triage.learning.solver import matrix_of
from workers.triage.model.base import shipped_model
from workers.triage.model.category import category_file
from workers.triage.model.features import FeatureSpace, Floats
from workers.triage.model.linear import Calibration, TextClassifier, quantised
from workers.triage.stages.classify import NOTHING, Weigher

Doubles = npt.NDArray[np.float64]

SPACE = FeatureSpace(longest=2, bits=14, characters=400)
CAUTION = 0.25
"""How strongly the correction is held near zero: a few examples change little, many change much."""

ANCHORED = 0.5
"""How much it counts, against one lesson, that a word of the taxonomy keeps its meaning."""

_STEPS = 100


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text in matching form and the category a person put it into."""

    text: str
    category: str


def corrected(lessons: Sequence[Lesson], weigher: Weigher, card: dict[str, Any]) -> bytes | None:
    """The file of a model that adds a correction to the weigher's; None when no lesson names a category of the taxonomy.

    The size of the correction is punished, and the taxonomy's own words shall be read as before, so that what nothing was taught about
    stays as it was. The same lessons give the same file.
    """
    codes = weigher.codes
    known = [lesson for lesson in lessons if lesson.category in codes]
    if not known:
        return None
    anchors = weigher.words
    texts = [*(lesson.text for lesson in known), *anchors]
    before = np.vstack([weigher.untaught(text) for text in texts])
    answers = _shares(before)
    answers[: len(known)] = np.eye(len(codes))[[codes.index(lesson.category) for lesson in known]]
    counts = np.repeat([1.0, ANCHORED], [len(known), len(anchors)])
    idf = _idf(texts)
    weights = _fit(matrix_of(SPACE.rows(texts, idf), SPACE), before, answers, counts)
    small, scale = quantised(weights)
    taught = TextClassifier(SPACE, codes, idf, small, scale, np.zeros(len(codes), np.float32), Calibration(1.0, 0.0))
    model = weigher.model
    fields = model.fields_read if model.own_fields and model.version != shipped_model().version else None
    return category_file(fields=fields, taught=taught, card={**card, "lessons": len(known)}, arrays={})


def _idf(texts: Sequence[str]) -> Floats:
    grams = SPACE.grams(texts)
    cells = np.unique(grams.texts << SPACE.bits | grams.buckets)
    filled = np.bincount(cells & (SPACE.buckets - 1), minlength=SPACE.buckets)
    idf = np.where(filled > 0, np.log((1 + len(texts)) / (1 + filled)) + 1, 0)
    return idf.astype(np.float16).astype(np.float32)


def _shares(scores: Floats) -> Doubles:
    """Probabilities of the categories; what is left of one is none of them."""
    top = np.maximum(scores.max(axis=1, keepdims=True), 0).astype(np.float64)
    powers = np.exp(scores - top)
    shares: Doubles = powers / (powers.sum(axis=1, keepdims=True) + NOTHING * np.exp(-top))
    return shares


def _fit(matrix: Any, before: Floats, answers: Doubles, counts: Doubles) -> Floats:
    """Weights of what is added to `before`, the log of the evidence for each category, so that its shares come near `answers`."""
    used = np.unique(matrix.indices)
    inside = matrix[:, used].tocsr()
    across = inside.T.tocsr()
    labels = before.shape[1]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        table = flat.reshape(-1, labels)
        scores = before + inside @ table
        top = np.maximum(scores.max(axis=1), 0)
        whole = np.log(np.exp(scores - top[:, None]).sum(axis=1) + NOTHING * np.exp(-top)) + top
        surprise = whole - (answers * scores).sum(axis=1)
        gradient = across @ (counts[:, None] * (_shares(scores) - answers)) + CAUTION * table
        return float((counts * surprise).sum()) + 0.5 * CAUTION * float((table**2).sum()), gradient.ravel()

    found = minimize(loss, np.zeros(len(used) * labels), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    weights = np.zeros((matrix.shape[1], labels), np.float32)
    weights[used] = found.x.reshape(-1, labels).astype(np.float32)
    return weights

"""Trains the model of the fields from labelled rows: one model for messages of all lengths."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from workers.triage.learning.rows import VIEWS, CategoryRow
from workers.triage.learning.solver import fit_scores, matrix_of
from workers.triage.model.features import FeatureSpace, Floats, Ints
from workers.triage.model.linear import ByLength, Calibration, TextClassifier, quantised

_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one classifier is made of; the numbers were chosen by grouped folds, see docs/triage.md."""

    views: tuple[tuple[str, float], ...]
    """Messages made of each row, and how much each counts."""
    space: FeatureSpace
    least_texts: int = 2
    """A bucket is read when this many texts of the training set fall into it."""
    strength: float = 1.0

    def to_card(self) -> dict[str, Any]:
        """Plain values for the model's card."""
        return asdict(self)


SHORT = Recipe(
    views=(("title", 1.0), ("body60", 1.0), ("full", 0.7), ("opening", 0.5), ("title_body30", 0.3), ("middle", 0.3)),
    space=FeatureSpace(longest=2, bits=18, characters=_CHARACTERS),
)
LONG = Recipe(
    views=(("full", 1.0), ("title_body30", 0.5)),
    space=FeatureSpace(longest=2, bits=18, characters=_CHARACTERS, opening=24),
)
"""What reads a sentence, and what reads a report."""

Scores = dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model of all rows, and what models that hadn't seen a row's group say of it: by view, rows in order, a column a label."""

    model: ByLength
    out_of_fold: dict[str, Floats]


def train_classifier(rows: Sequence[CategoryRow], *, folds: int, say: Callable[[str], None]) -> Trained:
    """Train and calibrate; needs at least three labels. The same rows give the same model."""
    labels = tuple(sorted({row.label for row in rows}))
    fold = folds_of([row.group for row in rows], folds)
    apart: dict[str, Scores] = {}
    whole: dict[str, TextClassifier] = {}
    for name, recipe in (("short", SHORT), ("long", LONG)):
        apart[name] = {view: np.zeros((len(rows), len(labels)), np.float32) for view in VIEWS}
        for number in range(folds):
            say(f"{name}: fold {number + 1} of {folds}")
            held = np.flatnonzero(fold == number).tolist()
            classifier = fit_classifier([rows[n] for n in np.flatnonzero(fold != number).tolist()], labels, recipe)
            for view, make in VIEWS.items():
                apart[name][view][held] = classifier.scores([make(rows[n]) for n in held])
        say(f"{name}: all {len(rows)} rows")
        classifier = fit_classifier(rows, labels, recipe)
        whole[name] = replace(classifier, calibration=calibrated(rows, labels, apart[name], recipe))
    model = ByLength(whole["short"], whole["long"])
    return Trained(model, {view: _blended(model, rows, view, apart) for view in VIEWS})


def _blended(model: ByLength, rows: Sequence[CategoryRow], view: str, apart: dict[str, Scores]) -> Floats:
    """The out-of-fold probabilities of one view, as `ByLength` makes them of the two parts' scores."""
    lengths = np.array([len(VIEWS[view](row)) for row in rows], np.int64)
    share = model.share_of_long(lengths)[:, None]
    short = model.short.calibration.probabilities(apart["short"][view], lengths)
    long = model.long.calibration.probabilities(apart["long"][view], lengths)
    blended: Floats = (1 - share) * short + share * long
    return blended


def folds_of(groups: Sequence[str], folds: int) -> Ints:
    """Which fold each row is in: the groups by turn, in an order that only their names decide."""
    ordered = sorted(set(groups), key=lambda group: hashlib.sha256(group.encode()).digest())
    fold = {group: n % folds for n, group in enumerate(ordered)}
    return np.array([fold[group] for group in groups], np.int64)


def fit_classifier(rows: Sequence[CategoryRow], labels: tuple[str, ...], recipe: Recipe) -> TextClassifier:
    """A model of the rows, not calibrated yet."""
    texts = [VIEWS[view](row) for view, _ in recipe.views for row in rows]
    counts = np.repeat(np.array([weight for _, weight in recipe.views], np.float32), len(rows))
    truth = np.tile([labels.index(row.label) for row in rows], len(recipe.views))
    idf = idf_of(texts, recipe)
    matrix = matrix_of(recipe.space.rows(texts, idf), recipe.space)
    weights, bias = fit_scores(matrix, truth, counts, strength=recipe.strength)
    small, scale = quantised(weights)
    return TextClassifier(recipe.space, labels, idf, small, scale, bias, Calibration(1.0, 0.0))


def idf_of(texts: Sequence[str], recipe: Recipe) -> Floats:
    """How rare each bucket is among the texts, 0 for those that are hardly ever filled; rounded as the file keeps it."""
    grams = recipe.space.grams(texts)
    cells = np.unique(grams.texts << recipe.space.bits | grams.buckets)
    filled = np.bincount(cells & (recipe.space.buckets - 1), minlength=recipe.space.buckets)
    idf = np.where(filled >= recipe.least_texts, np.log((1 + len(texts)) / (1 + filled)) + 1, 0)
    return idf.astype(np.float16).astype(np.float32)


def calibrated(rows: Sequence[CategoryRow], labels: tuple[str, ...], scores: Scores, recipe: Recipe) -> Calibration:
    """The sharpness under which the out-of-fold probabilities say best how often they are right."""
    views = [view for view, _ in recipe.views]
    everything = np.vstack([scores[view] for view in views])
    lengths = np.concatenate([[len(VIEWS[view](row)) for row in rows] for view in views])
    answers = np.tile([labels.index(row.label) for row in rows], len(views))

    def surprise(calibration: Calibration) -> float:
        right = calibration.probabilities(everything, lengths)[np.arange(len(answers)), answers]
        return float(-np.log(np.maximum(right, 1e-6)).mean())

    tries = [Calibration(slope, per) for slope in np.arange(0.5, 8.01, 0.25).tolist() for per in (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6)]
    return min(tries, key=surprise)

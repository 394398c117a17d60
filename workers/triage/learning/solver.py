"""Fits linear one-against-the-rest scores; needs scikit-learn, which comes with the extra `train`.

It is imported where it is used: reading it takes a second, and most who import this file never train.
"""

from typing import Any

import numpy as np

from workers.triage.model.features import FeatureSpace, Floats, Ints, Rows

_STEPS, _TOLERANCE = 300, 1e-2


def matrix_of(rows: Rows, space: FeatureSpace) -> Any:
    """A scipy matrix of the same rows."""
    from scipy.sparse import csr_matrix

    ends = np.concatenate(([0], rows.ends))
    return csr_matrix((rows.values, rows.buckets, ends), shape=(len(rows.ends), space.buckets))


def fit_scores(matrix: Any, truth: Ints, weights: Floats, *, strength: float) -> tuple[Floats, Floats]:
    """Weights (a row a column of `matrix`, a column a label, at least three) and bias of a linear support vector machine.

    `truth` numbers the labels from 0, `weights` say how much each row counts, `strength` weighs its loss against the size of the
    weights; the same input gives the same result.
    """
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=strength, class_weight="balanced", random_state=0, max_iter=_STEPS, tol=_TOLERANCE)
    machine.fit(matrix, truth, sample_weight=weights)
    return machine.coef_.T.astype(np.float32), machine.intercept_.astype(np.float32)

"""Training and measuring the model of the fields from files of rows."""

import datetime as dt
import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from workers.triage.learning.evaluate import calibration_error, classify_figures, predictions, table_of, threshold_for
from workers.triage.learning.rows import CategoryRow, RowsError, Text, category_rows, fingerprints
from workers.triage.model.base import FILE, shipped_model
from workers.triage.model.category import category_file, category_model
from workers.triage.model.features import Floats

Say = Callable[[str], None]
SEEN = "seen"
"""The array of a file that tells which rows its model was made from."""

MODEL_NAME = "classify.npz"
CARD_NAME = "classify.json"
MEASURED: tuple[Text, ...] = ("title", "body60", "full")
RIGHT_ENOUGH = 0.95
"""How often an answer should be right for the model to give it."""


def train_into(files: Sequence[Path], out: Path, *, folds: int, say: Say) -> None:
    """Write `classify.npz` and its card for people, `classify.json`, into a folder; the card holds out-of-fold figures."""
    from workers.triage.learning.train import LONG, SHORT, train_classifier

    rows = [row for file in files for row in category_rows(file)]
    if len({row.label for row in rows}) < 3:
        raise RowsError("at least three different labels are needed")
    trained = train_classifier(rows, folds=folds, say=say)
    figures = {text: held_out_figures(rows, trained.out_of_fold[text], trained.model.labels) for text in MEASURED}
    card = {
        "made_at": dt.datetime.now(dt.UTC).date().isoformat(),
        "rows": len(rows),
        "groups": len({row.group for row in rows}),
        "recipes": {"short": SHORT.to_card(), "long": LONG.to_card()},
        "folds": folds,
        "out_of_fold": figures,
    }
    content = category_file(fields=trained.model, taught=None, card=card, arrays={SEEN: np.sort(fingerprints(rows))})
    (out / MODEL_NAME).write_bytes(content)
    (out / CARD_NAME).write_text(card_text(content), encoding="utf-8")


def card_text(content: bytes) -> str:
    """A model's card as JSON for people, its version first."""
    model = category_model(content, shipped=None)
    return json.dumps({"version": model.version, **model.card}, ensure_ascii=False, indent=1) + "\n"


def measure(data: Path, *, text: str, model: Path | None, folds: int, say: Say, note: Say) -> dict[str, Any]:
    """Figures of the model on the rows; where it has seen them it says so and gives grouped out-of-fold figures beside."""
    measured = category_model((model or FILE).read_bytes(), shipped=shipped_model())
    classifier = measured.fields_read
    rows = category_rows(data)
    view = cast("Text", text)
    figures = classify_figures(rows, predictions(classifier, rows, view), classifier.labels)
    seen = _share_seen(measured.arrays.get(SEEN), rows)
    say(f"{measured.version}，{len(rows)} 行，{text}")
    table_of(figures, say)
    if not seen:
        return {**figures, "seen": seen}
    say(
        f"\n这些数据里有 {seen:.0%} 训练时见过，上面的数字偏高。 / the model has seen {seen:.0%} of these rows: the figures above flatter it."
    )
    if not folds:
        return {**figures, "seen": seen}
    from workers.triage.learning.train import train_classifier

    trained = train_classifier(rows, folds=folds, say=note)
    apart = held_out_figures(rows, trained.out_of_fold[text], trained.model.labels)
    say(f"没见过的，{folds} 折、近似的在同一折： / grouped {folds}-fold, each row by a model that hadn't seen its group:")
    table_of(apart, say)
    return {**figures, "seen": seen, "out_of_fold": apart}


def held_out_figures(rows: Sequence[CategoryRow], probabilities: Floats, labels: tuple[str, ...]) -> dict[str, Any]:
    """The figures, with calibration and abstention: the threshold for being right often enough is chosen on one half, reported on the other."""
    truth = np.array([labels.index(row.label) for row in rows])
    half = np.array([hash_half(row.group) for row in rows])
    threshold = threshold_for(probabilities[half], truth[half], accuracy=RIGHT_ENOUGH)
    other = probabilities[~half]
    answered = other.max(axis=1) >= threshold
    right = (other.argmax(axis=1) == truth[~half])[answered]
    return {
        **classify_figures(rows, probabilities, labels),
        "calibration_error": calibration_error(probabilities, truth),
        "threshold": threshold,
        "answered": float(answered.mean()),
        "accuracy_answered": float(right.mean()) if len(right) else 1.0,
    }


def hash_half(group: str) -> bool:
    """Which half of the rows a group is in; near duplicates are in one."""
    return zlib.crc32(group.encode("utf-8", "surrogatepass")) % 2 == 0


def _share_seen(seen: Any, rows: Sequence[CategoryRow]) -> float:
    if seen is None:
        return 0.0
    return float(np.isin(fingerprints(rows), seen).mean())

"""What is learnt about categories: the broad field, and what a district's own decisions have taught beyond it; in a file and out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workers.triage.model.artifact import Artifact, ArtifactError, read_artifact, write_artifact
from workers.triage.model.features import FeatureSpace, Floats
from workers.triage.model.linear import ByLength, Calibration, TextClassifier

TASK = "classify"
SHORT, LONG, TAUGHT = "short", "long", "taught"
_ARRAYS = ("idf", "weights", "scale", "bias")


@dataclass(frozen=True, slots=True, eq=False)
class CategoryModel:
    """Reads the field (城乡建设, 环境保护 …), and corrects the categories of a district that has taught it; `version` names it in findings."""

    version: str
    fields_read: ByLength
    taught: TextClassifier | None
    card: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]
    """What else the file holds."""
    own_fields: bool
    """Whether the file holds the model of the fields; without, it reads them with the shipped one."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The fields' names."""
        return self.fields_read.labels

    def fields(self, texts: Sequence[str]) -> Floats:
        """Probabilities, a row a text in matching form, a column a field."""
        return self.fields_read.probabilities(texts)

    def correction(self, texts: Sequence[str], codes: Sequence[str]) -> Floats:
        """What to add to the log of each category's evidence, a row a text, a column a code; zeros where nothing was taught."""
        added = np.zeros((len(texts), len(codes)), np.float32)
        if self.taught is None:
            return added
        columns = {label: n for n, label in enumerate(self.taught.labels)}
        known = [n for n, code in enumerate(codes) if code in columns]
        added[:, known] = self.taught.scores(texts)[:, [columns[codes[n]] for n in known]]
        return added

    def speaking(self, text: str, field: int) -> Floats:
        """How much each character of `text` speaks for the field."""
        return self.fields_read.speaking(text, field)


def category_model(content: bytes, *, shipped: CategoryModel | None) -> CategoryModel:
    """The model in a file's bytes; one that holds only what was taught reads the fields with the `shipped` one.

    ArtifactError says what is wrong with the bytes.
    """
    artifact = read_artifact(content, task=TASK)
    short, long = _classifier(artifact, SHORT), _classifier(artifact, LONG)
    if (short.labels if short else None) != (long.labels if long else None):
        raise ArtifactError("the parts of the model file name different labels")
    own = ByLength(short, long) if short is not None and long is not None else None
    fields = own or (shipped.fields_read if shipped is not None else None)
    if fields is None:
        raise ArtifactError("the model file holds no model of the fields")
    rest = {name: array for name, array in artifact.arrays.items() if name.partition("_")[0] not in {SHORT, LONG, TAUGHT}}
    return CategoryModel(artifact.version, fields, _classifier(artifact, TAUGHT), artifact.card, rest, own is not None)


def category_file(
    *,
    fields: ByLength | None,
    taught: TextClassifier | None,
    card: Mapping[str, Any],
    arrays: Mapping[str, npt.NDArray[Any]],
) -> bytes:
    """The bytes of a file that `category_model` reads; without `fields` it will read them with the shipped model."""
    parts = {SHORT: fields.short, LONG: fields.long} if fields is not None else {}
    if taught is not None:
        parts[TAUGHT] = taught
    packed = dict(arrays)
    for name, classifier in parts.items():
        packed |= {
            f"{name}_idf": classifier.idf.astype(np.float16),
            f"{name}_weights": classifier.weights,
            f"{name}_scale": classifier.scale,
            f"{name}_bias": classifier.bias,
        }
    shapes = {name: _shape(classifier) for name, classifier in parts.items()}
    return write_artifact(Artifact(TASK, packed, {**card, "classifiers": shapes}))


def _shape(classifier: TextClassifier) -> dict[str, Any]:
    return {
        "labels": list(classifier.labels),
        "longest": classifier.space.longest,
        "bits": classifier.space.bits,
        "characters": classifier.space.characters,
        "opening": classifier.space.opening,
        "slope": classifier.calibration.slope,
        "per_length": classifier.calibration.per_length,
    }


def _classifier(artifact: Artifact, name: str) -> TextClassifier | None:
    """The classifier of this name, None when the file has none; ArtifactError when its parts are missing or don't fit one another."""
    try:
        shape = artifact.card["classifiers"].get(name)
        if shape is None:
            return None
        idf, weights, scale, bias = (artifact.arrays[f"{name}_{array}"] for array in _ARRAYS)
        classifier = TextClassifier(
            space=FeatureSpace(int(shape["longest"]), int(shape["bits"]), int(shape["characters"]), int(shape["opening"])),
            labels=tuple(str(label) for label in shape["labels"]),
            idf=idf.astype(np.float32),
            weights=weights.astype(np.int8, casting="no"),
            scale=scale.astype(np.float32),
            bias=bias.astype(np.float32),
            calibration=Calibration(float(shape["slope"]), float(shape["per_length"])),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"the model file lacks a part or has a wrong one: {error}") from error
    space, labels = classifier.space, len(classifier.labels)
    if not (0 < space.longest <= 8 and 0 < space.bits <= 24 and 0 < space.characters <= 10_000):
        raise ArtifactError("the model file describes features that can't be")
    shapes = (classifier.idf.shape, classifier.weights.shape, classifier.scale.shape, classifier.bias.shape)
    if labels < 2 or shapes != ((space.buckets,), (space.buckets, labels), (labels,), (labels,)):
        raise ArtifactError("the arrays in the model file don't fit one another")
    numbers = (
        classifier.idf,
        classifier.scale,
        classifier.bias,
        np.array([classifier.calibration.slope, classifier.calibration.per_length]),
    )
    if not all(np.isfinite(array).all() for array in numbers):
        raise ArtifactError("the model file holds what is no number")
    return classifier

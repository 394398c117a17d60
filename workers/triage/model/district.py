"""What triage works with in a district: the classifier and the pair scorer; each the district's own, or the one that ships with the project."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from intake.domain.learnt_part import LearntPart
from workers.triage.model.artifact import Artifact, ArtifactError, read_artifact, write_artifact
from workers.triage.model.base import shipped_model
from workers.triage.model.category import CategoryModel, category_model
from workers.triage.same_matter.scorer import Scorer, base_scorer, scorer_of

TASK = "district"
Parts = Mapping[LearntPart, bytes]
"""The files of a district's own models; what is missing is the shipped one's."""


@dataclass(frozen=True, slots=True, eq=False)
class DistrictModel:
    """Both learnt parts of triage."""

    category: CategoryModel
    scorer: Scorer

    @property
    def version(self) -> str:
        """Both names, as findings hold them: `classify-1f3a5c7e9b2d+same-matter-0123456789ab`."""
        return f"{self.category.version}+{self.scorer.version}"


@cache
def shipped_district_model() -> DistrictModel:
    """What serves a district that has taught nothing yet."""
    return DistrictModel(shipped_model(), base_scorer())


def district_file(parts: Parts) -> bytes:
    """One file that holds all `parts`."""
    return write_artifact(Artifact(TASK, {part.value: np.frombuffer(content, np.uint8) for part, content in parts.items()}, {}))


def parts_of(content: bytes) -> dict[LearntPart, bytes]:
    """The parts that `district_file` put together; a file that it didn't write is a classifier, as all were once."""
    try:
        arrays = read_artifact(content, task=TASK).arrays
    except ArtifactError:
        return {LearntPart.CATEGORY: content}
    return {part: arrays[part.value].tobytes() for part in LearntPart if part.value in arrays}


def district_model(content: bytes) -> DistrictModel:
    """The model in a district's file; ArtifactError says what is wrong with it."""
    parts, shipped = parts_of(content), shipped_district_model()
    category, scorer = parts.get(LearntPart.CATEGORY), parts.get(LearntPart.SAME_MATTER)
    return DistrictModel(
        category_model(category, shipped=shipped.category) if category is not None else shipped.category,
        scorer_of(scorer) if scorer is not None else shipped.scorer,
    )


def own_version(parts: Parts) -> str:
    """The names of the district's own parts, in the order in which findings hold them."""
    model = district_model(district_file(parts))
    names = {LearntPart.CATEGORY: model.category.version, LearntPart.SAME_MATTER: model.scorer.version}
    return "+".join(names[part] for part in LearntPart if part in parts)

"""Which model a district's triage works with: asked of the database once a batch, read from its file once a process."""

from dataclasses import dataclass

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from config.taxonomy import Taxonomy
from intake.domain.learnt_part import LearntPart
from intake.domain.triage_model import ModelState
from intake.models import TriageModel
from workers.runtime import describe
from workers.triage.model.artifact import ArtifactError
from workers.triage.model.district import DistrictModel, parts_of, shipped_district_model
from workers.triage.model.shelf import Shelf
from workers.triage.pipeline import Pipeline, default_pipeline
from workers.triage.same_matter.scorer import Scorer

log = structlog.get_logger(__name__)

_shelf = Shelf()


@dataclass(frozen=True, slots=True)
class DistrictTriage:
    """What one district's messages go through: the stages without the database, and what tells how like two messages are."""

    stages: Pipeline
    scorer: Scorer


class DistrictStages:
    """The triage of each district, made when a batch first holds one of its messages or its model has changed."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._made: dict[str, DistrictTriage] = {}

    def of(self, session: Session, district_id: int) -> DistrictTriage:
        """With the model in force in the district now."""
        model = model_in_force(session, district_id)
        made = self._made.get(model.version)
        if made is None:
            made = self._made[model.version] = DistrictTriage(default_pipeline(self._taxonomy, model), model.scorer)
        return made


def model_in_force(session: Session, district_id: int) -> DistrictModel:
    """The district's adopted model, else the shipped one; a file that can't be read is logged and passed over."""
    adopted = session.execute(select(TriageModel.id, TriageModel.model_version).where(*_adopted(district_id))).one_or_none()
    if adopted is None:
        return shipped_district_model()
    key = tuple(adopted)
    model = _shelf.get(key)
    if model is None:
        try:
            model = _shelf.put(key, session.scalars(select(TriageModel.artifact).where(TriageModel.id == adopted.id)).one())
        except ArtifactError as error:
            log.error("triage_model_unreadable", model=adopted.id, **describe(error))  # noqa: TRY400 -- where is enough
            return shipped_district_model()
    return model


def own_parts(session: Session, district_id: int) -> dict[LearntPart, bytes]:
    """The files of the district's adopted model, by what they are for; empty where the shipped one serves, or where they can't be read."""
    content = session.scalar(select(TriageModel.artifact).where(*_adopted(district_id)))
    if content is None or model_in_force(session, district_id) is shipped_district_model():
        return {}
    return parts_of(content)


def _adopted(district_id: int) -> tuple[ColumnElement[bool], ...]:
    return TriageModel.district_id == district_id, TriageModel.state == ModelState.ADOPTED

"""Which model a district's triage works with: asked of the database once a batch, read from its file once a process."""

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.taxonomy import Taxonomy
from intake.domain.triage_model import ModelState
from intake.models import TriageModel
from workers.runtime import describe
from workers.triage.model.artifact import ArtifactError
from workers.triage.model.base import shipped_model
from workers.triage.model.category import CategoryModel
from workers.triage.model.shelf import Shelf
from workers.triage.pipeline import Stage, default_pipeline

log = structlog.get_logger(__name__)

_shelf = Shelf()


class DistrictStages:
    """The pipeline for each district, made when a batch first holds one of its messages or its model has changed."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._made: dict[str, Stage] = {}

    def of(self, session: Session, district_id: int) -> Stage:
        """The stages with the model in force in the district now."""
        model = model_in_force(session, district_id)
        stages = self._made.get(model.version)
        if stages is None:
            stages = self._made[model.version] = default_pipeline(self._taxonomy, model)
        return stages


def model_in_force(session: Session, district_id: int) -> CategoryModel:
    """The district's adopted model, else the shipped one; a file that can't be read is logged and passed over."""
    number = session.scalar(select(TriageModel.id).where(TriageModel.district_id == district_id, TriageModel.state == ModelState.ADOPTED))
    if number is None:
        return shipped_model()
    model = _shelf.get(number)
    if model is None:
        try:
            model = _shelf.put(number, session.scalars(select(TriageModel.artifact).where(TriageModel.id == number)).one())
        except ArtifactError as error:
            log.error("triage_model_unreadable", model=number, **describe(error))  # noqa: TRY400 -- where is enough
            return shipped_model()
    return model

"""研判模型: a district's learnt models are stored, compared, adopted and retired; the file itself is in the row."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE, Actor
from intake.domain.triage_model import ModelAction, ModelState
from intake.models import TriageModel
from intake.services.audit import record
from intake.services.transition import begin, move


def adopted_model(session: Session, district_id: int) -> TriageModel | None:
    """The model in force, without its file; None where the shipped one is."""
    return session.scalars(
        select(TriageModel).where(TriageModel.district_id == district_id, TriageModel.state == ModelState.ADOPTED)
    ).one_or_none()


def lock_models(session: Session, district_id: int) -> None:
    """One at a time changes what is in force in a district: a version carries over the part that it doesn't change."""
    session.execute(text("SELECT pg_advisory_xact_lock(7210436, :district)"), {"district": district_id % 2_147_483_647})


def store_candidate(
    session: Session,
    *,
    district_id: int,
    model_version: str,
    artifact: bytes,
    examples: int,
    measured: dict[str, Any],
    actor: Actor,
    at: datetime,
) -> TriageModel:
    """Keep a new model, not in force yet.

    `artifact` holds every part that is the district's own; `measured` says which `part` (LearntPart) was made anew and under which name
    (`version`), with its held-out figures beside those of the one in force. `examples` are those that part learnt from.
    """
    model = TriageModel(
        district_id=district_id,
        model_version=model_version,
        examples=examples,
        measured=measured,
        artifact=artifact,
        made_by=actor.user_id,
        created_at=at,
    )
    begin(session, model, actor=actor, at=at)
    return model


def settle(session: Session, model: TriageModel, *, better: bool, actor: Actor, at: datetime) -> None:
    """Put the candidate into force in place of the one before, or refuse it; the file of what is refused is thrown away."""
    if not better:
        move(session, model, ModelAction.REFUSE, actor=actor, at=at)
        model.artifact = b""
    else:
        before = session.scalars(
            select(TriageModel)
            .where(TriageModel.district_id == model.district_id, TriageModel.state == ModelState.ADOPTED)
            .with_for_update()
        ).one_or_none()
        if before is not None:
            move(session, before, ModelAction.RETIRE, actor=actor, at=at)
            session.flush()  # the one before leaves first: only one can be in force
        move(session, model, ModelAction.ADOPT, actor=actor, at=at)
    record(
        session,
        actor=actor,
        district_id=model.district_id,
        action=f"triage_model.{model.state.value}",
        noun="triage_model",
        entity_id=model.id,
        at=at,
    )


def retire(session: Session, district_id: int, *, actor: Actor = MACHINE, at: datetime) -> bool:
    """Go back to the shipped model; False when it was in force already."""
    model = adopted_model(session, district_id)
    if model is None:
        return False
    move(session, model, ModelAction.RETIRE, actor=actor, at=at)
    record(
        session,
        actor=actor,
        district_id=district_id,
        action="triage_model.retired",
        noun="triage_model",
        entity_id=model.id,
        at=at,
    )
    return True

"""Nightly: a district that has taught enough since its last model gets a new one, if that is not worse."""

import time
from dataclasses import replace
from importlib.util import find_spec

import structlog

from intake.domain.language.matching_form import matching_form
from intake.ports import Wake
from intake.queries.training_example import category_examples, districts_with_lessons
from workers.adoption import EXAMPLES, propose
from workers.district_model import model_in_force
from workers.runtime import job, job_session, process_wiring, stopping
from workers.triage.model.base import shipped_model
from workers.triage.model.category import CategoryModel
from workers.triage.stages.classify import Weigher

log = structlog.get_logger(__name__)

HELD_OUT_AT_LEAST = 5
"""Fewer held-out examples judge nothing."""


@job(Wake.RETRAIN)
def run() -> None:
    """Learn, compare and adopt, district by district.

    A repeat is harmless: a stored model, adopted or refused, counts as made, so the district waits for new examples; killed before its
    commit, a district is done anew.
    """
    wiring = process_wiring()
    if find_spec("sklearn") is None:
        log.info("retrain_skipped", reason="the extra `train` is not installed: pip install 'zhibao[train]'")
        return
    with job_session() as session:
        districts = districts_with_lessons(session, at_least=wiring.workflow.learning.new_examples)
    for district_id in districts:
        if stopping():
            return
        _retrain(district_id)


def _retrain(district_id: int) -> None:
    from workers.triage.learning.correction import Lesson, corrected

    wiring = process_wiring()
    began = time.monotonic()
    with wiring.sessions() as session:
        examples = category_examples(session, district_id=district_id, limit=EXAMPLES)
        start = _without_correction(model_in_force(session, district_id))
    held_out = sum(example.held_out for example in examples)
    if held_out < HELD_OUT_AT_LEAST:
        log.info("retrain_put_off", district=district_id, held_out=held_out)
        return
    # No transaction stays open meanwhile.
    lessons = [Lesson(matching_form(example.words), example.category) for example in examples if not example.held_out]
    content = corrected(lessons, Weigher(wiring.taxonomy, start), {"made_by": "nightly"})
    if content is None:
        return
    with job_session() as session:
        outcome = propose(
            session,
            district_id,
            content,
            taxonomy=wiring.taxonomy,
            examples=examples,
            learnt=len(lessons),
            at=wiring.clock.now(),
        )
    log.info(
        "retrained",
        district=district_id,
        model=outcome.model_version,
        adopted=outcome.adopted,
        examples=len(lessons),
        worth=outcome.candidate.worth,
        worth_in_force=outcome.in_force.worth,
        seconds=round(time.monotonic() - began, 1),
    )


def _without_correction(model: CategoryModel) -> CategoryModel:
    """What to start from: all lessons are learnt anew each time, so that one that was taken back leaves no trace."""
    return replace(model, taught=None) if model.own_fields else shipped_model()

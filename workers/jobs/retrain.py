"""Nightly: a district that has taught enough since its last model gets a new one, if that is not worse; each part of triage by itself."""

import time
from dataclasses import replace
from importlib.util import find_spec

import structlog

from intake.domain.language.lexicon import lexicon_of
from intake.domain.language.matching_form import matching_form
from intake.domain.learnt_part import LearntPart
from intake.ports import Wake
from intake.queries.pair_example import districts_with_pairs, pair_examples
from intake.queries.training_example import category_examples, districts_with_lessons
from workers.adoption import EXAMPLES, Outcome, propose, propose_scorer
from workers.district_model import model_in_force
from workers.pair_lessons import EXAMPLES as PAIR_EXAMPLES
from workers.pair_lessons import learnt_until, pairs_of, split
from workers.runtime import job, job_session, process_wiring, stopping
from workers.triage.learning.pair_correction import corrected as corrected_scorer
from workers.triage.model.base import shipped_model
from workers.triage.model.category import CategoryModel
from workers.triage.same_matter.scorer import base_scorer
from workers.triage.stages.classify import Weigher

log = structlog.get_logger(__name__)

HELD_OUT_AT_LEAST = 5
"""Fewer held-out examples judge nothing."""


@job(Wake.RETRAIN)
def run() -> None:
    """Learn, compare and adopt, district by district: the categories (with the extra `train`), and which messages are one matter.

    A repeat is harmless: a stored model, adopted or refused, counts as made, so the district waits for new examples; killed before its
    commit, a district is done anew.
    """
    at_least = process_wiring().workflow.learning.new_examples
    with job_session() as session:
        taught_categories = districts_with_lessons(session, at_least=at_least)
        taught_pairs = districts_with_pairs(session, at_least=at_least)
    if find_spec("sklearn") is None:
        log.info("retrain_skipped", part=LearntPart.CATEGORY, reason="the extra `train` is not installed: pip install 'zhibao[train]'")
        taught_categories = ()
    for learn, districts in ((_learn_categories, taught_categories), (_learn_pairs, taught_pairs)):
        for district_id in districts:
            if stopping():
                return
            learn(district_id)


def _learn_categories(district_id: int) -> None:
    from workers.triage.learning.correction import Lesson, corrected

    wiring = process_wiring()
    began = time.monotonic()
    with wiring.sessions() as session:
        examples = category_examples(session, district_id=district_id, limit=EXAMPLES)
        start = _without_correction(model_in_force(session, district_id).category)
    held_out = sum(example.held_out for example in examples)
    if held_out < HELD_OUT_AT_LEAST:
        reason = f"{held_out} held-out examples, {HELD_OUT_AT_LEAST} are needed"
        log.info("retrain_put_off", part=LearntPart.CATEGORY, district=district_id, reason=reason)
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
    _log(district_id, outcome, learnt=len(lessons), began=began)


def _learn_pairs(district_id: int) -> None:
    wiring = process_wiring()
    began = time.monotonic()
    with wiring.sessions() as session:
        examples = pair_examples(session, district_id=district_id, limit=PAIR_EXAMPLES)
        sides = split(examples, learnt_until=learnt_until(model_in_force(session, district_id).scorer))
        if sides.missing is not None:
            log.info("retrain_put_off", part=LearntPart.SAME_MATTER, district=district_id, reason=sides.missing)
            return
        lessons, judging = pairs_of(session, district_id, sides, lexicon=lexicon_of(wiring.taxonomy), shipped=base_scorer())
    # All is learnt anew from the shipped scorer each time, so that what was taken back leaves no trace.
    assert sides.learnt_until is not None
    content = corrected_scorer(lessons, base_scorer(), {"made_by": "nightly", "learnt_until": sides.learnt_until.isoformat()})
    with job_session() as session:
        outcome = propose_scorer(session, district_id, content, judging=judging, learnt=len(lessons.told), at=wiring.clock.now())
    _log(district_id, outcome, learnt=len(lessons.told), began=began)


def _log(district_id: int, outcome: Outcome, *, learnt: int, began: float) -> None:
    log.info(
        "retrained",
        part=outcome.part,
        district=district_id,
        model=outcome.model_version,
        adopted=outcome.adopted,
        examples=learnt,
        candidate=outcome.candidate.to_json(),
        in_force=outcome.in_force.to_json(),
        seconds=round(time.monotonic() - began, 1),
    )


def _without_correction(model: CategoryModel) -> CategoryModel:
    """What to start from: all lessons are learnt anew each time, so that one that was taken back leaves no trace."""
    return replace(model, taught=None) if model.own_fields else shipped_model()

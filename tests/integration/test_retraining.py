"""A district's model: learnt at night from what people decided, in force only when it isn't worse, and used by the next batch."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.actor import MACHINE
from intake.domain.errors import Conflict
from intake.domain.triage_model import ExampleKind, ModelState, is_held_out
from intake.models import AuditEntry, Finding, Submission, TrainingExample, TriageModel
from intake.ports import NullJobQueue
from intake.queries.training_example import category_examples, districts_with_lessons
from intake.services.training_example import learn
from intake.services.triage_model import adopted_model, retire
from intake.wiring import Wiring
from tests.factories.sentences import say, submission_of
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from workers.adoption import propose
from workers.district_model import model_in_force
from workers.jobs import retrain, triage_batch
from workers.triage.model.artifact import ArtifactError
from workers.triage.model.base import shipped_model
from workers.triage.model.category import category_file
from workers.triage.model.linear import TextClassifier

LANTERN = "门口的灯笼挂歪了，第{}个"


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


def teach(wiring: Wiring, town: Town, session: Session, category: str, *, count: int = 40) -> None:
    """`count` messages about lanterns that a member put into `category`."""
    stored = [say(wiring, town.longchi_code, LANTERN.format(n)) for n in range(count)]
    triage_batch.run()
    for one in stored:
        learn(
            session,
            kind=ExampleKind.CATEGORY,
            submission=session.get_one(Submission, one.submission_id, populate_existing=True),
            label=category,
            by=town.zhou_id,
            at=wiring.clock.now(),
        )
    session.commit()


def upside_down() -> bytes:
    """A correction that pushes every message into pets."""
    short = shipped_model().fields_read.short
    labels = ("animals", "street-lights")
    weights = np.zeros((short.space.buckets, 2), np.int8)
    taught = TextClassifier(
        short.space, labels, short.idf, weights, np.ones(2, np.float32), np.array([9, -9], np.float32), short.calibration
    )
    return category_file(fields=None, taught=taught, card={}, arrays={})


def test_what_members_decided_is_learnt_at_night_and_the_next_message_shows_it(wiring: Wiring, town: Town, session: Session) -> None:
    teach(wiring, town, session, "greenery")
    assert districts_with_lessons(session, at_least=20) == (town.district_id,)
    retrain.run()
    model = session.scalars(select(TriageModel)).one()
    assert model.state is ModelState.ADOPTED
    assert model.made_by is None
    assert model.measured["candidate"]["worth"] > model.measured["in_force"]["worth"]
    held_out = sum(example.held_out for example in category_examples(session, district_id=town.district_id, limit=100))
    assert model.examples == 40 - held_out
    assert model.measured["candidate"]["examples"] == held_out
    assert "triage_model.adopted" in session.scalars(select(AuditEntry.action)).all()
    stored = say(wiring, town.longchi_code, "幸福里门口的灯笼挂歪了，第几个")
    triage_batch.run()
    assert submission_of(wiring, stored).category == "greenery"
    version = session.scalars(select(Finding.model_version).where(Finding.submission_id == stored.submission_id)).one()
    assert model.model_version in version


def test_a_second_night_without_new_lessons_makes_no_second_model(wiring: Wiring, town: Town, session: Session) -> None:
    teach(wiring, town, session, "greenery")
    retrain.run()
    retrain.run()
    assert len(session.scalars(select(TriageModel)).all()) == 1
    assert districts_with_lessons(session, at_least=1) == ()


def test_too_few_lessons_are_left_for_another_night(wiring: Wiring, town: Town, session: Session) -> None:
    teach(wiring, town, session, "greenery", count=5)
    retrain.run()
    assert session.scalars(select(TriageModel)).all() == []


def test_without_the_training_extra_one_line_is_logged_and_nothing_happens(
    wiring: Wiring, town: Town, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(wiring, town, session, "greenery")
    monkeypatch.setattr(retrain, "find_spec", lambda name: None)
    retrain.run()
    assert session.scalars(select(TriageModel)).all() == []


def test_a_worse_model_is_refused_and_the_old_one_stays(wiring: Wiring, town: Town, session: Session) -> None:
    teach(wiring, town, session, "greenery")
    retrain.run()
    good = adopted_model(session, town.district_id)
    assert good is not None
    examples = category_examples(session, district_id=town.district_id, limit=100)
    outcome = propose(
        session, town.district_id, upside_down(), taxonomy=wiring.taxonomy, examples=examples, learnt=0, at=wiring.clock.now()
    )
    session.commit()
    assert not outcome.adopted
    refused = session.scalars(select(TriageModel).where(TriageModel.state == ModelState.REFUSED)).one()
    assert refused.artifact == b""
    assert model_in_force(session, town.district_id).category.version == good.model_version


def test_a_better_model_takes_the_place_of_the_one_before(wiring: Wiring, town: Town, session: Session) -> None:
    teach(wiring, town, session, "animals")
    session.commit()
    examples = category_examples(session, district_id=town.district_id, limit=100)
    for learnt in (1, 2):
        at = wiring.clock.now() + timedelta(minutes=learnt)
        assert propose(session, town.district_id, upside_down(), taxonomy=wiring.taxonomy, examples=examples, learnt=learnt, at=at).adopted
        session.commit()
    states = session.scalars(select(TriageModel.state).order_by(TriageModel.id)).all()
    assert states == [ModelState.RETIRED, ModelState.ADOPTED]
    assert retire(session, town.district_id, actor=MACHINE, at=wiring.clock.now())
    session.commit()
    assert model_in_force(session, town.district_id).category is shipped_model()
    assert not retire(session, town.district_id, actor=MACHINE, at=wiring.clock.now())


def test_nothing_is_adopted_where_nothing_can_be_compared_nor_what_is_no_model(wiring: Wiring, town: Town, session: Session) -> None:
    with pytest.raises(Conflict):
        propose(session, town.district_id, upside_down(), taxonomy=wiring.taxonomy, examples=(), learnt=0, at=wiring.clock.now())
    with pytest.raises(ArtifactError):
        propose(session, town.district_id, b"PK", taxonomy=wiring.taxonomy, examples=(), learnt=0, at=wiring.clock.now())


def test_an_unreadable_model_is_passed_over(wiring: Wiring, town: Town, session: Session) -> None:
    teach(wiring, town, session, "greenery")
    retrain.run()
    model = session.scalars(select(TriageModel)).one()
    version = model.model_version
    model.id += 1_000  # so that no process has read it yet
    model.artifact = b"PK and nothing"
    session.commit()
    assert model_in_force(session, town.district_id).category.version == shipped_model().version != version


def test_an_example_counts_once_with_the_last_word_and_not_when_it_was_taken_back(wiring: Wiring, town: Town, session: Session) -> None:
    teach(wiring, town, session, "waste", count=3)
    first, second, third = session.scalars(select(TrainingExample).order_by(TrainingExample.id)).all()
    second.undone_at = wiring.clock.now()
    learn(
        session,
        kind=ExampleKind.CATEGORY,
        submission=session.get_one(Submission, third.submission_id),
        label="greenery",
        by=town.qing_id,
        at=wiring.clock.now(),
    )
    session.commit()
    found = category_examples(session, district_id=town.district_id, limit=10)
    assert [(example.submission_id, example.category) for example in found] == [
        (first.submission_id, "waste"),
        (third.submission_id, "greenery"),
    ]
    assert [example.held_out for example in found] == [is_held_out(first.submission_id), is_held_out(third.submission_id)]


def test_saying_the_same_again_and_again_is_one_lesson(wiring: Wiring, town: Town, session: Session) -> None:
    teach(wiring, town, session, "greenery", count=1)
    (example,) = category_examples(session, district_id=town.district_id, limit=10)
    for _ in range(20):
        learn(
            session,
            kind=ExampleKind.CATEGORY,
            submission=session.get_one(Submission, example.submission_id),
            label="greenery",
            by=town.zhou_id,
            at=wiring.clock.now(),
        )
    session.commit()
    assert districts_with_lessons(session, at_least=2) == ()
    assert districts_with_lessons(session, at_least=1) == (town.district_id,)

"""A district's pair scorer: learnt at night from whom people joined and kept apart, in force only when it isn't worse."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from intake.domain.actor import MACHINE
from intake.domain.language.lexicon import lexicon_of
from intake.domain.learnt_part import PAIRS_NEEDED, LearntPart
from intake.domain.submission import SubmissionState, Urgency
from intake.domain.topic import Route
from intake.domain.triage_model import ExampleKind, ModelState
from intake.models import Finding, Submission, TrainingExample, TriageModel
from intake.ports import NullJobQueue
from intake.queries.pair_example import PairExample, count_pairs, districts_with_pairs, pair_examples
from intake.queries.training_example import category_examples
from intake.services.submission_submit import Stored
from intake.services.submission_triage import draw_topic_ids
from intake.services.topic_open import Draft, open_candidates
from intake.services.training_example import learn
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from workers import adoption
from workers.adoption import propose, propose_scorer
from workers.district_model import model_in_force
from workers.jobs import retrain, triage_batch
from workers.pair_lessons import pairs_of, split
from workers.triage.model.artifact import ArtifactError
from workers.triage.model.base import shipped_model
from workers.triage.model.category import category_file
from workers.triage.model.district import shipped_district_model
from workers.triage.same_matter.scorer import base_scorer, scorer_file

PLACES = tuple(
    f"{first}{last}"
    for first in ("幸福", "紫薇", "听松", "松岚", "星汇", "锦带", "渔光", "石栈", "新篁", "书院")
    for last in ("里", "苑", "新村", "花园")
)
"""In this district every building is a matter of its own: what the shipped scorer joins, people keep apart."""


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


def pair(session: Session, wiring: Wiring, town: Town, one: int, other: int, *, same: bool, topic_id: int) -> None:
    """A member said of two messages whether they are one matter."""
    learn(
        session,
        kind=ExampleKind.SAME if same else ExampleKind.DIFFERENT,
        submission=session.get_one(Submission, one),
        other_submission_id=other,
        topic_id=topic_id,
        label="same" if same else "different",
        by=town.zhou_id,
        at=wiring.clock.now(),
    )


def a_topic(town: Town, number: int, *, at: datetime) -> Draft:
    return Draft(
        route=Route.RESIDENTS,
        id=number,
        district_id=town.district_id,
        area_id=town.longchi_id,
        title="路灯",
        category=None,
        urgency=Urgency.NORMAL,
        said_at=at,
    )


def teach(wiring: Wiring, town: Town, session: Session, clock: TestClock, *, topics: int = len(PLACES)) -> None:
    """At each place two messages about the lamp of building 3, which are one matter, and one about building 8, which isn't."""
    told = []
    for place in PLACES[:topics]:
        words = (f"{place}3栋楼下的路灯不亮", f"{place}3栋门口路灯坏了好几天", f"{place}8栋楼下的路灯不亮")
        told.append([say(wiring, town.longchi_code, one).submission_id for one in words])
        clock.forward(seconds=60)
    triage_batch.run()
    topic_ids = draw_topic_ids(session, topics)
    open_candidates(session, [a_topic(town, number, at=clock.now()) for number in topic_ids], actor=MACHINE, at=clock.now())
    for topic_id, (lamp, again, elsewhere) in zip(topic_ids, told, strict=True):
        clock.forward(seconds=60)
        pair(session, wiring, town, again, lamp, same=True, topic_id=topic_id)
        pair(session, wiring, town, elsewhere, lamp, same=False, topic_id=topic_id)
    session.commit()


def examples(session: Session, town: Town) -> tuple[PairExample, ...]:
    return pair_examples(session, district_id=town.district_id, limit=1_000)


def versions(session: Session, stored: Stored) -> str:
    return session.scalars(select(Finding.model_version).where(Finding.submission_id == stored.submission_id)).one()


def verdict_on_another_building(wiring: Wiring, town: Town, session: Session) -> tuple[str, str]:
    """What the machine says of a message about building 8 after one about building 3, and which versions said it."""
    say(wiring, town.ziwei_code, "双井新村3栋楼下的路灯不亮")
    triage_batch.run()
    other = say(wiring, town.ziwei_code, "双井新村8栋楼下的路灯不亮")
    triage_batch.run()
    content = session.scalars(select(Finding.content).where(Finding.submission_id == other.submission_id)).one()
    return content["verdict"], versions(session, other)


def test_unless_it_was_taught_the_machine_joins_two_buildings(wiring: Wiring, town: Town, session: Session) -> None:
    verdict, version = verdict_on_another_building(wiring, town, session)
    assert verdict == "attach"
    assert version.endswith(shipped_district_model().version)


def test_what_people_kept_apart_is_learnt_at_night_and_the_next_message_shows_it(
    wiring: Wiring, town: Town, session: Session, clock: TestClock
) -> None:
    teach(wiring, town, session, clock)
    assert districts_with_pairs(session, at_least=80) == (town.district_id,)
    retrain.run()
    model = session.scalars(select(TriageModel)).one()
    assert (model.state, model.made_by) == (ModelState.ADOPTED, None)
    measured = model.measured
    assert (measured["part"], measured["version"]) == ("same-matter", model.model_version)
    assert measured["candidate"]["precision"] > measured["in_force"]["precision"] == measured["shipped"]["precision"]
    assert model.examples + measured["candidate"]["examples"] == 80
    verdict, version = verdict_on_another_building(wiring, town, session)
    assert verdict != "attach"
    assert version == f"words-1+{shipped_model().version}+{model.model_version}"
    assert model_in_force(session, town.district_id + 1) is shipped_district_model()


def test_a_second_night_without_new_pairs_makes_no_second_scorer(wiring: Wiring, town: Town, session: Session, clock: TestClock) -> None:
    teach(wiring, town, session, clock)
    retrain.run()
    retrain.run()
    assert len(session.scalars(select(TriageModel)).all()) == 1


def test_the_training_extra_is_not_needed(
    wiring: Wiring, town: Town, session: Session, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(wiring, town, session, clock)
    monkeypatch.setattr(retrain, "find_spec", lambda name: None)
    retrain.run()
    assert session.scalars(select(TriageModel.state)).all() == [ModelState.ADOPTED]


def test_too_few_pairs_are_left_alone_and_the_log_says_how_many_are_missing(
    wiring: Wiring, town: Town, session: Session, clock: TestClock
) -> None:
    teach(wiring, town, session, clock, topics=PAIRS_NEEDED // 2 - 1)
    with capture_logs() as lines:
        retrain.run()
    assert session.scalars(select(TriageModel)).all() == []
    (line,) = [line for line in lines if line["event"] == "retrain_put_off"]
    assert line["part"] == "same-matter"
    assert f"{PAIRS_NEEDED - 2} pairs, {PAIRS_NEEDED} are needed" in line["reason"]


def test_pairs_that_were_undone_or_taken_back_are_left_out(wiring: Wiring, town: Town, session: Session, clock: TestClock) -> None:
    teach(wiring, town, session, clock, topics=3)
    first, second = session.scalars(select(TrainingExample).order_by(TrainingExample.id).limit(2)).all()
    first.undone_at = clock.now()
    # Its older message stands in this pair alone, since the other one with it was undone.
    session.execute(update(Submission).where(Submission.id == second.submission_id).values(state=SubmissionState.WITHDRAWN))
    session.commit()
    found = examples(session, town)
    told = {(one.newer.submission_id, one.older.submission_id) for one in found}
    assert len(found) == 4
    assert {first.submission_id, second.submission_id}.isdisjoint({one for both in told for one in both})
    assert count_pairs(session, district_id=town.district_id) == 5


def test_the_last_word_on_a_pair_counts_whichever_way_round_it_was_said(
    wiring: Wiring, town: Town, session: Session, clock: TestClock
) -> None:
    teach(wiring, town, session, clock, topics=1)
    same = next(one for one in examples(session, town) if one.same)
    clock.forward(seconds=60)
    pair(session, wiring, town, same.older.submission_id, same.newer.submission_id, same=False, topic_id=same.topic_id)
    session.commit()
    assert [one.same for one in examples(session, town)] == [False, False]


def test_a_worse_scorer_is_refused_and_the_shipped_one_stays(wiring: Wiring, town: Town, session: Session, clock: TestClock) -> None:
    teach(wiring, town, session, clock)
    upside_down = replace(base_scorer(), slope=-base_scorer().slope, same_area=9.0)
    outcome = proposed(wiring, town, session, scorer_file(upside_down, {}))
    session.commit()
    assert not outcome.adopted
    refused = session.scalars(select(TriageModel)).one()
    assert (refused.state, refused.artifact) == (ModelState.REFUSED, b"")
    assert model_in_force(session, town.district_id) is shipped_district_model()


def proposed(wiring: Wiring, town: Town, session: Session, content: bytes) -> adoption.Outcome:
    sides = split(examples(session, town), learnt_until=None)
    _, judging = pairs_of(session, town.district_id, sides, lexicon=lexicon_of(wiring.taxonomy), shipped=base_scorer())
    return propose_scorer(session, town.district_id, content, judging=judging, learnt=0, at=wiring.clock.now())


def test_what_is_no_scorer_is_refused(wiring: Wiring, town: Town, session: Session, clock: TestClock) -> None:
    teach(wiring, town, session, clock)
    with pytest.raises(ArtifactError):
        proposed(wiring, town, session, b"PK")
    with pytest.raises(ArtifactError):
        proposed(wiring, town, session, a_classifier())


def a_classifier() -> bytes:
    return category_file(fields=shipped_model().fields_read, taught=None, card={"made_by": "test"}, arrays={})


def test_a_new_classifier_leaves_the_scorer_in_force_and_the_other_way_round(
    wiring: Wiring, town: Town, session: Session, clock: TestClock
) -> None:
    teach(wiring, town, session, clock)
    for one in session.scalars(select(Submission).where(Submission.text_masked.contains("路灯"))).all():
        learn(session, kind=ExampleKind.CATEGORY, submission=one, label="street-lights", by=town.zhou_id, at=clock.now())
    retrain.run()
    scorer = model_in_force(session, town.district_id).scorer
    assert scorer.version != base_scorer().version
    told = category_examples(session, district_id=town.district_id, limit=500)
    clock.forward(days=1)
    assert propose(session, town.district_id, a_classifier(), taxonomy=wiring.taxonomy, examples=told, learnt=0, at=clock.now()).adopted
    session.commit()
    both = model_in_force(session, town.district_id)
    assert both.scorer.version == scorer.version
    assert both.category.version != shipped_model().version
    adopted = session.scalars(select(TriageModel).where(TriageModel.state == ModelState.ADOPTED)).one()
    assert adopted.model_version == both.version
    clock.forward(days=1)
    proposed(wiring, town, session, scorer_file(base_scorer(), {"made_by": "test"}))
    session.commit()
    assert model_in_force(session, town.district_id).category.version == both.category.version


def test_words_weigh_what_they_weighed_when_the_message_came(wiring: Wiring, town: Town, session: Session, clock: TestClock) -> None:
    teach(wiring, town, session, clock, topics=2)
    sides = replace(split((), learnt_until=None), lessons=examples(session, town))
    lexicon = lexicon_of(wiring.taxonomy)
    before, _ = pairs_of(session, town.district_id, sides, lexicon=lexicon, shipped=base_scorer())
    for n in range(20):
        say(wiring, town.longchi_code, f"{PLACES[0]}{n}栋楼下的路灯不亮")
    triage_batch.run()
    after, _ = pairs_of(session, town.district_id, sides, lexicon=lexicon, shipped=base_scorer())
    assert len(before.told) == 4
    assert np.array_equal(before.features, after.features)


def test_the_command_compares_what_the_folder_holds(wiring: Wiring, town: Town, session: Session, clock: TestClock, tmp_path: Path) -> None:
    empty = CliRunner().invoke(adoption.main, [str(tmp_path), "--district", "云栖区"])
    assert (empty.exit_code, "pairs.npz" in empty.output) == (2, True)
    (tmp_path / "pairs.npz").write_bytes(scorer_file(replace(base_scorer(), same_area=2.0), {}))
    teach(wiring, town, session, clock, topics=5)
    few = CliRunner().invoke(adoption.main, [str(tmp_path), "--district", "云栖区"])
    assert few.exit_code == 2
    assert f"10 对，满 {PAIRS_NEEDED} 对才学" in few.output
    teach(wiring, town, session, clock)
    done = CliRunner().invoke(adoption.main, [str(tmp_path), "--district", "云栖区"])
    assert done.exit_code == 0, done.output
    assert "same-matter-" in done.output
    assert "对里会自己并起来" in done.output
    assert len(session.scalars(select(TriageModel)).all()) == 1


def test_a_model_of_before_which_was_a_classifier_alone_still_serves(
    wiring: Wiring, town: Town, session: Session, clock: TestClock
) -> None:
    at = clock.now()
    session.add(
        TriageModel(
            district_id=town.district_id,
            model_version="classify-before",
            state=ModelState.ADOPTED,
            state_changed_at=at,
            examples=30,
            measured={"candidate": {"examples": 5, "right": 4, "wrong": 1}, "in_force": {"examples": 5, "right": 3, "wrong": 1}},
            artifact=a_classifier(),
            created_at=at - timedelta(days=30),
        )
    )
    session.commit()
    model = model_in_force(session, town.district_id)
    assert model.category.version != shipped_model().version
    assert model.scorer is base_scorer()
    teach(wiring, town, session, clock)
    retrain.run()
    after = model_in_force(session, town.district_id)
    assert (after.category.version, after.scorer.version == base_scorer().version) == (model.category.version, False)
    assert {LearntPart(one.get("part", "classify")) for one in session.scalars(select(TriageModel.measured))} == set(LearntPart)

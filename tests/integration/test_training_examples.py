"""What people decide where the machine had suggested something is kept to learn from, and taken back with the decision."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.topic import TopicAction
from intake.domain.topic_proposal import ProposalKind
from intake.domain.triage_model import ExampleKind
from intake.domain.triage_result import Verdict
from intake.models import Contributor, TopicProposal, TrainingExample
from intake.services import submission_decide as decide
from intake.services.contribution import remove
from intake.services.submission_submit import Stored
from intake.services.topic_proposal_decide import Answering, dismiss, take_back
from intake.services.topic_screen import unmerge
from intake.services.topic_split import split, unsplit
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import attach, decided, deciding, proposed, screening, told, topic_of
from tests.factories.town import Town, actor

Pair = tuple[ExampleKind, int, int | None, str | None]


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, "幸福里路灯不亮", verdict=Verdict.OPEN)


@pytest.fixture
def lamps(wiring: Wiring, town: Town, lamp: Stored) -> int:
    """A topic with a voice."""
    return topic_of(wiring, town.zhou_id, "幸福里路灯", lamp)


def learnt(wiring: Wiring) -> list[Pair]:
    """Kind, submission, the other one, what was suggested; without what was undone."""
    with wiring.sessions() as session:
        rows = session.scalars(select(TrainingExample).where(TrainingExample.undone_at.is_(None)).order_by(TrainingExample.id))
        return [(row.kind, row.submission_id, row.other_submission_id, row.suggested) for row in rows]


def suggested_for(wiring: Wiring, town: Town, topic: int) -> Stored:
    return told(wiring, town.longchi_code, "灯又不亮了", verdict=Verdict.ATTACH, topic_id=topic)


def test_confirming_a_suggestion_says_that_two_are_the_same(wiring: Wiring, town: Town, lamp: Stored, lamps: int) -> None:
    other = suggested_for(wiring, town, lamps)
    attach(wiring, town.zhou_id, other, lamps)
    assert learnt(wiring) == [(ExampleKind.SAME, other.submission_id, lamp.submission_id, "attach")]


def test_opening_one_of_its_own_says_that_two_are_different(wiring: Wiring, town: Town, lamp: Stored, lamps: int) -> None:
    other = suggested_for(wiring, town, lamps)
    topic_of(wiring, town.zhou_id, "另一处路灯", other)
    assert learnt(wiring) == [(ExampleKind.DIFFERENT, other.submission_id, lamp.submission_id, "attach")]


def test_attaching_elsewhere_says_both(wiring: Wiring, town: Town, lamp: Stored, lamps: int) -> None:
    lift = told(wiring, town.longchi_code, "电梯坏了")
    lifts = topic_of(wiring, town.zhou_id, "电梯", lift)
    other = suggested_for(wiring, town, lamps)
    attach(wiring, town.zhou_id, other, lifts)
    assert learnt(wiring) == [
        (ExampleKind.SAME, other.submission_id, lift.submission_id, "attach"),
        (ExampleKind.DIFFERENT, other.submission_id, lamp.submission_id, "attach"),
    ]


def test_taking_a_decision_back_takes_its_examples_back(wiring: Wiring, town: Town, clock: TestClock, lamps: int) -> None:
    other = suggested_for(wiring, town, lamps)
    topic_of(wiring, town.zhou_id, "另一处路灯", other)
    clock.forward(seconds=5)
    with wiring.sessions.begin() as session:
        who = actor(session, town.zhou_id)
        decide.undo(session, actor=who, submission_id=other.submission_id, workflow=wiring.workflow, undo_seconds=60, at=clock.now())
    assert learnt(wiring) == []
    with wiring.sessions() as session:
        assert [row.undone_at for row in session.scalars(select(TrainingExample))] == [clock.now()]


def test_taking_out_says_different_and_no_longer_same(wiring: Wiring, town: Town, clock: TestClock, lamp: Stored, lamps: int) -> None:
    other = suggested_for(wiring, town, lamps)
    attach(wiring, town.zhou_id, other, lamps)
    clock.forward(days=1)
    held = deciding(wiring, town.zhou_id, other)
    with wiring.sessions.begin() as session:
        decide.detach(session, held, words="不是这里", workflow=wiring.workflow)
    assert learnt(wiring) == [(ExampleKind.DIFFERENT, other.submission_id, lamp.submission_id, "attach")]


def test_declining_says_that_it_was_read(wiring: Wiring, town: Town, lamps: int) -> None:
    other = suggested_for(wiring, town, lamps)
    held = deciding(wiring, town.zhou_id, other)
    with wiring.sessions.begin() as session:
        decide.decline(session, held, reason="not_remit", words="")
    assert learnt(wiring) == [(ExampleKind.SCREEN, other.submission_id, None, "attach")]


def test_merging_says_same_until_it_is_taken_back(wiring: Wiring, town: Town, clock: TestClock, lamp: Stored, lamps: int) -> None:
    other = told(wiring, town.longchi_code, "没有灯")
    away = topic_of(wiring, town.zhou_id, "没有灯", other)
    clock.forward(seconds=5)
    decided(wiring, town.jing_id, away, TopicAction.MERGE, "是一件事", target=lamps)
    assert learnt(wiring) == [(ExampleKind.SAME, other.submission_id, lamp.submission_id, None)]
    clock.forward(seconds=5)
    held = screening(wiring, town.jing_id, away)
    with wiring.sessions.begin() as session:
        unmerge(session, held, words="不是一件事")
    assert learnt(wiring) == []


def test_splitting_says_different_until_it_is_taken_back(wiring: Wiring, town: Town, clock: TestClock, lamp: Stored, lamps: int) -> None:
    lift = told(wiring, town.longchi_code, "电梯坏了")
    attach(wiring, town.zhou_id, lift, lamps)
    clock.forward(seconds=5)
    before = learnt(wiring)
    held = screening(wiring, town.jing_id, lamps)
    with wiring.sessions.begin() as session:
        new = split(session, held, submission_ids=[lift.submission_id], title="电梯", words="两件事").id
    assert learnt(wiring)[len(before) :] == [(ExampleKind.DIFFERENT, lift.submission_id, lamp.submission_id, None)]
    clock.forward(seconds=5)
    held = screening(wiring, town.jing_id, new)
    with wiring.sessions.begin() as session:
        unsplit(session, held, words="一件事")
    assert learnt(wiring) == before


def answering(session: Session, wiring: Wiring, town: Town, proposal: int) -> Answering:
    version = session.get_one(TopicProposal, proposal).version
    return Answering(actor=actor(session, town.jing_id), proposal_id=proposal, version=version, at=wiring.clock.now())


def test_dismissing_a_merge_says_different_until_it_is_taken_back(
    wiring: Wiring, town: Town, clock: TestClock, lamp: Stored, lamps: int
) -> None:
    other = told(wiring, town.longchi_code, "没有灯")
    topics = (lamps, topic_of(wiring, town.zhou_id, "没有灯", other))
    proposal = proposed(wiring, town, ProposalKind.MERGE, topics)
    with wiring.sessions.begin() as session:
        dismiss(session, answering(session, wiring, town, proposal))
    assert learnt(wiring) == [(ExampleKind.DIFFERENT, lamp.submission_id, other.submission_id, "merge")]
    clock.forward(seconds=5)
    with wiring.sessions.begin() as session:
        take_back(session, answering(session, wiring, town, proposal))
    assert learnt(wiring) == []


def test_dismissing_a_split_says_same_of_those_who_stand_in_the_topic(wiring: Wiring, town: Town, clock: TestClock, lamps: int) -> None:
    lifts = [suggested_for(wiring, town, lamps) for _ in range(2)]
    staying = suggested_for(wiring, town, lamps)
    proposal = proposed(wiring, town, ProposalKind.SPLIT, [lamps], submission_ids=[one.submission_id for one in lifts])
    elsewhere = suggested_for(wiring, town, lamps)
    with wiring.sessions.begin() as session:
        for contributor in session.scalars(select(Contributor).where(Contributor.topic_id == lamps)):
            if contributor.status is ContributorStatus.CONFIRMED or contributor.submission_id == elsewhere.submission_id:
                remove(contributor, by=town.zhou_id, at=clock.now())
    before = learnt(wiring)
    with wiring.sessions.begin() as session:
        dismiss(session, answering(session, wiring, town, proposal))
    assert learnt(wiring)[len(before) :] == [(ExampleKind.SAME, lifts[0].submission_id, staying.submission_id, "split")]

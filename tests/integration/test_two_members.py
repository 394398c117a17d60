"""Two people act on the same thing in the same moment: one wins, the other is told, and nobody waits for ever."""

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from intake.domain.contributor import ContributorStatus
from intake.domain.errors import Conflict
from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicAction, TopicState
from intake.domain.triage_result import Verdict
from intake.models import Contributor, Decision, Topic
from intake.services import submission_decide as decide
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.services.topic_screen import propose, screen
from intake.wiring import Wiring
from tests.factories.matters import attach, deciding, screening, taken_up, told, topic_of, topic_row
from tests.factories.sentences import submission_of
from tests.factories.town import Town

Act = Callable[[Session], object]


def at_once(wiring: Wiring, *acts: Act) -> list[Exception | None]:
    """Each act in a thread and a transaction of its own, begun together; how each ended."""
    ready = threading.Barrier(len(acts))
    ended: list[Exception | None] = [None] * len(acts)

    def run(position: int, act: Act) -> None:
        with wiring.sessions() as session:
            ready.wait()
            try:
                act(session)
                session.commit()
            except Exception as error:  # noqa: BLE001 -- whatever it is, the caller's assertion shows it
                session.rollback()
                ended[position] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了")


@pytest.fixture
def topics(wiring: Wiring, town: Town) -> tuple[int, int]:
    """Two candidates with a voice each."""
    return (
        topic_of(wiring, town.zhou_id, "路灯", told(wiring, town.longchi_code, "主路的灯不亮")),
        topic_of(wiring, town.zhou_id, "石板路", told(wiring, town.longchi_code, "石板路坏了")),
    )


def only_conflicts(ended: list[Exception | None]) -> list[Exception]:
    errors = [error for error in ended if error is not None]
    assert all(isinstance(error, Conflict) for error in errors), errors
    return errors


def test_of_two_who_attach_the_same_card_one_wins(
    wiring: Wiring, town: Town, lamp: Stored, topics: tuple[int, int], session: Session
) -> None:
    zhou, laozhou = deciding(wiring, town.zhou_id, lamp), deciding(wiring, town.laozhou_id, lamp)
    ended = at_once(wiring, lambda s: decide.attach(s, zhou, topic_id=topics[0]), lambda s: decide.attach(s, laozhou, topic_id=topics[1]))
    assert len(only_conflicts(ended)) == 1
    confirmed = session.query(Contributor).filter_by(submission_id=lamp.submission_id, status=ContributorStatus.CONFIRMED).one()
    assert confirmed.topic_id == topics[ended.index(None)]
    assert session.query(Decision).filter_by(submission_id=lamp.submission_id).count() == 1
    assert sorted(topic_row(wiring, topic).confirmed_count for topic in topics) == [1, 2]


def test_a_resident_who_withdraws_while_a_member_decides_is_never_lost(
    wiring: Wiring, town: Town, lamp: Stored, topics: tuple[int, int]
) -> None:
    card = deciding(wiring, town.zhou_id, lamp)
    ended = at_once(
        wiring,
        lambda s: decide.attach(s, card, topic_id=topics[0]),
        lambda s: withdraw(s, submission_id=lamp.submission_id, at=wiring.clock.now()),
    )
    assert ended[1] is None
    only_conflicts(ended)
    assert submission_of(wiring, lamp).state is SubmissionState.WITHDRAWN
    assert topic_row(wiring, topics[0]).confirmed_count == 1


def test_two_who_propose_the_same_topic_propose_it_once(wiring: Wiring, town: Town, topics: tuple[int, int], session: Session) -> None:
    zhou, laozhou = screening(wiring, town.zhou_id, topics[0]), screening(wiring, town.laozhou_id, topics[0])
    ended = at_once(wiring, lambda s: propose(s, zhou, words="我提。"), lambda s: propose(s, laozhou, words="我也提。"))
    assert len(only_conflicts(ended)) == 1
    assert session.query(Decision).filter_by(topic_id=topics[0], action="propose").count() == 1


def test_a_voice_that_joins_while_the_topic_is_rejected_is_told_or_told_to_go_elsewhere(
    wiring: Wiring, town: Town, lamp: Stored, topics: tuple[int, int]
) -> None:
    topic = taken_up(wiring, town.jing_id, topics[0])
    card, held = deciding(wiring, town.zhou_id, lamp), screening(wiring, town.jing_id, topic)
    ended = at_once(
        wiring,
        lambda s: decide.attach(s, card, topic_id=topic),
        lambda s: screen(s, held, TopicAction.REJECT, words="已修好。"),
    )
    only_conflicts(ended)
    assert ended[1] is None
    assert topic_row(wiring, topic).state is TopicState.REJECTED
    expected = SubmissionState.REPORTED_BACK if ended[0] is None else SubmissionState.TRIAGED
    assert submission_of(wiring, lamp).state is expected


# The machine suggested each card for the other's topic: both members touch both topics, in opposite order.
@pytest.mark.parametrize("attempt", range(6))
def test_two_cards_that_change_places_do_not_wait_for_each_other(
    wiring: Wiring, town: Town, topics: tuple[int, int], session: Session, attempt: int
) -> None:
    here, there = topics
    cards = [
        told(wiring, town.longchi_code, "东门的灯不亮", verdict=Verdict.ATTACH, topic_id=there),
        told(wiring, town.longchi_code, "西门的石板坏了", verdict=Verdict.ATTACH, topic_id=here),
    ]
    zhou, laozhou = deciding(wiring, town.zhou_id, cards[0]), deciding(wiring, town.laozhou_id, cards[1])
    ended = at_once(wiring, lambda s: decide.attach(s, zhou, topic_id=here), lambda s: decide.attach(s, laozhou, topic_id=there))
    assert ended == [None, None]
    rows = {topic.id: (topic.confirmed_count, topic.suggested_count) for topic in session.query(Topic).filter(Topic.id.in_(topics))}
    assert rows == {here: (2, 0), there: (2, 0)}


@pytest.mark.parametrize("attempt", range(3))
def test_two_who_take_such_a_change_back_do_not_wait_for_each_other_either(
    wiring: Wiring, town: Town, topics: tuple[int, int], session: Session, attempt: int
) -> None:
    here, there = topics
    cards = [
        told(wiring, town.longchi_code, "东门的灯不亮", verdict=Verdict.ATTACH, topic_id=there),
        told(wiring, town.longchi_code, "西门的石板坏了", verdict=Verdict.ATTACH, topic_id=here),
    ]
    attach(wiring, town.zhou_id, cards[0], here)
    attach(wiring, town.laozhou_id, cards[1], there)
    actors = [deciding(wiring, town.zhou_id, cards[0]).actor, deciding(wiring, town.laozhou_id, cards[1]).actor]

    def take_back(position: int) -> Act:
        return lambda s: decide.undo(
            s,
            actor=actors[position],
            submission_id=cards[position].submission_id,
            workflow=wiring.workflow,
            undo_seconds=60,
            at=wiring.clock.now(),
        )

    assert at_once(wiring, take_back(0), take_back(1)) == [None, None]
    rows = {topic.id: (topic.confirmed_count, topic.suggested_count) for topic in session.query(Topic).filter(Topic.id.in_(topics))}
    assert rows == {here: (1, 1), there: (1, 1)}


def somebody_waits(wiring: Wiring) -> bool:
    """Whether a transaction of this database waits for a lock."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    with wiring.sessions() as session:
        return bool(session.scalar(waiting))


def wait_until_somebody_waits(wiring: Wiring) -> None:
    """Return when it does."""
    for _ in range(6000):
        if somebody_waits(wiring):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_a_card_answered_while_its_topic_is_merged_is_missing_from_the_survivors_count(
    wiring: Wiring, town: Town, topics: tuple[int, int]
) -> None:
    merged, survivor = topics
    stored = told(wiring, town.longchi_code, "东门的灯不亮", verdict=Verdict.ATTACH, topic_id=merged)
    card, held = deciding(wiring, town.zhou_id, stored), screening(wiring, town.jing_id, merged)
    with wiring.sessions() as staff:
        screen(staff, held, TopicAction.MERGE, words="同一件事。", target_topic_id=survivor)
        staff.flush()
        ended: list[Exception | None] = []
        member = threading.Thread(target=lambda: ended.extend(at_once(wiring, lambda s: decide.answer(s, card, words="已修好。"))))
        member.start()
        wait_until_somebody_waits(wiring)
        staff.commit()
        member.join()
    assert ended == [None]
    row = topic_row(wiring, survivor)
    assert (row.confirmed_count, row.suggested_count) == (2, 0)

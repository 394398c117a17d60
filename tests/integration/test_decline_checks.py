"""抽查: a sample of members' declines, drawn by number alone, is looked at again by staff; who disagrees takes it up."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from intake.domain.permission import Role
from intake.domain.submission import SubmissionState
from intake.models import Decision, DeclineCheck, Submission
from intake.ports import NullJobQueue
from intake.queries.decline_check import CheckFigures, check_figures, open_checks
from intake.services import submission_decide as decide
from intake.services.appeal import appeal_submission
from intake.services.decline_check import DRAWN_FROM, Checking, agree, disagree, is_drawn
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.hands import recused
from tests.factories.matters import deciding, told
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import escalate


@pytest.fixture(autouse=True)
def in_process(wiring: Wiring) -> Iterator[None]:
    wiring.queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield


@pytest.fixture
def every(wiring: Wiring) -> None:
    """Every decline is looked at again."""
    sampled(wiring, 100)


def sampled(wiring: Wiring, percent: int) -> None:
    wiring.workflow = replace(wiring.workflow, check=replace(wiring.workflow.check, decline_sample_percent=percent))


def declined(wiring: Wiring, town: Town, user_id: int, text: str = "幸福里的路灯坏了", *, words: str = "") -> Stored:
    stored = told(wiring, town.longchi_code, text)
    card = deciding(wiring, user_id, stored)
    with wiring.sessions.begin() as session:
        decide.decline(session, card, reason="already_done", words=words)
    return stored


def drawn(wiring: Wiring) -> list[int]:
    with wiring.sessions() as session:
        return list(session.scalars(select(DeclineCheck.submission_id).order_by(DeclineCheck.id)))


def checking(wiring: Wiring, user_id: int, stored: Stored) -> Checking:
    with wiring.sessions() as session:
        check_id = session.scalars(select(DeclineCheck.id).where(DeclineCheck.submission_id == stored.submission_id)).one()
        return Checking(actor=actor(session, user_id), check_id=check_id, at=wiring.clock.now())


# --- drawing ------------------------------------------------------------------------------------------------------------------------


def test_the_share_is_about_what_was_asked_for_and_always_the_same() -> None:
    numbers = range(1, 20_001)
    for percent in (0, 1, 10, 50, 100):
        share = [number for number in numbers if is_drawn(number, percent=percent)]
        assert abs(len(share) - 200 * percent) <= 100 + percent, percent
        assert share == [number for number in numbers if is_drawn(number, percent=percent)]


@pytest.mark.usefixtures("every")
def test_declines_are_drawn_once_when_they_cannot_be_taken_back_any_more(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = declined(wiring, town, town.zhou_id)
    clock.forward(seconds=wiring.settings.undo_seconds)
    escalate.run()
    assert drawn(wiring) == []
    clock.forward(seconds=1)
    escalate.run()
    escalate.run()
    assert drawn(wiring) == [stored.submission_id]


def test_the_sample_is_what_its_numbers_say(wiring: Wiring, town: Town, clock: TestClock, session: Session) -> None:
    sampled(wiring, 40)
    for number in range(12):
        declined(wiring, town, town.zhou_id, f"第 {number} 件事")
    clock.forward(minutes=5)
    escalate.run()
    decisions = session.execute(select(Decision.id, Decision.submission_id).order_by(Decision.id)).all()
    assert drawn(wiring) == [submission_id for decision_id, submission_id in decisions if is_drawn(decision_id, percent=40)]


@pytest.mark.usefixtures("every")
def test_what_is_no_members_decline_is_not_drawn(wiring: Wiring, town: Town, clock: TestClock) -> None:
    declined(wiring, town, town.jing_id)  # staff
    undone = declined(wiring, town, town.zhou_id)
    with wiring.sessions.begin() as session:
        decide.undo(
            session,
            actor=actor(session, town.zhou_id),
            submission_id=undone.submission_id,
            workflow=wiring.workflow,
            undo_seconds=60,
            at=clock.now(),
        )
    appealed = declined(wiring, town, town.zhou_id)
    with wiring.sessions.begin() as session:
        appeal_submission(session, submission_id=appealed.submission_id, words="还是不亮", at=clock.now())
    answered = told(wiring, town.longchi_code, "路灯坏了")
    card = deciding(wiring, town.zhou_id, answered)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已报修。")
    clock.forward(minutes=5)
    escalate.run()
    assert drawn(wiring) == []


@pytest.mark.usefixtures("every")
def test_a_sample_that_is_switched_on_does_not_bring_up_years(wiring: Wiring, town: Town, clock: TestClock) -> None:
    declined(wiring, town, town.zhou_id)
    clock.forward(seconds=DRAWN_FROM.total_seconds())
    escalate.run()
    assert drawn(wiring) == []


def test_without_a_share_nothing_is_drawn(wiring: Wiring, town: Town, clock: TestClock) -> None:
    sampled(wiring, 0)
    declined(wiring, town, town.zhou_id)
    clock.forward(minutes=5)
    escalate.run()
    assert drawn(wiring) == []


# --- looking ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lamp(wiring: Wiring, town: Town, clock: TestClock, every: None) -> Stored:
    """A decline of 周明远's that was drawn."""
    stored = declined(wiring, town, town.zhou_id, words="上周修好了。")
    clock.forward(minutes=5)
    escalate.run()
    return stored


def test_staff_read_the_matter_and_the_words_and_not_whose_they_are(wiring: Wiring, town: Town, lamp: Stored) -> None:
    with wiring.sessions() as session:
        page = open_checks(session, actor(session, town.jing_id))
        assert [(row.submission_id, row.text, row.reason, row.words) for row in page.rows] == [
            (lamp.submission_id, "幸福里的路灯坏了", "这件事已经办好了", "上周修好了。")
        ]
        assert "周明远" not in str(page)
        for user_id in (town.zhou_id, town.stranger_id, town.li_id):
            assert open_checks(session, actor(session, user_id)).rows == ()


def test_who_agrees_leaves_it_as_it_is(wiring: Wiring, town: Town, lamp: Stored) -> None:
    with wiring.sessions.begin() as session:
        agree(session, checking(wiring, town.jing_id, lamp), words="")
    assert submission_of(wiring, lamp).state is SubmissionState.DECLINED
    with wiring.sessions() as session:
        who = actor(session, town.jing_id)
        assert open_checks(session, who).rows == ()
        assert check_figures(session, who) == CheckFigures(drawn=1, checked=1, agreed=1)
        with pytest.raises(Conflict, match="有人看过了"):
            disagree(session, checking(wiring, town.jing_id, lamp), words="再看看")


def test_who_disagrees_brings_it_to_staff_with_words_for_the_resident(wiring: Wiring, town: Town, lamp: Stored, session: Session) -> None:
    with wiring.sessions() as writing, pytest.raises(InvalidInput) as refused:
        disagree(writing, checking(wiring, town.jing_id, lamp), words=" ")
    assert refused.value.field == "words"
    with wiring.sessions.begin() as writing:
        disagree(writing, checking(wiring, town.jing_id, lamp), words="现场还没有修好。")
    row = submission_of(wiring, lamp)
    assert (row.state, row.owner_id, row.owner_role) == (SubmissionState.REOPENED, town.jing_id, Role.STAFF)
    assert session.scalars(select(Decision.words).order_by(Decision.id.desc())).first() == "现场还没有修好。"
    assert check_figures(session, actor(session, town.jing_id)) == CheckFigures(drawn=1, checked=1, agreed=0)
    with wiring.sessions() as writing, pytest.raises(Forbidden, match="换一位同志"):
        decide.answer(writing, deciding(wiring, town.zhou_id, lamp), words="修好了。")


def test_what_has_moved_on_by_itself_stays_where_it_is(wiring: Wiring, town: Town, lamp: Stored) -> None:
    with wiring.sessions.begin() as session:
        appeal_submission(session, submission_id=lamp.submission_id, words="还是不亮", at=wiring.clock.now())
    version = submission_of(wiring, lamp).version
    with wiring.sessions.begin() as session:
        disagree(session, checking(wiring, town.jing_id, lamp), words="现场还没有修好。")
    assert submission_of(wiring, lamp).version == version


def test_nobody_checks_without_the_permission_in_another_district_or_their_own(wiring: Wiring, town: Town, lamp: Stored) -> None:
    for user_id, refusal in ((town.zhou_id, Forbidden), (town.stranger_id, NotFound), (town.li_id, Forbidden)):
        with wiring.sessions() as session, pytest.raises(refusal):
            agree(session, checking(wiring, user_id, lamp), words="")
    with wiring.sessions.begin() as session:
        check = session.scalars(select(DeclineCheck)).one()
        session.get_one(Decision, check.decision_id).decided_by = town.jing_id
    with wiring.sessions() as session, pytest.raises(Forbidden, match="您自己处理的"):
        agree(session, checking(wiring, town.jing_id, lamp), words="")
    with wiring.sessions() as session:
        assert session.get_one(Submission, lamp.submission_id).state is SubmissionState.DECLINED


def test_who_stepped_back_neither_reads_nor_checks_it(wiring: Wiring, town: Town, lamp: Stored) -> None:
    recused(wiring, town.jing_id, lamp)
    with wiring.sessions() as session:
        assert open_checks(session, actor(session, town.jing_id)).rows == ()
        with pytest.raises(Forbidden, match="您已回避这一件"):
            agree(session, checking(wiring, town.jing_id, lamp), words="")

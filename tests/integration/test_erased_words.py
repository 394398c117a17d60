"""Thirty days after a resident withdrew nothing that was made of their words is left: not in a referral's title, nor in what was issued."""

import pytest

from intake.domain.official_list import Column
from intake.domain.topic import TopicAction
from intake.domain.topic_proposal import ProposalKind
from intake.domain.triage_result import Verdict
from intake.models import Contributor, OfficialList, Referral, Submission, SubmissionPart, Topic, TopicProposal
from intake.queries.official_list import items_of
from intake.services import submission_decide as decide
from intake.services.retention import ERASED, apply_retention
from intake.services.submission_split import split
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.lists import issued, listed
from tests.factories.matters import attach, decided, deciding, proposed, taken_up, told, topic_of
from tests.factories.referrals import assigned, referred, referred_topic
from tests.factories.town import Town


def test_a_withdrawn_matter_is_erased_in_the_list_that_was_issued(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored, other = told(wiring, town.longchi_code, "幸福里2栋路灯不亮"), told(wiring, town.ziwei_code, "紫薇路井盖响")
    for voice in (stored, other):
        assigned(wiring, town, referred(wiring, town, voice))
    list_id = issued(wiring, town, listed(wiring, town))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=clock.now())
    clock.forward(days=31)
    with wiring.sessions.begin() as session:
        apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10)
    with wiring.sessions() as session:
        cells = [item.cells for item in items_of(session, session.get_one(OfficialList, list_id))]
    assert [one[Column.MATTER] for one in cells] == [ERASED, "紫薇路井盖响"]
    assert cells[0][Column.LEAD] == "区城市管理局"


def test_a_topics_referral_keeps_no_title_that_the_topic_lost(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮", verdict=Verdict.OPEN)
    with wiring.sessions() as session:
        topic_id = session.query(Contributor).filter_by(submission_id=stored.submission_id).one().topic_id
    attach(wiring, town.zhou_id, stored, topic_id)
    referral_id = referred_topic(wiring, town, taken_up(wiring, town.jing_id, topic_id))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=clock.now())
    clock.forward(days=31)
    with wiring.sessions.begin() as session:
        apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10)
    with wiring.sessions() as session:
        assert (session.get_one(Topic, topic_id).title, session.get_one(Referral, referral_id).title) == (ERASED, ERASED)


# What was merged into another topic holds nothing any more, and is still named on the other's page.
@pytest.mark.parametrize("others", [0, 1])
def test_a_merged_topic_loses_its_title_with_the_last_words_that_came_by_it(
    wiring: Wiring, town: Town, clock: TestClock, others: int
) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮", verdict=Verdict.OPEN)
    with wiring.sessions() as session:
        topic_id = session.query(Contributor).filter_by(submission_id=stored.submission_id).one().topic_id
    attach(wiring, town.zhou_id, stored, topic_id)
    for _ in range(others):
        attach(wiring, town.zhou_id, told(wiring, town.longchi_code, "灯坏了"), topic_id)
    survivor = topic_of(wiring, town.zhou_id, "幸福里照明", told(wiring, town.longchi_code, "晚上很黑"))
    taken_up(wiring, town.jing_id, topic_id)
    decided(wiring, town.jing_id, topic_id, TopicAction.MERGE, "是同一件事。", target=survivor)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=clock.now())
    clock.forward(days=31)
    with wiring.sessions.begin() as session:
        title = session.get_one(Topic, topic_id).title
        apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10)
    with wiring.sessions() as session:
        assert session.get_one(Topic, topic_id).title == (title if others else ERASED)
        assert session.get_one(Topic, survivor).title == "幸福里照明"


def test_proposals_lose_what_they_quote(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, "幸福里2栋路灯不亮")
    topic = topic_of(wiring, town.zhou_id, "幸福里", stored, told(wiring, town.longchi_code, "晚上很黑"))
    others = [topic_of(wiring, town.zhou_id, title, told(wiring, town.longchi_code, title)) for title in ("井盖响", "井盖松")]
    split_off = proposed(wiring, town, ProposalKind.SPLIT, [topic], submission_ids=[stored.submission_id], reasons=["提到：路灯不亮"])
    beside = proposed(wiring, town, ProposalKind.MERGE, others, reasons=["同一问题：井盖"])
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=clock.now())
    clock.forward(days=31)
    with wiring.sessions.begin() as session:
        apply_retention(session, workflow=wiring.workflow, at=clock.now(), limit=10)
    with wiring.sessions() as session:
        assert session.get_one(TopicProposal, split_off).reasons == []
        assert session.get_one(TopicProposal, beside).reasons == ["同一问题：井盖"]


LID, THANKS = "紫薇路井盖响了半个月。", "谢谢大家关心我们。"


def parted(wiring: Wiring, town: Town, stored: Stored) -> int:
    """Its first sentence leaves as a part; the part's id."""
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        split(session, card, choice={0: 1}, vault=wiring.vault)
    with wiring.sessions() as session:
        return session.query(SubmissionPart).filter_by(parent_id=stored.submission_id).one().submission_id


def test_what_was_called_by_sentences_that_are_taken_back_is_called_by_the_rest(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, f"{LID}打扰了。")
    child_id = parted(wiring, town, stored)
    referral_id = referred(wiring, town, stored)
    assigned(wiring, town, referral_id)
    list_id = issued(wiring, town, listed(wiring, town))
    with wiring.sessions() as session:
        assert "井盖" in session.get_one(Referral, referral_id).title
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=child_id, at=clock.now())
    with wiring.sessions() as session:
        (item,) = items_of(session, session.get_one(OfficialList, list_id))
        assert (session.get_one(Referral, referral_id).title, item.cells[Column.MATTER]) == ("打扰了", "打扰了")


@pytest.mark.parametrize(("title", "then"), [("紫薇路井盖响了半个月", "谢谢大家关心我们"), ("老街的井盖", "老街的井盖")])
def test_a_topic_that_holds_nothing_else_loses_the_title_but_keeps_a_persons_own(
    wiring: Wiring, town: Town, clock: TestClock, title: str, then: str
) -> None:
    stored = told(wiring, town.longchi_code, f"{LID}{THANKS}", verdict=Verdict.OPEN)
    child_id = parted(wiring, town, stored)
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.open_topic(session, card, title=title)
        topic_id = session.query(Contributor).filter_by(submission_id=stored.submission_id).one().topic_id
    referral_id = referred_topic(wiring, town, taken_up(wiring, town.jing_id, topic_id))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=child_id, at=clock.now())
    with wiring.sessions() as session:
        assert (session.get_one(Topic, topic_id).title, session.get_one(Referral, referral_id).title) == (then, then)
        assert LID not in session.get_one(Submission, stored.submission_id).text_masked


def test_the_note_of_what_was_taken_back_names_no_referral(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, f"{LID}好的。")
    child_id = parted(wiring, town, stored)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=child_id, at=clock.now())
    referral_id = referred(wiring, town, stored)
    with wiring.sessions() as session:
        assert session.get_one(Referral, referral_id).title == "好的"


def test_a_topic_that_was_merged_away_is_called_by_the_rest_too(wiring: Wiring, town: Town, clock: TestClock) -> None:
    stored = told(wiring, town.longchi_code, f"{LID}{THANKS}", verdict=Verdict.OPEN)
    child_id = parted(wiring, town, stored)
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.open_topic(session, card, title="紫薇路井盖响了半个月")
        topic_id = session.query(Contributor).filter_by(submission_id=stored.submission_id).one().topic_id
    survivor = topic_of(wiring, town.zhou_id, "井盖", told(wiring, town.longchi_code, "井盖松了"))
    taken_up(wiring, town.jing_id, topic_id)
    decided(wiring, town.jing_id, topic_id, TopicAction.MERGE, "是同一件事。", target=survivor)
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=child_id, at=clock.now())
    with wiring.sessions() as session:
        assert [session.get_one(Topic, one).title for one in (topic_id, survivor)] == ["谢谢大家关心我们", "井盖"]

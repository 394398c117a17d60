"""Thirty days after a resident withdrew nothing that was made of their words is left: not in a referral's title, nor in what was issued."""

from intake.domain.official_list import Column
from intake.domain.triage_result import Verdict
from intake.models import Contributor, OfficialList, Referral, Topic
from intake.queries.official_list import items_of
from intake.services.retention import ERASED, apply_retention
from intake.services.submission_withdraw import withdraw
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.lists import issued, listed
from tests.factories.matters import attach, taken_up, told
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

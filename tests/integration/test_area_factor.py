"""What a message of each community stands for: kept with the community, and with it the corrected heat of topics."""

from intake.domain.contributor import ContributorStatus
from intake.models import Area, Contributor, Topic
from intake.services.area_factor import weigh_communities
from intake.services.contribution import recount, warm
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told, topic_of, topic_row
from tests.factories.town import Town
from tests.integration.jobs import jobs_in_this_process
from workers.jobs import topic_upkeep


def factors(wiring: Wiring, *areas: int) -> list[float]:
    with wiring.sessions() as session:
        return [session.get_one(Area, one).factor for one in areas]


def test_a_community_that_seldom_reports_warms_its_topics_more(wiring: Wiring, town: Town, clock: TestClock) -> None:
    places = (town.longchi_id, town.ziwei_id, town.shiqiao_id)
    with wiring.sessions.begin() as session:
        for area_id in places:
            session.get_one(Area, area_id).residents = 1_000
    quiet = topic_of(wiring, town.zhou_id, "龙池的灯", told(wiring, town.longchi_code, "龙池的灯不亮"))
    loud = topic_of(wiring, town.zhou_id, "紫薇的灯", *(told(wiring, town.ziwei_code, f"紫薇的灯不亮 {one}") for one in range(4)))
    topic_of(wiring, town.shiqiao_member_id, "石桥的灯", *(told(wiring, town.shiqiao_code, f"石桥的灯不亮 {one}") for one in range(4)))
    assert factors(wiring, *places) == [1.0, 1.0, 1.0], "nobody has counted yet"
    assert topic_row(wiring, quiet).heat_corrected == topic_row(wiring, quiet).heat > 0
    with wiring.sessions.begin() as session:
        assert weigh_communities(session, district_id=town.district_id, at=clock.now()) == 1
        assert weigh_communities(session, district_id=town.district_id, at=clock.now()) == 0, "a repeat changes nothing"
    assert factors(wiring, *places) == [2.0, 1.0, 1.0]
    with wiring.sessions.begin() as session:
        recount(session, {quiet, loud}, at=clock.now())
    assert topic_row(wiring, quiet).heat_corrected > topic_row(wiring, quiet).heat
    assert topic_row(wiring, loud).heat_corrected == topic_row(wiring, loud).heat
    # Without voices there is nothing to correct.
    with wiring.sessions.begin() as session:
        session.query(Contributor).filter_by(topic_id=quiet).update({"status": ContributorStatus.REMOVED})
        topic = session.get_one(Topic, quiet)
        warm(session, [topic], at=clock.now())
        assert (topic.heat_corrected, topic.heat) == (0, 0)


def test_upkeep_weighs_every_district_and_takes_it_back_when_it_speaks_up(wiring: Wiring, town: Town, clock: TestClock) -> None:
    with wiring.sessions.begin() as session:
        for area_id in (town.longchi_id, town.ziwei_id, town.shiqiao_id):
            session.get_one(Area, area_id).residents = 1_000
        session.get_one(Area, town.longchi_id).factor = 2.0
    topic = topic_of(wiring, town.zhou_id, "龙池的灯", told(wiring, town.longchi_code, "龙池的灯不亮"))
    with wiring.sessions.begin() as session:
        recount(session, {topic}, at=clock.now())
    before = topic_row(wiring, topic)
    assert before.heat_corrected > before.heat
    for code in (town.ziwei_code, town.shiqiao_code):
        told(wiring, code, "灯不亮")
    clock.forward(hours=7)
    with jobs_in_this_process(wiring):
        topic_upkeep.run()
    assert factors(wiring, town.longchi_id) == [1.0]
    after = topic_row(wiring, topic)
    assert after.heat_corrected == after.heat

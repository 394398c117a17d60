"""转报 of the office, the staff and the member in every mode, as in test_accessible."""

from dataclasses import dataclass

import pytest

from intake.domain.referral import UnitKind
from intake.domain.topic import TopicState
from intake.models import Department, Referral, Topic
from intake.services import referral_department, referral_office
from intake.services.contact_consent import agree
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.referrals import assigned, delivered, referred, referred_topic, replied, signed, step
from tests.factories.town import town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Way:
    """A referral at each turn of its way."""

    sent: int
    disputed: int
    asked: int
    paused: int
    replied: int
    delivered: int
    of_topic: int
    called: int
    measured: int
    """A topic whose measures are added."""
    screened: int
    """A topic that may be referred."""
    card: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Way:
    """One of everything."""
    wiring = site.wiring
    with wiring.sessions() as session:
        town = town_in(session)
    with wiring.sessions.begin() as session:
        second = Department(
            district_id=town.district_id, name="区委办公室", kind=UnitKind.OFFICE, categories=[], created_at=wiring.clock.now()
        )
        session.add(second)

    def refer(text: str) -> int:
        return referred(wiring, town, told(wiring, town.longchi_code, text))

    disputed, paused = assigned(wiring, town, refer("电梯困人，物业不管")), signed(wiring, town, refer("河边的栏杆断了"))
    step(wiring, disputed, town.gao_id, referral_department.dispute, proposed_id=town.homes_id, words="电梯归住建部门。")
    step(wiring, paused, town.fang_id, referral_office.pause, reason="season", words="等汛期过去再施工。")
    asked = signed(wiring, town, refer("门口天天堵车，孩子上学危险"))
    step(wiring, asked, town.gao_id, referral_department.ask_extension, days=5, words="要和交警一起看现场。")
    voices = [told(wiring, town.longchi_code, "幸福里3号楼路灯坏了一个月"), told(wiring, town.ziwei_code, "垃圾桶满了没人收，发臭")]
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", *voices))
    consenting = told(wiring, town.longchi_code, "污水从井盖冒出来", contact="13800000021")
    with wiring.sessions.begin() as session:
        agree(session, submission_id=consenting.submission_id, at=wiring.clock.now())
    measured = topic_of(wiring, town.zhou_id, "加装电梯", told(wiring, town.longchi_code, "想加装电梯，审批太慢"))
    first = refer("幸福里5号楼路灯坏了，晚上看不见路")
    with wiring.sessions.begin() as session:
        session.get_one(Topic, measured).state = TopicState.DELIVERING
        late = session.get_one(Referral, first)
        assert late.due_at is not None
        late.due_at = late.due_at.replace(month=10)
    return Way(
        sent=first,
        disputed=disputed,
        asked=asked,
        paused=paused,
        replied=replied(wiring, town, refer("工地夜里施工，吵得睡不着"), words="您反映的问题我们高度重视，已转有关部门处理。"),
        delivered=delivered(wiring, town, refer("井盖松了，车过就响")),
        of_topic=assigned(wiring, town, referred_topic(wiring, town, topic), helper_ids=(town.homes_id,)),
        called=signed(wiring, town, referred(wiring, town, consenting)),
        measured=measured,
        screened=taken_up(
            wiring, town.jing_id, topic_of(wiring, town.zhou_id, "夜间噪声", told(wiring, town.longchi_code, "跳舞音响太吵"))
        ),
        card=told(wiring, town.longchi_code, "楼道灯坏了，老人摔过跤").submission_id,
    )


PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "answers to check": ("zhou", at("/m/referrals?part=check")),
    "referrals under way": ("zhou", at("/m/referrals?part=open")),
    "referrals ended": ("zhou", at("/m/referrals?part=ended")),
    "nothing to check": ("hemiao", at("/m/referrals?part=check")),
    "answer to check": ("zhou", unfolded(lambda seen: f"/m/referrals/{seen.replied}")),
    "answer with an error": ("zhou", sent(lambda seen: f"/m/referrals/{seen.replied}", "/send-back", words="")),
    "disputed": ("zhou", at(lambda seen: f"/m/referrals/{seen.disputed}")),
    "paused": ("zhou", at(lambda seen: f"/m/referrals/{seen.paused}")),
    "delivered": ("zhou", unfolded(lambda seen: f"/m/referrals/{seen.delivered}")),
    "queue with answers": ("zhou", at("/m")),
    "card with offices": ("zhou", at(lambda seen: f"/m/cards/{seen.card}?panel=refer")),
}
DESK_PAGES: dict[str, tuple[str, Open]] = {
    "office": ("fangmin", at("/o")),
    "office with what is late": ("fangmin", at("/o?tab=assigned")),
    "office without any": ("fangmin", at("/o?q=没有这个")),
    "to assign": ("fangmin", unfolded(lambda seen: f"/o/referrals/{seen.sent}")),
    "to assign with an error": ("fangmin", sent(lambda seen: f"/o/referrals/{seen.sent}", "/assign", lead="")),
    "to decide": ("fangmin", unfolded(lambda seen: f"/o/referrals/{seen.disputed}")),
    "to decide with an error": ("fangmin", sent(lambda seen: f"/o/referrals/{seen.disputed}", "/dispute", words="")),
    "time asked": ("fangmin", unfolded(lambda seen: f"/o/referrals/{seen.asked}")),
    "standing still": ("fangmin", unfolded(lambda seen: f"/o/referrals/{seen.paused}")),
    "of a topic": ("fangmin", unfolded(lambda seen: f"/o/referrals/{seen.of_topic}")),
    "followed": ("wangjing", at("/d/referrals")),
    "followed, none found": ("wangjing", at("/d/referrals?q=没有这个")),
    "checked by staff": ("wangjing", unfolded(lambda seen: f"/d/referrals/{seen.replied}")),
    "checked with an error": ("wangjing", sent(lambda seen: f"/d/referrals/{seen.replied}", "/send-back", words="")),
    "paper": ("wangjing", unfolded(lambda seen: f"/d/referrals/{seen.asked}")),
    "paper with an error": ("wangjing", sent(lambda seen: f"/d/referrals/{seen.asked}", "/paper-reply", words="")),
    "delivered": ("wangjing", unfolded(lambda seen: f"/d/referrals/{seen.delivered}")),
    "to look at again": ("wangjing", at("/d/revisits")),
    "home with referrals": ("wangjing", at("/d")),
    "topic with measures": ("wangjing", unfolded(lambda seen: f"/d/topics/{seen.measured}")),
    "measure with an error": ("wangjing", sent(lambda seen: f"/d/topics/{seen.measured}", "/responsibilities", title="")),
    "topic with offices": ("wangjing", unfolded(lambda seen: f"/d/topics/{seen.screened}")),
    "who may be called": ("gaoqiang", at(lambda seen: f"/dept/referrals/{seen.called}/contacts")),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Way, site: Site) -> None:
    login, open_page = PHONE_PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Way, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)

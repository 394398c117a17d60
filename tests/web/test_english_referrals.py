"""Referrals in English: nothing on their pages is Chinese beside what people wrote."""

import pytest
from flask import Flask

from intake.models import Referral
from intake.services import referral_check, referral_department, referral_office
from intake.services.contact_consent import agree
from intake.wiring import Wiring
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.referrals import assigned, delivered, referred, referred_topic, replied, signed, step
from tests.factories.town import Town
from tests.web.pages import Person, sign_in
from tests.web.test_english import english, left_in_chinese, only_english

SAID = "污水从井盖冒出来"
WRITTEN = (
    SAID,
    "请城管部门修灯。",
    "请于期限内答复。",
    "九盏灯已全部换好，今后每月巡查一次。",
    "夜间施工，未拍照。",
    "请写的话",
    "不用协商",
)


def person(app: Flask, login: str) -> Person:
    return english(sign_in(app.test_client(), login))


@pytest.fixture
def ways(wiring: Wiring, town: Town) -> dict[str, int]:
    """A referral at each turn."""

    def refer() -> int:
        return referred(wiring, town, told(wiring, town.longchi_code, SAID))

    disputed, asked, paused, back = assigned(wiring, town, refer()), signed(wiring, town, refer()), signed(wiring, town, refer()), refer()
    step(wiring, disputed, town.gao_id, referral_department.dispute, proposed_id=town.homes_id, words="请写的话")
    step(wiring, asked, town.gao_id, referral_department.ask_extension, days=5, words="请写的话")
    step(wiring, paused, town.fang_id, referral_office.pause, reason="season", words="请写的话")
    step(wiring, back, town.fang_id, referral_office.hand_back, reason="unclear", words="请写的话")
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, SAID)))
    sent_back = replied(wiring, town, refer())
    step(wiring, sent_back, town.zhou_id, referral_check.send_back, words="请写的话")
    return {
        "sent": refer(),
        "disputed": disputed,
        "asked": asked,
        "paused": paused,
        "back": back,
        "sent_back": sent_back,
        "replied": replied(wiring, town, refer()),
        "delivered": delivered(wiring, town, refer()),
        "topic": assigned(wiring, town, referred_topic(wiring, town, topic, words="不用协商"), helper_ids=(town.homes_id,)),
    }


def test_the_offices_pages(app: Flask, ways: dict[str, int]) -> None:
    tabs = [f"/o?tab={tab}" for tab in ("sent", "accepted", "disputed", "extensions", "assigned", "replied", "delivered")]
    only_english(person(app, "fangmin").client, "/o?q=x", *tabs, *(f"/o/referrals/{one}" for one in ways.values()), written=WRITTEN)


def test_the_staffs_pages(app: Flask, ways: dict[str, int]) -> None:
    lists = ("/d/referrals", "/d/referrals?state=all", "/d/referrals?q=x", "/d/revisits")
    only_english(person(app, "wangjing").client, *lists, *(f"/d/referrals/{one}" for one in ways.values()), written=WRITTEN)


def test_the_members_pages(app: Flask, ways: dict[str, int]) -> None:
    parts = [f"/m/referrals?part={part}" for part in ("check", "open", "ended")]
    only_english(person(app, "zhou").client, *parts, *(f"/m/referrals/{one}" for one in ways.values()), written=WRITTEN)


def test_the_contacts_of_a_unit(app: Flask, wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, SAID, contact="13800000021")
    referral = signed(wiring, town, referred(wiring, town, stored))
    gao = person(app, "gaoqiang")
    only_english(gao.client, f"/dept/referrals/{referral}/contacts", written=WRITTEN)
    with wiring.sessions.begin() as session:
        agree(session, submission_id=stored.submission_id, at=wiring.clock.now())
    only_english(gao.client, f"/dept/referrals/{referral}/contacts", written=WRITTEN)
    refused = gao.press(f"/dept/referrals/{referral}/contacts", f"/contacts/{stored.submission_id}", reason="")
    assert refused.status_code == 422
    assert left_in_chinese(refused, *WRITTEN) == []


# What is refused is said in English too.
@pytest.mark.parametrize(
    ("login", "way", "act", "fields", "says"),
    [
        ("fangmin", "sent", "/assign", {"lead": "", "words": ""}, "Please choose a unit."),
        ("fangmin", "sent", "/assign", {"lead": "2", "words": "x" * 501}, "At most 500 characters"),
        ("fangmin", "disputed", "/dispute", {"decision": "uphold", "words": ""}, "Please give a reason"),
        ("fangmin", "paused", "/resume", {"version": "1"}, "Somebody has just handled this"),
        ("wangjing", "replied", "/send-back", {"words": ""}, "Nothing is written here yet"),
        ("zhou", "replied", "/send-back", {"words": ""}, "Nothing is written here yet"),
    ],
)
def test_a_refusal(app: Flask, ways: dict[str, int], login: str, way: str, act: str, fields: dict[str, str], says: str) -> None:
    shelf = {"fangmin": "/o", "wangjing": "/d", "zhou": "/m"}[login]
    refused = person(app, login).press(f"{shelf}/referrals/{ways[way]}", act, **fields)
    assert refused.status_code in {409, 422}
    assert says in refused.get_data(as_text=True)
    assert left_in_chinese(refused, *WRITTEN) == []


def test_another_kind_of_unit_is_named(app: Flask, wiring: Wiring, town: Town, ways: dict[str, int]) -> None:
    refused = person(app, "fangmin").press(f"/o/referrals/{ways['sent']}", "/assign", lead=str(town.office_id), words="")
    assert refused.status_code == 422
    assert left_in_chinese(refused, *WRITTEN) == []
    with wiring.sessions() as session:
        assert session.get_one(Referral, ways["sent"]).lead_id is None

"""推广链接: made on the desk, tapped by a mass push, carried through the form, counted day by day."""

import csv
import io
import threading
from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.domain.point import PointState
from intake.models import AuditEntry, Campaign, CampaignCount, IntakePoint, Submission
from intake.services.campaign import CampaignMark, campaign_mark, read_mark
from intake.wiring import Wiring
from tests.factories.administrators import street_administrator
from tests.factories.clock import TestClock
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost, statements

PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 MicroMessenger/8.0"}


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    """王静, 区政协工作人员."""
    return sign_in(client, "wangjing")


@pytest.fixture
def resident(app: Flask) -> FlaskClient:
    """Somebody's phone."""
    return app.test_client()


def post(person: Person, path: str, data: Mapping[str, object] = {}, /, **more: object) -> TestResponse:
    token = hidden(person.client.get("/sign-in").get_data(as_text=True), "csrf_token")
    return person.client.post(path, data={"csrf_token": token, **data, **more})


def facts(town: Town, **change: str) -> dict[str, str]:
    return {
        "name": "十一月征集",
        "partner": "应城通",
        "area": str(town.district_id),
        "point_code": "",
        "starts_on": "2026-11-03",
        "ends_on": "",
        **change,
    }


def made(jing: Person, wiring: Wiring, town: Town, **change: str) -> Campaign:
    answer = post(jing, "/d/campaigns/new", facts(town, **change))
    assert answer.status_code == 303, words_of(answer)
    with wiring.sessions() as session:
        return session.query(Campaign).order_by(Campaign.id.desc()).first()  # type: ignore[return-value]  # just made


def counted(wiring: Wiring) -> tuple[int, int, int]:
    with wiring.sessions() as session:
        rows = session.query(CampaignCount).all()
        return sum(row.opened for row in rows), sum(row.formed for row in rows), sum(row.sent for row in rows)


def test_a_code_that_no_poster_can_hold_is_refused_beside_its_field(jing: Person, town: Town) -> None:
    answer = post(jing, "/d/campaigns/new", facts(town, point_code="a\x00b"))
    assert answer.status_code == 422
    assert "没有这个编码的直报点" in words_of(answer)


def test_a_link_to_one_point_leads_to_its_form_and_is_counted_to_the_end(
    jing: Person, resident: FlaskClient, wiring: Wiring, town: Town
) -> None:
    campaign = made(jing, wiring, town, point_code=town.longchi_code)
    tapped = resident.get(f"/c/{campaign.code}", headers=PHONE)
    assert tapped.status_code == 303
    assert tapped.headers["Cache-Control"] == "no-store"
    form = resident.get(tapped.location, headers=PHONE).get_data(as_text=True)
    assert counted(wiring) == (1, 1, 0)
    sent = {"key": hidden(form, "key"), "c": hidden(form, "c"), "text": "幸福里路灯不亮"}
    assert resident.post(f"/p/{town.longchi_code}", data=sent, headers=PHONE).status_code == 303
    assert counted(wiring) == (1, 1, 1)
    with wiring.sessions() as session:
        assert session.query(Submission).one().campaign_id == campaign.id
    # The same send again is the same submission.
    resident.post(f"/p/{town.longchi_code}", data=sent, headers=PHONE)
    assert counted(wiring) == (1, 1, 1)


def test_what_was_typed_wrong_keeps_the_campaign_and_counts_no_form(
    jing: Person, resident: FlaskClient, wiring: Wiring, town: Town
) -> None:
    campaign = made(jing, wiring, town, point_code=town.longchi_code)
    form = resident.get(resident.get(f"/c/{campaign.code}").location).get_data(as_text=True)
    data = {"key": hidden(form, "key"), "c": hidden(form, "c")}
    refused = resident.post(f"/p/{town.longchi_code}", data={**data, "text": ""})
    assert refused.status_code == 422
    again = {name: hidden(refused.get_data(as_text=True), name) for name in ("key", "c")}
    assert resident.post(f"/p/{town.longchi_code}", data={**again, "text": "路灯不亮了"}).status_code == 303
    assert counted(wiring) == (1, 1, 1)


def test_a_link_to_an_area_lets_the_resident_pick(jing: Person, resident: FlaskClient, wiring: Wiring, town: Town) -> None:
    campaign = made(jing, wiring, town)
    page = resident.get(f"/c/{campaign.code}")
    html = page.get_data(as_text=True)
    assert page.status_code == 200
    assert len(page.data) <= 15_000
    assert "龙池社区" in html
    assert "石桥社区" in html
    found = resident.get(f"/c/{campaign.code}?q=丰山").get_data(as_text=True)
    assert "龙池社区" in found
    assert "石桥社区" not in found
    assert "没有找到" in words_of(resident.get(f"/c/{campaign.code}?q=不存在的"))
    resident.get(f"/c/{campaign.code}?care=1")
    # Searching isn't another tap, nor is larger print.
    assert counted(wiring) == (1, 0, 0)
    link = html.split(f"/p/{town.longchi_code}?c=", 1)[1].split('"', 1)[0]
    resident.get(f"/p/{town.longchi_code}?c={link}")
    assert counted(wiring) == (1, 1, 0)


def test_a_street_s_link_offers_only_its_points_and_only_open_ones(jing: Person, resident: FlaskClient, wiring: Wiring, town: Town) -> None:
    campaign = made(jing, wiring, town, area=str(town.street_id))
    with wiring.sessions.begin() as session:
        session.query(IntakePoint).filter_by(code=town.ziwei_code).one().state = PointState.PAUSED
    page = words_of(resident.get(f"/c/{campaign.code}"))
    assert "龙池社区" in page
    assert "紫薇社区" not in page
    assert "石桥社区" not in page


def test_a_page_of_many_points_stays_small(jing: Person, resident: FlaskClient, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        for number in range(80):
            session.add(
                IntakePoint(
                    district_id=town.district_id,
                    area_id=town.longchi_id,
                    code=f"many{number:06d}",
                    kind="community",
                    state=PointState.ACTIVE,
                    name=f"龙池社区第 {number} 小区",
                    closed_note="",
                    poster_version=1,
                    version=1,
                    created_at=wiring.clock.now(),
                    helper_name="",
                    helper_phone="",
                    helper_hours="",
                )
            )
    campaign = made(jing, wiring, town)
    first = resident.get(f"/c/{campaign.code}")
    assert len(first.data) <= 15_000
    following = first.get_data(as_text=True).split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "第 40 小区" in words_of(resident.get(following))
    assert counted(wiring) == (1, 0, 0)


# What isn't a tap: HEAD, fetching ahead, and programs that say that they are some.
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", PHONE),
        ("GET", {**PHONE, "Purpose": "prefetch"}),
        ("GET", {**PHONE, "Sec-Purpose": "prefetch;prerender"}),
        ("GET", {**PHONE, "X-Moz": "prefetch"}),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; examplebot/2.1)"}),
    ],
)
def test_what_is_no_tap_isn_t_counted(
    jing: Person, resident: FlaskClient, wiring: Wiring, town: Town, method: str, headers: dict[str, str]
) -> None:
    campaign = made(jing, wiring, town, point_code=town.longchi_code)
    answer = resident.open(f"/c/{campaign.code}", method=method, headers=headers)
    assert answer.status_code == 303
    resident.open(answer.location, method=method, headers=headers)
    assert counted(wiring) == (0, 0, 0)


def test_an_ended_link_says_so_and_where_else_to_go(
    jing: Person, resident: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    campaign = made(jing, wiring, town, point_code=town.longchi_code)
    resident.get(f"/c/{campaign.code}")
    assert "已结束。点链接的人会看到" in words_of(jing.press(f"/d/campaigns/{campaign.id}", "/end"))
    clock.forward(seconds=11)
    over = resident.get(f"/c/{campaign.code}")
    assert over.status_code == 410
    assert "这个链接已经结束" in words_of(over)
    assert "查回执" in words_of(over)
    assert counted(wiring)[0] == 1
    again = post(jing, f"/d/campaigns/{campaign.id}/end", version=campaign.version)
    assert again.status_code == 409
    with wiring.sessions() as session:
        assert session.query(AuditEntry).filter_by(action="campaign.end").count() == 1


def test_a_link_ends_by_itself_after_its_last_day_in_shanghai(
    jing: Person, resident: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    campaign = made(jing, wiring, town, ends_on="2026-11-03")
    clock.forward(hours=14, minutes=59)  # 23:59 there
    assert resident.get(f"/c/{campaign.code}").status_code == 200
    clock.forward(minutes=1)
    assert resident.get(f"/c/{campaign.code}").status_code == 410


@pytest.mark.parametrize("path", ["/c/unknowncode", "/c/%00abc", "/c/" + "a" * 60, "/c/a-b"])
def test_an_unknown_code_says_so_and_where_else_to_go(resident: FlaskClient, town: Town, path: str) -> None:
    answer = resident.get(path)
    assert answer.status_code == 404
    assert "没有这个链接" in words_of(answer)


def test_a_number_under_the_same_address_is_still_an_area_s_page(resident: FlaskClient, jing: Person, wiring: Wiring, town: Town) -> None:
    assert "云栖区" in words_of(resident.get(f"/c/{town.district_id}"))
    assert made(jing, wiring, town).code[0].isalpha()


def test_a_link_to_a_point_that_closed_lets_the_resident_pick_another(
    jing: Person, resident: FlaskClient, wiring: Wiring, town: Town
) -> None:
    campaign = made(jing, wiring, town, point_code=town.longchi_code)
    with wiring.sessions.begin() as session:
        session.query(IntakePoint).filter_by(code=town.longchi_code).one().state = PointState.PAUSED
    assert resident.get(f"/c/{campaign.code}").status_code == 200


# Forged, cut, another district's: the form works, and nothing is counted for anybody.
def test_a_forged_mark_is_forgotten_and_the_form_works(resident: FlaskClient, jing: Person, wiring: Wiring, town: Town) -> None:
    campaign = made(jing, wiring, town)
    good = campaign_mark(wiring.vault, CampaignMark(campaign.id, town.district_id))
    assert read_mark(wiring.vault, good, district_id=town.district_id) == CampaignMark(campaign.id, town.district_id)
    foreign = campaign_mark(wiring.vault, CampaignMark(campaign.id, town.district_id + 1))
    for mark in ("x", good[:-2], "B" + good[1:], "é" * 43, "A" * 43, "A" * 500, foreign):
        page = resident.get(f"/p/{town.longchi_code}", query_string={"c": mark})
        assert page.status_code == 200
        assert 'name="c"' not in page.get_data(as_text=True), mark
        data = {"key": hidden(page.get_data(as_text=True), "key"), "text": f"路灯不亮 {mark[:3]}", "c": mark}
        assert resident.post(f"/p/{town.longchi_code}", data=data).status_code == 303
    assert counted(wiring) == (0, 0, 0)
    with wiring.sessions() as session:
        assert {row.campaign_id for row in session.query(Submission)} == {None}


def test_a_tap_costs_two_statements_at_most_and_the_form_one_more_than_without(
    jing: Person, resident: FlaskClient, wiring: Wiring, town: Town
) -> None:
    campaign = made(jing, wiring, town, point_code=town.longchi_code)
    form = resident.get(f"/c/{campaign.code}").location
    with statements(wiring) as sent:
        resident.get(f"/c/{campaign.code}")
    assert len(sent) == 1, "the link is remembered, the tap is one statement"
    plain = cost(wiring, resident, f"/p/{town.longchi_code}", "龙池社区")
    assert cost(wiring, resident, form, "龙池社区") == plain + 1


def test_taps_at_once_are_all_counted_on_several_rows(jing: Person, app: Flask, wiring: Wiring, town: Town) -> None:
    campaign = made(jing, wiring, town, point_code=town.longchi_code)

    def tap() -> None:
        phone = app.test_client()
        for _ in range(25):
            assert phone.get(f"/c/{campaign.code}", headers=PHONE).status_code == 303

    threads = [threading.Thread(target=tap) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(wiring)[0] == 100
    with wiring.sessions() as session:
        assert session.query(CampaignCount).count() > 8


# --- the desk --------------------------------------------------------------------------------------------------------------------------


def test_its_page_has_what_the_partner_needs(jing: Person, wiring: Wiring, town: Town) -> None:
    campaign = made(jing, wiring, town)
    html = jing.get(f"/d/campaigns/{campaign.id}").get_data(as_text=True)
    assert f"https://zhibao.example/c/{campaign.code}" in html
    assert "<svg" in html
    assert "阅读原文" in html
    assert "不是人数" in html
    assert jing.get(f"/d/campaigns/{campaign.id}/code.png").data.startswith(b"\x89PNG")


def test_the_funnel_is_told_day_by_day_in_shanghai(
    jing: Person, resident: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    campaign = made(jing, wiring, town)
    for _ in range(3):
        resident.get(f"/c/{campaign.code}")
    clock.forward(hours=16)  # past midnight there, the same day in UTC
    resident.get(f"/c/{campaign.code}")
    jing = sign_in(jing.client, "wangjing")  # hers ended overnight
    rows = list(csv.reader(io.StringIO(jing.get(f"/d/campaigns/{campaign.id}/funnel.csv").get_data(as_text=True).removeprefix("\ufeff"))))
    assert rows[5:] == [["2026-11-04", "1", "0", "0"], ["2026-11-03", "3", "0", "0"], ["合计", "4", "0", "0"]]
    assert "4" in words_of(jing.get("/d/campaigns"))


def test_a_name_that_is_a_formula_is_quoted_in_the_file(jing: Person, wiring: Wiring, town: Town) -> None:
    campaign = made(jing, wiring, town, name="=HYPERLINK(1)", partner="+1")
    text = jing.get(f"/d/campaigns/{campaign.id}/funnel.csv").get_data(as_text=True)
    assert ",'=HYPERLINK(1)" in text
    assert ",'+1" in text


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        ({"name": " "}, "请给这次推广起个名字"),
        ({"partner": ""}, "请写放在谁的公众号"),
        ({"area": ""}, "请选择这次推广面向哪个区域"),
        ({"starts_on": "tomorrow"}, "请选从哪天开始"),
        ({"ends_on": "2026-11-02"}, "最后一天比第一天还早"),
        ({"starts_on": "2026-10-01", "ends_on": "2026-10-02"}, "最后一天已经过了"),
        ({"ends_on": "soon"}, "最后一天写得不对"),
        ({"point_code": "nosuchcode"}, "没有这个编码的直报点"),
        ({"name": "名" * 41}, "最多 40 个字"),
    ],
)
def test_what_is_wrong_comes_back_with_its_cure(jing: Person, wiring: Wiring, town: Town, change: dict[str, str], cure: str) -> None:
    answer = post(jing, "/d/campaigns/new", facts(town, **change))
    assert answer.status_code == 422
    assert cure in words_of(answer)
    with wiring.sessions() as session:
        assert session.query(Campaign).count() == 0


def test_a_point_s_page_leads_to_a_link_for_it(jing: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions() as session:
        point = session.query(IntakePoint).filter_by(code=town.longchi_code).one()
    link = f"/d/campaigns/new?area={point.area_id}&point={town.longchi_code}"
    assert link.replace("&", "&amp;") in jing.get(f"/d/points/{point.id}").get_data(as_text=True)
    form = jing.get(link).get_data(as_text=True)
    assert f'value="{town.longchi_code}"' in form
    assert f'<option value="{point.area_id}" selected>' in form


def test_a_point_outside_the_chosen_area_is_refused(jing: Person, town: Town) -> None:
    answer = post(jing, "/d/campaigns/new", facts(town, area=str(town.ziwei_id), point_code=town.longchi_code))
    assert "没有这个编码的直报点" in words_of(answer)


def test_fences(app: Flask, jing: Person, wiring: Wiring, town: Town) -> None:
    campaign = made(jing, wiring, town)
    stranger = sign_in(app.test_client(), "sunyi")
    assert stranger.get(f"/d/campaigns/{campaign.id}").status_code == 404
    assert stranger.get(f"/d/campaigns/{campaign.id}/funnel.csv").status_code == 404
    assert post(stranger, f"/d/campaigns/{campaign.id}/end", version=1).status_code == 404
    assert "十一月征集" not in words_of(stranger.get("/d/campaigns"))
    street_administrator(wiring, town.street_id)
    gu = sign_in(app.test_client(), "guning")
    assert gu.get(f"/d/campaigns/{campaign.id}").status_code == 403
    assert post(gu, f"/d/campaigns/{campaign.id}/end", version=1).status_code == 403
    assert post(gu, "/d/campaigns/new", facts(town)).status_code == 403
    assert post(gu, "/d/campaigns/new", facts(town, area=str(town.street_id))).status_code == 303


def test_the_list_goes_on_page_by_page_and_costs_the_same(jing: Person, wiring: Wiring, town: Town) -> None:
    made(jing, wiring, town)
    one = cost(wiring, jing, "/d/campaigns", "应城通")
    for number in range(35):
        made(jing, wiring, town, name=f"第 {number} 次")
    assert cost(wiring, jing, "/d/campaigns", "第 34 次") == one
    html = jing.get("/d/campaigns").get_data(as_text=True)
    following = html.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "十一月征集" in words_of(jing.get(following))
    assert "第 3 次" in words_of(jing.get("/d/campaigns?q=第 3 次"))

"""每日提醒与休假: what stands on the first page until it is read, and what somebody chooses for themselves."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake.models import User
from intake.services import digest as service
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.duty import facts, shift, station
from tests.factories.matters import told
from tests.factories.referrals import referred, replied, signed
from tests.factories.town import Town
from tests.web.pages import Person, sign_in, words_of
from tests.web.test_query_counts import cost

PATH = "/account/digest"


@pytest.fixture
def gao(client: FlaskClient, town: Town) -> Person:
    """高强, of 区城市管理局."""
    return sign_in(client, "gaoqiang")


def write(wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        service.write_digests(session, district_id=town.district_id, workflow=wiring.workflow, at=wiring.clock.now())


def test_it_stands_on_the_desks_first_page_until_it_is_read(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    replied(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "幸福里2栋路灯不亮")))
    clock.forward(days=1)
    jing = sign_in(client, "wangjing")
    assert "的提醒" not in words_of(jing.get("/d"))
    write(wiring, town)
    page = words_of(jing.get("/d"))
    assert "11 月 4 日的提醒" in page
    assert "快到期 1" in page
    assert "还剩 2 个工作日" in page
    after = jing.press("/d", "/read")
    assert "的提醒" not in words_of(after)
    assert "的提醒" not in words_of(jing.get("/d"))


def test_a_member_meets_todays_shift_on_the_queue_until_it_is_read(
    client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    zhou, today = sign_in(client, "zhou"), clock.now().date()
    shift(wiring, town.jing_id, facts(station(wiring, town.street_id), town.zhou_id, today))
    assert "今天值班" not in words_of(zhou.get("/m"))
    write(wiring, town)
    assert "今天值班 09:00–11:00 丰山委员工作站" in words_of(zhou.get("/m"))
    zhou.press("/m/referrals", "/read")
    assert "今天值班" not in words_of(zhou.get("/m"))


def test_nobody_reads_another_persons_digest(app: Flask, client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    replied(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "幸福里2栋路灯不亮")))
    clock.forward(days=1)
    write(wiring, town)
    jing = sign_in(client, "wangjing")
    path = jing.get("/d").get_data(as_text=True).split('action="/account/digest/')[1].split('"')[0]
    zhou = sign_in(app.test_client(), "zhou")
    token = zhou.get(PATH).get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    assert zhou.client.post(f"/account/digest/{path}", data={"csrf_token": token}).status_code == 303
    assert "的提醒" in words_of(jing.get("/d"))


def test_the_first_page_costs_as_much_for_one_as_for_twenty(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    costs = []
    for number in range(20):
        replied(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, f"第 {number} 盏灯不亮")))
        if number in {0, 19}:
            clock.forward(days=1)
            write(wiring, town)
            costs.append(cost(wiring, sign_in(client, "wangjing"), "/d", "的提醒"))
    assert costs[0] == costs[1]


def test_whether_to_be_told_is_ones_own_choice(gao: Person, wiring: Wiring, town: Town) -> None:
    page = words_of(gao.get(PATH))
    assert "现在：每天提醒我。" in page
    assert "不发短信，也不发邮件" in page
    assert "现在：不提醒我。" in words_of(gao.press(PATH, PATH))
    with wiring.sessions() as session:
        assert not session.get_one(User, town.gao_id).wants_digest
        assert session.get_one(User, town.sun_id).wants_digest
    assert "现在：每天提醒我。" in words_of(gao.press(PATH, PATH))


def test_a_leave_names_a_colleague_and_ends_by_itself(gao: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    signed(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "路灯不亮")))
    last = clock.now().date() + timedelta(days=6)
    done = words_of(gao.press(PATH, "/account/away", last_day=last.isoformat(), stand_in=str(town.sun_id)))
    assert "休假已登记" in done
    assert "您休假到 11 月 9 日，由孙丽代办" in done
    clock.forward(days=7)
    gao = sign_in(gao.client, "gaoqiang")
    assert "登记休假" in words_of(gao.get(PATH))


@pytest.mark.parametrize(
    ("last_day", "stand_in", "sentence"),
    [
        ("", "sun_id", "请选择休假的最后一天"),
        ("2026-11-02", "sun_id", "请选择休假的最后一天"),
        ("next week", "sun_id", "请选择休假的最后一天"),
        ("2026-11-09", "", "请选一位本单位在岗的同事代办"),
        ("2026-11-09", "wu_id", "请选一位本单位在岗的同事代办"),
    ],
)
def test_a_leave_with_a_mistake_keeps_what_was_chosen(gao: Person, town: Town, last_day: str, stand_in: str, sentence: str) -> None:
    answer = gao.press(PATH, "/account/away", last_day=last_day, stand_in=str(getattr(town, stand_in)) if stand_in else "")
    assert answer.status_code == 422
    assert sentence in words_of(answer)
    if last_day:
        assert f'value="{last_day}"' in answer.get_data(as_text=True)


def test_one_who_comes_back_early_says_so(gao: Person, town: Town) -> None:
    gao.press(PATH, "/account/away", last_day="2026-11-20", stand_in=str(town.sun_id))
    assert "已销假" in words_of(gao.press(PATH, "/account/back"))


def test_members_choose_reminders_and_have_no_unit_to_leave(app: Flask, town: Town) -> None:
    zhou = words_of(sign_in(app.test_client(), "zhou").get(PATH))
    assert "每日提醒" in zhou
    assert "谁代办" not in zhou
    assert sign_in(app.test_client(), "chenli").client.get(PATH).status_code == 403


# An administrator says it for whoever fell ill.
def test_an_administrator_enters_a_leave(app: Flask, client: FlaskClient, wiring: Wiring, town: Town) -> None:
    chen = sign_in(client, "chenli")
    path = f"/d/people/{town.gao_id}"
    wrong = chen.press(path, "/away", last_day="2026-11-20", stand_in="")
    assert wrong.status_code == 422
    assert "请选一位本单位在岗的同事代办" in words_of(wrong)
    done = words_of(chen.press(path, "/away", last_day="2026-11-20", stand_in=str(town.sun_id)))
    assert "休假到 11 月 20 日，由孙丽代办" in done
    assert "登记休假" in done
    assert "已销假" in words_of(chen.press(path, "/back"))
    assert "登记休假" not in words_of(chen.get(f"/d/people/{town.zhou_id}"))


def test_units_are_chosen_by_kind(client: FlaskClient, town: Town) -> None:
    chen = sign_in(client, "chenli")
    for path in ("/d/people/new", "/d/people/invitations/new", f"/d/people/{town.gao_id}"):
        html = chen.get(path).get_data(as_text=True)
        answering, assigning = html.split('<optgroup label="承办单位">')[1].split('<optgroup label="交办机关">')
        assert "区城市管理局" in answering.split("</optgroup>")[0]
        assert "区政府办公室" in assigning.split("</optgroup>")[0]

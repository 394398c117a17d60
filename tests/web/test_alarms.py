"""紧急呼叫 on the pages: the line on top for whoever is called, the list with its timed looks, taking it and saying what was done."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.actor import MACHINE
from intake.domain.permission import Role
from intake.domain.referral import UnitKind
from intake.domain.submission import Urgency
from intake.models import Alarm, Area, AuditEntry, Department
from intake.ports import NullJobQueue
from intake.services.alarm import raise_missing
from intake.services.person import create_user, grant_role
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import told
from tests.factories.sentences import submission_of
from tests.factories.town import PASSWORD, Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_english import only_english
from tests.web.test_query_counts import cost

GAS = "幸福里3栋楼道里煤气味很重，有人晕倒了"


def rings(wiring: Wiring, code: str, text: str, *, contact: str = "") -> Stored:
    """An emergency for which everyone was called."""
    stored = told(wiring, code, text, contact=contact, place="3 栋", urgency=Urgency.EMERGENCY)
    with wiring.sessions.begin() as session:
        raise_missing(session, at=wiring.clock.now(), limit=50)
    return stored


@pytest.fixture
def gas(wiring: Wiring, town: Town) -> Stored:
    return rings(wiring, town.longchi_code, GAS, contact="13812345678")


@pytest.fixture
def zhou(app: Flask, town: Town) -> Person:
    return sign_in(app.test_client(), "zhou")


@pytest.fixture
def jing(app: Flask, town: Town) -> Person:
    return sign_in(app.test_client(), "wangjing")


def duty_officer(app: Flask, wiring: Wiring, town: Town) -> Person:
    """值守小赵, of the district's 值班室."""
    with wiring.sessions.begin() as session:
        room = Department(
            district_id=town.district_id, name="区政府总值班室", kind=UnitKind.DUTY, categories=[], created_at=wiring.clock.now()
        )
        session.add(room)
        session.flush()
        user = create_user(
            session, district_id=town.district_id, login="zhishou", name="值守小赵", password=PASSWORD, at=wiring.clock.now()
        )
        user.department_id = room.id
        grant_role(session, actor=MACHINE, user=user, role=Role.OFFICE, area=session.get_one(Area, town.district_id), at=wiring.clock.now())
    return sign_in(app.test_client(), "zhishou")


def alarm_id(wiring: Wiring) -> int:
    with wiring.sessions() as session:
        return session.scalars(select(Alarm.id)).one()


# --- the line on top ----------------------------------------------------------------------------------------------------------------


def test_the_line_stands_on_every_page_until_the_list_was_opened(wiring: Wiring, zhou: Person, jing: Person, gas: Stored) -> None:
    for person, pages in ((zhou, ("/m", "/m/topics", f"/m/cards/{gas.submission_id}")), (jing, ("/d", "/d/topics", "/m"))):
        for page in pages:
            assert "紧急来件：龙池社区" in words_of(person.get(page)), page
    assert "紧急来件：龙池社区" not in words_of(zhou.get("/alarms"))
    assert "紧急来件：龙池社区" not in words_of(zhou.get("/m"))
    assert "紧急来件：龙池社区" in words_of(jing.get("/d"))


def test_nobody_else_sees_the_line_or_the_list(app: Flask, client: FlaskClient, wiring: Wiring, town: Town, gas: Stored) -> None:
    for login, page in (("hemiao", "/m"), ("chenli", "/d/points"), ("sunyi", "/d")):
        person = sign_in(app.test_client(), login)
        assert "紧急来件：" not in words_of(person.get(page)), login
        answer = person.client.get("/alarms")
        assert answer.status_code == (403 if login == "chenli" else 200)
        assert "煤气味" not in words_of(answer)
        token = hidden(person.client.get("/sign-in").get_data(as_text=True), "csrf_token")
        taken = person.client.post(f"/alarms/{alarm_id(wiring)}/take", data={"csrf_token": token, "version": "1"})
        assert taken.status_code == (403 if login == "chenli" else 404)
    for page in ("/", f"/p/{town.longchi_code}", "/sign-in"):
        assert "紧急来件" not in words_of(client.get(page)), page
    assert client.get("/alarms").status_code == 303


def test_who_has_it_in_hand_finds_the_way_back(wiring: Wiring, zhou: Person, jing: Person, gas: Stored) -> None:
    zhou.press("/alarms", "/take")
    jing.get("/alarms")
    assert "您正在处理龙池社区的紧急来件" in words_of(zhou.get("/m"))
    assert "紧急来件：" not in words_of(jing.get("/d/topics"))


# --- the list -----------------------------------------------------------------------------------------------------------------------


def test_each_look_is_timed_to_the_minute(app: Flask, wiring: Wiring, town: Town, clock: TestClock, zhou: Person, jing: Person) -> None:
    officer = duty_officer(app, wiring, town)
    rings(wiring, town.longchi_code, GAS)
    clock.forward(minutes=4)
    zhou.get("/alarms")
    clock.forward(minutes=2)
    officer.get("/alarms")
    page = words_of(jing.get("/alarms"))
    assert "周明远 值班委员 11 月 3 日 09:04 看到" in page
    assert "值守小赵 值班室 11 月 3 日 09:06 看到" in page
    assert "王静 区政协 11 月 3 日 09:06 看到" in page
    assert GAS in page
    assert "3 栋" in page


def test_take_give_back_and_close(wiring: Wiring, zhou: Person, jing: Person, gas: Stored) -> None:
    page = words_of(zhou.press("/alarms", "/take"))
    assert "已记下由您处理" in page
    assert "您正在处理" in page
    assert "周明远 正在处理" in words_of(jing.get("/alarms"))
    refused = zhou.press("/alarms", "/give-back")
    assert refused.status_code == 422
    assert "请选一个交还的理由" in words_of(refused)
    assert "没有人接" in words_of(zhou.press("/alarms", "/give-back", reason="cannot_come"))
    refused = jing.press("/alarms", "/close", reason="handled", words=" ")
    assert refused.status_code == 422
    assert "请写一句做了什么" in words_of(refused)
    refused = jing.press("/alarms", "/close", reason="", words="燃气公司已关阀。")
    assert refused.status_code == 422
    assert "燃气公司已关阀。" in refused.get_data(as_text=True)
    page = words_of(jing.press("/alarms", "/close", reason="handled", words="燃气公司已关阀。"))
    assert "已处理" in page
    assert "燃气公司已关阀。" in page


def test_the_slower_one_keeps_what_was_written(wiring: Wiring, zhou: Person, jing: Person, gas: Stored) -> None:
    token = hidden(jing.get("/alarms").get_data(as_text=True), "csrf_token")
    zhou.press("/alarms", "/take")
    late = jing.client.post(
        f"/alarms/{alarm_id(wiring)}/close", data={"csrf_token": token, "version": "1", "reason": "handled", "words": "我打过电话了。"}
    )
    assert late.status_code == 409
    assert "刚刚有人接了或处理了" in words_of(late)
    assert "我打过电话了。" in late.get_data(as_text=True)


def test_the_number_is_shown_to_staff_alone_and_that_is_written_down(wiring: Wiring, zhou: Person, jing: Person, gas: Stored) -> None:
    assert "看联系方式" not in words_of(zhou.get("/alarms"))
    assert "13812345678" not in jing.get("/alarms").get_data(as_text=True)
    shown = jing.press("/alarms", f"/submissions/{gas.submission_id}/contact")
    assert "13812345678" in words_of(shown)
    with wiring.sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "contact.reveal")).one()
        assert entry.detail == {"reason": "emergency"}


def test_a_false_alarm_is_an_ordinary_matter_again(wiring: Wiring, jing: Person, gas: Stored) -> None:
    jing.press("/alarms", "/close", reason="false_alarm", words="是邻居在炒辣椒。")
    assert submission_of(wiring, gas).urgency is Urgency.NORMAL


def test_a_member_raises_one_from_the_card(wiring: Wiring, town: Town, zhou: Person, jing: Person) -> None:
    wiring.queue = NullJobQueue()
    stored = told(wiring, town.longchi_code, "楼道里有点味道")
    page = words_of(zhou.press(f"/m/cards/{stored.submission_id}", f"/raise/{stored.submission_id}"))
    assert "已通知值班委员、区政协和值班室。" in page
    assert "楼道里有点味道" in page
    assert "紧急来件：龙池社区" in words_of(jing.get("/d"))
    assert "这是紧急情况" not in words_of(zhou.get(f"/m/cards/{stored.submission_id}"))


def test_the_first_page_of_the_desk_leads_there(wiring: Wiring, jing: Person, gas: Stored) -> None:
    page = jing.get("/d")
    assert "紧急来件 1" in words_of(page)
    assert 'href="/alarms"' in page.get_data(as_text=True)


def test_nothing_rings_and_the_page_says_so(zhou: Person) -> None:
    assert "没有紧急来件" in words_of(zhou.get("/alarms"))


def test_the_page_speaks_english(app: Flask, wiring: Wiring, town: Town, zhou: Person, gas: Stored) -> None:
    duty_officer(app, wiring, town)
    rings(wiring, town.longchi_code, "后面那栋也起火了")
    zhou.press("/alarms", "/take")
    only_english(zhou.client, "/alarms?lang=en", written=("值守小赵", "3 栋"))
    # The desk's pages stand beside the navigation, which has its own test.
    line = words_of(sign_in(app.test_client(), "wangjing").get("/d?lang=en"))
    assert "Emergency: 龙池社区, just now" in line


def test_pages(wiring: Wiring, town: Town, jing: Person) -> None:
    for number in range(21):
        rings(wiring, town.longchi_code, f"第 {number} 处起火")
    page = jing.get("/alarms")
    assert "第 20 处" in words_of(page)
    assert "第 0 处" not in words_of(page)
    after = page.get_data(as_text=True).split("?after=")[1].split('"')[0]
    assert "第 0 处" in words_of(jing.get(f"/alarms?after={after}"))


def test_the_list_costs_the_same_for_one_and_for_twenty(wiring: Wiring, town: Town, jing: Person, gas: Stored) -> None:
    one = cost(wiring, jing, "/alarms", "煤气味")
    assert one <= 7
    for number in range(19):
        rings(wiring, town.longchi_code, f"第 {number} 处起火")
    assert cost(wiring, jing, "/alarms", "第 18 处") == one


def test_the_line_costs_one_statement_of_those_who_may_answer_and_none_of_the_others(
    app: Flask, wiring: Wiring, town: Town, zhou: Person
) -> None:
    quiet = cost(wiring, zhou, "/m/topics", "议题")
    rings(wiring, town.longchi_code, GAS)
    assert cost(wiring, zhou, "/m/topics", "紧急来件") == quiet
    admin = sign_in(app.test_client(), "chenli")
    before = cost(wiring, admin, "/d/areas", "龙池社区")
    rings(wiring, town.ziwei_code, GAS)
    assert cost(wiring, admin, "/d/areas", "龙池社区") == before


def test_the_duty_room_begins_with_what_rings_and_an_office_with_its_referrals(
    app: Flask, client: FlaskClient, wiring: Wiring, town: Town
) -> None:
    assert duty_officer(app, wiring, town).client.get("/start").location == "/alarms"
    assert sign_in(client, "fangmin").client.get("/start").location == "/o"

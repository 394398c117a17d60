"""/o: what an office has to do, and the steps that are its own."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from intake.domain.permission import Role
from intake.domain.referral import ReferralState, UnitKind
from intake.models import Department, Extension, Referral, ReferralHelper, Submission, User
from intake.services import referral_department, referral_office
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.referrals import assigned, delivered, referred, referred_topic, replied, signed, step
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

LAMP = "幸福里3号楼路灯坏了一个月，晚上看不见路"


@pytest.fixture
def fang(client: FlaskClient, town: Town) -> Person:
    """方敏 of 区政府办公室."""
    return sign_in(client, "fangmin")


@pytest.fixture
def sent(wiring: Wiring, town: Town) -> int:
    """A referral that 周明远 has just sent."""
    return referred(wiring, town, told(wiring, town.longchi_code, LAMP))


def row(wiring: Wiring, referral_id: int) -> Referral:
    with wiring.sessions() as session:
        return session.get_one(Referral, referral_id)


def page(referral_id: int) -> str:
    return f"/o/referrals/{referral_id}"


def another_office(wiring: Wiring, town: Town) -> tuple[int, int]:
    """区委办公室 and 何颖, who works there; login `heying`."""
    with wiring.sessions.begin() as session:
        unit = Department(
            district_id=town.district_id, name="区委办公室", kind=UnitKind.OFFICE, categories=[], created_at=wiring.clock.now()
        )
        session.add(unit)
        session.flush()
        unit_id = unit.id
    return unit_id, colleague(wiring, town, "heying", "何颖", unit_id)


def colleague(wiring: Wiring, town: Town, login: str, name: str, unit_id: int) -> int:
    """Somebody who works in an office."""
    user_id = person_with(wiring, login, name, (Role.OFFICE, town.district_id))
    with wiring.sessions.begin() as session:
        session.get_one(User, user_id).department_id = unit_id
    return user_id


def test_signing_in_leads_an_office_to_what_waits_for_it(fang: Person, sent: int) -> None:
    home = fang.get("/start")
    assert home.request.path == "/o"
    words = words_of(home)
    assert "待接收 1" in words
    assert "幸福里3号楼路灯坏了" in words


def test_a_referral_is_taken_in_then_assigned_with_a_helper(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    assert "已接收" in words_of(fang.press(page(sent), "/accept"))
    assert row(wiring, sent).state is ReferralState.ACCEPTED
    done = fang.press(page(sent), "/assign", lead=str(town.lights_id), helpers=str(town.homes_id), words="请一周内到现场看。")
    assert "已交办" in words_of(done)
    assert "请一周内到现场看。" in words_of(done)
    found = row(wiring, sent)
    assert found.state is ReferralState.ASSIGNED
    assert found.lead_id == town.lights_id
    with wiring.sessions() as session:
        assert session.scalars(select(ReferralHelper.department_id)).all() == [town.homes_id]
    assert "已交办 1" in words_of(fang.get("/o"))


# The lead is suggested by category; what fits none goes to the backstop.
def test_the_lead_is_suggested(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    backstop = fang.get(page(sent)).get_data(as_text=True)
    assert f'<option value="{town.homes_id}" selected>' in backstop
    assert "没有单位负责这一类，先选了兜底的“区住房和建设局”" in backstop
    with wiring.sessions.begin() as session:
        session.get_one(Referral, sent).category = "street-lights"
        session.get_one(Department, town.lights_id).categories = ["street-lights"]
    assert f'<option value="{town.lights_id}" selected>' in fang.get(page(sent)).get_data(as_text=True)


def test_a_referral_goes_back_with_a_reason_that_everyone_reads(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    without = fang.press(page(sent), "/hand-back", reason="", words="不归区里管。")
    assert without.status_code == 422
    assert "请选择退回的理由" in words_of(without)
    assert "不归区里管。" in without.get_data(as_text=True)
    assert "已退回" in words_of(fang.press(page(sent), "/hand-back", reason="not_ours", words="这条路归市里管，请转市里。"))
    with wiring.sessions() as session:
        assert session.get_one(Submission, row(wiring, sent).submission_id).state == "triaged"


# 首接负责: who was named leads until the office has decided.
def test_a_dispute_is_decided_once(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    assigned(wiring, town, sent)
    step(wiring, sent, town.gao_id, referral_department.dispute, proposed_id=town.homes_id, words="路灯在小区里，归住建。")
    assert "有异议 1" in words_of(fang.get("/o"))
    seen = fang.get(page(sent)).get_data(as_text=True)
    assert "路灯在小区里，归住建。" in seen
    assert "区住房和建设局" in seen
    step(wiring, sent, town.fang_id, referral_office.decide_dispute, uphold=True, words="灯在市政道路上。")
    again = post(fang, sent, "dispute", seen, decision="reassign", lead=str(town.homes_id), words="改由住建办。")
    assert again.status_code == 409
    assert "改由住建办。" in words_of(again)
    assert row(wiring, sent).lead_id == town.lights_id


def post(person: Person, referral_id: int, act: str, seen: str, **fields: str) -> TestResponse:
    """Send a form of a page that was opened before."""
    data = {"csrf_token": hidden(seen, "csrf_token"), "version": hidden(seen, "version"), **fields}
    return person.client.post(f"{page(referral_id)}/{act}", data=data, follow_redirects=True)


def test_two_officers_of_one_office_at_once(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    seen = fang.get(page(sent)).get_data(as_text=True)
    other = colleague(wiring, town, "jiangbo", "江波", town.office_id)
    step(wiring, sent, other, referral_office.accept)
    late = post(fang, sent, "assign", seen, lead=str(town.lights_id), words="请先查线路。")
    assert late.status_code == 409
    assert "这一件刚刚有人处理过" in words_of(late)
    assert late.get_data(as_text=True).count("请先查线路。") == 1, "the form still stands there, with the words in it"
    assert f'<option value="{town.lights_id}" selected>' in late.get_data(as_text=True)
    assert row(wiring, sent).state is ReferralState.ACCEPTED


def test_another_offices_referral_is_not_shown(client: FlaskClient, wiring: Wiring, town: Town, sent: int) -> None:
    another_office(wiring, town)
    other = sign_in(client, "heying")
    assert other.get(page(sent)).status_code == 403
    assert LAMP not in words_of(other.get("/o"))
    assert other.get(page(987654)).status_code == 404
    assert other.client.post(f"{page(sent)}/accept", data={"version": "1"}).status_code == 400, "no token"


@pytest.mark.parametrize("login", ["zhou", "gaoqiang", "wangjing", "chenli", "sunyi"])
def test_who_may_not(client: FlaskClient, town: Town, sent: int, login: str) -> None:
    person = sign_in(client, login)
    assert person.get("/o").status_code == 403
    assert person.get(page(sent)).status_code == 403


def test_who_belongs_to_no_office_is_told_whom_to_ask(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    person_with(wiring, "nobody", "宋宁", (Role.OFFICE, town.district_id))
    answer = sign_in(client, "nobody").get("/o")
    assert answer.status_code == 403
    assert "请联系管理员" in words_of(answer)


# A lead must be an active unit that answers.
def test_a_lead_that_cannot_answer_is_refused(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    office = fang.press(page(sent), "/assign", lead=str(town.office_id), words="请办。")
    assert office.status_code == 422
    assert "是交办机关，请选择别的单位" in words_of(office)
    seen = fang.get(page(sent)).get_data(as_text=True)
    with wiring.sessions.begin() as session:
        session.get_one(Department, town.lights_id).active = False
    closed = post(fang, sent, "assign", seen, lead=str(town.lights_id), words="请办。")
    assert closed.status_code == 422
    assert "已经停用" in words_of(closed)
    assert "请办。" in words_of(closed)
    nobody = fang.press(page(sent), "/assign", lead="", words="")
    assert nobody.status_code == 422
    assert "请选择承办单位" in words_of(nobody)


def test_after_signing_a_referral_cannot_be_handed_back(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    seen = fang.get(page(sent)).get_data(as_text=True)
    signed(wiring, town, sent)
    assert "/hand-back" not in fang.get(page(sent)).get_data(as_text=True)
    late = post(fang, sent, "hand-back", seen, reason="unclear", words="请写清楚是哪一栋。")
    assert late.status_code == 409
    assert "请写清楚是哪一栋。" in words_of(late)
    assert row(wiring, sent).state is ReferralState.IN_PROGRESS


def test_assigned_and_not_signed_it_may_still_go_back(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    assigned(wiring, town, sent)
    assert fang.press(page(sent), "/hand-back", reason="duplicate", words="和另一件重复。").status_code == 200
    assert row(wiring, sent).state is ReferralState.RETURNED


def test_more_time_is_granted_or_refused_with_a_reason(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    signed(wiring, town, sent)
    before = row(wiring, sent).answer_due_at
    step(wiring, sent, town.gao_id, referral_department.ask_extension, days=5, words="等配件到货。")
    assert "延期申请 1" in words_of(fang.get("/o"))
    seen = fang.get(page(sent)).get_data(as_text=True)
    with wiring.sessions() as session:
        asked = session.scalars(select(Extension.id)).one()
    without = post(fang, sent, "extension", seen, extension=str(asked), decision="refuse", words="")
    assert without.status_code == 422
    granted = post(fang, sent, "extension", seen, extension=str(asked), decision="grant", words="")
    assert granted.status_code == 200
    after = row(wiring, sent).answer_due_at
    assert before is not None
    assert after is not None
    assert after > before
    again = post(fang, sent, "extension", seen, extension=str(asked), decision="refuse", words="不用延。")
    assert again.status_code == 409
    assert "不用延。" in words_of(again)


def test_the_clock_stands_still_once_and_goes_on(fang: Person, wiring: Wiring, town: Town, sent: int, clock: TestClock) -> None:
    signed(wiring, town, sent)
    seen = fang.get(page(sent)).get_data(as_text=True)
    assert "已暂停计时" in words_of(fang.press(page(sent), "/pause", reason="season", words="要等雨季过去。"))
    assert "暂停计时" in words_of(fang.get("/o?tab=assigned"))
    again = post(fang, sent, "pause", seen, reason="outside", words="等市里批复。")
    assert again.status_code == 409
    assert "等市里批复。" in words_of(again)
    clock.forward(hours=1)
    assert "已恢复计时" in words_of(fang.press(page(sent), "/resume"))
    assert row(wiring, sent).paused_at is None


def test_another_unit_takes_over(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    signed(wiring, town, sent)
    same = fang.press(page(sent), "/reassign", lead=str(town.lights_id), words="请继续。")
    assert same.status_code == 422
    assert "它已经是主办单位" in words_of(same)
    assert fang.press(page(sent), "/reassign", lead=str(town.homes_id), words="路灯在小区里。").status_code == 200
    assert row(wiring, sent).lead_id == town.homes_id


def test_the_other_systems_number_is_kept_and_found(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    assert fang.press(page(sent), "/number", external_number="12345-20261103-88").status_code == 200
    assert row(wiring, sent).external_number == "12345-20261103-88"
    assert "幸福里3号楼" in words_of(fang.get("/o?q=20261103-88"))
    assert "幸福里3号楼" in words_of(fang.get(f"/o?q={row(wiring, sent).number.lower()}"))
    assert "没有找到" in words_of(fang.get("/o?q=电梯"))
    long = fang.press(page(sent), "/number", external_number="8" * 41)
    assert long.status_code == 422
    assert "8" * 41 in long.get_data(as_text=True)


# 2,001 characters are refused with all of them still there.
def test_words_that_are_too_long_are_kept_whole(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    long = "请" * 2_001
    refused = fang.press(page(sent), "/assign", lead=str(town.lights_id), words=long)
    assert refused.status_code == 422
    assert "最多 500 个字" in words_of(refused)
    assert long in refused.get_data(as_text=True)
    assert row(wiring, sent).state is ReferralState.SENT


def test_what_was_written_is_kept_when_the_session_ran_out(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    seen = fang.get(page(sent)).get_data(as_text=True)
    fang.client.post("/sign-out", data={"csrf_token": seen.split('name="csrf_token" value="')[1].split('"')[0]})
    late = post(fang, sent, "assign", seen, lead=str(town.lights_id), words="请先查线路。")
    assert late.status_code == 401
    assert "请先查线路。" in words_of(late)
    assert row(wiring, sent).state is ReferralState.SENT


# What is due first stands first, and pages follow one another without a gap.
def test_what_is_late_stands_first_over_pages(fang: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    numbers = []
    for number in range(33):
        numbers.append(referred(wiring, town, told(wiring, town.longchi_code, f"第{number:02}号楼的路灯坏了")))
        clock.forward(days=1) if number == 0 else None
    with wiring.sessions.begin() as session:
        late = session.get_one(Referral, numbers[-1])
        assert late.due_at is not None
        late.due_at = late.due_at.replace(year=2025)
    first = sign_in(fang.client, "fangmin").get("/o?tab=sent").get_data(as_text=True)
    assert first.index("第32号楼") < first.index("第00号楼") < first.index("第01号楼")
    assert "1 件已超期" in first
    assert "第31号楼" not in first
    follow = re.search(r'href="([^"]+)" rel="next"', first)
    assert follow is not None
    second = fang.get(unescape(follow.group(1))).get_data(as_text=True)
    assert "第31号楼" in second
    assert "第28号楼" not in second
    assert fang.get("/o?tab=sent&after=nonsense").status_code == 200
    assert fang.get(f"/o?tab=sent&after={'9' * 16}_{'9' * 16}").status_code == 200


def test_a_topic_shows_everyones_demands_and_how_it_came_here(fang: Person, wiring: Wiring, town: Town) -> None:
    voices = [told(wiring, town.longchi_code, LAMP) for _ in range(3)] + [told(wiring, town.ziwei_code, "垃圾桶满了没人收，发臭")]
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", *voices))
    found = fang.get(page(referred_topic(wiring, town, topic, words="不用协商，请直接办。")))
    words = words_of(found)
    assert "居民提了 2 件事" in words
    assert "3 件来件" in words
    assert "不用协商，请直接办。" in words


def test_a_delivered_one_says_what_the_residents_said(fang: Person, wiring: Wiring, town: Town, sent: int) -> None:
    delivered(wiring, town, sent)
    words = words_of(fang.get(page(sent)))
    assert "告知" in words
    assert "九盏灯已全部换好" in words
    assert "幸福里3号楼" in words_of(fang.get("/o?tab=delivered"))


def test_pages_cost_the_same_for_one_and_for_twenty(fang: Person, wiring: Wiring, town: Town) -> None:
    first = referred(wiring, town, told(wiring, town.longchi_code, "第00号楼的路灯坏了"))
    paths = ("/o", "/o?tab=assigned", "/o?q=路灯", page(first))
    shown = ("第00号楼", "这里还没有", "第00号楼", "第00号楼")
    one = [cost(wiring, fang, path, words) for path, words in zip(paths, shown, strict=True)]
    for number in range(1, 20):
        referred(wiring, town, told(wiring, town.longchi_code, f"第{number:02}号楼的路灯坏了"))
    assert [cost(wiring, fang, path, words) for path, words in zip(paths, shown, strict=True)] == one
    replied(wiring, town, first)
    assert cost(wiring, fang, page(first), "九盏灯") == one[3]
    assert max(one) <= 16

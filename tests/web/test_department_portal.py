"""承办单位's portal: who sees what, each step of a task, and words that outlive whatever goes wrong."""

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from intake.domain.referral import ReferralState
from intake.domain.submission import Urgency
from intake.models import Answer, AnswerDraft, Referral, ReferralEntry, ReferralHelper, User
from intake.services import referral_check, referral_department
from intake.services.submission_withdraw import withdraw
from intake.web.reply_check import checked_mark
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.clock import TestClock
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.referrals import assigned, delivered, referred, referred_topic, replied, signed, step
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_query_counts import cost

ANSWER = "11 月 14 日已更换 9 盏损坏路灯并检修线路，当晚全部亮灯。今后由照明所每月巡查一次，报修电话 0550-0000001，24 小时内到场。"


@pytest.fixture
def gao(client: FlaskClient, town: Town) -> Person:
    """高强 of 区城市管理局."""
    return sign_in(client, "gaoqiang")


def lights(wiring: Wiring, town: Town, text: str = "3 号楼到菜场的路灯不亮，晚上看不见") -> int:
    """A referral about lamps, sent to the office."""
    return referred(wiring, town, told(wiring, town.longchi_code, text))


def page(person: Person, referral_id: int) -> str:
    return words_of(person.get(f"/dept/referrals/{referral_id}"))


def post(person: Person, referral_id: int, act: str, **data: Any) -> TestResponse:
    """Press a button of the page as it is now, or as it was at the `version` given."""
    with_forms = person.get(f"/dept/referrals/{referral_id}").get_data(as_text=True)
    token = hidden(with_forms if "csrf_token" in with_forms else person.get("/dept").get_data(as_text=True), "csrf_token")
    found = re.search(r'name="version" value="(\d+)"', with_forms)
    version = found[1] if found else "1"
    return person.client.post(f"/dept/referrals/{referral_id}/{act}", data={"csrf_token": token, "version": version, **data})


def row(wiring: Wiring, referral_id: int) -> Referral:
    with wiring.sessions() as session:
        return session.get_one(Referral, referral_id)


def filled(**more: Any) -> dict[str, Any]:
    return {"do": "send", "outcome": "done", "words": ANSWER, "reason": "夜间施工，没有拍照。", "signed_name": "高强", **more}


def test_a_unit_sees_its_own_work_by_what_it_has_to_do(gao: Person, wiring: Wiring, town: Town) -> None:
    assert gao.client.get("/start").headers["Location"].endswith("/dept")
    assert "没有在办的" in words_of(gao.get("/dept"))
    first = assigned(wiring, town, lights(wiring, town))
    second = signed(wiring, town, lights(wiring, town, "井盖破了，车一压就响"))
    replied(wiring, town, lights(wiring, town, "垃圾三天没有人收"))
    delivered(wiring, town, lights(wiring, town, "公园的凳子坏了"))
    home = words_of(gao.get("/dept"))
    assert "待签收 1 办理中 1 协办 0 待核 1 已答复 1" in home
    assert "还剩" in home
    shown = gao.get("/dept?tab=working").get_data(as_text=True)
    assert f"/dept/referrals/{second}" in shown
    assert f"/dept/referrals/{first}" not in shown
    assert "我经办" in words_of(gao.get("/dept?tab=working"))


def test_what_is_due_first_stands_first(gao: Person, wiring: Wiring, town: Town) -> None:
    later = assigned(wiring, town, lights(wiring, town))
    stored = told(wiring, town.longchi_code, "电线掉在路上冒火花", urgency=Urgency.EMERGENCY)
    sooner = assigned(wiring, town, referred(wiring, town, stored))
    shown = gao.get("/dept?tab=assigned").get_data(as_text=True)
    assert shown.index(f"/dept/referrals/{sooner}") < shown.index(f"/dept/referrals/{later}")


def test_nobody_else_sees_a_unit_s_task(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    wu = sign_in(client, "wujun")  # of another unit
    assert wu.get(f"/dept/referrals/{referral_id}").status_code == 403
    assert post(wu, referral_id, "progress", words="x").status_code == 403
    assert post(wu, referral_id, "answer", **filled()).status_code == 403
    assert wu.get("/dept/referrals/999999").status_code == 404
    with wiring.sessions() as session:
        assert session.query(AnswerDraft).count() == 0


@pytest.mark.parametrize("login", ["zhou", "wangjing", "chenli", "sunyi"])
def test_the_portal_is_for_units(client: FlaskClient, wiring: Wiring, town: Town, login: str) -> None:
    person = sign_in(client, login)
    assert person.get("/dept").status_code == 403


def test_who_has_no_unit_is_told_whom_to_ask(gao: Person, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        session.get_one(User, town.gao_id).department_id = None
    answer = gao.get("/dept")
    assert answer.status_code == 403
    assert "联系管理员" in words_of(answer)


def test_signing_makes_the_signer_its_officer(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = assigned(wiring, town, lights(wiring, town))
    assert "谁签收谁经办" in page(gao, referral_id)
    done = post(gao, referral_id, "sign")
    assert done.status_code == 303
    assert "已签收" in words_of(gao.get(done.headers["Location"]))
    assert row(wiring, referral_id).officer_id == town.gao_id
    assert "高强 经办" in page(gao, referral_id)


def test_an_answer_goes_from_draft_to_check(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    kept = post(gao, referral_id, "answer", **filled(do="draft", words="写到一半"))
    assert kept.headers["Location"].endswith("done=draft#answer")
    assert "写到一半" in page(gao, referral_id)
    assert "草稿存于" in page(gao, referral_id)
    assert post(gao, referral_id, "answer", **filled()).status_code == 303
    assert row(wiring, referral_id).state is ReferralState.REPLIED
    shown = page(gao, referral_id)
    assert ANSWER in shown
    assert "提交答复" not in shown
    with wiring.sessions() as session:
        assert session.query(AnswerDraft).count() == 0


def test_what_the_answer_leaves_out_is_said_before_it_goes(gao: Person, wiring: Wiring, town: Town) -> None:
    voices = [
        told(wiring, town.longchi_code, "3 号楼到菜场的路灯不亮"),
        told(wiring, town.longchi_code, "楼下垃圾桶满了没有人收，臭得很"),
        told(wiring, town.ziwei_code, "路灯都坏了，天黑看不见"),
    ]
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯和垃圾", *voices))
    referral_id = signed(wiring, town, referred_topic(wiring, town, topic))
    assert "居民提了 2 件事，答复都要说到" in page(gao, referral_id)
    looked = post(gao, referral_id, "answer", **filled(do="look"))
    assert looked.status_code == 422
    said = words_of(looked)
    assert "2 件来件 · 答到了" in said
    assert "1 件来件 · 还没答到" in said
    assert "没有答到：" in said
    first = post(gao, referral_id, "answer", **filled())
    assert first.status_code == 422
    assert row(wiring, referral_id).state is ReferralState.IN_PROGRESS
    checked = hidden(first.get_data(as_text=True), "checked")
    assert post(gao, referral_id, "answer", **filled(checked=checked, words=ANSWER + "又改了")).status_code == 422
    assert post(gao, referral_id, "answer", **filled(checked=checked)).status_code == 303


def test_the_script_gets_the_demands_alone(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    token = hidden(gao.get(f"/dept/referrals/{referral_id}").get_data(as_text=True), "csrf_token")
    answer = gao.client.post(
        f"/dept/referrals/{referral_id}/answer",
        data={"csrf_token": token, "do": "look", "words": "路灯已经修好", "version": 1},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 200
    assert 'id="demands"' in answer.get_data(as_text=True)
    assert "<form" not in answer.get_data(as_text=True)
    assert "答到了" in words_of(answer)
    assert "路灯已经修好" in page(gao, referral_id), "it is a draft now"


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"outcome": ""}, "请选择办理结果"),
        ({"words": "  "}, "请写答复内容"),
        ({"words": "灯" * 2001}, "最多 2000 个字"),
        ({"outcome": "planned", "reason": ""}, "写明原因或安排的时间"),
        ({"reason": ""}, "请附上佐证"),
        ({"signed_name": ""}, "由谁负责"),
        ({"outcome": "anything"}, "请选择办理结果"),
    ],
)
def test_a_refused_answer_keeps_every_word(gao: Person, wiring: Wiring, town: Town, missing: dict[str, str], words: str) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    answer = post(gao, referral_id, "answer", **filled(**missing, checked=checked_mark(str(missing.get("words", ANSWER)))))
    assert answer.status_code == 422
    assert words in words_of(answer)
    kept = filled(**missing)
    assert str(kept["words"]).strip() in answer.get_data(as_text=True)
    assert row(wiring, referral_id).state is ReferralState.IN_PROGRESS


def test_two_officers_answering_at_once_lose_no_word(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    version = hidden(gao.get(f"/dept/referrals/{referral_id}").get_data(as_text=True), "version")
    step(
        wiring, referral_id, town.sun_id, referral_department.reply,
        outcome="done", words="孙丽先答了，灯都修好了。", reason="没有拍照。", signed_name="孙丽",
    )  # fmt: skip
    second = post(gao, referral_id, "answer", **filled(version=version))
    assert second.status_code == 409
    said = words_of(second)
    assert "刚刚有人处理过" in said
    assert ANSWER in said
    assert "孙丽先答了" in said
    with wiring.sessions() as session:
        assert session.query(AnswerDraft).one().words == ANSWER


def test_colleagues_who_both_write_know_of_each_other(gao: Person, app: Flask, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    post(gao, referral_id, "answer", **filled(do="draft"))
    sun = sign_in(app.test_client(), "sunli")
    said = page(sun, referral_id)
    assert "高强 也在写这一件的答复" in said
    assert ANSWER not in said


def test_an_answer_sent_back_shows_what_is_missing_on_top(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = replied(wiring, town, lights(wiring, town))
    step(wiring, referral_id, town.zhou_id, referral_check.send_back, words="没有说菜场东门加不加灯。")
    said = page(gao, referral_id)
    assert said.index("还缺：") < said.index("没有说菜场东门加不加灯。") < said.index("居民提的事")
    assert "退回补充" in words_of(gao.get("/dept?tab=working"))


def test_an_answer_sent_back_is_completed_and_not_written_anew(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = replied(wiring, town, lights(wiring, town))
    with wiring.sessions() as session:
        words = session.scalars(select(Answer.words)).one()
    step(wiring, referral_id, town.zhou_id, referral_check.send_back, words="没有说菜场东门加不加灯。")
    html = gao.get(f"/dept/referrals/{referral_id}").get_data(as_text=True)
    assert re.search(rf'id="answer-words"[^>]*>{re.escape(words)}</textarea>', html)


def test_what_is_refused_anyway_gets_the_refusal_and_no_remarks(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    said = words_of(post(gao, referral_id, "answer", **filled(outcome="", words="马上办。")))
    assert "请选择办理结果" in said
    assert "请再看一眼" not in said


def test_more_time_is_asked_for_and_seen(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    for days, words in (("", "用数字"), ("很多", "用数字"), ("99", "一次可以申请")):
        refused = post(gao, referral_id, "extension", days=days, words="等配件")
        assert refused.status_code == 422
        assert words in words_of(refused)
        assert "等配件" in words_of(refused)
    assert post(gao, referral_id, "extension", days="3", words="等配件").status_code == 303
    assert "已申请延 3 个工作日" in page(gao, referral_id)
    assert "extension-days" not in gao.get(f"/dept/referrals/{referral_id}").get_data(as_text=True)


def test_a_dispute_leaves_the_task_with_the_lead(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    assert "请写明理由" in words_of(post(gao, referral_id, "dispute", words=""))
    assert post(gao, referral_id, "dispute", words="小区里的灯归物业。", proposed=str(town.homes_id)).status_code == 303
    said = page(gao, referral_id)
    assert "裁定之前仍由“区城市管理局”负责" in said
    assert "区住房和建设局" in said
    assert "提交答复" not in said
    assert "写进展" in said


@pytest.mark.parametrize("for_resident", [True, False])
def test_progress_may_be_for_the_resident(gao: Person, wiring: Wiring, town: Town, for_resident: bool) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    more = {"for_resident": "1"} if for_resident else {}
    assert post(gao, referral_id, "progress", words="配件到了，周五装。", **more).status_code == 303
    with wiring.sessions() as session:
        assert session.query(ReferralEntry).filter_by(words="配件到了，周五装。").one().for_resident is for_resident
    assert "配件到了，周五装。" in page(gao, referral_id)


def test_a_colleague_takes_over(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    assert "请选择本单位的同事" in words_of(post(gao, referral_id, "hand-over", officer=str(town.wu_id)))
    assert post(gao, referral_id, "hand-over", officer=str(town.sun_id)).status_code == 303
    assert row(wiring, referral_id).officer_id == town.sun_id
    assert "没有您经办的" in words_of(gao.get("/dept?tab=working&mine=1"))


def test_what_a_colleague_on_leave_had_is_marked(client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock) -> None:
    signed(wiring, town, lights(wiring, town))
    sun = sign_in(client, "sunli")
    assert "代办" not in words_of(sun.get("/dept?tab=working"))
    with wiring.sessions.begin() as session:
        away = session.get_one(User, town.gao_id)
        away.stand_in_id, away.away_until = town.sun_id, clock.now().replace(year=2027)
    assert "代办：高强 休假" in words_of(sun.get("/dept?tab=working"))


def test_a_helper_signs_and_tells_the_lead(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    referral_id = assigned(wiring, town, lights(wiring, town), helper_ids=(town.homes_id,))
    wu = sign_in(client, "wujun")
    assert "协办 1" in words_of(wu.get("/dept"))
    said = page(wu, referral_id)
    assert "签收协办" in said
    assert "提出异议" not in said
    assert post(wu, referral_id, "help-sign").status_code == 303
    assert "请写几句再提交" in words_of(post(wu, referral_id, "help", words=" "))
    assert post(wu, referral_id, "help", words="台账已核，共 9 盏。").status_code == 303
    assert "台账已核，共 9 盏。" in page(wu, referral_id)
    with wiring.sessions() as session:
        assert session.query(ReferralHelper).one().state.value == "done"
    assert post(wu, referral_id, "answer", **filled()).status_code == 403


def test_files_that_were_chosen_go_along_with_any_button(gao: Person, wiring: Wiring, town: Town) -> None:
    referral_id = signed(wiring, town, lights(wiring, town))
    added = post(gao, referral_id, "files", words="写到一半", files=(BytesIO(files.photo()), "亮灯前后.jpg"))
    assert added.status_code == 303
    said = page(gao, referral_id)
    assert "亮灯前后.jpg 正在检查" in said
    assert "写到一半" in said
    sent = post(gao, referral_id, "answer", **filled(reason="", files=(BytesIO(files.png()), "派工单.png")))
    assert sent.status_code == 303
    assert page(gao, referral_id).count("正在检查") == 2
    assert row(wiring, referral_id).state is ReferralState.REPLIED


def test_the_portal_costs_the_same_for_one_task_and_for_twenty(gao: Person, wiring: Wiring, town: Town) -> None:
    first = signed(wiring, town, lights(wiring, town, "路灯不亮"))
    paths = (("/dept?tab=working", "路灯不亮"), (f"/dept/referrals/{first}", "路灯不亮"))
    one = [cost(wiring, gao, path, words) for path, words in paths]
    assert one[0] <= 9
    assert one[1] <= 18
    for number in range(1, 20):
        signed(wiring, town, lights(wiring, town, f"第 {number} 件：路灯不亮"))
    assert [cost(wiring, gao, path, words) for path, words in paths] == one


def test_a_topic_s_task_costs_the_same_for_one_voice_and_for_ten(gao: Person, wiring: Wiring, town: Town) -> None:
    def task(voices: int) -> int:
        said = [told(wiring, town.longchi_code, f"{number} 号楼的路灯不亮") for number in range(voices)]
        topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯", *said))
        return signed(wiring, town, referred_topic(wiring, town, topic))

    assert cost(wiring, gao, f"/dept/referrals/{task(1)}", "1 件来件") == cost(wiring, gao, f"/dept/referrals/{task(10)}", "10 件来件")


@pytest.mark.parametrize("after", ["", "x", "9" * 30, "1_2_3", "999999999999999_1"])
def test_a_page_key_nobody_was_given_is_harmless(gao: Person, wiring: Wiring, town: Town, after: str) -> None:
    signed(wiring, town, lights(wiring, town))
    assert gao.client.get("/dept", query_string={"tab": "working", "after": after}).status_code == 200


def test_what_a_resident_withdrew_is_read_by_nobody_any_more(gao: Person, wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, "3 号楼到菜场的路灯不亮，我家老人昨晚摔了一跤")
    referral_id = replied(wiring, town, referred(wiring, town, stored))
    assert "摔了一跤" in words_of(gao.get(f"/dept/referrals/{referral_id}"))
    with wiring.sessions.begin() as session:
        withdraw(session, submission_id=stored.submission_id, at=wiring.clock.now())
    for login, place in (("gaoqiang", "dept"), ("fangmin", "o"), ("zhou", "m"), ("wangjing", "d")):
        person = sign_in(gao.client.application.test_client(), login)
        assert "摔了一跤" not in words_of(person.get(f"/{place}/referrals/{referral_id}")), login

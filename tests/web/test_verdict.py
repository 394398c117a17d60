"""The resident's side of a result: the answer in a card of its own, one tap to say whether it is solved, and who looks again."""

import gzip
import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from intake.domain.attachment import AttachmentKind
from intake.domain.outcome import ReviewDecision, Verdict
from intake.domain.permission import Role
from intake.domain.referral import ReferralState
from intake.domain.submission import DeclineReason, SubmissionState, Urgency
from intake.domain.topic import TopicAction
from intake.models import Outcome, Referral
from intake.services import referral_check, referral_department, referral_office
from intake.services import submission_decide as decide
from intake.services.alarm import raise_missing
from intake.services.attachment import Incoming, Upload, receive
from intake.services.submission_submit import Stored
from intake.wiring import Wiring
from tests.factories import files
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import decided, deciding, receipt_path, taken_up, told, topic_of
from tests.factories.referrals import assigned, delivered, referred, signed, step
from tests.factories.sentences import submission_of
from tests.factories.town import Town, actor
from tests.integration.jobs import jobs_in_this_process
from tests.web.pages import Person, hidden, send_sentence, sign_in, words_of
from tests.web.test_query_counts import cost, statements
from workers.jobs.clean_attachments import run as clean


@pytest.fixture
def lamp(wiring: Wiring, town: Town) -> Stored:
    """幸福里的路灯, which waits for 周明远."""
    return told(wiring, town.longchi_code, "幸福里 3 号楼路灯坏了", contact="13800000021")


def answered(wiring: Wiring, town: Town, clock: TestClock, stored: Stored, words: str = "已经请物业换灯。") -> None:
    card = deciding(wiring, town.zhou_id, stored)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words=words)
    clock.forward(seconds=61)


def outcome(wiring: Wiring, stored: Stored) -> Outcome:
    """The newest of the submission."""
    with wiring.sessions() as session:
        newest = select(Outcome).where(Outcome.submission_id == stored.submission_id).order_by(Outcome.id.desc()).limit(1)
        return session.scalars(newest).one()


def press(client: FlaskClient, wiring: Wiring, stored: Stored, verdict: str, **fields: str) -> int:
    """One tap on the receipt; the status."""
    page = client.get(receipt_path(wiring, stored)).get_data(as_text=True)
    data = {"outcome": hidden(page, "outcome"), "verdict": verdict, **fields}
    return client.post(f"{receipt_path(wiring, stored)}/verdict", data=data).status_code


# --- the card ---------------------------------------------------------------------------------------------------------------------------


def test_the_answer_stands_in_a_card_of_its_own_with_who_and_four_buttons(
    client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    answered(wiring, town, clock, lamp)
    page = client.get(receipt_path(wiring, lamp))
    assert "周明远 · 11 月 3 日 09:01 给您的答复 已经请物业换灯。" in words_of(page)
    assert re.findall(r'name="verdict" value="(\w+)"', page.get_data(as_text=True)) == ["solved", "partly", "not_solved", "cannot_judge"]
    assert "到 12 月 3 日没有意见就自动办结" in words_of(page)


def test_nothing_is_asked_while_the_member_may_still_undo(client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored) -> None:
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        decide.answer(session, card, words="已经请物业换灯。")
    page = client.get(receipt_path(wiring, lamp)).get_data(as_text=True)
    assert "已经请物业换灯。" in page
    assert 'name="verdict"' not in page


# After the tap: a thank-you that says what happens now, and a box for words.
@pytest.mark.parametrize(
    ("verdict", "thanks"),
    [
        ("solved", "谢谢您告诉我们"),
        ("partly", "还差什么"),
        ("not_solved", "已经重新受理"),
        ("cannot_judge", "等看得出来了"),
    ],
)
def test_one_tap_is_enough_and_is_thanked_for(
    client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock, verdict: str, thanks: str
) -> None:
    answered(wiring, town, clock, lamp)
    assert press(client, wiring, lamp, verdict) == 303
    page = client.get(receipt_path(wiring, lamp))
    assert thanks in words_of(page)
    assert 'id="verdict-words"' in page.get_data(as_text=True)
    assert outcome(wiring, lamp).verdict is Verdict(verdict)


def test_words_come_after_the_tap_and_stay_in_the_box_when_refused(
    client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    answered(wiring, town, clock, lamp)
    press(client, wiring, lamp, "not_solved")
    assert press(client, wiring, lamp, "not_solved", words="东边三盏还是黑的。") == 303
    assert outcome(wiring, lamp).said == "东边三盏还是黑的。"
    page = client.get(receipt_path(wiring, lamp)).get_data(as_text=True)
    long = "黑" * 501
    data = {"outcome": hidden(page, "outcome"), "verdict": "not_solved", "words": long}
    refused = client.post(f"{receipt_path(wiring, lamp)}/verdict", data=data)
    assert refused.status_code == 422
    assert long in refused.get_data(as_text=True)
    assert outcome(wiring, lamp).said == "东边三盏还是黑的。"


def test_a_tap_on_a_page_that_has_grown_old_says_that_there_is_a_newer_answer(
    client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    answered(wiring, town, clock, lamp)
    old = outcome(wiring, lamp).id
    press(client, wiring, lamp, "not_solved")
    answered(wiring, town, clock, lamp, "下周一定换。")
    answer = client.post(f"{receipt_path(wiring, lamp)}/verdict", data={"outcome": str(old), "verdict": "solved"})
    assert answer.status_code == 409
    assert "更新的答复" in words_of(answer)
    assert "下周一定换。" in words_of(answer)


def test_nonsense_is_refused_in_a_sentence(client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock) -> None:
    answered(wiring, town, clock, lamp)
    path = f"{receipt_path(wiring, lamp)}/verdict"
    for data in ({"outcome": "x", "verdict": "solved"}, {"outcome": "1", "verdict": "wonderful"}, {}):
        assert client.post(path, data=data).status_code == 422
    assert client.post(path, data={"outcome": "999999", "verdict": "solved"}).status_code == 404
    assert client.post(path.replace("/verdict", "x/verdict"), data={"outcome": "1", "verdict": "solved"}).status_code == 404
    assert outcome(wiring, lamp).verdict is None


def test_reading_notes_that_the_result_arrived_and_fetching_ahead_does_not(
    client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    answered(wiring, town, clock, lamp)
    client.head(receipt_path(wiring, lamp))
    client.get(receipt_path(wiring, lamp), headers={"Sec-Purpose": "prefetch"})
    assert outcome(wiring, lamp).seen_at is None
    client.get(receipt_path(wiring, lamp))
    assert outcome(wiring, lamp).seen_at == clock.now()


def test_a_rejected_topic_may_be_appealed_once_from_the_receipt(client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored) -> None:
    topic_id = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "路灯不亮", lamp))
    decided(wiring, town.jing_id, topic_id, TopicAction.REJECT, "已经有人在修。")
    page = client.get(receipt_path(wiring, lamp))
    assert "申请再看一次" in words_of(page)
    path = f"{receipt_path(wiring, lamp)}/appeal"
    assert client.post(path, data={"about": "topic", "words": ""}).status_code == 422
    assert client.post(path, data={"about": "topic", "words": "并没有人来修。"}).status_code == 303
    assert submission_of(wiring, lamp).state is SubmissionState.IN_TOPIC
    assert "申请再看一次" not in words_of(client.get(receipt_path(wiring, lamp)))


def test_a_decline_may_be_appealed_once_from_the_receipt(client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored) -> None:
    card = deciding(wiring, town.zhou_id, lamp)
    with wiring.sessions.begin() as session:
        decide.decline(session, card, reason=DeclineReason.NOT_REMIT.value, words="")
    path = f"{receipt_path(wiring, lamp)}/appeal"
    assert client.post(path, data={"about": "submission", "words": "路灯是公家的。"}).status_code == 303
    assert submission_of(wiring, lamp).state is SubmissionState.REOPENED
    page = words_of(client.get(receipt_path(wiring, lamp)))
    assert "申请再看一次" not in page
    assert "由区政协工作人员重新看" in page
    assert "上次处理的委员" not in page, "not who declined it"
    answer = client.post(path, data={"about": "submission", "words": "再看一次嘛。"})
    assert answer.status_code == 409
    assert "再看一次嘛。" in answer.get_data(as_text=True)


# --- a referral on the receipt ----------------------------------------------------------------------------------------------------------


def test_the_receipt_says_which_unit_has_it_and_by_when_it_answers(client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored) -> None:
    def now() -> str:
        return words_of(client.get(receipt_path(wiring, lamp)))

    referral_id = referred(wiring, town, lamp)
    assert "区政府办公室正在确定由哪个单位办理。" in now()
    assigned(wiring, town, referral_id)
    assert "由区城市管理局办理。 最晚 11 月 17 日答复。" in now()
    step(wiring, referral_id, town.gao_id, referral_department.sign)
    step(wiring, referral_id, town.gao_id, referral_department.report_progress, words="灯具已到货。", for_resident=True)
    step(wiring, referral_id, town.gao_id, referral_department.report_progress, words="内部：缺两个灯头。", for_resident=False)
    assert "灯具已到货。" in now()
    assert "缺两个灯头" not in now()
    step(wiring, referral_id, town.fang_id, referral_office.pause, reason="season", words="下周降温，等天气好转。")
    assert "起暂停计时：天气或季节原因，暂不能施工。" in now()
    assert "最晚" not in now()
    assert "高强" not in now()  # the unit answers for it, not its official


def test_a_units_answer_is_told_with_what_was_done_and_who_answers_for_it(
    client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored
) -> None:
    delivered(wiring, town, referred(wiring, town, lamp))
    page = words_of(client.get(receipt_path(wiring, lamp)))
    for words in ("区城市管理局 · 11 月 3 日", "已办好", "九盏灯已全部换好", "夜间施工，未拍照。", "承办单位负责人：高强", "周明远核对"):
        assert words in page
    assert page.count("九盏灯已全部换好") == 1


def test_evidence_stands_on_the_receipt_and_opens_with_its_link_alone(
    client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored
) -> None:
    referral_id = signed(wiring, town, referred(wiring, town, lamp))
    with wiring.sessions.begin() as session:
        who = actor(session, town.gao_id)
        upload = Upload(actor=who, referral_id=referral_id, kind=AttachmentKind.EVIDENCE, at=wiring.clock.now())
        (file_id,) = receive(session, upload, [Incoming("亮灯.jpg", BytesIO(files.photo()))], store=wiring.objects)
    with jobs_in_this_process(wiring):
        clean()
    reply = {"outcome": "done", "words": "九盏灯已全部换好。", "reason": "", "signed_name": "高强"}
    step(wiring, referral_id, town.gao_id, referral_department.reply, **reply)
    path = receipt_path(wiring, lamp)
    assert client.get(f"{path}/files/{file_id}").status_code == 404, "nobody has checked the answer yet"
    step(wiring, referral_id, town.zhou_id, referral_check.check_and_deliver)
    assert f'src="{path}/files/{file_id}?small=1" alt="亮灯.jpg"' in client.get(path).get_data(as_text=True)
    shown = client.get(f"{path}/files/{file_id}")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    other = told(wiring, town.longchi_code, "另一件事")
    # Not its last character: only two bits of that count.
    for link in (receipt_path(wiring, other), path[:-2] + ("x" if path[-2] != "x" else "y") + path[-1]):
        assert client.get(f"{link}/files/{file_id}").status_code == 404


def test_an_emergencys_steps_stand_on_the_receipt(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    gas = told(wiring, town.longchi_code, "楼道里有很浓的煤气味", urgency=Urgency.EMERGENCY)
    with wiring.sessions.begin() as session:
        raise_missing(session, at=wiring.clock.now(), limit=10)
    assert "已通知值班委员、区政协。" in words_of(client.get(receipt_path(wiring, gas)))


# --- looking again ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    return sign_in(client.application.test_client(), "zhou")


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    return sign_in(client.application.test_client(), "wangjing")


def test_the_member_reads_on_the_card_what_is_not_solved_and_explains(
    client: FlaskClient, zhou: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    answered(wiring, town, clock, lamp)
    press(client, wiring, lamp, "not_solved", words="还是黑的，打我13812345678")
    card = f"/m/cards/{lamp.submission_id}"
    page = words_of(zhou.get(card))
    assert "居民说没有解决" in page
    assert "还是黑的" in page
    assert "13812345678" not in page
    refused = zhou.press(card, "/explain", words="")
    assert refused.status_code == 422
    assert '<details class="more">' in refused.get_data(as_text=True), "the drawer would lie over the form with the error"
    assert zhou.press(card, "/explain", words="灯杆要等供电验收，20 日通电。").status_code == 200
    assert "灯杆要等供电验收，20 日通电。" in words_of(client.get(receipt_path(wiring, lamp)))
    assert 'name="verdict"' in client.get(receipt_path(wiring, lamp)).get_data(as_text=True)


def test_staff_have_the_unit_work_on_it_again(client: FlaskClient, jing: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    referral_id = delivered(wiring, town, referred(wiring, town, lamp))
    press(client, wiring, lamp, "not_solved", words="三盏不亮。")
    assert "三盏不亮。" in words_of(jing.get("/d/reviews"))
    told_id = outcome(wiring, lamp).id
    page = jing.get("/d/reviews").get_data(as_text=True)
    data = {"csrf_token": hidden(page, "csrf_token"), "version": hidden(page, "version")}
    empty = jing.client.post(f"/d/reviews/{told_id}/reopen", data={**data, "words": ""})
    assert empty.status_code == 422
    assert jing.client.post(f"/d/reviews/{told_id}/reopen", data={**data, "words": "现场看过，请再办。"}).status_code == 303
    assert outcome(wiring, lamp).review is ReviewDecision.REOPEN
    with wiring.sessions() as session:
        assert session.get_one(Referral, referral_id).state is ReferralState.ASSIGNED
    receipt = words_of(client.get(receipt_path(wiring, lamp)))
    assert "居民说没有解决，交承办单位再办。" in receipt
    assert "现场看过，请再办。" in receipt
    again = jing.client.post(f"/d/reviews/{told_id}/explain", data={**data, "words": "不办了。"})
    assert again.status_code == 409
    assert "不办了。" in again.get_data(as_text=True)


def test_staff_explain_why_it_stays(client: FlaskClient, jing: Person, wiring: Wiring, town: Town, lamp: Stored) -> None:
    delivered(wiring, town, referred(wiring, town, lamp))
    press(client, wiring, lamp, "not_solved", words="三盏不亮。")
    assert jing.press("/d/reviews", "/explain", words="灯杆要等供电验收，20 日通电。").status_code == 200
    assert "没有要再看的" in words_of(jing.get("/d/reviews"))
    assert "灯杆要等供电验收，20 日通电。" in words_of(client.get(receipt_path(wiring, lamp)))


def test_reviews_are_for_staff_of_the_district(
    client: FlaskClient, zhou: Person, wiring: Wiring, town: Town, lamp: Stored, clock: TestClock
) -> None:
    answered(wiring, town, clock, lamp)
    press(client, wiring, lamp, "not_solved")
    assert zhou.get("/d/reviews").status_code == 403
    stranger = sign_in(client.application.test_client(), "sunyi")
    assert "没有要再看的" in words_of(stranger.get("/d/reviews"))
    page = stranger.get("/d/reviews").get_data(as_text=True)
    data = {"csrf_token": hidden(page, "csrf_token"), "version": "1", "words": "看看。"}
    assert stranger.client.post(f"/d/reviews/{outcome(wiring, lamp).id}/explain", data=data).status_code == 404
    elsewhere = sign_in(client.application.test_client(), "hemiao")
    assert elsewhere.get(f"/m/cards/{lamp.submission_id}").status_code == 403


# --- the contact ------------------------------------------------------------------------------------------------------------------------


def test_passing_the_contact_on_is_asked_apart_and_unticked(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    page = client.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    assert re.search(r'<input type="checkbox" name="pass_on" value="1">', page)
    for fields, agreed in (({}, False), ({"pass_on": "1"}, True)):
        link = send_sentence(client, town.longchi_code, f"路灯坏了{len(fields)}", contact="13800000021", **fields).location
        assert ("您同意把联系方式交给办这件事的单位" in words_of(client.get(link))) is agreed
    link = send_sentence(client, town.longchi_code, "垃圾没人收", pass_on="1").location
    assert "您同意把联系方式" not in words_of(client.get(link))


def test_the_resident_gives_and_takes_back_the_consent(client: FlaskClient, wiring: Wiring, lamp: Stored, clock: TestClock) -> None:
    path = receipt_path(wiring, lamp)
    assert "只有具体办理的单位能看到联系方式" in words_of(client.get(path))
    assert client.post(f"{path}/contact", data={"agree": "1"}).status_code == 303
    first = submission_of(wiring, lamp).contact_consent_at
    assert first == clock.now()
    clock.forward(days=1)
    client.post(f"{path}/contact", data={"agree": "1"})
    assert submission_of(wiring, lamp).contact_consent_at == first
    client.post(f"{path}/contact", data={"agree": "0"})
    assert submission_of(wiring, lamp).contact_consent_at is None


# --- what it costs ----------------------------------------------------------------------------------------------------------------------


def test_the_fullest_receipt_costs_at_most_seven_statements_and_fifteen_kilobytes(
    client: FlaskClient, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    gas = told(wiring, town.longchi_code, "楼道里有很浓的煤气味" + "，一直没人管" * 100, urgency=Urgency.EMERGENCY, contact="13800000021")
    with wiring.sessions.begin() as session:
        raise_missing(session, at=wiring.clock.now(), limit=10)
    referral_id = signed(wiring, town, referred(wiring, town, gas))
    for number in range(20):
        clock.forward(minutes=5)
        step(wiring, referral_id, town.gao_id, referral_department.report_progress, words=f"第 {number} 次进展", for_resident=True)
    with statements(wiring) as sent:
        page = client.get(receipt_path(wiring, gas))
    assert "第 19 次进展" in words_of(page)
    assert len(sent) <= 7
    assert len(gzip.compress(page.data)) < 15_000


def test_a_receipt_costs_the_same_for_one_message_and_for_twenty(client: FlaskClient, wiring: Wiring, town: Town, lamp: Stored) -> None:
    path = receipt_path(wiring, lamp)

    def write(words: str) -> None:
        once = hidden(client.get(path).get_data(as_text=True), "once")
        assert client.post(f"{path}/messages", data={"once": once, "words": words}).status_code == 303

    write("第 0 句")
    one = cost(wiring, client, path, "第 0 句")
    for number in range(1, 10):
        write(f"第 {number} 句")
    assert cost(wiring, client, path, "第 9 句") == one <= 5


def test_reviews_cost_the_same_for_one_and_for_many(
    client: FlaskClient, jing: Person, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    def unsolved(number: int) -> None:
        stored = told(wiring, town.longchi_code, f"第 {number} 盏灯坏了")
        answered(wiring, town, clock, stored)
        press(client, wiring, stored, "not_solved")

    unsolved(0)
    one = cost(wiring, jing, "/d/reviews", "第 0 盏灯")
    for number in range(1, 12):
        unsolved(number)
    assert cost(wiring, jing, "/d/reviews", "第 11 盏灯") == one


def test_a_worker_sees_no_reviews(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    person_with(wiring, "wangjie", "王姐", (Role.WORKER, town.longchi_id))
    worker = sign_in(client.application.test_client(), "wangjie")
    assert worker.get("/d/reviews").status_code == 403

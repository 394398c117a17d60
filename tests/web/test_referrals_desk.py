"""/d/referrals: what staff follow, check, enter from paper, add and look at again."""

import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from intake.domain.attachment import AttachmentKind
from intake.domain.permission import Role
from intake.domain.referral import ReferralKind, ReferralState
from intake.domain.submission import SubmissionState
from intake.domain.topic import TopicState
from intake.models import Answer, Attachment, Department, Outcome, Referral, Submission, Topic
from intake.services import referral_check, referral_department
from intake.web.uploads import BODY_BYTES
from intake.wiring import Wiring
from tests.factories.administrators import person_with
from tests.factories.clock import TestClock
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.referrals import assigned, delivered, referral_of, referred, referred_topic, replied, signed, step
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_office import LAMP, another_office, row
from tests.web.test_query_counts import cost

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def jing(client: FlaskClient, town: Town) -> Person:
    """王静, 区政协工作人员."""
    return sign_in(client, "wangjing")


@pytest.fixture
def sent(wiring: Wiring, town: Town) -> int:
    return referred(wiring, town, told(wiring, town.longchi_code, LAMP))


def page(referral_id: int) -> str:
    return f"/d/referrals/{referral_id}"


def post(person: Person, path: str, seen: str, **fields: object) -> TestResponse:
    """Send a form of a page that was opened before."""
    data = {"csrf_token": hidden(seen, "csrf_token"), "version": hidden(seen, "version"), **fields}
    return person.client.post(path, data=data, follow_redirects=True)


def delivering(wiring: Wiring, town: Town) -> int:
    """A topic whose consultation has come to its measures."""
    topic = topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, LAMP))
    with wiring.sessions.begin() as session:
        session.get_one(Topic, topic).state = TopicState.DELIVERING
    return topic


# Each filter narrows; what is under way comes with what is due first, what was asked for by words with the newest first.
def test_the_list_is_narrowed(jing: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    assigned(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "第1号楼的路灯坏了")))
    referred(wiring, town, told(wiring, town.ziwei_code, "第2号楼的电梯困人"))
    delivered(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "第3号楼的大门关不上")))
    everything = words_of(jing.get("/d/referrals"))
    assert "第1号楼" in everything
    assert "第2号楼" in everything
    assert "第3号楼" not in everything, "it has ended"
    assert "2 件在办" in everything
    for query, shows, hides in (
        ("state=sent", "第2号楼", "第1号楼"),
        ("state=delivered", "第3号楼", "第1号楼"),
        ("state=all", "第3号楼", "没有这样的转报"),
        (f"unit={town.lights_id}", "第1号楼", "第2号楼"),
        ("kind=responsibility", "没有这样的转报", "第1号楼"),
        ("q=电梯", "第2号楼", "第1号楼"),
        ("q=大门&state=all", "第3号楼", "第1号楼"),
        ("overdue=1", "没有这样的转报", "第1号楼"),
        ("state=nonsense&unit=x&after=y", "第1号楼", "第3号楼"),
    ):
        found = words_of(jing.get(f"/d/referrals?{query}"))
        assert shows in found, query
        assert hides not in found, query
    clock.forward(days=5)
    late = words_of(sign_in(jing.client, "wangjing").get("/d/referrals?overdue=1"))
    assert "第1号楼" in late


@pytest.mark.parametrize("login", ["zhou", "fangmin", "gaoqiang", "chenli", "sunyi"])
def test_who_may_not(client: FlaskClient, town: Town, sent: int, login: str) -> None:
    person = sign_in(client, login)
    expected = 404 if login == "sunyi" else 403  # staff of another district have a list of their own
    assert person.get(page(sent)).status_code == expected
    assert LAMP not in words_of(person.get("/d/referrals?state=all"))


def test_staff_of_one_street_follow_that_street(client: FlaskClient, wiring: Wiring, town: Town, sent: int) -> None:
    elsewhere = referred(wiring, town, told(wiring, town.shiqiao_code, "石桥的井盖响"), by=town.shiqiao_member_id)
    person_with(wiring, "street", "白洁", (Role.STAFF, town.street_id))
    street = sign_in(client, "street")
    found = words_of(street.get("/d/referrals"))
    assert "幸福里3号楼" in found
    assert "井盖" not in found
    assert street.get(page(elsewhere)).status_code == 403


def test_an_answer_is_checked_and_reaches_the_resident(jing: Person, wiring: Wiring, town: Town, sent: int) -> None:
    replied(wiring, town, sent)
    assert "答复待核 1" in words_of(jing.get("/d/referrals"))
    seen = words_of(jing.get(page(sent)))
    assert "九盏灯已全部换好" in seen
    assert "答到了" in seen
    done = jing.press(page(sent), "/deliver", words="我们去看过，晚上亮了。")
    assert "已送达" in words_of(done)
    with wiring.sessions() as session:
        referral = session.get_one(Referral, sent)
        assert referral.state is ReferralState.DELIVERED
        assert session.get_one(Submission, referral.submission_id).state is SubmissionState.ANSWERED
        assert session.scalar(select(func.count()).select_from(Outcome)) == 1


# The gate advises: what the answer leaves out stands beside it, and a person may deliver it all the same.
def test_what_the_answer_leaves_out_is_shown(jing: Person, wiring: Wiring, town: Town) -> None:
    bins = referred(wiring, town, told(wiring, town.longchi_code, "垃圾桶满了没人收，发臭，老鼠乱窜"))
    replied(wiring, town, bins, words="您反映的问题我们高度重视，已转有关部门处理，感谢您的支持。")
    seen = words_of(jing.get(page(bins)))
    assert "送达之前，请再看一眼" in seen
    assert "好像没答到" in seen


def test_an_answer_goes_back_once(jing: Person, wiring: Wiring, town: Town, sent: int) -> None:
    replied(wiring, town, sent)
    empty = jing.press(page(sent), "/send-back", words="")
    assert empty.status_code == 422
    before = jing.get(page(sent)).get_data(as_text=True)
    assert "已退回承办单位补充" in words_of(jing.press(page(sent), "/send-back", words="没说什么时候巡查。"))
    late = post(jing, f"{page(sent)}/deliver", before, words="可以了。")
    assert late.status_code == 409
    assert "可以了。" in words_of(late)
    again = {"outcome": "done", "words": "已换灯，每月巡查一次。", "reason": "夜间施工。", "signed_name": "高强"}
    step(wiring, sent, town.gao_id, referral_department.reply, **again)
    seen = jing.get(page(sent)).get_data(as_text=True)
    assert "/send-back" not in seen
    assert "已经退回补充过一次" in seen
    twice = post(jing, f"{page(sent)}/send-back", seen, words="还是没说清。")
    assert twice.status_code == 409
    assert "还是没说清。" in words_of(twice)


def test_an_assignment_on_paper_is_entered(jing: Person, wiring: Wiring, town: Town, sent: int) -> None:
    done = jing.press(page(sent), "/assign", lead=str(town.lights_id), words="区政府办第12号交办单。")
    assert "已代录交办" in words_of(done)
    assert row(wiring, sent).lead_id == town.lights_id
    office = jing.press(page(referred(wiring, town, told(wiring, town.longchi_code, "门坏了"))), "/assign", lead=str(town.office_id))
    assert office.status_code == 422


ON_PAPER = {
    "outcome": "done",
    "words": "九盏灯已全部换好，每月巡查一次。",
    "note": "",
    "signed_name": "高强",
    "paper_number": "云城管函〔2026〕12号",
    "paper_date": "2026-11-03",
}


def test_an_answer_on_paper_is_entered_with_its_scan(jing: Person, wiring: Wiring, town: Town, sent: int) -> None:
    signed(wiring, town, sent)
    seen = jing.get(page(sent)).get_data(as_text=True)
    # Refused for a field, the scan that arrived stays.
    refused = post(jing, f"{page(sent)}/paper-reply", seen, **{**ON_PAPER, "paper_number": ""}, files=(io.BytesIO(PDF), "扫描件.pdf"))
    assert refused.status_code == 422
    assert "请填写纸质答复的文号" in words_of(refused)
    assert "扫描件.pdf" in words_of(refused)
    assert "九盏灯已全部换好" in words_of(refused)
    done = post(jing, f"{page(sent)}/paper-reply", seen, **ON_PAPER)
    assert "已代录答复" in words_of(done)
    assert "云城管函〔2026〕12号" in words_of(done)
    with wiring.sessions() as session:
        answer = session.scalars(select(Answer)).one()
        scan = session.scalars(select(Attachment)).one()
        assert scan.answer_id == answer.id
        assert scan.kind is AttachmentKind.SCAN
    assert row(wiring, sent).state is ReferralState.REPLIED


# Each field of a paper answer says what is wrong with it, and everything typed is still there.
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("outcome", "", "请选择办理结果"),
        ("words", " ", "请写答复内容"),
        ("words", "换" * 2_001, "最多 2000 个字"),
        ("outcome", "partly", "请写明原因或安排的时间"),
        ("signed_name", "", "请填写答复由谁负责"),
        ("paper_date", "2026-11-04", "不能晚于今天"),
        ("paper_date", "昨天", "请填写纸质答复上的日期"),
    ],
)
def test_a_paper_answer_with_a_wrong_field(jing: Person, wiring: Wiring, town: Town, sent: int, field: str, value: str, says: str) -> None:
    signed(wiring, town, sent)
    seen = jing.get(page(sent)).get_data(as_text=True)
    fields = {**ON_PAPER, "note": "" if value == "partly" else "夜间施工，未拍照。", field: value}
    refused = post(jing, f"{page(sent)}/paper-reply", seen, **fields)
    assert refused.status_code == 422
    assert says in words_of(refused)
    assert "云城管函〔2026〕12号" in refused.get_data(as_text=True)
    if field == "words" and value:
        assert value in refused.get_data(as_text=True)
    assert row(wiring, sent).state is ReferralState.IN_PROGRESS


def test_a_scan_that_is_no_scan(jing: Person, wiring: Wiring, town: Town, sent: int) -> None:
    signed(wiring, town, sent)
    seen = jing.get(page(sent)).get_data(as_text=True)
    refused = post(jing, f"{page(sent)}/paper-reply", seen, **ON_PAPER, files=(io.BytesIO(b"MZ\x90\x00 program"), "a.exe"))
    assert refused.status_code == 422
    assert "不是能用的格式" in words_of(refused)
    assert "九盏灯已全部换好" in words_of(refused)


def test_a_request_over_the_bound_is_told_so(jing: Person, wiring: Wiring, town: Town, sent: int) -> None:
    signed(wiring, town, sent)
    scan = (io.BytesIO(b"%PDF-" + b"x" * BODY_BYTES), "扫描件.pdf")
    refused = jing.client.post(f"{page(sent)}/paper-reply", data={"words": "换好了。", "files": scan})
    assert refused.status_code == 413
    assert "请分几次上传" in words_of(refused)


def test_a_measure_is_added_to_a_topic_and_withdrawn(jing: Person, wiring: Wiring, town: Town) -> None:
    topic = delivering(wiring, town)
    refused = jing.press(f"/d/topics/{topic}", "/responsibilities", title="", words="协商建议第一条。")
    assert refused.status_code == 422
    assert "请写明要办的事" in words_of(refused)
    assert "协商建议第一条。" in words_of(refused)
    long = jing.press(f"/d/topics/{topic}", "/responsibilities", title="换灯", words="因" * 2_001)
    assert long.status_code == 422
    assert "因" * 2_001 in long.get_data(as_text=True)
    done = jing.press(f"/d/topics/{topic}", "/responsibilities", title="更换九盏路灯", words="协商建议第一条。")
    assert "已登记" in words_of(done)
    with wiring.sessions() as session:
        made = referral_of(session, topic_id=topic)
        assert made.kind is ReferralKind.RESPONSIBILITY
    assert "更换九盏路灯" in words_of(jing.get(f"/d/topics/{topic}"))
    assert "已撤销" in words_of(jing.press(page(made.id), "/withdraw", words="登记重复了。"))
    assert row(wiring, made.id).state is ReferralState.CANCELLED


def test_a_measure_needs_a_topic_that_is_being_delivered(jing: Person, wiring: Wiring, town: Town) -> None:
    topic = delivering(wiring, town)
    seen = jing.get(f"/d/topics/{topic}").get_data(as_text=True)
    with wiring.sessions.begin() as session:
        session.get_one(Topic, topic).state = TopicState.POOLED
    data = {"csrf_token": hidden(seen, "csrf_token"), "title": "更换九盏路灯", "words": "协商建议第一条。"}
    late = jing.client.post(f"/d/topics/{topic}/responsibilities", data=data)
    assert late.status_code == 409
    assert "更换九盏路灯" in late.get_data(as_text=True)


def test_a_relay_is_not_withdrawn(jing: Person, wiring: Wiring, town: Town, sent: int) -> None:
    seen = jing.get(page(sent)).get_data(as_text=True)
    assert "/withdraw" not in seen
    refused = post(jing, f"{page(sent)}/withdraw", seen, words="不办了。")
    assert refused.status_code == 409
    assert "不办了。" in words_of(refused)


def test_staff_write_the_other_systems_number_down_and_find_it(jing: Person, wiring: Wiring, town: Town, sent: int) -> None:
    assert jing.press(page(sent), "/number", external_number="12345-20261103-88").status_code == 200
    assert row(wiring, sent).external_number == "12345-20261103-88"
    assert row(wiring, sent).number in words_of(jing.get("/d/referrals?q=20261103-88"))


def test_somebody_looks_again(jing: Person, wiring: Wiring, town: Town, sent: int, clock: TestClock) -> None:
    delivered(wiring, town, sent)
    waiting = words_of(jing.get("/d/revisits"))
    assert "现在没有到日子的" in waiting
    assert "幸福里3号楼" in waiting
    clock.forward(days=91)
    later = sign_in(jing.client, "wangjing")
    assert "1 件到了回头看的日子" in words_of(later.get("/d/revisits"))
    assert "回头看" in words_of(later.get("/d"))
    assert "已记下回头看的情况" in words_of(later.press(page(sent), "/revisit", words="晚上去看，灯都亮。"))
    assert "晚上去看，灯都亮。" in words_of(later.get(page(sent)))
    assert "没有要回头看的" in words_of(later.get("/d/revisits"))


def test_the_first_page_of_the_desk_says_what_waits(jing: Person, wiring: Wiring, town: Town, sent: int, clock: TestClock) -> None:
    replied(wiring, town, sent)
    other = referred(wiring, town, told(wiring, town.longchi_code, "第9号楼的门禁坏了"))
    home = words_of(jing.get("/d"))
    assert "待核答复 1" in home
    assert "超期" not in home
    clock.forward(days=4)
    later = words_of(sign_in(jing.client, "wangjing").get("/d"))
    assert "超期 " in later
    assert row(wiring, other).state is ReferralState.SENT


def test_the_topics_page_shows_what_became_of_it(jing: Person, wiring: Wiring, town: Town) -> None:
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, LAMP)))
    referral = replied(wiring, town, referred_topic(wiring, town, topic))
    step(wiring, referral, town.jing_id, referral_check.check_and_deliver)
    shown = words_of(jing.get(f"/d/topics/{topic}"))
    assert "转报与责任事项" in shown
    assert row(wiring, referral).number in shown
    assert jing.get(f"/d/topics/{topic}/lineage").status_code == 200


# Only a district with several offices is asked which one.
def test_the_office_is_chosen_where_there_are_several(jing: Person, wiring: Wiring, town: Town) -> None:
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, LAMP)))
    assert "转办时送哪个交办机关" not in words_of(jing.get(f"/d/topics/{topic}"))
    other, _ = another_office(wiring, town)
    assert "转办时送哪个交办机关" in words_of(jing.get(f"/d/topics/{topic}"))
    sent_on = jing.press(f"/d/topics/{topic}", "/decide", action="refer", office=str(other), words="请区委办转有关单位办理路灯。")
    assert sent_on.status_code == 200
    with wiring.sessions() as session:
        assert referral_of(session, topic_id=topic).office_id == other


def test_an_office_that_was_closed_meanwhile_is_refused(jing: Person, wiring: Wiring, town: Town) -> None:
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, LAMP)))
    other, _ = another_office(wiring, town)
    with wiring.sessions.begin() as session:
        session.get_one(Department, other).active = False
    words = "请区委办转有关单位办理路灯。"
    late = jing.press(f"/d/topics/{topic}", "/decide", action="refer", office=str(other), words=words)
    assert late.status_code == 422
    assert words in words_of(late)


def test_pages_cost_the_same_for_one_and_for_twenty(jing: Person, wiring: Wiring, town: Town) -> None:
    first = replied(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "第00号楼的路灯坏了")))
    done = delivered(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "第00号院的门坏了")))
    paths = {
        "/d/referrals": "第00号楼",
        "/d/referrals?state=all&q=第00号楼": "第00号楼",
        page(first): "第00号楼",
        page(done): "第00号院",
        "/d/revisits": "第00号院",
    }
    one = [cost(wiring, jing, path, words) for path, words in paths.items()]
    for number in range(1, 20):
        referred(wiring, town, told(wiring, town.longchi_code, f"第{number:02}号楼的路灯坏了"))
        delivered(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, f"第{number:02}号院的门坏了")))
    assert [cost(wiring, jing, path, words) for path, words in paths.items()] == one
    assert max(one) <= 17

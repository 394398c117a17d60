"""/m/referrals: what a member sent and where it is, and an answer looked at before the residents get it."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from intake.domain.referral import ReferralState
from intake.domain.submission import SubmissionState
from intake.models import Decision, Outcome, Referral, Submission
from intake.services import referral_check, referral_department, referral_office
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import taken_up, told, topic_of
from tests.factories.referrals import assigned, delivered, referral_of, referred, referred_topic, replied, signed, step
from tests.factories.town import Town
from tests.web.pages import Person, hidden, sign_in, words_of
from tests.web.test_office import LAMP, another_office, row
from tests.web.test_query_counts import cost


@pytest.fixture
def zhou(client: FlaskClient, town: Town) -> Person:
    """周明远, 委员."""
    return sign_in(client, "zhou")


@pytest.fixture
def sent(wiring: Wiring, town: Town) -> int:
    return referred(wiring, town, told(wiring, town.longchi_code, LAMP))


def page(referral_id: int) -> str:
    return f"/m/referrals/{referral_id}"


def post(person: Person, path: str, seen: str, **fields: str) -> TestResponse:
    """Send a form of a page that was opened before."""
    data = {"csrf_token": hidden(seen, "csrf_token"), "version": hidden(seen, "version"), **fields}
    return person.client.post(path, data=data, follow_redirects=True)


# Each state is told in a sentence, with what comes next.
def test_a_member_sees_where_it_is(zhou: Person, wiring: Wiring, town: Town, sent: int) -> None:
    listed = words_of(zhou.get("/m/referrals"))
    assert "幸福里3号楼" in listed
    assert "待接收" in listed
    assert "“区政府办公室”还没有接收" in words_of(zhou.get(page(sent)))
    step(wiring, sent, town.fang_id, referral_office.accept)
    assert "正在定由哪个单位办" in words_of(zhou.get(page(sent)))
    step(wiring, sent, town.fang_id, referral_office.assign, lead_id=town.lights_id, words="请办。")
    assert "交给了“区城市管理局”，等它签收" in words_of(zhou.get(page(sent)))
    step(wiring, sent, town.gao_id, referral_department.sign)
    assert "“区城市管理局”正在办" in words_of(zhou.get(page(sent)))
    step(wiring, sent, town.gao_id, referral_department.dispute, proposed_id=None, words="路灯归别的单位。")
    assert "裁定前仍由它负责" in words_of(zhou.get(page(sent)))


def test_what_was_returned_is_among_the_ended(zhou: Person, wiring: Wiring, town: Town, sent: int) -> None:
    step(wiring, sent, town.fang_id, referral_office.hand_back, reason="unclear", words="请写明是哪栋楼。")
    assert "幸福里3号楼" not in words_of(zhou.get("/m/referrals?part=open"))
    assert "已退回" in words_of(zhou.get("/m/referrals?part=ended"))
    shown = words_of(zhou.get(page(sent)))
    assert "来件又在待研判里" in shown
    assert "请写明是哪栋楼。" in shown


def test_an_answer_is_looked_at_and_delivered_with_own_words(zhou: Person, wiring: Wiring, town: Town, sent: int) -> None:
    replied(wiring, town, sent)
    assert "有 1 件答复等您核对" in words_of(zhou.get("/m"))
    assert "等我核对 1" in words_of(zhou.get("/m/referrals"))
    shown = words_of(zhou.get(page(sent)))
    assert "九盏灯已全部换好" in shown
    assert "答到了" in shown
    assert "已送达" in words_of(zhou.press(page(sent), "/deliver", words="我昨晚去看过，都亮了。"))
    with wiring.sessions() as session:
        referral = session.get_one(Referral, sent)
        assert session.get_one(Submission, referral.submission_id).state is SubmissionState.ANSWERED
        assert "我昨晚去看过，都亮了。" in session.scalars(select(Decision.words)).all()
        assert session.scalar(select(func.count()).select_from(Outcome)) == 1
    assert "答复等您核对" not in words_of(zhou.get("/m"))


def test_an_answer_is_sent_back_once_with_what_is_missing(zhou: Person, wiring: Wiring, town: Town, sent: int) -> None:
    replied(wiring, town, sent)
    empty = zhou.press(page(sent), "/send-back", words=" ")
    assert empty.status_code == 422
    assert "补好后还会请您看" in words_of(zhou.press(page(sent), "/send-back", words="没说以后谁来管。"))
    assert row(wiring, sent).state is ReferralState.IN_PROGRESS
    assert "没说以后谁来管。" in words_of(zhou.get(page(sent)))
    again = {"outcome": "done", "words": "已换灯，由照明所每月巡查。", "reason": "夜间施工。", "signed_name": "高强"}
    step(wiring, sent, town.gao_id, referral_department.reply, **again)
    seen = zhou.get(page(sent)).get_data(as_text=True)
    assert "/send-back" not in seen
    twice = post(zhou, f"{page(sent)}/send-back", seen, words="还是不行。")
    assert twice.status_code == 409
    assert "还是不行。" in words_of(twice)


# The member and staff look at the same answer: the second learns it, with their words.
def test_staff_were_faster(zhou: Person, wiring: Wiring, town: Town, sent: int) -> None:
    replied(wiring, town, sent)
    seen = zhou.get(page(sent)).get_data(as_text=True)
    step(wiring, sent, town.jing_id, referral_check.check_and_deliver)
    late = post(zhou, f"{page(sent)}/deliver", seen, words="我去看过，亮了。")
    assert late.status_code == 409
    assert "这一件刚刚有人处理过" in words_of(late)
    assert "我去看过，亮了。" in words_of(late)
    with wiring.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Outcome)) == 1


def test_words_that_are_too_long_are_kept_whole(zhou: Person, wiring: Wiring, town: Town, sent: int) -> None:
    replied(wiring, town, sent)
    long = "亮" * 2_001
    refused = zhou.press(page(sent), "/deliver", words=long)
    assert refused.status_code == 422
    assert "最多 500 个字" in words_of(refused)
    assert long in refused.get_data(as_text=True)
    assert row(wiring, sent).state is ReferralState.REPLIED


def test_what_was_written_is_kept_when_the_session_ran_out(zhou: Person, wiring: Wiring, town: Town, sent: int) -> None:
    replied(wiring, town, sent)
    seen = zhou.get(page(sent)).get_data(as_text=True)
    zhou.client.post("/sign-out", data={"csrf_token": hidden(seen, "csrf_token")})
    late = post(zhou, f"{page(sent)}/deliver", seen, words="我去看过，亮了。")
    assert late.status_code == 401
    assert "我去看过，亮了。" in words_of(late)


# The convenor checks for their area, a colleague only reads, others see nothing of it.
def test_who_checks_and_who_reads(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    sent = replied(wiring, town, referred(wiring, town, told(wiring, town.ziwei_code, LAMP)))
    convenor = sign_in(client, "laozhou")
    assert "等我核对 1" in words_of(convenor.get("/m/referrals"))
    assert "送达居民" in words_of(convenor.get(page(sent)))
    seen = convenor.get(page(sent)).get_data(as_text=True)
    colleague = sign_in(client, "liqing")
    shown = words_of(colleague.get(page(sent)))
    assert "正在核对" in shown
    assert "送达居民" not in shown
    assert "幸福里3号楼" not in words_of(colleague.get("/m/referrals"))
    token = hidden(colleague.get("/m/me").get_data(as_text=True), "csrf_token")
    refused = colleague.client.post(f"{page(sent)}/deliver", data={"csrf_token": token, "version": hidden(seen, "version"), "words": "好"})
    assert refused.status_code == 403
    assert sign_in(client, "hemiao").get(page(sent)).status_code == 403
    assert sign_in(client, "gaoqiang").get("/m/referrals").status_code == 403
    assert sign_in(client, "sunyi").get(page(sent)).status_code == 404


def test_a_topic_that_staff_referred_is_checked_by_its_convenor(client: FlaskClient, wiring: Wiring, town: Town) -> None:
    topic = taken_up(wiring, town.jing_id, topic_of(wiring, town.zhou_id, "幸福里路灯", told(wiring, town.longchi_code, LAMP)))
    sent = replied(wiring, town, referred_topic(wiring, town, topic))
    convenor = sign_in(client, "laozhou")
    assert "已送达" in words_of(convenor.press(page(sent), "/deliver", words=""))


def test_somebody_looks_again(zhou: Person, wiring: Wiring, town: Town, sent: int) -> None:
    delivered(wiring, town, sent)
    assert "已记下" in words_of(zhou.press(page(sent), "/revisit", words="晚上去看，灯都亮。"))
    assert "晚上去看，灯都亮。" in words_of(zhou.get(page(sent)))


# Only a district with several offices is asked which one.
def test_the_office_is_chosen_on_the_card(zhou: Person, wiring: Wiring, town: Town) -> None:
    stored = told(wiring, town.longchi_code, LAMP)
    card = f"/m/cards/{stored.submission_id}"
    assert "送哪个交办机关" not in words_of(zhou.get(card))
    other, _ = another_office(wiring, town)
    assert "送哪个交办机关" in words_of(zhou.get(card))
    assert zhou.press(card, "/refer", words="请区委办转有关单位。", office=str(town.lights_id)).status_code == 422
    assert zhou.press(card, "/refer", words="请区委办转有关单位。", office=str(other)).status_code == 200
    with wiring.sessions() as session:
        assert referral_of(session, submission_id=stored.submission_id).office_id == other


def test_pages_cost_the_same_for_one_and_for_twenty(zhou: Person, wiring: Wiring, town: Town, clock: TestClock) -> None:
    first = replied(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "第00号楼的路灯坏了")))
    assigned(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "第00号院的门坏了")))
    delivered(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, "第00号桥的栏杆坏了")))
    paths = {
        "/m/referrals?part=check": "第00号楼",
        "/m/referrals?part=open": "第00号院",
        "/m/referrals?part=ended": "第00号桥",
        page(first): "第00号楼",
    }
    one = [cost(wiring, zhou, path, words) for path, words in paths.items()]
    for number in range(1, 20):
        clock.forward(seconds=1)
        signed(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, f"第{number:02}号院的门坏了")))
        replied(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, f"第{number:02}号楼的路灯坏了")))
        delivered(wiring, town, referred(wiring, town, told(wiring, town.longchi_code, f"第{number:02}号桥的栏杆坏了")))
    assert [cost(wiring, zhou, path, words) for path, words in paths.items()] == one
    assert max(one) <= 14

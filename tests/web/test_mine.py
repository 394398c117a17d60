"""我反映过的事: found again inside WeChat without a number, and by nobody else."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.models import Submission
from intake.services.submission_decide import answer
from intake.services.submission_submit import Stored
from intake.services.submission_withdraw import withdraw
from intake.web.follower_cookie import NAME
from intake.wiring import Wiring
from tests.factories.clock import TestClock
from tests.factories.matters import deciding, receipt_path, triage
from tests.factories.sentences import say
from tests.factories.town import Town
from tests.factories.wechat import CALLBACK_KEY, make_account
from tests.web.inside_wechat import AUNT, UNCLE, Telephone, telephone
from tests.web.pages import hidden, words_of
from tests.web.test_query_counts import cost
from tests.wechat_platform.faults import Fault
from tests.wechat_platform.server import WeChatServer


@pytest.fixture
def aunt(app: Flask, served: WeChatServer, town: Town) -> Telephone:
    phone = telephone(app, served, AUNT)
    phone.open(f"/p/{town.longchi_code}")
    return phone


def tell(phone: Telephone, code: str, text: str) -> None:
    key = hidden(phone.open(f"/p/{code}").get_data(as_text=True), "key")
    assert phone.post(f"/p/{code}", key=key, text=text).status_code == 303


def test_what_one_said_stands_there_newest_first_and_leads_to_its_receipts(
    aunt: Telephone, wiring: Wiring, town: Town, clock: TestClock
) -> None:
    tell(aunt, town.longchi_code, "幸福里路灯坏了")
    clock.forward(days=1)
    tell(aunt, town.ziwei_code, "垃圾没人收")
    words = words_of(aunt.get("/mine"))
    assert words.index("垃圾没人收") < words.index("幸福里路灯坏了")
    assert "共 2 件" in words
    with wiring.sessions() as session:
        number = session.query(Submission).order_by(Submission.id).first().receipt_number  # type: ignore[union-attr]  # there are two
    link = next(part for part in aunt.get("/mine").get_data(as_text=True).split('"') if part.startswith(f"/r/{number}/"))
    assert "幸福里路灯坏了" in words_of(aunt.get(link))


def test_nothing_of_anybody_else_stands_there(app: Flask, aunt: Telephone, served: WeChatServer, wiring: Wiring, town: Town) -> None:
    say(wiring, town.longchi_code, "没有名字的一句话")
    uncle = telephone(app, served, UNCLE)
    tell(uncle, town.longchi_code, "楼道灯不亮")
    words = words_of(aunt.get("/mine"))
    assert "还没有反映过" in words
    assert "没有名字的一句话" not in words
    assert "楼道灯不亮" not in words


def test_an_answer_that_was_not_looked_at_says_so_until_it_was(aunt: Telephone, wiring: Wiring, town: Town, clock: TestClock) -> None:
    tell(aunt, town.longchi_code, "路灯坏了")
    with wiring.sessions() as session:
        said = session.query(Submission).one()
    stored = Stored(said.id, said.receipt_number, said.receipt_salt, repeated=False)
    triage(wiring, stored)
    with wiring.sessions.begin() as session:
        answer(session, deciding(wiring, town.zhou_id, stored), words="明天有人来修，请放心。")
    assert "有答复，还没看" not in words_of(aunt.get("/mine"))  # it can still be taken back
    clock.forward(seconds=wiring.settings.undo_seconds + 1)
    page = aunt.get("/mine")
    assert "已经答复您" in words_of(page)
    assert "有答复，还没看" in words_of(page)
    aunt.get(receipt_path(wiring, stored))
    assert "有答复，还没看" not in words_of(aunt.get("/mine"))


def test_withdrawn_and_erased_words_leave_a_line_without_them(aunt: Telephone, wiring: Wiring, town: Town) -> None:
    tell(aunt, town.longchi_code, "说错了地方")
    with wiring.sessions.begin() as session:
        said = session.query(Submission).one()
        withdraw(session, submission_id=said.id, at=wiring.clock.now())
        said.text_written = ""
    words = words_of(aunt.get("/mine"))
    assert "（内容已清除）" in words
    assert "您已经撤回" in words


def test_a_long_list_comes_in_pages_that_miss_nothing(aunt: Telephone, wiring: Wiring, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        tell(aunt, town.longchi_code, f"第 {number} 件事")
    monkeypatch.setattr("intake.web.resident.mine.SHOWN", 2)
    seen, path = "", "/mine"
    for _ in range(3):
        page = aunt.get(path)
        seen += words_of(page)
        path = next((part for part in page.get_data(as_text=True).split('"') if part.startswith("/mine?after=")), "")
    assert path == ""
    assert all(f"第 {number} 件事" in seen for number in range(5))
    assert aunt.get("/mine?after=x").status_code == 200


def test_the_list_costs_the_same_for_one_and_for_many(aunt: Telephone, wiring: Wiring, town: Town) -> None:
    tell(aunt, town.longchi_code, "第一件事")
    one = cost(wiring, aunt.client, "/mine", "第一件事")
    for number in range(8):
        tell(aunt, town.longchi_code, f"又一件 {number}")
    assert cost(wiring, aunt.client, "/mine", "第一件事") == one <= 2


def test_leaving_forgets_the_browser_and_not_the_matter(aunt: Telephone, wiring: Wiring, town: Town) -> None:
    tell(aunt, town.longchi_code, "路灯坏了")
    left = aunt.post("/mine/forget")
    assert left.status_code == 303
    assert aunt.client.get_cookie(NAME) is None
    after = words_of(aunt.get(left.location))
    assert "已退出" in after
    assert "路灯坏了" not in after
    with wiring.sessions() as session:
        assert session.query(Submission).one().follower_id is not None
    assert "路灯坏了" in words_of(_again(aunt, left.location))


def _again(phone: Telephone, path: str) -> TestResponse:
    """Press “再试一次” on the page, within the hour in which nobody is sent by themselves."""
    way = re.search(r'href="(/wechat/[^"]+)"[^>]*>再试一次', phone.get(path).get_data(as_text=True))
    assert way is not None
    return phone.open(unescape(way.group(1)))


def test_whom_the_platform_did_not_name_may_try_again_at_once(app: Flask, served: WeChatServer, town: Town) -> None:
    phone = telephone(app, served, UNCLE)
    served.world.faults.order("/sns/oauth2/access_token", Fault.STATUS, code=502)
    assert "微信这会儿没有告诉我们是谁在看" in words_of(phone.open("/mine"))
    assert "还没有反映过" in words_of(_again(phone, "/mine"))


def test_another_sites_button_does_not_make_one_leave(aunt: Telephone) -> None:
    assert aunt.client.post("/mine/forget", headers={"Origin": "https://evil.example"}).status_code == 403
    assert aunt.client.get_cookie(NAME) is not None


def test_outside_wechat_it_says_how_a_receipt_is_found(client: FlaskClient, served: WeChatServer, town: Town) -> None:
    page = client.get("/mine")
    assert "只在微信里" in words_of(page)
    assert 'href="/r"' in page.get_data(as_text=True)


def test_inside_wechat_it_asks_the_one_account_there_is(app: Flask, served: WeChatServer, town: Town) -> None:
    assert "还没有反映过" in words_of(telephone(app, served).open("/mine"))


def test_with_several_accounts_one_is_chosen(app: Flask, served: WeChatServer, wiring: Wiring, town: Town) -> None:
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=town.street_id, original_id="gh_2", app_id="wx2", callback_key="second")
    phone = telephone(app, served)
    page = phone.get("/mine")
    assert "您用的是哪个公众号？" in words_of(page)
    way = next(part for part in page.get_data(as_text=True).split('"') if part.startswith(f"/wechat/{CALLBACK_KEY}/enter"))
    assert "还没有反映过" in words_of(phone.open(way))


def test_a_silent_platform_leads_to_the_way_by_number(app: Flask, served: WeChatServer, town: Town) -> None:
    served.world.faults.order("/sns/oauth2/access_token", Fault.STATUS, code=502)
    words = words_of(telephone(app, served).open("/mine"))
    assert "微信这会儿没有告诉我们是谁在看" in words


def test_the_notice_says_what_is_kept_and_how_long(client: FlaskClient, wiring: Wiring) -> None:
    words = words_of(client.get("/privacy"))
    assert "180 天" in words
    assert f"{wiring.workflow.retention.follower_days} 天没有来过" in words

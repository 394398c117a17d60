"""The WeChat way in a browser, on the simulated platform's own chat page: scan, chat, form, member, answer, notice, verdict."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from intake.adapters.notifier import ChannelNotifier
from intake.adapters.object_store import FolderStore
from intake.adapters.wechat.client import WeChatClient
from intake.domain.outcome import Verdict
from intake.domain.submission import Channel
from intake.domain.submission_file import FileState
from intake.models import Outcome, Submission, SubmissionFile
from intake.ports import NullSms
from tests.browser.conftest import Enter, Site
from tests.factories.clock import TestClock
from tests.factories.town import town_in
from tests.factories.wechat import AES_KEY, APP_ID, CALLBACK_KEY, ORIGINAL_ID, SECRET, TOKEN, make_account
from tests.integration.jobs import jobs_in_this_process
from tests.wechat_platform.chat.phone import Phones
from tests.wechat_platform.server import WeChatServer, running
from workers.jobs import clean_files, fetch_media, send_notices, triage_batch

pytestmark = pytest.mark.browser

AUNT = "oAunt6_bIyUhqmFvNNa1VcJ2pXw"
LONGCHI = "nvgch2345a"


@pytest.fixture
def platform(site: Site, tmp_path: Path) -> Iterator[WeChatServer]:
    """The platform with its chat page, before our site."""
    wired = site.wiring
    facts = {
        "name": "云栖政协",
        "site": site.url,
        "account": {
            "app_id": APP_ID,
            "secret": SECRET,
            "original_id": ORIGINAL_ID,
            "token": TOKEN,
            "aes_key": AES_KEY,
            "callback_key": CALLBACK_KEY,
        },
        "people": [[AUNT, "王阿姨的手机"]],
        "codes": [["龙池社区", f"scene-{LONGCHI}"]],
    }
    file = tmp_path / "chat.json"
    file.write_text(json.dumps(facts), encoding="utf-8")
    with running() as server:
        server.world.seconds = lambda: wired.clock.now().timestamp()
        server.views["/chat"] = Phones(server.world, file).answer
        wired.settings = replace(wired.settings, base_url=site.url, wechat_api_url=server.url, wechat_connect_url=server.url)
        wired.objects = FolderStore(tmp_path / "objects")
        wired.wechat = WeChatClient(wired.redis, api_url=server.url, connect_url=server.url, clock=wired.clock)
        wired.notifier = ChannelNotifier(wechat=wired.wechat, sms=NullSms())
        with wired.sessions.begin() as session:
            make_account(session, wired.vault, area_id=town_in(session).district_id)
        yield server


def says(chat: Page, words: str) -> None:
    """Write into the chat and send it."""
    chat.get_by_label("写给公众号").fill(words)
    chat.get_by_role("button", name="发出").click()
    expect(chat.locator("#talk .me").last).to_have_text(words)


def hears(chat: Page, words: str) -> None:
    """Wait until the account's last message holds the words."""
    expect(chat.locator("#talk .them").last).to_contain_text(words)


def test_from_a_poster_through_the_chat_to_a_verdict(enter: Enter, site: Site, platform: WeChatServer) -> None:
    clock = site.wiring.clock
    assert isinstance(clock, TestClock)
    aunt = enter()
    chat = aunt.page
    chat.goto(f"{platform.url}/chat")
    chat.get_by_role("button", name="扫一扫").click()
    chat.get_by_role("button", name="龙池社区").click()
    hears(chat, "龙池社区直报点")
    says(chat, "幸福里3号楼楼道灯坏了")
    hears(chat, "记下了")
    chat.get_by_title("更多").click()
    chat.get_by_role("button", name="照片").click()
    expect(chat.locator("#talk .me img")).to_have_count(1)

    # The same draft on the form, where a telephone number and a better sentence are easier.
    with chat.expect_popup() as opened:
        chat.locator("#talk .them a").last.click()
    form = opened.value
    expect(form.locator("#text")).to_have_value("幸福里3号楼楼道灯坏了")
    form.fill("#text", "幸福里3号楼楼道灯坏了快一个月，老人下楼看不见")
    form.get_by_role("button", name="提交").click()
    form.wait_for_url("**/r/**")
    receipt = form.url
    form.close()

    with jobs_in_this_process(site.wiring):
        fetch_media.run()
        clean_files.run()
        triage_batch.run()
    with site.wiring.sessions() as session:
        told = session.query(Submission).one()
        photo = session.query(SubmissionFile).one()
        assert (photo.submission_id, photo.state) == (told.id, FileState.READY)
        assert told.follower_id is not None
        assert told.channel is Channel.WECHAT_TEXT

    member = enter()
    member.sign_in("zhou")
    member.link("一件一件看").tap()
    member.sees("老人下楼看不见")
    expect(member.page.locator("article img")).to_have_count(1)
    member.open(f"{member.path.split('?')[0]}?panel=answer")
    member.page.locator("#way-answer textarea").fill("物业明天换灯，换好请告诉我。")
    member.page.locator("#way-answer button").last.tap()
    member.sees("都看完了")

    clock.forward(minutes=2)
    with jobs_in_this_process(site.wiring):
        send_notices.run()
    hears(chat, "您反映的事有了答复")
    hears(chat, "物业明天换灯")
    with chat.expect_popup() as opened:
        chat.locator("#talk .them").last.get_by_role("link", name="解决了", exact=True).click()
    tapped = opened.value
    tapped.get_by_text("已记下").first.wait_for()
    with site.wiring.sessions() as session:
        outcome = session.query(Outcome).one()
        assert outcome.verdict is Verdict.SOLVED
        assert outcome.seen_at is not None
    tapped.goto(receipt)
    tapped.get_by_text("您说：解决了。").first.wait_for()

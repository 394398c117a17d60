"""A page that comes back with a refusal opens with the focus on what it says, with and without script, at the desk and on the phone."""

import pytest
from playwright.sync_api import expect

from intake.domain.topic import TopicAction
from tests.browser.conftest import Enter, Site
from tests.factories.matters import decided, taken_up, told, topic_of, topic_row

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"


@pytest.mark.parametrize("script", [True, False])
def test_the_focus_is_on_what_was_refused_at_the_desk(enter: Enter, site: Site, script: bool) -> None:
    wiring, jing = site.wiring, site.users["wangjing"]
    topics = [
        taken_up(wiring, jing, topic_of(wiring, site.users["zhou"], f"{name}{script}", told(wiring, LONGCHI, name)))
        for name in ("河边栏杆松动", "菜场门口占道")
    ]
    staff = enter(desk=True, java_script_enabled=script)
    staff.is_signed_in("wangjing")
    alert = staff.page.locator("#error")

    picks = "&".join(f"pick={one}.{topic_row(wiring, one).version}" for one in topics)
    staff.open(f"/d/topics/together?{picks}")
    staff.page.locator("main form[method=post] button").last.click()
    expect(alert).to_be_focused()

    for one in topics:
        decided(wiring, jing, one, TopicAction.APPROVE, "同意入库。")
    staff.open(f"/d/pool/compare?topic={topics[0]}&topic={topics[1]}")
    staff.page.locator("main form[method=post] button").first.click()
    expect(alert).to_be_focused()


@pytest.mark.parametrize("script", [True, False])
def test_the_focus_is_on_what_was_refused_on_the_phone(enter: Enter, script: bool) -> None:
    resident = enter(java_script_enabled=script)
    resident.open("/r")
    resident.page.fill("#number", "YX-0000-000")
    resident.button("查看").tap()
    expect(resident.page.locator("#error")).to_be_focused()

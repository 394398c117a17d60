"""While somebody writes: what is public nearby appears under the box, and sending never waits for it."""

import pytest
from playwright.sync_api import Route, expect

from intake.domain.release import ReleaseKind
from tests.browser.conftest import Enter, Site
from tests.factories.releases import drafted, let_out, pooled_topic
from tests.factories.town import Town, town_in

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"
SIMILAR = f"**/p/{LONGCHI}/similar*"


@pytest.fixture(scope="module")
def released(site: Site) -> Town:
    """One matter is under way and public."""
    with site.wiring.sessions() as session:
        town = town_in(session)
    topic = pooled_topic(site.wiring, town)
    let_out(site.wiring, town.jing_id, drafted(site.wiring, town, topic, kind=ReleaseKind.IN_HAND, title="幸福里的路灯正在换"))
    return town


def test_what_is_under_way_appears_below_the_box_and_goes_again(enter: Enter, released: Town) -> None:
    resident = enter()
    resident.open(f"/p/{LONGCHI}")
    note = resident.page.locator("#similar")
    expect(note).to_be_empty()
    box = resident.page.locator("#text")
    box.press_sequentially("幸福里路灯坏了")
    expect(note).to_contain_text("附近已经公开的事")
    link = note.get_by_role("link")
    expect(link).to_have_text("幸福里的路灯正在换正在办 · 龙池社区")
    assert (link.get_attribute("href") or "").startswith("/t/")
    box.fill("菜场污水横流没有人管")
    box.press("End")
    expect(note).to_be_empty()


def test_what_stood_beside_words_that_wait_for_signal_goes_with_them(enter: Enter, released: Town) -> None:
    resident = enter()
    resident.open(f"/p/{LONGCHI}")
    resident.page.locator(".tiled").wait_for()
    resident.page.locator("#text").press_sequentially("幸福里路灯坏了")
    note = resident.page.locator("#similar")
    expect(note).to_contain_text("附近已经公开的事")
    resident.context.set_offline(True)
    resident.button("提交").tap()
    resident.sees("还没有提交")
    expect(note).to_be_empty()
    resident.context.set_offline(False)


def test_sending_does_not_wait_for_an_answer_that_never_comes(enter: Enter, released: Town) -> None:
    resident = enter()
    held: list[Route] = []
    resident.page.route(SIMILAR, lambda route: held.append(route))  # noqa: PLW0108 -- playwright marks what it is given
    resident.open(f"/p/{LONGCHI}")
    with resident.page.expect_request(SIMILAR):
        resident.page.locator("#text").press_sequentially("幸福里路灯坏了半个月")
    resident.button("提交").tap()
    resident.sees("已收到")
    assert held


def test_a_failing_look_leaves_the_form_as_it_is(enter: Enter, released: Town) -> None:
    resident = enter()
    resident.page.route(SIMILAR, lambda route: route.abort())
    resident.open(f"/p/{LONGCHI}")
    with resident.page.expect_event("requestfailed"):
        resident.page.locator("#text").press_sequentially("幸福里路灯坏了半个月")
    expect(resident.page.locator("#similar")).to_be_empty()
    resident.button("提交").tap()
    resident.sees("已收到")

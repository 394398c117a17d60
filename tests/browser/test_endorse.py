"""附议 in the browser: one tap under the box, by finger, by keyboard and in large print; what was typed stays, and nothing is sent twice."""

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.conftest import Enter, Site
from tests.browser.test_keyboard import Keyboard
from tests.factories.endorsements import number_of, public_matter
from tests.factories.town import town_in

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"
WORDS = "幸福里路灯坏了"


@pytest.fixture(scope="module")
def public(site: Site) -> str:
    """The path of a matter that is public and under way."""
    with site.wiring.sessions() as session:
        town = town_in(session)
    return f"/t/{number_of(site.wiring, public_matter(site.wiring, town))}"


def test_one_tap_joins_and_the_words_stay(enter: Enter, public: str) -> None:
    aunt = enter()
    aunt.open(f"/p/{LONGCHI}")
    aunt.page.locator("#text").press_sequentially(WORDS)
    near = aunt.page.locator("#similar")
    near.get_by_role("button", name="附议：幸福里的路灯正在换").tap()
    expect(near).to_contain_text("已附议，回执号 ZB-")
    expect(aunt.page.locator("#text")).to_have_value(WORDS)
    # More words bring the list anew: it still says so, and offers no second tap.
    aunt.page.locator("#text").press_sequentially("，3 栋也黑")
    aunt.page.wait_for_timeout(1_200)
    expect(near).to_contain_text("已附议，回执号 ZB-")
    expect(near.get_by_role("button")).to_have_count(0)
    near.get_by_role("link", name="ZB-").tap()
    aunt.sees("您附议的事")


def test_by_keyboard_and_in_large_print(enter: Enter, public: str) -> None:
    uncle = enter()
    uncle.open("/privacy?care=1")
    uncle.open(f"/p/{LONGCHI}")
    uncle.page.locator("#text").press_sequentially(f"{WORDS}，打我电话13800000021")
    near = uncle.page.locator("#similar")
    expect(near).to_contain_text("您写了手机号 138••••0021")
    keyboard = Keyboard(uncle)
    keyboard.tab_to(words="附议")
    button = near.get_by_role("button", name="附议：幸福里的路灯正在换")
    assert _box(button)["height"] >= 60
    uncle.page.keyboard.press("Enter")
    expect(near).to_contain_text("已附议，回执号")
    expect(near.get_by_role("link", name="ZB-")).to_be_focused()
    # The number goes where it is sealed, and out of the words.
    keyboard.tab_to(words="移到“怎么回复您”")
    uncle.page.keyboard.press("Enter")
    expect(uncle.page.locator("#contact")).to_have_value("13800000021")
    expect(uncle.page.locator("#contact")).to_be_focused()
    expect(uncle.page.locator("#text")).to_have_value(f"{WORDS}，打我电话")
    assert uncle.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_danger_brings_the_number_above_the_button_and_never_blocks(enter: Enter, public: str) -> None:
    child = enter()
    child.open(f"/p/{LONGCHI}")
    child.page.locator("#text").press_sequentially("楼下着火了快来人")
    alarm = child.page.locator("#noticed [role=alert]")
    expect(alarm.get_by_role("link", name="打 119")).to_have_attribute("href", "tel:119")
    button = child.button("提交")
    assert _box(alarm)["y"] < _box(button)["y"]
    button.tap()
    child.sees("已收到")


def _box(shown: Locator) -> FloatRect:
    box = shown.bounding_box()
    assert box is not None, "it isn't on the page"
    return box

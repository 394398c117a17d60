"""Charts and map of 全区情况: drawn from the tables, saved as pictures, within the page's policy; without script the tables stand open."""

import pytest
from playwright.sync_api import FloatRect

from intake.models import IntakePoint
from tests.browser.conftest import Enter, Site
from tests.factories.town import town_in
from tests.web.test_dashboard import heard

pytestmark = pytest.mark.browser
PATH = "/d/dashboard?first=2026-11-01&last=2026-11-03"


@pytest.fixture(scope="module")
def _said(site: Site) -> None:
    with site.wiring.sessions.begin() as session:
        town = town_in(session)
        for number, point in enumerate(session.query(IntakePoint).order_by(IntakePoint.id)):
            point.latitude, point.longitude = 30.12 + number / 100, 124.6 + number / 100
    heard(site.wiring, town.longchi_code, 12)
    heard(site.wiring, town.shiqiao_code, 8)


@pytest.mark.usefixtures("_said")
def test_charts_and_map_are_drawn_and_break_no_rule(enter: Enter) -> None:
    staff = enter(desk=True)
    said: list[str] = []
    staff.page.on("console", lambda message: said.append(message.text))
    staff.page.on("pageerror", lambda error: said.append(str(error)))
    staff.is_signed_in("wangjing")
    staff.open(PATH)
    figure = staff.page.locator("#curve figure")
    figure.locator("canvas").wait_for()
    described = figure.locator(".canvas").get_attribute("aria-label") or ""
    assert "20" in described, "what is drawn is told too"
    assert not figure.locator("details").evaluate("one => one.open")
    staff.page.mouse.move(*_middle(figure.locator("canvas").bounding_box()))
    assert staff.page.locator("#map path.spot").count() == 3
    assert staff.page.locator(".leaflet-container").evaluate("one => getComputedStyle(one).position") == "relative"
    with staff.page.expect_download() as saving:
        staff.page.get_by_role("button", name="存成图片：来件", exact=True).click()
    picture = saving.value.path().read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5_000
    assert said == []


@pytest.mark.usefixtures("_said")
def test_without_script_the_tables_stand_open(enter: Enter, site: Site) -> None:
    staff = enter(desk=True, java_script_enabled=False)
    staff.is_signed_in("wangjing")
    staff.open(PATH)
    assert staff.page.locator("#channels table").is_visible()
    assert staff.page.locator("#map").is_hidden()
    assert site.url in staff.page.url


def _middle(box: FloatRect | None) -> tuple[float, float]:
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

"""全区情况 and 全市情况 in every mode, as in test_accessible; and that charts and map draw what the tables say without breaking the page's policy."""

from dataclasses import dataclass

import pytest

from intake.domain.actor import MACHINE
from intake.domain.permission import Role
from intake.models import Area, IntakePoint
from intake.services.person import create_user, grant_role
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, ways, wrong_on_desk
from tests.browser.people import People
from tests.factories.counts import NOVEMBER, counted
from tests.factories.town import ENCODED, town_in
from tests.web.test_dashboard import heard

pytestmark = pytest.mark.browser
ASKED = "?first=2026-11-01&last=2026-11-03"


@dataclass(slots=True)
class Figures:
    """Nothing of it is needed by name."""

    community: int


@pytest.fixture(scope="module")
def seen(site: Site) -> Figures:
    """Twenty messages of two communities that are on the map, and 江岚 of the city."""
    wiring = site.wiring
    with wiring.sessions.begin() as session:
        town, city = town_in(session), session.query(Area).filter_by(name="临江市").one()
        user = create_user(
            session, district_id=city.id, login="jianglan", name="江岚", password="", at=wiring.clock.now(), password_hash=ENCODED
        )
        grant_role(session, actor=MACHINE, user=user, role=Role.CITY, area=city, at=wiring.clock.now())
        for number, point in enumerate(session.query(IntakePoint).order_by(IntakePoint.id)):
            point.latitude, point.longitude = 30.12 + number / 100, 124.6 + number / 100
    heard(wiring, town.longchi_code, 12)
    heard(wiring, town.shiqiao_code, 8)
    counted(wiring, town.district_id, NOVEMBER)
    return Figures(town.longchi_id)


DESK_PAGES: dict[str, tuple[str, Open]] = {
    "district": ("wangjing", at(f"/d/dashboard{ASKED}")),
    "one community": ("wangjing", at(lambda seen: f"/d/dashboard{ASKED}&area={seen.community}")),
    "nothing yet": ("sunyi", at("/d/dashboard")),
    "with an error": ("wangjing", at("/d/dashboard?first=2026-11-05&last=2026-11-01")),
    "city": ("jianglan", at(f"/city{ASKED}")),
    "city with an error": ("jianglan", at("/city?first=2026-11-05&last=2026-11-01")),
}


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Figures, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


# A small screen of an office, in the language with the longer words: the table by area is read without being pushed sideways.
def test_figures_by_area_fit_on_a_small_screen(people: People, seen: Figures, site: Site) -> None:
    person = people.page_of("wangjing", desk=True)
    page = person.page
    before = page.viewport_size
    page.set_viewport_size({"width": 1024, "height": 768})
    for english in (False, True):
        ways(person, site, care=False, english=english)
        page.goto(f"/d/figures{ASKED}")
        hidden = "() => [...document.querySelectorAll('.table-wrap')].map(one => one.scrollWidth - one.clientWidth)"
        assert set(page.evaluate(hidden)) == {0}, f"English: {english}"
    if before is not None:
        page.set_viewport_size(before)

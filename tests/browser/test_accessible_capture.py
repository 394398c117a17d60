"""随手报 in every mode, as in test_accessible: the form, with its errors and without a place to report, what was reported, and its receipts."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from intake.queries.point import point_by_code
from intake.services import submission_decide as decide
from intake.services.member_report import Reporting, read_report, read_told, report
from intake.services.receipt import token_for
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, sent, unfolded, wrong_on_phone
from tests.browser.people import People
from tests.factories.matters import deciding, triage
from tests.factories.town import actor, town_in

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Seen:
    """What 周明远 has reported."""

    own: int
    residents: int
    """Answered, and nobody has told its resident."""
    receipt: str


@pytest.fixture(scope="module")
def seen(site: Site) -> Seen:
    """One of his own, and one for a resident from a visit."""
    wiring, now = site.wiring, site.wiring.clock.now()
    with wiring.sessions.begin() as session:
        town = town_in(session)
        zhou, point = actor(session, town.zhou_id), point_by_code(session, town.longchi_code)
        assert point is not None
        made = []
        for text, of, occasion in (("菜场后门的井盖松了", "own", ""), ("楼上漏水到我家，说了两回没人来", "resident", "visit")):
            said = read_report(text=text, place="", contact="", pass_on=False, has_voice=False, has_photo=False)
            told = read_told(report_of=of, consent="spoken", is_child=False, occasion=occasion, day=None)
            made.append(report(session, Reporting(zhou, point.id, of, said, told), vault=wiring.vault, at=now))
    own, residents = made
    triage(wiring, residents)
    with wiring.sessions.begin() as session:
        decide.answer(session, deciding(wiring, town.laozhou_id, residents), words="明天上午物业来看。")
    wiring.clock.forward(minutes=2)  # type: ignore[attr-defined]  # the clock of tests
    token = token_for(wiring.vault, residents.receipt_number, residents.receipt_salt)
    return Seen(own.submission_id, residents.submission_id, f"/r/{residents.receipt_number}/{token}")


def for_a_resident(page: Page, seen: Seen) -> None:
    """A resident's words without their consent."""
    at("/m/capture")(page, seen)
    page.fill("#text", "楼上漏水")
    page.locator("#of-resident").check()
    with page.expect_navigation():
        page.locator("form[data-capture]").evaluate("one => one.submit()")
    assert page.locator("[role=alert]").count() == 1, "it was to be refused"


PAGES: dict[str, tuple[str, Open]] = {
    "capture": ("zhou", at("/m/capture")),
    "capture for a resident without consent": ("zhou", for_a_resident),
    "capture of nothing": ("zhou", sent("/m/capture", "/m/capture")),
    "captures": ("zhou", at("/m/captures")),
    "captures, none yet": ("liqing", at("/m/captures")),
    "captured": ("zhou", at(lambda seen: f"/m/captures/{seen.own}?new=1&left=voice-kind")),
    "captured for a resident": ("zhou", at(lambda seen: f"/m/captures/{seen.residents}?new=1")),
    "card of one's own report": ("zhou", at(lambda seen: f"/m/cards/{seen.own}")),
    "receipt of a resident's": ("", unfolded(lambda seen: seen.receipt)),
}
"""Name → who looks, and how to get there."""


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, people: People, seen: Seen, site: Site) -> None:
    login, open_page = PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)

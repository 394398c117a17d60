"""What waits on a member's phone in every mode, as in test_accessible: the list, a card that was refused, and the question before signing out."""

import time

import pytest
from playwright.sync_api import Page

from intake.domain.triage_result import Verdict
from tests.browser.conftest import Site
from tests.browser.looking import Open, at, wrong_on_phone
from tests.browser.people import People, Person
from tests.factories.matters import told

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"
PUT = """rows => new Promise((done, fail) => {
  const asked = indexedDB.open("zhibao-member");
  asked.onerror = fail;
  asked.onsuccess = () => {
    const change = asked.result.transaction("waiting", "readwrite");
    rows.forEach(row => change.objectStore("waiting").add(row));
    change.oncomplete = () => { asked.result.close(); done(); };
  };
})"""
PAGES: dict[str, Open] = {
    "list": lambda page, _seen: _opened(page, "/m/kept", "#waiting-here .wait"),
    "card that was refused": lambda page, seen: _opened(page, str(seen), "[role=alert]"),
    "signing out": lambda page, _seen: _asked_to_leave(page),
}


def _opened(page: Page, path: str, shown: str) -> None:
    at(path)(page, None)
    page.locator(shown).first.wait_for()


def _asked_to_leave(page: Page) -> None:
    _opened(page, "/m/me", "#on-phone a")
    page.locator("[data-leaving] button").click()
    page.get_by_role("group").wait_for()


@pytest.fixture(scope="module")
def card(site: Site) -> str:
    stored = told(site.wiring, LONGCHI, "幸福里3号楼楼道灯坏了快一个月", verdict=Verdict.OPEN)
    return f"/m/cards/{stored.submission_id}"


@pytest.fixture(scope="module")
def member(people: People, site: Site, card: str) -> Person:
    """周明远 with one decision in hand again, one refused, and one that waited for more than a week."""
    person = people.page_of("zhou", desk=False)
    person.open("/m/kept")
    person.sees("存下的来件")
    now = int(time.time() * 1000)
    row = {
        "who": site.users["zhou"],
        "kind": "decision",
        "url": f"{card}/answer",
        "files": [],
        "tries": 0,
        "due": 0,
        "at": now,
        "state": "waiting",
    }
    row |= {"fields": [["words", "已经看过。"]], "words": {"what": "直接答复", "of": "幸福里3号楼楼道灯坏了快一个月", "said": "已经看过。"}}
    refused = {"error": "", "field": "words", "state": "已答复", "by": "老周", "card": card}
    person.page.evaluate(
        PUT,
        [
            row | {"about": "/m/cards/900001", "state": "in hand"},
            row | {"about": card, "state": "refused", "because": "这件来件刚刚有人处理过。", "answer": refused, "status": 409},
            row | {"about": "/m/cards/900002", "at": now - 8 * 86_400_000},
        ],
    )
    return person


@pytest.mark.parametrize("name", PAGES)
def test_phone_page(name: str, member: Person, card: str, site: Site) -> None:
    wrong = wrong_on_phone(member, PAGES[name], card, site)
    assert not wrong, "\n".join(wrong)

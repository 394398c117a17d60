"""Notices in a browser: one tap on a link answers, with script and without; and the pages about notices in every mode, as in test_accessible."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from intake.domain.notification import NoticeAction, NoticeChannel
from intake.domain.outcome import Verdict
from intake.models import Notification, Outcome
from intake.services.notice_link import token_of
from tests.browser.conftest import Enter, Site
from tests.browser.looking import Open, at, sent, wrong_on_desk, wrong_on_phone
from tests.browser.people import People
from tests.factories.clock import TestClock
from tests.factories.notices import ended
from tests.factories.town import town_in

pytestmark = pytest.mark.browser

C, A = NoticeChannel, NoticeAction


@dataclass(slots=True)
class Told:
    """Links in notices."""

    tapped: str
    """Of one that nobody has answered, for the test with script."""
    pressed: str
    """The same, for the test without."""
    judged: str
    """Of one whose result was called solved."""
    overtaken: str
    """Of one whose result was superseded."""


@pytest.fixture(scope="module")
def seen(site: Site) -> Told:
    """Notices with every fate."""
    wiring = site.wiring
    assert isinstance(wiring.clock, TestClock)
    with wiring.sessions() as session:
        town = town_in(session)
    fates = [(C.CUSTOMER, A.DELIVER), (C.TEMPLATE, A.DELIVER), (C.ONCE, A.DELIVER), (C.SMS, A.DELIVER)]
    troubles = [(C.CUSTOMER, A.LOSE), (C.TEMPLATE, A.FAIL), (C.BOARD, A.FAIL)]
    ids = ended(wiring, town, wiring.clock, *fates, *troubles)
    with wiring.sessions.begin() as session:
        results = [session.query(Outcome).filter_by(decision_id=session.get_one(Notification, one).decision_id).one() for one in ids]
        results[2].verdict, results[2].said_at = Verdict.SOLVED, wiring.clock.now()
        results[3].superseded_at = wiring.clock.now()
    tapped, pressed, judged, overtaken = (f"/n/{token_of(wiring.vault, one)}" for one in ids[:4])
    return Told(tapped, pressed, judged, overtaken)


def test_one_tap_in_the_chat_is_the_answer(enter: Enter, seen: Told) -> None:
    resident = enter()
    resident.open(f"{seen.tapped}/solved")
    resident.sees("已记下：解决了")
    resident.link("点错了，改一下").tap()
    resident.sees("您说：解决了")


def test_without_script_one_big_button_does_it(enter: Enter, seen: Told) -> None:
    resident = enter(java_script_enabled=False)
    resident.open(f"{seen.pressed}/partly")
    resident.sees("点一下下面的按钮就记下了")
    resident.button("记下：解决了一部分").tap()
    resident.sees("已记下：解决了一部分")
    assert resident.context.cookies() == []


def _refused(page: Page, path: str) -> None:
    """The page sends itself, and comes back with why not."""
    page.goto(path)
    page.get_by_role("alert").wait_for()


PHONE_PAGES: dict[str, tuple[str, Open]] = {
    "verdict that stands": ("", at(lambda seen: f"{seen.judged}/solved")),
    "another verdict": ("", at(lambda seen: f"{seen.judged}/not_solved")),
    "verdict with an error": ("", lambda page, seen: _refused(page, f"{seen.overtaken}/solved")),
    "link that isn't ours": ("", at("/n/1-aaaaaaaaaaaaaaaaaaaa")),
}
"""Name → who looks, and how to get there."""

DESK_PAGES: dict[str, tuple[str, Open]] = {
    "uncertain": ("wangjing", at("/d/notices")),
    "failed": ("wangjing", at("/d/notices?which=failed")),
    "left to the board": ("wangjing", at("/d/notices?which=board")),
    "sent again too late": ("wangjing", sent("/d/notices", "/again", version="99")),
    "none": ("sunyi", at("/d/notices")),
}


@pytest.mark.parametrize("name", PHONE_PAGES)
def test_phone_page(name: str, people: People, seen: Told, site: Site) -> None:
    login, open_page = PHONE_PAGES[name]
    wrong = wrong_on_phone(people.page_of(login, desk=False), open_page, seen, site)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", DESK_PAGES)
def test_desk_page(name: str, people: People, seen: Told, site: Site) -> None:
    login, open_page = DESK_PAGES[name]
    wrong = wrong_on_desk(people.page_of(login, desk=True), open_page, seen, site)
    assert not wrong, "\n".join(wrong)

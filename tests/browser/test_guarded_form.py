"""The form of a point under attack: a browser proves its trouble while the person writes; one without script is sent and held."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from intake.domain.point import PointGuard
from intake.domain.suspicion import Suspicion
from intake.models import IntakePoint, Submission
from tests.browser.conftest import Enter, Site
from tests.browser.people import Person

pytestmark = pytest.mark.browser

ZIWEI = "ziwei2345b"
LONGCHI = "nvgch2345a"


@pytest.fixture(scope="module", autouse=True)
def guarded(site: Site) -> Iterator[None]:
    with site.wiring.sessions.begin() as session:
        session.execute(update(IntakePoint).where(IntakePoint.code == LONGCHI).values(guard=PointGuard.ON))
    yield
    with site.wiring.sessions.begin() as session:
        session.execute(update(IntakePoint).values(guard=PointGuard.AUTO))


def suspicion_of(site: Site, words: str) -> Suspicion | None:
    with site.wiring.sessions() as session:
        return session.scalars(select(Submission).where(Submission.text_written == words)).one().suspicion


def say(resident: Person, words: str) -> None:
    resident.page.locator("#text").fill(words)
    resident.button("提交").tap()
    resident.sees("已收到")


def test_with_script_the_press_waits_for_the_proof_and_each_send_has_its_own(enter: Enter, site: Site) -> None:
    resident = enter()
    resident.open(f"/p/{LONGCHI}")
    say(resident, "幸福里的路灯坏了半个月")
    assert suspicion_of(site, "幸福里的路灯坏了半个月") is None
    resident.open(f"/p/{LONGCHI}")
    say(resident, "还有一件，井盖松了")
    assert suspicion_of(site, "还有一件，井盖松了") is None


def test_without_script_it_is_sent_with_a_receipt_and_staff_look_first(enter: Enter, site: Site) -> None:
    resident = enter(java_script_enabled=False)
    resident.open(f"/p/{LONGCHI}")
    say(resident, "没有脚本的旧手机说的话")
    assert suspicion_of(site, "没有脚本的旧手机说的话") is Suspicion.UNPROVEN


def test_a_form_that_is_not_under_attack_loads_no_solver(enter: Enter) -> None:
    resident = enter()
    asked: list[str] = []
    resident.page.on("request", lambda request: asked.append(request.url))
    resident.open(f"/p/{ZIWEI}")
    resident.page.wait_for_load_state("networkidle")
    assert asked
    assert not [url for url in asked if "proof" in url]


def test_nobody_sees_or_reaches_the_trap(enter: Enter) -> None:
    resident = enter()
    resident.open(f"/p/{ZIWEI}")
    trap = resident.page.locator("[name=website]")
    assert not trap.is_visible()
    assert trap.evaluate("one => { one.focus(); return document.activeElement !== one; }")
    assert "请留空" not in resident.page.locator("body").aria_snapshot()

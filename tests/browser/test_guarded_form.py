"""The form of a point under attack: a browser proves its trouble while the person writes; one without script is sent and held."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

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
NOT_YET = "还没有提交：现在没有信号，信号恢复后自动提交，请不要清空"
TRIES = """async () => {
    const opening = indexedDB.open("zhibao");
    await new Promise(done => { opening.onsuccess = done; });
    const asking = opening.result.transaction("outbox").objectStore("outbox").getAll();
    await new Promise(done => { asking.onsuccess = done; });
    opening.result.close();
    return asking.result[0]?.tries;
}"""
"""How often the phone has tried in vain to send what waits."""


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


def press_without_signal(resident: Person, site: Site, words: str) -> None:
    """Half an hour ago, on a form that had its proof: too old by now."""
    clocks_at(resident, site, datetime.now(UTC) - timedelta(minutes=30))
    resident.open(f"/p/{LONGCHI}")
    resident.page.locator(".tiled").wait_for()
    resident.page.locator(".proving [role=status]:empty").wait_for(state="attached")
    resident.context.set_offline(True)
    resident.page.fill("#text", words)
    resident.button("提交").tap()
    resident.sees(NOT_YET)
    clocks_at(resident, site, datetime.now(UTC))


def clocks_at(resident: Person, site: Site, time: datetime) -> None:
    """The page's and ours; the phone's worker has the true one."""
    resident.page.clock.set_system_time(time)
    site.wiring.clock.time = time  # type: ignore[attr-defined]  # the test's clock


@pytest.mark.parametrize(("hides_crypto", "suspicion"), [(False, None), (True, Suspicion.UNPROVEN)])
def test_what_waited_for_the_signal_is_sent_with_a_fresh_proof_where_there_can_be_one(
    enter: Enter, site: Site, hides_crypto: bool, suspicion: Suspicion | None
) -> None:
    resident, words = enter(), f"等了半小时信号的话，{suspicion}"
    if hides_crypto:
        resident.page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    press_without_signal(resident, site, words)
    resident.context.set_offline(False)
    resident.sees("上次的已经提交")
    assert suspicion_of(site, words) is suspicion


def test_the_worker_leaves_the_proof_to_a_page_until_it_is_woken_for_the_last_time(enter: Enter, site: Site) -> None:
    resident = enter()
    resident.open(f"/p/{ZIWEI}")
    resident.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    console, workers = resident.context.new_cdp_session(resident.page), list[dict[str, Any]]()
    console.on("ServiceWorker.workerRegistrationUpdated", lambda event: workers.extend(event["registrations"]))
    console.send("ServiceWorker.enable")
    press_without_signal(resident, site, "页面关掉以后才有信号")
    registration = next(one["registrationId"] for one in reversed(workers) if one["scopeURL"] == f"{site.url}/" and not one["isDeleted"])
    waking = {"origin": site.url, "tag": "outbox", "registrationId": registration}
    resident.page.goto("about:blank")
    resident.context.set_offline(False)
    resident.open("/privacy")
    console = resident.context.new_cdp_session(resident.page)
    console.send("ServiceWorker.enable")
    for is_last in (False, True):
        before = resident.page.evaluate(TRIES)
        for _ in range(600):  # again where the browser itself is just waking the worker
            console.send("ServiceWorker.dispatchSyncEvent", {**waking, "lastChance": is_last})
            resident.page.wait_for_timeout(100)
            if resident.page.evaluate(TRIES) != before:
                break
        assert (resident.page.evaluate(TRIES) is None) is is_last
    assert suspicion_of(site, "页面关掉以后才有信号") is Suspicion.UNPROVEN


def test_a_form_that_is_not_under_attack_loads_no_solver(enter: Enter) -> None:
    resident = enter()
    asked: list[str] = []
    resident.page.on("request", lambda request: asked.append(request.url))
    resident.open(f"/p/{ZIWEI}")
    resident.page.wait_for_load_state("networkidle")
    assert asked
    assert not [url for url in asked if "proof" in url or "solve" in url]


def test_nobody_sees_or_reaches_the_trap(enter: Enter) -> None:
    resident = enter()
    resident.open(f"/p/{ZIWEI}")
    trap = resident.page.locator("[name=website]")
    assert not trap.is_visible()
    assert trap.evaluate("one => { one.focus(); return document.activeElement !== one; }")
    assert "请留空" not in resident.page.locator("body").aria_snapshot()

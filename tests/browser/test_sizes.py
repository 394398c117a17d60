"""What a phone loads when the code is scanned, in bytes as they come over the wire: heads and bodies, compressed."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from intake.domain.triage_result import Verdict
from tests.browser.conftest import Enter, Site
from tests.browser.people import Person
from tests.factories.matters import told, topic_of

pytestmark = pytest.mark.browser

LONGCHI = "nvgch2345a"
FIRST_LOAD = 40_000
"""Bytes for everything, the scripts for photos, drafts and sending and the service worker included."""
CARD = 40_000
"""Bytes for a member's card with its styles and scripts."""
WITHOUT_SCRIPT = 15_000
"""Bytes until the form can be read and sent: the page and its styles."""
READ_AS_TEXT = {"Document", "Stylesheet", "Script"}
PACKET = 1_400
"""What fits one is not worth compressing."""


@dataclass(slots=True)
class Loaded:
    """What Chromium got, by kind."""

    sizes: dict[str, int] = field(default_factory=dict)
    """Address → bytes."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Address → Document, Stylesheet, Script, Image …"""
    encodings: dict[str, str] = field(default_factory=dict)

    def of(self, *kinds: str) -> int:
        return sum(size for url, size in self.sizes.items() if self.kinds[url] in kinds)


def loading(person: Person, path: str) -> Loaded:
    """Open `path` with nothing kept from before and wait until the network is quiet."""
    loaded, urls = Loaded(), dict[str, str]()
    network = person.context.new_cdp_session(person.page)

    def answered(event: dict[str, Any]) -> None:
        url = event["response"]["url"]
        urls[event["requestId"]] = url
        loaded.kinds[url] = event["type"]
        loaded.encodings[url] = {name.lower(): value for name, value in event["response"]["headers"].items()}.get("content-encoding", "")

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] in urls:
            loaded.sizes[urls[event["requestId"]]] = int(event["encodedDataLength"])

    network.on("Network.responseReceived", answered)
    network.on("Network.loadingFinished", finished)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    person.page.goto(path, wait_until="networkidle")
    return loaded


def test_the_form_is_small_enough_for_a_weak_network(enter: Enter) -> None:
    resident = enter()
    loaded = loading(resident, f"/p/{LONGCHI}")
    worker = int(resident.context.request.get("/sw.js").headers["content-length"])
    total = sum(loaded.sizes.values()) + (0 if any(url.endswith("/sw.js") for url in loaded.sizes) else worker)
    assert set(loaded.kinds.values()) >= {"Document", "Script"}, loaded
    assert "Stylesheet" not in loaded.kinds.values(), "the form carries its styles: no round trip more"
    assert set(loaded.sizes) == set(loaded.kinds), "everything was counted"
    assert total <= FIRST_LOAD, loaded.sizes
    assert loaded.of("Document", "Stylesheet") <= WITHOUT_SCRIPT, loaded.sizes


def test_the_form_without_script_loads_no_more(enter: Enter) -> None:
    loaded = loading(enter(java_script_enabled=False), f"/p/{LONGCHI}")
    assert "Script" not in loaded.kinds.values()
    assert sum(loaded.sizes.values()) <= FIRST_LOAD, loaded.sizes
    assert loaded.of("Document", "Stylesheet") <= WITHOUT_SCRIPT, loaded.sizes


@pytest.mark.parametrize("path", [f"/p/{LONGCHI}", "/", "/r", "/privacy"])
def test_page_styles_and_script_come_compressed_without_a_proxy(enter: Enter, path: str) -> None:
    loaded = loading(enter(), path)
    plain = [url for url, encoding in loaded.encodings.items() if not encoding and loaded.kinds[url] in READ_AS_TEXT]
    assert [url for url in plain if loaded.sizes[url] > PACKET] == []


def test_a_members_card_is_small_enough_for_a_weak_network(enter: Enter, site: Site) -> None:
    """With ten topics to choose from, all it can do and the cards that are laid by afterwards left out: those come one by one."""
    zhou = site.users["zhou"]
    topics = [
        topic_of(site.wiring, zhou, f"幸福里片区第 {n} 号楼路灯", told(site.wiring, LONGCHI, f"第 {n} 号楼路灯坏了")) for n in range(12)
    ]
    card = told(site.wiring, LONGCHI, "楼道里的灯坏了快一个月，" * 12, verdict=Verdict.ATTACH, topic_id=topics[0])
    member = enter()
    member.is_signed_in("zhou")
    member.page.route("**/m/kept.json", lambda route: route.abort())
    loaded = loading(member, f"/m/cards/{card.submission_id}")
    assert set(loaded.kinds.values()) >= {"Document", "Stylesheet", "Script"}, loaded
    assert loaded.of("Document", "Stylesheet", "Script") <= CARD, loaded.sizes

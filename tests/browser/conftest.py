"""Chromium on the real application: one browser for all of this folder, one town a module, a fresh context for every person."""

import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from config.settings import Settings
from intake.app import create_app
from intake.models import User
from intake.wiring import Wiring, wire
from tests.browser.people import Person
from tests.factories.clock import TestClock
from tests.factories.town import LOGINS

TEMPLATE = "zhibao_template"
"""Made by tests/conftest.py."""
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
    # There is no graphics card: a process of its own for it only costs.
    "--in-process-gpu", "--no-zygote",
]  # fmt: skip
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
DESK = {"viewport": {"width": 1440, "height": 900}}


@dataclass(slots=True)
class Site:
    """The application at an address, and what lies behind it."""

    url: str
    wiring: Wiring
    users: dict[str, int]
    """Login → id."""


class Quiet(WSGIRequestHandler):
    """Says nothing on the terminal."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- werkzeug's signature
        del type, message, args


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The seeded town, served on a port of its own."""
    name = f"b_{uuid.uuid4().hex[:16]}"
    servers = os.environ["ZHIBAO_TEST_PG"]
    with psycopg.connect(servers.format("postgres").replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER zhibao_owner TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    settings = Settings(
        environment="test", database_url=servers.format(name).replace("zhibao_super@", "zhibao_app@"),
        redis_url=os.environ["ZHIBAO_TEST_VALKEY"].replace("db=0", f"db={_redis_db()}"), secret_key="t" * 64,
        field_keys="k1:" + "A" * 43 + "=", controller_name="云栖区政协办公室", controller_phone="0550-0000000",
    )  # fmt: skip
    wired = wire(settings, clock=TestClock())
    wired.redis.flushdb()
    server = make_server("127.0.0.1", 0, create_app(wired), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with wired.sessions() as session:
        users = {user.login: user.id for user in session.query(User)}
    assert set(LOGINS.values()) <= set(users)
    yield Site(f"http://127.0.0.1:{server.server_port}", wired, users)
    server.shutdown()
    server.server_close()
    wired.close()
    with psycopg.connect(servers.format("postgres").replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _redis_db() -> int:
    """Away from the other tests' numbers, which begin with 1 and are as many as there are processes."""
    return 32 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Ended with the folder: while Playwright runs, no other test of this process could start an event loop."""
    program = next((path for path in ("/usr/bin/chromium", shutil.which("chromium")) if path and Path(path).exists()), None)
    if program is None:
        sentence = "no Chromium: apt-get install chromium fonts-noto-cjk"
        pytest.fail(sentence) if "CI" in os.environ else pytest.skip(sentence)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        started.close()


Enter = Callable[..., Person]


class Phones:
    """The module's phones and desks: handed out with nothing remembered, taken back, and handed out again.

    Half of what a new one costs is its process, so each keeps a page of ours open: the pages opened beside it share its process.
    """

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser, self._site = browser, site
        self._free: dict[str, list[BrowserContext]] = {}

    def take(self, kind: str, options: dict[str, Any]) -> BrowserContext:
        """One that nobody holds."""
        if self._free.setdefault(kind, []):
            return self._free[kind].pop()
        made = self._browser.new_context(base_url=self._site.url, locale="zh-CN", **options)
        made.set_default_timeout(30_000)
        made.new_page().goto("/privacy")
        self._forget(made)
        return made

    def give_back(self, kind: str, used: BrowserContext) -> None:
        """Nothing of whoever held it stays: neither pages nor cookies, storage or what was kept of the network."""
        for page in used.pages[1:]:
            page.close()
        self._forget(used)
        self._free[kind].append(used)

    def close(self) -> None:
        """All of them."""
        for context in (one for free in self._free.values() for one in free):
            context.close()

    def _forget(self, context: BrowserContext) -> None:
        context.clear_cookies()
        console = context.new_cdp_session(context.pages[0])
        console.send("Storage.clearDataForOrigin", {"origin": self._site.url, "storageTypes": "all"})
        console.send("Network.clearBrowserCache")
        console.detach()


@pytest.fixture(scope="module")
def phones(browser: Browser, site: Site) -> Iterator[Phones]:
    """As many as were needed at once."""
    made = Phones(browser, site)
    yield made
    made.close()


@pytest.fixture
def enter(phones: Phones) -> Iterator[Enter]:
    """A person with a phone (or at a desk) and nothing remembered; gone after the test."""
    taken: list[tuple[str, BrowserContext]] = []

    def come(*, desk: bool = False, **options: object) -> Person:
        wanted = {**(DESK if desk else PHONE), **options}
        taken.append((repr(wanted), phones.take(repr(wanted), wanted)))
        return Person(taken[-1][1], taken[-1][1].new_page())

    yield come
    for kind, context in taken:
        phones.give_back(kind, context)

"""Chromium on the real application: one browser and one address for all of this folder, a fresh town for every module, and for every person a
phone or desk that remembers nothing.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from config.settings import Settings
from intake.models import User
from intake.wiring import Wiring, wire
from tests.apps import application, begin_anew
from tests.browser.people import People, Person
from tests.conftest import test_database_url
from tests.database import ReusedDatabase
from tests.factories.clock import TestClock
from tests.factories.town import LOGINS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
    # A microphone that hums; a page gets it only where the person allows it.
    "--use-fake-device-for-media-stream",
    # There is no graphics card: a process of its own for it only costs.
    "--in-process-gpu", "--no-zygote",
]  # fmt: skip
expect.set_options(timeout=30_000)  # five seconds are soon over on a busy machine

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
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


class Counted:
    """Knows how many requests the application is at: a page that was closed doesn't take its last one back."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._at, self._change = 0, threading.Condition()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterator[bytes]:
        with self._change:
            self._at += 1
        try:
            with closing(self._app(environ, start_response)) as body:  # type: ignore[type-var]  # werkzeug's iterator has close()
                yield from body
        finally:
            with self._change:
                self._at -= 1
                self._change.notify_all()

    def settled(self) -> None:
        """When nothing is under way any more; an error after a minute."""
        with self._change:
            assert self._change.wait_for(lambda: self._at == 0, timeout=60), f"{self._at} requests go on"


@dataclass(slots=True)
class House:
    """What all modules share: the server at its address, and a database brought back to the seeded town after each."""

    url: str
    app: Flask
    database: ReusedDatabase
    served: Counted

    def settings(self) -> Settings:
        """Of an installation on the run's servers."""
        return Settings(
            environment="test", database_url=test_database_url("zhibao_app", self.database.name),
            redis_url=os.environ["ZHIBAO_TEST_VALKEY"].replace("db=0", f"db={_redis_db()}"), secret_key="t" * 64,
            field_keys="k1:" + "A" * 43 + "=", controller_name="云栖区政协办公室", controller_phone="0550-0000000",
            form_seconds=0,  # the clock stands still
            object_folder=f"{os.environ['ZHIBAO_TEST_FOLDER']}/objects-{_redis_db()}",
        )  # fmt: skip


@pytest.fixture(scope="package")
def house() -> Iterator[House]:
    """The application, served on a port of its own."""
    made = House("", Flask(__name__), ReusedDatabase(), Counted(Flask(__name__)))
    wired = wire(made.settings(), clock=TestClock())
    made.app = application(wired)
    made.served = Counted(made.app)
    server = make_server("127.0.0.1", 0, made.served, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()
    wired.close()
    made.database.discard()


@pytest.fixture(scope="module")
def site(house: House) -> Iterator[Site]:
    """The seeded town, as if nobody had been there."""
    wired = wire(house.settings(), clock=TestClock())
    wired.redis.flushdb()
    begin_anew(house.app, wired)
    with wired.sessions() as session:
        users = {user.login: user.id for user in session.query(User)}
    assert set(LOGINS.values()) <= set(users)
    yield Site(house.url, wired, users)
    house.served.settled()  # a row written after the sequences went back would stand in the way of the next module's
    wired.close()
    assert house.database.reset()


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
    """All phones and desks: handed out with nothing remembered, taken back, and handed out again.

    Half of what a new one costs is its process, so each keeps a page of ours open: the pages opened beside it share its process.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._free: dict[str, list[BrowserContext]] = {}
        self._taken: list[tuple[str, BrowserContext]] = []

    def take(self, **options: Any) -> BrowserContext:
        """One that nobody holds."""
        kind = repr(sorted(options.items()))
        free = self._free.setdefault(kind, [])
        taken = free.pop() if free else self._made(options)
        self._taken.append((kind, taken))
        return taken

    def give_back(self, used: BrowserContext) -> None:
        """Nothing of whoever held it stays: neither pages nor cookies, storage or what was kept of the network."""
        kind = next(kind for kind, taken in self._taken if taken is used)
        self._taken.remove((kind, used))
        used.set_offline(False)  # a test that failed without a signal must not take it from the next
        used.unroute_all()
        for page in used.pages[1:]:
            page.close()
        self._forget(used)
        self._free[kind].append(used)

    def close(self) -> None:
        """All of them."""
        for context in (one for free in self._free.values() for one in free):
            context.close()

    def _made(self, options: dict[str, Any]) -> BrowserContext:
        made = self._browser.new_context(base_url=self._url, locale="zh-CN", **options)
        made.set_default_timeout(30_000)
        made.new_page().goto("/privacy")
        self._forget(made)
        return made

    def _forget(self, context: BrowserContext) -> None:
        context.clear_cookies()
        console = context.new_cdp_session(context.pages[0])
        console.send("Storage.clearDataForOrigin", {"origin": self._url, "storageTypes": "all"})
        console.send("Network.clearBrowserCache")
        console.detach()


@pytest.fixture(scope="package")
def phones(browser: Browser, house: House) -> Iterator[Phones]:
    """As many as were needed at once."""
    made = Phones(browser, house.url)
    yield made
    made.close()


@pytest.fixture
def enter(phones: Phones, site: Site) -> Iterator[Enter]:
    """A person with a phone (or at a desk) and nothing remembered; gone after the test."""
    taken: list[BrowserContext] = []

    def come(*, desk: bool = False, **options: object) -> Person:
        taken.append(phones.take(**{**(DESK if desk else PHONE), **options}))
        return Person(taken[-1], taken[-1].new_page())

    yield come
    for context in taken:
        phones.give_back(context)


@pytest.fixture(scope="module")
def people(phones: Phones, site: Site) -> Iterator[People]:
    """Signed in when first needed, on pages that stand still: what fades in would be measured half faded."""
    made = People(lambda *, desk: phones.take(**(DESK if desk else PHONE), color_scheme="light", reduced_motion="reduce"))
    yield made
    for person in made.all():
        phones.give_back(person.context)

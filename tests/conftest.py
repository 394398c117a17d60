"""One PostgreSQL and one Valkey for the whole run; a fresh copy of a seeded database for every test that asks for `wiring`."""

import gc
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import psycopg
import pytest

from config.settings import Settings
from config.taxonomy import load_taxonomy
from config.workflow import load_workflow
from intake.adapters.database import make_engine, make_sessions
from intake.adapters.embedded.postgres import EmbeddedPostgres
from intake.adapters.embedded.runtime_paths import DataPaths
from intake.adapters.embedded.valkey import EmbeddedValkey
from intake.adapters.migrate import upgrade
from intake.ports import NullJobQueue
from intake.services import password
from intake.wiring import Wiring, wire
from tests.database import TEMPLATE, copy_template, discard, drop, give_back, reused
from tests.factories.clock import TestClock
from tests.factories.town import QUICK_HASHES, Town, seed_town, town_in
from tests.integration.jobs import jobs_in_this_process
from tests.order import piled
from tests.reached import Reached
from tests.taken_along import TakenAlong
from tests.wechat_platform.server import WeChatServer, running

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# The same examples in every run, and none too slow: what fails one time in fifty on a busy machine says nothing of the code.
hypothesis.settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

NOWHERE = "http://127.0.0.1:9"
"""An address where nobody answers, so that no test asks the real platform."""

UNHURRIED = ("platform.SECONDS", "platform.FETCH_SECONDS", "media.MEDIA_SECONDS", "oauth.EXCHANGE_SECONDS", "token.WAIT_SECONDS")
"""What the simulated platform has a minute for, unless a test is about its slowness: a busy machine is no fault of it."""
PATIENT = "&socket_timeout=900&socket_connect_timeout=900"
"""A request gives Redis 0.2 s and then counts for itself: on a busy machine that would happen by chance. Who means it asks where nobody is."""

_servers: list[EmbeddedPostgres | EmbeddedValkey] = []
_folder: list[tempfile.TemporaryDirectory[str]] = []


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process starts the servers; its workers inherit their addresses."""
    config.pluginmanager.register(Reached())
    config.pluginmanager.register(TakenAlong())
    if "ZHIBAO_TEST_PG" in os.environ or hasattr(config, "workerinput"):
        return
    folder = tempfile.TemporaryDirectory(prefix="zhibao-tests-", dir="/var/tmp" if Path("/var/tmp").is_dir() else None)
    _folder.append(folder)
    Path(folder.name).chmod(0o755)
    paths = DataPaths.of(Path(folder.name) / "data")
    paths.prepare()
    postgres, valkey = EmbeddedPostgres(paths), EmbeddedValkey(paths)
    postgres.start()
    _servers.append(postgres)
    valkey.start()
    _servers.append(valkey)
    _make_template(postgres)
    os.environ["ZHIBAO_TEST_FOLDER"] = folder.name
    os.environ["ZHIBAO_TEST_PG"] = postgres.url(user="zhibao_super", database="{}")
    os.environ["ZHIBAO_TEST_VALKEY"] = f"{valkey.url()}{PATIENT}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every process begin with what takes longest, of what is run at all."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        items[:] = piled(items, processes)


def pytest_collection_finish() -> None:
    """Thousands of tests and their modules live to the end: the collector needn't look at them again and again, as in `zhibao serve`.

    While they are collected it is off (`tests/__init__.py`).
    """
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 50)


def _make_template(postgres: EmbeddedPostgres) -> None:
    """Migrated as the owner, seeded as the application, so that grants are proven from the first row."""
    with psycopg.connect(_libpq(postgres.url(user="zhibao_super", database="postgres")), autocommit=True) as admin:
        # A test's database lives seconds: no need to wait for the disk.
        # Without autovacuum the planner never learns of rows by chance: who asks for a plan says first what it may know.
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200", "autovacuum = off"):
            admin.execute(f"ALTER SYSTEM SET {setting}")
        admin.execute(f"CREATE DATABASE {TEMPLATE} OWNER zhibao_owner TEMPLATE zhibao STRATEGY FILE_COPY")
    postgres.stop()
    postgres.start()
    upgrade(postgres.url(user="zhibao_owner", database=TEMPLATE))
    engine = make_engine(postgres.url(user="zhibao_app", database=TEMPLATE), pool_size=1)
    with make_sessions(engine).begin() as session:
        seed_town(session)
    engine.dispose()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    for server in reversed(_servers):
        server.stop()
    _servers.clear()
    for folder in _folder:
        folder.cleanup()
    _folder.clear()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that was skipped for lack of a tool is a failure; `platform:` marks those that belong to another system."""
    discard()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if "CI" not in os.environ or reporter is None or hasattr(session.config, "workerinput"):
        return
    lacking = [report for report in reporter.stats.get("skipped", []) if "platform:" not in str(report.longrepr)]
    if lacking:
        reporter.write_line(f"{len(lacking)} tests were skipped for lack of a tool, and CI has every tool:", red=True)
        for report in lacking:
            reporter.write_line(f"  {report.nodeid}: {report.longrepr}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def test_database_url(user: str, database: str) -> str:
    """An address on the run's PostgreSQL."""
    return os.environ["ZHIBAO_TEST_PG"].format(database).replace("zhibao_super@", f"{user}@")


test_database_url.__test__ = False  # type: ignore[attr-defined]  # a helper, not a test


def _redis_db() -> int:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return int(worker.removeprefix("gw")) + 1


@pytest.fixture
def database() -> Iterator[str]:
    """The name of a database in the seeded state; what the test does to its rows is undone afterwards."""
    held = reused()
    yield held.name
    give_back(held)


@pytest.fixture
def fresh_database() -> Iterator[str]:
    """A copy of one's own, for tests that change tables, triggers or grants; dropped afterwards."""
    name = copy_template()
    yield name
    drop(name)


@pytest.fixture(scope="session")
def _wechat_server() -> Iterator[WeChatServer]:
    with running() as server:
        yield server


@pytest.fixture
def wechat_server(_wechat_server: WeChatServer) -> WeChatServer:
    """The simulated platform, as new: one account with the keys of `tests/factories/wechat.py`; how to play with it stands in its module."""
    _wechat_server.reset()
    return _wechat_server


@pytest.fixture
def with_platform(wechat_server: WeChatServer, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> WeChatServer:
    """The simulated platform with the test's clock; a test that asks for it has settings, and so a wiring, that lead there."""
    wechat_server.world.seconds = lambda: clock.now().timestamp()
    for where in UNHURRIED:
        monkeypatch.setattr(f"intake.adapters.wechat.{where}", 60.0)
    return wechat_server


@pytest.fixture
def settings(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings of a test installation on the run's servers; WeChat's platform is nowhere, unless the test asks for `with_platform`."""
    platform = request.getfixturevalue("wechat_server").url if "with_platform" in request.fixturenames else NOWHERE
    return settings_on(database, tmp_path, platform=platform)


def settings_on(database: str, folder: Path, *, platform: str = NOWHERE) -> Settings:
    """The same on a database of that name, with its files in `folder`."""
    return Settings(
        environment="test",
        wechat_api_url=platform,
        wechat_connect_url=platform,
        object_folder=str(folder / "objects"),
        database_url=test_database_url("zhibao_app", database),
        owner_database_url=test_database_url("zhibao_owner", database),
        redis_url=os.environ["ZHIBAO_TEST_VALKEY"].replace("db=0", f"db={_redis_db()}"),
        secret_key="t" * 64,
        field_keys="k1:" + "A" * 43 + "=",
        base_url="https://zhibao.example",
        controller_name="云栖区政协办公室",
        form_seconds=0,  # the clock stands still; tests/web/test_attack.py asks for more
    )


@pytest.fixture
def clock() -> TestClock:
    """A clock that the test turns."""
    return TestClock()


_taxonomy, _workflow = cache(load_taxonomy), cache(load_workflow)
"""Reading the files takes longer than many a test; nothing can change what comes of it."""


@pytest.fixture
def wiring(settings: Settings, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wiring]:
    """Real PostgreSQL and Valkey, a clock that the test turns."""
    if not settings.config_folder:
        monkeypatch.setattr("intake.wiring.load_taxonomy", _taxonomy)
        monkeypatch.setattr("intake.wiring.load_workflow", _workflow)
    monkeypatch.setattr(password, "_hasher", QUICK_HASHES)
    wired = wire(replace(settings), clock=clock)
    wired.redis.flushdb()
    held = reused()
    held.lend(wired)
    yield wired
    held.take_back(wired)


@pytest.fixture
def session(wiring: Wiring) -> Iterator["Session"]:
    """A session for arranging and looking; the test commits what others must see."""
    with wiring.sessions() as opened:
        yield opened


@pytest.fixture
def in_process(wiring: Wiring) -> Iterator[NullJobQueue]:
    """Jobs run in the test's own process, with `run()` and on nobody's wake-up; the queue remembers who was to be woken."""
    wiring.queue = queue = NullJobQueue()
    with jobs_in_this_process(wiring):
        yield queue


@pytest.fixture
def town(wiring: Wiring) -> Town:
    """Ids of the seeded people and places: the same in every copy of the template, so they are asked for once."""
    if not _towns:
        with wiring.sessions() as session:
            _towns.append(town_in(session))
    return _towns[0]


_towns: list[Town] = []

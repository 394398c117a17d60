"""Real web processes to be killed and starved: gunicorn alone on the run's servers, or a whole installation in a folder of its own."""

import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest

from config.settings import Settings
from intake.adapters.database import make_engine, make_sessions
from intake.adapters.embedded.runtime_paths import DataPaths
from intake.adapters.embedded.supervisor import RestartPolicy
from intake.cli.installation import Installation, answers, environment_of
from tests.conftest import settings_on
from tests.database import copy_template, drop
from tests.factories.town import Town, seed_town
from tests.faults.visitors import PATIENCE, eventually
from tests.ports import free_port

ROOT = Path(__file__).parents[2]

THREADS = 2
"""Of a web process that is easily starved."""
LOOSE = {f"{what}_limit": "100000/hour" for what in ("device", "point", "address", "guard", "flood")}
"""These tests send more from one address than a whole estate would."""


@dataclass(slots=True)
class Web:
    """gunicorn with its processes."""

    process: subprocess.Popen[bytes]
    settings: Settings

    @property
    def port(self) -> int:
        return self.settings.port

    def workers(self) -> set[int]:
        """Its living worker processes."""
        return {child.pid for child in psutil.Process(self.process.pid).children() if child.status() != psutil.STATUS_ZOMBIE}


Serve = Callable[..., Web]


@pytest.fixture
def serve(settings: Settings, tmp_path: Path) -> Iterator[Serve]:
    """Start `zhibao serve` on the run's servers; it is gone afterwards."""
    with contextlib.ExitStack() as started:
        numbers = itertools.count()

        def start(**changes: object) -> Web:
            return started.enter_context(serving(settings, tmp_path / f"web{next(numbers)}.log", **changes))

        yield start


@contextlib.contextmanager
def serving(settings: Settings, log_file: Path, **changes: object) -> Iterator[Web]:
    """`zhibao serve` with `settings`, changed so, on a free port."""
    port = free_port()
    chosen = replace(settings, port=port, base_url=f"http://127.0.0.1:{port}", **{**LOOSE, **changes})  # type: ignore[arg-type]  # fields of Settings, by name
    env = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environment_of(chosen)}
    with log_file.open("wb") as log:
        argv = [sys.executable, "-m", "intake.cli.main", "serve"]
        process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        assert eventually(lambda: process.poll() is not None or answers(chosen.host, chosen.port))
        assert process.poll() is None, log_file.read_text(encoding="utf-8")
        yield Web(process, chosen)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)  # its own session: master and workers
        process.wait()


@pytest.fixture(scope="module")
def starved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One process with two threads, on a town of its own: what one test leaves hanging there the next one meets."""
    database, folder = copy_template(), tmp_path_factory.mktemp("starved")
    with serving(settings_on(database, folder), folder / "web.log", web_processes=1, web_threads=THREADS) as web:
        yield web
    drop(database)


@contextlib.contextmanager
def data_folder() -> Iterator[Path]:
    """A data folder that a server which gave up root can pass through; everything made for it is deleted."""
    with tempfile.TemporaryDirectory(prefix="zb-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"
        DataPaths.of(Path(folder) / "data").discard()


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder of the test's own."""
    with data_folder() as folder:
        yield folder


@dataclass(slots=True)
class Place:
    """A running installation with the town in it."""

    installation: Installation
    town: Town
    may_come_back: threading.Event

    @property
    def port(self) -> int:
        return self.installation.settings.port

    def pid(self, name: str) -> int:
        found = self.installation.pid(name)
        assert found is not None, f"{name} does not run"
        return found

    def back(self, name: str, *, former: int) -> bool:
        """Whether the supervisor has started `name` anew."""
        return self.installation.pid(name) not in {None, former}

    @contextlib.contextmanager
    def keeping_away(self) -> Iterator[None]:
        """What dies meanwhile comes back only afterwards, however long this takes."""
        self.may_come_back.clear()
        try:
            yield
        finally:
            self.may_come_back.set()


@dataclass(frozen=True, slots=True)
class WhenAllowed(RestartPolicy):
    """What died is started anew at once, but no sooner than the test allows it; the supervisor waits meanwhile."""

    allowed: threading.Event = field(default_factory=threading.Event)

    def delay(self, failures: int) -> float:
        """Seconds to wait, after having waited."""
        del failures
        self.allowed.wait(10 * PATIENCE)
        return 0.5


@contextlib.contextmanager
def running(data: Path) -> Iterator[Place]:
    """A whole installation in `data`: servers, migrations, web, workers and scheduler."""
    restart = WhenAllowed()
    restart.allowed.set()
    settings = Settings(data_dir=data, environment="test", port=free_port(), **LOOSE)  # type: ignore[arg-type]  # as above
    with Installation(settings, restart=restart) as installation:
        engine = make_engine(installation.settings.database_url, pool_size=1)
        with make_sessions(engine).begin() as session:
            town = seed_town(session)
        engine.dispose()
        yield Place(installation, town, restart.allowed)


@pytest.fixture(scope="package")
def place() -> Iterator[Place]:
    """One whole installation for all tests that take a server away under load: what came back must be as good as new."""
    with data_folder() as data, running(data) as started:
        yield started

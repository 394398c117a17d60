"""The embedded servers started, stopped and killed for real, each test in folders of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from sqlalchemy import create_engine, pool, text

from config.settings import Settings
from intake.adapters.embedded.children import Child, Command
from intake.adapters.embedded.errors import ClusterUnusable, DataFolderInUse, ServiceFailed, ServiceKeepsFailing
from intake.adapters.embedded.identity import current_identity
from intake.adapters.embedded.postgres import EmbeddedPostgres
from intake.adapters.embedded.runtime_paths import DataLock, DataPaths
from intake.adapters.embedded.supervisor import RestartPolicy
from intake.cli.installation import Installation, PortInUse
from tests.ports import free_port

pytestmark = pytest.mark.faults

PATIENCE = 60.0

Holder = Callable[..., tuple[subprocess.Popen[str], dict[str, str]]]

HOLDER = """
import json, os, sys
from pathlib import Path
from config.settings import Settings
from intake.cli.installation import Installation
from intake.cli.up import stop_on_signals
settings = Settings(data_dir=Path(sys.argv[1]), environment="test", port=int(sys.argv[3]))
inst = Installation(settings, migrate=False, entry=(sys.executable, sys.argv[2]))
stop_on_signals(inst)
inst.start()
print(json.dumps({"database_url": inst.settings.database_url, "redis_url": inst.settings.redis_url}), flush=True)
inst.wait()
inst.stop()
"""

PROGRAMS = """
import http.server, os, sys, time
if sys.argv[1] == "serve" and os.environ.get("ZHIBAO_CONTROLLER_PHONE") == "crash-web":
    time.sleep(0.2)
    sys.exit("the reason stands here")
if sys.argv[1] == "serve":
    address = (os.environ["ZHIBAO_HOST"], int(os.environ["ZHIBAO_PORT"]))
    http.server.HTTPServer(address, http.server.BaseHTTPRequestHandler).serve_forever()
if os.environ.get("ZHIBAO_CONTROLLER_PHONE") == "crash" and sys.argv[1:] == ["worker", "housekeeping"]:
    sys.exit("the reason stands here")
time.sleep(3600)
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that a server which gave up root can pass through; everything made for it is deleted."""
    with tempfile.TemporaryDirectory(prefix="zb-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"
        DataPaths.of(Path(folder) / "data").discard()


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A stand-in for the command line, so that the supervisor is tested alone."""
    path = tmp_path / "programs.py"
    path.write_text(PROGRAMS, encoding="utf-8")
    return path


def servers(data: Path) -> Installation:
    return Installation(Settings(data_dir=data, environment="test"), serve=False, work=False, migrate=False)


def trigrams(url: str) -> list[str]:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        return list(connection.scalar(text("select show_trgm('路灯坏了')")) or [])


def eventually(fact: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def hold(data: Path, programs: Path) -> Iterator[Holder]:
    """Start another process that holds a whole installation."""
    held: list[subprocess.Popen[str]] = []

    def start(**env: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PG"))}
        argv = [sys.executable, "-c", HOLDER, str(data), str(programs), str(free_port())]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**clean, **env})
        held.append(process)
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    yield start
    for process in held:
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        assert eventually(lambda family=family: all(map(gone, family)))  # type: ignore[misc]  # mypy can't type a default in a lambda


def test_servers_start_answer_and_stop(data: Path) -> None:
    with servers(data) as installation:
        settings = Settings.from_env(installation.env)
        assert trigrams(settings.database_url)
        engine = create_engine(settings.database_url, poolclass=pool.NullPool)
        with engine.connect() as connection:
            assert connection.scalar(text("select current_user")) == "zhibao_app"
            assert connection.scalar(text("select rolsuper from pg_roles where rolname = current_user")) is False
            owner = "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
            assert connection.scalar(text(owner)) == "zhibao_owner"
            assert connection.scalar(text("show fsync")) == "on"
            assert connection.scalar(text("show listen_addresses")) == ""
        with redis.Redis.from_url(settings.redis_url) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
            client.set("kept", "yes")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(settings.database_url.replace("+psycopg", ""))
    with servers(data), redis.Redis.from_url(settings.redis_url) as client:
        assert client.get("kept") == b"yes"


def test_a_second_start_is_refused_with_a_sentence(data: Path) -> None:
    with servers(data) as first:
        with pytest.raises(DataFolderInUse, match=str(os.getpid())):
            servers(data).start()
        assert trigrams(first.settings.database_url), "the first goes on undisturbed"


@pytest.mark.parametrize(
    "locale",
    [
        {"LANG": "zh_CN.UTF-8", "PGDATABASE": "elsewhere", "PGPORT": "1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0"},
    ],
)
def test_no_locale_and_no_variable_of_the_operator_matters(hold: Holder, locale: dict[str, str]) -> None:
    _, addresses = hold(**locale)
    assert trigrams(addresses["database_url"])


def test_sigterm_stops_everything_in_order(data: Path, hold: Holder) -> None:
    process, _ = hold()
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 6
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert all(map(gone, family))
    assert "database system is shut down" in (data / "log" / "postgres.log").read_text(encoding="utf-8")
    assert not (data / "running.json").exists()


def test_a_killed_supervisor_leaves_no_orphan_and_can_start_again_at_once(
    hold: Holder,
) -> None:
    process, _ = hold()
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    _, addresses = hold()
    assert trigrams(addresses["database_url"])
    assert eventually(lambda: all(map(gone, family)))


def test_a_killed_database_comes_back_while_the_rest_carries_on(data: Path) -> None:
    with servers(data) as installation:
        first, queue = installation.pid("postgres"), installation.pid("valkey")
        assert first is not None
        os.kill(first, signal.SIGKILL)

        def answers_anew() -> bool:
            try:
                return installation.pid("postgres") not in {None, first} and bool(trigrams(installation.settings.database_url))
            except Exception:  # noqa: BLE001 - it is down for a moment, in whatever way
                return False

        assert eventually(answers_anew)
        assert installation.pid("valkey") == queue


def test_a_killed_queue_keeps_its_content(data: Path) -> None:
    with servers(data) as installation:
        first = installation.pid("valkey")
        assert first is not None
        with redis.Redis.from_url(installation.settings.redis_url) as client:
            client.set("kept", "yes")
            os.kill(first, signal.SIGKILL)
        assert eventually(lambda: installation.pid("valkey") not in {None, first})

        def kept() -> bool:
            try:
                with redis.Redis.from_url(installation.settings.redis_url) as client:
                    return bool(client.get("kept") == b"yes")
            except redis.RedisError:
                return False

        assert eventually(kept)


def crashing(data: Path, programs: Path, what: str, *, serve: bool) -> Installation:
    settings = Settings(
        data_dir=data, environment="test", database_url="postgresql://none", redis_url="redis://none", controller_phone=what, port=0
    )
    patience = RestartPolicy(first_delay=0.05, max_delay=0.1, max_failures=3)
    return Installation(settings, serve=serve, migrate=False, entry=(sys.executable, str(programs)), restart=patience)


def test_an_essential_service_that_keeps_crashing_ends_with_a_clear_end(data: Path, programs: Path) -> None:
    installation = crashing(data, programs, "crash-web", serve=True)

    def run() -> None:
        installation.start()
        installation.wait(PATIENCE)

    with pytest.raises((ServiceKeepsFailing, ServiceFailed), match=r"web\.log.*the reason stands here"):
        run()
    installation.stop()


def test_a_worker_that_keeps_crashing_leaves_the_others_alone(data: Path, programs: Path) -> None:
    installation = crashing(data, programs, "crash", serve=False)
    installation.start()
    other = psutil.Process(installation.pid("worker-triage-1"))
    log = DataPaths.of(data).log / "worker-housekeeping.log"
    assert eventually(lambda: log.read_text(encoding="utf-8").count("the reason stands here") > 5)
    assert other.is_running()
    assert not installation.stopping
    installation.stop()
    assert gone(other)


def test_a_task_that_fails_ends_the_start_with_its_log(data: Path, programs: Path) -> None:
    settings = Settings(data_dir=data, environment="test", database_url="postgresql://none", redis_url="redis://none")
    installation = Installation(settings, serve=False, work=False, entry=(sys.executable, "/nonexistent/program.py"))
    with pytest.raises(ServiceFailed, match=r"migrate\.log"):
        installation.start()
    with DataLock(DataPaths.of(data)):
        assert installation.stopping, "the folder is free again and nothing runs"


def test_a_port_in_use_is_named_with_the_cure(data: Path, programs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(data_dir=data, environment="test", port=port)
        with pytest.raises(PortInUse, match=f"{port}.*--port"):
            Installation(settings, entry=(sys.executable, str(programs))).start()
    assert not (data / "pg").exists(), "nothing was started"


@pytest.mark.parametrize("case", ["port", "folder"])
def test_the_command_refuses_with_a_sentence_and_no_traceback(data: Path, case: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (data.parent / "file").touch()
        folder = data if case == "port" else data.parent / "file" / "data"
        argv = [sys.executable, "-m", "intake.cli.main", "up", "--data", str(folder), "--port", str(taken.getsockname()[1])]
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        result = subprocess.run(argv, capture_output=True, encoding="utf-8", env=env, check=False, timeout=PATIENCE)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert ("端口" if case == "port" else "数据目录") in result.stderr


def test_a_data_folder_deeper_than_a_socket_path_works(data: Path) -> None:
    deep = data.joinpath(*["很深的 目录"] * 8)
    try:
        with servers(deep) as installation:
            assert len(os.fsencode(installation.paths.root)) > 107
            assert trigrams(installation.settings.database_url)
    finally:
        DataPaths.of(deep).discard()


def test_an_interrupted_first_start_is_repeated(data: Path) -> None:
    half = data / "pg.new-half"
    half.mkdir(parents=True, mode=0o711)
    data.chmod(0o711)
    (half / "PG_VERSION").write_text("18\n")
    with servers(data) as installation:
        assert trigrams(installation.settings.database_url)
    assert not half.exists()


def test_files_that_are_no_database_are_left_alone(data: Path) -> None:
    data.mkdir(mode=0o711)
    (data / "pg").mkdir()
    (data / "pg" / "letter.txt").touch()
    with pytest.raises(ClusterUnusable, match="备份"):
        servers(data).start()
    assert (data / "pg" / "letter.txt").exists()


def test_a_lock_naming_an_innocent_process_is_removed_and_another_version_refused(data: Path) -> None:
    with servers(data) as installation:
        home = installation.paths.home("pg", installation.paths.identity())
    (home / "postmaster.pid").write_text(f"{os.getpid()}\n{home}\n")
    with servers(data) as installation:
        assert trigrams(installation.settings.database_url)
    (home / "PG_VERSION").write_text("17\n")
    with pytest.raises(ClusterUnusable, match="17"):
        servers(data).start()


def test_a_child_watched_by_pipe_dies_with_its_supervisor(tmp_path: Path) -> None:
    """Where the kernel can't tell of a parent's death, closing the pipe does."""
    command = Command(argv=("/bin/sleep", "3600"), env={"PATH": "/usr/bin:/bin"}, identity=current_identity())
    child = Child.spawn(command, tmp_path / "sleep.log", kernel_tells=False)
    try:
        assert eventually(lambda: psutil.Process(child.pid).name() == "sleep")
        child._close_pipe()
        assert eventually(child.dead)
        assert child.returncode == -signal.SIGKILL
    finally:
        child.stop()


def test_postgres_alone_starts_and_stops(data: Path) -> None:
    paths = DataPaths.of(data)
    paths.prepare()
    with DataLock(paths):
        server = EmbeddedPostgres(paths)
        server.start()
        try:
            assert trigrams(server.url())
        finally:
            server.stop(fast=False)
        assert not server.is_ready()

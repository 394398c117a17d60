"""`zhibao serve`: the web alone, on gunicorn's threads."""

import tempfile
from pathlib import Path
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from config.collector import spare_the_collector
from config.logging import configure_logging
from config.settings import Settings
from intake.app import create_app
from intake.cli.web_worker import WholeRequestWorker
from intake.domain.errors import PermanentError
from intake.web.assets_manifest import STATIC
from intake.wiring import wire

GRACE_SECONDS = 10
"""For requests under way when the end is asked for; less than the supervisor's patience (15 s)."""
REQUESTS_A_PROCESS = 20_000
"""A process is replaced after about so many requests, so that what leaks slowly never matters."""
CONNECTIONS = 400
"""A process; with those being closed and its files it stays below the usual limit of 1024 handles."""
_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a nameless file of its own there


@click.command()
def serve() -> None:
    """只运行网页 / web only."""
    settings = Settings.from_env()
    # What every process would refuse is refused here, in one sentence that is also the log's last line.
    wire(settings).close()
    if not (STATIC / "manifest.json").is_file():
        raise PermanentError("页面样式还没有生成，请先运行 `make front`（10 秒）。 / The front end isn't built: run `make front` once.")
    WebServer(settings).run()


class WebServer(BaseApplication):  # type: ignore[misc]  # its base has no types
    """gunicorn set from our settings; every process makes its own application after the fork, so none shares a connection."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Hand gunicorn its options; it reads neither a file nor the command line."""
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called once in each process."""
        configure_logging(self._settings.log_level)
        app = create_app(wire(self._settings))
        spare_the_collector()
        return app


def options(settings: Settings) -> dict[str, Any]:
    """gunicorn's options for `settings`."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": [f"{host}:{settings.port}"],
        "worker_class": WholeRequestWorker,
        "worker_connections": CONNECTIONS,
        "workers": settings.web_processes,
        "threads": settings.web_threads,
        "timeout": 30,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": 5,
        "max_requests": REQUESTS_A_PROCESS,
        "max_requests_jitter": REQUESTS_A_PROCESS // 10,
        "preload_app": False,
        "accesslog": None,  # addresses of residents don't belong into a file
        "errorlog": "-",
        "loglevel": "warning",
        "proc_name": "zhibao-web",
        "control_socket_disable": True,  # nobody steers it but our supervisor, by signals
        "worker_tmp_dir": str(_MEMORY) if _MEMORY.is_dir() else tempfile.gettempdir(),  # a heartbeat must not wait for a busy disk
        "worker_exit": _let_go,
    }


def _let_go(_server: Any, worker: Any) -> None:
    app = getattr(worker, "wsgi", None)
    if isinstance(app, Flask):
        app.extensions["wiring"].close()

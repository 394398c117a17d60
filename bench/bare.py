"""The bare reference: Flask, one ORM INSERT per POST, nothing else; served like ours."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask, redirect, request
from sqlalchemy import BigInteger, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from werkzeug.wrappers import Response

from intake.cli.installation import Installation

FORM = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>bare</title></head><body><form method="post">
<input type="hidden" name="key" value="{key}"><textarea name="text"></textarea><button>提交</button></form></body></html>"""


class Base(DeclarativeBase):
    """Parent of the one table."""


class Row(Base):
    """One sentence."""

    __tablename__ = "bench_bare"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    text: Mapped[str]


def create(url: str) -> Flask:
    """The application on the database at `url`."""
    app = Flask(__name__)
    sessions = sessionmaker(create_engine(url, pool_size=4, max_overflow=2))

    @app.get("/p/<code>")
    def form(code: str) -> str:  # noqa: ARG001 - the route names it, as ours does
        return FORM.format(key=secrets.token_urlsafe(24))

    @app.post("/p/<code>")
    def send(code: str) -> Response:  # noqa: ARG001 - as above
        with sessions.begin() as session:
            row = Row(text=request.form["text"])
            session.add(row)
            session.flush()
            number = row.id
        return redirect(f"/r/{number}", code=303)

    return app


@dataclass(frozen=True, slots=True)
class Bare:
    """Where the reference listens, and its process."""

    port: int
    pid: int


@contextmanager
def beside(ours: Installation) -> Iterator[Bare]:
    """The reference on the same database and with the same numbers of processes and threads, ready to answer, until the end."""
    owner = create_engine(ours.settings.owner_database_url)
    Base.metadata.create_all(owner)
    with owner.begin() as connection:
        connection.execute(text("GRANT ALL ON bench_bare TO zhibao_app; GRANT ALL ON SEQUENCE bench_bare_id_seq TO zhibao_app"))
    owner.dispose()
    port = ours.settings.port + 1
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.bare", str(port), str(ours.settings.web_processes), str(ours.settings.web_threads)],
        env={**os.environ, "DATABASE_URL": ours.settings.database_url},
    )
    try:
        time.sleep(3)
        yield Bare(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """`python -m bench.bare PORT PROCESSES THREADS` with DATABASE_URL set."""
    from gunicorn.app.base import BaseApplication

    port, processes, threads = (int(word) for word in sys.argv[1:4])

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
        def load_config(self) -> None:
            for name, value in {
                "bind": f"127.0.0.1:{port}",
                "workers": processes,
                "threads": threads,
                "worker_class": "gthread",
                "loglevel": "warning",
                "keepalive": 5,
            }.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return create(os.environ["DATABASE_URL"])

    Server().run()


if __name__ == "__main__":
    main()

"""Applications for tests: templates are compiled once a run and not by every process, and one application may serve many tests."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from config.settings import Settings
from intake.app import create_app
from intake.web.remembered import Remembered
from intake.wiring import Wiring


def _compiled() -> FileSystemBytecodeCache:
    folder = Path(os.environ.get("ZHIBAO_TEST_FOLDER") or tempfile.mkdtemp(prefix="zhibao-templates-")) / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


_COMPILED = _compiled()


def application(wiring: Wiring) -> Flask:
    """`create_app(wiring)`, but its templates may have been compiled before."""
    made = create_app(wiring)
    made.jinja_env.bytecode_cache = _COMPILED
    return made


def begin_anew(app: Flask, wiring: Wiring) -> None:
    """Make `app` what `create_app(wiring)` would give: it stands on `wiring` and remembers nothing."""
    app.extensions["wiring"] = wiring
    app.jinja_env.globals["settings"] = wiring.settings
    app._got_first_request = False  # so that a test may add a page
    for memory in app.extensions.values():
        if isinstance(memory, Remembered):
            memory._kept.clear()


_kept: list[tuple[Settings, Flask]] = []
"""One for each kind of settings."""


@contextmanager
def lent(wiring: Wiring, browser: type[FlaskClient] = FlaskClient) -> Iterator[Flask]:
    """An application on `wiring` that may have served tests before and remembers nothing of them; `browser` is what its test clients are.

    Whoever adds pages or settings to it is its last.
    """
    like = replace(wiring.settings, database_url="", owner_database_url="", object_folder="")
    found = next((app for settings, app in _kept if settings == like), None)
    app = found or application(wiring)
    begin_anew(app, wiring)
    app.test_client_class = browser
    before = _form(app)
    if found is None:
        _kept.append((like, app))
    yield app
    if _form(app) != before:
        _kept[:] = [(settings, kept) for settings, kept in _kept if kept is not app]


def _form(app: Flask) -> list[object]:
    """All of an application that a test could change."""
    hooks = [
        {name: list(functions) for name, functions in kind.items()}
        for kind in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    ]
    environment = [dict(app.jinja_env.globals), dict(app.jinja_env.filters)]
    return [dict(app.config), dict(app.view_functions), [rule.rule for rule in app.url_map.iter_rules()], app.wsgi_app, hooks, environment]

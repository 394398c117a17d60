"""Applications for tests: templates are compiled once a run and not by every process, and one application may serve many tests."""

import os
import tempfile
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache

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

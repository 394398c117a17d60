"""The real application on the real servers; every HTML answer is parsed strictly."""

import tempfile

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.test import TestResponse

from intake.app import create_app
from intake.wiring import Wiring

_FOLDER = tempfile.TemporaryDirectory(prefix="zhibao-templates-")
COMPILED = FileSystemBytecodeCache(_FOLDER.name)
"""Templates are compiled once a process, not once a test."""


class ParsingClient(FlaskClient):
    """A test client that fails on a page a browser would have to repair."""

    def open(self, *args: object, **kwargs: object) -> TestResponse:
        response = super().open(*args, **kwargs)  # type: ignore[arg-type]  # as above
        if response.mimetype == "text/html" and response.data and not response.is_streamed:
            html5lib.HTMLParser(strict=True).parse(response.get_data(as_text=True))
        return response


@pytest.fixture
def app(wiring: Wiring) -> Flask:
    """The application under test."""
    made = create_app(wiring)
    made.jinja_env.bytecode_cache = COMPILED
    made.test_client_class = ParsingClient
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies yet."""
    return app.test_client()

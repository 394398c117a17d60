"""Whatever file a signed-in person gets leaves a row in the audit: asserted at every answer of the whole suite, which reaches every route.

A new route that hands out a file without `note_export` or `note_visit` (`intake/web/exported.py`) fails the test that reaches it.
"""

from typing import Any
from unittest import mock

import pytest
from flask import Flask, Response, g, request, request_finished, session

from intake.services.audit import record
from intake.web import exported
from intake.web.guard import COOKIE_KEY, access_of

PAGES = frozenset({"text/html", "application/json", "text/plain"})
"""What a page is, or asks for while it is read."""
SMALL = frozenset({"attachments.show", "said.show"})
"""What stands in a page as a small picture; the whole one is opened by itself, and noted."""
EMBLEM = "profile.emblem"
"""The district's own, which stands on every poster."""
VOICE = "said.show"
"""Fetched in pieces: the first that somebody gets is noted (tests/web/test_said.py)."""


def is_file(response: Response) -> bool:
    """Something to keep, or to look at by itself."""
    return response.status_code in {200, 206} and (
        response.headers.get("Content-Disposition", "").startswith("attachment") or response.mimetype not in PAGES
    )


def is_part_of_a_page(response: Response) -> bool:
    """A picture that a page shows, or a piece of a voice."""
    return (
        request.endpoint == EMBLEM
        or (request.endpoint in SMALL and "small" in request.args and response.mimetype == "image/jpeg")
        or (request.endpoint == VOICE and request.range is not None and response.mimetype == "audio/mpeg")
    )


def noticing(*args: Any, **kwargs: Any) -> None:
    """Write the row, and remember in this request that there is one."""
    g.noted_visit = True
    record(*args, **kwargs)


def look(app: Flask, response: Response, **_: Any) -> None:
    """AssertionError for a file that somebody signed in got and nobody noted."""
    access = access_of(app, request.endpoint) if request.endpoint is not None else None
    if access is None or access.permission is None or not session.get(COOKIE_KEY) or not is_file(response):
        return
    assert is_part_of_a_page(response) or g.get("noted_visit"), f"{request.endpoint} hands out a file that no audit row tells of"


class TakenAlong:
    """Looks at every answer of every test."""

    def pytest_configure(self, config: pytest.Config) -> None:
        """From now on."""
        mock.patch.object(exported, "record", noticing).start()
        request_finished.connect(look)

"""Which guarded routes somebody signed in was answered by, over a whole run: a route that nobody ever reached fails the run."""

from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask, Response, request, request_finished, session

from intake.web.guard import COOKIE_KEY, access_of

REACHED: set[str] = set()
"""`METHOD endpoint` of every request of a signed-in person in this process that wasn't refused."""
_OF_WORKERS: set[str] = set()


def note(_app: Flask, response: Response, **_: Any) -> None:
    """Write one request down."""
    if request.endpoint is not None and response.status_code < 400 and session.get(COOKIE_KEY) and not _led_to_sign_in(response):
        REACHED.add(f"{request.method} {request.endpoint}")


def guarded(app: Flask) -> set[str]:
    """Every route that asks for a permission."""
    return {
        f"{method} {rule.endpoint}"
        for rule in app.url_map.iter_rules()
        if (access := access_of(app, rule.endpoint)) is not None and access.permission is not None
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def missing(app: Flask, reached: Iterable[str]) -> list[str]:
    """Guarded routes that weren't reached."""
    return sorted(guarded(app) - set(reached))


class Reached:
    """Collects what the processes of a run reached, and looks at it when all of the suite was run without a failure."""

    def pytest_configure(self, config: pytest.Config) -> None:
        """From now on."""
        request_finished.connect(note)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """One of the processes is done."""
        _OF_WORKERS.update(getattr(node, "workeroutput", {}).get("reached", ()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker hands over what it has; the controlling process looks."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["reached"] = sorted(REACHED)
        elif is_whole(session.config) and session.exitstatus == pytest.ExitCode.OK:
            _tell(session, missing(_application(), REACHED | _OF_WORKERS))


def is_whole(config: pytest.Config) -> bool:
    """Whether everything that needs no browser is run, as `make test` does."""
    return not config.option.keyword and config.option.markexpr == "not browser" and config.args == config.getini("testpaths")


def _tell(session: pytest.Session, routes: list[str]) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not routes or reporter is None:
        return
    reporter.write_line(f"{len(routes)} guarded routes never succeeded in any test:", red=True)
    for route in routes:
        reporter.write_line(f"  {route}")
    session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _application() -> Flask:
    from intake.app import create_app  # whoever only collects needs none of it
    from intake.cli.documents import unconnected
    from intake.wiring import wire

    return create_app(wire(unconnected()))


def _led_to_sign_in(response: Response) -> bool:
    return response.status_code == 303 and (response.location or "").startswith("/sign-in")

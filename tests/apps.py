"""One application for many tests: registering a hundred routes takes longer than most of them."""

from flask import Flask

from intake.web.remembered import Remembered
from intake.wiring import Wiring


def begin_anew(app: Flask, wiring: Wiring) -> None:
    """Make `app` what `create_app(wiring)` would give: it stands on `wiring` and remembers nothing."""
    app.extensions["wiring"] = wiring
    app.jinja_env.globals["settings"] = wiring.settings
    app._got_first_request = False  # so that a test may add a page
    for memory in app.extensions.values():
        if isinstance(memory, Remembered):
            memory._kept.clear()

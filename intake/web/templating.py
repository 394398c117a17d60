"""The templates' surroundings."""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class Templates(Environment):
    """Templates that all share the application's globals: none is given some of its own.

    Jinja lays an empty layer over them for each template, and looks through both with every import and every page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The application's own, unless a template is given some."""
        return super().make_globals(d) if d else self.globals

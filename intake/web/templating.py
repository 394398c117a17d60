"""The templates' surroundings."""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment
from jinja2 import Template


class Templates(Environment):
    """Templates that all share the application's globals: none is given some of its own.

    Jinja lays an empty layer over them for each template, and looks through both with every import and every page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The application's own, unless a template is given some."""
        return super().make_globals(d) if d else self.globals

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:  # noqa: A002 - Jinja's own name
        """As Jinja does, but a template that is given some is read anew: Jinja adds them to the one that it knows, here to everybody's."""
        if not globals or self.loader is None:
            return super()._load_template(name, None)
        return self.loader.load(self, name, self.make_globals(globals))

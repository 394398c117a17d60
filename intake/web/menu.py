"""The menu beside the desk's pages: drawn once for each page, language and kind of person, since drawing it takes longer than most pages do."""

from functools import lru_cache
from typing import NamedTuple

from flask import Flask, render_template, request
from markupsafe import Markup

from intake.domain.permission import Role
from intake.web.guard import actor
from intake.web.language import chosen

DRAWN = 512
"""Menus kept in a process, of a few kB each."""


class _For(NamedTuple):
    """All that two menus may differ by."""

    roles: frozenset[Role]
    in_unit: bool
    language: str
    endpoint: str | None
    root: str
    """Where the application is mounted."""


def init_menu(app: Flask) -> None:
    """Give templates `desk_menu()`, the entries as HTML."""

    @lru_cache(maxsize=DRAWN)
    def drawn(_whose: _For) -> Markup:
        return Markup(render_template("_shell/entries.html"))  # noqa: S704 -- a template of ours, escaped as all are

    def menu() -> Markup:
        person = actor()
        roles = frozenset(grant.role for grant in person.grants)
        return drawn(_For(roles, person.unit_id is not None, chosen(), request.endpoint, request.root_path))

    app.jinja_env.globals["desk_menu"] = menu

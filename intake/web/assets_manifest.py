"""Names of the built files: the manifest of the front-end build says which hash each has."""

import json
from pathlib import Path

from flask import Flask, url_for
from markupsafe import Markup

STATIC = Path(__file__).parent / "static"


class FrontEndMissing(RuntimeError):
    """The front end has not been built; `make front` does it."""


def init_assets(app: Flask) -> None:
    """Give templates `asset('phone.css')` → the hashed file's address, and `icon('search')` → an inline picture that readers skip."""
    manifest = STATIC / "manifest.json"
    if not manifest.exists():
        raise FrontEndMissing("intake/web/static is empty: run `make front` once (10 seconds)")
    names = {entry: made["file"] for entry, made in json.loads(manifest.read_text(encoding="utf-8")).items()}

    def asset(name: str) -> str:
        return url_for("static", filename=names[name])

    app.jinja_env.globals["asset"] = asset
    shapes = json.loads((STATIC / "icons.json").read_text(encoding="utf-8"))

    def icon(name: str) -> Markup:
        frame = '<svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        return Markup(f"{frame}{shapes[name]}</svg>")  # noqa: S704 -- shapes come from the build, never from a person

    app.jinja_env.globals["icon"] = icon

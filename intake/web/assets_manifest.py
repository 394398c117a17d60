"""Names of the built files: the manifest of the front-end build says which hash each has."""

import json
from pathlib import Path

from flask import Flask, url_for
from markupsafe import Markup

STATIC = Path(__file__).parent / "static"


class FrontEndMissing(RuntimeError):
    """The front end has not been built; `make front` does it."""


def init_assets(app: Flask) -> None:
    """Give templates `asset('phone.css')` → the hashed file's address, `module('form.js')` → the tag that loads a script, and
    `icon('search')` → an inline picture that readers skip.
    """
    manifest = STATIC / "manifest.json"
    if not manifest.exists():
        raise FrontEndMissing("intake/web/static is empty: run `make front` once (10 seconds)")
    built = json.loads(manifest.read_text(encoding="utf-8"))
    names = {entry: made["file"] for entry, made in built.items()}

    def asset(name: str) -> str:
        return url_for("static", filename=names[name])

    def module(name: str) -> Markup:
        # What a script imports is fetched beside it: found only once it has arrived, it would cost a weak signal another round trip.
        beside = [Markup('<link rel="modulepreload" href="{}">').format(asset(one)) for one in built[name].get("imports", ())]
        return Markup("").join([*beside, Markup('<script type="module" src="{}"></script>').format(asset(name))])

    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["module"] = module
    shapes = json.loads((STATIC / "icons.json").read_text(encoding="utf-8"))

    def icon(name: str) -> Markup:
        frame = '<svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        return Markup(f"{frame}{shapes[name]}</svg>")  # noqa: S704 -- shapes come from the build, never from a person

    app.jinja_env.globals["icon"] = icon

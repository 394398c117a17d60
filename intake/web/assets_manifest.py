"""Names of the built files: the manifest of the front-end build says which hash each has."""

import base64
import hashlib
import json
from pathlib import Path

from flask import Flask, g, url_for
from markupsafe import Markup

STATIC = Path(__file__).parent / "static"


class FrontEndMissing(RuntimeError):
    """The front end has not been built; `make front` does it."""


def init_assets(app: Flask) -> None:
    """Give templates `asset('phone.css')` → the hashed file's address, `module('form.js')` → the tag that loads a script,
    `style('phone.css')` → the styles themselves, which the page's policy then allows by their hash (headers.py), and `icon('search')` → an
    inline picture that readers skip.
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
        beside = [
            Markup('<link rel="modulepreload" href="{}" fetchpriority="low">').format(asset(one)) for one in built[name].get("imports", ())
        ]
        return Markup("").join([*beside, Markup('<script type="module" src="{}" fetchpriority="low"></script>').format(asset(name))])

    def style(name: str) -> Markup:
        # For pages that somebody opens once over a weak signal: nothing is drawn before the styles are there, and asking for them is one
        # round trip more.
        g.style_hash = hashes[name]
        return sheets[name]

    sheets, hashes = {}, {}
    for name, file in names.items():
        if name.endswith(".css"):
            text = (STATIC / file).read_text(encoding="utf-8")
            sheets[name] = Markup(f"<style>{text}</style>")  # noqa: S704 -- from the build, never from a person
            hashes[name] = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    app.jinja_env.globals["style"] = style
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["module"] = module
    shapes = json.loads((STATIC / "icons.json").read_text(encoding="utf-8"))

    def icon(name: str) -> Markup:
        frame = '<svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        return Markup(f"{frame}{shapes[name]}</svg>")  # noqa: S704 -- shapes come from the build, never from a person

    app.jinja_env.globals["icon"] = icon

"""The service worker: what a phone may keep so that the form opens, and is sent, without signal; and which files a member's pages need there.

Only these files and forms that hold nothing of anybody are kept; which forms, the form's answer says itself.
"""

import gzip
import json
from functools import cache
from hashlib import sha256

from flask import Response, make_response, request, url_for

from intake.queries.point import PointView
from intake.web.assets_manifest import STATIC
from intake.web.compress import acceptable, may_be_signed_in
from intake.web.guard import open_to_all
from intake.web.language import PREFERENCES
from intake.web.resident.blueprint import resident
from intake.web.resident.known import known_follower
from intake.web.unit_of_work import wiring

KEEP = "Zhibao-Keep"
"""The header of a form that a phone may keep."""
_ENTRIES = ("phone.css", "form.js")
_MEMBER_ENTRIES = (
    "phone.css",
    "phone.js",
    "member.js",
    "member/start.js",
    "member/kept.js",
    "member/leaving.js",
    "capture.js",
    "capture.css",
)
"""Kept for members alone, once one of their pages was opened."""
_RETIRE = """self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil((async () => {
  for (const name of await caches.keys()) await caches.delete(name);
  await self.registration.unregister();
})()));
"""
"""Whoever has the worker gets this in its place once it is switched off: it throws away what was kept, then itself."""


@resident.get("/sw.js")
@open_to_all
def worker_script() -> Response:
    """The worker with the names of what it keeps, or the one that takes itself away; asks nothing of the database."""
    is_small = acceptable("gzip")
    code = _script() if wiring().settings.service_worker else _RETIRE
    answer = make_response(_packed(code) if is_small else code)
    answer.headers.update({"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache"})
    if is_small:
        answer.content_encoding = "gzip"
    answer.vary.add("Accept-Encoding")
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def worker_address() -> str:
    """Where the form's script finds the worker; empty where there shall be none."""
    return url_for("resident.worker_script") if wiring().settings.service_worker else ""


def may_be_kept(page: str, point: PointView) -> Response:
    """`page` marked as one that a phone may keep, unless it was asked for in a special way (large print and the like is none) or by somebody
    who may be known.
    """
    answer = make_response(page)
    if not (request.args.keys() - PREFERENCES.keys() or may_be_signed_in() or known_follower(point) is not None):
        answer.headers[KEEP] = "form"
    return answer


@cache
def _script() -> str:
    code = (STATIC / "sw.js").read_text(encoding="utf-8")
    manifest = json.loads((STATIC / "manifest.json").read_text(encoding="utf-8"))
    files, member = (_files(manifest, entries) for entries in (_ENTRIES, _MEMBER_ENTRIES))
    version = sha256("\n".join([code, *files, *member]).encode()).hexdigest()[:12]
    return f"self.FORM = {json.dumps({'version': version, 'files': files, 'member': member})};\n{code}"


@cache
def _packed(code: str) -> bytes:
    return gzip.compress(code.encode(), mtime=0)


def _files(manifest: dict[str, dict[str, object]], entries: tuple[str, ...]) -> list[str]:
    """The addresses of the built files of `entries` with all that they import from the start."""
    needed, ahead = set[str](), [name for name in entries if name in manifest]
    while ahead:
        name = ahead.pop()
        if name not in needed:
            needed.add(name)
            imports = manifest[name].get("imports", [])
            assert isinstance(imports, list)
            ahead.extend(imports)
    return sorted(f"/static/{manifest[name]['file']}" for name in needed)

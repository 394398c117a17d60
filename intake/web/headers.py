"""Security headers on every response, and long caching for hashed files."""

from flask import Flask, Response, g, request

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
SPOKEN_TO = frozenset({"resident.form", "resident.send", "member.capture", "member.send_capture"})
"""Pages where one may speak instead of typing."""
PLACED = frozenset({"member.capture", "member.send_capture"})
"""Pages that ask the phone where it is; what it says stays on it."""


def init_headers(app: Flask, *, https: bool) -> None:
    """Install them; HSTS only where the address is https."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        # Evidence has a stricter one; a page that carries its styles names them by their hash.
        headers.setdefault("Content-Security-Policy", _policy(g.get("style_hash"), g.get("map_origin", "")))
        headers["X-Content-Type-Options"] = "nosniff"
        # `same-origin`, not `no-referrer`: the latter makes browsers send `Origin: null` with our own form.
        headers["Referrer-Policy"] = "same-origin"
        listens = "(self)" if request.endpoint in SPOKEN_TO else "()"
        finds = "(self)" if request.endpoint in PLACED else "()"
        headers["Permissions-Policy"] = f"camera=(), microphone={listens}, geolocation={finds}"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint == "static" and response.status_code < 400:  # a file not here yet must not be missing for a year
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            headers.setdefault("Cache-Control", "no-store")
        return response


def _policy(style_hash: str | None, map_origin: str) -> str:
    policy = CSP if style_hash is None else CSP.replace("style-src 'self'", f"style-src 'self' 'sha256-{style_hash}'")
    return policy.replace("img-src 'self' data:", f"img-src 'self' data: {map_origin}") if map_origin else policy

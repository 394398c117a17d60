"""Security headers on every response, and long caching for hashed files."""

from flask import Flask, Response, request

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
SPOKEN_TO = frozenset({"resident.form", "resident.send"})
"""Pages where words may be spoken instead of typed."""


def init_headers(app: Flask, *, https: bool) -> None:
    """Install them; HSTS only where the address is https."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CSP)  # evidence has a stricter one
        headers["X-Content-Type-Options"] = "nosniff"
        # `same-origin`, not `no-referrer`: the latter makes browsers send `Origin: null` with our own form.
        headers["Referrer-Policy"] = "same-origin"
        listens = "(self)" if request.endpoint in SPOKEN_TO else "()"
        headers["Permissions-Policy"] = f"camera=(), microphone={listens}, geolocation=()"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint == "static" and response.status_code < 400:  # a file not here yet must not be missing for a year
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            headers.setdefault("Cache-Control", "no-store")
        return response

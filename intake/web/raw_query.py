"""Addresses whose query holds bytes as they were typed: browsers of old send GB2312 there, and what is no UTF-8 would be read by no page."""

import string
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def init_raw_query(app: Flask) -> None:
    """Quote such bytes before anything reads them: UTF-8 is understood as before, of anything else some letters are lost."""
    inner = app.wsgi_app

    def quoted(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():
            environ["QUERY_STRING"] = quote(query, safe=string.punctuation, encoding="latin-1")
        return inner(environ, start_response)

    app.wsgi_app = quoted  # type: ignore[method-assign]  # Flask's documented way

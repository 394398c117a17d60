"""Fewer bytes over a weak mobile network, also where no nginx stands in front.

Built files were compressed once, by the build (vite.config.js): the smallest that the visitor can read is sent, with a tag of its own.

Pages are compressed one by one, for somebody who is or may be signed in only where nobody else made their browser ask. Whoever watches the
length of compressed answers and can make a browser ask for pages with words of their choice finds out, guess by guess, what else stands on
such a page (BREACH, CVE-2013-3587): on a signed-in person's pages residents' words, and a CSRF token. Pages of
residents hold nothing of the kind: no session exists, the form's key is new with every opening, and a receipt's address can't be asked for by
anybody who doesn't know it already. A session cookie counts even when it has expired: asking the database would cost more than the bytes it
saves.

What another site makes a browser ask for says so: `Sec-Fetch-Site` is written by the browser, no page can change it, and a redirect doesn't
wash it off. Where it says that one of our own pages asks, or the person at the address bar, nobody else chose the words that come back, and
the page of a signed-in person is compressed too: a member's card is a quarter of its size. Browsers that don't send it get it plain.
Words of a stranger may stand on such a page all the same, as a resident's do on a card. They learn nothing: they can't make it be opened again,
every answer is longer by a random number of bytes, and the token is signed anew each second.

Not Flask-Compress: of it we would use one call of gzip, its conditions would have to be ours all the same, and it brings two compiled
packages (brotli and zstandard) that then run on every page.
"""

import gzip
import secrets
from io import BytesIO
from pathlib import PurePosixPath

from flask import Flask, Response, current_app, g, request, send_from_directory
from werkzeug.exceptions import NotFound

LEAST_BYTES = 600
"""Below this the answer fits the first packet anyway."""
LEVEL = 6
"""0.2 ms for a page; 9 takes twice that for 1 % less."""
BLUR = 128
"""By fewer bytes than this the length of a signed-in person's page varies; a right guess spares one or two."""
BUILT = (("br", ".br"), ("gzip", ".gz"))
"""Encoding → suffix of the built file, the smaller first."""


def init_compress(app: Flask) -> None:
    """Install both; before the unit of work, so that what it put in place of a page is compressed too."""
    app.view_functions["static"] = _built_file

    @app.after_request
    def compress(response: Response) -> Response:
        if response.mimetype != "text/html":
            return response
        response.vary.add("Accept-Encoding")
        if (not may_be_signed_in() or asked_by_ourselves()) and _can_be_compressed(response) and acceptable("gzip"):
            response.set_data(_gzipped(response.get_data(), blur=secrets.randbelow(BLUR) if may_be_signed_in() else 0))
            response.content_encoding = "gzip"
            tag, _ = response.get_etag()
            if tag is not None:
                response.set_etag(tag, weak=True)  # the same page, not the same bytes
        return response


def acceptable(encoding: str) -> bool:
    """Whether the visitor takes `encoding` at least as gladly as plain bytes (RFC 9110, 12.5.3)."""
    wanted = request.accept_encodings
    quality: float = wanted.quality(encoding)
    plain: float = wanted.quality("identity") if "identity" in wanted.values() else 0
    return quality > 0 and quality >= plain


def may_be_signed_in() -> bool:
    """A session cookie came, or a CSRF token was just made and stands on the page."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies or current_app.config["WTF_CSRF_FIELD_NAME"] in g


def asked_by_ourselves() -> bool:
    """Whether the browser vouches that no other site had a hand in this request (W3C Fetch Metadata)."""
    return request.headers.get("Sec-Fetch-Site") in {"same-origin", "none"}


def _can_be_compressed(response: Response) -> bool:
    whole = request.method != "HEAD" and response.status_code not in {204, 206, 304} and not response.is_streamed
    return whole and "Content-Encoding" not in response.headers and len(response.get_data()) >= LEAST_BYTES


def _gzipped(data: bytes, *, blur: int) -> bytes:
    """`data` in one part, with `blur` bytes in place of a file's name, which nobody reads (RFC 1952, 2.3.1)."""
    packed = BytesIO()
    with gzip.GzipFile("-" * blur, "wb", LEVEL, packed, mtime=0) as file:
        file.write(data)
    return packed.getvalue()


def _built_file(filename: str) -> Response:
    """A file of the front end in the smallest form the visitor reads; 404 when there is none in any."""
    folder = current_app.static_folder
    assert folder is not None
    name = PurePosixPath(filename).name  # its ending tells the content type
    for encoding, suffix in BUILT:
        if acceptable(encoding):
            try:
                response = send_from_directory(folder, filename + suffix, download_name=name)
            except NotFound:
                continue  # too small to gain by it, or an icon
            if response.status_code < 300:
                response.content_encoding = encoding
            break
    else:
        response = send_from_directory(folder, filename)
    response.vary.add("Accept-Encoding")
    return response

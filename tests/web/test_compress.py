"""Fewer bytes for those who can read them, the same words for all; for those who are signed in only what no other site made them ask for."""

import gzip
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.web import compress
from intake.web.guard import open_to_all
from intake.wiring import Wiring
from tests.apps import lent
from tests.factories.town import Town
from tests.web.pages import hidden, send_sentence, sign_in

SAFARI = "gzip, deflate, br"
NODE = Path(sys.prefix) / "bin" / "node"
"""From the wheel that builds the front end; Python itself reads no brotli."""
STATIC = Path(compress.__file__).parent / "static"


@pytest.fixture
def browser(wiring: Wiring) -> Iterator[FlaskClient]:
    """A browser without cookies that does not look into what it gets: the strict parser cannot read compressed pages."""
    with lent(wiring) as app:
        yield app.test_client()


def ask(browser: FlaskClient, path: str, accepts: str | None = SAFARI, **headers: str) -> TestResponse:
    wanted = {} if accepts is None else {"Accept-Encoding": accepts}
    return browser.get(path, headers={**wanted, **headers})


def stylesheet(browser: FlaskClient) -> str:
    found = re.search(r'<link rel="stylesheet" href="([^"]+)"', ask(browser, "/", None).get_data(as_text=True))
    assert found is not None
    return found.group(1)


def plain(answer: TestResponse) -> bytes:
    encoding = answer.headers.get("Content-Encoding")
    if encoding == "br":
        program = 'process.stdout.write(require("zlib").brotliDecompressSync(require("fs").readFileSync(0)))'
        done: bytes = subprocess.run([NODE, "-e", program], input=answer.data, capture_output=True, check=True).stdout
        return done
    return gzip.decompress(answer.data) if encoding == "gzip" else answer.data


def in_clear(answer: TestResponse) -> bool:
    return "Content-Encoding" not in answer.headers


# What the visitor says it reads → what a file and a page are sent in.
ACCEPTED: dict[str, tuple[str | None, str | None, str | None]] = {
    "a browser of today, over https": ("gzip, deflate, br, zstd", "br", "gzip"),
    "over http it does not ask for brotli": ("gzip, deflate", "gzip", "gzip"),
    "anything": ("*", "br", "gzip"),
    "nothing said": (None, None, None),
    "nothing": ("", None, None),
    "only what we do not have": ("zstd, deflate", None, None),
    "plain only": ("identity", None, None),
    "q=0 is no": ("br;q=0, gzip;q=0", None, None),
    "q=0 for one": ("gzip, br;q=0", "gzip", "gzip"),
    "q=0 among anything": ("br;q=0, *", "gzip", "gzip"),
    "rather not is still yes": ("gzip;q=0.1", "gzip", "gzip"),
    "plain is liked better": ("identity, gzip;q=0.5, br;q=0.5", None, None),
    "in capitals": ("GZIP", "gzip", "gzip"),
    "nonsense": ("gzip;q=much;;,", None, None),
}


@pytest.mark.parametrize("kind", ACCEPTED)
def test_the_smallest_form_that_the_visitor_reads(browser: FlaskClient, town: Town, kind: str) -> None:
    accepts, of_file, of_page = ACCEPTED[kind]
    for path, expected in ((stylesheet(browser), of_file), ("/privacy", of_page)):
        answer = ask(browser, path, accepts)
        original = ask(browser, path, None)
        assert in_clear(original)
        assert answer.headers.get("Content-Encoding") == expected
        assert plain(answer) == original.data
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        assert answer.content_type == original.content_type
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "Accept-Encoding" in original.headers["Vary"], "a cache must not give the plain form to all either"
        if expected:
            assert len(answer.data) < len(original.data)


def test_every_built_style_and_script_has_its_smaller_forms(browser: FlaskClient) -> None:
    built = [path.name for path in STATIC.iterdir() if path.suffix in {".css", ".js"} and path.stat().st_size >= compress.LEAST_BYTES]
    assert built
    for name in built:
        sizes = [len(ask(browser, f"/static/{name}", accepts).data) for accepts in ("br", "gzip", None)]
        assert sizes == sorted(sizes), name
        assert sizes[1] < sizes[2], name


@pytest.mark.parametrize("accepts", ["br", "gzip", None])
def test_a_file_keeps_its_headers_and_is_not_sent_twice(browser: FlaskClient, accepts: str | None) -> None:
    path = stylesheet(browser)
    answer = ask(browser, path, accepts)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert path.endswith(re.findall(r"filename=(\S+)", answer.headers["Content-Disposition"])[0])
    again = ask(browser, path, accepts, **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert "Accept-Encoding" in again.headers["Vary"]


def test_each_form_of_a_file_has_its_own_tag(browser: FlaskClient) -> None:
    path = stylesheet(browser)
    assert len({ask(browser, path, accepts).headers["ETag"] for accepts in ("br", "gzip", None)}) == 3


@pytest.mark.parametrize("path", ["/static/gone-12345678.css", "/static/../app.py", "/static/%2e%2e/app.py", "/static/"])
def test_what_is_not_built_is_missing_in_any_form(browser: FlaskClient, path: str) -> None:
    assert ask(browser, path).status_code == 404


def test_everything_residents_open_is_compressed(browser: FlaskClient, town: Town) -> None:
    receipt = send_sentence(browser, town.longchi_code, "路灯坏了").location
    for path in ("/", f"/p/{town.longchi_code}", "/r", receipt, "/privacy", "/nowhere"):
        assert ask(browser, path).headers.get("Content-Encoding") == "gzip", path


def test_a_refused_text_comes_back_whole(browser: FlaskClient, town: Town) -> None:
    answer = browser.post(f"/p/{town.longchi_code}", data={"key": "stale", "text": "路灯坏了" * 30}, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code >= 400
    assert "路灯坏了" * 30 in plain(answer).decode()


def test_pages_of_signed_in_people_are_never_compressed(browser: FlaskClient, town: Town) -> None:
    assert in_clear(ask(browser, "/sign-in")), "the token that signs in stands on it"
    sign_in(browser, "wangjing")
    for path in ("/", f"/p/{town.longchi_code}", "/privacy", "/d", "/d/topics", "/nowhere", "/m"):
        assert in_clear(ask(browser, path)), path
    assert ask(browser, stylesheet(browser)).headers["Content-Encoding"] == "br", "files hold no secret"


def test_a_session_that_may_have_expired_counts(browser: FlaskClient, town: Town) -> None:
    browser.set_cookie("zhibao", "whatever this was")
    assert in_clear(ask(browser, "/"))


def test_other_cookies_do_not_count(browser: FlaskClient, town: Town) -> None:
    browser.set_cookie("care", "1")
    assert ask(browser, "/").headers["Content-Encoding"] == "gzip"


def _page(app: Flask, answer: Response) -> TestResponse:
    @open_to_all
    def view() -> Response:
        return answer

    app.add_url_rule("/page", view_func=view)
    return ask(app.test_client(), "/page")


LONG, SHORT = "<p>路灯坏了</p>" * 100, "<p>路灯坏了</p>"

# What is left as it is, and why.
LEFT: dict[str, Response] = {
    "short": Response(SHORT, mimetype="text/html"),
    "not a page": Response(LONG, mimetype="application/octet-stream"),
    "compressed already": Response(gzip.compress(LONG.encode()), mimetype="text/html", headers={"Content-Encoding": "gzip"}),
    "streamed": Response(iter([LONG]), mimetype="text/html"),
    "nothing in it": Response(status=204, mimetype="text/html"),
    "not changed": Response(status=304, mimetype="text/html"),
    "a part": Response(LONG, status=206, mimetype="text/html"),
}


@pytest.mark.parametrize("kind", LEFT)
def test_what_is_left_as_it_is(app: Flask, kind: str) -> None:
    app.test_client_class = None
    before = LEFT[kind].headers.get("Content-Encoding")
    assert _page(app, LEFT[kind]).headers.get("Content-Encoding") == before


def test_a_head_request_is_answered_without_a_body(browser: FlaskClient) -> None:
    answer = browser.head("/privacy", headers={"Accept-Encoding": "gzip"})
    assert in_clear(answer)
    assert answer.data == b""
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_pages_tag_says_that_only_the_words_are_the_same(app: Flask) -> None:
    app.test_client_class = None
    tagged = Response(LONG, mimetype="text/html")
    tagged.set_etag("v1")
    answer = _page(app, tagged)
    assert answer.headers["ETag"] == 'W/"v1"'
    assert gzip.decompress(answer.data).decode() == LONG


def test_the_fences_stand_on_compressed_pages_too(browser: FlaskClient, town: Town) -> None:
    answer = ask(browser, f"/p/{town.longchi_code}")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


# Who made the browser of a signed-in person ask, in the browser's own words → whether the page comes compressed.
ASKED_BY = {"same-origin": True, "none": True, "same-site": False, "cross-site": False, "": False, "Same-Origin, none": False}


@pytest.mark.parametrize("asked_by", ASKED_BY)
def test_a_signed_in_persons_page_is_compressed_where_no_other_site_asked(browser: FlaskClient, town: Town, asked_by: str) -> None:
    sign_in(browser, "zhou")
    answer = ask(browser, "/m", **({"Sec-Fetch-Site": asked_by} if asked_by else {}))
    assert in_clear(answer) is not ASKED_BY[asked_by]
    assert b"</html>" in plain(answer)


def test_the_length_of_such_a_page_tells_nothing_and_its_token_is_another_each_second(
    browser: FlaskClient, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that not even somebody whose words stand on the page learns from its length what else does."""
    sign_in(browser, "zhou")
    answers = [ask(browser, "/account", **{"Sec-Fetch-Site": "none"}) for _ in range(12)]
    assert len({len(answer.data) for answer in answers}) > 3
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2)
    tokens = {hidden(plain(answer).decode(), "csrf_token").rsplit(".", 1)[1] for answer in (answers[0], ask(browser, "/account"))}
    assert len(tokens) == 2, "signed anew"

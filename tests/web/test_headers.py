"""Headers on every kind of answer, and pages without inline script or style."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import intake.web
from intake.web.guard import open_to_all
from intake.wiring import Wiring
from tests.apps import application
from tests.factories.matters import told
from tests.factories.town import Town
from tests.factories.wechat import CALLBACK_KEY, make_account
from tests.web.pages import send_sentence, sign_in

TEMPLATES = Path(intake.web.__file__).parent / "templates"


def forged(app: Flask, town: Town) -> TestResponse:
    wiring: Wiring = app.extensions["wiring"]
    with wiring.sessions.begin() as session:
        make_account(session, wiring.vault, area_id=town.district_id)
    return app.test_client().post(f"/wechat/{CALLBACK_KEY}", data=b"x")


def broken(app: Flask) -> TestResponse:
    @open_to_all
    def view() -> str:
        raise RuntimeError

    app.add_url_rule("/broken", view_func=view)
    return app.test_client().get("/broken")


def stylesheet(app: Flask) -> str:
    page = app.test_client().get("/").get_data(as_text=True)
    found = re.search(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert found is not None
    return found.group(1)


ANSWERS: dict[str, tuple[int, Callable[[Flask, Town], TestResponse]]] = {
    "a page": (200, lambda app, _: app.test_client().get("/")),
    "a form": (200, lambda app, town: app.test_client().get(f"/p/{town.longchi_code}")),
    "a receipt's address": (303, lambda app, town: send_sentence(app.test_client(), town.longchi_code, "路灯坏了")),
    "a refused text": (422, lambda app, town: send_sentence(app.test_client(), town.longchi_code, "")),
    "a fence": (303, lambda app, _: app.test_client().get("/m")),
    "a desk": (200, lambda app, _: sign_in(app.test_client(), "wangjing").get("/d")),
    "nothing": (404, lambda app, _: app.test_client().get("/nothing")),
    "a wrong method": (405, lambda app, _: app.test_client().post("/privacy")),
    "too much": (413, lambda app, town: send_sentence(app.test_client(), town.longchi_code, "灯" * 200_000)),
    "an error of ours": (500, lambda app, _: broken(app)),
    "health": (200, lambda app, _: app.test_client().get("/healthz")),
    "a forged callback": (403, forged),
    "a style sheet": (200, lambda app, _: app.test_client().get(stylesheet(app))),
    "a missing file": (404, lambda app, _: app.test_client().get("/static/gone-12345678.css")),
}


def hashes_of_styles(page: str) -> list[str]:
    """Of each sheet that stands in the page, as a browser works it out."""
    sheets = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    return [base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode() for sheet in sheets]


def test_only_the_form_carries_its_styles(app: Flask, town: Town) -> None:
    assert len(hashes_of_styles(ANSWERS["a form"][1](app, town).get_data(as_text=True))) == 1
    assert hashes_of_styles(ANSWERS["a page"][1](app, town).get_data(as_text=True)) == []


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_carries_the_fences(app: Flask, town: Town, kind: str) -> None:
    status, ask = ANSWERS[kind]
    answer = ask(app, town)
    assert answer.status_code == status
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["form-action"] == "'self'"
    assert policy["style-src"] == " ".join(["'self'", *(f"'sha256-{one}'" for one in hashes_of_styles(answer.get_data(as_text=True)))])
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1


@pytest.mark.parametrize("kind", ANSWERS)
def test_only_files_with_a_hash_in_their_name_are_kept(app: Flask, town: Town, kind: str) -> None:
    caching = ANSWERS[kind][1](app, town).headers["Cache-Control"]
    # A public page is the same for everybody, and what was taken down is gone within the minute.
    assert caching == {"a style sheet": "public, max-age=31536000, immutable", "a page": "public, max-age=60"}.get(kind, "no-store")


def test_without_https_nobody_is_told_to_insist_on_it(wiring: Wiring) -> None:
    wiring.settings = replace(wiring.settings, base_url="http://127.0.0.1:8000")
    assert "Strict-Transport-Security" not in application(wiring).test_client().get("/").headers


# The policy forbids inline script and style, so a template that has some is broken for everybody.
@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_holds_inline_script_or_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.findall(r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", text)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", text)
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text


def test_templates_there_are() -> None:
    assert len(list(TEMPLATES.rglob("*.html"))) > 15


def test_residents_pages_set_no_cookie(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    receipt = send_sentence(client, town.longchi_code, "路灯坏了").location
    for path in ("/", f"/p/{town.longchi_code}", "/r", receipt, "/privacy", "/nothing"):
        assert "Set-Cookie" not in client.get(path).headers, path


def test_a_signed_in_page_varies_by_cookie(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    told(wiring, town.longchi_code, "路灯坏了")
    assert "Cookie" in sign_in(client, "zhou").get("/m").headers["Vary"]

"""What the form's own script is answered, and the service worker it may start."""

import gzip
import json
import re
from dataclasses import replace

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.models import Submission
from intake.web.resident.worker_script import KEEP
from intake.wiring import Wiring
from tests.apps import application
from tests.factories.town import Town
from tests.web.pages import hidden, sign_in


def say(client: FlaskClient, code: str, text: str, key: str) -> TestResponse:
    """As the script sends it."""
    return client.post(f"/p/{code}", data={"key": key, "text": text}, headers={"Accept": "application/json"})


def key_of(client: FlaskClient, code: str) -> str:
    return hidden(client.get(f"/p/{code}").get_data(as_text=True), "key")


def test_the_script_learns_the_receipt_and_where_photos_go(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    key = key_of(client, town.longchi_code)
    answer, again = (say(client, town.longchi_code, "路灯坏了", key) for _ in range(2))
    assert answer.status_code == 200
    said = answer.get_json()
    assert said == again.get_json(), "the same words are the same submission"
    assert set(said) == {"receipt", "number", "photos"}
    assert said["photos"] == f"{said['receipt']}/photos"
    assert said["number"] in client.get(said["receipt"]).get_data(as_text=True)
    with wiring.sessions() as session:
        assert session.query(Submission).count() == 1


def test_a_refusal_is_a_sentence_its_field_and_a_key_to_send_with(client: FlaskClient, town: Town) -> None:
    short = say(client, town.longchi_code, "灯", key_of(client, town.longchi_code))
    assert (short.status_code, short.get_json()["field"]) == (422, "text")
    assert "只有一个字" in short.get_json()["error"]
    old = say(client, town.longchi_code, "路灯坏了", "x")
    assert old.status_code == 410
    assert say(client, town.longchi_code, "路灯坏了", old.get_json()["key"]).status_code == 200
    nowhere = say(client, "nosuchcode", "路灯坏了", "x")
    assert (nowhere.status_code, nowhere.get_json()["key"]) == (404, None)
    english = client.post(f"/p/{town.longchi_code}?lang=en", data={"text": "x", "key": "x"}, headers={"Accept": "application/json"})
    assert "error" in english.get_json()
    assert not re.search(r"[\u4e00-\u9fff]", english.get_json()["error"])


def test_too_many_and_a_closed_point_are_sentences_too(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    key = key_of(client, town.longchi_code)
    wiring.settings = replace(wiring.settings, device_limit="1/hour")
    assert say(client, town.longchi_code, "路灯坏了", key).status_code == 200
    assert say(client, town.longchi_code, "路灯坏了", key).status_code == 200, "a repeat is no second"
    many = say(client, town.longchi_code, "井盖没了", key)
    assert many.status_code == 429
    assert "写的内容还在" in many.get_json()["error"]


def test_only_a_form_that_holds_nothing_of_anybody_may_be_kept(client: FlaskClient, town: Town) -> None:
    form = f"/p/{town.longchi_code}"
    assert client.get(form).headers[KEEP] == "form"
    receipt = say(client, town.longchi_code, "路灯坏了", key_of(client, town.longchi_code)).get_json()["receipt"]
    for path in (f"{form}?c=x", f"{form}?draft=x", receipt, "/r", "/", "/p/nosuchcode", f"{form}/similar"):
        assert KEEP not in client.get(path).headers, path
    assert KEEP not in client.post(form, data={"text": "灯"}).headers
    sign_in(client, "zhou")
    assert KEEP not in client.get(form).headers


def test_the_worker_names_the_files_of_the_form_and_goes_when_switched_off(client: FlaskClient, town: Town, wiring: Wiring) -> None:
    answer = client.get("/sw.js", headers={"Accept-Encoding": "gzip"})
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    code = gzip.decompress(answer.data).decode()
    assert code == client.get("/sw.js").get_data(as_text=True)
    assert client.get("/sw.js", headers={"If-None-Match": client.get("/sw.js").headers["ETag"]}).status_code == 304
    named = json.loads(code.splitlines()[0].removeprefix("self.FORM = ").rstrip(";"))["files"]
    page = client.get(f"/p/{town.longchi_code}").get_data(as_text=True)
    loaded = re.findall(r'(?:src|href)="(/static/(?:form|phone)[^"]+)"', page)
    assert loaded
    assert set(loaded) <= set(named)
    for path in named:
        assert client.get(path).status_code == 200
    assert 'data-worker="/sw.js"' in page

    off = application(wiring).test_client()
    wiring.settings = replace(wiring.settings, service_worker=0)
    assert "unregister" in off.get("/sw.js").get_data(as_text=True)
    assert 'data-worker=""' in off.get(f"/p/{town.longchi_code}").get_data(as_text=True)

"""What a person does on the pages, so that tests read like prose."""

import re
from dataclasses import dataclass
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.web.reply_check import checked_mark
from tests.factories.town import PASSWORD


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    match = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert match is not None, f"no field {name}"
    return unescape(match.group(1))


def words_of(response: TestResponse) -> str:
    """The page's text without tags, blanks folded."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))))


def send_sentence(client: FlaskClient, code: str, text: str, *, key: str | None = None, **fields: str) -> TestResponse:
    """Open the form and send it."""
    key = key or hidden(client.get(f"/p/{code}").get_data(as_text=True), "key")
    return client.post(f"/p/{code}", data={"key": key, "text": text, **fields})


def as_it_is(words: str) -> dict[str, str]:
    """What the button 就这样发出 sends, for an answer on which the page has remarks."""
    return {"words": words, "checked": checked_mark(words)}


@dataclass(slots=True)
class Person:
    """A signed-in browser."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, follow_redirects=True)

    def press(self, page: str, action: str, /, **fields: str) -> TestResponse:
        """Open `page` and send the form whose action, or a button's own, ends with `action`, with the form's hidden fields."""
        html = self.get(page).get_data(as_text=True)
        forms = re.findall(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', html, re.DOTALL)
        for own, body in forms:
            target = next((one for one in (own, *re.findall(r'formaction="([^"]+)"', body)) if unescape(one).endswith(action)), None)
            if target is not None:
                data = {unescape(n): unescape(v) for n, v in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', body)}
                return self.client.post(unescape(target), data={**data, **fields}, follow_redirects=True)
        raise AssertionError(f"no form for {action} on {page}")


_first_looks: dict[object, tuple[str, str]] = {}
"""Key of an application → cookie and token that somebody without cookies got with the sign-in page."""


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD) -> Person:
    """Sign in through the page; signing in ends the cookie and token that this began with."""
    token = _token_at_the_door(client)
    response = client.post("/sign-in", data={"csrf_token": token, "login": login, "password": password, "next": ""})
    assert response.status_code == 303, words_of(response)
    return Person(client)


def _token_at_the_door(client: FlaskClient) -> str:
    """From the page; of those who come without a session only the first in a process opens it, the others are given what that one got."""
    key, name = client.application.secret_key, client.application.config["SESSION_COOKIE_NAME"]
    is_new = client.get_cookie(name) is None
    if is_new and key in _first_looks:
        value, token = _first_looks[key]
        client.set_cookie(name, value, httponly=True, samesite="Lax")
        return token
    token = hidden(client.get("/sign-in").get_data(as_text=True), "csrf_token")
    got = client.get_cookie(name)
    if is_new and got is not None:
        _first_looks[key] = got.value, token
    return token

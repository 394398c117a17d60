"""A resident's phone over a real connection, and patience."""

import http.client
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

PATIENCE = 90.0

_FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


def eventually(fact: Callable[[], object], *, patience: float = PATIENCE) -> bool:
    """Whether `fact` comes true in time; generous, since the machine may be busy."""
    end = time.monotonic() + patience
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 when nothing did."""

    status: int
    location: str = ""
    page: str = ""

    @property
    def words(self) -> str:
        """The page's text."""
        return unescape(re.sub(r"<[^>]+>", " ", self.page))

    def field(self, name: str) -> str:
        """The value of a hidden field."""
        match = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert match is not None, f"no field {name}: {self.status} {self.words[:300]}"
        return unescape(match[1])


NOTHING = Answer(0)


def ask(port: int, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(
            method, path, body=urlencode(fields) if fields is not None else None, headers=_FORM_TYPE if fields is not None else {}
        )
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("Location", ""), response.read().decode())
    except (OSError, http.client.HTTPException):
        return NOTHING
    finally:
        connection.close()


def get(port: int, path: str) -> Answer:
    """Open a page."""
    return ask(port, "GET", path)


def post(port: int, path: str, fields: dict[str, str]) -> Answer:
    """Send a form."""
    return ask(port, "POST", path, fields)


def form_key(port: int, code: str) -> str:
    """Open the form; its key."""
    return get(port, f"/p/{code}").field("key")


def say(port: int, code: str, text: str) -> Answer:
    """Open the form and send one sentence."""
    return post(port, f"/p/{code}", {"key": form_key(port, code), "text": text})


def raw_post(port: int, path: str, fields: dict[str, str]) -> bytes:
    """The bytes of the request, for those who send it by hand."""
    body = urlencode(fields)
    head = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{name}: {value}" for name, value in _FORM_TYPE.items())]
    return ("\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]) + body).encode()

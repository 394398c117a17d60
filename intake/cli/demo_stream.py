"""Simulated residents: each opens the real form over HTTP, writes, presses send, and keeps the number of the receipt."""

import http.client
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urlencode

from intake.cli.demo_rows import DemoMessage

SENDERS = 4
TIMEOUT = 30.0
PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each further try; a repeated send carries the same key, so it is stored once."""
_RECEIPT = re.compile(r"/r/(ZB-\d{4}-\d+)/")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that got its receipt; times are of `time.monotonic`."""

    receipt_number: str
    pressed_at: float
    answered_at: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A message that got none, and why."""

    number: int
    community: str
    reason: str


class FormPage(HTMLParser):
    """What a simulated resident sees of a page: the hidden key, of which lawful route it speaks, and the sentence of an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.key = ""
        self.told = ""
        self.alert = ""
        self._in_alert = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notice the key and the beginning of an alert."""
        found = dict(attrs)
        if tag == "input" and found.get("name") == "key":
            self.key = found.get("value") or ""
        if tag == "input" and found.get("name") == "told":
            self.told = found.get("value") or ""
        if found.get("role") == "alert":
            self._in_alert = True

    def handle_endtag(self, tag: str) -> None:
        """An alert is one paragraph."""
        del tag
        self._in_alert = False

    def handle_data(self, data: str) -> None:
        """Collect the alert's words."""
        if self._in_alert:
            self.alert += data.strip()


class Refused(Exception):
    """The form said no; trying again changes nothing."""


class Unanswered(Exception):
    """The server failed this time."""


class Stream:
    """Several senders that work through the messages in order; a context manager that stops them at its end."""

    def __init__(self, messages: Sequence[DemoMessage], *, codes: Mapping[str, str], host: str, port: int, origin: str, run: str) -> None:
        self.total = len(messages)
        self._messages = iter(list(enumerate(messages, 1)))
        self._codes, self._address, self._origin, self._run = codes, (host, port), origin, run
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._sent: list[Sent] = []
        self._failed: list[Failed] = []
        self._threads = [threading.Thread(target=self._work, name=f"sender-{n}", daemon=True) for n in range(1, SENDERS + 1)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def done(self) -> bool:
        """Whether every message was sent or given up."""
        return not any(thread.is_alive() for thread in self._threads)

    def sent(self) -> list[Sent]:
        """Those with a receipt so far."""
        with self._lock:
            return list(self._sent)

    def failed(self) -> list[Failed]:
        """Those given up so far."""
        with self._lock:
            return list(self._failed)

    def _work(self) -> None:
        sender = _Sender(*self._address, origin=self._origin, stop=self._stop)
        try:
            while not self._stop.is_set():
                with self._lock:
                    number, message = next(self._messages, (0, None))
                if message is None:
                    return
                self._send(sender, number, message)
        finally:
            sender.close()

    def _send(self, sender: "_Sender", number: int, message: DemoMessage) -> None:
        try:
            # A browser of their own for every resident: the limit of one device holds in the demo too.
            sent = sender.send(message, code=self._codes[message.community], browser=f"Mozilla/5.0 (demo resident {self._run}-{number})")
        except (Refused, Unanswered) as error:
            with self._lock:
                self._failed.append(Failed(number, message.community, str(error)))
        else:
            with self._lock:
                self._sent.append(sent)


class _Sender:
    """One thread's connection, and how a message is sent over it."""

    def __init__(self, host: str, port: int, *, origin: str, stop: threading.Event) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        self._origin = origin
        self._stop = stop

    def close(self) -> None:
        """Hang up; the next request dials anew."""
        self._connection.close()

    def send(self, message: DemoMessage, *, code: str, browser: str) -> Sent:
        """Open the form and send it; whatever fails on the way is tried again with the same key. Raises Refused or Unanswered."""
        key, pressed_at, reason = "", 0.0, ""
        for pause in PAUSES:
            if self._stop.wait(pause):
                break
            try:
                key = key or self._open_form(code, browser)
                pressed_at = pressed_at or time.monotonic()
                number = self._press_send(message, code=code, key=key, browser=browser)
            except Unanswered as error:
                reason = str(error)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                reason = f"{type(error).__name__}: {error}"
            else:
                if number:
                    return Sent(number, pressed_at, time.monotonic())
                key, reason = "", "表单过期 / the form expired"
        raise Unanswered(reason or "已停止 / stopped")

    def _open_form(self, code: str, browser: str) -> str:
        status, _, page = self._request("GET", f"/p/{code}", browser)
        form = FormPage(page)
        if status != 200 or not form.key:
            raise Refused(f"GET {status} {form.alert}".strip())
        return form.key

    def _press_send(self, message: DemoMessage, *, code: str, key: str, browser: str) -> str:
        """The receipt's number, or empty when the form had expired and nothing was stored."""
        fields = {"key": key, "text": message.text, "place": message.place, "contact": message.contact}
        status, location, page = self._request("POST", f"/p/{code}", browser, urlencode(fields))
        if status == 200:  # the page says who else could help; they send it all the same
            status, location, page = self._request("POST", f"/p/{code}", browser, urlencode({**fields, "told": FormPage(page).told}))
        receipt = _RECEIPT.search(location) if status == 303 else None
        if receipt:
            return receipt.group(1)
        if status == 410:
            return ""
        raise Refused(f"POST {status} {FormPage(page).alert}".strip())

    def _request(self, method: str, path: str, browser: str, body: str = "") -> tuple[int, str, str]:
        headers = {"User-Agent": browser, "Accept": "text/html", "Accept-Language": "zh-CN"}
        if body:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._origin}
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        page = answer.read().decode("utf-8", "replace")
        if answer.status >= 500:
            raise Unanswered(f"{method} {answer.status} {FormPage(page).alert}".strip())
        return answer.status, answer.headers.get("Location", ""), page

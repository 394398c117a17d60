"""The platform's receiving side over real HTTP: api.weixin.qq.com and open.weixin.qq.com in one, on a port of this machine.

In tests ask for the fixture `wechat_server` (or `with_platform`, which also points the settings at it) and play with its `account` and
`world` directly:

- `account.people.write(openid)` opens 48 hours and five messages, `.touch` a minute and three, `.subscribe(openid, template_id)` one notice
- `account.tokens.withdraw()` is a token revoked in mid-burst, `account.day_limits[path] = 3` a small quota, `account.whitelisted = False`
- `world.faults.order("custom/send", Fault.SLOW, seconds=9)` a slow platform; see faults.py for the others
- `world.forward(hours=48)` moves its clock; with `with_platform` it follows the test's
- `world.sent(openid)` is what reached somebody, `world.asked[path]` counts requests
- `account.visitor = openid` is whose browser opens the authorize page
- `views["/chat"] = …` serves more pages below a path
- `sends_to(url)` gives the sending side, which posts to our callback

From another process the same goes through `/__…` (admin.py).
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.factories.wechat import AES_KEY, APP_ID, CALLBACK_KEY, ORIGINAL_ID, SECRET, TOKEN
from tests.wechat_platform.admin import DOORS
from tests.wechat_platform.authorize import authorize
from tests.wechat_platform.calls import WITH_SECRET, WITH_TOKEN, Asked, File
from tests.wechat_platform.codes import Refused
from tests.wechat_platform.faults import Fault, Order
from tests.wechat_platform.platform import Platform
from tests.wechat_platform.world import Account, World

JSON = "application/json; encoding=utf-8"
HUGE_ANSWER = 64 * 1024 * 1024


class WeChatServer:
    """A running platform with one account, whose keys are those of `tests/factories/wechat.py`."""

    def __init__(self, port: int = 0) -> None:
        self.world = World()
        self.let_go = threading.Event()
        """Set when slow answers are waited for no longer, at the latest by the next test."""
        self.views: dict[str, Callable[[Asked], File]] = {"/connect/oauth2/authorize": self._authorize, "/__": self._back_door}
        """Pages by the beginning of their path; others may be added."""
        handler = type("Handler", (_Handler,), {"server_": self})
        self._http = _Http(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.reset()

    def reset(self) -> None:
        """As new: one account, nobody known, nothing sent, no faults, the machine's clock."""
        self.let_go.set()
        self.let_go = threading.Event()
        self._http.connections = 0
        self.world.begin_anew()
        self.account = self.world.open_account(app_id=APP_ID, secret=SECRET, original_id=ORIGINAL_ID)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and free the port."""
        self.let_go.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def connections_since_reset(self) -> int:
        """How many were opened."""
        return self._http.connections

    def cut_connections(self) -> None:
        """Close every open connection, as a restart of the platform's front would."""
        self._http.cut()

    def sends_to(self, base_url: str, *, path: str = f"/wechat/{CALLBACK_KEY}", aes_key: str | None = AES_KEY) -> Platform:
        """The sending side of the same account, posting to a callback of ours; by `tests/factories/wechat.py` unless told otherwise."""
        return Platform(base_url, TOKEN, APP_ID, aes_key, path=path, account=ORIGINAL_ID, seconds=self.world.now, simulated=self.account)

    def answer(self, asked: Asked) -> dict[str, Any] | File:
        """What the platform says; every refusal is an answer too."""
        with self.world.lock:
            self.world.asked[asked.path] += 1
            try:
                said = self._done(asked)
            except Refused as refused:
                return {"errcode": refused.code, "errmsg": f"{refused.words} rid: 0000-0000"}
        if isinstance(said, File):
            return said
        return said if asked.path in {path for _, path in WITH_SECRET} else {"errcode": 0, "errmsg": "ok", **said}

    def _authorize(self, asked: Asked) -> File:
        with self.world.lock:
            return authorize(self.world, asked)

    def _back_door(self, asked: Asked) -> File:
        if asked.path == "/__reset":
            self.reset()
            return File(JSON, b"{}")
        door = DOORS.get(asked.path)
        if door is None:
            return File(JSON, b"{}", status=404)
        with self.world.lock:
            try:
                return File(JSON, json.dumps(door(self.world, asked), ensure_ascii=False).encode())
            except (Refused, LookupError, TypeError, ValueError) as error:
                return File(JSON, json.dumps({"error": repr(error)}).encode(), status=400)

    def _done(self, asked: Asked) -> dict[str, Any] | File:
        key = asked.method, asked.path
        if key in WITH_SECRET:
            account = self._by_secret(asked)
            account.count(asked.path)
            return WITH_SECRET[key](account, asked)
        if key not in WITH_TOKEN:
            raise Refused(40066)
        account = self._by_token(asked.query.get("access_token", ""))
        account.count(asked.path)
        return WITH_TOKEN[key](account, asked)

    def _by_secret(self, asked: Asked) -> Account:
        facts = asked.json() if asked.method == "POST" else asked.query
        account = self.world.accounts.get(str(facts.get("appid", "")))
        if account is None:
            raise Refused(40013)
        if facts.get("secret") != account.secret:
            raise Refused(40125)
        if facts.get("grant_type") not in {"client_credential", "authorization_code"}:
            raise Refused(40002)
        if not account.whitelisted and asked.path != "/sns/oauth2/access_token":
            raise Refused(40164)
        return account

    def _by_token(self, value: str) -> Account:
        refusals = []
        for account in self.world.accounts.values():
            try:
                account.tokens.check(value)
            except Refused as refused:
                refusals.append(refused)
            else:
                return account
        raise next((one for one in refusals if one.code == 42001), refusals[0] if refusals else Refused(40001))


@contextmanager
def running(port: int = 0) -> Iterator[WeChatServer]:
    """A platform for the length of a `with`."""
    server = WeChatServer(port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[Any] = set()
        self.connections = 0

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        self.connections += 1
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def cut(self) -> None:
        for connected in list(self._open):
            with suppress(OSError):
                connected.shutdown(2)

    def server_close(self) -> None:
        self.cut()
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address  # a client that hangs up is what many tests are about


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_: WeChatServer
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        cookies = {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("Cookie", "")).items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = Asked(self.command, parts.path, query, body, self.headers.get("Content-Type", ""), cookies)
        view = next((view for start, view in self.server_.views.items() if asked.path.startswith(start)), None)
        if view is not None:
            self._say(view(asked))
            return
        with self.server_.world.lock:
            order = self.server_.world.faults.next_for(asked.path)
        if order is None:
            self._say(self.server_.answer(asked))
        else:
            self._fail(order, asked)

    def _say(self, said: dict[str, Any] | File, *, says_length: bool = True, cut: bool = False) -> None:
        file = said if isinstance(said, File) else File(JSON, json.dumps(said, ensure_ascii=False).encode())
        headers = {"Location": file.location} if file.location else {}
        if says_length:
            content = file.content[: len(file.content) // 2] if cut else file.content
            self._send(file.status, file.media_type, content, headers, promised=len(file.content))
        else:
            self._send_until_closed(file.media_type, [file.content])

    def _fail(self, order: Order, asked: Asked) -> None:
        match order.fault:
            case Fault.SLOW:
                said = self.server_.answer(asked)
                self.server_.let_go.wait(order.seconds)
                self._say(said)
            case Fault.STATUS:
                self._send(order.code, "text/html", b"<html><h1>Bad Gateway</h1></html>")
            case Fault.ERROR:
                self._say({"errcode": order.code, "errmsg": "ordered by the test"})
            case Fault.HTML:
                self._send(200, "text/html; charset=utf-8", "<html><title>登录网络</title></html>".encode())
            case Fault.DROPPED:
                self.server_.answer(asked)
                self.close_connection = True
            case Fault.CUT:
                self._say(self.server_.answer(asked), cut=True)
                self.close_connection = True
            case Fault.HUGE:
                self.server_.answer(asked)
                self._send_until_closed(JSON, [b'{"errmsg": "', *[b"x" * 65536] * (HUGE_ANSWER // 65536)])
            case Fault.DRIP:
                self.server_.answer(asked)
                self._drip(order.seconds)
            case Fault.LENGTHLESS:
                self._say(self.server_.answer(asked), says_length=False)
            case Fault.NESTED:
                self.server_.answer(asked)
                self._send(200, JSON, b"[" * 100_000)

    def _drip(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        let_go = self.server_.let_go

        def drops() -> Iterator[bytes]:
            yield b"{"
            while time.monotonic() < end and not let_go.wait(0.05):
                yield b" "

        self._send_until_closed(JSON, drops())

    def _send_until_closed(self, media_type: str, pieces: Iterable[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()

    def _send(
        self, status: int, media_type: str, body: bytes, headers: dict[str, str] | None = None, *, promised: int | None = None
    ) -> None:
        self.send_response(status)
        facts = {"Content-Type": media_type, "Content-Length": str(len(body) if promised is None else promised), **(headers or {})}
        for name, value in facts.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 – the base class's name
        """Keep quiet."""


def wait_until_up(url: str, seconds: float = 60.0) -> None:
    """Return when a server started elsewhere answers; TimeoutError."""
    from urllib.request import ProxyHandler, build_opener

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), build_opener(ProxyHandler({})).open(f"{url}/__clock", timeout=seconds):
            return
        time.sleep(0.05)
    raise TimeoutError(url)

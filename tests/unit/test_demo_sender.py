"""Simulated residents against a server that fails: a message is sent again with the same key, and given up with a reason."""

import http.server
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from intake.cli import demo_stream
from intake.cli.demo_progress import percentile
from intake.cli.demo_rows import DemoMessage
from intake.cli.demo_screen import PlainScreen, qr_lines
from intake.cli.demo_stream import FormPage, Stream


class Office(http.server.ThreadingHTTPServer):
    """Stands in for the form; `answers` are the statuses of the next sends, 0 hangs up; then everything gets a receipt."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Window)
        self.answers: list[int] = []
        self.keys: list[str] = []
        self.browsers: list[str] = []
        self.opened = 0
        self.lock = threading.Lock()


class Window(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Office

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.opened += 1
            key = f"key-{self.server.opened}"
        self.reply(200, f'<form method="post"><input type="hidden" name="key" value="{key}"><textarea name="text"></textarea></form>')

    def do_POST(self) -> None:
        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        with self.server.lock:
            self.server.keys.append(fields["key"][0])
            self.server.browsers.append(self.headers["User-Agent"])
            status = self.server.answers.pop(0) if self.server.answers else 303
            number = len(self.server.keys)
        if status == 0:
            self.close_connection = True
            self.connection.close()
            return
        self.reply(status, '<p class="error" role="alert">这里提交得太多了</p>', location=f"/r/ZB-2611-{number:06d}/token?new=1")

    def reply(self, status: int, page: str, location: str = "") -> None:
        body = page.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 303:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(demo_stream, "PAUSES", (0.0,) * 6)
    with Office() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def send(office: Office, count: int = 1) -> Stream:
    host, port = str(office.server_address[0]), int(office.server_address[1])
    messages = [DemoMessage("龙池社区", f"路灯不亮 {n}") for n in range(count)]
    stream = Stream(messages, codes={"龙池社区": "nvgch2345a"}, host=host, port=port, origin=f"http://{host}:{port}", run="t")
    done = threading.Event()
    with stream:
        while not stream.done:
            done.wait(0.01)
    return stream


# A server that fails, hangs up, or both: the same key again, then one receipt.
@pytest.mark.parametrize("answers", [[503], [0], [500, 0, 503]])
def test_a_failed_send_is_repeated_with_the_same_key(office: Office, answers: list[int]) -> None:
    office.answers = list(answers)
    stream = send(office)
    assert len(stream.sent()) == 1
    assert not stream.failed()
    assert set(office.keys) == {"key-1"}
    assert len(office.keys) == len(answers) + 1


def test_an_expired_form_is_opened_anew(office: Office) -> None:
    office.answers = [410]
    assert len(send(office).sent()) == 1
    assert office.keys == ["key-1", "key-2"]


def test_a_refusal_is_reported_and_not_repeated(office: Office) -> None:
    office.answers = [429]
    stream = send(office)
    assert not stream.sent()
    (failed,) = stream.failed()
    assert failed.reason == "POST 429 这里提交得太多了"
    assert len(office.keys) == 1


def test_a_server_that_never_recovers_is_given_up(office: Office) -> None:
    office.answers = [503] * 50
    (failed,) = send(office).failed()
    assert "503" in failed.reason
    assert len(office.keys) == 6


def test_every_resident_has_a_browser_and_a_key_of_their_own(office: Office) -> None:
    stream = send(office, count=30)
    assert len({sent.receipt_number for sent in stream.sent()}) == 30
    assert len(set(office.browsers)) == len(set(office.keys)) == 30


def test_the_form_page_gives_key_and_alert() -> None:
    page = FormPage(
        '<p role="alert">请先写一句话</p><form><input name="key" value="a-b_c"><input name="place" value="x"></form><p>别的</p>'
    )
    assert (page.key, page.alert) == ("a-b_c", "请先写一句话")


# The nearest-rank percentile: the smallest value that so large a share doesn't exceed.
@pytest.mark.parametrize(("values", "share", "expected"), [([], 0.95, None), ([3.0], 0.95, 3.0), ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0)])
def test_percentile(values: list[float], share: float, expected: float | None) -> None:
    assert percentile(values, share) == expected


def test_the_code_in_the_terminal_can_be_scanned() -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    pillow = pytest.importorskip("PIL.Image")
    lines = qr_lines("http://192.0.2.7:8000/p/nvgch2345a")
    upper, lower = {"█": 255, "▀": 255, "▄": 0, " ": 0, "\xa0": 0}, {"█": 255, "▀": 0, "▄": 255, " ": 0, "\xa0": 0}
    rows = [bytes(half[sign] for sign in line) for line in lines for half in (upper, lower)]
    image = pillow.frombytes("L", (len(lines[0]), len(rows)), b"".join(rows)).resize((len(lines[0]) * 8, len(rows) * 8), 0)
    (found,) = zxingcpp.read_barcodes(image)
    assert found.text == "http://192.0.2.7:8000/p/nvgch2345a"


def test_plain_lines_are_for_files(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainScreen() as screen:
        screen.say("端口 8000 已被占用")
    assert capsys.readouterr().out == "端口 8000 已被占用\n"

"""The adapter against a real HTTP server: a good one, and each way in which one can be bad."""

import gzip
import json
import socket
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from intake.adapters.assistant import MAX_BODY, ChatAssistant
from intake.domain.assistant import AssistantFailed, Failure
from intake.ports import AssistantAnswer, NullAssistant
from tests.contract.endpoint import Endpoint, endpoint, hang_up, says, self_signed, sends

KEY = "sk-a-secret-nobody-may-read"
WORDS = json.dumps(["幸福里路灯不亮"], ensure_ascii=False)


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint(says("幸福里路灯不亮")) as running:
        yield running


def ask(url: str, *, seconds: float = 60, key: str = KEY, trust: ssl.SSLContext | None = None) -> AssistantAnswer:
    assistant = ChatAssistant(url=url, key=key, model="district-7b", seconds=seconds, trust=trust)
    return assistant.write(instruction="写标题", material=WORDS, most_tokens=300)


def failed(url: str, **how: Any) -> AssistantFailed:
    with pytest.raises(AssistantFailed) as caught:
        ask(url, **how)
    return caught.value


def test_a_question_is_asked_as_the_interface_wants_it(server: Endpoint) -> None:
    assert ask(server.url) == AssistantAnswer("幸福里路灯不亮", 120, 12)
    assert server.paths == ["/v1/chat/completions"]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert server.headers[0]["Accept-Encoding"] == "identity"
    assert server.asked == [
        {
            "model": "district-7b",
            "messages": [{"role": "system", "content": "写标题"}, {"role": "user", "content": WORDS}],
            "max_tokens": 300,
            "temperature": 0.2,
            "stream": False,
        }
    ]


def test_without_a_key_none_is_sent(server: Endpoint) -> None:
    ask(server.url, key="")
    assert "Authorization" not in server.headers[0]


def test_a_trailing_slash_of_the_address_does_no_harm(server: Endpoint) -> None:
    ask(server.url + "/")
    assert server.paths == ["/v1/chat/completions"]


def test_no_proxy_is_taken_from_the_environment(server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(server.url).text == "幸福里路灯不亮"


# What the other side says it counted is believed as far as it is a count.
@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 0}, (7, 0)),
        ({}, (None, None)),
        ("much", (None, None)),
        ({"prompt_tokens": -1, "completion_tokens": 10**15}, (None, None)),
        ({"prompt_tokens": "7", "completion_tokens": True}, (None, None)),
    ],
)
def test_counts_are_believed_as_far_as_they_are_counts(server: Endpoint, usage: object, counts: tuple[int | None, int | None]) -> None:
    server.behave = says("路灯", usage=usage)
    answer = ask(server.url)
    assert (answer.tokens_in, answer.tokens_out) == counts


def test_no_content_is_an_empty_answer(server: Endpoint) -> None:
    server.behave = says(None)
    assert ask(server.url).text == ""


def test_an_answer_that_was_cut_off_is_too_long(server: Endpoint) -> None:
    server.behave = says("路灯不亮，而且", finish="length")
    assert failed(server.url).failure is Failure.TOO_LONG


@pytest.mark.parametrize(
    ("status", "failure", "spent"),
    [
        (400, Failure.REJECTED, False),
        (401, Failure.DENIED, False),
        (402, Failure.DENIED, False),
        (403, Failure.DENIED, False),
        (404, Failure.MISDIRECTED, False),
        (405, Failure.MISDIRECTED, False),
        (408, Failure.BUSY, False),
        (422, Failure.REJECTED, False),
        (429, Failure.BUSY, False),
        # Whether a server that broke had counted already is unknown.
        (500, Failure.BUSY, True),
        (503, Failure.BUSY, True),
        (204, Failure.REJECTED, False),
    ],
)
def test_every_status_has_its_meaning(server: Endpoint, status: int, failure: Failure, spent: bool) -> None:
    server.behave = sends(b"" if status == 204 else b'{"error": {"message": "no"}}', status=status)
    error = failed(server.url)
    assert (error.failure, error.spent) == (failure, spent)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(server: Endpoint, status: int) -> None:
    with endpoint(says("偷来的话")) as elsewhere:
        server.behave = sends(b"", status=status, headers={"Location": elsewhere.url + "/chat/completions"})
        assert failed(server.url).failure is Failure.MISDIRECTED
        assert elsewhere.paths == []
    assert len(server.paths) == 1


GARBAGE = {
    "no json": b"<html>Bad gateway</html>",
    "nothing": b"",
    "not UTF-8": b"\xff\xfe\x00\xd8",
    "another shape": b'{"choices": []}',
    "a list": b"[1, 2]",
    "a string": b'"choices"',
    "null within": b'{"choices": [null]}',
    "message missing": b'{"choices": [{"text": "old style"}]}',
    "content of parts": b'{"choices": [{"message": {"content": [{"type": "text", "text": "x"}]}}]}',
    "a number": b'{"choices": [{"message": {"content": 7}}]}',
    "nested too deeply": b"[" * 30_000,
    "an endless number": b"9" * 30_000,
    "packed": gzip.compress(b'{"choices": [{"message": {"content": "x"}}]}'),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_is_unreadable_and_nothing_worse(server: Endpoint, what: str) -> None:
    server.behave = sends(GARBAGE[what])
    assert failed(server.url).failure is Failure.UNREADABLE


def test_an_answer_larger_than_any_draft_is_not_read_to_its_end(server: Endpoint) -> None:
    written = 0

    def for_ever(request: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        nonlocal written
        request.send_response(200)
        request.end_headers()
        while not server.let_go.is_set():
            written += request.wfile.write(b"x" * 65_536)

    server.behave = for_ever
    began = time.monotonic()
    assert failed(server.url).failure is Failure.UNREADABLE
    assert time.monotonic() - began < 30, "it has a minute"
    assert written < 20_000_000  # what the sockets' buffers take, not what was offered
    server.behave = sends(b'{"choices": [{"message": {"content": "' + b"x" * MAX_BODY + b'"}}]}')
    assert failed(server.url).failure is Failure.UNREADABLE


def silent(server: Endpoint) -> None:
    server.let_go.wait(60)


def dripping_body(server: Endpoint, request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "10000")
    request.end_headers()
    while not server.let_go.wait(0.05):
        request.wfile.write(b" ")


def dripping_headers(server: Endpoint, request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not server.let_go.wait(0.05):
        request.wfile.write(b"z")


# Each wait of a dripping peer is short; only the whole is long.
@pytest.mark.parametrize("how", ["silent", "dripping_body", "dripping_headers"])
@pytest.mark.parametrize("tls", [False, True])
def test_a_slow_endpoint_costs_the_seconds_that_were_set(how: str, tls: bool, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path) if tls else None
    with endpoint(says("路灯"), certificate=certificate) as server:
        slowly = {
            "silent": lambda request, _: silent(server),
            "dripping_body": lambda request, _: dripping_body(server, request),
            "dripping_headers": lambda request, _: dripping_headers(server, request),
        }
        server.behave = slowly[how]
        for seconds in (0.6, 5.0, 15.0):
            began = time.monotonic()
            error = failed(server.url, seconds=seconds, trust=trusting(certificate))
            assert time.monotonic() - began < 30, "half of what it would have taken"
            assert error.failure is Failure.SLOW
            if error.spent:  # on a busy machine the time may be over before anything was sent
                break
        assert error.spent


def trusting(certificate: tuple[Path, Path] | None) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=str(certificate[0])) if certificate else None


def test_a_connection_that_is_closed_may_have_cost_something(server: Endpoint) -> None:
    server.behave = hang_up
    error = failed(server.url)
    assert (error.failure, error.spent) == (Failure.AWAY, True)


def test_where_nobody_listens_nothing_is_spent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = failed(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
    assert (error.failure, error.spent) == (Failure.AWAY, False)


def test_a_name_that_leads_nowhere_is_no_connection() -> None:
    assert failed("https://models.invalid/v1", seconds=3).failure in {Failure.AWAY, Failure.SLOW}


def test_a_certificate_nobody_vouches_for_gets_not_a_byte(tmp_path: Path) -> None:
    with endpoint(says("路灯"), certificate=self_signed(tmp_path)) as server:
        error = failed(server.url)
        assert (error.failure, error.spent) == (Failure.UNTRUSTED, False)
        assert server.asked == []


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with endpoint(says("路灯"), certificate=certificate) as server:
        assert ask(server.url, trust=trusting(certificate)).text == "路灯"
        by_name = server.url.replace("127.0.0.1", "localhost")
        assert failed(by_name, trust=trusting(certificate)).failure is Failure.UNTRUSTED
        assert len(server.asked) == 1


def test_neither_key_nor_words_are_logged(server: Endpoint) -> None:
    with capture_logs() as lines:
        server.behave = sends(f'{{"error": "{KEY} 幸福里"}}'.encode(), status=500)
        error = failed(server.url)
        server.behave = sends(b"garbage")
        failed(server.url)
    assert [line["failure"] for line in lines if "failure" in line] == ["busy", "unreadable"]
    assert [line["status"] for line in lines if "status" in line] == [500]
    for shown in (repr(lines), repr(error), str(error), repr(ChatAssistant(url=server.url, key=KEY, model="m", seconds=1))):
        assert KEY not in shown
        assert "幸福里" not in shown


def test_reaching_it_asks_nothing(server: Endpoint) -> None:
    ChatAssistant(url=server.url, key=KEY, model="m", seconds=3).reach()
    assert server.paths == []


def test_no_assistant_writes_nothing() -> None:
    assert NullAssistant().model == ""
    with pytest.raises(AssistantFailed):
        NullAssistant().write(instruction="", material="", most_tokens=1)

"""The gateway for short messages: what is asked, and how each way of failing reads."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from intake.adapters.sms import HttpSms
from intake.domain.errors import DeliveryUnknown, PermanentDeliveryError, RetryableDeliveryError
from intake.ports import NullSms
from tests.contract.endpoint import Behaviour, endpoint, hang_up, sends

TAKEN = sends(json.dumps({"id": "sms-7"}).encode())


def gateway(url: str) -> HttpSms:
    return HttpSms(url=url, key="key-of-the-gateway", sign="云栖政协")


def test_a_message_is_asked_for_with_number_signature_words_and_key() -> None:
    with endpoint(TAKEN) as server:
        assert gateway(server.url).send("13800000021", "您反映的事有了答复。") == "sms-7"
    assert server.asked == [{"mobile": "13800000021", "sign": "云栖政协", "content": "您反映的事有了答复。"}]
    assert server.headers[0]["Authorization"] == "Bearer key-of-the-gateway"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"ok", b'{"id": null}', b"\xff"])
def test_what_was_taken_stays_taken_whatever_the_answer_says(body: bytes) -> None:
    with endpoint(sends(body)) as server:
        assert gateway(server.url).send("13800000021", "好") == ""


FAILURES: list[tuple[Behaviour, type[Exception], str]] = [
    # It did nothing, and may later.
    (sends(b"", status=429), RetryableDeliveryError, "http_429"),
    (sends(b"", status=503), RetryableDeliveryError, "http_503"),
    # It won't, whenever it is asked.
    (sends(b"", status=400), PermanentDeliveryError, "http_400"),
    (sends(b"", status=401), PermanentDeliveryError, "http_401"),
    (sends(b"", status=302, headers={"Location": "https://elsewhere.example"}), PermanentDeliveryError, "http_302"),
    # It may have sent it.
    (sends(b"", status=500), DeliveryUnknown, "http_500"),
    (sends(b"", status=504), DeliveryUnknown, "http_504"),
    (hang_up, DeliveryUnknown, "dropped"),
]


@pytest.mark.parametrize(("behave", "expected", "code"), FAILURES)
def test_each_failure_says_whether_it_may_have_been_sent(behave: Behaviour, expected: type[Any], code: str) -> None:
    with endpoint(behave) as server, pytest.raises(expected) as failed:
        gateway(server.url).send("13800000021", "好")
    assert failed.value.code == code
    assert "13800000021" not in str(failed.value)


def test_a_slow_gateway_is_given_up_and_its_message_may_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.adapters.sms.SECONDS", 0.3)
    let_go = threading.Event()

    def slow(_request: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        let_go.wait(60)

    with endpoint(slow) as server:
        with pytest.raises(DeliveryUnknown):
            gateway(server.url).send("13800000021", "好")
        let_go.set()


def test_a_gateway_that_is_away_is_asked_again_later() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(RetryableDeliveryError):
            gateway(f"http://127.0.0.1:{free.getsockname()[1]}").send("13800000021", "好")


def test_it_is_off_by_default() -> None:
    off = NullSms()
    assert not off.on
    with pytest.raises(PermanentDeliveryError):
        off.send("13800000021", "好")

"""The recogniser behind an OpenAI-compatible endpoint: what it is asked, and what it may answer instead."""

import json
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from config.settings import Settings, SettingsError
from intake.adapters.recogniser import SpeechRecogniser
from intake.domain.errors import PermanentError, RetryableError
from intake.wiring import recogniser_of
from tests.contract.endpoint import endpoint, sends


def recogniser(url: str, **facts: object) -> SpeechRecogniser:
    return SpeechRecogniser(**{"url": url, "key": "k", "model": "ear-1", "seconds": 30.0, **facts})  # type: ignore[arg-type]  # as named


def test_the_recogniser_is_asked_as_openai_is() -> None:
    said = json.dumps({"text": "路灯坏了"}).encode()
    with endpoint(sends(said)) as there:
        assert recogniser(there.url).write_down(b"mp3 bytes") == "路灯坏了"
        assert there.paths[0].endswith("/audio/transcriptions")
        assert b"mp3 bytes" in there.asked[0]["raw"]
        assert b"ear-1" in there.asked[0]["raw"]
        assert there.headers[0]["Authorization"] == "Bearer k"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b"", RetryableError),
        (429, b"", RetryableError),
        (401, b"", PermanentError),
        (302, b"", PermanentError),
        (200, b"not json", PermanentError),
        (200, b'{"text": 3}', PermanentError),
        (200, b"[" * 60_000, PermanentError),
    ],
)
def test_what_a_recogniser_may_answer_instead(status: int, body: bytes, kind: type[Exception]) -> None:
    with endpoint(sends(body, status=status)) as there, pytest.raises(kind):
        recogniser(there.url).write_down(b"mp3 bytes")


def test_a_recogniser_that_is_away_is_away() -> None:
    with pytest.raises(RetryableError):
        recogniser("http://127.0.0.1:9/v1").write_down(b"x")


def drip(request: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
    """A byte now and then, so that no single wait is long."""
    request.send_response(200)
    request.send_header("Content-Length", "100")
    request.end_headers()
    for _ in range(600):
        request.wfile.write(b" ")
        time.sleep(0.1)


def test_a_recogniser_that_drips_is_given_up_in_its_time() -> None:
    began = time.monotonic()
    with endpoint(drip) as there, pytest.raises(RetryableError):
        recogniser(there.url, seconds=0.4).write_down(b"x")
    assert time.monotonic() - began < 30, "half of what it would have taken"


def test_the_settings_switch_it_on() -> None:
    settings = Settings()
    assert not recogniser_of(settings).is_on
    assert recogniser_of(replace(settings, recogniser_url="https://speech.example/v1", recogniser_model="ear-1")).is_on


# Each is refused at the start, with its variable.
@pytest.mark.parametrize(
    ("facts", "variable"),
    [
        ({"recogniser_url": "http://speech.example/v1"}, "ZHIBAO_RECOGNISER_URL"),
        ({"recogniser_url": "https://user:word@speech.example/v1"}, "ZHIBAO_RECOGNISER_URL"),
        ({"recogniser_key": "k\n"}, "ZHIBAO_RECOGNISER_KEY"),
        ({"recogniser_seconds": 31}, "ZHIBAO_RECOGNISER_SECONDS"),
    ],
)
def test_settings_that_cannot_work_are_refused(facts: dict[str, str | int], variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        replace(Settings(), **facts).check()  # type: ignore[arg-type]  # as named

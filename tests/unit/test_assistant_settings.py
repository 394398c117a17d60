"""The assistant is off until somebody sets it up, and only addresses that keep the words safe are taken."""

from datetime import UTC, date, datetime

import pytest

from config.settings import Settings, SettingsError
from intake.adapters.assistant import ChatAssistant
from intake.cli.doctor import _assistant
from intake.cli.installation import Installation
from intake.domain.assistant import FAILURE_WORDS, UNREACHABLE, DraftOutcome, Failure, budget_month, outcome_of
from intake.ports import NullAssistant, Wake
from intake.wiring import assistant_of
from tests.contract.endpoint import endpoint, says
from workers.schedule import TIMETABLE, timetable_of

ON = {"ZHIBAO_ASSISTANT_URL": "https://models.example/v1", "ZHIBAO_ASSISTANT_MODEL": "district-7b"}


def test_it_is_off_by_default() -> None:
    assert not Settings().assistant_on
    assert isinstance(assistant_of(Settings()), NullAssistant)


@pytest.mark.parametrize("half", ON)
def test_half_a_setting_is_off_and_the_doctor_says_so(half: str) -> None:
    settings = Settings.from_env({half: ON[half]})
    assert not settings.assistant_on
    finding = _assistant(settings)
    assert not finding.ok
    assert not finding.needed


def test_address_and_model_turn_it_on() -> None:
    settings = Settings.from_env(ON)
    assert settings.assistant_on
    made = assistant_of(settings)
    assert isinstance(made, ChatAssistant)
    assert made.model == "district-7b"


@pytest.mark.parametrize(
    ("rule", "url", "good"),
    [
        ("encrypted", "https://models.example/v1", True),
        ("another port", "https://models.example:8443", True),
        ("on this machine", "http://127.0.0.1:8080/v1", True),
        ("on this machine, by name", "http://localhost:8080/v1", True),
        ("plain over the network", "http://models.example/v1", False),
        ("plain within the house is still a network", "http://10.0.0.7/v1", False),
        ("a name that only looks local", "http://localhost.evil.example/v1", False),
        ("a password would stand in logs", "https://me:secret@models.example/v1", False),
        ("a query isn't part of a base", "https://models.example/v1?key=1", False),
        ("a line end", "https://models.example/v1\n", False),
        ("no host", "https:///v1", False),
        ("another scheme", "file:///etc/passwd", False),
        ("no scheme", "models.example/v1", False),
        ("no port", "https://models.example:http/v1", False),
    ],
)
def test_which_addresses_are_taken(rule: str, url: str, good: bool) -> None:
    if good:
        assert Settings.from_env({"ZHIBAO_ASSISTANT_URL": url}).assistant_url == url, rule
    else:
        with pytest.raises(SettingsError, match="ZHIBAO_ASSISTANT_URL"):
            Settings.from_env({"ZHIBAO_ASSISTANT_URL": url})


@pytest.mark.parametrize("key", ["sk-1\n", "sk-1\r\nX-Evil: 1", "钥匙"])
def test_a_key_that_would_break_the_header_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(SettingsError, match="ZHIBAO_ASSISTANT_KEY") as caught:
        Settings.from_env({"ZHIBAO_ASSISTANT_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize("seconds", ["0", "31"])
def test_a_call_fits_into_a_job(seconds: str) -> None:
    with pytest.raises(SettingsError, match="ZHIBAO_ASSISTANT_SECONDS"):
        Settings.from_env({"ZHIBAO_ASSISTANT_SECONDS": seconds})


def test_without_it_nothing_is_put_on_a_queue_nobody_works_on() -> None:
    assert {entry.kind for entry in TIMETABLE} - {entry.kind for entry in timetable_of(Settings())} == {Wake.ASSIST}
    assert timetable_of(Settings.from_env(ON)) == TIMETABLE


def test_its_process_is_started_only_where_it_is_on() -> None:
    for settings, started in ((Settings(), False), (Settings.from_env(ON), True)):
        names = [step.name for step in Installation(settings)._programs()]
        assert ("worker-assistant" in names) is started
        assert "worker-housekeeping" in names


def test_the_doctor_connects_and_asks_nothing() -> None:
    assert _assistant(Settings()).ok
    with endpoint(says("路灯")) as server:
        settings = Settings.from_env({**ON, "ZHIBAO_ASSISTANT_URL": server.url, "ZHIBAO_ASSISTANT_KEY": "sk-secret"})
        finding = _assistant(settings)
        assert finding.ok
        assert "district-7b（127.0.0.1）" in finding.detail
        assert server.paths == []
    away = _assistant(settings)
    assert not away.ok
    assert not away.needed
    assert "连不上" in away.detail
    assert "sk-secret" not in away.detail


@pytest.mark.parametrize(
    ("rule", "at", "began", "anew"),
    [
        ("the month is Shanghai's", datetime(2026, 10, 31, 16, 0, tzinfo=UTC), datetime(2026, 10, 31, 16, 0, tzinfo=UTC), date(2026, 12, 1)),
        ("a second earlier it is the old one", datetime(2026, 10, 31, 15, 59, tzinfo=UTC), datetime(2026, 9, 30, 16, 0, tzinfo=UTC), date(2026, 11, 1)),
        ("after December comes January", datetime(2026, 12, 31, 1, 0, tzinfo=UTC), datetime(2026, 11, 30, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
        ("January's last day doesn't skip February", datetime(2027, 1, 31, 1, 0, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 2, 1)),
    ],
)  # fmt: skip
def test_the_budgets_month(rule: str, at: datetime, began: datetime, anew: date) -> None:
    assert budget_month(at) == (began, anew), rule


def test_every_failure_has_words_and_an_outcome() -> None:
    assert set(FAILURE_WORDS) == set(Failure)
    for failure in Failure:
        expected = DraftOutcome.UNREACHABLE if failure in UNREACHABLE else DraftOutcome.REFUSED
        assert outcome_of(failure) is expected

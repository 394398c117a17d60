"""Settings: read once from the environment, refused with the variable's name when they can't work."""

from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings, SettingsError
from intake.cli.documents import unconnected
from intake.wiring import wire

PRODUCTION = {
    "ZHIBAO_ENV": "production",
    "ZHIBAO_SECRET_KEY": "s" * 32,
    "ZHIBAO_FIELD_KEYS": "k1:" + "A" * 43 + "=",
    "ZHIBAO_BASE_URL": "https://zhibao.example",
    "DATABASE_URL": "postgresql+psycopg://app@db/zhibao",
    "REDIS_URL": "redis://queue/0",
}


def test_an_empty_environment_is_development_on_this_machine() -> None:
    settings = Settings.from_env({})
    assert settings == Settings()
    assert not settings.is_production
    assert settings.host == "127.0.0.1"


def test_every_field_is_read_from_its_variable() -> None:
    samples: dict[type, str] = {int: "7", str: "test", type(Path()): "/srv/x"}
    valid = {
        "environment": "test",
        "secret_key": "s" * 40,
        "base_url": "https://x.example",
        "wechat_api_url": "https://platform.example",
        "wechat_connect_url": "https://platform.example",
        "assistant_url": "https://models.example/v1",
        "recogniser_url": "https://speech.example/v1",
        "sms_url": "https://sms.example/send",
        "object_store": "s3://zhibao-files/yunqi",
        "s3_endpoint": "https://s3.example",
        "s3_addressing": "path",
        "map_tiles": "https://t{s}.tiles.example/{z}/{x}/{y}.png",
    }
    # Without a sign an address of a gateway is refused, without keys a bucket.
    needed = {"ZHIBAO_SMS_SIGN": "云栖政协", "ZHIBAO_S3_ACCESS_KEY": "test", "ZHIBAO_S3_SECRET_KEY": "test"}
    for f in fields(Settings):
        raw = valid.get(f.name, samples[type(f.default)])
        settings = Settings.from_env({**needed, f.metadata["variable"]: raw})
        assert str(getattr(settings, f.name)) == raw
        assert type(getattr(settings, f.name)) is type(f.default)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://t{s}.tiles.example/{z}/{x}/{y}.png", "https://*.tiles.example"),
        ("https://tiles.example:8443/w?x={x}&y={y}&l={z}&tk=abc", "https://tiles.example:8443"),
        # Not encrypted, no place for the tile, more than an address in the page's policy.
        ("http://tiles.example/{z}/{x}/{y}.png", None),
        ("https://tiles.example/{z}/{x}.png", None),
        ("https://tiles.example; script-src */{z}/{x}/{y}", None),
        ("https://tiles.example/{z}/{x}/{y}'; script-src *", None),
    ],
)
def test_tiles_come_from_one_encrypted_place(address: str, origin: str | None) -> None:
    if origin is None:
        with pytest.raises(SettingsError, match="ZHIBAO_MAP_TILES"):
            Settings.from_env({"ZHIBAO_MAP_TILES": address})
    else:
        assert Settings.from_env({"ZHIBAO_MAP_TILES": address}).map_origin == origin


def test_every_variable_is_one_fields_own_and_has_a_note() -> None:
    variables = [f.metadata["variable"] for f in fields(Settings)]
    assert len(set(variables)) == len(variables)
    assert all(f.metadata["note"] for f in fields(Settings))


def test_whatever_holds_a_key_or_a_password_is_marked_secret() -> None:
    secret = {f.name for f in fields(Settings) if f.metadata["secret"]}
    assert secret >= {
        "database_url",
        "owner_database_url",
        "replica_url",
        "redis_url",
        "secret_key",
        "field_keys",
        "sms_key",
        "recogniser_key",
    }


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.from_env({"ZHIBAO_PORT": "", "ZHIBAO_ENV": ""}) == Settings()


def test_what_the_caller_says_wins() -> None:
    assert Settings.from_env({"ZHIBAO_PORT": "9000"}, port=9001).port == 9001


def test_settings_cannot_be_changed_later() -> None:
    settings: Any = Settings()
    with pytest.raises((FrozenInstanceError, AttributeError)):
        settings.port = 1


@pytest.mark.parametrize("raw", ["x", "1.5", "8000 or so", "0x10"])
def test_a_number_that_is_none_is_named(raw: str) -> None:
    with pytest.raises(SettingsError, match="ZHIBAO_PORT"):
        Settings.from_env({"ZHIBAO_PORT": raw})


def test_production_with_everything_is_accepted() -> None:
    assert Settings.from_env(PRODUCTION).is_production


# Each combination that can't work names the variable to change.
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ZHIBAO_ENV": "prod"}, "ZHIBAO_ENV"),
        ({"ZHIBAO_SECRET_KEY": "short"}, "ZHIBAO_SECRET_KEY"),
        ({"ZHIBAO_BASE_URL": "https://zhibao.example/"}, "ZHIBAO_BASE_URL"),
        # WeChat opens nothing but https.
        ({"ZHIBAO_BASE_URL": "http://zhibao.example"}, "ZHIBAO_BASE_URL"),
        # An account's secrets go there: https, or this machine itself, and our paths begin with the slash.
        ({"WECHAT_API_URL": "http://platform.example"}, "WECHAT_API_URL"),
        ({"WECHAT_CONNECT_URL": "https://platform.example/"}, "WECHAT_CONNECT_URL"),
    ],
)
def test_what_cannot_work_is_refused_at_start(change: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.from_env({**PRODUCTION, **change})


def test_an_error_never_quotes_a_secret() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({**PRODUCTION, "ZHIBAO_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_a_second_step_is_asked_of_roles_that_there_are() -> None:
    assert Settings(totp_roles=" admin, staff,").roles_with_totp == {"admin", "staff"}
    assert Settings().roles_with_totp == frozenset()
    with pytest.raises(SettingsError, match=r"ZHIBAO_TOTP_ROLES: no such role: king"):
        wire(replace(unconnected(), totp_roles="admin,king"))

"""Settings of notices: each mistake is named with its cure before anything starts."""

import pytest

from config.settings import Settings, SettingsError

GATEWAY = {"ZHIBAO_SMS_URL": "https://sms.example/send", "ZHIBAO_SMS_SIGN": "云栖政协"}


def test_short_messages_are_off_until_an_address_is_set() -> None:
    assert not Settings.from_env({}).sms_on
    assert Settings.from_env(GATEWAY).sms_on


MISTAKES = [
    # Numbers and words of residents leave by it, so it is encrypted or stays on this machine.
    ({**GATEWAY, "ZHIBAO_SMS_URL": "http://sms.example/send"}, "ZHIBAO_SMS_URL"),
    ({**GATEWAY, "ZHIBAO_SMS_URL": "https://name:password@sms.example/"}, "ZHIBAO_SMS_URL"),
    # Gateways refuse what carries no registered signature.
    ({"ZHIBAO_SMS_URL": "https://sms.example/send"}, "ZHIBAO_SMS_SIGN"),
    # A line end came along when copying.
    ({**GATEWAY, "ZHIBAO_SMS_KEY": "key\n"}, "ZHIBAO_SMS_KEY"),
    # Standing still, and faster than any platform allows.
    ({"ZHIBAO_NOTICE_PACE": "0"}, "ZHIBAO_NOTICE_PACE"),
    ({"ZHIBAO_NOTICE_PACE": "5000"}, "ZHIBAO_NOTICE_PACE"),
]


@pytest.mark.parametrize(("env", "named"), MISTAKES)
def test_a_mistake_is_named(env: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.from_env(env)


def test_a_gateway_on_this_machine_may_be_plain() -> None:
    assert Settings.from_env({**GATEWAY, "ZHIBAO_SMS_URL": "http://127.0.0.1:9000/send"}).sms_on

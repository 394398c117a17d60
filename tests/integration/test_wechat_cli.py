"""`zhibao wechat`: an account added without a secret on the command line, listed without one, checked."""

from pathlib import Path

import pytest

from intake.domain.wechat_account import AccountKind
from intake.models import AuditEntry, WeChatAccount
from intake.queries.wechat_account import account_by_id, account_of_area
from intake.services.wechat_account import opened
from intake.wiring import Wiring
from tests.factories.town import Town
from tests.factories.wechat import APP_ID, ORIGINAL_ID
from tests.integration.test_points_cli import Zhibao, zhibao
from tests.wechat_platform.server import WeChatServer

__all__ = ["zhibao"]

SECRETS = {"token": "zhibao2026", "aes_key": "b" * 43, "secret": "c" * 32}
LINES = "\n".join(f"{name} = {value}" for name, value in SECRETS.items())
ADD = ("wechat", "add", "--kind", "service", "--name", "临江政协", "--app-id", APP_ID, "--original-id", ORIGINAL_ID)


def only(wiring: Wiring) -> WeChatAccount:
    with wiring.sessions() as session:
        return session.query(WeChatAccount).one()


def test_a_city_s_account_is_added_and_serves_its_districts(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    result = zhibao(*ADD, "--area", "临江市", "--secrets", "-", typed=LINES)
    assert result.exit_code == 0, result.output
    account = only(wiring)
    assert f"https://zhibao.example/wechat/{account.callback_key}" in result.output
    assert not [name for name, value in SECRETS.items() if value in result.output]
    with wiring.sessions() as session:
        used = account_of_area(session, town.longchi_id)
        assert used is not None
        assert (used.id, used.district_id) == (account.id, None)
        assert {name: opened(wiring.vault, used, name) for name in SECRETS} == SECRETS
        assert session.query(AuditEntry).filter_by(action="wechat.add").one().district_id == account.area_id


def test_secrets_come_from_a_file_too(zhibao: Zhibao, wiring: Wiring, town: Town, tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text(LINES, encoding="utf-8")
    assert zhibao(*ADD, "--area", "云栖区", "--secrets", str(file)).exit_code == 0
    with wiring.sessions() as session:
        row = account_by_id(session, only(wiring).id)
        assert row is not None
        assert opened(wiring.vault, row, "secret") == SECRETS["secret"]


# Half an account, or a file that isn't one: a sentence, and nothing of the secret in it.
@pytest.mark.parametrize(
    ("typed", "cure"), [("", "启用前请填 Token"), ("token zhibao2026", "第 1 行"), ("password=hunter2secret", "第 1 行")]
)
def test_what_is_wrong_is_said_without_the_secret(zhibao: Zhibao, wiring: Wiring, town: Town, typed: str, cure: str) -> None:
    result = zhibao(*ADD, "--area", "云栖区", "--secrets", "-", typed=typed)
    assert result.exit_code == 2
    assert cure in result.output
    assert "hunter2" not in result.output
    with wiring.sessions() as session:
        assert session.query(WeChatAccount).count() == 0


def test_a_borrowed_account_needs_no_secrets(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    result = zhibao("wechat", "add", "--kind", "partner", "--name", "应城通", "--area", "云栖区")
    assert result.exit_code == 0, result.output
    assert "/wechat/" not in result.output
    assert only(wiring).kind is AccountKind.PARTNER


def test_the_list_names_accounts_and_addresses_and_no_secret(zhibao: Zhibao, wiring: Wiring, town: Town) -> None:
    assert "还没有公众号" in zhibao("wechat", "list").output
    zhibao(*ADD, "--area", "云栖区", "--off", "--secrets", "-", typed=LINES)
    listed = zhibao("wechat", "list").output
    assert "临江政协" in listed
    assert "没有启用" in listed
    assert only(wiring).callback_key in listed
    assert not [name for name, value in SECRETS.items() if value in listed]


def test_a_check_says_what_is_missing(zhibao: Zhibao, wiring: Wiring, town: Town, with_platform: WeChatServer) -> None:
    zhibao(*ADD, "--area", "云栖区", "--secrets", "-", typed=LINES)
    account = only(wiring)
    refused = zhibao("wechat", "check", str(account.id))
    assert refused.exit_code == 1
    assert "AppSecret 不对" in refused.output
    with_platform.account.secret = SECRETS["secret"]
    better = zhibao("wechat", "check", str(account.id))
    assert "好\tAppSecret" in better.output
    assert "请评价结果" in better.output
    assert only(wiring).checked_at is not None


def test_an_account_that_isn_t_there_can_t_be_checked(zhibao: Zhibao, town: Town) -> None:
    assert zhibao("wechat", "check", "99").exit_code == 2

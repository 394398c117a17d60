"""What an administrator enters about an account: each wrong setting is refused at its field with its cure."""

from dataclasses import replace

import pytest

from intake.domain.errors import InvalidInput
from intake.domain.notification import NoticeKind
from intake.domain.wechat_account import AccountKind, Capability
from intake.domain.wechat_facts import AccountFacts, checked_facts
from intake.domain.wechat_finding import FINDINGS, OwnCheck, finding_words
from intake.domain.wechat_menu import checked_buttons
from intake.domain.wechat_profile import KIND_WORDS, OFFERS
from intake.domain.wechat_refusal import refusal_words
from intake.domain.wechat_template import FACT_NAMES, NOTICE_NAMES, SAMPLES, Fact, channels_for, checked_template
from intake.domain.wechat_verification import checked_verification

GOOD = AccountFacts(
    kind=AccountKind.SERVICE,
    name="云栖政协",
    app_id="wx0123456789abcdef",
    original_id="gh_10f6c3c3ac5a",
    token="zhibao2026",
    aes_key="a" * 43,
    secret="0" * 32,
    active=True,
)
NOTHING: frozenset[str] = frozenset()
ALL = frozenset({"token", "aes_key", "secret"})


def test_right_settings_are_taken_as_they_are() -> None:
    assert checked_facts(GOOD, stored=NOTHING, production=True) == GOOD


def test_blanks_that_came_along_when_copying_are_cut() -> None:
    copied = replace(GOOD, app_id=" wx0123456789abcdef\n", secret="\t" + "0" * 32 + " ", name="  云栖政协 ")
    assert checked_facts(copied, stored=NOTHING, production=True) == GOOD


# Every setting that can be wrong, the field that says so, and a word of the cure.
@pytest.mark.parametrize(
    ("change", "field", "cure"),
    [
        ({"name": "  "}, "name", "请填写公众号名称"),
        ({"name": "名" * 41}, "name", "最多 40 个字"),
        # The two ids stand on different pages of the platform and are mixed up most.
        ({"app_id": "gh_10f6c3c3ac5a"}, "app_id", "AppID 以 wx 开头"),
        ({"original_id": "wx0123456789abcdef"}, "original_id", "原始 ID 以 gh_ 开头"),
        ({"app_id": "wx0123"}, "app_id", "整段复制"),
        ({"app_id": "wx0123456789ABCDEF"}, "app_id", "小写字母"),
        ({"original_id": "gh_"}, "original_id", "账号详情"),
        # The platform takes letters and digits only.
        ({"token": "ab"}, "token", "3 到 32 个"),
        ({"token": "has-dash"}, "token", "3 到 32 个"),
        ({"token": "t" * 33}, "token", "3 到 32 个"),
        ({"aes_key": "a" * 42}, "aes_key", "有 42 个字符"),
        ({"aes_key": "a" * 42 + "="}, "aes_key", "正好 43 个"),
        ({"secret": "0" * 31}, "secret", "有 31 个字符"),
        # An account in use needs everything.
        ({"app_id": ""}, "app_id", "启用前请填"),
        ({"original_id": ""}, "original_id", "启用前请填"),
        ({"token": ""}, "token", "谁都能冒充微信"),
        ({"secret": ""}, "secret", "启用前请填"),
        ({"aes_key": ""}, "aes_key", "安全模式"),
    ],
)
def test_each_wrong_setting_is_refused_at_its_field(change: dict[str, str], field: str, cure: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_facts(replace(GOOD, **change), stored=NOTHING, production=True)  # type: ignore[arg-type]  # texts only
    assert refused.value.field == field
    assert cure in refused.value.message


def test_what_is_stored_already_needn_t_be_entered_again() -> None:
    kept = replace(GOOD, token="", aes_key="", secret="")
    assert checked_facts(kept, stored=ALL, production=True) == kept


def test_only_production_asks_for_the_safe_mode() -> None:
    plain = replace(GOOD, aes_key="")
    assert checked_facts(plain, stored=NOTHING, production=False) == plain


@pytest.mark.parametrize("kind", [AccountKind.PARTNER, AccountKind.NONE])
def test_an_account_that_isn_t_ours_needs_no_keys(kind: AccountKind) -> None:
    borrowed = AccountFacts(kind=kind, name="应城通", app_id="", original_id="", token="", aes_key="", secret="", active=True)
    assert checked_facts(borrowed, stored=NOTHING, production=True) == borrowed


def test_an_account_that_isn_t_in_use_may_be_half_filled() -> None:
    half = replace(GOOD, secret="", token="", active=False)
    assert checked_facts(half, stored=NOTHING, production=True) == half


def test_every_table_is_complete() -> None:
    assert {offer.capability for offer in OFFERS} == set(Capability)
    assert set(KIND_WORDS) == set(AccountKind)
    assert set(NOTICE_NAMES) == set(NoticeKind)
    assert set(FACT_NAMES) == set(SAMPLES) == set(Fact)
    assert set(OwnCheck) <= set(FINDINGS)


def test_buttons_are_named_shortly_and_lead_to_our_own_pages() -> None:
    assert [one.name for one in checked_buttons([("我要反映", "/"), ("", ""), ("Report", "/r?x=1")])] == ["我要反映", "Report"]


# Four Chinese characters or eight letters; a path of ours, never another site's.
@pytest.mark.parametrize(
    ("buttons", "field"),
    [
        ([("我要反映事", "/")], "name-1"),
        ([("", "/")], "name-1"),
        ([("反映", "")], "path-1"),
        ([("反映", "https://evil.example/")], "path-1"),
        ([("反映", "//evil.example/")], "path-1"),
        ([("反映", "/\\evil.example")], "path-1"),
        ([("一", "/"), ("二", "/"), ("三", "/"), ("四", "/")], "name-4"),
    ],
)
def test_a_wrong_button_is_refused_at_its_field(buttons: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_buttons(buttons)
    assert refused.value.field == field


def test_a_verification_file_has_the_platform_s_name() -> None:
    assert checked_verification(" MP_verify_AbCdEf12GhIj34Kl.txt ", "AbCdEf12GhIj34Kl\n") == (
        "MP_verify_AbCdEf12GhIj34Kl.txt",
        "AbCdEf12GhIj34Kl",
    )
    assert checked_verification("", "") == ("", "")


# Served from the root to everybody: nothing but such a file.
@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("index.html", "x", "verify_name"),
        ("MP_verify_../../etc.txt", "x", "verify_name"),
        ("MP_verify_AbCdEf12.txt.html", "x", "verify_name"),
        ("MP_verify_AbCdEf12.txt", "", "verify_text"),
        ("MP_verify_AbCdEf12.txt", "a b", "verify_text"),
        ("MP_verify_AbCdEf12.txt", "x" * 101, "verify_text"),
        ("", "x", "verify_name"),
    ],
)
def test_any_other_file_is_refused(name: str, text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_verification(name, text)
    assert refused.value.field == field


def test_a_template_s_fields_are_read_as_the_platform_writes_them() -> None:
    template_id, fields = checked_template(" TM-progress-0001 ", [("{{character_string1.DATA}}", "number"), ("thing2", "what"), ("", "")])
    assert template_id == "TM-progress-0001"
    assert fields == {"character_string1": "number", "thing2": "what"}


@pytest.mark.parametrize(
    ("template_id", "fields", "field"),
    [
        ("短", [("thing1", "what")], "template_id"),
        ("TM-progress-0001", [("", "")], "field-1"),
        ("TM-progress-0001", [("标题", "what")], "field-1"),
        ("TM-progress-0001", [("thing1", "")], "field-1"),
        ("TM-progress-0001", [("thing1", "what"), ("thing1", "when")], "field-2"),
    ],
)
def test_a_wrong_template_is_refused_at_its_field(template_id: str, fields: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_template(template_id, fields)
    assert refused.value.field == field


def test_only_a_service_account_has_notices() -> None:
    assert {kind: bool(channels_for(kind)) for kind in AccountKind} == {
        AccountKind.SERVICE: True,
        AccountKind.SUBSCRIPTION: False,
        AccountKind.PARTNER: False,
        AccountKind.NONE: False,
    }


def test_every_finding_that_isn_t_right_says_what_to_do() -> None:
    for code in FINDINGS:
        title, words = finding_words(code, ok=False, detail="40001")
        assert title
        assert "。" in words or "：" in words, code
    assert "203.0.113.7" in finding_words("ip_whitelist", ok=False, detail="203.0.113.7")[1]
    assert "12345" in refusal_words("12345")

"""Contacts sealed by field, bound to their row, and readable after the key was changed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.adapters.vault import KeyVault
from intake.domain.errors import PermanentError
from intake.services.receipt import code_fits, code_for, token_fits, token_for

OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
VAULT = KeyVault(secret_key="s" * 64, field_keys=f"k1:{OLD}")
OTHER = KeyVault(secret_key="o" * 64, field_keys=f"k1:{NEW}")
HERE = "contact:ZB-2611-000017"


@given(st.text(max_size=200))
def test_what_is_sealed_opens_again(plain: str) -> None:
    assert VAULT.open(VAULT.seal(plain, context=HERE), context=HERE) == plain


def test_the_cipher_holds_nothing_readable_and_is_never_the_same_twice() -> None:
    one, other = (VAULT.seal("13800000021", context=HERE) for _ in range(2))
    assert one != other
    assert b"1380000" not in one


def test_a_cipher_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(PermanentError, match="another row"):
        VAULT.open(VAULT.seal("13800000021", context=HERE), context="contact:ZB-2611-000025")


def test_another_houses_key_of_the_same_name_does_not_open_it() -> None:
    with pytest.raises(PermanentError):
        OTHER.open(VAULT.seal("13800000021", context=HERE), context=HERE)


@given(st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    cipher = bytearray(VAULT.seal("13800000021", context=HERE))
    behind_the_key_id = 1 + cipher[0]
    position = data.draw(st.integers(behind_the_key_id, len(cipher) - 1))
    cipher[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(PermanentError):
        VAULT.open(bytes(cipher), context=HERE)


def test_after_a_change_of_keys_old_ciphers_open_and_new_ones_use_the_new_key() -> None:
    changed = KeyVault(secret_key="s" * 64, field_keys=f"k2:{NEW},k1:{OLD}")
    old = VAULT.seal("13800000021", context=HERE)
    assert changed.open(old, context=HERE) == "13800000021"
    new = changed.seal("13800000021", context=HERE)
    assert new[1:3] == b"k2"
    with pytest.raises(PermanentError, match="k2"):
        VAULT.open(new, context=HERE)


def test_a_key_taken_away_too_early_is_named() -> None:
    only_new = KeyVault(secret_key="s" * 64, field_keys=f"k2:{NEW}")
    with pytest.raises(PermanentError, match="'k1' is missing"):
        only_new.open(VAULT.seal("13800000021", context=HERE), context=HERE)


@pytest.mark.parametrize("field_keys", ["", "k1", "k1:", "k1:not base64", "k1:" + base64.b64encode(b"short").decode(), f"k2:{NEW},k1:?"])
def test_a_key_that_is_none_is_named_at_start(field_keys: str) -> None:
    with pytest.raises(PermanentError, match="ZHIBAO_FIELD_KEYS"):
        KeyVault(secret_key="s" * 64, field_keys=field_keys)


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_derived_secrets_differ_by_purpose_data_and_house(one: bytes, other: bytes) -> None:
    assert VAULT.derive("device", one) == VAULT.derive("device", one)
    assert len(VAULT.derive("device", one)) == 32
    assert VAULT.derive("device", one) != VAULT.derive("openid", one)
    assert VAULT.derive("device", one) != OTHER.derive("device", one)
    assert (VAULT.derive("device", one) == VAULT.derive("device", other)) is (one == other)


def test_a_receipts_words_and_link_belong_to_number_salt_and_house() -> None:
    number, salt = "ZB-2611-000017", b"0" * 16
    code, token = code_for(VAULT, number, salt), token_for(VAULT, number, salt)
    assert len(token) == 22
    for vault, other_number, other_salt, same in (
        (VAULT, number, salt, True),
        (OTHER, number, salt, False),
        (VAULT, "ZB-2611-000025", salt, False),
        (VAULT, number, b"1" * 16, False),
    ):
        assert code_fits(vault, other_number, other_salt, code) is same
        assert token_fits(vault, other_number, other_salt, token) is same


@given(st.text(max_size=40))
def test_nothing_typed_breaks_the_comparison(typed: str) -> None:
    assert not token_fits(VAULT, "ZB-2611-000017", b"0" * 16, typed)
    assert not code_fits(VAULT, "ZB-2611-000017", b"0" * 16, typed)

"""The signed key in the anonymous form."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.adapters.vault import KeyVault
from intake.domain.errors import Expired
from intake.services.form_key import issue_form_key, read_form_key

VAULT = KeyVault(secret_key="s" * 64, field_keys="k1:" + "A" * 43 + "=")
OTHER = KeyVault(secret_key="o" * 64, field_keys="k1:" + "A" * 43 + "=")
OPENED = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
ISSUED = issue_form_key(VAULT, point_id=7, at=OPENED)
POINTS = st.integers(1, 2**63 - 1)


@given(POINTS)
def test_a_key_says_which_point_and_when(point_id: int) -> None:
    raw = issue_form_key(VAULT, point_id=point_id, at=OPENED)
    assert re.fullmatch(r"[A-Za-z0-9_-]{54}", raw)
    key = read_form_key(VAULT, raw, point_id=point_id)
    assert (key.point_id, key.opened_at) == (point_id, OPENED)


def test_every_opened_form_has_a_key_of_its_own_and_one_form_keeps_its_own() -> None:
    raws = [issue_form_key(VAULT, point_id=7, at=OPENED) for _ in range(100)]
    assert len({read_form_key(VAULT, raw, point_id=7).idempotency_key("a") for raw in raws}) == 100
    assert len({read_form_key(VAULT, raws[0], point_id=7).idempotency_key("a") for _ in range(2)}) == 1


def test_the_same_nonce_at_two_points_is_two_keys() -> None:
    key = read_form_key(VAULT, issue_form_key(VAULT, point_id=7, at=OPENED), point_id=7)
    assert key.idempotency_key("a") != type(key)(point_id=8, opened_at=key.opened_at, nonce=key.nonce).idempotency_key("a")
    assert key.idempotency_key("a", "b") != key.idempotency_key("ab", "")


@given(POINTS, POINTS)
def test_a_key_opens_its_own_point_only(one: int, other: int) -> None:
    raw = issue_form_key(VAULT, point_id=one, at=OPENED)
    if one == other:
        assert read_form_key(VAULT, raw, point_id=other).point_id == one
    else:
        with pytest.raises(Expired, match="另一个直报点"):
            read_form_key(VAULT, raw, point_id=other)


def test_another_house_signs_no_key_of_ours() -> None:
    with pytest.raises(Expired):
        read_form_key(VAULT, issue_form_key(OTHER, point_id=7, at=OPENED), point_id=7)


@given(st.data())
def test_a_changed_key_is_none(data: st.DataObject) -> None:
    raw = ISSUED
    position = data.draw(st.integers(0, len(raw) - 2))  # the last character holds bits that base64 throws away
    other = data.draw(st.sampled_from([c for c in "ABCxyz019_-" if c != raw[position]]))
    with pytest.raises(Expired):
        read_form_key(VAULT, raw[:position] + other + raw[position + 1 :], point_id=7)


@given(st.text(max_size=80))
def test_whatever_stands_in_the_field_is_no_key(raw: str) -> None:
    with pytest.raises(Expired, match="写的内容还在"):
        read_form_key(VAULT, raw, point_id=7)

"""Passwords: what fits, what does not, and what a name nobody has costs."""

from intake.services import password
from intake.services.password import hash_password, verify_password


def test_a_password_fits_its_own_hash_alone() -> None:
    encoded = hash_password("zhibao-2026")
    assert verify_password(encoded, "zhibao-2026")
    assert not verify_password(encoded, "zhibao-2027")


def test_without_a_hash_or_with_a_broken_one_nothing_fits() -> None:
    assert not verify_password(None, "zhibao-2026")
    assert not verify_password("nonsense", "zhibao-2026")


def test_a_name_nobody_has_costs_as_much_as_a_wrong_password() -> None:
    assert not password._hasher.check_needs_rehash(password._NOBODY), "made with other parameters: write a new one down"

"""Passwords: what may be one, what is kept of it, and the same work for who is not there."""

from __future__ import annotations

from typing import Any

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from factbook.access.passwords import DECOY, Passwords, argon2id
from factbook.core.errors import FactbookError, Kind

GOOD = "four unrelated words here"


class CountingHasher(PasswordHasher):
    """argon2id as ever, that counts how often it works, and how hard."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**(parameters or {"time_cost": 2, "memory_cost": 19_456, "parallelism": 1}))
        self.checked: list[Any] = []

    def verify(self, hash: Any, password: Any) -> bool:  # type: ignore[override]
        self.checked.append(extract_parameters(hash))
        return bool(super().verify(hash, password))


def test_a_hash_is_argon2id_with_the_parameters_of_owasp() -> None:
    parameters = extract_parameters(Passwords().hashed(GOOD))
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19_456, 2, 1)


def test_a_password_matches_its_own_hash_alone() -> None:
    passwords = Passwords()
    kept = passwords.hashed(GOOD)
    assert passwords.matches(GOOD, kept)
    assert not passwords.matches(GOOD + " ", kept)
    assert not passwords.matches(GOOD, passwords.hashed("some other words entirely"))


def test_the_same_password_from_another_keyboard_matches() -> None:
    passwords = Passwords()
    assert passwords.matches("cafe\u0301 cafe\u0301 cafe\u0301", passwords.hashed("caf\u00e9 caf\u00e9 caf\u00e9"))


def test_nobody_costs_as_much_as_somebody() -> None:
    hasher = CountingHasher()
    passwords = Passwords(hasher)
    kept = passwords.hashed(GOOD)
    assert not passwords.matches("wrong wrong wrong", kept)
    assert not passwords.matches("wrong wrong wrong", None)
    assert hasher.checked[0] == hasher.checked[1] == extract_parameters(argon2id().hash("x"))


def test_the_stand_in_for_nobody_has_the_parameters_of_today() -> None:
    assert not Passwords().is_stale(DECOY)


def test_a_hash_of_weaker_parameters_is_stale() -> None:
    passwords = Passwords()
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    assert passwords.matches(GOOD, weak)
    assert passwords.is_stale(weak)


@pytest.mark.parametrize(
    "password",
    ["short", "a" * 513, "aaaaaaaaaaaaaaaa", "ada@example.com"],
    ids=["short", "long", "one letter", "email"],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(FactbookError) as refusal:
        Passwords().hashed(password, beside="Ada@example.com")
    assert (refusal.value.kind, refusal.value.field) == (Kind.INVALID, "password")
    assert password not in str(refusal.value)


def test_what_is_no_hash_matches_nothing() -> None:
    assert not Passwords().matches(GOOD, "not a hash")

"""Secrets of the metadata database: unreadable on its disk, exchanged by nobody, their keys replaced."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from factbook.core.errors import FactbookError, Kind
from factbook.storage.metadata import Metadata
from factbook.storage.sealing import KEY_FILE, Seal, seal_for
from tests.databases import execute


def test_what_is_sealed_opens_under_its_key_and_at_its_place_alone() -> None:
    seal = Seal(["one key of many letters"])
    sealed = seal.close("the secret", "a")
    assert "the secret" not in sealed
    assert seal.open(sealed, "a") == "the secret"
    for other, place in ((Seal(["another key"]), "a"), (Seal(), "a"), (seal, "b")):
        with pytest.raises(FactbookError) as refused:
            other.open(sealed, place)
        assert refused.value.kind is Kind.CONFLICT


def test_a_changed_letter_is_refused() -> None:
    seal = Seal(["one key of many letters"])
    sealed = seal.close("the secret", "a")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    with pytest.raises(FactbookError):
        seal.open(changed, "a")


def test_the_key_file_is_for_its_owner_alone_and_the_database_does_not_hold_the_secret(tmp_path: Path) -> None:
    metadata = Metadata.open("", tmp_path)
    metadata.secret_of_system("signing_key", "very-secret-text", now=1)
    metadata.close()
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert all(b"very-secret-text" not in file.read_bytes() for file in tmp_path.glob("metadata.db*"))
    again = Metadata.open("", tmp_path)
    assert again.secret_of_system("signing_key", "other", now=2) == "very-secret-text"
    again.close()


def test_a_replaced_key_seals_anew_what_the_old_one_opens(database_address: str, tmp_path: Path) -> None:
    old, new, place = "the old key, long enough", "the new key, long enough", (database_address, tmp_path)
    _kept(place, old, "kept")
    assert _kept(place, f"{new},{old}", "x") == "kept"
    assert _kept(place, new, "x") == "kept"
    with pytest.raises(FactbookError) as refused:
        _kept(place, old, "x")
    assert refused.value.field == "FACTBOOK_SECRET_KEY"


def test_a_secret_from_before_is_sealed_when_it_is_read(database_address: str, tmp_path: Path) -> None:
    place = database_address, tmp_path
    Metadata.open(*place).close()
    execute(*place, "INSERT INTO secrets VALUES ('s', 'in plain', 1)")
    assert _kept(place, "a key that is long enough", "x") == "in plain"
    [(value,)] = execute(*place, "SELECT value FROM secrets WHERE name = 's'")
    assert value.startswith("sealed:")


def _kept(place: tuple[str, Path], key: str, fresh: str) -> str:
    metadata = Metadata.open(*place, SecretStr(key))
    try:
        return metadata.secret_of_system("s", fresh, now=1)
    finally:
        metadata.close()


def test_a_folders_own_key_seals_nothing_that_other_servers_have_to_open(tmp_path: Path) -> None:
    own = seal_for(tmp_path, "", alone=True).close("the secret", "a")
    shared = seal_for(tmp_path, "", alone=False)
    assert shared.close("the secret", "a") == "the secret"
    assert shared.open(own, "a") == "the secret"
    named = seal_for(tmp_path, "a key for all servers", alone=False)
    assert named.open(own, "a") == "the secret"
    assert Seal(["a key for all servers"]).open(named.close("x", "a"), "a") == "x"

"""A server that other machines reach needs a key that somebody set on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from factbook.access.keys import Keys
from factbook.cli.serve import require_key
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata
from tests.cli.commands import factbook
from tests.clocks import SetClock


def started(folder: Path, **presets: str) -> Keys:
    keys = Keys(Metadata.open("", folder), SetClock())
    keys.prepare(presets)
    return keys


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_alone_needs_none(tmp_path: Path, host: str) -> None:
    require_key(host, started(tmp_path))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "facts.internal"])
def test_others_do_not_reach_it_with_the_first_starts_own_key(tmp_path: Path, host: str) -> None:
    with pytest.raises(FactbookError) as refused:
        require_key(host, started(tmp_path))
    assert (refused.value.kind, refused.value.field) == (Kind.CONFLICT, "FACTBOOK_ADMIN_KEY")


def test_a_preset_key_or_one_that_was_made_is_enough(tmp_path: Path) -> None:
    require_key("0.0.0.0", started(tmp_path / "a", FACTBOOK_ADMIN_KEY="a key of sixteen characters"))
    keys = started(tmp_path / "b")
    made = keys.create(Scope.system(), "mine", Role.ADMIN)
    require_key("0.0.0.0", keys)
    keys.revoke(Scope.system(), made.row.id)
    with pytest.raises(FactbookError):
        require_key("0.0.0.0", keys)


def test_the_command_says_what_to_do_and_serves_nothing(tmp_path: Path) -> None:
    done = factbook("serve", data=tmp_path / "data", FACTBOOK_SERVER_HOST="0.0.0.0", PORT="0")
    assert done.returncode != 0
    assert "FACTBOOK_ADMIN_KEY" in done.stderr
    assert "Traceback" not in done.stderr

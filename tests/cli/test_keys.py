"""`factbook keys` beside a stopped and a running server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from factbook import cli
from factbook.access.keys import Keys
from factbook.core.clock import system_clock
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.folder import Folder
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock
from tests.listening import listening
from tests.transports.administration import administration

Run = Callable[..., tuple[int, str, str]]
ADMIN = "an-admin-key-of-mine"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    for name in ("FACTBOOK_ADMIN_KEY", "FACTBOOK_WRITE_KEY", "DATABASE_URL", "FACTBOOK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FACTBOOK_DATA", str(tmp_path))
    monkeypatch.setenv("SERVER_PORT", "8123")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(["keys", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def listed(run: Run, *arguments: str) -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = json.loads(run("list", "--json", *arguments)[1])
    return found


def scope_of(key: str, data: Path) -> Scope:
    metadata = Metadata.open("", data)
    try:
        return Keys(metadata, system_clock).scope(key.strip())
    finally:
        metadata.close()


def test_a_key_made_here_is_printed_alone_and_works(run: Run, tmp_path: Path) -> None:
    code, out, err = run("create", "web shop", "--role", "analyst")
    assert code == 0
    assert out.startswith("fb_analyst_")
    assert len(out.splitlines()) == 1
    assert "web shop" in err
    assert scope_of(out, tmp_path).role is Role.ANALYST


def test_a_command_run_elsewhere_leaves_the_zone_that_the_server_was_given(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = Metadata.open("", tmp_path)
    try:
        Keys(metadata, system_clock).prepare({}, zone="Europe/Berlin")
        monkeypatch.setenv("FACTBOOK_SERVER_TIMEZONE", "Asia/Tokyo")
        assert run("create", "web shop")[0] == 0
        assert metadata.tenant(Scope.system()).zone == "Europe/Berlin"
    finally:
        metadata.close()


def test_a_key_is_a_write_only_one_unless_told_otherwise(run: Run, tmp_path: Path) -> None:
    assert scope_of(run("create", "sender")[1], tmp_path).role is Role.WRITER


def test_the_list_never_shows_a_key(run: Run) -> None:
    _, key, _ = run("create", "web shop")
    _, table, _ = run("list")
    assert "web shop" in table
    assert key.strip() not in table
    [entry] = listed(run)
    assert (entry["name"], entry["role"]) == ("web shop", "writer")
    assert "key" not in entry


def test_a_revoked_key_is_refused_and_leaves_the_list(run: Run, tmp_path: Path) -> None:
    _, key, _ = run("create", "web shop")
    [entry] = listed(run)
    assert run("revoke", str(entry["id"]))[0] == 0
    with pytest.raises(FactbookError):
        scope_of(key, tmp_path)
    assert listed(run) == []
    assert len(listed(run, "--all")) == 1


def test_rotating_prints_a_fresh_key_and_ends_the_old(run: Run, tmp_path: Path) -> None:
    _, old, _ = run("create", "web shop")
    [entry] = listed(run)
    code, new, _ = run("rotate", str(entry["id"]))
    assert (code, scope_of(new, tmp_path).role) == (0, Role.WRITER)
    with pytest.raises(FactbookError):
        scope_of(old, tmp_path)


def test_the_last_admin_key_is_not_revoked(run: Run) -> None:
    run("create", "boss", "--role", "admin")
    code, _, err = run("revoke", str(listed(run)[0]["id"]))
    assert (code, "last admin key" in err) == (1, True)


def test_a_key_with_an_end_ends(run: Run) -> None:
    run("create", "guest", "--role", "viewer", "--days", "3")
    assert listed(run)[0]["expires_at"] is not None


def test_a_link_signs_in_at_the_next_start(run: Run, tmp_path: Path) -> None:
    _, line, _ = run("link")
    assert line.startswith("http://127.0.0.1:8123/?token=")
    metadata = Metadata.open("", tmp_path)
    sign_in = Keys(metadata, system_clock).sign_in
    assert sign_in.session(sign_in.exchange(line.strip().partition("token=")[2])).role is Role.ADMIN
    metadata.close()


def test_rotating_sign_ins_ends_the_links_made_so_far(run: Run, tmp_path: Path) -> None:
    _, line, _ = run("link")
    assert run("rotate", "--sign-ins")[0] == 0
    metadata = Metadata.open("", tmp_path)
    with pytest.raises(FactbookError):
        Keys(metadata, system_clock).sign_in.exchange(line.strip().partition("token=")[2])
    metadata.close()


@pytest.mark.parametrize("arguments", [("rotate",), ("rotate", "key_1", "--sign-ins"), ("revoke", "key_nobody")])
def test_what_cannot_be_done_is_one_clear_line(run: Run, arguments: tuple[str, ...]) -> None:
    code, _, err = run(*arguments)
    assert code == 1
    assert err.startswith("factbook: ")
    assert "Traceback" not in err


# Beside a running server


@pytest.fixture
def server(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Iterator[Keys]:
    """A server over the same data folder, announced in its lock file; yields its own keys."""
    scope = Scope("default", "test", Role.OWNER)
    folder = Folder(tmp_path)
    with administration(engine, scope, tmp_path, SetClock(system_clock())) as served:
        served.services.keys.prepare({"FACTBOOK_ADMIN_KEY": ADMIN})
        with listening(served.app) as address:
            folder.announce(address=address)
            yield served.services.keys
    folder.release()


def test_with_the_admin_key_a_running_server_takes_a_change_at_once(
    server: Keys, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTBOOK_ADMIN_KEY", ADMIN)
    code, key, err = run("create", "web shop")
    assert code == 0
    assert "15 seconds" not in err
    assert server.scope(key.strip()).role is Role.WRITER
    entry = next(each for each in listed(run) if each["name"] == "web shop")
    assert run("revoke", str(entry["id"]))[0] == 0
    with pytest.raises(FactbookError):
        server.scope(key.strip())


def test_without_it_the_server_takes_the_change_over_soon(server: Keys, run: Run) -> None:
    code, key, err = run("create", "web shop")
    assert code == 0
    assert "15 seconds" in err
    server.refresh()
    assert server.scope(key.strip()).role is Role.WRITER


def test_a_link_beside_a_running_server_is_good_there(server: Keys, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("", ADMIN):
        if key:
            monkeypatch.setenv("FACTBOOK_ADMIN_KEY", key)
        _, line, _ = run("link")
        assert server.sign_in.exchange(line.strip().partition("token=")[2])


def test_a_wrong_admin_key_is_told(server: Keys, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTBOOK_ADMIN_KEY", "not-the-key-of-this-server")
    code, _, err = run("list")
    assert (code, "not known here" in err) == (1, True)


def test_a_command_that_changes_something_is_in_the_audit_trail(run: Run, tmp_path: Path) -> None:
    code, _, told = run("create", "till")
    assert (code, run("list")[0]) == (0, 0)
    metadata = Metadata.open("", tmp_path)
    entries = list(metadata.audit.every(Scope.system()))
    metadata.close()
    assert [(entry.actor, entry.action, entry.thing) for entry in entries] == [
        ("cli", "key.create", told.split(":")[0])
    ]

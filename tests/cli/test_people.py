"""`factbook people` and `factbook tenants` on the data folder: links that work, and nobody locked out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factbook import cli
from factbook.access.keys import Keys
from factbook.core.clock import system_clock
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope, Tier
from factbook.storage.metadata import Metadata

Run = Callable[..., tuple[int, str, str]]
GOOD = "four unrelated words here"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    for name in ("FACTBOOK_ADMIN_KEY", "FACTBOOK_WRITE_KEY", "DATABASE_URL", "FACTBOOK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FACTBOOK_DATA", str(tmp_path))
    monkeypatch.setenv("SERVER_PORT", "8123")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return call


def joined(line: str, data: Path) -> Scope:
    """Who sets the password by the printed line."""
    assert line.startswith("http://127.0.0.1:8123/set-password#")
    metadata = Metadata.open("", data)
    try:
        return Keys(metadata, system_clock).people.set_password(line.strip().partition("#")[2], GOOD).scope
    finally:
        metadata.close()


def signed_in(data: Path, email: str) -> Scope:
    metadata = Metadata.open("", data)
    try:
        return Keys(metadata, system_clock).people.sign_in(email, GOOD).scope
    finally:
        metadata.close()


def listed(run: Run, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*arguments, "--json")[1])
    return found


def test_a_person_is_added_with_a_link_alone_on_stdout(run: Run, tmp_path: Path) -> None:
    code, out, err = run("people", "add", "ada@example.com", "--role", "owner", "--name", "Ada")
    assert (code, len(out.splitlines())) == (0, 1)
    assert "48 hours" in err
    scope = joined(out, tmp_path)
    assert (scope.tenant, scope.role) == ("default", Role.OWNER)
    [person] = listed(run, "people", "list")
    assert (person["email"], person["state"]) == ("ada@example.com", "active")
    assert "Ada" in run("people", "list")[1]


def test_role_disable_and_reset_go_by_address_or_id(run: Run, tmp_path: Path) -> None:
    joined(run("people", "add", "ada@example.com")[1], tmp_path)
    [person] = listed(run, "people", "list")
    assert run("people", "role", "ADA@example.com", "analyst")[0] == 0
    assert signed_in(tmp_path, "ada@example.com").role is Role.ANALYST
    assert run("people", "disable", person["id"])[0] == 0
    with pytest.raises(FactbookError):
        signed_in(tmp_path, "ada@example.com")
    assert run("people", "disable", person["id"], "--end")[0] == 0
    joined(run("people", "reset", "ada@example.com")[1], tmp_path)
    assert signed_in(tmp_path, "ada@example.com").actor == person["id"]


@pytest.mark.parametrize("arguments", [("role", "x@example.com", "viewer"), ("disable", "x"), ("reset", "person_1")])
def test_who_is_not_there_is_told_as_such(run: Run, arguments: tuple[str, ...]) -> None:
    code, _, err = run("people", *arguments)
    assert (code, "There is no person" in err) == (1, True)


def test_the_last_owner_stays(run: Run) -> None:
    run("people", "add", "ada@example.com", "--role", "owner")
    code, _, err = run("people", "disable", "ada@example.com")
    assert (code, "last owner" in err) == (1, True)


def test_a_tenant_is_added_with_its_first_owner_and_people_of_its_own(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("tenants", "add", "shop", "--name", "The Shop", "--tier", "pro", "--owner", "bob@example.com")
    assert code == 0
    scope = joined(out, tmp_path)
    assert (scope.tenant, scope.role, scope.tier) == ("shop", Role.OWNER, Tier.PRO)
    assert [person["email"] for person in listed(run, "people", "list", "--tenant", "shop")] == ["bob@example.com"]
    assert listed(run, "people", "list") == []
    assert [tenant["id"] for tenant in listed(run, "tenants", "list")] == ["default", "shop"]
    assert run("tenants", "add", "shop")[0] == 1
    assert run("people", "list", "--tenant", "nope")[0] == 1


def test_a_suspended_tenant_is_refused_until_it_ends(run: Run, tmp_path: Path) -> None:
    joined(run("tenants", "add", "shop", "--owner", "bob@example.com")[1], tmp_path)
    assert "its data is kept" in run("tenants", "suspend", "shop")[1]
    assert [tenant["state"] for tenant in listed(run, "tenants", "list")] == ["active", "suspended"]
    with pytest.raises(FactbookError, match="suspended"):
        signed_in(tmp_path, "bob@example.com")
    run("tenants", "suspend", "shop", "--end")
    assert signed_in(tmp_path, "bob@example.com").tenant == "shop"
    code, _, err = run("tenants", "suspend", "default")
    assert (code, "cannot be suspended" in err) == (1, True)


def test_an_owner_s_key_is_made_by_whoever_may_write_the_folder(run: Run, tmp_path: Path) -> None:
    key = run("keys", "create", "boss", "--role", "owner")[1].strip()
    metadata = Metadata.open("", tmp_path)
    assert Keys(metadata, system_clock).scope(key).role is Role.OWNER
    metadata.close()

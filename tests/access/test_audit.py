"""The audit trail: a chain that nobody breaks unseen, appended to by many at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from factbook.access.audit import Audit
from factbook.core.scope import Role, Scope
from factbook.storage.audit_rows import Noted, Sought
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock
from tests.databases import execute

SHOP = Scope("shop", "key_1", Role.ADMIN)
BANK = Scope("bank", "key_2", Role.ADMIN)


@pytest.fixture
def audit(metadata: Metadata, clock: SetClock) -> Audit:
    return Audit(metadata.audit, clock)


def test_entries_of_a_tenant_follow_one_another_and_are_his_alone(audit: Audit) -> None:
    audit.note(SHOP, "key.create", "key_9", detail={"after": {"name": "till"}})
    audit.note(BANK, "key.create", "key_8")
    audit.note(SHOP, "key.revoke", "key_9")
    second, first = audit.found(SHOP, Sought(), 10)
    assert (first.number, second.number, second.previous) == (1, 2, first.hash)
    assert audit.head(SHOP).hash == second.hash
    assert [entry.thing for entry in audit.found(BANK, Sought(), 10)] == ["key_8"]
    assert audit.broken(SHOP) is None
    assert audit.broken(BANK) is None


@pytest.mark.parametrize(
    ("tampering", "number"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE number = 2", 2),
        ("UPDATE audit SET detail = '{}' WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 3", 3),
        ("UPDATE audit SET previous = hash WHERE number = 3", 3),
        ("UPDATE audit_heads SET hash = 'f'", 3),
    ],
)
def test_the_first_entry_that_was_tampered_with_is_named(
    audit: Audit, database_address: str, tmp_path: Path, tampering: str, number: int
) -> None:
    for thing in "abc":
        audit.note(SHOP, "segment.put", thing, detail={"after": thing})
    execute(database_address, tmp_path, tampering)
    broken = audit.broken(SHOP)
    assert broken is not None
    assert broken.number == number


def test_many_threads_append_to_one_sound_chain(metadata: Metadata, clock: SetClock) -> None:
    def append(thing: str) -> None:
        own = Audit(metadata.audit, clock)
        for number in range(10):
            own.note(SHOP, "segment.put", f"{thing}{number}")

    threads = [threading.Thread(target=append, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    audit = Audit(metadata.audit, clock)
    assert audit.head(SHOP).number == 40
    assert audit.broken(SHOP) is None


_APPENDING = """
import sys
from pathlib import Path
from factbook.access.audit import Audit
from factbook.core.clock import system_clock
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata
metadata = Metadata.open(sys.argv[1], Path(sys.argv[2]))
audit = Audit(metadata.audit, system_clock)
for number in range(10):
    audit.note(Scope("shop", "key_1", Role.ADMIN), "segment.put", str(number))
metadata.close()
"""


def test_two_processes_append_to_one_sound_chain(audit: Audit, database_address: str, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", _APPENDING, database_address, str(tmp_path)]
    processes = [subprocess.Popen(arguments) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert audit.head(SHOP).number == 20
    assert audit.broken(SHOP) is None


def test_refusals_of_one_actor_at_one_path_are_one_entry_a_minute(audit: Audit, clock: SetClock) -> None:
    for _ in range(1000):
        audit.refused("shop", "key_1", "GET /api/v1/admin/audit", 403, "10.0.0.1")
    assert audit.flush() == 0
    clock.forward(minutes=1)
    audit.refused("shop", "key_1", "GET /api/v1/admin/audit", 403, "10.0.0.2")
    assert audit.flush() == 1
    newest, older = audit.found(SHOP, Sought(), 10)
    assert '"count":1000' in older.detail
    assert '"count":1,' in newest.detail
    assert newest.result == "refused"


def test_who_looks_while_refusals_are_entered_finds_them(audit: Audit, clock: SetClock) -> None:
    found: list[int] = []
    for number in range(20):
        for _ in range(50):
            audit.refused("shop", "", f"GET /{number}", 401)
        clock.forward(minutes=1)
        flushing = threading.Thread(target=audit.flush)
        flushing.start()
        found.append(len(audit.found(SHOP, Sought(), 100)))
        flushing.join()
    assert found == list(range(1, 21))


def test_a_flood_over_many_paths_is_counted_in_a_bounded_number_of_entries(audit: Audit) -> None:
    for number in range(5000):
        audit.refused("shop", "", f"GET /{number}", 401, f"10.0.{number % 250}.1")
    assert audit.flush(all=True) <= 501
    assert (
        sum(int(entry.detail.split('"count":')[1].split(",")[0]) for entry in audit.found(SHOP, Sought(), 1000)) == 5000
    )


def test_text_that_no_database_keeps_does_not_break_the_chain(audit: Audit) -> None:
    audit.note(SHOP, "sign_in", "a\0b\udc80" * 200, detail={"x": "\ud800\0"})
    assert audit.broken(SHOP) is None


def test_entries_are_found_by_time_actor_action_thing_and_result(metadata: Metadata, audit: Audit) -> None:
    rows = [
        Noted(at, actor, action, "t", result, {})
        for at, actor, action, result in [(1, "a", "x", "done"), (2, "b", "x", "refused"), (3, "a", "y", "done")]
    ]
    metadata.audit.append(SHOP, rows)

    def found(**sought: object) -> list[int]:
        return [entry.number for entry in audit.found(SHOP, Sought(**sought), 10)]  # type: ignore[arg-type]

    assert found(actor="a") == [3, 1]
    assert found(action="x") == [2, 1]
    assert found(result="refused") == [2]
    assert found(since=2, until=3) == [2]
    assert found(before=3) == [2, 1]
    assert found(thing="none") == []

"""`factbook load` as a user runs it: what it says, what it keeps, what a repeat does."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.commands import factbook
from tests.ingest.stand_in import stand_in

SALES = "at,customer,total\n2020-01-01 10:00,a,12.50\nsoon,b,1\n2020-01-02 11:00,c,7.25\n"
MAPPED = ("--type", "purchase", "--map", "timestamp=at", "--map", "user_id=customer", "--map", "amount=total")


def sales(folder: Path, content: str = SALES) -> str:
    path = folder / "sales.csv"
    path.write_text(content)
    return str(path)


def test_loaded_rows_are_in_the_warehouse_and_a_repeat_adds_nothing(tmp_path: Path) -> None:
    file, data = sales(tmp_path), tmp_path / "data"
    first = factbook("load", file, *MAPPED, "--timezone", "Europe/Berlin", data=data)
    assert first.returncode == 0, first.stderr
    assert "sales.csv: 3 rows, 2 kept, 1 refused." in first.stdout
    assert "bad_time: 1" in first.stdout
    assert "row 2: timestamp: Not a time" in first.stdout
    again = factbook("load", file, *MAPPED, "--timezone", "Europe/Berlin", data=data)
    assert (again.returncode, again.stdout) == (0, "sales.csv: loaded already, 3 rows; nothing to do.\n")
    fields = ("--format", "ndjson", "--fields", "timestamp,user_id,properties")
    shown = factbook("export", "--type", "purchase", *fields, data=data)
    events = [json.loads(line) for line in shown.stdout.splitlines()]
    assert events == [
        {"timestamp": "2020-01-01T09:00:00.000Z", "user_id": "a", "properties": {"amount": 12.5}},
        {"timestamp": "2020-01-02T10:00:00.000Z", "user_id": "c", "properties": {"amount": 7.25}},
    ]


def test_a_load_is_seen_among_the_imports(tmp_path: Path) -> None:
    file, data = sales(tmp_path), tmp_path / "data"
    for _ in range(2):
        assert factbook("load", file, *MAPPED, data=data).returncode == 0
    asked = ("import_jobs", "imports_completed", "rows_imported", "rows_rejected", "imports_running")
    told = factbook("query", *asked, "--period", "7d", "--format", "json", data=data)
    assert told.returncode == 0, told.stderr
    assert list(json.loads(told.stdout)["total"]["values"].values()) == [1, 1, 2, 1, 0]


def test_dry_run_shows_the_events_and_touches_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shown = factbook("load", sales(tmp_path), *MAPPED, "--dry-run", data=data)
    assert shown.returncode == 0
    assert '"timestamp": "2020-01-01T10:00:00Z"' in shown.stdout
    assert '"amount": 12.50' in shown.stdout
    assert "would be refused: Not a time" in shown.stdout
    assert not data.exists()


def test_load_without_a_time_names_the_way_out(tmp_path: Path) -> None:
    refused = factbook("load", sales(tmp_path), "--type", "purchase", data=tmp_path / "data")
    assert refused.returncode == 1
    assert "Nothing in sales.csv tells the timestamp" in refused.stderr
    assert "--map timestamp=" in refused.stderr
    assert "at, customer, total" in refused.stderr


def test_load_that_keeps_nothing_fails(tmp_path: Path) -> None:
    file = sales(tmp_path, "at,customer,total\nsoon,b,1\n")
    failed = factbook("load", file, *MAPPED, data=tmp_path / "data")
    assert failed.returncode == 1
    assert "1 rows, 0 kept, 1 refused" in failed.stdout


def test_load_into_a_running_server_needs_only_its_address_and_key(tmp_path: Path) -> None:
    with stand_in() as server:
        loaded = factbook(
            "load", sales(tmp_path), *MAPPED, "--to", server.address, "--key", "k", data=tmp_path / "data"
        )
        assert loaded.returncode == 0, loaded.stderr
        assert server.events == 3 + 2  # and that it began and was completed
    assert not (tmp_path / "data").exists()


def test_load_into_a_server_without_a_key_is_refused_with_the_hint(tmp_path: Path) -> None:
    refused = factbook("load", sales(tmp_path), *MAPPED, "--to", "http://127.0.0.1:9", data=tmp_path / "data")
    assert refused.returncode == 1
    assert "wants a key" in refused.stderr
    assert "FACTBOOK_ADMIN_KEY" in refused.stderr

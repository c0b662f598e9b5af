"""`factbook migrate` makes and upgrades both databases, and may be repeated or refused plainly."""

from __future__ import annotations

from pathlib import Path

from factbook.storage.folder import Folder

from .conftest import Run


def test_first_run_makes_both_databases_and_the_next_changes_nothing(factbook: Run) -> None:
    first, second = factbook("migrate"), factbook("migrate")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "applied 0001_events" in first.stdout
    assert second.stdout.count("at the newest schema") == 2


def test_folder_in_use_is_refused_with_the_process_that_holds_it(factbook: Run, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    try:
        done = factbook("migrate")
    finally:
        folder.release()
    assert done.returncode == 1
    assert "is in use by process" in done.stderr
    assert "Traceback" not in done.stderr


def test_warehouse_on_a_server_is_made(factbook: Run, clickhouse_url: str) -> None:
    done = factbook("migrate", FACTBOOK_WAREHOUSE=clickhouse_url)
    assert done.returncode == 0, done.stderr
    assert "warehouse (server): applied" in done.stdout

"""`factbook retention` removes what is too old, in this process or through the server that runs."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from factbook.bench.server import Served
from factbook.storage.folder import Folder

from .conftest import Run

OLD = [{"event_type": "purchase", "timestamp": f"2020-01-02T03:0{minute}:05Z"} for minute in range(3)]


def test_old_rollups_go_and_a_second_run_finds_nothing(factbook: Run, tmp_path: Path) -> None:
    file = tmp_path / "old.ndjson"
    file.write_text("\n".join(json.dumps(event) for event in OLD))
    loaded = factbook("load", str(file))
    assert loaded.returncode == 0, loaded.stderr
    first, second = factbook("retention"), factbook("retention")
    assert first.returncode == 0, first.stderr
    assert "minute_aggregates" in first.stdout
    assert "older than 365 days" in first.stdout
    assert second.stdout == "0 rows removed.\n"


def test_running_server_is_asked_without_a_key(factbook: Run, tmp_path: Path) -> None:
    with Served(tmp_path / "data") as server:
        history = {"x-api-key": server.admin_key, "x-factbook-history": "true"}
        sent = httpx.post(f"http://127.0.0.1:{server.port}/api/v1/events/batch", json=OLD, headers=history)
        assert sent.json()["processed_count"] == 3, sent.text
        done = factbook("retention")
        told = factbook("doctor", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("rows removed.\n")
    found = {finding["topic"]: finding for finding in json.loads(told.stdout)["findings"]}
    assert (found["server"]["state"], found["server's warehouse"]["state"]) == ("ok", "ok")
    assert "ms" in found["server's warehouse"]["message"]  # the long form: the operator is signed in


def test_folder_held_by_a_command_is_refused(factbook: Run, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    try:
        done = factbook("retention")
    finally:
        folder.release()
    assert (done.returncode, "is in use by process" in done.stderr) == (1, True)

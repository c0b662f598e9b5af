"""`factbook tenants usage`: from the data folder, or from the server that runs on it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from factbook.bench.server import Served

from .conftest import Run


def test_usage_is_told_by_the_folder_and_by_the_server_alike(factbook: Run, tmp_path: Path) -> None:
    with Served(tmp_path / "data") as server:
        sent = [{"event_type": "purchase"} for _ in range(3)]
        address = f"http://127.0.0.1:{server.port}"
        httpx.post(f"{address}/api/v1/events/batch", json=sent, headers={"x-api-key": server.admin_key})
        missing = factbook("tenants", "usage", "nope")
    told = factbook("tenants", "usage", "default", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert (found["tenant"], found["events_kept"], found["events_this_month"], found["people"]) == ("default", 3, 3, 0)
    assert (missing.returncode, "There is no tenant" in missing.stderr) == (1, True)

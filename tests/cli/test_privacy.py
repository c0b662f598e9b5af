"""`factbook privacy` tells, erases and reports: through the server that runs, or in this process."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from factbook.bench.server import Served

from .conftest import Run

EVENTS = [{"event_type": "page_view", "user_id": user} for user in ("ann", "ann", "bob")]


def test_a_person_is_told_of_erased_and_reported_without_a_server(factbook: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(json.dumps({**event, "timestamp": "2026-01-05T10:00:00Z"}) for event in EVENTS))
    assert factbook("load", str(file)).returncode == 0
    told = factbook("privacy", "export", "ann", "-o", str(tmp_path / "ann.json"))
    assert told.stdout.startswith("2 events written"), told.stderr
    assert len(json.loads((tmp_path / "ann.json").read_text())["events"]) == 2
    erased = factbook("privacy", "erase", "ann", "--yes")
    receipt = json.loads(erased.stdout)
    assert (receipt["state"], receipt["removed"]["events"], receipt["left"]["events"]) == ("done", 2, 0)
    report = json.loads(factbook("privacy", "report").stdout)
    assert json.loads(factbook("privacy", "export", "ann").stdout)["events"] == []
    assert report["erasures"]["by_state"] == {"done": 1}


def test_a_running_server_erases_though_it_is_killed_in_the_middle(factbook: Run, tmp_path: Path) -> None:
    with Served(tmp_path / "data") as server:
        headers = {"x-api-key": server.admin_key}
        sent = httpx.post(f"http://127.0.0.1:{server.port}/api/v1/events/batch", json=EVENTS * 200, headers=headers)
        assert sent.json()["processed_count"] == 600, sent.text
        asked = httpx.delete(f"http://127.0.0.1:{server.port}/api/v1/privacy/users/ann", headers=headers).json()
        place = f"/api/v1/privacy/requests/{asked['id']}"
        while server.get(place)[1]["state"] == "waiting":
            pass
        server.kill()
        server.start()
        while server.get(place)[1]["state"] != "done":
            pass
        receipt = server.get(place)[1]
        told = json.loads(factbook("privacy", "export", "ann").stdout)
        doctor = json.loads(factbook("doctor", "--json").stdout)
        found = server.get("/api/v1/analytics/events?limit=1000")[1]["events"]
    assert receipt["removed"]["events"] == 400
    assert set(receipt["left"].values()) == {0}
    assert told["events"] == []
    assert {event["user_id"] for event in found} == {"bob"}
    assert {one["topic"]: one["state"] for one in doctor["findings"]}["audit"] == "ok"

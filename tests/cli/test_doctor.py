"""doctor tells what is set and from where, what answers, what is wrong and how to mend it, and changes nothing."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from factbook.cli import checkup
from factbook.cli.checkup import machine, running, stores
from factbook.cli.checkup.finding import BROKEN, NOTE, OK, Examined, Finding
from factbook.core.settings import load

from .conftest import Run

SECRET = "hush-hush-hush-hush"


def examined(data: Path, holder: dict[str, Any] | None = None, **environ: str) -> Examined:
    return Examined(load(None, {"FACTBOOK_DATA": str(data), **environ}), holder or {})


def one(findings: Iterator[Finding]) -> Finding:
    (found,) = findings
    return found


def test_nothing_is_broken_on_a_fresh_machine_and_nothing_is_made(factbook: Run, tmp_path: Path) -> None:
    done = factbook("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is broken." in done.stdout
    assert not (tmp_path / "data").exists()


def test_made_warehouse_is_found_with_version_and_schema(factbook: Run) -> None:
    assert factbook("migrate").returncode == 0
    done = factbook("doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = {finding["topic"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert "ClickHouse" in found["warehouse"]["message"]
    assert found["warehouse schema"]["message"].startswith("newest")
    assert "newest schema" in found["metadata"]["message"]


def test_json_tells_each_value_its_source_and_its_use_and_no_secret(factbook: Run, tmp_path: Path) -> None:
    done = factbook(
        "doctor", "--json", FACTBOOK_ADMIN_KEY=SECRET, REDIS_URL=f"redis://:{SECRET}@r", NATS_URL="nats://n:1"
    )
    body = json.loads(done.stdout)
    values = {value["key"]: value for value in body["configuration"]}
    assert values["server.data"] == {
        "key": "server.data",
        "value": str(tmp_path / "data"),
        "source": "environment FACTBOOK_DATA",
        "used": True,
    }
    assert values["server.host"]["source"] == "default"
    assert values["security.admin_key"]["value"] == "****"
    assert (values["redis.url"]["value"], values["redis.url"]["used"]) == ("redis://:****@r", True)
    assert SECRET not in done.stdout + done.stderr
    [note] = [finding["message"] for finding in body["findings"] if finding["topic"] in ("redis.url", "nats.url")]
    assert "not used by this version" in note
    [cache] = [finding for finding in body["findings"] if finding["topic"] == "cache"]
    assert (cache["state"], "Redis does not answer" in cache["message"]) == ("broken", True)


def test_wrong_configuration_is_a_finding(factbook: Run) -> None:
    done = factbook("doctor", EVENT_BATCH_SIZE="5")
    assert done.returncode == 1
    assert "analytics.ingestion.batch_size = 5 (environment EVENT_BATCH_SIZE)" in done.stdout
    assert "10 to 10,000" in done.stdout


def test_unreachable_warehouse_and_database_are_broken_with_a_way_out(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers
        port = taken.getsockname()[1]
        found = one(
            stores.warehouse(examined(tmp_path, FACTBOOK_WAREHOUSE=f"clickhouse://u:{SECRET}@127.0.0.1:{port}/d"))
        )
    assert (found.topic, found.state) == ("warehouse", BROKEN)
    assert f"127.0.0.1:{port} does not answer" in found.message
    assert "FACTBOOK_WAREHOUSE" in found.mend
    assert SECRET not in found.message


def test_warehouse_on_a_server_is_found_with_its_clock(tmp_path: Path, clickhouse_url: str) -> None:
    found = {
        finding.topic: finding for finding in stores.warehouse(examined(tmp_path, FACTBOOK_WAREHOUSE=clickhouse_url))
    }
    assert (found["warehouse"].state, found["warehouse clock"].state) == (OK, OK)
    assert found["warehouse schema"].state == NOTE
    assert "factbook migrate" in found["warehouse schema"].mend


def test_schema_that_was_changed_or_is_newer_is_broken() -> None:
    from factbook.storage.migrate import migrations

    names = [name for name, _ in migrations()]
    assert stores._schema({**dict.fromkeys(names, "x")}).state == BROKEN
    newer = stores._schema({"9999_later": "x"})
    assert (newer.state, "9999_later" in newer.message) == (BROKEN, True)


def test_waiting_events_are_counted_beside_a_running_server(tmp_path: Path) -> None:
    from factbook.ingest.journal import SqliteJournal

    journal = SqliteJournal(tmp_path / "journal.db")
    try:
        journal.append(b"x" * 100, 7, 1_700_000_000_000)
        waiting = one(stores.journal(examined(tmp_path)))
        running = one(stores.journal(examined(tmp_path, {"pid": 1})))
        journal.append(b"y", 1, 1_700_000_000_001)
    finally:
        journal.close()
    assert waiting.state == NOTE
    assert waiting.message.startswith("7 events wait (100 bytes)")
    assert running.state == OK


def test_damaged_journal_is_broken(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database, " * 100)
    assert one(stores.journal(examined(tmp_path))).state == BROKEN
    with pytest.raises(sqlite3.Error):
        sqlite3.connect(tmp_path / "journal.db").execute("SELECT 1 FROM entries")


def test_metadata_that_was_never_upgraded_says_how(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "metadata.db").execute("CREATE TABLE x (y)").connection.close()
    found = one(stores.metadata(examined(tmp_path)))
    assert (found.state, "factbook migrate" in found.mend) == (NOTE, True)


def test_folder_that_cannot_be_written_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    found = one(machine.folder(examined(file)))
    assert (found.state, bool(found.mend)) == (BROKEN, True)


def test_folder_names_who_holds_it(tmp_path: Path) -> None:
    assert "held by process 4711" in one(machine.folder(examined(tmp_path, {"pid": 4711}))).message
    assert "held by nobody" in one(machine.folder(examined(tmp_path))).message


def test_taken_port_is_broken_and_a_free_one_is_not(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = one(machine.port(examined(tmp_path, SERVER_PORT=port)))
        assert (found.state, "SERVER_PORT" in found.mend) == (BROKEN, True)
        assert list(machine.port(examined(tmp_path, {"pid": 1}, SERVER_PORT=port))) == []
    assert one(machine.port(examined(tmp_path, SERVER_PORT=port))).state == OK


@pytest.mark.parametrize(
    ("free", "state"), [(2**20, BROKEN), (2**29, NOTE), (2**40, OK)], ids=["full", "low", "enough"]
)
def test_disk_space(free: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = SimpleNamespace(free=free, total=2**41)
    monkeypatch.setattr(machine, "shutil", SimpleNamespace(disk_usage=lambda _: usage))
    assert one(machine.disk(examined(tmp_path))).state == state


@pytest.mark.parametrize(("available", "state"), [(2**28, BROKEN), (3 * 2**28, NOTE), (2**33, OK)])
def test_memory(available: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_memory_available", lambda: available)
    assert one(machine.memory(examined(tmp_path))).state == state


def test_low_limit_of_open_files_says_how_to_raise_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = SimpleNamespace(getrlimit=lambda _: (1024, 4096), RLIMIT_NOFILE=7, RLIM_INFINITY=-1)
    monkeypatch.setattr(machine, "resource", limits)
    found = one(machine.open_files(examined(tmp_path)))
    assert (found.state, "ulimit" in found.mend) == (NOTE, True)


def test_clock_that_lost_its_time_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "time", SimpleNamespace(time=lambda: 1000.0))
    assert one(machine.clock(examined(tmp_path))).state == BROKEN


def test_file_of_places_must_be_one(tmp_path: Path) -> None:
    wrong = tmp_path / "places.mmdb"
    wrong.write_text("no")
    for path in (wrong, tmp_path / "missing.mmdb"):
        found = one(machine.places(examined(tmp_path, FACTBOOK_ANALYTICS_INGESTION_GEO_DATABASE=str(path))))
        assert (found.state, "geo_database" in found.mend) == (BROKEN, True)


def test_check_that_fails_is_a_finding_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Examined) -> Iterator[Finding]:
        raise RuntimeError("boom")

    monkeypatch.setattr(checkup, "CHECKS", (broken, machine.python))
    first, second = checkup.examine(examined(tmp_path))
    assert (first.topic, first.state, "boom" in first.message) == ("broken", BROKEN, True)
    assert second.topic == "python"


class Answering(BaseHTTPRequestHandler):
    """Stands for a running server."""

    health: dict[str, Any] = {}
    keys: list[str | None] = []

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.keys.append(self.headers.get("x-api-key"))
        body = json.dumps(self.health if self.path == "/healthz" else {}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def address() -> Iterator[str]:
    Answering.keys = []
    served = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_address[1]}"
    served.shutdown()
    served.server_close()
    thread.join()


def test_running_server_is_asked_with_the_key_and_its_answer_is_told(address: str, tmp_path: Path) -> None:
    Answering.health = {
        "status": "degraded",
        "version": "0.1.0",
        "parts": {
            "warehouse": {"state": "down", "message": "no answer"},
            "database": {"state": "up", "milliseconds": 1},
        },
        "journal": {"depth": 12, "oldest_age_seconds": 40, "last_error": "no answer"},
        "sessions": {"waiting_events": 9, "lag_seconds": 400.0, "message": "9 events wait to be built into sessions."},
    }
    asked = examined(tmp_path, {"pid": 7, "address": address}, FACTBOOK_ADMIN_KEY=SECRET)
    found = {finding.topic: finding for finding in running.server(asked)}
    assert Answering.keys == [SECRET]
    assert (found["server"].state, "degraded" in found["server"].message) == (NOTE, True)
    assert (found["server's warehouse"].state, found["server's database"].state) == (BROKEN, OK)
    assert "12 events wait" in found["server's line"].message
    late = found["server's sessions"]
    assert (late.state, late.message, bool(late.mend)) == (NOTE, "9 events wait to be built into sessions.", True)


def test_process_that_holds_the_folder_and_does_not_answer_is_broken(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        found = one(running.server(examined(tmp_path, {"pid": 7, "address": address})))
    assert (found.state, bool(found.mend)) == (BROKEN, True)


def test_the_first_entry_of_the_audit_trail_that_was_changed_is_named(factbook: Run, tmp_path: Path) -> None:
    for name in ("till", "shop"):
        assert factbook("keys", "create", name).returncode == 0
    with closing(sqlite3.connect(tmp_path / "data" / "metadata.db")) as database, database:
        database.execute("UPDATE audit SET thing = 'another' WHERE number = 2")
    done = factbook("doctor", "--json")
    [found] = [one for one in json.loads(done.stdout)["findings"] if one["topic"] == "audit"]
    assert (done.returncode, found["state"]) == (1, "broken")
    assert "entry 2 was changed" in found["message"]

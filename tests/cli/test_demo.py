"""`factbook demo` as a user runs it, against a server that counts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.cli.commands import factbook
from tests.ingest.stand_in import stand_in

EVENTS = 69_659 + 328_521 + 328_063 + 8_255


def test_demo_loads_every_event_once_and_a_repeat_says_so(tmp_path: Path) -> None:
    with stand_in() as server:
        server.answers = [(503, {"Retry-After": "0"})]
        first = factbook("demo", "--to", server.address, "--key", "k", data=tmp_path)
        assert first.returncode == 0, first.stderr
        assert server.events == EVENTS
        assert (
            f"{EVENTS:,} events loaded of {EVENTS:,}, the last of them at {datetime.now(UTC):%Y-%m-%d}" in first.stdout
        )
        again = factbook("demo", "--to", server.address, "--key", "k", data=tmp_path)
        assert again.returncode == 0
        assert "loaded already" in again.stdout
        assert server.events == EVENTS
        assert len({headers["X-Factbook-Load"] for headers in server.requests}) == 3


def test_demo_goes_on_where_an_earlier_one_stopped(tmp_path: Path) -> None:
    with stand_in() as server:
        server.positions = {"demo:cdnow": 69_000, "demo:flights": 660_000}
        loaded = factbook("demo", "--as-it-was", "--to", server.address, "--key", "k", data=tmp_path)
        assert loaded.returncode == 0, loaded.stderr
        assert server.events == 659 + 4_839
        assert "the last of them at 2014-01-01 10:53 UTC" in loaded.stdout

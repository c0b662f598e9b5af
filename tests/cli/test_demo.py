"""`factbook demo` as a user runs it, against a server that counts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from factbook.demo.businesses.made_up import SOURCE, businesses
from tests.cli.commands import factbook
from tests.ingest.stand_in import stand_in

REAL = 69_659 + 328_521 + 328_063 + 8_255


def test_demo_loads_every_event_once_and_a_repeat_says_so(tmp_path: Path) -> None:
    with stand_in() as server:
        server.answers = [(503, {"Retry-After": "0"})]
        first = factbook("demo", "--to", server.address, "--key", "k", data=tmp_path)
        assert first.returncode == 0, first.stderr
        made_up = sum(len(dataset.moments) for dataset in businesses(server.positions["demo:anchor"]))
        events = REAL + made_up
        assert server.events == events
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        assert f"{events:,} events loaded of {events:,}, the last of them at {today}" in first.stdout
        assert f"{made_up:,} of them are made up (their source is {SOURCE})" in first.stdout
        again = factbook("demo", "--to", server.address, "--key", "k", data=tmp_path)
        assert again.returncode == 0
        assert "loaded already" in again.stdout
        assert server.events == events
        assert len({headers["X-Factbook-Load"] for headers in server.requests}) == 7


def test_demo_goes_on_where_an_earlier_one_stopped(tmp_path: Path) -> None:
    with stand_in() as server:
        server.positions = {"demo:cdnow": 69_000, "demo:flights": 660_000}
        loaded = factbook("demo", "--as-it-was", "--to", server.address, "--key", "k", data=tmp_path)
        assert loaded.returncode == 0, loaded.stderr
        assert server.events == 659 + 4_839
        assert "the last of them at 2014-01-01 10:53 UTC" in loaded.stdout


def test_what_is_made_up_goes_on_too_with_the_moment_that_the_load_began_with(tmp_path: Path) -> None:
    anchor = 1_790_000_000
    sizes = {dataset.name: len(dataset.moments) for dataset in businesses(anchor)}
    with stand_in() as server:
        server.positions = {"demo:anchor": anchor, "demo:cdnow:shifted": 69_659, "demo:flights:shifted": 664_839}
        server.positions |= {"demo:made-up-content:shifted": 4_000, "demo:made-up-trading:shifted": 100}
        loaded = factbook("demo", "--to", server.address, "--key", "k", data=tmp_path)
        assert loaded.returncode == 0, loaded.stderr
        assert server.events == sum(sizes.values()) - 4_100
        assert {name: server.positions[f"demo:{name}:shifted"] for name in sizes} == sizes
        assert f"the last of them at {datetime.fromtimestamp(anchor, UTC):%Y-%m-%d %H:%M} UTC." in loaded.stdout

"""The made-up businesses: few events, the same for the same moment, said to be made up, and worth looking at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.demo.businesses.days import DAY, Fortnight
from factbook.demo.businesses.made_up import SOURCE, businesses
from factbook.demo.loading import batch, load_demo
from factbook.ingest.file_sink import IntakeSink
from factbook.metrics.catalog import built_in
from factbook.metrics.event_types import told_event_types
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import content, dashboards, imports, systems, trading
from tests.ingest.way_in import letters, way_in
from tests.transports.reading_services import NOW, Reading, reading

END = int(NOW.timestamp())
ANALYTICS = "/api/v1/analytics"


def events(end: int = END) -> list[dict[str, Any]]:
    return [
        event
        for dataset in businesses(end)
        for event in msgspec.to_builtins(batch(dataset, end, 0, len(dataset.moments)))
    ]


@pytest.fixture(scope="module")
def made() -> list[dict[str, Any]]:
    return events()


def test_they_are_few_and_of_the_fortnight_up_to_the_given_moment(made: list[dict[str, Any]]) -> None:
    assert 30_000 < len(made) <= 60_000
    for dataset in businesses(END):
        assert bool(np.all(np.diff(dataset.moments) >= 0))
        assert dataset.moments[-1] == END * 1000
        assert 0 < END * 1000 - dataset.moments[0] <= 14 * DAY


def test_every_event_says_that_it_is_made_up(made: list[dict[str, Any]]) -> None:
    assert {event["source"] for event in made} == {SOURCE}
    assert "made-up" in SOURCE
    assert all("made up" in dataset.title and dataset.is_made_up for dataset in businesses(END))


def test_the_same_moment_brings_the_same_events_and_another_one_others(made: list[dict[str, Any]]) -> None:
    businesses.cache_clear()
    assert events() == made
    later = events(END + 86_400)
    assert not {event["event_id"] for event in later} & {event["event_id"] for event in made}
    assert len({event["event_id"] for event in made}) == len(made)


def test_they_send_what_the_packs_declare(made: list[dict[str, Any]]) -> None:
    types = {one["event_type"]: one["schema"]["properties"] for one in told_event_types(built_in())["event_types"]}
    kinds: dict[str, type | tuple[type, ...]] = {"number": (int, float), "string": str, "boolean": bool}
    for event in made:
        for name, value in event["properties"].items():
            assert isinstance(value, kinds[types[event["event_type"]][name]["type"]]), (event["event_type"], name)


def test_more_happens_by_day_than_by_night_and_nothing_before_a_beginning() -> None:
    chance = np.random.Generator(np.random.PCG64(1))
    fortnight = Fortnight(END * 1000)
    curve = [0] * 12 + [1] * 12
    moments = fortnight.moments(chance, 200, curve)
    assert 2000 < len(moments) < 3600
    assert {at // 3_600_000 % 24 for at in moments} == set(range(12, 24))
    since = fortnight.clock(3, 0)
    growing = fortnight.moments(chance, 100, [1] * 24, growth=(since, 2.0))
    assert min(growing) >= since
    days = np.bincount([(at - since) // DAY for at in growing])
    assert days[1] > 1.5 * days[0]
    quiet = fortnight.moments(chance, 400, [1] * 24, weekend=0)
    assert {(at // DAY + 3) % 7 for at in quiet} <= set(range(5))


@pytest.fixture(scope="module")
def loaded(apart: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scope, int]:
    """The tenant that they were loaded for, and how many went in."""
    scope = Scope(tenant="made-up", actor="test", role=Role.OWNER)
    with way_in(apart, tmp_path_factory.mktemp("made-up"), clock=lambda: NOW) as way:
        sink = IntakeSink(way.intake, scope, origin="demo")
        summary = load_demo(sink, shift=True, clock=lambda: NOW, only=businesses(END))
        again = load_demo(sink, shift=True, clock=lambda: NOW, only=businesses(END))
        way.settle()
    assert again.nothing_to_do
    assert [part.refused + part.duplicates for part in summary.parts] == [0] * 4
    assert summary.made_up == summary.accepted
    assert letters(apart, scope) == []
    return scope, summary.accepted


@pytest.fixture(scope="module")
def served(apart: Engine, loaded: tuple[Scope, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    with reading(Warehouse(apart), loaded[0], tmp_path_factory.mktemp("served"), apart) as found:
        for part in (content, dashboards, imports, systems, trading):
            cast(FastAPI, found.client.app).include_router(part.router(found.services))
        yield found


def test_every_event_is_kept_once(apart: Engine, loaded: tuple[Scope, int]) -> None:
    scope, accepted = loaded
    [(count, sources)] = apart.rows(
        "SELECT uniqExact(event_id), groupUniqArray(source) FROM events WHERE tenant = {t:String}", {"t": scope.tenant}
    )
    assert (int(str(count)), sources) == (accepted, [SOURCE])


@pytest.mark.parametrize("id_", ["content", "trading", "system_performance", "imports", "user_analytics", "search"])
def test_dashboards_have_something_to_show(served: Reading, id_: str) -> None:
    told = served.get(f"{ANALYTICS}/dashboards/{id_}/data").json()
    empty = {tile["title"] for tile in told["tiles"] if tile["is_empty"] or tile["error"]}
    assert empty <= {"Sign-ups"}


def test_titles_differ_and_the_new_one_is_rising(served: Reading) -> None:
    rows = served.get(f"{ANALYTICS}/content", fields="total_views,completion_rate").json()["content"]
    rates = {row["content_id"]: row["completion_rate"] for row in rows}
    assert rates["film-lecture"] < 0.2 < 0.55 < rates["film-trailer"]
    rising = served.get(f"{ANALYTICS}/content/trending").json()["content"]
    assert rising[0]["content_id"] == "film-harbour-2"


def test_a_bad_release_is_seen_in_its_service(served: Reading) -> None:
    errors = served.get(f"{ANALYTICS}/system/errors", period="last_7_days").json()["groups"]
    kinds = {one["error_type"]: one["count"] for one in errors}
    assert {"TimeoutError", "PoolError"} <= set(kinds)


def test_one_source_fails_and_one_is_worse_than_the_others(served: Reading) -> None:
    rows = {row["import_origin"]: row for row in served.get(f"{ANALYTICS}/imports/sources").json()["sources"]}
    assert rows["prices (sftp)"]["overdue"]
    assert max(rows, key=lambda origin: rows[origin]["rejection_rate"]) == "contacts (api)"
    states = served.get(f"{ANALYTICS}/imports/jobs").json()["states"]
    assert states["running"] == 1
    assert states["stale"] == 1
    assert states["failed"] >= 9


def test_the_desk_falls_and_recovers_and_one_strategy_has_stopped(served: Reading) -> None:
    told = served.get(f"{ANALYTICS}/trading/performance", period="last_30_days").json()
    assert told["total_trades"] > 400
    assert 0.02 < told["max_drawdown"] < 0.3
    assert told["sharpe_ratio"] is not None
    listed = served.get(f"{ANALYTICS}/trading/strategies", period="last_30_days").json()["strategies"]
    assert {one["strategy"] for one in listed} == {"momentum", "mean-reversion", "breakout"}

"""Roll-ups are the raw events, counted: every level, type and numeric property of random events, bots left out."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factbook.core.clock import epoch_ms
from factbook.core.scope import Role, Scope
from factbook.ingest.batch import Origin
from factbook.storage.engine import Engine
from tests.clocks import SetClock

from .way_in import LEVELS, way_in

NOW = datetime(2026, 3, 1, 0, 1, tzinfo=UTC)
MS = {"1m": 60_000, "1h": 3_600_000, "1d": 86_400_000}
BOT = "Googlebot/2.1 (+http://www.google.com/bot.html)"

numbers = st.integers(-1000, 1000) | st.sampled_from([0.5, -2.25, 1024.125])
properties = st.dictionaries(
    st.sampled_from(["amount", "a.b", "n"]), numbers | st.sampled_from(["text", True, None, [1]]), max_size=3
) | st.fixed_dictionaries({"a": st.fixed_dictionaries({"b": numbers}), "n": numbers})
events = st.lists(
    st.fixed_dictionaries(
        {
            "event_type": st.sampled_from(["purchase", "page_view", "order.placed"]),
            "back": st.sampled_from([0, 1, 59_999, 60_000, 61_000, 3_600_000, 5_000_000, 86_400_000, 40 * 86_400_000]),
            "properties": properties,
        },
        optional={
            "user_id": st.sampled_from(["u1", "u2", ""]),
            "anonymous_id": st.sampled_from(["v1", "u1"]),
            "user_agent": st.sampled_from([BOT, "curl/8"]),
        },
    ),
    max_size=25,
)


def sent(event: dict[str, Any]) -> dict[str, Any]:
    at = NOW - timedelta(milliseconds=event["back"])
    return {name: value for name, value in event.items() if name != "back"} | {"timestamp": at.isoformat()}


def expected(engine: Engine, scope: Scope, level: str) -> dict[tuple[str, str, int], Any]:
    """(type, property, bucket) → what the raw rows say, in plain Python."""
    rows = engine.records("SELECT * FROM events WHERE tenant = {t:String} AND NOT is_bot", {"t": scope.tenant})
    groups: dict[tuple[str, str, int], list[Any]] = defaultdict(list)
    for row in rows:
        at = epoch_ms(row["timestamp"].replace(tzinfo=UTC)) // MS[level] * MS[level]
        for event_type in ("", row["event_type"]):
            groups[event_type, "", at].append(row)
        for name, number in row["numbers"].items():
            groups[row["event_type"], name, at].append(number)
    found: dict[tuple[str, str, int], Any] = {}
    for key, group in groups.items():
        if key[1] == "":
            users = {row["user_id"] or row["anonymous_id"] for row in group} - {""}
            found[key] = (len(group), len(users), len({row["session"] for row in group} - {0}))
        else:
            found[key] = (len(group), sum(group), min(group), max(group))
    return found


def rolled(engine: Engine, scope: Scope, level: str) -> dict[tuple[str, str, int], Any]:
    rows = engine.rows(
        "SELECT event_type, property, toUnixTimestamp(bucket) * 1000, sum(count), sum(sum), min(min), max(max),"
        " uniqCombined64Merge(17)(users), uniqCombined64Merge(17)(sessions)"
        " FROM rollups WHERE tenant = {t:String} AND level = {l:String} GROUP BY event_type, property, bucket",
        {"t": scope.tenant, "l": level},
    )
    return {
        (str(row[0]), str(row[1]), int(row[2])): (row[3], row[7], row[8]) if row[1] == "" else tuple(row[3:7])
        for row in rows
    }


@given(st.lists(events, max_size=3))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_roll_ups_equal_the_raw_events(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, batches: list[list[dict[str, Any]]]
) -> None:
    scope = Scope(f"tenant-{uuid4().hex}", "test", Role.OWNER)
    with way_in(engine, tmp_path_factory.mktemp("roll-ups"), clock=SetClock(NOW)) as way:
        for batch in batches:
            way.send(scope, *map(sent, batch))
    assert sum(map(len, batches)) == int(
        engine.rows("SELECT count() FROM events WHERE tenant = {t:String}", {"t": scope.tenant})[0][0]
    )
    for level in LEVELS:
        assert rolled(engine, scope, level) == expected(engine, scope, level)


def test_bots_are_kept_in_the_rows_and_left_out_of_the_roll_ups(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    with way_in(engine, tmp_path) as way:
        way.send(scope, {"event_type": "a", "user_agent": BOT, "amount": 5}, {"event_type": "a", "amount": 7})
    [(kept,)] = engine.rows("SELECT count() FROM events WHERE tenant = {t:String} AND is_bot", {"t": scope.tenant})
    assert kept == 1
    for level in LEVELS:
        found = {key[:2]: value for key, value in rolled(engine, scope, level).items()}
        assert found == {("", ""): (1, 0, 0), ("a", ""): (1, 0, 0), ("a", "amount"): (1, 7.0, 7.0, 7.0)}


def test_a_late_event_lands_in_its_own_minute(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    clock = SetClock(NOW)
    late = (NOW - timedelta(minutes=30)).isoformat()
    with way_in(engine, tmp_path, clock=clock) as way:
        way.send(scope, {"event_type": "a"})
        clock.forward(minutes=5)
        way.send(scope, {"event_type": "a", "timestamp": late})
    assert {key[2] for key in rolled(engine, scope, "1m")} == {epoch_ms(NOW), epoch_ms(NOW) - 30 * 60_000}


def test_quantiles_are_within_a_hundredth_of_the_numbers(engine: Engine, tmp_path: Path, scope: Scope) -> None:
    with way_in(engine, tmp_path) as way:
        body = json.dumps([{"event_type": "a", "x": number} for number in range(1, 1001)]).encode()
        for _ in range(3):
            way.intake.submit(scope, body, Origin()).result(30)
    [(found,)] = engine.rows(
        "SELECT quantilesBFloat16Merge(0.5, 0.95, 0.99)(quantiles) FROM rollups"
        " WHERE tenant = {t:String} AND level = '1d' AND property = 'x'",
        {"t": scope.tenant},
    )
    for answer, rank in zip(found, (500, 950, 990), strict=True):
        assert abs(answer - rank) <= 0.011 * rank

"""Retention over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from tests.clocks import SetClock
from tests.storage.rows import count, events
from tests.transports.administration import Administration, administration

RETENTION = "/api/v1/privacy/retention"
DEFAULTS = {"raw_events": 90, "minute_aggregates": 365, "hour_aggregates": 730, "daily_aggregates": 3650}

# Long ago, so that what other tests of this process wrote lies ahead and stays.
NOW = datetime(1999, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def served(engine: Engine, scope: Scope, tmp_path: Path) -> Iterator[Administration]:
    with administration(engine, scope, tmp_path, SetClock(NOW)) as found:
        yield found


def days(answer: dict[str, Any]) -> dict[str, int]:
    return {level: answer[level] for level in DEFAULTS}


def test_defaults_hold_until_a_tenant_says_otherwise(served: Administration) -> None:
    before = served.call("GET", RETENTION, role=Role.VIEWER).json()
    assert (days(before), before["overridden"], before["last_run"]) == (DEFAULTS, [], None)
    after = served.call("PUT", RETENTION, {"raw_events": 7}).json()
    assert (days(after), after["overridden"]) == ({**DEFAULTS, "raw_events": 7}, ["raw_events"])
    served.call("PUT", RETENTION, {"hour_aggregates": 10})
    again = served.call("PUT", RETENTION, {"raw_events": None}).json()
    assert (days(again), again["overridden"]) == ({**DEFAULTS, "hour_aggregates": 10}, ["hour_aggregates"])


@pytest.mark.parametrize(
    ("body", "field"),
    [({"raw_events": 0}, "raw_events"), ({"raw_events": "ages"}, "raw_events"), ({"raw": 5}, "raw"), ([], "")],
)
def test_days_that_cannot_be_are_refused_naming_the_level(served: Administration, body: Any, field: str) -> None:
    answer = served.call("PUT", RETENTION, body)
    assert (answer.status_code, answer.json().get("field", "")) == (422, field)
    assert served.call("GET", RETENTION).json()["overridden"] == []


def test_a_run_on_demand_removes_what_is_older_and_says_so(
    served: Administration, engine: Engine, scope: Scope
) -> None:
    times = [NOW - timedelta(days=each) for each in (1, 10, 20)]
    engine.insert("events", events(scope.tenant, times), token=scope.tenant)
    served.call("PUT", RETENTION, {"raw_events": 5})
    ran = served.call("POST", f"{RETENTION}/run").json()
    assert (ran["rows"], [each["level"] for each in ran["removed"]]) == (2, ["raw_events"])
    assert count(engine, "events", scope.tenant) == 1
    assert served.call("POST", f"{RETENTION}/run").json()["rows"] == 0
    assert served.call("GET", RETENTION).json()["last_run"]["rows"] == 0


@pytest.mark.parametrize("role", [Role.WRITER, Role.VIEWER, Role.ANALYST])
def test_only_an_admin_changes_and_runs_it(served: Administration, role: Role) -> None:
    assert served.call("PUT", RETENTION, {"raw_events": 1}, role=role).status_code == 403
    assert served.call("POST", f"{RETENTION}/run", role=role).status_code == 403

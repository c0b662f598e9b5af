"""Jobs are those of a walk over their events, whatever came in and in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.core.scope import Role, Scope
from factbook.metrics.catalog import built_in
from factbook.queries.answers import Answers
from factbook.queries.asking.ask import Tenant
from factbook.queries.imports.jobs import LONGEST_DAYS, all_jobs
from factbook.queries.inquiry import Inquiry, inquiry
from factbook.queries.reads import Reads
from factbook.queries.turns import Limits
from factbook.storage.cache import Cache
from factbook.storage.engine import Engine
from factbook.storage.versions import UnknownVersions
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(days=20)
RANK = {"started": 0, "failed": 1, "completed": 2}
STALE = timedelta(hours=24)
NUMBERS = ("rows", "rows_rejected", "rows_duplicate", "duration_seconds")

Happened = tuple[str, str, int, dict[str, int]]
HAPPENED = st.tuples(
    st.sampled_from(["a", "b", "c", "d"]),
    st.sampled_from(list(RANK)),
    st.integers(min_value=0, max_value=7 * 24),
    st.dictionaries(st.sampled_from(NUMBERS), st.integers(min_value=0, max_value=50)),
)


@pytest.fixture
def asked(warehouse: Warehouse) -> Iterator[Any]:
    reads = Reads(warehouse.running, Limits(threads=1))

    def question(scope: Scope) -> Inquiry:
        tenant = Tenant(built_in(), Calendar(ZoneInfo("UTC")), Money(""), {})
        answers = Answers(warehouse, reads, UnknownVersions(), Cache(0, 0))
        days = {"start_date": "2026-03-02", "end_date": "2026-03-05", "filters": ()}
        return inquiry(days, answers, reads, warehouse, scope, tenant, NOW, default="last_30_days")

    yield question
    reads.close()


def walked(events: list[Happened]) -> dict[str, dict[str, Any]]:
    """By job, told without SQL."""
    found = {}
    for job in {each[0] for each in events}:
        mine = sorted((hour, RANK[kind], numbers) for name, kind, hour, numbers in events if name == job)
        ends = [numbers for _, rank, numbers in mine if rank]
        starts = [hour for hour, rank, _ in mine if rank == 0]
        began = START + timedelta(hours=min(starts)) if starts else None
        if began is None:
            began = min(
                START + timedelta(hours=hour, seconds=-numbers.get("duration_seconds", 0)) for hour, _, numbers in mine
            )
        last, rank, _ = mine[-1]
        state = ("running", "failed", "completed")[rank]
        if state == "running" and NOW - (START + timedelta(hours=last)) > STALE:
            state = "stale"
        if datetime(2026, 3, 2, tzinfo=UTC) <= began < datetime(2026, 3, 6, tzinfo=UTC):
            sums = {name: [one[name] for one in ends if name in one] for name in NUMBERS}
            found[job] = {
                "state": state,
                "attempts": len(starts),
                "failures": sum(rank == 1 for _, rank, _ in mine),
                **{name: sum(values) if values else None for name, values in sums.items() if name.startswith("rows")},
            }
    return found


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@whatever(events=st.lists(HAPPENED, min_size=1, max_size=14, unique_by=lambda one: (one[0], one[1], one[2])))
def test_jobs_are_those_of_a_walk(warehouse: Warehouse, engine: Engine, asked: Any, events: list[Happened]) -> None:
    assert LONGEST_DAYS >= 7
    scope = Scope(tenant=f"tenant-{uuid4().hex}", actor="test", role=Role.OWNER)
    events = [(job, kind, hour, numbers if RANK[kind] else {}) for job, kind, hour, numbers in events]
    given(
        engine,
        scope,
        [
            {
                "at": START + timedelta(hours=hour),
                "type": f"import_{kind}",
                "properties": {"job_id": job, **numbers},
            }
            for job, kind, hour, numbers in events
        ],
    )
    found = all_jobs(warehouse, scope, asked(scope), int(STALE.total_seconds() * 1000), 1000)
    told = {job["job_id"]: job for job in found}
    expected = walked(events)
    assert set(told) == set(expected)
    for name, line in expected.items():
        assert {field: told[name][field] for field in line} == line

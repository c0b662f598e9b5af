"""The list of people tells of each what his own record tells, by whatever events."""

from __future__ import annotations

import asyncio
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
from factbook.ingest.session_rule import Rule
from factbook.ingest.sessions import Sessions
from factbook.metrics.catalog import built_in
from factbook.queries.answers import Answers
from factbook.queries.asking.ask import Tenant
from factbook.queries.inquiry import Inquiry, inquiry
from factbook.queries.reads import Reads
from factbook.queries.turns import Limits
from factbook.queries.users.people import Listed, listed_people
from factbook.queries.users.person import person
from factbook.storage.cache import Cache
from factbook.storage.engine import Engine
from factbook.storage.versions import UnknownVersions
from factbook.storage.warehouse import Warehouse
from tests.clocks import SetClock
from tests.queries.given import given

NOW = datetime(2026, 3, 29, tzinfo=UTC)
RULE = Rule(30 * 60_000)
SHARED = (
    "sessions",
    "total_session_duration",
    "average_session_duration",
    "bounce_rate",
    "return_visits",
    "pages_visited",
    "engagement_score",
    "activity_score",
    "loyalty_score",
    "user_segment",
)
KINDS = ("page_view", "content_view", "purchase", "feature_used", "search")


def asked(warehouse: Warehouse, scope: Scope, reads: Reads, **how: Any) -> Inquiry:

    tenant = Tenant(built_in(), Calendar(ZoneInfo("UTC")), Money(""), {})
    answers = Answers(warehouse, reads, UnknownVersions(), Cache(0, 0))
    march = {"start_date": "2026-03-01", "end_date": "2026-03-28", "filters": (), **how}
    return inquiry(march, answers, reads, warehouse, scope, tenant, NOW, default="last_90_days")


HAPPENED = st.tuples(
    st.sampled_from(["ann", "bob", ""]),
    st.sampled_from(["phone", "tablet"]),
    st.integers(min_value=-40, max_value=27),
    st.integers(min_value=6 * 60, max_value=18 * 60),
    st.sampled_from(KINDS),
)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@whatever(events=st.lists(HAPPENED, min_size=1, max_size=30))
def test_the_list_tells_what_each_record_tells(apart: Engine, events: list[tuple[str, str, int, int, str]]) -> None:
    scope = Scope(tenant=f"tenant-{uuid4().hex}", actor="test", role=Role.OWNER)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    given(
        apart,
        scope,
        [
            {"at": start + timedelta(days=day, minutes=minute), "user": user, "visitor": visitor, "type": kind}
            for user, visitor, day, minute, kind in events
        ],
    )
    sum(Sessions(apart, SetClock(NOW), RULE).build())
    warehouse = Warehouse(apart)
    reads = Reads(warehouse.running, Limits(threads=1))
    try:
        question = asked(warehouse, scope, reads)
        found, after = listed_people(warehouse, scope, question, Listed("-sessions", 1000))
        assert after is None
        for row in found:
            id_ = row["user_id"] or row["anonymous_id"]
            one = asyncio.run(person(question, id_, RULE))
            told = {name: row[name] for name in SHARED}
            assert told == pytest.approx({name: one[name] for name in SHARED}, nan_ok=False), id_
        assert len({row["user_id"] or row["anonymous_id"] for row in found}) == len(found)
    finally:
        reads.close()

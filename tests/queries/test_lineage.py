"""Where a number comes from: the events, packs and roll-ups behind it, and what stands on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError, Kind
from factbook.core.money import Money
from factbook.core.scope import Role, Scope
from factbook.core.times import zone
from factbook.metrics.catalog import built_in
from factbook.metrics.definitions import METRIC, Definitions
from factbook.queries.asking.ask import Tenant
from factbook.queries.lineage import lineage
from factbook.storage.metadata import Metadata
from factbook.storage.rows import SegmentRow

SHOP = Scope("shop", "key_1", Role.ADMIN)


@pytest.fixture
def metadata(tmp_path: Path) -> Iterator[Metadata]:
    opened = Metadata.open("", tmp_path)
    opened.ensure_tenant_of_system("shop", now=1)
    yield opened
    opened.close()


def told(metadata: Metadata, name: str) -> dict[str, Any]:
    definitions = Definitions(metadata, built_in(), lambda: datetime.now(UTC))
    tenant = Tenant(definitions.catalog(SHOP), Calendar(zone("UTC")), Money(), {})
    return lineage(SHOP, name, tenant, metadata)


def own(metadata: Metadata, id_: str, declared: dict[str, Any]) -> None:
    definitions = Definitions(metadata, built_in(), lambda: datetime.now(UTC))
    definitions.define(SHOP, {id_: (METRIC, declared)}, new=False)


def test_a_metric_names_its_events_its_property_and_the_roll_ups_that_answer_it(metadata: Metadata) -> None:
    found = told(metadata, "revenue")
    assert found["kind"] == "metric"
    assert found["made_of"]["event_types"] == ["purchase"]
    assert found["made_of"]["properties"] == ["amount"]
    assert [(one["table"], one["levels"]) for one in found["read_from"]] == [("rollups", ["1m", "1h", "1d"])]
    assert found["declared"]["pack"] == "commerce"
    assert {"kind": "dashboard", "id": "commerce", "label": "Commerce"} in found["used_by"]


def test_a_formula_leads_down_to_the_events_of_what_it_stands_on(metadata: Metadata) -> None:
    found = told(metadata, "average_order_value")
    below = found["made_of"]["metrics"]
    assert "revenue" in below
    ways = {(way["from"], way["to"]) for way in found["ways"]}
    assert {("metric:revenue", "metric:average_order_value"), ("event:purchase", "metric:revenue")} <= ways
    assert "average_order_value" in {one["id"] for one in told(metadata, "revenue")["used_by"]}


def test_an_own_metric_has_its_version_and_a_digest_that_changes_with_it(metadata: Metadata) -> None:
    declared = {
        "id": "big_orders",
        "description": "Large ones.",
        "label": "Big",
        "unit": "count",
        "events": ["purchase"],
        "measure": "count",
        "where": "amount > 100",
    }
    own(metadata, "big_orders", declared)
    first = told(metadata, "big_orders")
    own(metadata, "big_orders", {**declared, "where": "amount > 200"})
    second = told(metadata, "big_orders")
    assert (first["declared"]["version"], second["declared"]["version"]) == (1, 2)
    assert first["declared"]["digest"] != second["declared"]["digest"]
    assert second["made_of"]["properties"] == ["amount"]
    assert [(one["table"], one["why"]) for one in second["read_from"]] == [
        ("events", "the metric has a condition of its own")
    ]


def test_a_segment_names_its_events_and_the_segments_it_stands_on(metadata: Metadata) -> None:
    def keep(id_: str, rule: dict[str, Any]) -> None:
        metadata.segments.add(SHOP, [SegmentRow("shop", id_, id_, "", rule, None, 1, 1, 1)])

    keep("buyers", {"did": "purchase", "within": "30d"})
    keep("loyal", {"all": [{"segment": "buyers"}, {"property": "country", "eq": "DE"}]})
    found = told(metadata, "loyal")
    assert found["made_of"] == {"event_types": [], "properties": ["country"], "metrics": [], "segments": ["buyers"]}
    assert told(metadata, "segment:buyers")["used_by"] == [{"kind": "segment", "id": "loyal", "label": "loyal"}]


def test_every_declared_thing_has_a_lineage(metadata: Metadata) -> None:
    catalog = built_in()
    for id_ in (*catalog.metrics, *(f"funnel:{id_}" for id_ in catalog.funnels)):
        found = told(metadata, id_)
        assert found["ways"], id_
        assert found["read_from"], id_
    for id_ in catalog.dashboards:
        assert told(metadata, f"dashboard:{id_}")["made_of"]["metrics"]


def test_what_there_is_not_is_said_with_what_was_probably_meant(metadata: Metadata) -> None:
    with pytest.raises(FactbookError) as refused:
        told(metadata, "revenu")
    assert refused.value.kind is Kind.NOT_FOUND
    assert "revenue" in str(refused.value.hint)
    with pytest.raises(FactbookError) as refused:
        told(metadata, "thing:revenue")
    assert refused.value.kind is Kind.INVALID

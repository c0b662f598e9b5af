"""What tenants define is kept with every change, whatever it is: a metric, a segment, a funnel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.database import Database
from factbook.storage.metadata import Metadata
from factbook.storage.rows import FunnelRow, MetricDefinition, SegmentRow

ANN, BOB = Scope("shop", "ann", Role.ADMIN), Scope("shop", "bob", Role.ADMIN)
OTHER = Scope("other", "eve", Role.ADMIN)
BUYERS: dict[str, Any] = {"did": "purchase"}


@pytest.fixture
def metadata(database_address: str, tmp_path: Path) -> Iterator[Metadata]:
    found = Metadata.open(database_address, tmp_path)
    for tenant in ("shop", "other"):
        found.ensure_tenant_of_system(tenant, now=1)
    yield found
    found.close()


def segment(rule: dict[str, Any] = BUYERS, *, now: int = 1, freezing: int | None = None) -> SegmentRow:
    return SegmentRow("shop", "buyers", "Buyers", "", rule, freezing, 1, now, now)


def test_every_change_says_who_when_and_what_it_was_before(metadata: Metadata) -> None:
    rows = metadata.segments
    rows.add(ANN, [segment(now=1)])
    rows.put(BOB, [segment({"did": "order"}, now=2, freezing=7)])
    rows.remove(ANN, "buyers", now=3)
    rows.add(BOB, [segment(now=4)])
    told = [(c.version, c.change, c.actor, c.changed_at, c.before) for c in rows.history(ANN, "buyers")]
    first = {"label": "Buyers", "description": "", "rule": {"did": "purchase"}, "frozen": False}
    second = {**first, "rule": {"did": "order"}, "frozen": True}
    assert told == [
        (4, "created", "bob", 4, None),
        (3, "removed", "ann", 3, second),
        (2, "changed", "bob", 2, first),
        (1, "created", "ann", 1, None),
    ]


def test_what_is_changed_keeps_when_it_was_created_and_counts_up(metadata: Metadata) -> None:
    metadata.segments.add(ANN, [segment(now=1)])
    [kept] = metadata.segments.put(ANN, [segment(now=5)])
    assert kept == metadata.segments.get(ANN, "buyers")
    assert (kept.version, kept.created_at, kept.updated_at) == (2, 1, 5)


def test_ids_of_different_things_have_different_histories(metadata: Metadata) -> None:
    metadata.segments.add(ANN, [segment()])
    metadata.funnels.add(ANN, [FunnelRow("shop", "buyers", "Buyers", "", {"steps": ["a", "b"]}, 1, 1, 1)])
    metadata.metric_definitions.add(ANN, [MetricDefinition("shop", "buyers", "metric", {"id": "buyers"}, 1, 1, 1)])
    for rows in (metadata.segments, metadata.funnels, metadata.metric_definitions):
        assert [change.version for change in rows.history(ANN, "buyers")] == [1]


def test_one_tenants_history_is_not_anothers(metadata: Metadata) -> None:
    metadata.segments.add(ANN, [segment()])
    for read in (metadata.segments.get, metadata.segments.history):
        with pytest.raises(FactbookError) as refused:
            read(OTHER, "buyers")
        assert refused.value.kind is Kind.NOT_FOUND
    assert metadata.segments.find(OTHER, "buyers") is None
    with pytest.raises(AssertionError):
        metadata.segments.put(OTHER, [segment()])


def test_of_several_all_are_kept_or_none(metadata: Metadata) -> None:
    metadata.segments.add(ANN, [segment()])
    fresh = SegmentRow("shop", "anew", "", "", BUYERS, None, 1, 1, 1)
    with pytest.raises(FactbookError) as refused:
        metadata.segments.add(ANN, [fresh, segment()])
    assert (refused.value.kind, refused.value.field) == (Kind.CONFLICT, "id")
    assert [row.id for row in metadata.segments.listed(ANN)] == ["buyers"]
    with pytest.raises(FactbookError):
        metadata.segments.history(ANN, "anew")


def test_changes_in_many_threads_are_all_in_the_history(metadata: Metadata) -> None:
    metadata.segments.add(ANN, [segment()])
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda now: metadata.segments.put(ANN, [segment(now=now)]), range(2, 22)))
    assert [change.version for change in metadata.segments.history(ANN, "buyers")] == list(range(21, 0, -1))


def test_what_was_there_before_changes_were_kept_begins_its_history_as_it_is(bare_address: str, tmp_path: Path) -> None:
    database = Database(bare_address, tmp_path)
    database.upgrade("0006")
    about = {"tenant": "shop", "id": "x", "version": 3, "created_at": 1, "updated_at": 2}
    named = {**about, "label": "X", "description": ""}
    metric = {"change": "created", "actor": "ann", "changed_at": 2, "definition": '{"id": "x"}'}
    rows: dict[str, dict[str, Any]] = {
        "tenants": {"id": "shop", "name": "shop", "zone": "UTC", "tier": "free", "created_at": 1},
        "segments": {**named, "rule": json.dumps(BUYERS), "freezing": 7},
        "funnels": {**named, "definition": '{"steps": ["a", "b"]}'},
        "metric_definition_history": {"tenant": "shop", "id": "x", "version": 1, **metric},
    }
    with database.writing() as connection:
        for table, values in rows.items():
            columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in values]
            connection.execute(sa.insert(sa.table(table, *columns)).values(**values))
    database.upgrade()
    metadata = Metadata(database)
    frozen = {"label": "X", "description": "", "rule": BUYERS, "frozen": True}
    funnel = {"label": "X", "description": "", "steps": ["a", "b"]}
    for kept, told in (
        (metadata.segments, (3, "changed", "", 2, None, frozen)),
        (metadata.funnels, (3, "changed", "", 2, None, funnel)),
        (metadata.metric_definitions, (1, "created", "ann", 2, None, {"id": "x"})),
    ):
        [change] = kept.history(ANN, "x")
        assert (
            change.version,
            change.change,
            change.actor,
            change.changed_at,
            change.before,
            change.definition,
        ) == told
    database.downgrade("0006")
    with database.reading() as connection:
        found = connection.execute(sa.text("SELECT id, version, definition FROM metric_definition_history")).all()
        assert [tuple(row) for row in found] == [("x", 1, '{"id": "x"}')]
    database.close()

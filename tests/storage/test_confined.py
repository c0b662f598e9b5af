"""A scope that may see some events sees these alone, however a statement comes to them, on either engine."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Rows, Scope
from factbook.queries.seen import seen_sql
from factbook.storage.confined import EVENTS, JOINED, OF_ALL, VIEWS, confined
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

EU: Rows = (("region.eq", ("EU",)),)
TENANT = "tenant = {tenant:String}"
HOSTILE = ["o'neill", "back\\slash \\'", "{tenant:String}", "') OR 1 = 1 --", "\\", "a\nb\t", "'}", "%(x)s", "漢字 🎉"]


def sold(at: int, region: str, amount: float, **more: Any) -> dict[str, Any]:
    return {
        "at": f"2026-03-01T00:00:{at:02}Z",
        "type": "order.filled",
        "region": region,
        "properties": {"order_id": f"o-{region}", "symbol": "A", "quantity": 1, "price": amount, "pnl": amount},
        **more,
    }


@pytest.fixture
def shop(either: Engine) -> tuple[Warehouse, Scope]:
    """Two sales in the EU, one in the US."""
    scope = Scope(f"confined-{uuid.uuid4().hex}", "test", role=Scope.system().role)
    given(either, scope, [sold(1, "EU", 1.0), sold(2, "EU", 2.0), sold(3, "US", 40.0)])
    return Warehouse(either, seen=seen_sql), scope


@pytest.mark.parametrize(
    ("sql", "all_of_them", "theirs"),
    [
        (f"SELECT count() FROM events WHERE {TENANT}", 3, 2),
        (f"SELECT count() FROM events AS e WHERE e.{TENANT}", 3, 2),
        (f"SELECT count() FROM events PREWHERE {TENANT}", 3, 2),
        (f"SELECT sum(price) FROM (SELECT numbers['price'] AS price FROM events WHERE {TENANT})", 43, 3),
        (f"WITH mine AS (SELECT 1 FROM events WHERE {TENANT}) SELECT count() FROM mine", 3, 2),
        (
            f"SELECT count() FROM (SELECT 1 FROM events WHERE {TENANT} UNION ALL SELECT 1 FROM events WHERE {TENANT})",
            6,
            4,
        ),
        (f"SELECT count() FROM events AS a JOIN events AS b USING (tenant) WHERE {TENANT}", 9, 4),
        (f"SELECT 40 IN (SELECT numbers['price'] FROM events WHERE {TENANT})", 1, 0),
        (f"SELECT (SELECT max(numbers['price']) FROM events WHERE {TENANT})", 40, 2),
        (f"SELECT count() FROM order_analytics WHERE {TENANT}", 2, 1),
        (f"SELECT sum(volume) FROM market_analytics WHERE {TENANT}", 3, 2),
        (f"SELECT max(high) FROM market_analytics AS m WHERE m.{TENANT}", 40, 2),
    ],
)
def test_every_way_to_events_leads_to_those_that_may_be_seen(
    shop: tuple[Warehouse, Scope], sql: str, all_of_them: int, theirs: int
) -> None:
    warehouse, scope = shop
    assert warehouse.rows(scope, sql) == [(all_of_them,)]
    assert warehouse.rows(replace(scope, rows=EU), sql) == [(theirs,)]
    assert warehouse.table(replace(scope, rows=EU), sql).to_pydict().popitem()[1] == [theirs]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_may_stand_in_a_row_filter(either: Engine, scope: Scope, text: str) -> None:
    given(either, scope, [sold(1, text, 1.0), sold(2, "other", 2.0, properties={"it's": text})])
    warehouse, sql = Warehouse(either, seen=seen_sql), f"SELECT region FROM events WHERE {TENANT}"
    for key, found in (("region.eq", text), ("region.ne", "other"), ("property.it's.eq", "other")):
        assert warehouse.rows(replace(scope, rows=((key, (text,)),)), sql) == [(found,)]


def test_several_conditions_must_all_hold(shop: tuple[Warehouse, Scope]) -> None:
    warehouse, scope = shop
    rows: Rows = (*EU, ("property.price.gte", (2.0,)), ("property.symbol.in", ("A", "B")), ("is_bot.eq", (False,)))
    sql = f"SELECT sum(numbers['price']) FROM events WHERE {TENANT}"
    assert warehouse.rows(replace(scope, rows=rows), sql) == [(2.0,)]
    assert warehouse.rows(replace(scope, rows=(*rows, ("region.eq", ("US",)))), sql) == [(0.0,)]


@pytest.mark.parametrize("table", sorted(OF_ALL))
def test_what_was_made_of_all_events_is_refused(shop: tuple[Warehouse, Scope], table: str) -> None:
    warehouse, scope = shop
    for sql in (f"SELECT count() FROM {table} WHERE {TENANT}", f"SELECT 1 IN (SELECT 1 FROM {table} WHERE {TENANT})"):
        with pytest.raises(FactbookError, match="limited to some of them") as refused:
            warehouse.rows(replace(scope, rows=EU), sql)
        assert refused.value.kind is Kind.FORBIDDEN


def test_the_engine_itself_reads_no_row_of_any_other_table(either: Engine, scope: Scope) -> None:
    """Were a name overlooked, nothing would be told."""
    given(either, scope, [sold(1, "EU", 1.0, user="ann", visitor="v")])
    _, setting = confined("", either.database, "1")
    for table in ("rollups", JOINED):
        sql = f"SELECT count() > 0 FROM {table} WHERE {TENANT}"
        assert either.rows(sql, {"tenant": scope.tenant}) == [(1,)]
        assert either.rows(f"{sql} SETTINGS {setting}", {"tenant": scope.tenant}) == [(0,)]


def test_every_table_is_known_for_what_may_be_read_of_it(either: Engine) -> None:
    own = {name for (name,) in either.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")}
    assert own - {"migrations", "schema_migrations"} == {EVENTS, JOINED, *VIEWS, *OF_ALL}


def test_who_is_who_is_told_from_the_events_that_may_be_seen(either: Engine, scope: Scope) -> None:
    """The first to be named with a visitor was named in the US: whoever sees the EU alone knows of the second."""
    given(either, scope, [sold(1, "US", 1.0, user="ann", visitor="v"), sold(2, "EU", 1.0, user="bob", visitor="v")])
    warehouse = Warehouse(either, seen=seen_sql)
    first = f"SELECT argMin(user_id, (first_at, user_id)) FROM identities WHERE {TENANT}"
    for sql in (first, f"WITH ({first}) AS who\nSELECT who WHERE {{tenant:String}} != ''"):
        assert warehouse.rows(scope, sql) == [("ann",)]
        assert warehouse.rows(replace(scope, rows=EU), sql) == [("bob",)]


def test_a_warehouse_that_cannot_tell_rows_apart_reads_nothing_for_such_a_scope(either: Engine, scope: Scope) -> None:
    with pytest.raises(FactbookError, match="limited to some of them"):
        Warehouse(either).rows(replace(scope, rows=EU), f"SELECT count() FROM events WHERE {TENANT}")

"""Reads are scoped to a tenant, bounded in time and memory, and take any text as a value."""

from __future__ import annotations

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Scope
from factbook.storage.engine import Engine, EngineError
from factbook.storage.running import CURRENT, Running
from factbook.storage.warehouse import Warehouse

from .rows import START, events

HOSTILE = [
    "",
    "o'neill",
    'double "quoted"',
    "back\\slash \\' \\n \\N \\0",
    "\\N",
    "tab\tnew\nline\rreturn",
    "nul\0byte",
    "'; DROP TABLE events; --",
    "{tenant:String}",
    "%(token)s {} %s",
    "`backtick`",
    "ünï 漢字 🎉 \u202e",
    "[1,2]",
    "NULL",
    "x" * 20_000,
]


def test_statement_without_the_tenant_is_refused(warehouse: Warehouse, scope: Scope) -> None:
    for read in (warehouse.rows, warehouse.records, warehouse.table):
        with pytest.raises(AssertionError, match="without the tenant"):
            read(scope, "SELECT count() FROM events")


def test_tenant_cannot_be_bound_by_hand(warehouse: Warehouse, scope: Scope) -> None:
    with pytest.raises(AssertionError, match="from the scope alone"):
        warehouse.rows(scope, "SELECT {tenant:String}", {"tenant": "another"})


def test_one_tenant_does_not_see_another(either: Engine, scope: Scope) -> None:
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=scope.role)
    either.insert("events", events(scope.tenant, [START] * 3), token=scope.tenant)
    sql = "SELECT count() FROM events WHERE tenant = {tenant:String}"
    assert Warehouse(either).rows(scope, sql) == [(3,)]
    assert Warehouse(either).rows(other, sql) == [(0,)]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_travels_as_a_value(either: Engine, scope: Scope, text: str) -> None:
    sql = "SELECT {tenant:String} AS tenant, {a:String} AS a, {b:Array(String)} AS b"
    [record] = Warehouse(either).records(scope, sql, {"a": text, "b": [text, "plain", text]})
    assert record == {"tenant": scope.tenant, "a": text, "b": [text, "plain", text]}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_stored_and_found_again(either: Engine, scope: Scope, text: str) -> None:
    either.insert("events", events(scope.tenant, [START] * 2, users=[text, "another"]), token=scope.tenant)
    sql = "SELECT user_id FROM events WHERE tenant = {tenant:String} AND user_id = {user:String}"
    assert Warehouse(either).rows(scope, sql, {"user": text}) == [(text,)]
    assert Warehouse(either).table(scope, sql, {"user": text}).column("user_id").to_pylist() == [text]


def test_hostile_tenant_is_only_a_name(either: Engine, scope: Scope) -> None:
    hostile = Scope(tenant=f"{scope.tenant}' OR 1 = 1 --", actor="test", role=scope.role)
    either.insert("events", events(scope.tenant, [START]), token=scope.tenant)
    sql = "SELECT count() FROM events WHERE tenant = {tenant:String}"
    assert Warehouse(either).rows(hostile, sql) == [(0,)]


def test_query_over_its_time_is_limited_and_the_engine_lives_on(either: Engine, scope: Scope) -> None:
    hasty = Warehouse(either, seconds=1)
    with pytest.raises(FactbookError) as raised:
        hasty.rows(scope, "SELECT sum(cityHash64(number)) FROM numbers(100000000000) WHERE {tenant:String} != ''")
    assert raised.value.kind is Kind.LIMITED
    assert "longer than one query may" in raised.value.message
    assert raised.value.hint
    assert hasty.rows(scope, "SELECT 1 WHERE {tenant:String} != ''") == [(1,)]


def test_the_time_of_a_query_is_that_of_all_its_reads_together(engine: Engine, scope: Scope) -> None:
    running = Running(engine)
    warehouse = Warehouse(engine, seconds=100, running=running)
    query = running.opened(scope, "many")
    before = CURRENT.set(query)
    try:
        [(left,)] = warehouse.rows(
            scope, "SELECT toFloat64(getSetting('max_execution_time')) WHERE {tenant:String} != ''"
        )
        assert 99 <= left <= 100
        assert query.begun
        query.begun -= 60
        [(left,)] = warehouse.rows(
            scope, "SELECT toFloat64(getSetting('max_execution_time')) WHERE {tenant:String} != ''"
        )
        assert 30 < left <= 40
        query.begun -= 60
        with pytest.raises(FactbookError) as raised:
            warehouse.rows(scope, "SELECT 1 WHERE {tenant:String} != ''")
        assert raised.value.kind is Kind.LIMITED
        assert "longer than one query may" in raised.value.message
    finally:
        CURRENT.reset(before)
        running.closed(query)


def test_groups_beyond_the_memory_are_kept_on_disk_and_the_answer_is_the_same(either: Engine, scope: Scope) -> None:
    sql = """SELECT count(), sum(length(found)), sum(arraySum(found))
        FROM (SELECT number % 1500000 AS k, groupArray(number) AS found FROM numbers(2000000) GROUP BY k)
        WHERE {tenant:String} != ''"""
    assert Warehouse(either, memory_bytes=180_000_000).rows(scope, sql) == [(1_500_000, 2_000_000, 1_999_999_000_000)]


def test_query_over_its_memory_is_limited_and_the_engine_lives_on(either: Engine, scope: Scope) -> None:
    small = Warehouse(either, memory_bytes=50_000_000)
    for _ in range(3):
        with pytest.raises(FactbookError) as raised:
            small.rows(scope, "SELECT length(groupArray(number)) FROM numbers(50000000) WHERE {tenant:String} != ''")
        assert raised.value.kind is Kind.LIMITED
        assert "more memory than one query may use" in raised.value.message
    assert small.rows(scope, "SELECT 1 WHERE {tenant:String} != ''") == [(1,)]


def test_query_over_its_rows_is_limited_and_says_so(either: Engine, scope: Scope) -> None:
    either.insert("events", events(scope.tenant, [START] * 20), token=scope.tenant)
    sql = "SELECT count(), max(user_id) FROM events WHERE tenant = {tenant:String}"
    assert Warehouse(either, rows_read=1_000_000).rows(scope, sql)[0][0] == 20
    with pytest.raises(FactbookError) as raised:
        Warehouse(either, rows_read=10).rows(scope, sql)
    assert raised.value.kind is Kind.LIMITED
    assert "more rows than one query may" in raised.value.message
    assert raised.value.hint


def test_bad_sql_is_the_engines_refusal_in_one_line(either: Engine, scope: Scope) -> None:
    with pytest.raises(EngineError) as raised:
        Warehouse(either).rows(scope, "SELECT no_such_column FROM events WHERE tenant = {tenant:String}")
    assert raised.value.code == 47
    assert "\n" not in raised.value.message


def test_empty_answers_keep_their_columns(either: Engine, scope: Scope) -> None:
    sql = "SELECT user_id, event_type FROM events WHERE tenant = {tenant:String}"
    assert Warehouse(either).rows(scope, sql) == []
    assert Warehouse(either).records(scope, sql) == []
    assert Warehouse(either).table(scope, sql).column_names == ["user_id", "event_type"]
    assert Warehouse(either).table(scope, sql).num_rows == 0

"""Records: every field is the value of its metric, for one thing, for many, and by the values of a dimension."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from factbook.core.scope import Scope
from factbook.queries.records import Records
from factbook.storage.engine import Engine
from factbook.storage.versions import LocalVersions
from tests.queries.given import given

from .answering import NOW, TENANT, process

FIELDS = {"bought": "orders", "paid": "revenue", "each": "average_order_value"}
BOOKS = (("property.category", "Books"),)


def bought(category: str | None, amount: float, times: int = 1) -> list[dict[str, Any]]:
    properties = {"amount": amount, "currency": "EUR", **({"category": category} if category else {})}
    at = NOW.replace(hour=9).isoformat()
    return [{"type": "purchase", "at": at, "user": "u1", "properties": properties} for _ in range(times)]


@pytest.fixture
def records(engine: Engine, scope: Scope) -> Iterator[Records]:
    asking = process(engine, scope, LocalVersions())
    given(engine, scope, [*bought("Books", 10, 3), *bought("Toys", 20, 2), *bought("Games", 5), *bought(None, 1)])
    yield Records(asking.answers, scope, TENANT, NOW, {"period": "today"})
    asking.reads.close()


def test_a_record_tells_the_metrics_under_the_names_of_its_fields(records: Records) -> None:
    assert asyncio.run(records.one(FIELDS)) == {"bought": 7, "paid": 76, "each": pytest.approx(76 / 7), "events": 7}


def test_the_filters_of_a_question_join_those_of_the_reader(records: Records) -> None:
    assert asyncio.run(records.one(FIELDS, filters=BOOKS)) == {"bought": 3, "paid": 30, "each": 10, "events": 3}
    about = {**records.about, "filters": BOOKS}
    reader = Records(records.answers, records.scope, records.tenant, records.now, about)
    toys = (("property.category.ne", "Books"),)
    assert asyncio.run(reader.one(FIELDS, filters=toys))["events"] == 0


def test_a_record_of_nothing_says_that_it_stands_on_no_event(records: Records) -> None:
    nothing = (("property.category", "Cars"),)
    assert asyncio.run(records.one(FIELDS, filters=nothing)) == {"bought": 0, "paid": None, "each": None, "events": 0}


def test_a_list_of_records_says_where_it_is_cut(records: Records) -> None:
    rows, cut = asyncio.run(records.many(FIELDS, "property.category", limit=2, order="-revenue"))
    assert [(row["property.category"], row["bought"], row["paid"]) for row in rows] == [
        ("Toys", 2, 40),
        ("Books", 3, 30),
    ]
    assert cut == {"is_cut": True, "shown": 2, "of": 4, "limit": 2}


def test_counts_by_value_keep_what_lies_past_the_limit_apart(records: Records) -> None:
    assert asyncio.run(records.counts("orders", "property.category", limit=2)) == ({"Books": 3, "Toys": 2}, 2)
    told, rest = asyncio.run(records.counts("orders", "property.category"))
    assert (told, rest) == ({"Books": 3, "Toys": 2, "Games": 1, "": 1}, None)

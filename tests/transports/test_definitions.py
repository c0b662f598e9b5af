"""A tenant's own metrics over HTTP: defined, tried, changed, removed; used at once everywhere a metric is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import definitions
from tests.queries.given import given

from .reading_services import Reading, reading

DEFINITIONS = "/api/v1/metrics/definitions"
BOOKS = {
    "id": "book_orders",
    "label": "Orders of books",
    "unit": "count",
    "description": "Purchases in the category Books.",
    "events": ["purchase"],
    "measure": "count",
    "where": "category = 'Books'",
    "good": "up",
}
SHARE = {
    "id": "book_share",
    "label": "Share of books",
    "unit": "percent",
    "description": "Of all orders.",
    "formula": "book_orders / orders",
}
YAML = """pack: own
label: Our own
dimensions:
  - {id: shelf, label: Shelf, field: property.shelf}
metrics:
  - id: shelved_orders
    label: Orders of what has a shelf
    unit: count
    description: Purchases of what has a shelf.
    events: [purchase]
    measure: count
    where: shelf is not null
    dimensions: [shelf]
"""


@pytest.fixture
def served(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    given(
        engine,
        scope,
        [
            {"at": "2026-03-01T08:00:00Z", "type": "purchase", "properties": {"category": "Books", "shelf": "a"}},
            {"at": "2026-03-01T09:00:00Z", "type": "purchase", "properties": {"category": "Books"}},
            {"at": "2026-03-01T09:00:00Z", "type": "purchase", "properties": {"category": "Music", "shelf": "b"}},
            {"at": "2026-03-01T09:00:00Z", "type": "purchase", "properties": {"category": "Music", "shelf": "a"}},
        ],
    )
    with reading(warehouse, scope, tmp_path) as found:
        cast(FastAPI, found.client.app).include_router(definitions.router(found.services))
        yield found


def call(served: Reading, method: str, path: str, body: Any = None, role: Role = Role.ADMIN) -> Any:
    headers = {"Authorization": f"Bearer {served.keys[role]}"}
    if isinstance(body, str):
        headers["Content-Type"] = "application/yaml"
        return served.client.request(method, path, content=body, headers=headers)
    return served.client.request(method, path, json=body, headers=headers)


def value(served: Reading, metric: str) -> Any:
    answer = call(served, "POST", "/dashboard/metrics", {"metrics": [metric], "period": "today"}, Role.ANALYST)
    assert answer.status_code == 200, answer.text
    return answer.json()["total"]["values"][metric]


def test_a_metric_is_used_everywhere_as_soon_as_it_is_defined(served: Reading) -> None:
    made = call(served, "POST", DEFINITIONS, BOOKS)
    assert made.status_code == 201, made.text
    assert made.json()["definitions"][0]["definition"] == BOOKS
    assert value(served, "book_orders") == 2
    assert call(served, "POST", DEFINITIONS, SHARE).status_code == 201
    assert value(served, "book_share") == 0.5
    catalog = served.get("/api/v1/metrics/catalog").json()
    [told] = [metric for metric in catalog["metrics"] if metric["id"] == "book_orders"]
    assert told["used_by"] == ["book_share"]
    assert served.get("/api/v1/dashboard/metrics").json()["custom_metrics"]["book_share"] == 0.5


def test_a_yaml_pack_is_taken_whole_or_not_at_all(served: Reading) -> None:
    made = call(served, "POST", DEFINITIONS, YAML)
    assert [each["id"] for each in made.json()["definitions"]] == ["shelf", "shelved_orders"]
    asked = {"metrics": ["shelved_orders"], "dimensions": ["shelf"], "period": "today"}
    rows = call(served, "POST", "/dashboard/metrics", asked).json()["rows"]
    assert [(row["dimensions"]["shelf"], row["values"]["shelved_orders"]) for row in rows] == [("a", 2), ("b", 1)]
    broken = YAML.replace("shelf", "rack").replace("shelved", "racked").replace("measure: count", "measure: cuont")
    refused = call(served, "POST", DEFINITIONS, broken)
    assert refused.status_code == 422
    assert "definitions.yaml:11" in refused.json()["detail"]
    assert len(call(served, "GET", DEFINITIONS).json()["definitions"]) == 2


def test_a_pack_put_again_changes_what_differs_and_nothing_else(served: Reading) -> None:
    call(served, "POST", DEFINITIONS, YAML)
    again = call(served, "PUT", DEFINITIONS, YAML.replace("Purchases of", "All purchases of"))
    assert [(row["id"], row["version"]) for row in again.json()["definitions"]] == [("shelf", 1), ("shelved_orders", 2)]


def test_a_preview_answers_and_keeps_nothing(served: Reading) -> None:
    tried = call(served, "POST", f"{DEFINITIONS}/preview", BOOKS, Role.ANALYST).json()
    assert (tried["valid"], tried["answer"]["total"]["values"]) == (True, {"book_orders": 2})
    assert call(served, "GET", DEFINITIONS).json() == {"definitions": []}


def test_every_change_is_kept_with_who_made_it(served: Reading) -> None:
    call(served, "POST", DEFINITIONS, BOOKS)
    changed = call(served, "PUT", f"{DEFINITIONS}/book_orders", {**BOOKS, "where": "category = 'Music'"})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert value(served, "book_orders") == 2
    assert call(served, "DELETE", f"{DEFINITIONS}/book_orders").status_code == 204
    changes = call(served, "GET", f"{DEFINITIONS}/book_orders/history").json()["changes"]
    assert [(each["version"], each["change"]) for each in changes] == [(3, "removed"), (2, "changed"), (1, "created")]
    assert changes[2]["definition"] == BOOKS
    assert all(each["actor"].startswith("key_") for each in changes)
    again = call(served, "POST", DEFINITIONS, BOOKS).json()["definitions"][0]
    assert again["version"] == 4


def test_what_another_metric_uses_is_not_removed(served: Reading) -> None:
    call(served, "POST", DEFINITIONS, BOOKS)
    call(served, "POST", DEFINITIONS, SHARE)
    refused = call(served, "DELETE", f"{DEFINITIONS}/book_orders")
    assert (refused.status_code, refused.json()["used_by"]) == (409, ["book_share"])
    assert call(served, "DELETE", f"{DEFINITIONS}/book_share").status_code == 204
    assert call(served, "DELETE", f"{DEFINITIONS}/book_orders").status_code == 204
    assert call(served, "POST", "/dashboard/metrics", {"metrics": ["book_orders"]}).status_code == 422


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"id": "revenue"}, 422, "revenue"),
        ({"measure": {"sum": "amount; drop table events"}}, 422, "measure"),
        ({"where": "category = 'Books' or sleep(3) = 0"}, 422, "sleep"),
        ({"formula": "orders / nowhere", "measure": None, "events": None, "where": None}, 422, "nowhere"),
        ({"unit": "curency"}, 422, "currency"),
        ({"lable": "x"}, 422, "label"),
        ({"id": None}, 422, "id"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_says_why(
    served: Reading, change: dict[str, Any], status: int, says: str
) -> None:
    body = {name: held for name, held in {**BOOKS, **change}.items() if held is not None}
    refused = call(served, "POST", DEFINITIONS, body)
    assert refused.status_code == status, refused.text
    assert says in refused.text
    assert call(served, "GET", DEFINITIONS).json() == {"definitions": []}


def test_a_cycle_is_refused(served: Reading) -> None:
    call(served, "POST", DEFINITIONS, BOOKS)
    call(served, "POST", DEFINITIONS, SHARE)
    turned = {**BOOKS, "formula": "book_share * orders"}
    refused = call(
        served, "PUT", f"{DEFINITIONS}/book_orders", {k: turned[k] for k in ("label", "unit", "description", "formula")}
    )
    assert refused.status_code == 422
    assert value(served, "book_orders") == 2


@pytest.mark.parametrize("body", ["not json", "[1", '{"a":'])
def test_a_body_that_cannot_be_read_is_malformed(served: Reading, body: str) -> None:
    headers = {"Authorization": f"Bearer {served.keys[Role.ADMIN]}", "Content-Type": "application/json"}
    assert served.client.post(DEFINITIONS, content=body, headers=headers).status_code == 400


def test_only_an_admin_changes_and_no_tenant_sees_anothers(served: Reading, scope: Scope) -> None:
    assert call(served, "POST", DEFINITIONS, BOOKS, Role.ANALYST).status_code == 403
    call(served, "POST", DEFINITIONS, BOOKS)
    other = Scope(tenant=f"{scope.tenant}-other", actor="else", role=Role.OWNER)
    assert "book_orders" not in served.services.definitions.catalog(other).metrics
    assert served.services.definitions.listed(other) == []

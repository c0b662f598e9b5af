"""What services promise: kept by admins, told to all who read, the default of every answer, and refused by field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from httpx import Response

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import objectives, systems
from tests.queries.given import given

from .reading_services import Reading, reading
from .test_systems import PREFIX, request, told

KEPT = f"{PREFIX}/objectives"
USUAL = {"slo": 0.999, "latency_slo": 0.99, "latency_ms": 500, "apdex_ms": 500, "days": 30}


@pytest.fixture
def served(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, tmp_path, engine) as one:
        for part in (objectives, systems):
            cast(FastAPI, one.client.app).include_router(part.router(one.services))
        yield one


def put(served: Reading, service: str, role: Role = Role.ADMIN, **promised: Any) -> Response:
    key = {"x-api-key": served.keys[role]}
    answer: Response = served.client.put(f"{KEPT}/{quote(service, safe='')}", json=promised, headers=key)
    return answer


def test_what_is_kept_is_the_default_of_every_answer(served: Reading, engine: Engine, scope: Scope) -> None:
    slow = [request("11:30:00", 300), request("11:31:00", 300, 500)]
    given(engine, scope, [*slow, request("11:32:00", 300, service="mail")])
    assert put(served, "shop", slo=80, latency_slo=50, latency_ms=200, apdex_ms=200, days=7).status_code == 200
    shop, mail = told(served, "/services")["services"]
    assert (shop["slo_objective"], shop["apdex_threshold_ms"], shop["apdex"]) == (0.8, 200, 0.25)
    assert (mail["slo_objective"], mail["apdex_threshold_ms"], mail["apdex"]) == (0.999, 500, 1)
    judged = {one["service_name"]: one["apdex"] for one in told(served, "/system/health")["services"]}
    assert judged == {"shop": 0.25, "mail": 1}
    budgets = told(served, "/services/shop/slo")
    assert (budgets["days"], budgets["availability"]["objective"]) == (7, 0.8)
    assert (budgets["latency"]["threshold_ms"], budgets["latency"]["bad"]) == (200, 2)
    assert told(served, "/services/shop")["apdex"]["threshold_ms"] == 200
    assert told(served, "/api/endpoints", service="shop")["apdex_threshold_ms"] == 200
    assert told(served, "/system/performance", service="shop")["apdex"]["threshold_ms"] == 200
    assert told(served, "/system/performance")["apdex"]["threshold_ms"] == 500


def test_a_question_stands_before_a_service_and_a_service_before_all_of_them(
    served: Reading, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [request("11:30:00", 64), request("11:30:00", 64, service="mail")])
    put(served, "*", slo=90, latency_ms=250)
    put(served, "shop", slo=95)
    asked = {one["service_name"]: one["slo_objective"] for one in told(served, "/services")["services"]}
    assert asked == {"shop": 0.95, "mail": 0.9}
    assert told(served, "/services/shop/slo")["latency"]["threshold_ms"] == 250
    assert {one["slo_objective"] for one in told(served, "/services", slo=99)["services"]} == {0.99}
    told_of = told(served, "/objectives")
    assert told_of["default"] == {**USUAL, "slo": 0.9, "latency_ms": 250}
    every, shop = told_of["objectives"]
    assert (every["service_name"], every["own"]) == ("*", ["slo", "latency_ms"])
    assert (shop["slo"], shop["latency_ms"], shop["own"]) == (0.95, 250, ["slo"])


def test_services_of_many_thresholds_are_each_told_at_their_own(served: Reading, engine: Engine, scope: Scope) -> None:
    names = [f"s{number}" for number in range(6)]
    given(engine, scope, [request("11:30:00", 100, service=name) for name in names])
    for number, name in enumerate(names[:5]):
        put(served, name, apdex_ms=20 * (number + 1))
    found = {one["service_name"]: one["apdex"] for one in told(served, "/services")["services"]}
    # 100 ms at 20, 40, 60, 80, 100 and 500: frustrated beyond four times that, then tolerated, then satisfied
    assert [found[name] for name in names] == [0, 0.5, 0.5, 0.5, 1, 1]


def test_every_change_is_kept_also_of_what_is_removed(served: Reading) -> None:
    for slo in (99, 99.5):
        put(served, "team/shop", slo=slo)
    key = {"x-api-key": served.keys[Role.ADMIN]}
    assert served.client.delete(f"{KEPT}/team%2Fshop", headers=key).status_code == 204
    assert served.get(f"{KEPT}/team%2Fshop").status_code == 404
    changes = served.get(f"{KEPT}/team%2Fshop/history").json()["changes"]
    assert [(one["change"], one["definition"]["slo"]) for one in changes] == [
        ("removed", 0.995), ("changed", 0.995), ("created", 0.99)
    ]  # fmt: skip
    assert put(served, "team/shop", slo=99).json()["version"] == 4


@pytest.mark.parametrize(
    ("service", "promised", "field"),
    [
        ("shop", {"slo": 0}, "slo"),
        ("shop", {"slo": 100}, "slo"),
        ("shop", {"slo": "99.9"}, "slo"),
        ("shop", {"slo": True}, "slo"),
        ("shop", {"latency_slo": 101}, "latency_slo"),
        ("shop", {"latency_ms": 0}, "latency_ms"),
        ("shop", {"apdex_ms": 600_001}, "apdex_ms"),
        ("shop", {"days": 2}, "days"),
        ("shop", {"days": 7.5}, "days"),
        ("shop", {"dais": 7}, "dais"),
        ("shop", {}, "slo"),
        ("s" * 129, {"slo": 99}, "service_name"),
    ],
)
def test_what_cannot_be_promised_is_refused_by_field(
    served: Reading, service: str, promised: dict[str, Any], field: str
) -> None:
    answer = put(served, service, **promised)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert told(served, "/objectives")["objectives"] == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.WRITER])
def test_only_admins_change_what_is_promised(served: Reading, role: Role) -> None:
    assert put(served, "shop", role, slo=99).status_code == 403


def test_another_tenant_knows_nothing_of_it(served: Reading, scope: Scope) -> None:
    other = Scope(f"{scope.tenant}-other", "test", Role.OWNER)
    put(served, "shop", slo=50)
    assert served.services.objectives.listed(other) == {"default": USUAL, "objectives": []}
    assert served.services.objectives.promises(other).of("shop").availability == 0.999

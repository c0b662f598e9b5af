"""Systems over HTTP: every path answers, says what is missing, refuses with the field, and knows one tenant alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import systems
from tests.queries.given import given

from .reading_services import NOW, Reading, reading

PREFIX = "/api/v1/analytics"
PATHS = (
    "/system/health",
    "/system/performance",
    "/system/errors",
    "/system/usage",
    "/services",
    "/api/endpoints",
    "/database/performance",
)


@pytest.fixture
def served(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, tmp_path, engine) as one:
        cast(FastAPI, one.client.app).include_router(systems.router(one.services))
        yield one


def at(time: str, kind: str, **properties: Any) -> dict[str, Any]:
    return {"at": f"{NOW.date()}T{time}Z", "type": kind, "properties": {"service": "shop", **properties}}


def request(time: str, ms: float, status: int = 200, **properties: Any) -> dict[str, Any]:
    named = {"endpoint": "/cart", "method": "GET", **properties}
    return at(time, "api_request", duration_ms=ms, status_code=status, **named)


def told(served: Reading, path: str, **parameters: Any) -> Any:
    answer = served.get(PREFIX + path, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


HOUR = [
    *(request(f"09:0{n}:00", 64) for n in range(8)),
    request("09:10:00", 1024),
    request("09:11:00", 64, 500),
    request("09:12:00", 64, 404, endpoint="/pay"),
    at("09:20:00", "resource_usage", cpu_percent=40, memory_percent=50, host="h1"),
    at("09:21:00", "resource_usage", cpu_percent=60, host="h2"),
    at("09:30:00", "db_query", duration_ms=2000, query="SELECT 1 FROM a", table="a"),
    at("09:31:00", "db_query", duration_ms=10, query="SELECT 2 FROM a", table="a"),
    at("09:32:00", "db_query", duration_ms=40, query="SELECT x FROM b", table="b"),
    at("09:40:00", "cache_access", hit=True),
    at("09:41:00", "cache_access", hit=True),
    at("09:42:00", "cache_access", hit=False),
    at("09:50:00", "external_call", target="pay", duration_ms=100, success=True),
    at("09:51:00", "external_call", target="pay", duration_ms=300, success=False),
]


def test_a_service_is_told_by_hour_as_counted_by_hand(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, HOUR)
    found = told(served, "/services/shop", start_date="2026-03-01T09:00:00Z", end_date="2026-03-01T11:00:00Z")
    nine, ten = found["hours"]
    expected = {
        "service_name": "shop",
        "date": "2026-03-01",
        "hour": 9,
        "request_count": 11,
        "success_count": 10,
        "error_count": 1,
        "average_response_time": pytest.approx((10 * 64 + 1024) / 11),
        "p50": 64,
        "p95": 1024,
        "p99": 1024,
        "cpu_usage_avg": 50,
        "memory_usage_avg": 50,
        "disk_usage_avg": None,
        "db_query_count": 3,
        "db_avg_query_time": pytest.approx(2050 / 3),
        "db_slow_queries": 1,
        "cache_hits": 2,
        "cache_misses": 1,
        "cache_hit_rate": pytest.approx(2 / 3),
        "external_api_calls": 2,
        "external_api_errors": 1,
        "external_avg_response_time": 200,
        "status_code_distribution": {"200": 9, "404": 1, "500": 1},
    }
    assert {name: nine[name] for name in expected} == expected
    assert nine["endpoint_stats"]["/cart"] == {
        "request_count": 10, "error_count": 1, "average_response_time": pytest.approx(160), "p95": 1024
    }  # fmt: skip
    assert nine["endpoint_stats"].keys() == {"/cart", "/pay"}
    assert (ten["hour"], ten["request_count"], ten["p95"], ten["cache_hit_rate"]) == (10, 0, None, None)
    assert ten["endpoint_stats"] == ten["status_code_distribution"] == {}
    assert found["total"]["request_count"] == 11
    assert found["notes"] == ["No disk_percent came in with resource_usage."]
    # 9 satisfied (one failed), one tolerable
    assert found["apdex"]["parts"] == {"satisfied": 9, "tolerated": 1, "requests": 11}
    assert found["apdex"]["score"] == pytest.approx(9.5 / 11)


@pytest.mark.parametrize("threshold", [500, 32])
def test_apdex_follows_its_threshold_in_every_list(
    served: Reading, engine: Engine, scope: Scope, threshold: float
) -> None:
    given(engine, scope, [request("11:30:00", 64), request("11:31:00", 600), request("11:32:00", 5000)])
    # at 500: one satisfied, one tolerable; at 32: one tolerable
    score = {500: 1.5 / 3, 32: 0.5 / 3}[int(threshold)]
    [service] = told(served, "/services", apdex_ms=threshold)["services"]
    [endpoint] = told(served, "/api/endpoints", apdex_ms=threshold)["endpoints"]
    whole = told(served, "/system/performance", apdex_ms=threshold)["apdex"]
    [judged] = told(served, "/system/health", apdex_ms=threshold)["services"]
    for found in (service["apdex"], endpoint["apdex"], whole["score"], judged["apdex"]):
        assert found == pytest.approx(score)


@pytest.mark.parametrize("threshold", [500, 32])
def test_where_nobody_says_how_long_requests_took_health_goes_without(
    served: Reading, engine: Engine, scope: Scope, threshold: float
) -> None:
    given(engine, scope, [at(f"11:3{n}:00", "api_request", status_code=200) for n in range(3)])
    found = told(served, "/system/health", apdex_ms=threshold)
    assert found["parts"] == {"availability": 1, "speed": None, "headroom": None}
    assert (found["score"], found["services"][0]["apdex"]) == (100, None)
    assert told(served, "/services", apdex_ms=threshold)["services"][0]["apdex"] is None


def test_services_are_told_with_their_budget_the_busiest_first(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [*HOUR, request("09:00:00", 10, service="mail")])
    found = told(served, "/services", slo=80)
    assert [one["service_name"] for one in found["services"]] == ["shop", "mail"]
    shop, mail = found["services"]
    assert (shop["request_count"], shop["cpu_usage_avg"], shop["db_query_count"]) == (11, 50, 3)
    assert shop["error_budget_left"] == pytest.approx(1 - 1 / 2.2)
    assert mail["error_budget_left"] == 1
    assert mail["cpu_usage_avg"] is None


def test_endpoints_are_told_by_route_and_method(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [*HOUR, request("09:00:00", 10, method="POST")])
    found = told(served, "/api/endpoints")["endpoints"]
    assert [(one["endpoint"], one["method"], one["request_count"]) for one in found] == [
        ("/cart", "GET", 10),
        ("/cart", "POST", 1),
        ("/pay", "GET", 1),
    ]
    assert found[0]["failure_rate"] == pytest.approx(0.1)
    assert told(served, "/api/endpoints", service="other")["endpoints"] == []


def failed(time: str, message: str, kind: str = "LookupError", **more: Any) -> dict[str, Any]:
    return {**at(time, "error_occurred", message=message, error_type=kind, severity="error"), **more}


def test_errors_are_grouped_by_their_words(served: Reading, engine: Engine, scope: Scope) -> None:
    given(
        engine,
        scope,
        [
            failed("11:00:00", "Order 1 of 'ann' not found", user="ann", session=1),
            failed("11:01:00", "Order 22 of 'bob' not found", user="bob", session=2),
            failed("11:02:00", "Order 22 of 'bob' not found", user="bob", session=2),
            failed("11:03:00", "Order 3 of 'eve' not found", "ValueError"),
            failed("09:30:00", "Order 4 of 'eve' not found"),
            failed("11:59:00", "no disk"),
        ],
    )
    found = told(served, "/system/errors", start_date="2026-03-01T10:00:00Z", end_date="2026-03-01T12:00:00Z")
    assert found["errors"] == 5
    first, *others = found["groups"]
    expected = {
        "fingerprint": "Order * of * not found",
        "error_type": "LookupError",
        "count": 3,
        "share": 0.6,
        "previous": 1,
        "is_new": False,
        "users": 2,
        "sessions": 2,
        "first_seen": "2026-03-01T11:00:00+00:00",
        "last_seen": "2026-03-01T11:02:00+00:00",
        "message": "Order 22 of 'bob' not found",
        "services": ["shop"],
        "severities": ["error"],
    }
    assert {name: first[name] for name in expected} == expected
    assert [(one["fingerprint"], one["is_new"]) for one in others] == [
        ("no disk", True),
        ("Order * of * not found", True),
    ]
    cut = told(served, "/system/errors", limit=1)
    assert (len(cut["groups"]), cut["cut"]) == (1, {"is_cut": True, "shown": 1, "of": 3, "limit": 1})
    csv = served.get(PREFIX + "/system/errors", format="csv").text.splitlines()
    assert csv[0].startswith("fingerprint,error_type,count")
    assert len(csv) == 4


def test_statements_are_grouped_without_their_values(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, HOUR)
    found = told(served, "/database/performance", slow_ms=2000)
    first, second = found["groups"]
    assert (first["fingerprint"], first["count"], first["total_time"], first["slow"]) == (
        "SELECT * FROM a",
        2,
        2010,
        1,
    )
    assert (first["average_time"], first["max"], first["tables"]) == (1005, 2000, ["a"])
    assert second["fingerprint"] == "SELECT x FROM b"
    assert [one["duration_ms"] for one in found["slowest"]] == [2000, 40, 10]
    by_table = told(served, "/database/performance", by="table")
    assert [(one["table"], one["db_query_count"], one["db_total_time"]) for one in by_table["groups"]] == [
        ("a", 2, 2010),
        ("b", 1, 40),
    ]
    assert by_table["total"]["db_slow_queries"] == 1


def test_usage_is_told_in_per_cent_by_host(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, HOUR)
    found = told(served, "/system/usage", granularity="1h")
    assert found["total"]["cpu_usage_avg"] == 50
    assert [(one["host"], one["cpu_usage_avg"], one["memory_usage_avg"]) for one in found["rows"]] == [
        ("h2", 60, None),
        ("h1", 40, 50),
    ]
    assert [value for value in found["series"]["cpu_usage_max"] if value is not None] == [60]


def test_health_is_a_score_with_its_parts_and_says_who_fell_silent(
    served: Reading, engine: Engine, scope: Scope
) -> None:
    lately = [request(f"11:3{n}:00", 64) for n in range(10)]
    bad = [request(f"11:4{n}:00", 64, 500, service="bad") for n in range(4)]
    given(engine, scope, [*lately, *bad, request("09:00:00", 10, service="gone")])
    found = told(served, "/system/health")
    told_of = {one["service_name"]: one for one in found["services"]}
    assert (told_of["shop"]["status"], told_of["shop"]["score"]) == ("healthy", 100)
    assert (told_of["bad"]["status"], told_of["bad"]["score"]) == ("unhealthy", 0)
    assert told_of["gone"]["status"] == "silent"
    # availability 0, Apdex 10 / 14, nothing about machines: 0.3 * 10 / 14 of 0.8
    assert found["parts"] == {"availability": 0, "speed": pytest.approx(10 / 14), "headroom": None}
    assert found["score"] == pytest.approx(100 * 0.3 * 10 / 14 / 0.8, abs=0.01)
    assert found["formula"]


def test_budgets_and_burn_rates_are_those_of_the_last_days(served: Reading, engine: Engine, scope: Scope) -> None:
    good = [request(f"11:{n:02}:00", 64) for n in range(10, 50)]
    bad = [request("11:58:00", 64, 500), request("06:30:00", 64, 503), request("11:20:30", 900)]
    given(engine, scope, [*good, *bad])
    found = told(served, "/services/shop/slo", slo=90, latency_slo=0.9, latency_ms=500)
    available, fast = found["availability"], found["latency"]
    assert (available["requests"], available["bad"], fast["bad"]) == (43, 2, 1)
    assert available["budget"] == pytest.approx(4.3)
    assert available["budget_left"] == pytest.approx(1 - 2 / 4.3, abs=1e-6)
    rates = available["burn_rates"]
    assert rates["5m"] == pytest.approx(10)  # the one request of those minutes failed
    assert rates["1h"] == pytest.approx(1 / 42 / 0.1, abs=1e-6)
    assert rates["6h"] == pytest.approx(2 / 43 / 0.1, abs=1e-6)
    assert [(rule["long_window"], rule["threshold"]) for rule in available["rules"]] == [
        ("1h", 14.4), ("6h", 6), ("3d", 1)
    ]  # fmt: skip
    assert not any(rule["is_firing"] for rule in available["rules"])


def test_a_service_that_only_fails_burns_its_budget_in_every_window(
    served: Reading, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [request("11:58:00", 64, 500)])
    found = told(served, "/services/shop/slo")
    assert all(rule["is_firing"] for rule in found["availability"]["rules"])
    assert found["availability"]["budget_left"] == pytest.approx(1 - 1 / 0.001)
    assert not any(rule["is_firing"] for rule in found["latency"]["rules"])


@pytest.mark.parametrize("path", PATHS)
def test_a_tenant_without_events_gets_an_answer_that_makes_sense(served: Reading, path: str) -> None:
    found = told(served, path)
    assert found.get("score") is None
    for name in ("services", "endpoints", "groups", "rows"):
        assert found.get(name, []) == []
    csv = served.get(PREFIX + path, format="csv")
    assert csv.status_code == 200


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/system/errors", "fingerprint"),
        ("/system/usage", "host"),
        ("/system/usage?by=service", "service"),
        ("/services", "service_name"),
        ("/api/endpoints", "endpoint"),
        ("/database/performance", "fingerprint"),
        ("/database/performance?by=table", "table"),
    ],
)
def test_lists_are_files_too(served: Reading, engine: Engine, scope: Scope, path: str, first: str) -> None:
    given(engine, scope, [*HOUR, failed("11:00:00", "=1+1")])
    answer = served.get(f"{PREFIX}{path}{'&' if '?' in path else '?'}format=csv")
    head, *rows = answer.text.splitlines()
    assert head.startswith(f"{first},")
    assert rows
    assert not any(row.startswith("=") for row in rows)


@pytest.mark.parametrize("path", PATHS)
def test_another_tenant_sees_nothing(served: Reading, engine: Engine, scope: Scope, path: str) -> None:
    other = Scope(f"{scope.tenant}-other", "test", Role.OWNER)
    given(engine, other, [*HOUR, failed("11:00:00", "x")])
    found = told(served, path)
    assert found.get("events", 0) == 0
    assert found.get("errors", 0) == 0
    assert "shop" not in str(found)


@pytest.mark.parametrize("path", ["/services/nobody", "/services/nobody/slo"])
def test_a_service_nobody_heard_of_is_not_found(served: Reading, path: str) -> None:
    assert served.get(PREFIX + path).status_code == 404


@pytest.mark.parametrize("name", ["team/shop", "7", "a b", "ü'\"%"])
def test_a_service_may_have_any_name(served: Reading, engine: Engine, scope: Scope, name: str) -> None:
    given(engine, scope, [request("11:30:00", 10, service=name), request("11:30:00", 10)])
    assert told(served, f"/services/{quote(name, safe='')}")["total"]["request_count"] == 1
    assert told(served, f"/services/{quote(name, safe='')}/slo")["availability"]["requests"] == 1


def test_a_known_service_of_which_nothing_came_in_says_so(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [request("09:00:00", 10)])
    found = told(served, "/services/shop", start_date="2026-02-01", end_date="2026-02-01")
    assert found["total"]["request_count"] == 0
    assert found["total"]["p95"] is None
    assert len(found["notes"]) == 7


@pytest.mark.parametrize(
    ("path", "parameters", "field"),
    [
        ("/services", {"limit": 1001}, "limit"),
        ("/services", {"slo": 0}, "slo"),
        ("/services", {"slo": 100}, "slo"),
        ("/services", {"format": "xml"}, "format"),
        ("/services", {"srvice": "shop"}, "srvice"),
        ("/services", {"period": "eternity"}, "period"),
        ("/services", {"timezone": "Mars"}, "timezone"),
        ("/services", {"apdex_ms": 0}, "apdex_ms"),
        ("/services/shop", {"start_date": "yesterday"}, None),
        ("/services/shop/slo", {"days": 2}, "days"),
        ("/services/shop/slo", {"period": "today"}, "period"),
        ("/system/usage", {"by": "planet"}, "by"),
        ("/system/performance", {"granularity": "none"}, "granularity"),
        ("/system/performance", {"compare": "never"}, "compare"),
        ("/api/endpoints", {"order": "beauty"}, "order"),
        ("/database/performance", {"by": "mood"}, "by"),
        ("/database/performance", {"slow_ms": -1}, "slow_ms"),
        ("/system/errors", {"period": "eternity"}, "period"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_name(
    served: Reading, path: str, parameters: dict[str, Any], field: str | None
) -> None:
    answer = served.get(PREFIX + path, **parameters)
    assert answer.status_code == 422, answer.text
    assert field is None or answer.json()["field"] == field


def test_an_objective_is_a_share_or_per_cent(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [request("11:30:00", 64)])
    told_as = [told(served, "/services", slo=sent)["services"][0]["slo_objective"] for sent in (0.99, 99, 1)]
    assert told_as == [0.99, 0.99, 0.01]


def test_writers_do_not_read(served: Reading) -> None:
    assert served.get(f"{PREFIX}/services", role=Role.WRITER).status_code == 403

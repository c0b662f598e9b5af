"""Limits over HTTP: the headers of each answer, refusals past them, and quotas of events, on the whole application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from factbook.app import build, http_app
from factbook.core.scope import Role, Scope
from factbook.core.settings import Settings
from factbook.services import Services
from factbook.storage.engine import Engine

ME = "/api/v1/auth/me"
STATS = "/api/v1/events/stats"
EVENT = {"event_type": "page_view"}


class Served:
    def __init__(self, services: Services, client: TestClient) -> None:
        self.services = services
        self.client = client

    def key(self, scope: Scope, role: Role = Role.ADMIN) -> str:
        self.services.metadata.ensure_tenant_of_system(scope.tenant, now=0)
        return self.services.keys.create(scope, role.value, role).key

    def call(self, method: str, path: str, key: str, body: Any = None) -> Any:
        return self.client.request(method, path, json=body, headers={"X-API-Key": key})


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path) -> Iterator[Served]:
    settings = Settings.model_validate(
        {"server": {"data": data}, "security": {"rate_limit": 8, "rate_burst": 0, "quotas": {"query_seconds": 3000}}}
    )
    with build(settings) as services, TestClient(http_app(services, lambda: True)) as client:
        yield Served(services, client)


def test_every_answer_says_where_one_stands(served: Served, scope: Scope) -> None:
    answer = served.call("GET", ME, served.key(scope))
    assert answer.headers["ratelimit-policy"] == '"key";q=8;w=60, "tenant";q=3000;w=60'
    assert answer.headers["ratelimit"].startswith('"key";r=7;t=')
    assert answer.headers["ratelimit-remaining"] == "7"


def test_past_the_limit_a_problem_says_when_to_come_back(served: Served, scope: Scope) -> None:
    key = served.key(scope)
    assert [served.call("GET", ME, key).status_code for _ in range(9)] == [200] * 8 + [429]
    answer = served.call("GET", STATS, key)
    assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")
    assert answer.json()["violated-policies"] == ["key"]
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit-remaining"] == "0"
    assert served.call("GET", ME, served.key(scope)).status_code == 200


def test_what_needs_no_key_and_events_are_not_counted(served: Served, scope: Scope) -> None:
    key = served.key(scope)
    for _ in range(12):
        assert served.call("POST", "/api/v1/events", key, EVENT).status_code == 200
        assert served.client.get("/health").status_code == 200
    assert served.call("GET", ME, key).headers["ratelimit-remaining"] == "7"
    assert "ratelimit" not in served.client.get("/health").headers


def test_a_wrong_key_uses_up_nothing_of_anybodys(served: Served, scope: Scope) -> None:
    key = served.key(scope)
    assert served.call("GET", ME, key + "x").status_code == 401
    assert served.call("GET", ME, key).headers["ratelimit-remaining"] == "7"


def test_events_past_the_quota_are_refused_whole_and_nothing_of_them_is_kept(served: Served, scope: Scope) -> None:
    key = served.key(scope)
    served.services.quotas.set(scope, {"events_per_day": 3})
    batch = {"events": [EVENT, EVENT]}
    assert served.call("POST", "/api/v1/events/batch", key, batch).status_code == 200
    assert served.call("POST", "/api/v1/events/batch", key, batch).status_code == 200
    for path, body in (("/api/v1/events/batch", batch), ("/api/v1/events", EVENT)):
        answer = served.call("POST", path, key, body)
        assert (answer.status_code, answer.json()["quota"]) == (429, "events a day")
        assert answer.json()["renews_at"] in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) > 0
    assert served.services.intake.drain(30)
    assert served.call("GET", f"{STATS}?include_bots=true", key).json()["total_events"] == 4


def test_duplicates_and_refused_events_use_up_nothing(served: Served, scope: Scope) -> None:
    key = served.key(scope)
    event = {**EVENT, "event_id": "01a3f6c2-7d7e-7b0a-8000-000000000001"}
    for body in (event, event, {"no": "type"}):
        served.call("POST", "/api/v1/events", key, body)
    assert served.services.quotas.used(scope).day == 1


def test_queries_past_their_hour_are_refused(served: Served, scope: Scope) -> None:
    key = served.key(scope)
    assert served.call("GET", STATS, key).status_code == 200
    served.services.query_costs.spend(scope, 3000.0, 0)
    answer = served.call("GET", "/api/v1/metrics?metric_name=events.count&interval=1h", key)
    assert answer.status_code == 429
    assert "3,000 seconds of queries" in answer.json()["detail"]


def test_limits_are_told_to_admins_of_the_tenant_alone(served: Served, scope: Scope) -> None:
    path = f"/api/v1/admin/tenants/{scope.tenant}/limits"
    told = served.call("GET", path, served.key(scope)).json()
    assert (told["tier"], told["events_per_day"]["limit"]) == ("free", 1_000_000)
    assert told["caller"]["requests_per_minute"] == 8
    assert served.call("GET", path, served.key(scope, Role.ANALYST)).status_code == 403
    stranger = Scope(scope.tenant + "-other", "test", Role.OWNER)
    assert served.call("GET", path, served.key(stranger)).status_code == 404
    assert served.call("PUT", path, served.key(scope), {"events_per_day": 0}).status_code == 403


def test_the_operator_sets_limits_for_one_tenant(served: Served, scope: Scope) -> None:
    served.key(scope)
    operator = served.key(Scope("default", "test", Role.OWNER), Role.OWNER)
    path = f"/api/v1/admin/tenants/{scope.tenant}/limits"
    assert served.call("PUT", path, operator, {"events_per_day": 5}).json()["events_per_day"]["limit"] == 5
    assert served.call("PUT", path, operator, {"events_per_day": None}).json()["events_per_day"]["limit"] == 1_000_000
    assert served.call("PUT", path, operator, {"events_per_day": -1}).status_code == 422
    assert served.call("PUT", path, operator, {"evnts": 1}).status_code == 422

"""Two tenants on one server: whatever one asks with the ids of the other, he learns and changes nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.web.page_list import ADMINISTRATION, PAGES
from tests.transports.whole import Caller, Whole, caller, whole

from .walking import Operation, operations

ABSENT = {404}
NOTHING: Mapping[str, str] = MappingProxyType({})
COMMON = {"dashboard_id": "commerce"}
"""What every tenant has."""
OWN = {
    ("PUT", "/api/v1/analytics/benchmarks/{id}"),
    ("PUT", "/api/v1/analytics/objectives/{service_name}"),
    ("GET", "/api/v1/analytics/dashboards/{dashboard_id}/permissions"),
    ("PUT", "/api/v1/analytics/dashboards/{dashboard_id}/permissions"),
    ("DELETE", "/api/v1/analytics/dashboards/{dashboard_id}/permissions"),
    ("PUT", "/api/v1/privacy/users/{user_id}/consent"),
    ("GET", "/api/v1/privacy/users/{user_id}/consent"),
    ("GET", "/api/v1/privacy/users/{user_id}"),
    ("DELETE", "/api/v1/privacy/users/{user_id}"),
}
"""Where an id is a name that each tenant may give: whoever asks makes, or is told of, something of his own."""
EMPTY = {
    "/api/v1/analytics/services/{service_name}/slo",
    "/api/v1/analytics/content/{content_id}",
    "/api/v1/analytics/content/{content_id}/audience",
    "/api/v1/analytics/content/{content_id}/insights",
    "/api/v1/analytics/content/{content_id}/journey",
    "/api/v1/loads/{source}",
}
"""Where nothing known of a name is told as an empty answer."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the other tenant has. mark: in every text of his. ids: by the route's beginning, then by parameter."""

    caller: Caller
    mark: str
    ids: dict[str, dict[str, str]]

    def of(self, operation: Operation) -> dict[str, str]:
        """A foreign id for every parameter of its path. KeyError for one that nobody thought of."""
        known = {**COMMON, **self.ids[""]}
        for begin, more in self.ids.items():
            known |= more if operation.path.startswith(begin) else {}
        return {name: known[name] for name in operation.parameters}


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole(data) as found:
        yield found


@pytest.fixture
def mine(served: Whole) -> Caller:
    return caller(served, Scope(f"mine-{uuid.uuid4().hex}", "test", Role.OWNER))


@pytest.fixture(scope="module")
def theirs(served: Whole) -> Theirs:
    mark = f"zq{uuid.uuid4().hex[:12]}"
    other = caller(served, Scope(f"{mark}-tenant", "test", Role.OWNER))
    event_id = str(uuid.uuid4())
    known = other.call("GET", "/api/v1/metrics/event-types")["event_types"]
    names = [f"{mark}_type", *(one["event_type"] for one in known)]
    other.send(*(_event(mark, name, event_id if n == 0 else str(uuid.uuid4())) for n, name in enumerate(names)))
    other.send({"event_type": "", "user_id": f"{mark}-dropped"}, status=422)
    [letter] = other.call("GET", "/api/v1/dead-letters")["dead_letters"]
    segment, funnel, metric, own_type = f"{mark}_segment", f"{mark}_funnel", f"{mark}_metric", f"{mark}_type"
    label = {"label": f"{mark} label", "description": f"{mark} description"}
    other.call("POST", "/api/v1/analytics/segments", {"id": segment, **label, "rule": {"did": names[0]}}, status=201)
    other.call("POST", "/api/v1/analytics/funnels", {"id": funnel, **label, "steps": names[:2]}, status=201)
    declared = {"id": metric, **label, "unit": "count", "events": names[:1], "measure": "count"}
    other.call("POST", "/api/v1/metrics/definitions", declared, status=201)
    other.call("POST", "/api/v1/custom-events", {"name": own_type, "description": f"{mark} about"}, status=201)
    benchmark = {"metric": "churn_rate", "value": 0.05, "source": f"{mark} survey"}
    other.call("PUT", f"/api/v1/analytics/benchmarks/{mark}_benchmark", benchmark)
    other.call("PUT", f"/api/v1/analytics/objectives/{mark}-service", {"slo": 99.9})
    key = other.call("POST", "/api/v1/admin/api-keys", {"name": f"{mark} key", "role": "viewer"}, status=201)["id"]
    invited = {"email": f"{mark}@example.com", "name": f"{mark} name", "role": "viewer"}
    person = other.call("POST", "/api/v1/admin/users", invited, role=Role.OWNER, status=201)["id"]
    request = other.call("DELETE", f"/api/v1/privacy/users/{mark}-erased", status=202)["id"]
    query = served.services.running.opened(other.scope, f"{mark} query").id
    return Theirs(
        other,
        mark,
        {
            "": {
                "event_id": event_id,
                "user_id": f"{mark}-user",
                "content_id": f"{mark}-content",
                "service_name": f"{mark}-service",
                "job_id": f"{mark}-job",
                "letter_id": letter["letter_id"],
                "query_id": query,
                "request_id": request,
                "key_id": key,
                "tenant_id": other.scope.tenant,
                "name": own_type,
                "thing": metric,
                "source": f"{mark}-source",
            },
            "/api/v1/analytics/segments/": {"id": segment},
            "/api/v1/analytics/funnels/": {"id": funnel},
            "/api/v1/analytics/benchmarks/": {"id": f"{mark}_benchmark"},
            "/api/v1/metrics/definitions/": {"id": metric},
            "/api/v1/admin/users": {"user_id": person},
        },
    )


def _event(mark: str, event_type: str, event_id: str) -> dict[str, Any]:
    texts = (
        "service",
        "symbol",
        "job_id",
        "origin",
        "reason",
        "strategy_id",
        "account_id",
        "order_id",
        "path",
        "query",
    )
    return {
        "event_id": event_id,
        "event_type": event_type,
        "user_id": f"{mark}-user",
        "anonymous_id": f"{mark}-visitor",
        "session_id": f"{mark}-session",
        "content_id": f"{mark}-content",
        "properties": {
            **{name: f"{mark}-{name.removesuffix('_id')}" for name in texts},
            "amount": 4.25,
            "price": 10,
            "quantity": 1,
            "pnl": 3,
            "duration_ms": 20,
            "status_code": 500,
        },
    }


def asked(mine: Caller, operation: Operation, path: str, query: Mapping[str, str] = NOTHING) -> httpx.Response:
    is_json = operation.media_type.endswith("json") and not isinstance(operation.body, str)
    answer: httpx.Response = mine.client.request(
        operation.method,
        path,
        params={**operation.query, **query},
        headers={"X-API-Key": mine.keys[Role.OWNER], "Content-Type": operation.media_type or "application/json"},
        json=operation.body if is_json else None,
        content=None if is_json else str(operation.body or "").encode(),
    )
    return answer


def told(answer: httpx.Response) -> str:
    return f"{answer.text}\n{dict(answer.headers)}"


def everything(theirs: Theirs) -> dict[str, Any]:
    """All that the other tenant finds of his own things."""
    paths = (
        "/api/v1/analytics/segments",
        "/api/v1/analytics/funnels",
        "/api/v1/analytics/benchmarks",
        "/api/v1/analytics/objectives",
        "/api/v1/metrics/definitions",
        "/api/v1/custom-events",
        "/api/v1/admin/users",
        "/api/v1/dead-letters",
        "/api/v1/privacy/requests",
        "/api/v1/privacy/retention",
        "/api/v1/settings",
        f"/api/v1/privacy/users/{theirs.mark}-user/consent",
        f"/api/v1/admin/tenants/{theirs.caller.scope.tenant}",
    )
    found = {path: theirs.caller.call("GET", path) for path in paths}
    keys = theirs.caller.call("GET", "/api/v1/admin/api-keys")
    found["keys"] = [{**one, "last_used_at": None} for one in keys["api_keys"]]
    found["events"] = len(theirs.caller.events())
    return found


def test_no_id_of_the_other_tenant_opens_anything(mine: Caller, theirs: Theirs) -> None:
    """Every route with an id in its path, by every method."""
    before, wrong = everything(theirs), []
    walked = [operation for operation in operations(mine.client) if operation.parameters]
    walked.sort(key=lambda operation: (operation.method, operation.path) in OWN)
    assert len(walked) > 60
    for operation in walked:
        ids = theirs.of(operation)
        if isinstance(operation.body, dict) and "id" in operation.body:
            operation = replace(operation, body={**operation.body, "id": ids["id"]})
        answer = asked(mine, operation, operation.at(**ids))
        text = told(answer)
        for id_ in ids.values():
            text = text.replace(id_, "")
        place = (operation.method, operation.path)
        absent = answer.status_code in ABSENT or place in OWN or operation.path in EMPTY or not set(ids) - set(COMMON)
        if not absent or theirs.mark in text or answer.status_code >= 500:
            wrong.append((*place, answer.status_code, text[:300]))
    assert not wrong, "\n".join(map(str, wrong))
    assert everything(theirs) == before


def test_no_answer_holds_anything_of_the_other_tenant(mine: Caller, theirs: Theirs) -> None:
    """Every route without an id, as it is asked in its documentation; lists and files too."""
    wrong = []
    for operation in operations(mine.client):
        if operation.parameters or operation.path in ELSEWHERE:
            continue
        for query in ({}, {"format": "csv"}) if "format" in operation.takes else ({},):
            answer = asked(mine, operation, operation.path, query)
            if theirs.mark in told(answer) or answer.status_code >= 500:
                wrong.append((operation.method, operation.path, query, answer.status_code, told(answer)[:300]))
    assert not wrong, "\n".join(map(str, wrong))


ELSEWHERE = {"/api/v1/privacy/retention/run"}
"""It goes over the tables of every tenant, whom other tests have there too: tests/transports/test_retention.py."""
NAMED = {
    "/api/v1/events": ("segment", "user_id", "session_id", "content_id", "filters", "fields", "cursor"),
    "/api/v1/events/export": ("segment", "user_id", "filters"),
    "/api/v1/events/stats": ("segment", "event_type"),
    "/api/v1/metrics": ("metric_name", "segment"),
    "/dashboard/revenue": ("metrics", "segment", "dimensions"),
    "/api/v1/analytics/kpis": ("segment",),
    "/funnel/analysis": ("funnel_name", "steps", "segment"),
    "/funnel/people": ("funnel_name", "steps"),
    "/cohort/analysis": ("segment", "cohort_event"),
    "/api/v1/analytics/paths": ("point", "conversion"),
    "/api/v1/analytics/attribution": ("conversion",),
    "/api/v1/analytics/content/comparison": ("ids",),
    "/api/v1/analytics/trading/candles": ("symbol",),
    "/api/v1/analytics/trading/orders": ("symbol", "strategy_id"),
    "/api/v1/analytics/users": ("segment", "cursor"),
    "/api/v1/analytics/competitive": ("benchmark", "metric"),
    "/api/v1/analytics/imports/jobs": ("origin",),
    "/api/v1/dead-letters": ("reason", "cursor"),
    "/api/v1/admin/audit": ("actor", "thing", "cursor"),
    "/api/v1/privacy/requests": ("cursor",),
}
"""Parameters of a query string that name something."""


def test_nothing_of_the_other_tenant_is_found_by_naming_it(mine: Caller, theirs: Theirs) -> None:
    values = [f"{theirs.mark}{name}" for name in ("_segment", "_funnel", "_metric", "_type", "-user", "-content")]
    known, wrong = {operation.path: operation for operation in operations(mine.client)}, []
    for path, names in NAMED.items():
        for name in names:
            for value in values:
                answer = asked(mine, replace(known[path], method="GET", body=None), path, {name: value})
                text = told(answer).replace(value, "").replace(json.dumps(value)[1:-1], "")
                if theirs.mark in text or answer.status_code >= 500:
                    wrong.append((path, name, value, answer.status_code, text[:300]))
    assert not wrong, "\n".join(map(str, wrong))


def test_a_cursor_of_the_other_tenant_leads_to_nothing_of_his(mine: Caller, theirs: Theirs) -> None:
    mine.send({"event_type": "page_view"}, {"event_type": "page_view"})
    for path in ("/api/v1/events", "/api/v1/dead-letters", "/api/v1/analytics/users", "/api/v1/admin/audit"):
        cursor = theirs.caller.call("GET", f"{path}?limit=1").get("next_cursor") or "none"
        answer = mine.client.get(
            path, params={"limit": "1", "cursor": cursor}, headers={"X-API-Key": mine.keys[Role.OWNER]}
        )
        assert answer.status_code in (200, 422), answer.text
        assert theirs.mark not in answer.text.replace(cursor, "")


def test_the_live_feed_holds_ones_own_events_alone(mine: Caller, theirs: Theirs) -> None:
    headers = {"Authorization": f"Bearer {mine.keys[Role.ADMIN]}"}
    with mine.client.websocket_connect("/api/v1/events/stream?overview=1", headers=headers) as session:
        assert session.receive_json()["type"] == "hello"
        theirs.caller.send({"event_type": "page_view", "user_id": f"{theirs.mark}-live"})
        mine.send({"event_type": "page_view", "user_id": "me"})
        said = [session.receive_json()]
        while said[-1]["type"] != "event":
            said.append(session.receive_json())
    assert said[-1]["event"]["user_id"] == "me"
    assert theirs.mark not in json.dumps(said)


def test_no_page_holds_anything_of_the_other_tenant(mine: Caller, theirs: Theirs) -> None:
    for page in (*PAGES, *ADMINISTRATION):
        answer = mine.client.get(page.path, headers={"X-API-Key": mine.keys[Role.OWNER]})
        assert answer.status_code in (200, 404)
        assert theirs.mark not in told(answer)

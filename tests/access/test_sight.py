"""Who sees a part: from whom personal data is hidden, and who may see some events alone, over every route there is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from factbook.core.clock import system_clock
from factbook.core.scope import Role, Scope, Tier
from factbook.events.personal import PERSONAL
from factbook.storage.engine import Engine
from factbook.transports.http.audit_acts import ASKING
from factbook.transports.http.sight import Sight, sight_of
from tests.clocks import SetClock
from tests.transports.whole import Caller, Whole, caller, whole

from .walking import Operation, operations

NOBODYS = {
    "/.well-known/jwks.json",
    "/api/v1/auth/set-password",
    "/api/v1/auth/sign-in",
    "/api/v1/auth/sign-out",
    "/api/v1/auth/token",
    "/health",
    "/healthz",
    "/metrics",
    "/ready",
}
"""They know no caller, or tell him of himself alone."""
EU = [{"field": "property.market", "value": "EU"}]


@dataclass(frozen=True, slots=True)
class Shop:
    """mark: in every personal value. far: in every value of the events outside the EU."""

    caller: Caller
    mark: str
    far: str
    ids: dict[str, str]

    def key(self, **seen: Any) -> str:
        return self.caller.services.keys.create(self.caller.scope, "part", Role.ANALYST, **seen).key


def event(n: int, type_: str, who: str, texts: str, market: str, clock: SetClock) -> dict[str, Any]:
    names = (
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
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{market}{n}")),
        "event_type": type_,
        "timestamp": (clock() - timedelta(minutes=5 * n + (market == "EU"))).isoformat(),
        "user_id": f"{who}-user{n % 3}",
        "anonymous_id": f"{who}-visitor{n % 3}",
        "session_id": f"{who}-session",
        "ip_address": "203.0.113.9",
        "user_agent": f"Mozilla/5.0 {who}",
        "content_id": f"{texts}-content",
        "properties": {
            **{name: f"{texts}-{name.removesuffix('_id')}" for name in names},
            "market": market,
            "amount": 4.25,
            "price": 10 + n,
            "quantity": 1,
            "pnl": 3,
            "duration_ms": 20,
            "status_code": 500,
        },
    }


@pytest.fixture(scope="module")
def clock() -> SetClock:
    return SetClock(system_clock())


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path, clock: SetClock) -> Iterator[Whole]:
    with whole(data, clock) as found:
        yield found


def shop(served: Whole, clock: SetClock, *, far: bool) -> Shop:
    """The same events in the EU, and where `far` others outside."""
    scope = Scope(f"shop-{uuid.uuid4().hex}", "test", Role.OWNER, Tier.ENTERPRISE)
    served.services.metadata.ensure_tenant_of_system(scope.tenant, now=0, tier=scope.tier)
    own = caller(served, scope)
    mark, away = "zqwho", "zqfar"
    types = [one["event_type"] for one in own.call("GET", "/api/v1/metrics/event-types")["event_types"]]
    own.send(*(event(n, type_, mark, "near", "EU", clock) for n, type_ in enumerate(types)))
    if far:
        own.send(*(event(n, type_, away, away, "US", clock) for n, type_ in enumerate([*types, f"{away}_type"])))
    label = {"label": "Ours", "description": "Of ours."}
    own.call("POST", "/api/v1/analytics/segments", {"id": "ours", **label, "rule": {"did": "purchase"}}, status=201)
    own.call("POST", "/api/v1/analytics/funnels", {"id": "ours", **label, "steps": types[:2]}, status=201)
    declared = {"id": "ours", **label, "unit": "count", "events": ["purchase"], "measure": "count"}
    own.call("POST", "/api/v1/metrics/definitions", declared, status=201)
    own.call("POST", "/api/v1/custom-events", {"name": "ours", "description": "Of ours."}, status=201)
    own.call("PUT", "/api/v1/analytics/benchmarks/ours", {"metric": "churn_rate", "value": 0.05, "source": "ours"})
    own.call("PUT", "/api/v1/analytics/objectives/near-service", {"slo": 99.9})
    ids = {
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_OID, "EU0")),
        "user_id": f"{mark}-user0",
        "content_id": "near-content",
        "service_name": "near-service",
        "job_id": "near-job",
        "letter_id": str(uuid.uuid4()),
        "dashboard_id": "commerce",
        "id": "ours",
        "name": "ours",
        "thing": "ours",
    }
    return Shop(own, mark, away, ids)


@pytest.fixture(scope="module")
def all_of_it(served: Whole, clock: SetClock) -> Shop:
    return shop(served, clock, far=True)


@pytest.fixture(scope="module")
def europe(served: Whole, clock: SetClock) -> Shop:
    return shop(served, clock, far=False)


def asked(of: Shop, operation: Operation, key: str) -> httpx.Response:
    path = operation.at(**{name: of.ids.get(name, "none") for name in operation.parameters})
    body = operation.body if operation.media_type.endswith("json") else None
    answer: httpx.Response = of.caller.client.request(
        operation.method, path, params=operation.query, headers={"X-API-Key": key}, json=body
    )
    return answer


def told(answer: httpx.Response) -> str:
    return f"{answer.text}\n{dict(answer.headers)}"


def walked(of: Shop) -> list[Operation]:
    """What an analyst may ask, by every method that keeps nothing."""
    return [
        operation
        for operation in operations(of.caller.client)
        if sight_of(operation.method, operation.path) and (operation.method == "GET" or operation.path in ASKING)
    ]


def test_every_route_is_placed_or_not_for_those_who_see_a_part(europe: Shop) -> None:
    """A route that nobody placed is refused to whoever is masked; here it must be an administrator's anyway."""
    key, wrong = europe.key(), []
    for operation in operations(europe.caller.client):
        if operation.path in NOBODYS or sight_of(operation.method, operation.path):
            continue
        answer = asked(europe, operation, key)
        if answer.status_code != 403:
            wrong.append((operation.method, operation.path, answer.status_code))
    assert wrong == []


def test_who_is_masked_finds_no_personal_value_in_any_answer(europe: Shop) -> None:
    masked, wrong = europe.key(masked=True), []
    for operation in walked(europe):
        place, answer = sight_of(operation.method, operation.path), asked(europe, operation, masked)
        if place is Sight.REFUSED:
            fine = answer.status_code == 403 and "hidden from you" in answer.json()["detail"]
        else:
            fine = answer.status_code < 500 and answer.status_code != 403
        if not fine or europe.mark in told(answer).replace(europe.ids["user_id"], ""):
            wrong.append((operation.method, operation.path, answer.status_code, told(answer)[:300]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v1/events", {"user_id": "ann"}),
        ("/api/v1/events", {"filters": '{"ip_address": "203.0.113.9"}'}),
        ("/api/v1/events/stats", {"anonymous_id.contains": "a"}),
        ("/api/v1/metrics", {"metric_name": "orders", "dimensions": "user_id"}),
        ("/api/v1/metrics", {"metric_name": "events.count", "dimensions": "session"}),
        ("/dashboard/revenue", {"dimensions": "user_agent"}),
        ("/dashboard/revenue", {"session_id": "s"}),
        ("/funnel/analysis", {"steps": "page_view,purchase", "breakdown": "user_id"}),
        ("/cohort/analysis", {"user_id": "ann"}),
        ("/api/v1/analytics/content", {"anonymous_id": "v"}),
        ("/realtime/active-users", {"list": "true"}),
    ],
)
def test_nothing_is_filtered_or_cut_by_what_is_hidden(europe: Shop, path: str, query: dict[str, str]) -> None:
    masked, everything = ({"X-API-Key": europe.key(masked=hidden)} for hidden in (True, False))
    assert europe.caller.client.get(path, params=query, headers=everything).status_code == 200
    answer = europe.caller.client.get(path, params=query, headers=masked)
    assert answer.status_code == 403
    assert answer.json()["field"] in {*PERSONAL, "list"}


def test_what_is_asked_with_a_body_is_not_filtered_by_it_either(europe: Shop) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/dashboard/metrics": {"metrics": ["revenue"], "filters": {"user_id": "ann"}},
        "/funnel/analysis": {"steps": [{"event": "page_view", "where": "user_id = 'ann'"}, "purchase"]},
        "/cohort/analysis": {"cohort_event": {"event": "page_view", "filters": {"ip_address": "203.0.113.9"}}},
        "/api/v1/analytics/attribution": {"conversion": "purchase", "dimension": "user_id"},
    }
    for path, body in bodies.items():
        for hidden, status in ((False, 200), (True, 403)):
            headers = {"X-API-Key": europe.key(masked=hidden)}
            answer = europe.caller.client.post(path, json=body, headers=headers)
            assert answer.status_code == status, answer.text


def test_people_are_counted_whoever_they_are_hidden_from(europe: Shop) -> None:
    asked = {"metrics": ["active_users", "sessions", "events"], "period": "last_30_days"}
    found = [
        europe.caller.client.post("/dashboard/metrics", json=asked, headers={"X-API-Key": europe.key(masked=hidden)})
        for hidden in (False, True)
    ]
    values = [one.json()["total"]["values"] for one in found]
    assert values[0] == values[1]
    assert values[0]["active_users"] == 3


def test_an_event_is_told_without_whose_it_was(served: Whole, clock: SetClock) -> None:
    own = shop(served, clock, far=False)
    headers = {"X-API-Key": own.key(masked=True)}
    personal = {"event_type": "purchase", "data_class": "personal", "properties": {"street": "Elm"}}
    id_ = str(uuid.uuid4())
    own.caller.send({**personal, "event_id": id_, "user_id": "ann"})
    event = own.caller.client.get(f"/api/v1/events/{id_}", headers=headers).json()
    assert {name: event[name] for name in PERSONAL} == dict.fromkeys(PERSONAL)
    assert (event["properties"], event["event_type"]) == ({}, "purchase")
    asked = {"fields": "id,user_id,property.street", "format": "ndjson"}
    lines = own.caller.client.get("/api/v1/events/export", params=asked, headers=headers).text.splitlines()
    assert json.loads(next(line for line in lines if id_ in line)) == {
        "id": id_,
        "user_id": None,
        "property.street": None,
    }


LACKING = {
    "/api/v1/analytics/users",
    "/api/v1/dead-letters",
    "/api/v1/dead-letters/stats",
    "/api/v1/dead-letters/{letter_id}",
}
"""Told from what was made of all events, or never became one: refused to whoever may see some of them."""
NOT_COMPARED = {
    *("source", "complete_since", "read_from", "correlation_id"),
    *("actor", "tenant", "row_filter", "batch_id", "session", "explain"),
}
"""How an answer was found and whose it is, which differ, and not what it says."""


def compared(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: compared(one) for name, one in found.items() if name not in NOT_COMPARED}
    return [compared(one) for one in found] if isinstance(found, list) else found


def test_who_may_see_some_events_is_told_what_he_would_be_were_there_no_others(all_of_it: Shop, europe: Shop) -> None:
    """Every route: the same answer as of a tenant that has these events alone."""
    part, whole_of_it, wrong, refused = all_of_it.key(row_filter=EU), europe.key(), [], set()
    for operation in walked(europe):
        answer, expected = asked(all_of_it, operation, part), asked(europe, operation, whole_of_it)
        if answer.status_code == 403 and "limited to some of them" in answer.text:
            refused.add(operation.path)
            continue
        is_json = answer.headers["content-type"].endswith("json")
        same = not is_json or compared(answer.json()) == compared(expected.json())
        if answer.status_code != expected.status_code or all_of_it.far in told(answer) or not same:
            wrong.append((operation.method, operation.path, answer.status_code, differing(answer, expected)))
    assert not wrong, "\n".join(map(str, wrong))
    assert refused == LACKING


def differing(answer: httpx.Response, expected: httpx.Response) -> str:
    texts = [json.dumps(compared(one.json()), sort_keys=True) if one.content else "" for one in (answer, expected)]
    at = next((i for i, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), 0)
    return " | ".join(text[max(0, at - 80) : at + 80] for text in texts)


def test_no_cache_gives_one_sight_what_another_was_told(all_of_it: Shop) -> None:
    everything, part = all_of_it.key(), all_of_it.key(row_filter=EU)
    asked = {"metrics": ["events", "active_users"], "period": "last_30_days"}
    paths = ("/realtime/overview", "/api/v1/metrics?metric_name=events.count", "/api/v1/events/stats")

    def answers(key: str) -> list[Any]:
        client, headers = all_of_it.caller.client, {"X-API-Key": key}
        found = [client.post("/dashboard/metrics", json=asked, headers=headers)]
        found += [client.get(path, headers=headers) for path in paths]
        return [compared(one.json()) for one in found]

    whole_of_it, theirs = answers(everything), answers(part)
    assert all(a != b for a, b in zip(whole_of_it, theirs, strict=True))
    assert (answers(everything), answers(part)) == (whole_of_it, theirs)


def test_nobody_freezes_a_segment_of_events_that_he_does_not_see_all_of(all_of_it: Shop) -> None:
    segment = {"id": "frozen", "label": "Frozen", "rule": {"did": "purchase"}, "frozen": True}
    client, headers = all_of_it.caller.client, {"X-API-Key": all_of_it.key(row_filter=EU)}
    answer = client.post("/api/v1/analytics/segments", json=segment, headers=headers)
    assert answer.status_code == 403, answer.text
    all_of_it.caller.call("POST", "/api/v1/analytics/segments", segment, status=201)
    for path in ("/api/v1/analytics/segments/frozen/people", "/api/v1/events/stats?segment=frozen"):
        assert client.get(path, headers=headers).status_code == 403

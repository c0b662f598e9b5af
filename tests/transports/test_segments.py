"""Segments over HTTP: kept, tried, frozen, removed, and a filter in every question once they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import cohorts, funnels, paths, segments
from tests.queries.given import given

from .reading_services import Reading, reading

SEGMENTS = "/api/v1/analytics/segments"
BUYERS = {"id": "buyers", "rule": {"did": "purchase"}}
EVENTS: list[dict[str, Any]] = [
    {"at": "2026-02-27T09:00:00Z", "type": "page_view", "visitor": "phone"},
    {"at": "2026-03-01T08:00:00Z", "type": "purchase", "user": "ann", "visitor": "phone", "properties": {"amount": 9}},
    {"at": "2026-03-01T09:00:00Z", "type": "page_view", "user": "ann"},
    {"at": "2026-03-01T09:30:00Z", "type": "page_view", "visitor": "eve"},
    {"at": "2026-03-01T10:00:00Z", "type": "page_view"},
]


@pytest.fixture
def served(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    given(engine, scope, EVENTS)
    with reading(warehouse, scope, tmp_path, engine) as found:
        cast(FastAPI, found.client.app).include_router(segments.router(found.services))
        yield found


def call(served: Reading, method: str, path: str, body: Any = None, role: Role = Role.ANALYST) -> Any:
    headers = {"Authorization": f"Bearer {served.keys[role]}"}
    return served.client.request(method, path, json=body, headers=headers)


def kept(served: Reading, *bodies: dict[str, Any]) -> None:
    for body in bodies:
        answer = call(served, "POST", SEGMENTS, body)
        assert answer.status_code == 201, answer.text


def users(served: Reading, id_: str) -> list[str]:
    people = call(served, "GET", f"{SEGMENTS}/{id_}/people").json()["people"]
    return sorted(one["user_id"] or one["anonymous_ids"][0] for one in people)


def test_a_segment_is_kept_as_it_was_given(served: Reading) -> None:
    kept(served, {**BUYERS, "label": "Who bought", "description": "Ever."})
    [listed] = call(served, "GET", SEGMENTS).json()["segments"]
    assert listed == call(served, "GET", f"{SEGMENTS}/buyers").json()
    assert listed == {
        "id": "buyers",
        "label": "Who bought",
        "description": "Ever.",
        "rule": {"did": "purchase"},
        "frozen": False,
        "version": 1,
        "created_at": "2026-03-01T12:00:30.250000Z",
        "updated_at": "2026-03-01T12:00:30.250000Z",
    }


def test_sizes_are_told_of_everybody(served: Reading) -> None:
    kept(served, BUYERS, {"id": "lookers", "rule": {"did_not": "purchase"}})
    told = call(served, "GET", "/api/v1/analytics/users/segments").json()
    assert told["people"] == 2
    assert [(one["id"], one["people"], one["share"]) for one in told["segments"]] == [
        ("buyers", 1, 0.5),
        ("lookers", 1, 0.5),
    ]


def test_sizes_without_any_segment_are_none(served: Reading) -> None:
    assert call(served, "GET", "/api/v1/analytics/users/segments").json() == {"people": 2, "segments": []}


def test_sizes_over_time_are_told_day_by_day(served: Reading) -> None:
    kept(served, BUYERS)
    path = f"{SEGMENTS}/buyers/sizes?start_date=2026-02-27&end_date=2026-03-01"
    told = call(served, "GET", path, role=Role.VIEWER).json()
    assert [(one["people"], one["of"], one["incomplete"]) for one in told["sizes"]] == [
        (0, 1, False),
        (0, 1, False),
        (1, 2, True),
    ]
    assert (told["id"], told["frozen"], told["granularity"]) == ("buyers", False, "1d")
    table = call(served, "GET", f"{path}&format=csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.splitlines()[0] == "time,people,of,incomplete"
    assert table.text.splitlines()[3].endswith(",1,2,True")
    assert call(served, "GET", f"{SEGMENTS}/buyers/sizes").json()["sizes"][-1]["people"] == 1


def test_one_that_cannot_be_counted_says_why_and_the_others_are(served: Reading, engine: Engine, scope: Scope) -> None:
    spenders = {"id": "spenders", "rule": {"aggregate": "sum", "of": "amount", "over": "purchase", "gte": 5}}
    kept(served, BUYERS, spenders)
    properties = {"amount": 9, "currency": "USD"}
    dollars = {"at": "2026-03-01T11:00:00Z", "type": "purchase", "user": "bob", "properties": properties}
    given(engine, scope, [dollars, {**dollars, "properties": {"amount": 9, "currency": "EUR"}}])
    told = call(served, "GET", "/api/v1/analytics/users/segments").json()["segments"]
    assert [(one["id"], one["people"]) for one in told] == [("buyers", 2), ("spenders", None)]
    assert "EUR, USD" in told[1]["problem"]
    refused = call(served, "GET", "/api/v1/events?segment=spenders")
    assert (refused.status_code, refused.json()["field"]) == (409, "rates")
    served.services.tenant_settings.change(scope, {"currency": "EUR", "rates": {"USD": 0.9}})
    assert users(served, "spenders") == ["ann", "bob"]


def test_a_rule_can_be_tried_before_it_is_kept(served: Reading) -> None:
    told = call(served, "POST", f"{SEGMENTS}/preview", {"rule": {"did": "page_view", "count": {"gte": 2}}}).json()
    assert (told["people"], told["of"], told["share"]) == (1, 2, 0.5)
    assert [(one["user_id"], one["anonymous_ids"], one["events"]) for one in told["sample"]] == [("ann", ["phone"], 3)]
    assert call(served, "GET", SEGMENTS).json() == {"segments": []}


def test_people_come_as_csv_that_runs_no_formula(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [{"at": "2026-03-01T11:00:00Z", "type": "purchase", "user": "=cmd()"}])
    kept(served, BUYERS)
    told = call(served, "GET", f"{SEGMENTS}/buyers/people?format=csv")
    assert told.headers["content-type"].startswith("text/csv")
    head, *lines = told.text.splitlines()
    assert head == "user_id,anonymous_ids,first_seen,last_seen,events,last_event_type"
    assert {line.split(",")[0] for line in lines} == {"ann", "'=cmd()"}


def test_a_frozen_segment_keeps_who_was_in_it(served: Reading, engine: Engine, scope: Scope) -> None:
    kept(served, {**BUYERS, "frozen": True}, {"id": "then", "rule": {"all": [{"segment": "buyers"}, {"did": {}}]}})
    given(engine, scope, [{"at": "2026-03-01T11:00:00Z", "type": "purchase", "visitor": "eve"}])
    assert users(served, "buyers") == users(served, "then") == ["ann"]
    again = call(served, "PUT", f"{SEGMENTS}/buyers", {"rule": BUYERS["rule"], "frozen": True}).json()
    assert (again["version"], again["frozen"]) == (2, True)
    assert users(served, "buyers") == ["ann", "eve"]
    call(served, "PUT", f"{SEGMENTS}/buyers", {"rule": {"did": "never"}})
    assert users(served, "buyers") == []


def test_a_visitor_of_a_frozen_segment_stays_in_it_as_a_user(served: Reading, engine: Engine, scope: Scope) -> None:
    kept(served, {"id": "lookers", "rule": {"did_not": "purchase"}, "frozen": True})
    given(engine, scope, [{"at": "2026-03-01T11:00:00Z", "type": "login", "user": "eva", "visitor": "eve"}])
    assert users(served, "lookers") == ["eva"]


def test_a_segment_that_another_stands_on_is_not_removed(served: Reading) -> None:
    kept(served, BUYERS, {"id": "others", "rule": {"not": {"segment": "buyers"}}})
    refused = call(served, "DELETE", f"{SEGMENTS}/buyers")
    assert (refused.status_code, refused.json()["used_by"]) == (409, ["others"])
    assert call(served, "DELETE", f"{SEGMENTS}/others").status_code == 204
    assert call(served, "DELETE", f"{SEGMENTS}/buyers").status_code == 204
    assert call(served, "DELETE", f"{SEGMENTS}/buyers").status_code == 404


def test_a_change_that_would_break_another_segment_is_refused(served: Reading) -> None:
    kept(served, BUYERS, {"id": "others", "rule": {"not": {"segment": "buyers"}}})
    refused = call(served, "PUT", f"{SEGMENTS}/buyers", {"rule": {"segment": "others"}})
    assert (refused.status_code, refused.json()["field"]) == (422, "rule.not.segment")
    assert call(served, "GET", f"{SEGMENTS}/buyers").json()["rule"] == BUYERS["rule"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", SEGMENTS, {"id": "Not an id", "rule": {"did": "a"}}, 422, "id"),
        ("POST", SEGMENTS, {"id": "a"}, 422, "rule"),
        ("POST", SEGMENTS, {"id": "a", "rule": {"did": "a"}, "colour": "red"}, 422, "colour"),
        ("POST", SEGMENTS, {"id": "a", "rule": {"did": {"filters": {"segment": "b"}}}}, 422, "segment"),
        ("POST", SEGMENTS, {"id": "a", "rule": {"did": {"where": "type + 1"}}}, 422, "rule.did.where"),
        ("POST", SEGMENTS, {"id": "a", "rule": {"did": "a"}, "frozen": "yes"}, 422, "frozen"),
        ("POST", SEGMENTS, [], 422, None),
        ("POST", f"{SEGMENTS}/preview", {"rule": {"segment": "a"}}, 422, "rule.segment"),
        ("PUT", f"{SEGMENTS}/a", {"rule": {"did": "a"}}, 404, None),
        ("GET", f"{SEGMENTS}/a", None, 404, None),
        ("GET", f"{SEGMENTS}/a/people", None, 404, None),
        ("GET", f"{SEGMENTS}/a/sizes", None, 404, None),
    ],
)
def test_what_is_wrong_is_named(
    served: Reading, method: str, path: str, body: Any, status: int, field: str | None
) -> None:
    refused = call(served, method, path, body)
    assert (refused.status_code, refused.json().get("field")) == (status, field), refused.text


def test_an_id_is_taken_once(served: Reading) -> None:
    kept(served, BUYERS)
    assert call(served, "POST", SEGMENTS, BUYERS).status_code == 409


def test_a_viewer_sees_sizes_but_no_people(served: Reading) -> None:
    kept(served, BUYERS)
    assert call(served, "GET", "/api/v1/analytics/users/segments", role=Role.VIEWER).status_code == 200
    assert call(served, "GET", f"{SEGMENTS}/buyers/people", role=Role.VIEWER).status_code == 403
    assert call(served, "POST", SEGMENTS, BUYERS, role=Role.VIEWER).status_code == 403


def test_one_tenants_segments_and_people_are_not_anothers(
    served: Reading, engine: Engine, warehouse: Warehouse, tmp_path: Path
) -> None:
    kept(served, {**BUYERS, "frozen": True})
    other = Scope(tenant=f"tenant-{uuid4().hex}", actor="test", role=Role.OWNER)
    given(engine, other, EVENTS)
    with reading(warehouse, other, tmp_path, engine) as theirs:
        cast(FastAPI, theirs.client.app).include_router(segments.router(theirs.services))
        assert call(theirs, "GET", SEGMENTS).json() == {"segments": []}
        for read in ("people", "sizes", "history"):
            assert call(theirs, "GET", f"{SEGMENTS}/buyers/{read}").status_code == 404
        assert call(theirs, "GET", "/api/v1/events?segment=buyers").status_code == 422


class TestAsAFilter:
    """segment, segment.ne and segment.in in questions that know nothing else of segments."""

    @pytest.mark.parametrize("frozen", [False, True])
    def test_events_are_those_of_its_people(self, served: Reading, frozen: bool) -> None:
        kept(served, {**BUYERS, "frozen": frozen})
        for query, events in (
            ("segment=buyers", 3),
            ("segment.ne=buyers", 2),
            ("segment.in=buyers&event_type=page_view", 2),
            ('filters={"segment": "buyers"}', 3),
        ):
            assert len(call(served, "GET", f"/api/v1/events?{query}").json()["events"]) == events, query
        assert call(served, "GET", "/api/v1/events/stats?segment=buyers").json()["total_events"] == 2

    def test_pages_of_its_events_meet(self, served: Reading) -> None:
        kept(served, {"id": "recent", "rule": {"did": "purchase", "within": "7d"}})
        first = call(served, "GET", "/api/v1/events?segment=recent&limit=2").json()
        more = f"/api/v1/events?segment=recent&limit=2&cursor={first['next_cursor']}"
        rest = call(served, "GET", more).json()
        assert (len(rest["events"]), rest["next_cursor"]) == (1, None)

    def test_several_are_either_of_them(self, served: Reading) -> None:
        kept(served, BUYERS, {"id": "lookers", "rule": {"did_not": "purchase"}})
        told = call(served, "GET", "/api/v1/events?segment.in=buyers,lookers").json()
        assert len(told["events"]) == 4

    def test_metrics_count_its_people_alone(self, served: Reading) -> None:
        kept(served, BUYERS)
        asked = {"metrics": ["events.count", "users.active"], "filters": {"segment": "buyers"}, "period": "today"}
        told = call(served, "POST", "/dashboard/metrics", {**asked, "explain": True}).json()
        assert told["total"]["values"] == {"events.count": 2, "users.active": 1}
        assert told["explain"][0]["reason"] == "a filter on segment is answered from single events"
        one = call(served, "GET", "/api/v1/metrics?metric_name=page_view.x&segment=buyers")
        assert one.status_code == 200, one.text

    def test_cohorts_funnels_and_paths_are_of_its_people_alone(self, served: Reading) -> None:
        app = cast(FastAPI, served.client.app)
        for part in (cohorts, funnels, paths):
            app.include_router(part.router(served.services))
        kept(served, BUYERS)
        week = "start_date=2026-02-23&end_date=2026-03-01"
        for query, people in (("", 2), ("&segment=buyers", 1), ("&segment.ne=buyers", 1)):
            cohort = call(served, "GET", f"/cohort/analysis?{week}{query}")
            assert cohort.json()["people"] == people, cohort.text
            funnel = call(served, "GET", f"/funnel/analysis?steps=page_view,purchase&{week}{query}")
            assert funnel.json()["steps"][0]["count"] == people, funnel.text
        path = call(served, "GET", f"/api/v1/analytics/paths?{week}&segment=nobody")
        assert (path.status_code, path.json()["field"]) == (422, "segment")

    def test_one_that_there_is_not_is_named(self, served: Reading) -> None:
        kept(served, BUYERS)
        for answer in (
            call(served, "GET", "/api/v1/events?segment=buyer"),
            call(served, "POST", "/dashboard/metrics", {"metrics": ["orders"], "filters": {"segment": "buyer"}}),
        ):
            assert (answer.status_code, answer.json()["field"]) == (422, "segment")
            assert "'buyers'" in answer.text

    def test_it_is_no_text_to_search(self, served: Reading) -> None:
        assert call(served, "GET", "/api/v1/events?segment.contains=buy").status_code == 422

"""Cohorts over HTTP: every way to ask, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.segments.kept import given_segment
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .reading_services import Reading, reading

FEBRUARY: dict[str, Any] = {"start_date": "2026-02-02", "end_date": "2026-02-15"}
PATHS = ("/cohort/analysis", "/api/v1/analytics/users/cohorts", "/api/v1/analytics/users/retention")


@pytest.fixture
def served(warehouse: Warehouse, engine: Engine, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    days = {"a": ["02", "03", "09"], "b": ["02"], "c": ["10"]}
    happened = [
        {"at": f"2026-02-{day}T12:00:00Z", "user": user, "country": "DE" if user != "b" else "FR"}
        for user, each in days.items()
        for day in each
    ]
    given(engine, scope, happened)
    with reading(warehouse, scope, tmp_path) as found:
        yield found


def test_cohorts_are_asked_for_by_query_string(served: Reading) -> None:
    told = served.get("/cohort/analysis", cohort_type="acquisition_week", **FEBRUARY).json()
    assert [(each["size"], each["counts"][:2]) for each in told["cohorts"]] == [(2, [2, 1]), (1, [1, None])]
    assert told == served.get("/api/v1/analytics/users/cohorts", **FEBRUARY).json()


def test_retention_is_by_day_unless_asked_otherwise(served: Reading) -> None:
    told = served.get("/api/v1/analytics/users/retention", **FEBRUARY).json()
    assert (told["granularity"], told["cohorts"][0]["counts"][:8]) == ("1d", [2, 1, 0, 0, 0, 0, 0, 1])
    assert told["summary"]["D1"] == {"rate": 1 / 3, "count": 1, "of": 3}


def test_cohorts_are_asked_for_by_a_question(served: Reading) -> None:
    question = {**FEBRUARY, "return_event": {"event": "page_view", "filters": {"country": "DE"}}}
    headers = {"Authorization": f"Bearer {served.keys[Role.VIEWER]}"}
    told = served.client.post("/cohort/analysis", json=question, headers=headers).json()
    assert [(each["size"], each["counts"][:2]) for each in told["cohorts"]] == [(2, [1, 1]), (1, [1, None])]


def test_any_parameter_filters(served: Reading) -> None:
    assert served.get("/cohort/analysis", **FEBRUARY, country="FR").json()["people"] == 1


def test_a_segment_filters(served: Reading, scope: Scope) -> None:
    segment = {"id": "germans", "label": "Germans", "rule": {"property": "country", "in": ["DE"]}}
    served.services.segments.define(scope, given_segment(segment), new=True)
    assert served.get("/cohort/analysis", **FEBRUARY, segment="germans").json()["people"] == 2
    assert served.get("/cohort/analysis", **FEBRUARY, segment="martians").status_code == 422
    returned = {**FEBRUARY, "return_event": {"filters": {"segment.ne": "germans"}}}
    headers = {"Authorization": f"Bearer {served.keys[Role.VIEWER]}"}
    told = served.client.post("/cohort/analysis", json=returned, headers=headers).json()
    assert [each["size"] for each in told["cohorts"]] == [2, 1]
    assert sum(each["counts"][0] for each in told["cohorts"]) == 1


@pytest.mark.parametrize("path", PATHS)
def test_a_mistake_is_named(served: Reading, path: str) -> None:
    refused = served.get(path, brackets="1-x")
    assert refused.status_code == 422
    assert refused.json()["field"] == "brackets"


@pytest.mark.parametrize("path", PATHS)
def test_a_key_is_needed(served: Reading, path: str) -> None:
    assert served.get(path, role=None).status_code == 401
    assert served.get(path, role=Role.WRITER).status_code == 403


@pytest.mark.parametrize(("body", "field"), [({"cohort": "day"}, "cohort"), ({"brackets": 7}, "brackets")])
def test_a_question_with_another_field_is_refused(served: Reading, body: Any, field: str) -> None:
    headers = {"Authorization": f"Bearer {served.keys[Role.VIEWER]}"}
    refused = served.client.post("/cohort/analysis", json=body, headers=headers)
    assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_the_people_of_a_cell_are_told_page_by_page(served: Reading) -> None:
    path = "/api/v1/analytics/users/cohorts/people"
    first = served.get(path, cohort="2026-02-02", page_size=1, **FEBRUARY).json()
    second = served.get(path, cohort="2026-02-02", page_size=1, cursor=first["next_cursor"], **FEBRUARY).json()
    assert {each["people"][0]["user_id"] for each in (first, second)} == {"a", "b"}
    assert second["next_cursor"] is None
    [came] = served.get(path, cohort="2026-02-02", at="1", **FEBRUARY).json()["people"]
    assert came == {
        "user_id": "a",
        "anonymous_ids": [],
        "first_seen": "2026-02-02T12:00:00+00:00",
        "last_seen": "2026-02-09T12:00:00+00:00",
        "events": 3,
        "last_event_type": "page_view",
    }
    [stayed] = served.get(path, cohort="2026-02-02", at="1", stayed_away=True, **FEBRUARY).json()["people"]
    assert stayed["user_id"] == "b"
    csv = served.get(path, cohort="2026-02-02", at="1", format="csv", **FEBRUARY).text.splitlines()
    assert csv[1].startswith("a,,2026-02-02T12:00:00+00:00")
    assert served.get(path, role=Role.VIEWER, cohort="2026-02-02").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cohort": "2026-02-04"}, "cohort"),
        ({"at": "99"}, "at"),
        ({"cursor": "x"}, "cursor"),
        ({"format": "x"}, "format"),
    ],
)
def test_a_cell_that_there_is_not_is_refused(served: Reading, wrong: dict[str, Any], field: str) -> None:
    asked = {"cohort": "2026-02-02", **FEBRUARY, **wrong}
    refused = served.get("/api/v1/analytics/users/cohorts/people", **asked)
    assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_what_cohorts_brought_is_asked_for_by_metric(served: Reading) -> None:
    told = served.get("/cohort/analysis", metric="events.count", **FEBRUARY).json()
    assert told["cohorts"][0]["values"][:2] == [3, 1]
    assert served.get("/cohort/analysis", metric="churn", **FEBRUARY).json()["field"] == "metric"


def test_a_table_is_taken_along_as_csv(served: Reading) -> None:
    table = served.get("/cohort/analysis", format="csv", **FEBRUARY)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.splitlines() == [
        "cohort,size,period,counts,rates,incomplete",
        "2026-02-02T00:00:00+00:00,2,0,2,1.0,False",
        "2026-02-02T00:00:00+00:00,2,1,1,0.5,False",
        "2026-02-09T00:00:00+00:00,1,0,1,1.0,False",
    ]
    headers = {"Authorization": f"Bearer {served.keys[Role.VIEWER]}"}
    posted = served.client.post("/cohort/analysis?format=csv", json=FEBRUARY, headers=headers)
    assert posted.text == table.text
    values = served.get("/cohort/analysis", format="csv", metric="orders", **FEBRUARY).text.splitlines()
    assert values[0] == "cohort,size,period,values,per_person,cumulative,cumulative_per_person,incomplete"


def test_another_tenant_sees_none_of_it(served: Reading, scope: Scope) -> None:
    other = replace(scope, tenant=f"other-{scope.tenant}")
    served.services.keys._metadata.ensure_tenant_of_system(other.tenant, now=0)
    key = served.services.keys.create(other, "stranger", Role.ADMIN).key
    told = served.client.get("/cohort/analysis", params=FEBRUARY, headers={"Authorization": f"Bearer {key}"})
    assert told.json()["people"] == 0

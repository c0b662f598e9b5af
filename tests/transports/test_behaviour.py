"""Buyers by fifths, patterns, scores and preferences over HTTP: answers, CSV, and what is wrong named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import behaviour, segments
from tests.queries.given import given

from .reading_services import Reading, reading

USERS = "/api/v1/analytics/users"


@pytest.fixture
def served(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    paid = {"amount": 20, "category": "Books"}
    given(
        engine,
        scope,
        [
            {"at": "2026-02-20T08:00:00Z", "type": "product_view", "user": "ann", "session": 1, "country": "DE"},
            {"at": "2026-02-20T08:01:00Z", "type": "purchase", "user": "ann", "session": 1, "properties": paid},
            {"at": "2026-02-21T08:00:00Z", "type": "product_view", "user": "bob", "session": 2, "country": "AT"},
        ],
    )
    with reading(warehouse, scope, tmp_path, engine) as found:
        app = cast(FastAPI, found.client.app)
        app.include_router(segments.router(found.services))
        app.include_router(behaviour.router(found.services))
        yield found


def test_buyers_are_grouped(served: Reading) -> None:
    told = served.get(f"{USERS}/rfm").json()
    assert (told["people"], told["monetary"]) == (1, 20.0)
    assert [one["id"] for one in told["groups"] if one["people"]] == ["lost"]
    people = served.get(f"{USERS}/rfm/people", group="lost").json()
    assert [one["user_id"] for one in people["people"]] == ["ann"]
    assert people["next_cursor"] is None
    assert served.get(f"{USERS}/rfm/people", group="lost", format="csv").text.splitlines()[1].startswith("ann,")
    assert served.get(f"{USERS}/rfm", format="csv").text.startswith("id,label,rule")


def test_patterns_are_told(served: Reading) -> None:
    told = served.get(f"{USERS}/behavior-patterns").json()
    assert [one["events"] for one in told["patterns"]] == [["product_view", "purchase"]]
    assert told["patterns"][0]["support"] == 0.5
    text = served.get(f"{USERS}/behavior-patterns", format="csv").text
    assert text.splitlines()[1].startswith("product_view;purchase,1,0.5,1,1,")


def test_a_person_has_scores_and_preferences(served: Reading) -> None:
    told = served.get(f"{USERS}/ann/scores").json()
    assert told["inputs"]["conversions"] == 1
    assert set(told["scores"]) == {"engagement", "activity", "loyalty"}
    assert served.get(f"{USERS}/ann/scores", conversion="refund").json()["inputs"]["conversions"] == 0
    preferred = served.get(f"{USERS}/ann/preferences").json()
    assert [(one["value"], one["share"]) for one in preferred["categories"]] == [("Books", 1.0)]
    assert served.get(f"{USERS}/ann/preferences", half_life_days="7").json()["half_life_days"] == 7


def test_a_segment_filters_them_all(served: Reading) -> None:
    made = served.client.post(
        "/api/v1/analytics/segments",
        json={"id": "austrians", "rule": {"property": "country", "eq": "AT"}},
        headers={"Authorization": f"Bearer {served.keys[Role.ANALYST]}"},
    )
    assert made.status_code == 201
    assert served.get(f"{USERS}/rfm", segment="austrians").json()["people"] == 0
    assert served.get(f"{USERS}/rfm?segment.ne=austrians").json()["people"] == 1
    assert served.get(f"{USERS}/behavior-patterns", segment="austrians").json()["sessions"] == 1
    assert served.get(f"{USERS}/ann/preferences", segment="austrians").json()["hours"] == []


@pytest.mark.parametrize(
    ("path", "query", "status", "field"),
    [
        ("rfm", {"metric": "orders"}, 422, "metric"),
        ("rfm", {"period": "soon"}, 422, "period"),
        ("rfm", {"colour": "red"}, 422, "colour"),
        ("rfm", {"segment": "nobody"}, 422, "segment"),
        ("rfm", {"format": "pdf"}, 422, "format"),
        ("rfm/people", {"group": "whales"}, 422, "group"),
        ("rfm/people", {"group": "lost", "cursor": "x"}, 422, "cursor"),
        ("behavior-patterns", {"max_length": "9"}, 422, "max_length"),
        ("ann/scores", {"country": "DE"}, 422, "country"),
        ("ann/preferences", {"half_life_days": "0"}, 422, "half_life_days"),
        ("zoe/scores", {}, 404, None),
        ("zoe/preferences", {}, 404, None),
    ],
)
def test_what_is_wrong_is_named(
    served: Reading, path: str, query: dict[str, Any], status: int, field: str | None
) -> None:
    refused = served.get(f"{USERS}/{path}", **query)
    assert (refused.status_code, refused.json().get("field")) == (status, field), refused.text


def test_a_viewer_sees_groups_but_no_single_person(served: Reading) -> None:
    assert served.get(f"{USERS}/rfm", Role.VIEWER).status_code == 200
    for path in ("rfm/people?group=lost", "ann/scores", "ann/preferences"):
        assert served.get(f"{USERS}/{path}", Role.VIEWER).status_code == 403

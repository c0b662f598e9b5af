"""Funnels over HTTP: every way to ask, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.segments.kept import given_segment
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .reading_services import Reading, reading

FEBRUARY: dict[str, Any] = {"start_date": "2026-02-02", "end_date": "2026-02-15", "window": "7d"}
CHECKOUT = ("product_view", "add_to_cart", "checkout_start", "purchase")


@pytest.fixture
def served(warehouse: Warehouse, engine: Engine, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    reached = {"a": 4, "b": 2, "c": 2, "d": 1}
    happened = [
        {"at": f"2026-02-03T12:0{minute}:00Z", "type": kind, "user": user, "country": "DE" if user < "c" else "FR"}
        for user, steps in reached.items()
        for minute, kind in enumerate(CHECKOUT[:steps])
    ]
    given(engine, scope, happened)
    with reading(warehouse, scope, tmp_path) as found:
        yield found


def post(served: Reading, path: str, question: Any) -> Any:
    return served.client.post(path, json=question, headers={"Authorization": f"Bearer {served.keys[Role.VIEWER]}"})


def counts(answer: Any) -> list[int]:
    return [step["count"] for step in answer["steps"]]


def test_a_named_funnel_and_its_steps_are_answered_alike(served: Reading) -> None:
    named = served.get("/funnel/analysis", funnel_name="checkout", **FEBRUARY).json()
    assert counts(named) == [4, 3, 1, 1]
    assert [step["label"] for step in named["steps"]] == ["Product seen", "In the cart", "Checkout begun", "Paid"]
    steps = served.get("/funnel/analysis", steps=",".join(CHECKOUT), **FEBRUARY).json()
    posted = post(served, "/funnel/analysis", {"steps": list(CHECKOUT), **FEBRUARY}).json()
    assert steps == posted
    assert counts(steps) == counts(named)


def test_a_question_fits_into_the_query_string(served: Reading) -> None:
    told = served.get("/funnel/analysis", question='{"funnel_name": "checkout", "period": "last_30_days"}').json()
    assert counts(told) == [4, 3, 1, 1]


def test_filters_stand_in_the_query_string(served: Reading) -> None:
    told = served.get("/funnel/analysis", funnel_name="checkout", country="FR", **FEBRUARY).json()
    assert counts(told) == [2, 1, 0, 0]


def test_the_steps_are_a_file(served: Reading) -> None:
    file = served.get("/funnel/analysis", funnel_name="checkout", format="csv", **FEBRUARY)
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.splitlines()[1].startswith("1,Product seen,4,1.0,1.0,0,")


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        ("steps", ["1,Product seen,4,1.0,1.0,0,,", "2,In the cart,3,0.75,0.75,1,60.0,60.0"]),
        ("breakdown", ["DE,2,1,0.5,0,180.0,180.0,2,2,1,1", "FR,2,0,0.0,0,,,2,1,0,0"]),
        ("trend", ["2026-02-02T00:00:00+00:00,4,1,0.25,0,180.0,180.0,4,3,1,1"]),
        ("times", ["60,300,1"]),
    ],
)
def test_every_table_of_an_answer_is_a_file(served: Reading, table: str, lines: list[str]) -> None:
    question = {"funnel_name": "checkout", "breakdown": "country", "granularity": "1w", **FEBRUARY}
    file = served.get("/funnel/analysis", format="csv", table=table, **question).text
    assert file.splitlines()[1 : len(lines) + 1] == lines
    assert post(served, f"/funnel/analysis?format=csv&table={table}", question).text == file


def test_people_and_drivers_are_files_too(served: Reading, engine: Engine, scope: Scope) -> None:
    place = {"funnel_name": "checkout", **FEBRUARY, "format": "csv", "step": 4}
    head, row = served.get("/funnel/people", **place).text.splitlines()
    assert head == "user_id,anonymous_ids,steps_done,step_1,step_2,step_3,step_4"
    assert row.startswith("a,,4,2026-02-03T12:00:00+00:00,")
    happened = [
        {"at": "2026-02-04T12:00:00Z", "type": "add_to_cart", "user": f"u{n}", "device": "mobile" if n < 30 else "tv"}
        for n in range(60)
    ]
    given(engine, scope, happened)
    rows = served.get("/funnel/drivers", **{**place, "funnel_name": None, "steps": "add_to_cart,purchase", "step": 2})
    assert [line.split(",")[:6] for line in rows.text.splitlines()[1:]] == [
        ["device", "mobile", "", "", "30", "30"],
        ["device", "tv", "", "", "30", "30"],
    ]


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"format": "xls"}, "format"), ({"table": "all"}, "table"), ({"format": "csv", "table": "breakdown"}, "table")],
)
def test_a_file_that_there_is_not_is_refused(served: Reading, asked: dict[str, Any], field: str) -> None:
    refused = served.get("/funnel/analysis", funnel_name="checkout", **asked)
    assert (refused.status_code, refused.json()["field"]) == (422, field)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "steps"),
        ({"steps": ["a"]}, "steps"),
        ({"steps": "a,b"}, "steps"),
        ({"steps": ["a", 1]}, "steps.1"),
        ({"steps": ["a", {}]}, "steps.1"),
        ({"steps": ["a", {"event": "b", "colour": 1}]}, "steps.1.colour"),
        ({"steps": ["a", {"event": "b", "where": "price >"}]}, "steps.1.where"),
        ({"steps": ["a", {"event": "b", "optional": True}]}, "steps.1.optional"),
        ({"steps": ["a", *[{"event": "b", "optional": True}] * 4, "c"]}, "steps"),
        ({"steps": ["a", "b"], "window": "soon"}, "window"),
        ({"steps": ["a", "b"], "window": "9999d"}, "window"),
        ({"steps": ["a", "b"], "window": None, "order": "sideways"}, "order"),
        ({"steps": ["a", "b"], "order": "strict", "exclusions": ["c"]}, "exclusions"),
        ({"steps": ["a", "b"], "exclusions": [{"event": "c", "from_step": 2}]}, "exclusions.0.to_step"),
        ({"steps": ["a", "b"], "exclusions": [{"event": "c", "from_step": 7}]}, "exclusions.0.from_step"),
        ({"steps": ["a", "b", "c", "d", "e", "f", "g"], "order": "any"}, "steps"),
        ({"steps": ["a", "b"], "order": "any", "count": "totals"}, "count"),
        ({"steps": ["a", "b"], "breakdown": "colour"}, "breakdown"),
        ({"steps": ["a", "b"], "breakdown": "country", "attribution": "step:3"}, "attribution"),
        ({"steps": ["a", "b"], "limit": 0}, "limit"),
        ({"steps": ["a", "b"], "granularity": "1x"}, "granularity"),
        ({"steps": ["a", "b"], "count": "heads"}, "count"),
        ({"steps": ["a", "b"], "period": "whenever"}, "period"),
        ({"steps": ["a", "b"], "colour": 1}, "colour"),
    ],
)
def test_what_is_wrong_is_named(served: Reading, wrong: dict[str, Any], field: str) -> None:
    refused = post(served, "/funnel/analysis", wrong)
    assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_an_unknown_funnel_is_not_found(served: Reading) -> None:
    refused = served.get("/funnel/analysis", funnel_name="chekout")
    assert refused.status_code == 404
    assert "checkout" in str(refused.json())


def test_one_tenant_never_sees_anothers(served: Reading, engine: Engine, scope: Scope) -> None:
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER)
    given(engine, other, [{"at": "2026-02-03T12:00:00Z", "type": kind, "user": "z"} for kind in CHECKOUT])
    told = served.get("/funnel/analysis", funnel_name="checkout", **FEBRUARY).json()
    assert counts(told) == [4, 3, 1, 1]


def test_who_turned_away_is_listed_page_by_page(served: Reading) -> None:
    place = {"funnel_name": "checkout", **FEBRUARY, "step": 3, "dropped": True, "limit": 1}
    first = served.get("/funnel/people", **place).json()
    second = served.get("/funnel/people", **place, cursor=first["next_cursor"]).json()
    assert {one["user_id"] for page in (first, second) for one in page["people"]} == {"b", "c"}
    assert second["next_cursor"] is None
    assert [one["times"][1:] for one in first["people"]] == [["2026-02-03T12:01:00+00:00", None, None]]


def test_who_converted_is_listed(served: Reading) -> None:
    question = {"steps": list(CHECKOUT), **FEBRUARY, "step": 4}
    headers = {"Authorization": f"Bearer {served.keys[Role.ANALYST]}"}
    told = served.client.post("/funnel/people", json=question, headers=headers).json()
    assert [(one["user_id"], one["steps_done"]) for one in told["people"]] == [("a", 4)]


def test_a_visitor_who_signed_in_elsewhere_is_listed_as_the_user(served: Reading, engine: Engine, scope: Scope) -> None:
    events = [{"at": f"2026-02-04T12:0{n}:00Z", "type": kind, "visitor": "v"} for n, kind in enumerate(CHECKOUT)]
    given(engine, scope, [*events, {"at": "2026-05-01T00:00:00Z", "type": "user_login", "user": "z", "visitor": "v"}])
    told = served.get("/funnel/people", funnel_name="checkout", **FEBRUARY).json()
    assert {"user_id": "z", "anonymous_ids": ["v"]} in [
        {name: one[name] for name in ("user_id", "anonymous_ids")} for one in told["people"]
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"step": 5}, "step"),
        ({"step": 1, "dropped": True}, "step"),
        ({"step": 2, "dropped": "perhaps"}, "dropped"),
        ({"cursor": "abc"}, "cursor"),
        ({"limit": 5000}, "limit"),
    ],
)
def test_what_is_wrong_with_a_list_of_people_is_named(served: Reading, wrong: dict[str, Any], field: str) -> None:
    refused = served.get("/funnel/people", funnel_name="checkout", **wrong)
    assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_single_people_are_for_those_who_may_read_events(served: Reading) -> None:
    assert served.get("/funnel/people", Role.VIEWER, funnel_name="checkout").status_code == 403


def test_the_funnels_with_names_are_listed(served: Reading) -> None:
    told = served.get("/api/v1/analytics/funnels", Role.VIEWER).json()["funnels"]
    checkout = next(one for one in told if one["id"] == "checkout")
    assert [step["events"] for step in checkout["steps"]] == [[kind] for kind in CHECKOUT]
    for funnel in told:
        assert served.get("/funnel/analysis", funnel_name=funnel["id"]).status_code == 200


def own(served: Reading, method: str, path: str = "", body: Any = None, role: Role = Role.ANALYST) -> Any:
    headers = {"Authorization": f"Bearer {served.keys[role]}"}
    return served.client.request(method, f"/api/v1/analytics/funnels{path}", json=body, headers=headers)


def test_a_tenant_names_his_own_funnels(served: Reading) -> None:
    steps = [{"event": "product_view", "filters": {"country": "DE"}}, "purchase"]
    made = own(served, "POST", body={"id": "german", "steps": steps, "window": "1h"})
    assert (made.status_code, made.json()["label"], made.json()["version"]) == (201, "German", 1)
    assert counts(served.get("/funnel/analysis", funnel_name="german", **FEBRUARY).json()) == [2, 1]
    assert own(served, "POST", body={"id": "german", "steps": steps}).status_code == 409
    changed = own(served, "PUT", "/german", {"steps": ["add_to_cart", "purchase"], "label": "Of carts"})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert counts(served.get("/funnel/analysis", funnel_name="german", **FEBRUARY).json()) == [3, 1]
    assert own(served, "GET", "/german", role=Role.VIEWER).json()["label"] == "Of carts"
    assert "german" in [one["id"] for one in own(served, "GET").json()["funnels"]]
    assert own(served, "DELETE", "/german").status_code == 204
    assert own(served, "GET", "/german").status_code == 404
    assert own(served, "DELETE", "/german").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ([], 422, None),
        ({"steps": ["a", "b"]}, 422, "id"),
        ({"id": "Big", "steps": ["a", "b"]}, 422, "id"),
        ({"id": "checkout", "steps": ["a", "b"]}, 409, "id"),
        ({"id": "x"}, 422, "steps"),
        ({"id": "x", "steps": ["a"]}, 422, "steps"),
        ({"id": "x", "steps": ["a", "b"], "period": "today"}, 422, "period"),
        ({"id": "x", "steps": ["a", "b"], "label": 1}, 422, "label"),
    ],
)
def test_what_is_wrong_with_a_funnel_is_named(served: Reading, wrong: Any, status: int, field: str | None) -> None:
    refused = own(served, "POST", body=wrong)
    assert (refused.status_code, refused.json().get("field")) == (status, field)


def test_a_step_and_an_exclusion_may_be_of_a_segments_people(served: Reading, scope: Scope) -> None:
    for id_, rule in (("buyers", {"did": "purchase"}), ("carts", {"did": "add_to_cart"})):
        served.services.segments.define(scope, given_segment({"id": id_, "rule": rule}), new=True)
    carts = {"event": "product_view", "filters": {"segment": "carts"}}
    others = {"event": "add_to_cart", "filters": {"segment.ne": "buyers"}}
    told = post(served, "/funnel/analysis", {"steps": [carts, "purchase"], **FEBRUARY}).json()
    assert counts(told) == [3, 1]
    killed = {"steps": ["product_view", "checkout_start"], "exclusions": [others], **FEBRUARY}
    assert counts(post(served, "/funnel/analysis", killed).json()) == [4, 1]
    assert own(served, "POST", body={"id": "of_carts", "steps": [carts, others]}).status_code == 201
    assert counts(served.get("/funnel/analysis", funnel_name="of_carts", **FEBRUARY).json()) == [3, 2]
    unknown = {"event": "b", "filters": {"segment": "nobodys"}}
    refused = post(served, "/funnel/analysis", {"steps": ["a", unknown]})
    assert (refused.status_code, refused.json()["field"]) == (422, "segment")


def test_who_only_looks_names_nothing(served: Reading) -> None:
    assert own(served, "POST", body={"id": "x", "steps": ["a", "b"]}, role=Role.VIEWER).status_code == 403


def test_one_tenants_funnels_are_his_alone(served: Reading, scope: Scope) -> None:
    own(served, "POST", body={"id": "mine", "steps": ["a", "b"]})
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER)
    tenant = served.services.tenants.of(scope)
    assert "mine" in [one["id"] for one in served.services.funnels.listed(scope, tenant)]
    assert "mine" not in [one["id"] for one in served.services.funnels.listed(other, tenant)]
    with pytest.raises(FactbookError, match="no funnel"):
        served.services.funnels.names(other, tenant)("mine")
    with pytest.raises(FactbookError, match="no funnel"):
        served.services.funnels.remove(other, "mine")


def test_what_goes_with_turning_away_is_told(served: Reading) -> None:
    told = served.get("/funnel/drivers", Role.VIEWER, funnel_name="checkout", step=3, **FEBRUARY).json()
    assert (told["people"], told["dropped"], told["drivers"]) == (3, 2, [])
    assert post(served, "/funnel/drivers", {"funnel_name": "checkout", "step": 3, **FEBRUARY}).json() == told
    refused = served.get("/funnel/drivers", funnel_name="checkout", step=1)
    assert (refused.status_code, refused.json()["field"]) == (422, "step")

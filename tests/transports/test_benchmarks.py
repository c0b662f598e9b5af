"""Benchmarks kept, compared and refused, and satisfaction counted by hand, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope, Tier
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import benchmarks, benchmarks_docs
from tests.queries.given import given

from .reading_services import Reading, reading

PREFIX = "/api/v1/analytics"
CHURN = {"metric": "page_views", "value": 4, "source": "a survey", "quantiles": {"p50": 4, "p90": 8, "p10": 1}}


@pytest.fixture
def scope(scope: Scope) -> Scope:
    return replace(scope, tier=Tier.ENTERPRISE)


@pytest.fixture
def served(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, tmp_path, engine) as found:
        cast(FastAPI, found.client.app).include_router(benchmarks.router(found.services))
        yield found


def put(served: Reading, id_: str, body: Any, role: Role = Role.ANALYST) -> Any:
    headers = {"Authorization": f"Bearer {served.keys[role]}"}
    return served.client.put(f"{PREFIX}/benchmarks/{id_}", json=body, headers=headers)


def answers(survey: str, *scores: float | None, comment: str = "") -> list[dict[str, Any]]:
    return [
        {
            "at": "2026-02-20T08:00:00Z",
            "type": "feedback_submitted",
            "user": f"u{place}",
            "properties": {
                "survey": survey,
                **({} if score is None else {"score": score}),
                **({"comment": f"{comment} {place}"} if comment else {}),
            },
        }
        for place, score in enumerate(scores)
    ]


def test_a_benchmark_is_kept_changed_and_removed_with_its_history(served: Reading) -> None:
    made = put(served, "others", CHURN)
    assert (made.status_code, made.json()["version"], made.json()["label"]) == (200, 1, "Others")
    assert list(made.json()["quantiles"]) == ["p10", "p50", "p90"]
    assert put(served, "others", {**CHURN, "value": 5}).json()["version"] == 2
    assert served.get(f"{PREFIX}/benchmarks/others").json()["value"] == 5
    assert [one["id"] for one in served.get(f"{PREFIX}/benchmarks").json()["benchmarks"]] == ["others"]
    headers = {"Authorization": f"Bearer {served.keys[Role.ANALYST]}"}
    assert served.client.delete(f"{PREFIX}/benchmarks/others", headers=headers).status_code == 204
    assert served.get(f"{PREFIX}/benchmarks/others").status_code == 404
    changes = served.get(f"{PREFIX}/benchmarks/others/history").json()["changes"]
    assert [each["change"] for each in changes] == ["removed", "changed", "created"]
    assert changes[1]["before"]["value"] == 4


def test_the_own_value_stands_beside_each_benchmark(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [{"at": "2026-02-20T08:00:00Z", "user": "ann"} for _ in range(6)])
    put(served, "others", CHURN)
    put(served, "median", {"metric": "page_views", "source": "x", "quantiles": {"p50": 8}})
    put(served, "rate", {"metric": "error_rate", "source": "x", "value": 0.1})
    found = {row["id"]: row for row in served.get(f"{PREFIX}/competitive").json()["rows"]}
    one = found["others"]
    assert (one["own"], one["theirs"], one["gap"], one["relative_gap"], one["better"]) == (6, 4, 2, 0.5, True)
    assert one["percentile"] == 50 + 40 * 2 / 4
    assert (found["median"]["theirs"], found["median"]["better"]) == (8, False)
    assert (found["median"]["percentile"], found["median"]["percentile_below"]) == (None, 50)
    assert (found["rate"]["own"], found["rate"]["gap"], found["rate"]["better"]) == (None, None, None)
    assert len(served.get(f"{PREFIX}/competitive", format="csv").text.splitlines()) == 4


def test_without_benchmarks_there_is_nothing_to_compare(served: Reading) -> None:
    told = served.get(f"{PREFIX}/competitive").json()
    assert (told["rows"], len(told["notes"])) == ([], 1)


@pytest.mark.parametrize("tier", [Tier.FREE, Tier.PRO])
def test_a_lower_tier_is_refused_with_the_tier_it_needs(
    warehouse: Warehouse, scope: Scope, engine: Engine, tmp_path: Path, tier: Tier
) -> None:
    with reading(warehouse, replace(scope, tier=tier), tmp_path, engine) as served:
        cast(FastAPI, served.client.app).include_router(benchmarks.router(served.services))
        refused = served.get(f"{PREFIX}/competitive")
        assert refused.status_code == 403
        assert "enterprise tier" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("id_", "body", "field"),
    [
        ("Others!", CHURN, "id"),
        ("others", [], None),
        ("others", {**CHURN, "metric": "page_vews"}, "metric"),
        ("others", {**CHURN, "source": ""}, "source"),
        ("others", {**CHURN, "value": "4"}, "value"),
        ("others", {"metric": "page_views", "source": "x"}, "value"),
        ("others", {**CHURN, "quantiles": {"q1": 4}}, "quantiles"),
        ("others", {**CHURN, "quantiles": {"p0": 4}}, "quantiles"),
        ("others", {**CHURN, "quantiles": {"p10": 4, "p20": 3}}, "quantiles"),
        ("others", {**CHURN, "quantiles": {"p10": None}}, "quantiles.p10"),
        ("others", {**CHURN, "colour": "red"}, "colour"),
        ("others", {**CHURN, "id": "else"}, "id"),
    ],
)
def test_what_is_wrong_with_a_benchmark_is_named(served: Reading, id_: str, body: Any, field: str | None) -> None:
    refused = put(served, id_, body)
    assert (refused.status_code, refused.json().get("field")) == (422, field), refused.text


def test_a_viewer_reads_benchmarks_and_gives_none(served: Reading) -> None:
    assert served.get(f"{PREFIX}/benchmarks", Role.VIEWER).status_code == 200
    assert put(served, "others", CHURN, Role.VIEWER).status_code == 403


def test_satisfaction_is_told_with_its_margins(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [*answers("nps", 10, 9, 8, 3), *answers("csat", 5, 4, 2, 1, 9), *answers("", 7, None)])
    told = served.get(f"{PREFIX}/satisfaction").json()
    assert (told["nps"], told["nps_responses"], told["promoters"], told["detractors"]) == (25, 4, 2, 1)
    assert told["nps_margin"] == pytest.approx(196 * sqrt((0.75 - 0.25**2) / 4))
    assert (told["csat"], told["csat_margin"]) == (0.5, pytest.approx(1.96 * sqrt(0.25 / 4)))
    assert [note.split(":")[0] for note in told["notes"]] == [
        "Fewer than 30 answers to nps",
        "Fewer than 30 answers to csat",
    ]


def test_answers_are_told_by_survey_and_score(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [*answers("nps", 10, 10, 3), *answers("csat", 5, 4, 9), *answers("", 7.5, None)])
    found = {one["survey"]: one for one in served.get(f"{PREFIX}/satisfaction").json()["surveys"]}
    assert [each["score"] for each in found["nps"]["distribution"]] == list(range(11))
    assert found["nps"]["distribution"][10] == {"score": 10, "responses": 2, "share": 2 / 3}
    csat = found["csat"]
    assert (csat["responses"], csat["beyond_scale"], csat["average_score"]) == (3, 1, 4.5)
    assert [each["responses"] for each in csat["distribution"]] == [0, 0, 0, 1, 1]
    other = found[None]
    assert (other["responses"], other["without_score"], other["average_score"]) == (2, 1, 7.5)


def test_comments_that_differ_in_numbers_alone_are_one(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [*answers("nps", 2, 4, comment="Too slow, page"), *answers("nps", 9, comment="Lovely")])
    found = served.get(f"{PREFIX}/satisfaction").json()["comments"]
    assert [(each["times"], each["average_score"], each["surveys"]) for each in found] == [
        (2, 3, ["nps"]),
        (1, 9, ["nps"]),
    ]


def test_satisfaction_has_a_trend(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, answers("nps", 10, 3))
    told = served.get(f"{PREFIX}/satisfaction", start_date="2026-02-19", end_date="2026-02-20", granularity="1d").json()
    assert [point["nps"] for point in told["trend"]] == [None, 0]
    assert told["previous"]["nps"] is None
    assert served.get(f"{PREFIX}/satisfaction", format="csv").text.startswith("time,responses")


def test_without_feedback_nothing_is_told_and_why(served: Reading) -> None:
    told = served.get(f"{PREFIX}/satisfaction").json()
    assert (told["responses"], told["nps"], told["nps_margin"], told["csat"], told["csat_margin"]) == (0, *[None] * 4)
    assert (told["surveys"], told["comments"], len(told["notes"])) == ([], [], 1)


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("satisfaction", {"granularity": "3y"}, "granularity"),
        ("satisfaction", {"granularity": "none"}, "granularity"),
        ("satisfaction", {"colour": "red"}, "colour"),
        ("competitive", {"period": "soon"}, "period"),
        ("competitive", {"format": "pdf"}, "format"),
    ],
)
def test_what_is_wrong_is_named(served: Reading, path: str, query: dict[str, Any], field: str) -> None:
    refused = served.get(f"{PREFIX}/{path}", **query)
    assert (refused.status_code, refused.json().get("field")) == (422, field), refused.text


def test_the_documented_examples_have_fields_of_the_answers(served: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, answers("nps", 10, 3, comment="Lovely"))
    put(served, "others", CHURN)
    for path, example in {
        "competitive": benchmarks_docs.COMPETITIVE,
        "satisfaction": benchmarks_docs.SATISFACTION,
    }.items():
        answer = served.get(f"{PREFIX}/{path}").json()
        assert set(example) <= set(answer), path
        for name, rows in example.items():
            if isinstance(rows, list) and rows:
                assert set(rows[0]) <= set(answer[name][0]), (path, name)
    assert set(benchmarks_docs.BENCHMARK) == set(served.get(f"{PREFIX}/benchmarks/others").json())

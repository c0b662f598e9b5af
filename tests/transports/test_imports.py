"""Imports over HTTP: jobs put together by hand-counted cases, causes, quality, advice, and what is wrong named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import imports, imports_docs
from tests.queries.given import given

from .reading_services import Reading, reading

IMPORTS = "/api/v1/analytics/imports"
Give = Callable[[list[Mapping[str, Any]]], None]


@pytest.fixture
def served(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, tmp_path, engine) as found:
        cast(FastAPI, found.client.app).include_router(imports.router(found.services))
        yield found


@pytest.fixture
def give(engine: Engine, scope: Scope) -> Give:
    return lambda events: cast(None, given(engine, scope, events))


def told(at: str, kind: str, job: str, **properties: Any) -> dict[str, Any]:
    return {"at": f"2026-{at}Z", "type": f"import_{kind}", "properties": {"job_id": job, "origin": "s3", **properties}}


def jobs(served: Reading, **query: Any) -> dict[str, dict[str, Any]]:
    answer = served.get(f"{IMPORTS}/jobs", **query)
    assert answer.status_code == 200, answer.text
    return {job["job_id"]: job for job in answer.json()["jobs"]}


def test_a_job_is_put_together_from_its_events(served: Reading, give: Give) -> None:
    give(
        [
            told("02-20T08:00:00", "started", "a", format="csv", rows_expected=120),
            told("02-20T08:00:10", "failed", "a", rows=40, rows_rejected=2, duration_seconds=10, reason="cut off"),
            told("02-20T09:00:00", "started", "a"),
            told("02-20T09:00:30", "completed", "a", rows=60, rows_rejected=0, rows_duplicate=4, duration_seconds=30),
        ]
    )
    job = jobs(served)["a"]
    assert (job["state"], job["attempts"], job["failures"], job["reason"]) == ("completed", 2, 1, "cut off")
    assert (job["rows"], job["rows_rejected"], job["rows_duplicate"], job["duration_seconds"]) == (100, 2, 4, 40)
    assert (job["rejection_rate"], job["completeness"]) == (2 / 102, 100 / 120)
    assert (job["started_at"], job["ended_at"]) == ("2026-02-20T08:00:00+00:00", "2026-02-20T09:00:30+00:00")
    assert job["rows_per_second"] == 2.5


def test_what_does_not_end_is_running_and_then_stale(served: Reading, give: Give) -> None:
    give([told("03-01T11:00:00", "started", "new"), told("02-26T11:00:00", "started", "old")])
    found = jobs(served)
    assert (found["new"]["state"], found["old"]["state"]) == ("running", "stale")
    assert (found["new"]["duration_seconds"], found["new"]["ended_at"], found["new"]["rows"]) == (None, None, None)
    assert jobs(served, stale_hours=100)["old"]["state"] == "running"
    assert list(jobs(served, state="stale")) == ["old"]
    assert served.get(f"{IMPORTS}/jobs").json()["states"] == {"running": 1, "stale": 1, "completed": 0, "failed": 0}


def test_a_job_that_failed_and_began_again_runs(served: Reading, give: Give) -> None:
    give(
        [
            told("03-01T11:00:00", "started", "a"),
            told("03-01T11:10:00", "failed", "a", reason="x"),
            told("03-01T11:20:00", "started", "a"),
        ]
    )
    assert jobs(served)["a"]["state"] == "running"


def test_an_end_without_a_start_is_a_job_that_began_so_long_before(served: Reading, give: Give) -> None:
    nameless = {"at": "2026-02-20T08:00:00Z", "type": "import_completed", "properties": {"rows": 5}}
    give([told("02-20T08:00:00", "completed", "a", duration_seconds=60), nameless, nameless])
    found = jobs(served)
    assert len(found) == 3
    assert (found["a"]["started_at"], found["a"]["state"]) == (None, "completed")
    assert "a" in jobs(served, start_time="2026-02-20T07:59:00Z", end_time="2026-02-20T07:59:30Z")
    assert jobs(served, start_time="2026-02-20T07:59:30Z", end_time="2026-02-20T07:59:40Z") == {}


def test_a_job_belongs_to_the_period_in_which_it_began(served: Reading, give: Give) -> None:
    give([told("02-20T23:59:00", "started", "a"), told("02-21T00:10:00", "completed", "a", rows=5)])
    assert jobs(served, date="2026-02-20")["a"]["rows"] == 5
    assert jobs(served, date="2026-02-21") == {}


def test_a_filter_takes_the_jobs_of_which_an_event_meets_it_whole(served: Reading, give: Give) -> None:
    give(
        [
            told("02-20T08:00:00", "started", "a"),
            told("02-20T08:01:00", "failed", "a", reason="gone", rows=3),
            told("02-20T08:00:00", "started", "b"),
        ]
    )
    found = jobs(served, **{"property.reason": "gone"})
    assert [(job["job_id"], job["state"], job["attempts"]) for job in found.values()] == [("a", "failed", 1)]


def test_jobs_come_page_by_page(served: Reading, give: Give) -> None:
    give([told("02-20T08:00:00", "started", each) for each in "abc"])
    seen, cursor = [], ""
    while cursor is not None:
        page = served.get(f"{IMPORTS}/jobs", limit=2, cursor=cursor).json()
        seen += [job["job_id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
    assert seen == ["c", "b", "a"]
    assert len(served.get(f"{IMPORTS}/jobs", format="csv").text.splitlines()) == 4


def test_one_job_is_told_with_its_events_whenever_it_was(served: Reading, give: Give) -> None:
    give([told("01-02T08:00:00", "started", "a/b"), told("01-02T08:01:00", "completed", "a/b", rows=7)])
    assert jobs(served) == {}
    one = served.get(f"{IMPORTS}/a/b").json()
    assert (one["state"], one["rows"], [each["event_type"] for each in one["events"]]) == (
        "completed",
        7,
        ["import_started", "import_completed"],
    )


def test_failures_are_grouped_by_cause(served: Reading, give: Give) -> None:
    give(
        [
            told("02-20T08:00:00", "failed", "a", reason="row 17 of 'x.csv' is cut off", duration_seconds=2),
            told("02-21T08:00:00", "failed", "b", reason="row 99 of 'y.csv' is cut off", duration_seconds=3),
            told("02-22T08:00:00", "failed", "c", reason="no space left", origin="ftp"),
            told("02-22T08:00:00", "failed", "d"),
        ]
    )
    found = served.get(f"{IMPORTS}/failures").json()
    assert [(each["cause"], each["failures"], each["seconds_lost"]) for each in found["causes"]] == [
        ("row * of * is cut off", 2, 5.0),
        (None, 1, None),
        ("no space left", 1, None),
    ]
    assert (found["failures"], found["causes"][0]["share"], found["causes"][0]["job_id"]) == (4, 0.5, "b")
    assert found["causes"][2]["origins"] == ["ftp"]
    cut = served.get(f"{IMPORTS}/failures", limit=1).json()["cut"]
    assert (cut["is_cut"], cut["of"]) == (True, 3)
    assert len(served.get(f"{IMPORTS}/failures", format="csv").text.splitlines()) == 4


def test_quality_tells_each_part_and_what_it_cannot_tell(served: Reading, give: Give) -> None:
    give(
        [
            told("02-20T00:00:00", "completed", "a", rows=90, rows_rejected=10),
            told("02-22T00:00:00", "completed", "b", rows=50, rows_rejected=0, rows_duplicate=50),
            told("02-24T00:00:00", "completed", "c", rows=60, rows_rejected=0),
        ]
    )
    found = served.get(f"{IMPORTS}/quality").json()
    assert found["parts"]["validity"] == 1 - 10 / 210
    assert found["parts"]["uniqueness"] == 0.5
    assert found["usual_interval_seconds"] == 2 * 86400
    assert (found["overdue"], found["last_completed_at"]) == (True, "2026-02-24T00:00:00+00:00")
    assert found["parts"]["timeliness"] == pytest.approx(2 * 86400 / found["seconds_since"])
    assert found["parts"]["completeness"] is None
    assert list(found["missing"]) == ["completeness"]
    known = [part for part in found["parts"].values() if part is not None]
    assert found["score"] == pytest.approx(100 * sum(known) / 3)
    [source] = found["rows"]
    assert (source["import_origin"], source["score"]) == ("s3", pytest.approx(found["score"]))
    assert served.get(f"{IMPORTS}/quality", format="csv").text.splitlines()[1].startswith("s3,")


def test_sources_and_trends_are_told(served: Reading, give: Give) -> None:
    give(
        [
            told("02-20T08:00:00", "started", "a"),
            told("02-20T08:00:10", "completed", "a", rows=40, duration_seconds=10),
            told("02-21T08:00:00", "started", "b", origin="ftp"),
            told("02-21T08:00:10", "failed", "b", origin="ftp", reason="x"),
        ]
    )
    found = served.get(f"{IMPORTS}/sources").json()["sources"]
    assert {one["import_origin"]: (one["jobs"], one["success_rate"], one["overdue"]) for one in found} == {
        "s3": (1, 1.0, None),
        "ftp": (1, 0.0, None),
    }
    assert served.get(f"{IMPORTS}/sources", order="rows").json()["sources"][0]["import_origin"] == "s3"
    trend = served.get(f"{IMPORTS}/trends", start_date="2026-02-20", end_date="2026-02-21").json()
    assert [(point["jobs"], point["rows"], point["failed"]) for point in trend["points"]] == [(1, 40, 0), (1, None, 1)]
    assert (trend["total"]["jobs"], trend["previous"]["jobs"], trend["change"]["jobs"]) == (2, 0, None)
    assert served.get(f"{IMPORTS}/trends", format="csv").text.startswith("time,jobs,")


def test_advice_names_the_job_and_the_saving(served: Reading, give: Give) -> None:
    give(
        [
            *(
                told(f"02-{day}T08:00:00", "completed", f"j{day}", rows=100, duration_seconds=10)
                for day in range(10, 15)
            ),
            told("02-15T08:00:00", "completed", "slow", rows=100, duration_seconds=100),
            told("02-16T08:00:00", "completed", "bad", rows=80, rows_rejected=20, duration_seconds=8),
            told("02-17T08:00:00", "completed", "twice", rows=0, rows_duplicate=200, duration_seconds=4),
            told("02-18T08:00:00", "started", "silent"),
            *(told(f"02-{day}T09:00:00", "failed", f"f{day}", duration_seconds=5, reason="x") for day in range(10, 13)),
        ]
    )
    found = served.get(f"{IMPORTS}/optimization").json()
    assert [(one["rule"], one["job_id"], one["saving"]) for one in found["advice"]] == [
        ("slow", "slow", {"seconds": 90.0}),
        ("fails_often", "f12", {"seconds": 15.0}),
        ("duplicates", "twice", {"rows": 200.0, "seconds": 4.0}),
        ("rejects", "bad", {"rows": 20.0}),
        ("stale", "silent", {}),
    ]
    assert all(one["because"] and one["numbers"] for one in found["advice"])


def test_many_small_imports_are_told_to_come_together(served: Reading, give: Give) -> None:
    give(
        [
            told(f"02-20T{n // 60:02}:{n % 60:02}:00", "completed", f"j{n}", rows=3, duration_seconds=2)
            for n in range(0, 240, 2)
        ]
    )
    [one] = served.get(f"{IMPORTS}/optimization").json()["advice"]
    days = 1 + 238 / 1440
    assert (one["rule"], one["saving"]["seconds"]) == ("too_small", pytest.approx(2 * (120 - 24 * days)))


def test_a_tenant_without_imports_gets_answers_that_make_sense(served: Reading) -> None:
    found = {path: served.get(f"{IMPORTS}/{path}") for path in PATHS}
    assert {path: answer.status_code for path, answer in found.items()} == dict.fromkeys(PATHS, 200)
    quality = found["quality"].json()
    assert (quality["score"], quality["rows"], len(quality["missing"]), len(quality["notes"])) == (None, [], 4, 1)
    assert (found["failures"].json()["causes"], found["optimization"].json()["advice"]) == ([], [])
    assert served.get(f"{IMPORTS}/nothing").status_code == 404


PATHS = ("jobs", "sources", "quality", "trends", "failures", "optimization")


def test_nobody_sees_the_imports_of_another_tenant(served: Reading, engine: Engine, scope: Scope) -> None:
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER)
    given(engine, other, [told("02-20T08:00:00", "failed", "theirs", reason="x")])
    assert jobs(served) == {}
    assert served.get(f"{IMPORTS}/theirs").status_code == 404
    assert served.get(f"{IMPORTS}/failures").json()["causes"] == []


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("jobs", {"state": "lost"}, "state"),
        ("jobs", {"cursor": "x"}, "cursor"),
        ("jobs", {"stale_hours": "0"}, "stale_hours"),
        ("jobs", {"limit": "5000"}, "limit"),
        ("jobs", {"colour": "red"}, "colour"),
        ("sources", {"order": "colour"}, "order"),
        ("trends", {"granularity": "3y"}, "granularity"),
        ("trends", {"granularity": "none"}, "granularity"),
        ("quality", {"period": "soon"}, "period"),
        ("failures", {"format": "pdf"}, "format"),
    ],
)
def test_what_is_wrong_is_named(served: Reading, path: str, query: dict[str, Any], field: str) -> None:
    refused = served.get(f"{IMPORTS}/{path}", **query)
    assert (refused.status_code, refused.json().get("field")) == (422, field), refused.text


def test_the_documented_examples_have_fields_of_the_answers(served: Reading, give: Give) -> None:
    give([told("02-20T08:00:00", "started", "a"), told("02-20T08:01:00", "failed", "a", reason="x")])
    for path, example in {
        "jobs": imports_docs.JOBS,
        "a": imports_docs.ONE,
        "sources": imports_docs.SOURCES,
        "quality": imports_docs.QUALITY,
        "trends": imports_docs.TRENDS,
        "failures": imports_docs.FAILURES,
        "optimization": imports_docs.OPTIMIZATION,
    }.items():
        answer = served.get(f"{IMPORTS}/{path}").json()
        assert set(example) - {"next_cursor"} <= set(answer), path
        for name, rows in example.items():
            if isinstance(rows, list) and rows and isinstance(rows[0], dict) and answer[name]:
                assert set(rows[0]) <= set(answer[name][0]), (path, name)


def test_every_operation_and_parameter_is_described(served: Reading) -> None:
    for path, methods in served.client.get("/openapi.json").json()["paths"].items():
        if path.startswith(IMPORTS):
            assert methods["get"]["summary"], path
            assert {"200", "401", "403", "422", "429", "503"} <= set(methods["get"]["responses"]), path
            assert all(parameter.get("description") for parameter in methods["get"]["parameters"]), path

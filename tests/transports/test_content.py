"""Content over HTTP: every path answers, also of nothing; what insights say, files, pages, and what is wrong named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from fastapi import FastAPI

from factbook.core.scope import Role, Scope
from factbook.ingest.referrers import referrer_source
from factbook.queries.content.fields import NUMBERS, TRAFFIC
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import content, segments
from factbook.transports.http import content_docs as docs
from tests.queries.given import given

from .reading_services import NOW, Reading, reading

CONTENT = "/api/v1/analytics/content"
ENGINES = [
    referrer_source(f"https://www.{host}/")
    for host in (
        *("google.de", "bing.com", "duckduckgo.com", "search.yahoo.com", "ecosia.org"),
        *("baidu.com", "yandex.ru", "startpage.com", "qwant.com", "search.brave.com"),
    )
]
EXAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "": ({}, docs.LISTED),
    "/trending": ({"min_views": 1}, docs.TRENDING),
    "/top-performing": ({"min_views": 1}, docs.TOP),
    "/comparison": ({"ids": "intro,show/one"}, docs.COMPARISON),
    "/intro": ({}, docs.RECORD),
    "/intro/insights": ({}, docs.INSIGHTS),
    "/intro/audience": ({}, docs.AUDIENCE),
    "/intro/journey": ({}, docs.JOURNEY),
}
"""Path → parameters that it needs, and its example."""
MANY = [path for path in EXAMPLES if not path.startswith("/intro")]


def view(minutes: float, user: str, content_id: str = "intro", **more: Any) -> dict[str, Any]:
    at = NOW - timedelta(minutes=minutes)
    return {"at": at, "type": "content_view", "user": user, "content_id": content_id, **more}


def done(type_: str, minutes: float, user: str, content_id: str = "intro", **more: Any) -> dict[str, Any]:
    return {**view(minutes, user, content_id), "type": type_, **more}


DAY = 24 * 60


def asked(served: Reading, path: str, **body: Any) -> Any:
    key = served.keys[Role.ADMIN]
    answer = served.client.post(path, json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.is_success, answer.text
    return answer.json()


@contextmanager
def serving(engine: Engine, warehouse: Warehouse, scope: Scope, data: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, data, engine) as found:
        for part in (content, segments):
            cast(FastAPI, found.client.app).include_router(part.router(found.services))
        yield found


def tenant() -> Scope:
    return Scope(tenant=f"tenant-{uuid4().hex}", actor="test", role=Role.OWNER)


@pytest.fixture
def fresh(engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with serving(engine, warehouse, scope, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def empty(engine: Engine, warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    """Of a tenant without any event."""
    with serving(engine, warehouse, tenant(), tmp_path_factory.mktemp("empty")) as found:
        yield found


@pytest.fixture(scope="module")
def served(engine: Engine, warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    own = tenant()
    given(
        engine,
        own,
        [
            done("search_query", 4 * DAY + 1, "ann", ""),
            view(4 * DAY, "ann", country="DE", region="Berlin", device="desktop", referrer_source="Google"),
            done("content_play", 4 * DAY - 1, "ann"),
            done("content_pause", 4 * DAY - 3, "ann"),
            done("content_complete", 4 * DAY - 3, "ann"),
            done("content_like", 4 * DAY - 3.5, "ann"),
            view(3 * DAY, "ann", country="DE", device="mobile"),
            view(2 * DAY, "bob", country="FR", device="mobile", properties={"via": "recommendation"}),
            done("recommendation_impression", 2 * DAY + 1, "bob"),
            done("recommendation_click", 2 * DAY + 1, "bob"),
            view(40 * DAY, "bob", country="FR"),
            view(DAY, "cy", "show/one", country="=DE", utm_source="news"),
            done("content_share", DAY - 1, "cy", "show/one"),
        ],
    )
    with serving(engine, warehouse, own, tmp_path_factory.mktemp("served")) as found:
        yield found


def test_the_record_of_one_piece_by_hand(served: Reading) -> None:
    told = served.get(f"{CONTENT}/intro").json()
    assert (told["total_views"], told["unique_views"], told["completions"], told["likes"]) == (3, 2, 1, 1)
    assert told["completion_rate"] == pytest.approx(1 / 3)
    assert (told["watch_time"], told["average_view_duration"]) == (120, 40)
    assert [told[way] for way in TRAFFIC] == [1, 1, 1, 0]
    assert (told["desktop_views"], told["mobile_views"], told["tablet_views"]) == (1, 2, 0)
    assert (told["top_countries"], told["top_regions"]) == ({"DE": 2, "FR": 1}, {"Berlin": 1})
    assert told["hourly_distribution"]["12"] == 3 == sum(told["hourly_distribution"].values())
    assert (told["recommendation_impressions"], told["recommendation_clicks"]) == (1, 1)
    assert told["daily_trend"] == pytest.approx(-40)  # 1, 1, 1 and 0 on the days that are over: -0.3 of 0.75 a day
    assert told["last_updated"].startswith("2026-02-27T12:00:30")
    assert set(told["scores"]["quality"]) == {"score", "parts", "formula", "meanings", "rule"}


def test_a_record_is_of_one_day_where_asked(served: Reading) -> None:
    told = served.get(f"{CONTENT}/intro", date="2026-02-25").json()
    assert (told["date"], told["total_views"], told["watch_time"]) == ("2026-02-25", 1, 120)


def test_spreads_are_the_metric_by_its_dimensions(served: Reading) -> None:
    told = served.get(f"{CONTENT}/intro").json()
    for dimension, field in (("country", "top_countries"), ("hour_of_day", "hourly_distribution")):
        answer = asked(
            served,
            "/dashboard/metrics",
            metrics=["content_views"],
            dimensions=[dimension],
            period="last_30_days",
            filters={"content_id": "intro"},
        )
        rows = {row["dimensions"][dimension]: row["values"]["content_views"] for row in answer["rows"]}
        assert {name: count for name, count in told[field].items() if count} == rows


@pytest.mark.parametrize("path", EXAMPLES)
def test_answers_have_the_fields_of_their_examples(served: Reading, path: str) -> None:
    given_, example = EXAMPLES[path]
    answer = served.get(f"{CONTENT}{path}", **given_)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == set(example)
    for name, value in example.items():
        if name == "content" and answer.json()[name]:
            assert set(answer.json()[name][0]) == set(value[0])


@pytest.mark.parametrize("path", MANY)
def test_of_nothing_there_are_answers_too(empty: Reading, path: str) -> None:
    answer = empty.get(f"{CONTENT}{path}", **EXAMPLES[path][0])
    assert answer.status_code == 200, answer.text
    if path != "/comparison":
        assert answer.json()["content"] == []
    else:
        assert answer.json()["missing"] == ["intro", "show/one"]
        assert [one["completion_rate"] for one in answer.json()["content"]] == [None, None]


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("of", ["", "/insights", "/audience", "/journey"])
def test_a_piece_that_no_event_names_is_unknown_also_where_another_tenant_has_it(empty: Reading, of: str) -> None:
    answer = empty.get(f"{CONTENT}/intro{of}")
    assert answer.status_code == 404
    assert "lists" in answer.json()["suggested_actions"][0]


@pytest.mark.parametrize("of", ["", "/insights", "/audience", "/journey"])
def test_a_known_piece_without_events_in_the_period_says_so(served: Reading, of: str) -> None:
    answer = served.get(f"{CONTENT}/intro{of}", date="2020-01-01")
    assert answer.status_code == 200, answer.text
    assert answer.json()["notes"]


@pytest.mark.parametrize("path", EXAMPLES)
def test_all_time_there_is_can_be_asked_for(served: Reading, path: str) -> None:
    answer = served.get(f"{CONTENT}{path}", start_date="1900-01-02", end_date="2260-12-31", **EXAMPLES[path][0])
    assert answer.status_code == 200, answer.text


def test_what_cannot_be_known_of_nothing_is_null(served: Reading) -> None:
    told = served.get(f"{CONTENT}/intro", date="2020-01-01").json()
    unknown = ("completion_rate", "average_view_duration", "daily_trend", "engagement_score", "quality_score")
    assert [told[name] for name in unknown] == [None] * 5
    assert told["last_updated"] is None


def test_slashes_are_part_of_an_id(served: Reading) -> None:
    assert served.get(f"{CONTENT}/show/one").json()["total_views"] == 1
    assert served.get(f"{CONTENT}/show/one/audience").json()["viewers"] == 1


def test_lists_are_in_the_order_of_any_field(served: Reading) -> None:
    for place, name in enumerate(NUMBERS):
        order = name if place % 2 else f"-{name}"
        rows = served.get(CONTENT, order=order).json()["content"]
        values = [row[order.removeprefix("-")] for row in rows]
        known = [value for value in values if value is not None]
        assert values == [*sorted(known, reverse=order.startswith("-")), *[None] * (2 - len(known))]


@pytest.mark.parametrize("fields", [["likes", "unique_views"], ["likes", "watch_time"]])
def test_a_list_tells_the_fields_asked_for_alone(served: Reading, fields: list[str]) -> None:
    rows = served.get(CONTENT, fields=",".join(fields), order="-total_views").json()["content"]
    whole = served.get(CONTENT, order="-total_views").json()["content"]
    assert rows == [{name: row[name] for name in ("content_id", *fields)} for row in whole]
    assert served.get(CONTENT, fields=",".join(fields), format="csv").text.splitlines()[0] == ",".join(
        ["content_id", *fields]
    )


def test_pages_hold_everything_once(served: Reading) -> None:
    first = served.get(CONTENT, limit=1).json()
    second = served.get(CONTENT, limit=1, cursor=first["next_cursor"]).json()
    assert [page["content"][0]["content_id"] for page in (first, second)] == ["intro", "show/one"]
    assert (first["of"], second["next_cursor"]) == (2, None)


def test_rows_of_a_list_are_the_records(served: Reading) -> None:
    row = served.get(CONTENT).json()["content"][0]
    one = served.get(f"{CONTENT}/intro").json()
    assert {name: one[name] for name in row if name != "scores"} == {
        name: value for name, value in row.items() if name != "scores"
    }


def test_the_best_are_those_with_enough_views(served: Reading) -> None:
    told = served.get(f"{CONTENT}/top-performing", metric="engagement_rate", min_views=1).json()
    assert [(one["rank"], one["content_id"], one["value"]) for one in told["content"]] == [
        (1, "show/one", 1),
        (2, "intro", pytest.approx(1 / 3)),
    ]
    told = served.get(f"{CONTENT}/top-performing", metric="quality_score", min_views=2).json()
    assert [one["content_id"] for one in told["content"]] == ["intro"]


def test_a_comparison_names_the_best_of_each_field(served: Reading) -> None:
    told = served.get(f"{CONTENT}/comparison", ids="show/one,intro,none").json()
    assert [one["content_id"] for one in told["content"]] == ["show/one", "intro", "none"]
    assert told["missing"] == ["none"]
    assert (told["best"]["total_views"], told["best"]["shares"], told["best"]["bookmarks"]) == (
        ["intro"],
        ["show/one"],
        [],
    )


def test_an_audience_is_new_or_back(served: Reading) -> None:
    told = served.get(f"{CONTENT}/intro/audience").json()
    assert (told["viewers"], told["new_viewers"], told["returning_viewers"], told["views"]) == (2, 1, 1, 3)
    assert told["devices"] == {"mobile": 2, "desktop": 1}
    assert told["notes"] == ["No segments are defined."]


def test_an_audience_is_told_by_segment(fresh: Reading, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [view(1, "ann"), view(2, "ann"), done("content_like", 2, "ann"), view(3, "bob")])
    made = asked(
        fresh,
        "/api/v1/analytics/segments",
        id="fans",
        label="Fans",
        rule={"did": "content_like"},
    )
    [told] = fresh.get(f"{CONTENT}/intro/audience").json()["segments"]
    assert (told["id"], told["people"], told["views"]) == (made["id"], 1, 2)


def test_a_journey_tells_what_was_done_before_and_after(served: Reading) -> None:
    told = served.get(f"{CONTENT}/intro/journey").json()
    before, after = ({node["label"] for node in told[way]["layers"][1]["nodes"]} for way in ("before", "after"))
    assert before >= {"search_query"}
    assert after >= {"content_play"}
    assert told["visits"] == 3


def test_files_hold_the_rows_and_no_formulas(served: Reading) -> None:
    for path in ("", "/top-performing", "/trending", "/comparison"):
        answer = served.get(f"{CONTENT}{path}", format="csv", **EXAMPLES[path][0])
        assert answer.headers["content-type"].startswith("text/csv")
        assert "content_id" in answer.text.splitlines()[0]
    assert len(served.get(CONTENT, format="csv").text.splitlines()) == 3


@pytest.mark.parametrize(
    ("path", "given_", "field"),
    [
        ("", {"order": "beauty"}, "order"),
        ("", {"fields": "likes,beauty"}, "fields"),
        ("", {"limit": 0}, "limit"),
        ("", {"limit": 1001}, "limit"),
        ("", {"cursor": "x"}, "cursor"),
        ("", {"format": "xml"}, "format"),
        ("", {"start_date": "soon"}, "start_time"),
        ("", {"timezone": "Mars/Base"}, "timezone"),
        ("/intro", {"date": "soon"}, "date"),
        ("/intro", {"date": "2026-02-01", "period": "today"}, "date"),
        ("/trending", {"window_hours": 0}, "window_hours"),
        ("/trending", {"period": "today"}, "window_hours"),
        ("/trending", {"min_views": 0}, "min_views"),
        ("/top-performing", {"metric": "beauty"}, "metric"),
        ("/comparison", {}, "ids"),
        ("/comparison", {"ids": "one"}, "ids"),
        ("/comparison", {"ids": ",".join(map(str, range(21)))}, "ids"),
        ("/intro/journey", {"depth": 11}, "depth"),
        ("/intro/journey", {"nodes": "dots"}, "nodes"),
        (f"/{'x' * 600}", {}, "content_id"),
    ],
)
def test_what_is_wrong_is_named(served: Reading, path: str, given_: dict[str, Any], field: str) -> None:
    answer = served.get(f"{CONTENT}{path}", **given_)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_insights_follow_from_numbers(fresh: Reading, engine: Engine, scope: Scope) -> None:
    events = [view(day * DAY + hour, f"u{hour}", country="DE") for day in range(31, 35) for hour in range(10)]
    events += [
        view(5 * DAY + n, f"u{n}", country="IT", properties={"via": "search", "category": "k"}) for n in range(90)
    ]
    for peer in range(5):
        for n in range(40):
            events.append(view(6 * DAY + n, f"v{n}", f"peer{peer}", country="DE", properties={"category": "k"}))
            events.append(done("content_complete", 6 * DAY + n - 1, f"v{n}", f"peer{peer}"))
    events += [done("search_impression", 5 * DAY + n, f"u{n}") for n in range(120)]
    events += [done("search_impression", 5 * DAY + n, f"u{n}", "peer0") for n in range(100)]
    events += [done("search_result_click", 5 * DAY + n, f"u{n}", "peer0") for n in range(60)]
    given(engine, scope, events)
    told = fresh.get(f"{CONTENT}/intro/insights").json()
    by_rule = {one["rule"]: one for one in told["insights"]}
    assert set(by_rule) == {
        "views_changed",
        "completion_in_category",
        "country_above_share",
        "one_source",
        "passed_over",
        "peak_hour",
    }
    assert by_rule["views_changed"]["numbers"] == {"views": 90, "views_before": 40, "change": 1.25}
    assert by_rule["views_changed"]["severity"] == "good"
    assert by_rule["completion_in_category"]["severity"] == "warning"
    assert by_rule["completion_in_category"]["numbers"]["median"] == 1
    assert by_rule["country_above_share"]["numbers"]["country"] == "IT"
    assert "search" in by_rule["one_source"]["sentence"]
    assert by_rule["passed_over"]["numbers"]["shown"] == 120
    assert [one["severity"] for one in told["insights"]][:2] == ["warning", "warning"]
    assert set(by_rule) < set(told["rules"])


def test_little_data_is_said_to_be_little(served: Reading) -> None:
    told = served.get(f"{CONTENT}/show/one/insights").json()
    assert {one["rule"] for one in told["insights"]} == {"few_views", "not_viewed_before"}


def test_every_view_has_one_way_whatever_its_sender_and_its_origin_say(
    fresh: Reading, engine: Engine, scope: Scope
) -> None:
    said = ("", "direct", "search", "recommendation", "external", "mail")
    cases = list(product(said, ("", *ENGINES, "Facebook", "news.example"), ("", "news")))
    given(
        engine,
        scope,
        [
            view(n + 1, "u", referrer_source=referrer, utm_source=source, properties={"via": via} if via else {})
            for n, (via, referrer, source) in enumerate(cases)
        ],
    )
    told = fresh.get(f"{CONTENT}/intro").json()
    ways = Counter(way(*case) for case in cases)
    assert {name: told[f"{name}_traffic"] for name in ways} == ways
    assert sum(told[name] for name in TRAFFIC) == told["total_views"] == len(cases)


def way(via: str, referrer: str, source: str) -> str:
    if via in ("direct", "search", "recommendation", "external"):
        return via
    if referrer in ENGINES:
        return "search"
    return "external" if referrer or source else "direct"


def test_what_rises_is_told_with_what_is_new(fresh: Reading, engine: Engine, scope: Scope) -> None:
    usual = [view(day * DAY + n, f"u{n}", name) for day in range(1, 25) for n in range(3) for name in ("up", "same")]
    now = [view(n + 1, f"v{n}", "up") for n in range(60)] + [view(n + 1, f"v{n}", "new") for n in range(30)]
    given(engine, scope, usual + now + [view(n + 1, f"v{n}", "same") for n in range(4)])
    told = fresh.get(f"{CONTENT}/trending", min_views=3).json()
    assert [one["content_id"] for one in told["content"]] == ["up"]
    assert [one["content_id"] for one in told["new"]] == ["new"]
    assert told["looked_at"] == 3

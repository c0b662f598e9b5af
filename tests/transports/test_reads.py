"""Events, metrics and live numbers over HTTP: what is answered, to whom, and what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .reading_services import Reading, reading

EVENTS = "/api/v1/events"


@pytest.fixture
def served(warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, tmp_path) as found:
        yield found


@pytest.fixture
def shop(engine: Engine, scope: Scope) -> list[str]:
    """Ids of six events of 1 March 2026: views and orders of two users, and a bot."""
    return given(
        engine,
        scope,
        [
            {"at": "2026-03-01T09:00:00Z", "user": "a", "session": 1, "content_id": "sku-1", "country": "DE"},
            {"at": "2026-03-01T09:00:00Z", "user": "b", "session": 2, "content_id": "sku-2"},
            {
                "at": "2026-03-01T11:45:00Z",
                "type": "purchase",
                "user": "a",
                "session": 3,
                "properties": {"amount": 30, "plan": "pro", "note": "=1+1", "deep": {"b": [1, {"c": None}]}},
            },
            {
                "at": "2026-03-01T11:50:00.123Z",
                "type": "purchase",
                "user": "a",
                "session": 3,
                "properties": {"amount": 10},
            },
            {"at": "2026-03-01T12:00:20Z", "type": "refund", "user": "b", "session": 4, "properties": {"amount": 5}},
            {"at": "2026-03-01T12:00:25Z", "user": "robot", "is_bot": True, "session": 9},
        ],
    )


@pytest.mark.parametrize("path", [EVENTS, "/api/v1/analytics/events"])
def test_events_come_newest_first_with_the_fields_of_the_model(served: Reading, shop: list[str], path: str) -> None:
    answer = served.get(path).json()
    assert [event["id"] for event in answer["events"][:3]] == [shop[4], shop[3], shop[2]]
    assert answer["count"] == 5
    assert answer["next_cursor"] is None
    event = answer["events"][1]
    assert event["timestamp"] == "2026-03-01T11:50:00.123Z"
    assert event["properties"] == {"amount": 10}
    assert event["user_id"] == "a"
    assert event["content_id"] is None
    assert answer["events"][2]["properties"]["deep"] == {"b": [1, {"c": None}]}


def test_pages_hold_every_event_once_even_among_equal_times(served: Reading, engine: Engine, scope: Scope) -> None:
    ids = given(engine, scope, [{"at": "2026-03-01T09:00:00Z"}] * 7 + [{"at": "2026-03-01T09:00:01Z"}] * 4)
    seen: list[str] = []
    cursor = None
    while True:
        page = served.get(EVENTS, limit=3, fields="id", **({"cursor": cursor} if cursor else {})).json()
        seen += [event["id"] for event in page["events"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        assert len(page["events"]) == 3
    assert sorted(seen) == sorted(ids)


def test_a_cursor_that_was_changed_or_belongs_to_another_query_is_refused(served: Reading, shop: list[str]) -> None:
    cursor = served.get(EVENTS, limit=1).json()["next_cursor"]
    for parameters in ({"cursor": "x" + cursor[1:]}, {"cursor": "no"}, {"cursor": cursor, "user_id": "a"}):
        answer = served.get(EVENTS, **parameters)
        assert answer.status_code == 422
        assert answer.json()["field"] == "cursor"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"event_type": "purchase,refund"}, [2, 3, 4]),
        ({"event_type": "purchase", "user_id": "b"}, []),
        ({"user_id": ["a", "b"], "event_type": "page_view"}, [0, 1]),
        ({"content_id": "sku-2"}, [1]),
        ({"property.amount": "10"}, [3]),
        ({"property.amount.gte": "10"}, [2, 3]),
        ({"property.amount.in": "5,30"}, [2, 4]),
        ({"property.plan": "pro"}, [2]),
        ({"property.plan.ne": "pro"}, [0, 1, 3, 4]),
        ({"property.plan.contains": "PR"}, [2]),
        ({"property.deep.b.exists": "true"}, [2]),
        ({"property.amount.exists": "false"}, [0, 1]),
        ({"country.exists": "true"}, [0]),
        ({"timestamp.gt": "2026-03-01T11:50:00.122Z"}, [3, 4]),
        ({"start_time": "2026-03-01T11:45:00Z", "end_time": "2026-03-01T12:00:20Z"}, [2, 3]),
        ({"start_date": "2026-03-02"}, []),
        ({"end_date": "2026-03-01"}, [0, 1, 2, 3, 4]),
        ({"include_bots": "true"}, [0, 1, 2, 3, 4, 5]),
        ({"is_bot": "true"}, [5]),
        ({"filters": '{"property.amount.lt": 30, "event_type": "purchase"}'}, [3]),
        ({"filters": '[{"field": "property.amount", "operator": "lte", "value": 10}]'}, [3, 4]),
        ({"filters": '{"property.amount": "30"}'}, [2]),
    ],
)
def test_filters_choose(served: Reading, shop: list[str], parameters: dict[str, Any], expected: list[int]) -> None:
    answer = served.get(EVENTS, fields="id", **parameters)
    assert answer.status_code == 200, answer.text
    assert {event["id"] for event in answer.json()["events"]} == {shop[i] for i in expected}


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"contry": "DE"}, "contry"),
        ({"property.a.between": "1", "user.eq": "2"}, "user.eq"),
        ({"event_id": "17"}, "event_id"),
        ({"timestamp.gt": "yesterday"}, "timestamp.gt"),
        ({"user_id.gt.x": "1"}, "user_id.gt.x"),
        ({"is_bot": "perhaps"}, "is_bot"),
        ({"filters": "{"}, "filters"),
        ({"filters": '{"country": {"gt": 1}}'}, "country"),
        ({"filters": '[{"field": "country"}]'}, "filters"),
        ({"fields": "id,colour"}, "fields"),
        ({"limit": "0"}, "limit"),
        ({"limit": "10001"}, "limit"),
        ({"start_time": "2026-03-02", "end_time": "2026-02-01"}, "end_time"),
        ({"start_time": "0001-01-01T00:00:00Z"}, "start_time"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(served: Reading, parameters: dict[str, Any], field: str) -> None:
    answer = served.get(EVENTS, **parameters)
    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_fields_are_chosen_and_properties_among_them(served: Reading, shop: list[str]) -> None:
    answer = served.get(EVENTS, fields="event_id,property.amount,property.plan", event_type="purchase").json()
    assert answer["events"][1] == {"id": shop[2], "property.amount": "30", "property.plan": "pro"}


@pytest.mark.parametrize("path", ["/api/v1/analytics/events/{}", "/events/{}", "/api/v1/events/{}"])
def test_one_event_is_there_for_its_tenant_alone(served: Reading, engine: Engine, shop: list[str], path: str) -> None:
    assert served.get(path.format(shop[5])).json()["is_bot"] is True
    [other] = given(engine, Scope(f"other-{shop[0]}", "test", Role.OWNER), [{"at": "2026-03-01T09:00:00Z"}])
    for unknown in (other, "no-id"):
        answer = served.get(path.format(unknown))
        assert answer.status_code == 404


def test_stats_count_by_type(served: Reading, shop: list[str]) -> None:
    answer = served.get("/api/v1/events/stats", Role.VIEWER, start_time="2026-03-01", end_time="2026-03-01").json()
    assert answer["total_events"] == 5
    assert answer["by_type"] == {"page_view": 2, "purchase": 2, "refund": 1}
    assert list(answer["by_type"]) == ["page_view", "purchase", "refund"]
    with_bots = served.get("/api/v1/events/stats", Role.VIEWER, include_bots="true", user_id="robot").json()
    assert with_bots["by_type"] == {"page_view": 1}


def test_export_holds_the_same_events_in_every_format(served: Reading, shop: list[str]) -> None:
    asked: dict[str, Any] = {"start_time": "2026-03-01", "fields": "id,timestamp,event_type,properties"}
    files = {
        name: served.get(f"{EVENTS}/export", format=name, **asked).content
        for name in ("csv", "ndjson", "parquet", "arrow")
    }
    csv = pacsv.read_csv(io.BytesIO(files["csv"]))
    parquet = pq.read_table(io.BytesIO(files["parquet"]))
    arrow = pa.ipc.open_stream(files["arrow"]).read_all()
    expected = parquet.column("id").to_pylist()
    assert set(expected) == set(shop[:5])
    assert expected[2:] == shop[2:5]
    assert arrow.column("id").to_pylist() == expected
    assert csv.column("id").to_pylist() == expected
    assert [json.loads(line)["id"] for line in files["ndjson"].splitlines()] == expected
    assert csv.column_names == ["id", "timestamp", "event_type", "properties"]


def test_export_of_nothing_is_a_readable_file(served: Reading) -> None:
    for name in ("csv", "ndjson", "parquet", "arrow"):
        answer = served.get(f"{EVENTS}/export", format=name, start_time="2026-03-01")
        assert answer.status_code == 200
        if name == "parquet":
            assert pq.read_table(io.BytesIO(answer.content)).num_rows == 0
        if name == "csv":
            assert answer.text.startswith('"id","event_type"')


def test_a_formula_in_csv_is_defused(served: Reading, shop: list[str]) -> None:
    text = served.get(f"{EVENTS}/export", fields="property.note", event_type="purchase").text
    assert '"\'=1+1"' in text


def test_an_unknown_format_is_refused(served: Reading) -> None:
    assert served.get(f"{EVENTS}/export", format="xls").json()["field"] == "format"


def test_a_metric_is_answered_and_its_mistakes_are_named(served: Reading, shop: list[str]) -> None:
    asked: dict[str, Any] = {"start_time": "2026-03-01T09:00:00Z", "end_time": "2026-03-01T13:00:00Z"}
    answer = served.get("/api/v1/metrics", Role.VIEWER, metric_name="purchase.amount", interval="1h", **asked).json()
    assert [point["sum"] for point in answer["points"]] == [None, None, 40.0, None]
    assert answer["source"]["tables"] == ["rollups"]
    for wrong, field in (
        ({"interval": "7m"}, "interval"),
        ({"metric_name": "nonsense"}, "metric_name"),
        ({"interval": "1m", "start_time": "2020-01-01"}, "interval"),
        ({"statistic": "mode"}, "statistic"),
        ({"compare": "tomorrow"}, "compare"),
        ({"dimensions": "colour"}, "dimensions"),
        ({"colour": "red"}, "colour"),
    ):
        refused = served.get("/api/v1/metrics", **{"metric_name": "events.count", **asked, **wrong})
        assert refused.status_code == 422, wrong
        assert refused.json()["field"] == field


def test_weeks_and_quarters_begin_where_the_tenant_says(served: Reading, shop: list[str], scope: Scope) -> None:
    def begun(interval: str) -> list[str]:
        dates: dict[str, Any] = {"start_time": "2026-02-28", "end_time": "2026-03-02"}
        answer = served.get("/api/v1/metrics", metric_name="events.count", interval=interval, **dates)
        return [point["time"][:10] for point in answer.json()["points"]]

    assert (begun("1w"), begun("1q"), begun("1y")) == (["2026-02-23", "2026-03-02"], ["2026-01-01"], ["2026-01-01"])
    served.services.tenant_settings.change(scope, {"week_start": 7, "fiscal_year_start": 3})
    assert begun("1w") == ["2026-02-22", "2026-03-01"]
    assert begun("1q") == ["2025-12-01", "2026-03-01"]
    assert begun("1y") == ["2025-03-01", "2026-03-01"]


def test_an_answer_says_since_when_what_it_read_is_kept(served: Reading) -> None:
    def since(**asked: Any) -> Any:
        asked = {"metric_name": "events.count", "interval": "1d", "end_time": "2026-03-01T12:00:00Z", **asked}
        return served.get("/api/v1/metrics", **asked).json()["complete_since"]

    assert since(start_time="2025-03-02") is None
    assert since(start_time="2025-03-02", country="DE") == "2025-12-01T12:00:30.250000+00:00"  # 90 days of events
    assert since(start_time="2023-03-02", timezone="Europe/Berlin").startswith("2024-03-01")  # 730 days of hours
    stats = served.get("/api/v1/events/stats", start_time="2025-03-02", country="DE").json()
    assert stats["complete_since"].startswith("2025-12-01")


@pytest.mark.parametrize("path", ["/realtime/overview", "/api/v1/analytics/real-time"])
def test_the_overview_is_counted_by_hand(served: Reading, shop: list[str], path: str) -> None:
    now = served.get(path, Role.VIEWER).json()
    assert now["active_users"] == 2
    assert now["active_sessions"] == 2
    assert now["events_today"] == 5
    assert now["orders_today"] == 2
    assert now["revenue_today"] == 35
    assert now["cart_value_avg"] == 20
    assert now["conversion_rate"] == 0.5
    assert now["events_per_second"] == pytest.approx(1 / 60)
    assert now["top_event_types"] == [{"event_type": "purchase", "count": 2}, {"event_type": "refund", "count": 1}]
    assert now["previous"]["active_users"] == 0
    assert now["previous"]["conversion_rate"] is None


def test_without_events_the_overview_divides_by_nothing(served: Reading) -> None:
    now = served.get("/realtime/overview").json()
    assert (now["active_users"], now["events_per_second"], now["revenue_today"]) == (0, 0, 0)
    assert now["cart_value_avg"] is None
    assert now["conversion_rate"] is None
    assert now["top_content"] == []


@pytest.mark.parametrize(
    ("name", "count", "listed"),
    [("active-users", 2, "users"), ("sessions", 2, "sessions"), ("conversions", 2, "conversions")],
)
def test_the_last_hour_by_minute_with_its_list(
    served: Reading, shop: list[str], name: str, count: int, listed: str
) -> None:
    answer = served.get(f"/realtime/{name}", Role.VIEWER, list="true").json()
    assert answer["count"] == count
    assert len(answer["series"]) == 60
    assert answer["series"][-1]["time"] == "2026-03-01T12:00:00+00:00"
    assert answer["series"][44]["count"] == 1
    assert len(answer[listed]) == count
    assert listed not in served.get(f"/realtime/{name}").json()


def test_the_board_answers_with_the_names_clients_know(served: Reading, shop: list[str]) -> None:
    answer = served.get("/api/v1/dashboard/metrics").json()
    assert set(answer) == {
        "active_users",
        "events_per_second",
        "orders_placed",
        "orders_filled",
        "active_strategies",
        "total_volume",
        "average_latency",
        "error_rate",
        "custom_metrics",
        "last_updated",
    }
    assert answer["error_rate"] is None


def test_event_types_are_told_by_pack_and_a_mistyped_pack_is_named(served: Reading) -> None:
    told = served.get("/api/v1/metrics/event-types", pack="imports").json()["event_types"]
    assert [one["event_type"] for one in told] == ["import_started", "import_completed", "import_failed"]
    assert len(served.get("/api/v1/metrics/event-types").json()["event_types"]) > 50
    refused = served.get("/api/v1/metrics/event-types", pack="import")
    assert (refused.status_code, refused.json()["field"]) == (422, "pack")
    assert refused.json()["suggested_actions"] == ["Did you mean 'imports'?"]


def test_roles_decide_who_reads(served: Reading, shop: list[str]) -> None:
    assert served.get(EVENTS, None).status_code == 401
    assert served.get(EVENTS, Role.WRITER).status_code == 403
    assert served.get(EVENTS, Role.VIEWER).status_code == 403
    assert served.get(EVENTS, Role.OWNER).status_code == 200
    assert served.get("/realtime/overview", Role.WRITER).status_code == 403
    assert served.get("/realtime/overview", Role.VIEWER).status_code == 200


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (EVENTS, {}),
        (f"{EVENTS}/{{event_id}}", {}),
        (f"{EVENTS}/stats", {}),
        ("/api/v1/metrics", {"metric_name": "purchase.amount", "interval": "1d"}),
        ("/realtime/overview", {}),
        ("/realtime/sessions", {}),
        ("/api/v1/dashboard/metrics", {}),
        ("/api/v1/metrics/catalog", {}),
        ("/api/v1/metrics/event-types", {"pack": "content"}),
        ("/api/v1/analytics/kpis", {"period": "today"}),
        ("/dashboard/revenue", {"period": "today", "granularity": "1h"}),
    ],
)
def test_the_documented_example_has_the_fields_of_the_answer(
    served: Reading, shop: list[str], path: str, asked: dict[str, Any]
) -> None:
    operation = served.client.get("/openapi.json").json()["paths"][path]["get"]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    answer = served.get(path.format(event_id=shop[2]), **asked).json()
    assert set(example) <= set(answer)
    if path != f"{EVENTS}/{{event_id}}":
        assert set(answer) == set(example)


def test_every_read_is_documented_with_examples(served: Reading) -> None:
    schema = served.client.get("/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert {"401", "403"} <= set(operation["responses"]), path
            if method == "get":
                assert {"200", "422", "429", "503"} <= set(operation["responses"]), path
            for parameter in operation.get("parameters", []):
                assert parameter.get("description"), (path, parameter["name"])

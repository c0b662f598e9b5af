"""The Prometheus names that dashboards use, and figures that are measured."""

from __future__ import annotations

import threading

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from factbook.core.telemetry import MOST_LABELS, Rate, Telemetry

NAMES = [
    "analytics_events_ingested_total",
    "analytics_events_failed_total",
    "analytics_events_total",
    "analytics_events_processed_per_second",
    "analytics_batches_processed_total",
    "analytics_batch_duration_seconds_bucket",
    "analytics_query_duration_seconds_bucket",
    "analytics_queries_total",
    "analytics_cache_hits_total",
    "analytics_cache_misses_total",
    "analytics_active_connections",
    "analytics_pipeline_lag_seconds",
]


class Watch:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def samples(telemetry: Telemetry) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(telemetry.text().decode())
        for sample in family.samples
    }


def made(watch: Watch | None = None) -> Telemetry:
    return Telemetry(CollectorRegistry(), clock=watch or Watch())


def used() -> Telemetry:
    telemetry = made()
    telemetry.events_ingested(3, "purchase")
    telemetry.events_ingested(2, "page_view")
    telemetry.events_failed(1, "too_old")
    telemetry.batch(0.004, 5)
    telemetry.query("series", 0.020)
    telemetry.query("series", 0.040)
    telemetry.cache_hit()
    telemetry.cache_miss()
    telemetry.cache_miss()
    telemetry.pipeline_lag(lambda: 0.75)
    telemetry.sessions_lag(lambda: 12, lambda: 3.5)
    return telemetry


@pytest.mark.parametrize("name", NAMES)
def test_names_that_dashboards_use_are_there(name: str) -> None:
    assert name in {sample for sample, _ in samples(used())}


def test_counters_count_what_happened() -> None:
    found = samples(used())
    assert found["analytics_events_ingested_total", ()] == 5
    assert found["analytics_events_total", (("type", "purchase"),)] == 3
    assert found["analytics_events_total", (("type", "page_view"),)] == 2
    assert found["analytics_events_failed_total", ()] == 1
    assert found["factbook_events_failed_by_reason_total", (("reason", "too_old"),)] == 1
    assert found["analytics_batches_processed_total", ()] == 1
    assert found["analytics_batch_duration_seconds_bucket", (("le", "0.005"),)] == 1
    assert found["analytics_batch_duration_seconds_bucket", (("le", "0.0025"),)] == 0
    assert found["analytics_queries_total", ()] == 2
    assert found["analytics_query_duration_seconds_sum", ()] == pytest.approx(0.06)
    assert (found["analytics_cache_hits_total", ()], found["analytics_cache_misses_total", ()]) == (1, 2)
    assert found["analytics_pipeline_lag_seconds", ()] == 0.75
    assert found["factbook_sessions_waiting_events", ()] == 12
    assert found["factbook_sessions_lag_seconds", ()] == 3.5


def test_figures_are_measured_or_none() -> None:
    nothing = made().figures()
    assert (nothing.average_query_ms, nothing.cache_hit_rate, nothing.live_connections) == (None, None, 0)
    some = used().figures()
    assert (some.average_query_ms, some.queries, some.batches) == (30.0, 2, 1)
    assert some.cache_hit_rate == pytest.approx(1 / 3, abs=1e-4)


def test_types_beyond_the_bound_count_as_other() -> None:
    telemetry = made()
    for number in range(MOST_LABELS + 50):
        telemetry.events_ingested(1, f"type-{number}")
    telemetry.events_ingested(1, "type-0")
    types = {
        dict(labels)["type"]: value
        for (name, labels), value in samples(telemetry).items()
        if labels and name == "analytics_events_total"
    }
    assert len(types) == MOST_LABELS + 1
    assert (types["other"], types["type-0"]) == (50, 2)


def test_live_connections_come_and_go() -> None:
    telemetry = made()
    with telemetry.connection(), telemetry.connection():
        assert telemetry.figures().live_connections == 2
        assert samples(telemetry)["analytics_active_connections", ()] == 2
    assert telemetry.figures().live_connections == 0


def test_query_that_fails_is_timed_too() -> None:
    telemetry = made()
    with pytest.raises(RuntimeError), telemetry.timed("funnel"):
        raise RuntimeError
    assert telemetry.figures().queries == 1


def test_rate_is_over_the_last_whole_seconds_and_ends_with_the_events() -> None:
    watch = Watch()
    rate = Rate(10, watch)
    for _ in range(20):
        rate.add(50)
        watch.now += 1
    assert rate.per_second() == 50
    watch.now += 5
    assert rate.per_second() == 25
    watch.now += 1000
    assert rate.per_second() == 0


def test_nothing_is_lost_between_threads() -> None:
    telemetry = made()

    def work() -> None:
        for _ in range(500):
            telemetry.events_ingested(2, "purchase")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert samples(telemetry)["analytics_events_ingested_total", ()] == 8000

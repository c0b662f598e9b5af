"""What the process measures about itself, under the Prometheus names that dashboards already use."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST

MOST_LABELS = 200
"""Distinct values of one label; later ones count as `other`, so that senders cannot grow the registry."""

_QUERY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BATCH_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured so far; None where nothing was. Rates are shares of 1, times milliseconds or per second."""

    events_per_second: float
    average_query_ms: float | None
    cache_hit_rate: float | None
    batches: int
    queries: int
    live_connections: int


class Rate:
    """Events a second over the last `window` whole seconds."""

    def __init__(self, window: int = 10, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = [0] * (window + 1)
        self._stamps = [-1] * (window + 1)

    def add(self, n: int) -> None:
        second = int(self._clock())
        place = second % len(self._counts)
        with self._lock:
            if self._stamps[place] != second:
                self._stamps[place], self._counts[place] = second, 0
            self._counts[place] += n

    def per_second(self) -> float:
        now = int(self._clock())
        with self._lock:
            pairs = zip(self._stamps, self._counts, strict=True)
            return sum(count for stamp, count in pairs if now - self._window <= stamp < now) / self._window


class Telemetry:
    """Counters, histograms and gauges on one registry. Every method may be called from any thread."""

    def __init__(self, registry: CollectorRegistry, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.registry = registry
        self._rate = Rate(clock=clock)
        self._lock = threading.Lock()
        self._labels: dict[str, set[str]] = {}
        self._query_seconds: deque[float] = deque(maxlen=1000)
        self._hits = self._misses = self._batches = self._queries = self._live = 0

        disable_created_metrics()  # type: ignore[no-untyped-call]
        ProcessCollector(registry=registry)
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self._ingested = counter("analytics_events_ingested_total", "Events accepted, durable in the journal.")
        self._failed = counter("analytics_events_failed_total", "Events refused.")
        self._reasons = counter("factbook_events_failed_by_reason_total", "Events refused, by reason.", ["reason"])
        self._types = counter("analytics_events_total", "Events accepted, by type.", ["type"])
        self._batch_count = counter(
            "analytics_batches_processed_total", "Group commits; requests that came together are one."
        )
        self._batch_seconds = histogram(
            "analytics_batch_duration_seconds", "From the body to the acknowledgement.", buckets=_BATCH_SECONDS
        )
        self._query_histogram = histogram(
            "analytics_query_duration_seconds", "From the question to the answer.", buckets=_QUERY_SECONDS
        )
        self._query_count = counter("analytics_queries_total", "Queries answered.")
        self._by_query = counter("factbook_queries_by_name_total", "Queries answered, by name.", ["query"])
        self._cache_hits = counter("analytics_cache_hits_total", "Answers that came from the cache.")
        self._cache_misses = counter("analytics_cache_misses_total", "Answers that had to be computed.")
        self._connections = gauge("analytics_active_connections", "Open live connections.")
        self._lag = gauge("analytics_pipeline_lag_seconds", "Age of the oldest event not yet in the warehouse.")
        self._session_events = gauge("factbook_sessions_waiting_events", "Events that are in no session yet.")
        self._session_lag = gauge("factbook_sessions_lag_seconds", "How long the first of them has waited.")
        gauge("analytics_events_processed_per_second", "Events accepted a second, over ten seconds.").set_function(
            self._rate.per_second
        )

    def events_ingested(self, n: int, type: str) -> None:
        """`n` events of one type became durable."""
        self._ingested.inc(n)
        self._types.labels(self._bounded("type", type)).inc(n)
        self._rate.add(n)

    def events_failed(self, n: int, reason: str) -> None:
        """`n` events were refused for `reason`, one of the typed words."""
        self._failed.inc(n)
        self._reasons.labels(self._bounded("reason", reason)).inc(n)

    def batch(self, seconds: float, n: int) -> None:
        """One group commit with `n` events, of one request or many at once, was acknowledged after `seconds`."""
        self._batch_count.inc()
        self._batch_seconds.observe(seconds)
        with self._lock:
            self._batches += 1

    def query(self, name: str, seconds: float) -> None:
        """The query called `name` was answered after `seconds`."""
        self._query_count.inc()
        self._query_histogram.observe(seconds)
        self._by_query.labels(self._bounded("query", name)).inc()
        with self._lock:
            self._queries += 1
            self._query_seconds.append(seconds)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Records the block as one query called `name`, failed or not."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.query(name, time.perf_counter() - start)

    def cache_hit(self) -> None:
        self._cache_hits.inc()
        with self._lock:
            self._hits += 1

    def cache_miss(self) -> None:
        self._cache_misses.inc()
        with self._lock:
            self._misses += 1

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Counts one live connection for as long as the block runs."""
        self._connected(1)
        try:
            yield
        finally:
            self._connected(-1)

    def _connected(self, change: int) -> None:
        with self._lock:
            self._live += change
            self._connections.set(self._live)

    def pipeline_lag(self, seconds: Callable[[], float]) -> None:
        """Asks `seconds` for the lag whenever the figures are read."""
        self._lag.set_function(seconds)

    def sessions_lag(self, events: Callable[[], float], seconds: Callable[[], float]) -> None:
        """Asks both whenever the figures are read."""
        self._session_events.set_function(events)
        self._session_lag.set_function(seconds)

    def figures(self) -> Figures:
        """What /healthz says; query times over the last thousand queries."""
        with self._lock:
            times, reads = list(self._query_seconds), self._hits + self._misses
            return Figures(
                events_per_second=self._rate.per_second(),
                average_query_ms=round(1000 * sum(times) / len(times), 3) if times else None,
                cache_hit_rate=round(self._hits / reads, 4) if reads else None,
                batches=self._batches,
                queries=self._queries,
                live_connections=self._live,
            )

    def text(self) -> bytes:
        """The Prometheus text, of the type `CONTENT_TYPE`."""
        return generate_latest(self.registry)

    def _bounded(self, label: str, value: str) -> str:
        with self._lock:
            known = self._labels.setdefault(label, set())
            if value in known:
                return value
            if len(known) >= MOST_LABELS:
                return "other"
            known.add(value)
            return value

"""Reads of a dashboard over millions of events: quiet, and while events come in; beside hand-written SQL."""

from __future__ import annotations

import http.client
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from factbook.core.errors import unavailable

from .events import BATCH
from .figures import Figure, below, figure, percentile
from .load import Spec
from .sending import Sending
from .server import Served

LOAD_RATE = 20_000
Say = Callable[[str], None]

READS_ALONE = {"ENABLE_USER_JOURNEY": "false"}
"""Thirty days of events at once would have sessions built from them all the while."""


@dataclass(frozen=True, slots=True)
class Read:
    """what; how long back it looks; the request's path, and the SQL that one would write by hand for it."""

    what: str
    back: timedelta
    path: str
    sql: str


_COUNTS = (
    "SELECT bucket, sum(count) FROM rollups WHERE tenant = 'default' AND level = '{level}' AND event_type = '{type}' "
    "AND property = '' AND bucket >= '{start}' AND bucket < '{end}' GROUP BY bucket ORDER BY bucket"
)
READS = (
    Read(
        "events by hour, 7 days",
        timedelta(days=7),
        "metric_name=events.count&interval=1h",
        _COUNTS.replace("{level}", "1h").replace("{type}", ""),
    ),
    Read(
        "purchases by day, 29 days",
        timedelta(days=29),
        "metric_name=events.count.purchase&interval=1d",
        _COUNTS.replace("{level}", "1d").replace("{type}", "purchase"),
    ),
    Read(
        "events by minute, 1 hour",
        timedelta(hours=1),
        "metric_name=events.count&interval=1m",
        _COUNTS.replace("{level}", "1m").replace("{type}", ""),
    ),
    Read(
        "active users by day, 29 days",
        timedelta(days=29),
        "metric_name=users.active&interval=1d",
        "SELECT bucket, uniqCombined64Merge(17)(users) FROM rollups WHERE tenant = 'default' AND level = '1d' "
        "AND event_type = '' AND property = '' AND bucket >= '{start}' AND bucket < '{end}' GROUP BY bucket "
        "ORDER BY bucket",
    ),
    Read(
        "price of purchases by hour with percentiles, 7 days",
        timedelta(days=7),
        "metric_name=purchase.price&interval=1h",
        "SELECT bucket, sum(count), sum(sum), min(min), max(max), quantilesBFloat16Merge(0.5, 0.95, 0.99)(quantiles) "
        "FROM rollups WHERE tenant = 'default' AND level = '1h' AND event_type = 'purchase' AND property = 'price' "
        "AND bucket >= '{start}' AND bucket < '{end}' GROUP BY bucket ORDER BY bucket",
    ),
)


def measure(folder: Path, *, events: int, seconds: float, say: Say) -> list[Figure]:
    """folder: an empty place. events: how many are read over. seconds: of reading, quiet and again under load."""
    say(f"making {events:,} events of thirty days")
    make_history(folder / "data", events)
    served = Served(folder / "data", environment=READS_ALONE)
    say("starting the server on them")
    served.start()
    try:
        started = served.ready_seconds
        reads = Reader(served)
        say("reading, quiet")
        reads.all_for(2.0)
        quiet = reads.all_for(seconds)
        say(f"reading while {LOAD_RATE:,} events/s come in")
        spec = Spec(
            served.port,
            served.write_key,
            int(LOAD_RATE / BATCH * (seconds + 2)),
            BATCH,
            4,
            LOAD_RATE / BATCH,
            time.time_ns() & 0xFFFFFFFF,
        )
        with Sending(spec) as sending:
            sending.go()
            loaded = reads.all_for(seconds)
            sent = sending.result()
        taken = sent.statuses.get("200", 0) * BATCH / sent.seconds
        say("one read again and again: from the cache, if there is one")
        cached = reads.same_for(min(seconds, 5.0))
    finally:
        if served.running:
            served.stop()
    say("the same by hand on the bare engine")
    bare = _bare(served.folder, seconds)
    everything = [ms for times in quiet.values() for ms in times]
    under_load = [ms for times in loaded.values() for ms in times]
    by_hand = [ms for times in bare.values() for ms in times]
    reference = (percentile(by_hand, 95), "hand-written SQL on the bare engine, quiet")
    figures = [
        figure(
            f"roll-up reads over {events:,} events, quiet, p50",
            percentile(everything, 50),
            "ms",
            reference=(percentile(by_hand, 50), "hand-written SQL on the bare engine, quiet"),
        ),
        figure("  p95", percentile(everything, 95), "ms", reference=reference, aim=below(50, "ms")),
    ]
    figures += [
        figure(f"  {what}, p95", percentile(times, 95), "ms", reference=(percentile(bare[what], 95), "by hand"))
        for what, times in quiet.items()
    ]
    figures += [
        figure(f"while {taken:,.0f} events/s come in, p50", percentile(under_load, 50), "ms"),
        figure("  p95", percentile(under_load, 95), "ms", reference=reference, aim=below(150, "ms")),
        figure("  acknowledgement of those batches, p95", sent.p95, "ms"),
        figure("the same read again, p95", percentile(cached, 95), "ms"),
        figure("start to ready, with these events", started, "s"),
    ]
    return figures


def make_history(folder: Path, events: int, people: int = 200_000, kind: str = "shop") -> None:
    """Fills `folder` as a server would have, in a process of its own."""
    command = [sys.executable, "-m", "factbook.bench.history", str(folder), str(events), str(people), kind]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 (our own command line)
    if done.returncode:
        raise unavailable(f"The events could not be made: {done.stderr.decode(errors='replace')[-1000:]}")


def periods(read: Read, seed: int) -> Iterator[tuple[datetime, datetime]]:
    """Periods of the read's length that begin and end at no round time, each another: nothing can be cached."""
    pick = random.Random(f"{read.what}-{seed}")  # noqa: S311 (test data)
    while True:
        end = datetime.now(UTC) - timedelta(milliseconds=pick.randrange(86_400_000))
        yield end - read.back, end


class Reader:
    """Asks over one connection, one read after the other; times in milliseconds, answers unread."""

    def __init__(self, served: Served) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {served.admin_key}"}
        self._seed = 0

    def all_for(self, seconds: float) -> dict[str, list[float]]:
        self._seed += 1
        asked = {read: periods(read, self._seed) for read in READS}
        times: dict[str, list[float]] = {read.what: [] for read in READS}
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for read, each in asked.items():
                times[read.what].append(self._ask(_path(read, *next(each))))
        return times

    def same_for(self, seconds: float) -> list[float]:
        path = _path(READS[0], *next(periods(READS[0], 0)))
        times = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            times.append(self._ask(path))
        return times

    def _ask(self, path: str) -> float:
        started = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        elapsed = (time.perf_counter() - started) * 1000
        if answer.status != 200:
            raise unavailable(f"{path} answered {answer.status}: {content[:300].decode(errors='replace')}")
        return elapsed


def _path(read: Read, start: datetime, end: datetime) -> str:
    times = f"&start_time={quote(start.isoformat())}&end_time={quote(end.isoformat())}"
    return f"/api/v1/metrics?{read.path}{times}"


def _bare(folder: Path, seconds: float) -> dict[str, list[float]]:
    """The hand-written SQL in a process of its own."""
    import msgspec

    command = [sys.executable, "-m", "factbook.bench.by_hand", str(folder), str(seconds)]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 (our own command line)
    if done.returncode:
        raise unavailable(f"The reference failed: {done.stderr.decode(errors='replace')[-1000:]}")
    return msgspec.json.decode(done.stdout, type=dict[str, list[float]])

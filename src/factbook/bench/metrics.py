"""Questions over metrics against millions of events: of the warehouse, and out of the cache; beside SQL by hand."""

from __future__ import annotations

import asyncio
import http.client
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from factbook.core.errors import unavailable

from .figures import Figure, at_least, below, figure, percentile
from .query import READS_ALONE, make_history
from .questions import QUESTIONS, Question
from .server import Served
from .statements import apart

Say = Callable[[str], None]
PATH = "/dashboard/metrics"
NO_CACHE = {"FACTBOOK_ANALYTICS_QUERY_CACHE_TTL": "0"}
CONNECTIONS = 16


def measure(folder: Path, *, events: int, seconds: float, say: Say) -> list[Figure]:
    """folder: an empty place. events: how many are asked about. seconds: of asking, each way."""
    say(f"making {events:,} events of thirty days")
    make_history(folder / "data", events)
    now = datetime.now(UTC)
    say("asking the warehouse, nothing kept")
    with Served(folder / "data", environment={**READS_ALONE, **NO_CACHE}) as served:
        _each(served, now, 1.0)
        fresh = _each(served, now, seconds)
    say("asking again, out of the cache")
    with Served(folder / "data", environment=READS_ALONE) as served:
        _each(served, now, 1.0)
        kept = [ms for times in _each(served, now, seconds).values() for ms in times]
        rate = asyncio.run(_at_once(served, now, seconds))
    say("the same by hand on the bare engine")
    bare = apart(folder / "data", seconds, {each.what: each.by_hand(now) for each in QUESTIONS})
    return _figures(events, fresh, kept, rate, bare)


def _figures(
    events: int,
    fresh: dict[str, list[float]],
    kept: list[float],
    rate: float,
    bare: dict[str, list[float]],
) -> list[Figure]:
    stored = [ms for each in QUESTIONS if each.stored for ms in fresh[each.what]]
    by_hand = [ms for each in QUESTIONS if each.stored for ms in bare[each.what]]
    figures = [
        figure(
            f"questions over {events:,} events that a roll-up answers, uncached, p95",
            percentile(stored, 95),
            "ms",
            reference=(percentile(by_hand, 95), "SQL by hand on the bare engine"),
            aim=below(50, "ms"),
        ),
        figure("all twenty, cached, p95", percentile(kept, 95), "ms", aim=below(5, "ms")),
        figure("cached answers", rate, "/s", aim=at_least(1000, "/s")),
    ]
    for each in QUESTIONS:
        mine, theirs = (percentile(times[each.what], 50) for times in (fresh, bare))
        place = "roll-ups" if each.stored else "events"
        bound = 1.3 * theirs + 3
        figures.append(
            figure(
                f"  {each.what} ({place}), median",
                mine,
                "ms",
                reference=(theirs, "by hand"),
                aim=below(round(bound, 1), "ms"),
            )
        )
    return figures


def _each(served: Served, now: datetime, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of every question over one connection, one after the other; at least one of each."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
    headers = {"Authorization": f"Bearer {served.admin_key}", "Content-Type": "application/json"}
    bodies = {each.what: msgspec.json.encode(each.body(now)) for each in QUESTIONS}
    times: dict[str, list[float]] = {each.what: [] for each in QUESTIONS}
    end = time.perf_counter() + seconds
    while not all(times.values()) or time.perf_counter() < end:
        for what, body in bodies.items():
            started = time.perf_counter()
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            times[what].append((time.perf_counter() - started) * 1000)
            if answer.status != 200:
                raise unavailable(f"{what}: {answer.status} {content[:300].decode(errors='replace')}")
    connection.close()
    return times


async def _at_once(served: Served, now: datetime, seconds: float) -> float:
    """Answers a second over many connections, all of them kept already."""
    requests = [_request(served, msgspec.json.encode(each.body(now))) for each in QUESTIONS]
    started = time.perf_counter()

    async def one(number: int) -> int:
        """By hand: a client of comfort would take longer than the server."""
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        done = 0
        while time.perf_counter() - started < seconds:
            writer.write(requests[(number + done) % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            if not head.startswith(b"HTTP/1.1 200 ") or not length:
                raise unavailable(f"A kept answer failed: {head[:100].decode(errors='replace')}")
            await reader.readexactly(int(length[1]))
            done += 1
        writer.close()
        return done

    done = await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))
    return sum(done) / (time.perf_counter() - started)


def _request(served: Served, body: bytes) -> bytes:
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.admin_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


__all__ = ["Question", "measure"]

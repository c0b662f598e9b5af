"""Two servers at one warehouse and one Redis: neither tells of less than is in the warehouse, with Redis or without."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from factbook.bench.server import Served
from tests.servers import clickhouse
from tests.servers.valkey import Valkey

from .sender import make, send
from .test_disks import until

FIRST, LAST = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (-10, 10))


def test_an_event_sent_to_one_server_is_in_the_next_answer_of_the_other(tmp_path: Path, own_redis: Valkey) -> None:
    warehouse = clickhouse.ClickHouseServer()
    environment = {"FACTBOOK_WAREHOUSE": warehouse.url("factbook_shared"), "REDIS_URL": own_redis.url}
    one, other = (Served(tmp_path / name, environment=environment) for name in ("one", "other"))
    try:
        for server in (one, other):
            server.start()
        assert [counted(server) for server in (one, other)] == [0, 0]
        begun = looked(other)
        for turn in range(1, 4):
            arrive(one, 5)
            assert [counted(server) for server in (one, other)] == [5 * turn] * 2
        assert looked(other) == (begun[0] + 3, begun[1])  # what the first had found

        own_redis.kill()
        arrive(one, 5)
        arrive(other, 5, late=timedelta(days=3))
        assert [counted(server) for server in (one, other, one, other)] == [25] * 4
        until(lambda: [health(server) for server in (one, other)] == ["degraded"] * 2, "the loss told by both")

        own_redis.start()
        until(lambda: all(hits(server) for server in (one, other)), "answers kept again")
        arrive(other, 5)
        assert [counted(server) for server in (one, other)] == [30, 30]
        for server in (one, other):
            assert server.stop() == 0
    finally:
        for server in (one, other):
            if server.running:
                server.kill()
            print(server.last_words())
        warehouse.stop()


def arrive(server: Served, count: int, late: timedelta = timedelta()) -> None:
    """Events are sent, and in the warehouse."""
    at = (datetime.now(UTC) - late).isoformat()
    events = [{**make(random.Random()), "event_type": "purchase", "timestamp": at} for _ in range(count)]
    status, answer = send(server, events)
    assert (status, answer["processed_count"]) == (200, count)
    server.settle()


def ask(server: Served) -> dict[str, Any]:
    body = json.dumps({"metrics": ["orders"], "start_time": FIRST, "end_time": LAST}).encode()
    status, answer = server.request("POST", "/dashboard/metrics", body)
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


def health(server: Served) -> str:
    return str(server.get("/healthz")[1]["status"])


def counted(server: Served) -> int:
    return int(ask(server)["total"]["values"]["orders"])


def looked(server: Served) -> tuple[float, float]:
    """(answers out of a cache, answers that were computed)"""
    text = str(server.get("/metrics")[1])
    found = [re.search(rf"^analytics_cache_{name}_total (\S+)$", text, re.MULTILINE) for name in ("hits", "misses")]
    hit, missed = (float(match[1]) if match else 0.0 for match in found)
    return hit, missed


def hits(server: Served) -> bool:
    """Whether the second of two equal questions is answered out of the cache."""
    ask(server)
    before = looked(server)[0]
    ask(server)
    return looked(server)[0] > before

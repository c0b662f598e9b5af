"""While the warehouse is away events are acknowledged, kept in the journal, and are in once it is back, each once."""

from __future__ import annotations

import random
from pathlib import Path

from factbook.bench.server import Served
from tests.servers import clickhouse

from .sender import make, send
from .test_disks import total, until


def test_warehouse_away_events_wait_in_the_journal_and_count_once_when_it_is_back(tmp_path: Path) -> None:
    warehouse = clickhouse.ClickHouseServer()
    served = Served(tmp_path / "data", environment={"FACTBOOK_WAREHOUSE": warehouse.url("factbook_outage")})
    try:
        served.start()
        assert send(served, [make(random.Random(n)) for n in range(100)])[0] == 200
        served.settle()
        warehouse.kill()
        for turn in range(1, 6):
            status, answer = send(served, [make(random.Random(100 * turn + n)) for n in range(100)])
            assert (status, answer["processed_count"]) == (200, 100)
        until(lambda: bool(served.get("/healthz")[1]["status"] != "healthy"), "the outage seen")
        assert served.journal_depth() == 500
        status, problem = served.get("/api/v1/events/stats")
        assert status == 503, problem
        served.kill()  # and we die as well
        warehouse.start()
        served.start()
        served.settle()
        assert total(served) == 600
        until(lambda: bool(served.get("/healthz")[1]["status"] == "healthy"), "health again")
        status, answer = send(served, [make(random.Random(n)) for n in range(600)])
        assert (status, answer["duplicates"]) == (200, 600)
        assert served.stop() == 0
    finally:
        if served.running:
            served.kill()
        print(served.last_words())
        warehouse.stop()

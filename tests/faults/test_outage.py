"""While the warehouse is away events are acknowledged, kept in the journal, and are in once it is back, each once."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

from factbook.bench.server import Served
from tests.servers import clickhouse

from .sender import Senders, make, send
from .stored import read
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


def test_warehouse_killed_in_mid_insert_counts_every_event_once(tmp_path: Path) -> None:
    """Of an insert that was cut off nobody knows whether it is in: the block goes again under its tokens."""
    seed = int(os.environ.get("FACTBOOK_TEST_SEED") or random.randrange(2**32))
    print(f"FACTBOOK_TEST_SEED={seed}")
    pick = random.Random(seed)
    warehouse = clickhouse.ClickHouseServer()
    address = warehouse.url("factbook_killed")
    served = Served(tmp_path / "data", environment={"FACTBOOK_WAREHOUSE": address})
    try:
        served.start()
        senders = Senders(served, seed, threads=2, size=200)
        senders.start()
        for _ in range(6):
            time.sleep(pick.uniform(0.2, 1.5))  # the random moment
            warehouse.kill()
            warehouse.start()
        senders.stop()
        assert not senders.unexpected, senders.unexpected[:3]
        served.settle()
        assert served.stop() == 0
        found = read(tmp_path, address)
    finally:
        if served.running:
            served.kill()
        print(served.last_words()[-3000:])
        warehouse.stop()
    times = Counter(found["ids"])
    assert len(senders.acknowledged) > 1000
    assert not [event_id for event_id in senders.acknowledged if times[event_id] != 1], seed
    assert found["wrong"] == {"1m": [], "1h": [], "1d": []}, seed
    assert found["letters"] == {}

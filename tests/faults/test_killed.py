"""kill -9 at any moment loses nothing that was acknowledged and counts nothing twice."""

from __future__ import annotations

import os
import random
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from factbook.bench.server import Served

from .sender import Event, Senders, make, send
from .stored import read

KILLS = 20


def test_killed_twenty_times_every_acknowledged_event_is_there_exactly_once(tmp_path: Path) -> None:
    seed = int(os.environ.get("FACTBOOK_TEST_SEED") or random.randrange(2**32))
    print(f"FACTBOOK_TEST_SEED={seed}")
    pick = random.Random(seed)
    server = Served(tmp_path / "data")
    acknowledged: list[str] = []  # ids given by us
    named: list[str] = []  # ids given by the server
    open_requests: list[list[Event]] = []
    try:
        for turn in range(KILLS):
            server.start()
            for events in open_requests:  # as a client would: what was not answered is sent again
                status, answer = send(server, events)
                assert status == 200, (seed, turn, answer)
                acknowledged += [event["event_id"] for event in events]
            open_requests = []
            groups = [
                Senders(server, seed + turn, threads=4, size=0),
                Senders(server, seed + turn, threads=2, size=pick.choice((10, 200, 1000))),
                Senders(server, seed + turn, threads=1, size=0, own_ids=False),
            ]
            for group in groups:
                group.start()
            time.sleep(pick.uniform(0.02, 1.5))  # the random moment
            server.kill()
            for group in groups:
                group.stop()
                assert not group.unexpected, (seed, turn, group.unexpected[:3])
            acknowledged += groups[0].acknowledged + groups[1].acknowledged
            named += groups[2].acknowledged
            open_requests = groups[0].open + groups[1].open
        server.start()
        for events in open_requests:
            assert send(server, events)[0] == 200, seed
            acknowledged += [event["event_id"] for event in events]
        server.settle()
        assert server.stop() == 0
    finally:
        if server.running:
            server.kill()
        print(server.last_words()[-2000:])
    found = read(server.folder)
    times = Counter(found["ids"])
    twice = [event_id for event_id, count in times.items() if count > 1]
    missing = [event_id for event_id in {*acknowledged, *named} if event_id not in times]
    assert len(acknowledged) > 2000
    assert len(named) > 20
    assert not missing, (seed, len(missing), missing[:3])
    assert not twice, (seed, len(twice), twice[:3])
    assert found["wrong"] == {"1m": [], "1h": [], "1d": []}, seed
    assert found["letters"] == {}


def test_same_batch_ten_times_at_once_and_after_restarts_counts_once(served: Served) -> None:
    events = [make(random.Random(f"batch-{number}")) for number in range(500)]
    with ThreadPoolExecutor(10) as threads:
        answers = [done.result() for done in [threads.submit(send, served, events) for _ in range(10)]]
    assert {status for status, _ in answers} == {200}
    assert sum(answer["processed_count"] for _, answer in answers) == 500
    assert sum(answer["duplicates"] for _, answer in answers) == 9 * 500
    served.kill()
    served.start()
    status, answer = send(served, events)
    assert (status, answer["processed_count"], answer["duplicates"]) == (200, 0, 500)
    served.settle()
    served.stop()
    served.start()
    status, answer = send(served, events)
    assert (status, answer["processed_count"], answer["duplicates"]) == (200, 0, 500)
    served.settle()
    assert served.stop() == 0
    found = read(served.folder)
    assert sorted(found["ids"]) == sorted(event["event_id"] for event in events)
    assert found["wrong"] == {"1m": [], "1h": [], "1d": []}


def test_same_id_in_single_events_at_once_counts_once(served: Served) -> None:
    event = {**make(random.Random("one")), "event_id": str(uuid.uuid4())}

    def single(_: int) -> bool:
        status, answer = served.request("POST", "/api/v1/events", _json(event))
        assert status == 200
        return bool(answer["duplicate"])

    with ThreadPoolExecutor(16) as threads:
        duplicates = list(threads.map(single, range(16)))
    assert duplicates.count(False) == 1
    served.settle()
    served.stop()
    assert read(served.folder)["ids"] == [event["event_id"]]


def test_sigterm_finishes_what_was_accepted(served: Served) -> None:
    senders = Senders(served, 7, threads=4, size=100)
    senders.start()
    time.sleep(1.0)  # some load to be under way
    assert served.stop() == 0
    senders.stop()
    assert senders.acknowledged
    found = read(served.folder)
    assert set(senders.acknowledged) <= set(found["ids"])
    assert len(found["ids"]) == len(set(found["ids"]))
    assert found["wrong"] == {"1m": [], "1h": [], "1d": []}


def _json(event: Event) -> bytes:
    import json

    return json.dumps(event).encode()

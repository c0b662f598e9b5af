"""kill -9 of the server or of the sender, at any moment: every event that `send` took is in, once."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from factbook.client import Client
from factbook.client.connection import Connection
from factbook.client.delivery import Delivery
from factbook.client.event import encoded
from factbook.client.spool import Spool
from factbook.client.spool_file import SpoolFile
from tests.faults.stored import read

from .server import Server

pytestmark = pytest.mark.faults


def picked() -> random.Random:
    seed = int(os.environ.get("FACTBOOK_TEST_SEED") or random.randrange(2**32))
    print(f"FACTBOOK_TEST_SEED={seed}")
    return random.Random(seed)


def assert_each_once(server: Server, ids: list[str]) -> None:
    """Raw rows and roll-ups, as they stand on disk."""
    server.settle()
    assert server.stop() == 0
    found = read(server.folder)
    times = Counter(found["ids"])
    assert not [event_id for event_id in ids if not times[event_id]]
    assert not [event_id for event_id, count in times.items() if count > 1]
    assert found["wrong"] == {"1m": [], "1h": [], "1d": []}


@pytest.mark.parametrize("spooled", [False, True])
def test_server_killed_while_events_are_sent_has_each_once(own: Server, tmp_path: Path, spooled: bool) -> None:
    pick = picked()
    own.start()
    client = own.sender(batch_events=20, buffer_bytes=100_000, spool=tmp_path / "spool" if spooled else None)
    over = threading.Event()
    ids: list[str] = []

    def send() -> None:
        while not over.is_set():
            ids.append(client.send("kept", x=len(ids) % 1000))

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    for _ in range(4):
        time.sleep(pick.uniform(0.02, 0.5))  # the random moment
        own.kill()
        own.start()
    over.set()
    for sender in senders:
        sender.join()
    assert client.flush(120)
    stats = client.stats()
    assert stats.sent + stats.duplicates == len(ids) > 500
    assert (stats.refused, stats.waiting) == (0, 0)
    client.close()
    assert_each_once(own, ids)


SPOOLING = """
client = Client(url, key, spool=more[0], batch_events=50)
for number in range(1_000_000):
    print(client.send("kept", x=number % 1000), flush=True)
"""


def killed_after(server: Server, spool: Path, seconds: float) -> list[str]:
    """What a program that is killed while it sends was told to be taken."""
    program = server.program(SPOOLING, str(spool))
    assert program.stdout
    ids = [program.stdout.readline().strip()]
    time.sleep(seconds)
    program.kill()
    rest = program.communicate()[0].split("\n")
    return ids + rest[:-1]  # behind the last end of line stands what was being written


def test_sender_killed_while_it_sends_loses_nothing_that_was_spooled(own: Server, tmp_path: Path) -> None:
    pick = picked()
    own.start()
    ids: list[str] = []
    for _ in range(5):
        ids += killed_after(own, tmp_path / "spool", pick.uniform(0.0, 0.5))
    with own.sender(spool=tmp_path / "spool") as client:
        assert client.flush(60)
    assert len(ids) > 100
    assert_each_once(own, ids)


def test_sender_and_server_both_gone_the_next_sender_delivers(own: Server, tmp_path: Path) -> None:
    ids = killed_after(own, tmp_path / "spool", 0.3)
    ids += killed_after(own, tmp_path / "spool", 0.3)
    own.start()
    with own.sender(spool=tmp_path / "spool") as client:
        assert client.flush(60)
    assert_each_once(own, ids)


def test_a_child_that_ends_takes_nothing_of_its_parents_spool_along(own: Server, tmp_path: Path) -> None:
    text = """
client = Client(url, key, spool=more[0])
if more[1] == "used": client.send("kept")
if os.fork() == 0:
    sys.exit()
os.wait()
for _ in range(5): client.send("kept")
os.kill(os.getpid(), 9)
"""
    for number, use in enumerate(("used", "not used")):
        own.ran(text, str(tmp_path / str(number)), use)
        spool = Spool(tmp_path / str(number))
        assert spool.count == 5 + (use == "used")
        spool.close()


def left_behind(server: Server, spool: Path) -> list[str]:
    """Two events that the server took, of a sender that died before it knew; and one that was never sent."""
    spool.mkdir()
    file = SpoolFile(spool / "left.spool")
    events = [encoded("kept", {"x": n}) for n in range(3)]
    file.append([event for _, event in events[:2]])
    connection = Connection(server.url, server.write_key, 30)
    delivered = Delivery(connection, "zstd").deliver(file.take(1000, 1_000_000))
    assert delivered.sent == 2
    file.append([events[2][1]])
    file.close()
    return [event_id for event_id, _ in events]


def test_what_the_server_has_of_a_spool_is_known_by_the_ids(own: Server, tmp_path: Path) -> None:
    own.start()
    ids = left_behind(own, tmp_path / "spool")
    with own.sender(spool=tmp_path / "spool") as client:
        assert client.flush(60)
        assert (client.stats().sent, client.stats().duplicates) == (1, 2)
    assert_each_once(own, ids)


def test_what_the_server_has_of_a_spool_is_known_when_the_ids_are_long_forgotten(own: Server, tmp_path: Path) -> None:
    own.start()
    ids = left_behind(own, tmp_path / "spool")
    with sqlite3.connect(tmp_path / "spool" / "left.spool") as file:
        file.execute("UPDATE waiting SET at = at - 3 * 86400")
    file.close()
    with own.sender(spool=tmp_path / "spool") as client:
        assert client.flush(60)
        assert (client.stats().sent, client.stats().duplicates) == (3, 0)  # of two of them the server was only asked
    assert_each_once(own, ids)


def test_a_server_that_goes_away_and_comes_back_gets_everything(own: Server) -> None:
    client = Client(own.url, own.write_key, batch_events=10)
    ids = client.send_many({"event_type": "kept", "x": n} for n in range(100))
    assert not client.flush(0.2)
    assert client.stats().last_error
    own.start()
    assert client.flush(60)
    client.close()
    assert client.stats().last_error == ""
    assert_each_once(own, ids)

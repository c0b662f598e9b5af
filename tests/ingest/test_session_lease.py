"""Sessions are built by one process at a time, and are right whichever of them is killed or held up, and when."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from factbook.core.scope import Scope
from factbook.ingest.session_blocks import Blocks
from factbook.ingest.session_lease import Lease
from factbook.ingest.sessions import Sessions
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from tests.clocks import SetClock
from tests.queries.given import given

from .test_sessions import HALF_HOUR, START, event, minutes, told, walked


@pytest.fixture
def server(clickhouse_url: str, tmp_path: Path) -> Iterator[Engine]:
    made = Engine(clickhouse_url, tmp_path, connections=8)
    migrate(made)
    yield made
    made.close()


def until(holds: Callable[[], bool], what: str, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_of_many_at_once_one_gets_it(server: Engine) -> None:
    leases = [Lease(server) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(Lease.held, leases)) == 1
    assert sum(lease.held() for lease in leases) == 1


def test_it_is_free_again_once_it_is_left(server: Engine) -> None:
    first, second = Lease(server), Lease(server)
    assert first.held()
    assert not second.held()
    first.leave()
    assert second.held()
    assert not first.held()


def test_who_says_nothing_for_long_has_lost_it_and_what_he_writes_is_left_out(server: Engine) -> None:
    first, second = Lease(server, life=0.3, write=0), Lease(server, life=0.3, write=0)
    assert first.held()
    until(second.held, "taken over")
    row = {"tenant": ["t"], "visitor": pa.array([1], pa.uint64()), "person": pa.array([2], pa.uint64())}
    for lease in (first, second):
        rows = pa.table({**row, "version": pa.array([lease.epoch], pa.uint64())})
        server.insert_if(lease.holds, "session_visitors", rows, seconds=10)
    assert server.rows("SELECT version FROM session_visitors") == [(second.epoch,)]


def test_a_process_that_was_held_up_in_the_middle_of_its_work_changes_nothing(server: Engine, scope: Scope) -> None:
    given(server, scope, [event(0, "u"), event(10, "u")])
    late: list[Any] = []

    class Slow(Engine):
        """Is held up before its first write until all that another does is done."""

        def __init__(self) -> None:
            self.__dict__ = dict(server.__dict__)

        def insert_if(self, *args: Any, **named: Any) -> None:
            if not late:
                late.append(args)
                given(server, scope, [event(-20, "u"), event(30, "u")])
                other = Lease(server, life=0.3, write=0)
                until(other.held, "taken over")
                sum(Sessions(server, SetClock(START), HALF_HOUR, lease=other).build())
                assert minutes(server, scope) == [(-20, 30, 4)]
            super().insert_if(*args, **named)

    slow = Slow()
    ahead = SetClock(START)
    ahead.forward(hours=1)
    sum(Sessions(slow, ahead, HALF_HOUR, lease=Lease(slow, life=0.3, write=0)).build())
    assert late
    assert minutes(server, scope) == [(-20, 30, 4)]


def test_a_process_that_leaves_hands_the_work_on(server: Engine, scope: Scope) -> None:
    given(server, scope, [event(0, "u")])
    first, second = (Sessions(server, SetClock(START), HALF_HOUR, lease=Lease(server)) for _ in range(2))
    assert sum(first.build()) == 1
    given(server, scope, [event(1, "u")])
    assert sum(second.build()) == 0
    assert second.lag.events == 1
    first.stop()
    assert sum(second.build()) == 1
    assert minutes(server, scope) == [(0, 1, 2)]


def test_two_processes_that_are_killed_and_held_up_build_what_one_would(
    server: Engine, clickhouse_url: str, scope: Scope, tmp_path: Path
) -> None:
    chance = random.Random(7)
    builders: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        command = [sys.executable, "-m", "tests.ingest.session_builder", clickhouse_url, str(tmp_path)]
        builders.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))

    events: list[dict[str, Any]] = []

    def more() -> None:
        """Some of each come late, some join a visitor to a user."""
        types = ("page_view", "click", "product_view", "purchase")
        for _ in range(2):
            new = [
                event(
                    chance.randrange(0, 900, 5),
                    chance.choice(["", "a", "b", "c"]),
                    chance.choice(["", "v", "w", "x"]),
                    type=chance.choice(types),
                )
                for _ in range(3)
            ]
            events.extend(new)
            given(server, scope, new)

    def all_built() -> None:
        until(lambda: not Blocks(server, HALF_HOUR.name, 1).waiting(), "all is built")

    try:
        start()
        start()
        for turn in range(4):
            more()
            first = builders.pop(0)
            if turn % 2:
                first.kill()
                first.wait()
                start()
            else:
                os.kill(first.pid, signal.SIGSTOP)
                more()
                all_built()
                os.kill(first.pid, signal.SIGCONT)
                builders.append(first)
        all_built()
        assert sorted(told(server, scope), key=repr) == sorted(walked(events, HALF_HOUR), key=repr)
    finally:
        for builder in builders:
            builder.kill()
            builder.wait()

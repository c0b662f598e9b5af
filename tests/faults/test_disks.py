"""A full or read-only disk is told with 503 and nothing is lost; once there is room it goes on without a restart."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from factbook.bench.server import Served

from .disks import Disk, have_namespaces, in_namespace, small_disk
from .sender import Event, make, send


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = small_disk(tmp_path)
    disk.served.start()
    yield disk
    if disk.served.running:
        disk.served.kill()
    print(disk.served.last_words())


def batch(number: int) -> list[Event]:
    return [make(random.Random(f"disk-{number}-{n}")) for n in range(100)]


def until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} within {seconds:.0f} s"
        time.sleep(0.1)  # the period of the poll


def total(served: Served) -> int:
    status, answer = served.get("/api/v1/events/stats?start_time=2000-01-01T00:00:00Z&end_time=2100-01-01T00:00:00Z")
    assert status == 200, answer
    return int(answer["total_events"])


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_disk_is_told_with_503_and_recovers_without_a_restart(disk: Disk, how: str) -> None:
    served = disk.served
    breaks, mends = (disk.fill, disk.free) if how == "full" else (disk.protect, disk.unprotect)
    assert send(served, batch(0))[0] == 200
    served.settle()
    breaks()
    answers: list[tuple[int, int]] = []  # (batch, status)

    def refused() -> bool:
        number = len(answers) + 1
        status, problem = send(served, batch(number))
        answers.append((number, status))
        if status != 200:
            assert status == 503, problem
            assert problem["title"]
            assert problem["correlation_id"]
        return status == 503

    until(refused, "a 503")  # what the journal has room for inside its file may still be taken
    assert refused()
    status, health = served.get("/healthz")
    assert status in (200, 503)
    assert health["status"] != "healthy"
    mends()
    until(lambda: send(served, batch(1_000))[0] == 200, "an acknowledgement again")
    taken = [0, 1_000, *(number for number, status in answers if status == 200)]
    served.settle(60)
    assert total(served) == 100 * len(taken)
    for number, _ in answers:  # the client's second try: each counts once, whether it had been taken or not
        assert send(served, batch(number))[0] == 200
    served.settle(60)
    assert total(served) == 100 * (2 + len(answers))
    until(lambda: bool(served.get("/healthz")[1]["status"] == "healthy"), "health again")
    assert served.stop() == 0


def test_server_on_a_read_only_folder_says_so_and_ends(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    before: tuple[str, ...] = ()
    if have_namespaces():
        before = in_namespace(f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}")
    else:
        folder = Path("/proc/factbook")
    done = subprocess.run(
        [*before, sys.executable, "-m", "factbook", "serve"],
        env={"FACTBOOK_DATA": str(folder), "PORT": "0", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"The data folder {folder} cannot be written" in done.stderr
    assert "Traceback" not in done.stderr

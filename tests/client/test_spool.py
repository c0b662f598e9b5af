"""The spool: what is in it outlives its process, belongs to one process at a time, and leaves in order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from factbook.client import ClientError
from factbook.client.spool import Spool

from .server import Server


def drained(spool: Spool) -> list[bytes]:
    events: list[bytes] = []
    while spool.count:
        batch = spool.take(3, 1_000_000)
        events += batch.events
        spool.remove(batch)
    return events


def texts(numbers: Sequence[int]) -> list[bytes]:
    return [b"%d" % number for number in numbers]


def test_events_leave_in_order_and_only_when_removed(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for first in range(0, 20, 4):
        spool.append(texts(range(first, first + 4)))
    assert spool.take(2, 1_000_000).events == spool.take(2, 1_000_000).events == (b"0", b"1")
    assert (spool.count, spool.size) == (20, 30)
    assert drained(spool) == texts(range(20))
    assert (spool.count, spool.size) == (0, 0)


def test_a_batch_is_bounded_by_bytes_but_holds_one_event_at_least(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([b"x" * 10, b"y" * 4, b"z" * 4])
    batch = spool.take(100, 8)
    assert batch.events == (b"x" * 10,)
    spool.remove(batch)
    assert spool.take(100, 8).events == (b"y" * 4, b"z" * 4)


def test_every_attempt_has_a_position_beyond_all_before_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(texts(range(6)))
    positions = [spool.take(3, 100).position, spool.take(6, 100).position]
    spool.remove(spool.take(2, 100))
    spool.close()
    again = Spool(tmp_path)
    positions += [again.take(1, 100).position, again.take(6, 100).position]
    assert positions == sorted(set(positions))


def test_what_the_server_reached_is_removed_and_no_more(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(texts(range(6)))
    first, second = spool.take(3, 100), spool.take(5, 100)
    assert spool.reached(first.source, first.position - 1) == 0
    assert spool.reached(first.source, first.position) == 3
    assert spool.reached(second.source, second.position) == 2
    assert drained(spool) == [b"5"]


def test_two_spools_of_one_folder_hold_files_of_their_own_and_a_closed_one_is_taken_over(tmp_path: Path) -> None:
    one, two = Spool(tmp_path), Spool(tmp_path)
    one.append([b"one"])
    two.append([b"two"])
    assert (one.count, two.count) == (1, 1)
    one.close()
    two.close()
    both = Spool(tmp_path)
    assert sorted(drained(both)) == [b"one", b"two"]
    assert len(list(tmp_path.glob("*.spool"))) == 2


CLAIM = """
import sys
from pathlib import Path
from factbook.client.spool import Spool
sys.stdin.readline()
print(Spool(Path(sys.argv[1])).count, flush=True)
sys.stdin.readline()
"""


def test_of_processes_that_start_at_once_one_takes_over_what_was_left(tmp_path: Path) -> None:
    left = Spool(tmp_path)
    left.append([b"left"])
    left.close()
    command = [sys.executable, "-c", CLAIM, str(tmp_path)]
    claimants = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for claimant in claimants:
        assert claimant.stdin
        claimant.stdin.write("\n")
        claimant.stdin.flush()
    counts = [int(claimant.stdout.readline()) for claimant in claimants if claimant.stdout]
    for claimant in claimants:
        claimant.communicate("\n")
    assert sorted(counts) == [0, 0, 0, 1]


def test_a_folder_that_cannot_be_written_is_told_with_the_way_out(tmp_path: Path, standing: Server) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClientError) as refused:
        standing.sender(spool=tmp_path / "file")
    assert refused.value.field == "spool"
    assert refused.value.hint


def test_a_file_that_is_no_spool_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other.spool").write_bytes(b"something else entirely" * 100)
    spool = Spool(tmp_path)
    spool.append([b"1"])
    assert drained(spool) == [b"1"]
    assert (tmp_path / "other.spool").read_bytes() == b"something else entirely" * 100

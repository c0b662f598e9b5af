"""Running totals: what they grew by, whatever is sent again, comes late, begins anew, is cut off or forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factbook.ingest.journal import SqliteJournal
from factbook.ingest.telemetry import remote_write
from factbook.ingest.telemetry.counters import PREFIX, Counters, Running
from factbook.ingest.telemetry.wire import WRITE_REQUEST, message

HEADERS = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}
WAYS = ("answered", "killed", "again", "restart")
NOW = 10_000_000_000_000
BEGAN = 1_000
"""Milliseconds: when everything here starts."""
Series = tuple[dict[str, str], Sequence[tuple[float, int]]]
JOBS = {"__name__": "jobs_total", "job": "shop", "instance": "web-1", "queue": "mail"}


class Receiver:
    """Takes bodies as the server does: an event whose id came before is no event; notes are kept in a journal."""

    def __init__(self, folder: Path, *, most: int = 100) -> None:
        self.journal = SqliteJournal(folder / "journal.db")
        self.most = most
        self.seen: set[str] = set()
        self.events: list[dict[str, Any]] = []
        self.start()

    def start(self) -> None:
        """As after the process was killed: what is in the journal is all that is known."""
        self.counters = Counters(self.journal.notes(PREFIX), now=BEGAN * 1_000_000, most=self.most)

    def take(self, *series: Series, types: dict[str, int] | None = None, is_answered: bool = True) -> list[Any]:
        """The new events. is_answered: False where the process is killed once they are kept."""
        points = remote_write.decoded(written(*series, types=types or {}), HEADERS, 1_000_000)
        turn = self.counters.turn("tenant", NOW)
        taken = remote_write.taken(points, turn)
        self.journal.append(b"", len(taken.events), 0, [note for _, note in taken.notes])
        fresh = [one for one in taken.events if one["event_id"] not in self.seen]
        self.seen |= {one["event_id"] for one in fresh}
        self.events += fresh
        if is_answered:
            self.counters.keep([note for _, note in taken.notes])
            self.counters.end(turn, BEGAN * 1_000_000)
        else:
            self.start()
        return fresh

    def total(self) -> float:
        return sum(float(one["properties"]["value"]) for one in self.events if one["event_type"] == "metric")


def written(*series: Series, types: dict[str, int]) -> bytes:
    request = message(WRITE_REQUEST)
    for labels, samples in series:
        one = request.timeseries.add()
        for name, value in labels.items():
            one.labels.add(name=name, value=value)
        for number, at in samples:
            one.samples.add(value=number, timestamp=at)
    for name, kind in types.items():
        request.metadata.add(metric_family_name=name, type=kind)
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))


def values(events: list[dict[str, Any]]) -> list[float]:
    return [one["properties"]["value"] for one in events]


@pytest.fixture
def receiver(tmp_path: Path) -> Receiver:
    return Receiver(tmp_path)


def test_a_counter_is_told_by_what_it_grew_and_its_first_sample_adds_nothing(receiver: Receiver) -> None:
    assert receiver.take((JOBS, [(100, 5000)])) == []
    [grown] = receiver.take((JOBS, [(107, 20_000)]))
    assert grown["event_type"] == "metric"
    assert grown["properties"] == {
        "service": "shop", "host": "web-1", "name": "jobs_total", "value": 7, "temporality": "delta",
        "attributes": {"queue": "mail"},
    }  # fmt: skip
    assert receiver.take((JOBS, [(107, 35_000)])) == []
    assert values(receiver.take((JOBS, [(108, 50_000), (110, 65_000)]))) == [1, 2]


def test_a_counter_that_began_anew_grew_by_all_that_it_says(receiver: Receiver) -> None:
    # 100 → 107 → restarted at 0 → 3 → 4: increase() says 7 + 3 + 1
    receiver.take((JOBS, [(100, 5000), (107, 6000), (3, 7000), (4, 8000)]))
    assert values(receiver.events) == [7, 3, 1]


def test_what_is_sent_again_or_late_adds_nothing(receiver: Receiver) -> None:
    first, second = (JOBS, [(100, 5000)]), (JOBS, [(107, 6000)])
    for sent in (first, second, second, first, second):
        receiver.take(sent)
    assert receiver.total() == 7
    receiver.take((JOBS, [(109, 7000)]))
    assert receiver.total() == 9


@pytest.mark.parametrize("sends_again", [True, False])
def test_a_process_that_is_killed_before_it_answers_counts_nothing_twice(receiver: Receiver, sends_again: bool) -> None:
    receiver.take((JOBS, [(100, 5000)]))
    receiver.take((JOBS, [(107, 6000)]), is_answered=False)
    if sends_again:
        assert receiver.take((JOBS, [(107, 6000)])) == []
    assert values(receiver.take((JOBS, [(110, 7000)]))) == [3]


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["answered", "killed", "again", "restart"])), max_size=25
    )
)
def test_the_sum_is_what_increase_says_however_samples_are_repeated_and_the_process_killed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
) -> None:
    receiver = Receiver(tmp_path_factory.mktemp("counters"))
    total, at, expected = 50.0, 5000, 0.0
    receiver.take((JOBS, [(total, at)]))
    for step, what in steps:
        at += 1000
        if what == "restart":
            expected += step if step < total else step - total
            total = float(step)
        else:
            expected += step
            total += step
        receiver.take((JOBS, [(total, at)]), is_answered=what != "killed")
        if what == "again":
            receiver.take((JOBS, [(total, at)]))
    assert receiver.total() == expected
    receiver.journal.close()


@pytest.mark.parametrize(
    ("name", "types", "expected"),
    [
        ("jobs_total", {}, [7]),
        ("jobs_total", {"jobs_total": 1}, [7]),
        ("jobs_total", {"jobs": 1}, [7]),
        ("jobs_total", {"jobs_total": 2}, [100, 107]),
        ("jobs_count", {}, [7]),
        ("jobs_count", {"jobs_count": 2}, [100, 107]),
        ("jobs_sum", {"jobs": 5}, [7]),
        ("jobs_bucket", {"jobs": 4}, [100, 107]),
        ("jobs", {}, [100, 107]),
        ("jobs", {"jobs": 1}, [7]),
        ("jobs", {"jobs": 3}, [100, 107]),
    ],
)
def test_what_runs_is_told_by_its_type_else_by_its_name(
    receiver: Receiver, name: str, types: dict[str, int], expected: list[float]
) -> None:
    receiver.take(types=types)
    receiver.start()  # types are remembered
    for sample in ((100.0, 5000), (107.0, 6000)):
        receiver.take(({**JOBS, "__name__": name}, [sample]))
    assert values(receiver.events) == expected


def test_a_series_that_was_forgotten_begins_with_its_next_sample(tmp_path: Path) -> None:
    receiver = Receiver(tmp_path, most=2)
    for number in range(4):
        receiver.take(({**JOBS, "queue": str(number)}, [(10, 5000)]))
    receiver.take(({**JOBS, "queue": "0"}, [(12, 6000)]))  # the first was forgotten
    assert receiver.events == []
    receiver.take(({**JOBS, "queue": "0"}, [(15, 7000)]))
    assert values(receiver.events) == [3]
    assert len(receiver.journal.notes(PREFIX)) <= 3  # what was forgotten goes with the events after it


def grown(counters: Counters, at: int, total: float, start: int) -> float | None:
    turn = counters.turn("tenant", NOW)
    growth, _ = turn.growth("series", at, Running({"value": total}, start))
    counters.end(turn, 500)
    return None if growth is None else growth.of("value")


def test_a_sender_that_says_when_it_began_counts_whole_where_that_was_lately() -> None:
    counters = Counters({}, now=100)
    assert grown(counters, 200, 5, start=150) == 5
    assert grown(counters, 210, 6, start=150) == 1
    assert grown(counters, 220, 8, start=215) == 8  # began anew, though it did not fall
    assert grown(Counters({}, now=100), 200, 5, start=50) is None
    assert grown(Counters({}, now=100), 200, 5, start=0) is None


HTTP = {"job": "shop", "instance": "web-1", "method": "GET", "handler": "/cart", "status": "200"}
COUNTER = {"__name__": "http_requests_total", **HTTP}


def buckets(at: int, *totals: float, **labels: str) -> list[Series]:
    names = ("0.1", "0.5", "+Inf")
    named = {"__name__": "http_request_duration_seconds_bucket", **HTTP, **labels}
    return [({**named, "le": name}, [(total, at)]) for name, total in zip(names, totals, strict=True)]


def test_requests_that_a_counter_grew_by_are_requests(receiver: Receiver) -> None:
    failed = {**COUNTER, "status": "5xx"}
    receiver.take((COUNTER, [(10, 5000)]), (failed, [(1, 5000)]))
    told = receiver.take((COUNTER, [(13, 65_000)]), (failed, [(2, 65_000)]))
    assert {one["event_type"] for one in told} == {"api_request"}
    assert Counter(one["properties"]["status_code"] for one in told) == {200: 3, 500: 1}
    assert told[0]["properties"] == {
        "service": "shop", "host": "web-1", "endpoint": "/cart", "method": "GET", "status_code": 200
    }  # fmt: skip
    # shared out evenly over the minute between the samples
    times = [one["timestamp"][17:19] for one in told if one["properties"]["status_code"] == 200]
    assert times == ["25", "45", "05"]


def test_requests_of_a_histogram_took_what_their_bucket_says(receiver: Receiver) -> None:
    receiver.take(*buckets(5000, 10, 10, 10))
    told = receiver.take(*buckets(6000, 12, 14, 15))
    took = sorted(one["properties"]["duration_ms"] for one in told)
    # two up to 100 ms, two up to 500, one beyond
    assert took == [25, 75, 200, 400, 500]


def test_a_histogram_that_comes_in_parts_counts_once_it_is_whole(receiver: Receiver) -> None:
    first, second = buckets(5000, 1, 1, 1), buckets(6000, 2, 3, 4)
    receiver.take(*first[:1])
    receiver.take(*first[1:])
    assert receiver.take(*second[:2]) == []
    assert len(receiver.take(*second[2:])) == 3
    receiver.take(*buckets(7000, 3, 4, 5)[:2])  # the rest of it never comes
    assert len(receiver.take(*buckets(8000, 4, 5, 6))) == 2


def test_a_histogram_whose_buckets_became_others_goes_on(receiver: Receiver) -> None:
    receiver.take(*buckets(5000, 1, 1, 1))
    for at in range(6000, 10_000, 1000):
        receiver.take(*buckets(at, at, at, at)[1:])
    assert len(receiver.take(*buckets(10_000, 1, 9002, 9003)[1:])) == 3


def test_a_service_that_tells_of_its_requests_twice_counts_them_once(receiver: Receiver) -> None:
    receiver.take((COUNTER, [(10, 5000)]))
    receiver.take((COUNTER, [(12, 6000)]), *buckets(6000, 1, 1, 12))
    told = receiver.take((COUNTER, [(15, 7000)]), *buckets(7000, 1, 1, 15))
    kinds = Counter(one["event_type"] for one in told)
    assert kinds == {"api_request": 3, "metric": 1}
    assert sum(one["event_type"] == "api_request" for one in receiver.events) == 3
    later = 7000 + 2 * 3_600_000  # the histogram fell silent
    assert {one["event_type"] for one in receiver.take((COUNTER, [(16, later)]))} == {"api_request"}


@pytest.mark.parametrize(
    "labels",
    [
        {**COUNTER, "job": ""},
        {**COUNTER, "status": "ok"},
        {name: value for name, value in COUNTER.items() if name != "status"},
        {**COUNTER, "__name__": "http_client_requests_total"},
        {**COUNTER, "__name__": "http_request_size_bytes_sum"},
        {**COUNTER, "__name__": "http_requests_count"},
    ],
)
def test_what_names_no_service_or_status_or_is_no_request_stays_a_metric(
    receiver: Receiver, labels: dict[str, str]
) -> None:
    receiver.take((labels, [(10, 5000)]))
    assert [one["event_type"] for one in receiver.take((labels, [(13, 6000)]))] == ["metric"]


def test_more_requests_than_a_body_may_tell_are_a_metric(receiver: Receiver) -> None:
    receiver.take((COUNTER, [(10, 5000)]))
    [told] = receiver.take((COUNTER, [(30_000, 6000)]))
    assert (told["event_type"], told["properties"]["value"]) == ("metric", 29_990)


@pytest.mark.parametrize("bound", ["many", "", "nan", "-Inf"])
def test_a_bucket_without_a_bound_is_no_request(receiver: Receiver, bound: str) -> None:
    for total, at in ((1.0, 5000), (2.0, 6000)):
        receiver.take(({"__name__": "http_request_duration_seconds_bucket", **HTTP, "le": bound}, [(total, at)]))
    assert [one["event_type"] for one in receiver.events] == ["metric"]


def test_numbers_beyond_all_bounds_are_taken(receiver: Receiver) -> None:
    for total, at in ((-1.7e308, 5000), (1.7e308, 6000), (1.7e308, 7000), (-1.7e308, 8000)):
        receiver.take((COUNTER, [(total, at)]), (JOBS, [(total, at)]), *buckets(at, total, -total, total))
    assert all(abs(one["properties"]["value"]) < 1e309 for one in receiver.events)


def test_a_sample_of_a_day_to_come_does_not_stop_its_series(receiver: Receiver) -> None:
    receiver.take((JOBS, [(100, 5000)]))
    [told] = receiver.take((JOBS, [(500, 2**62)]))  # refused later on, by its time
    assert told["properties"]["value"] == 500
    assert values(receiver.take((JOBS, [(107, 6000)]))) == [7]


def test_processors_are_used_for_the_time_that_they_did_not_idle(receiver: Receiver) -> None:
    def seconds(at: int, *idle: float) -> list[Series]:
        named = {"__name__": "node_cpu_seconds_total", "job": "node", "instance": "db-1"}
        return [({**named, "mode": "idle", "cpu": str(n)}, [(one, at)]) for n, one in enumerate(idle)]

    receiver.take(*seconds(5000, 100, 100))
    [told] = receiver.take(*seconds(15_000, 107, 100))  # of ten seconds seven and none
    assert (told["event_type"], told["properties"]["cpu_percent"]) == ("resource_usage", 65)
    [rested] = receiver.take(*seconds(25_000, 117, 110))
    assert rested["properties"]["cpu_percent"] == 0


def test_memory_and_disks_are_used_for_what_is_not_free(receiver: Receiver) -> None:
    def size(name: str, value: float, **labels: str) -> Series:
        return {"__name__": name, "job": "node", "instance": "db-1", **labels}, [(value, 5000)]

    disk, memory = {"mountpoint": "/", "fstype": "ext4"}, {"mountpoint": "/run", "fstype": "tmpfs"}
    told = receiver.take(
        size("node_memory_MemAvailable_bytes", 25),
        size("node_memory_MemTotal_bytes", 100),
        size("node_filesystem_avail_bytes", 60, **disk),
        size("node_filesystem_size_bytes", 80, **disk),
        size("node_filesystem_avail_bytes", 1, **memory),
        size("node_filesystem_size_bytes", 2, **memory),
        size("node_filesystem_avail_bytes", 1, mountpoint="/alone", fstype="ext4"),
    )
    used = [one["properties"] for one in told if one["event_type"] == "resource_usage"]
    assert [(one.get("memory_percent"), one.get("disk_percent"), one.get("mountpoint")) for one in used] == [
        (75, None, None), (None, 25, "/")
    ]  # fmt: skip
    assert sum(one["event_type"] == "metric" for one in told) == 7

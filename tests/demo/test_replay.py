"""The live replay: at its speed, as of now, without repeating an id, on from where it stopped."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from factbook.core.errors import FactbookError
from factbook.demo.datasets import datasets
from factbook.demo.replay import SOURCE, Mix, replay
from factbook.ingest.file_sink import Sent
from tests.ingest.memory_sink import MemorySink


class Counting(MemorySink):
    """Stops the replay once `wanted` events are in."""

    def __init__(self, wanted: int, stop: threading.Event) -> None:
        super().__init__()
        self.wanted, self.stop = wanted, stop

    def send(self, body: bytes, source: str, position: int) -> Sent:
        sent = super().send(body, source, position)
        if len(self.events) >= self.wanted:
            self.stop.set()
        return sent


def test_replayed_events_happen_now() -> None:
    stop = threading.Event()
    sink = Counting(200, stop)
    began = datetime.now(UTC)
    sent = replay(sink, 2000.0, stop)
    assert sent == len(sink.events) == sink.positions[SOURCE] >= 200
    for event in sink.all():
        assert began - timedelta(seconds=1) <= event["timestamp"] <= datetime.now(UTC)


def test_replay_mixes_purchases_and_flights() -> None:
    stop = threading.Event()
    sink = Counting(400, stop)
    replay(sink, 4000.0, stop)
    types = {event["event_type"] for event in sink.all()}
    assert {"purchase", "flight.departed", "flight.arrived"} <= types


def test_interrupted_replay_goes_on_without_repeating_an_event() -> None:
    sink = MemorySink(fail_after=3)
    with pytest.raises(FactbookError):
        replay(sink, 1000.0, threading.Event())
    first = set(sink.events)
    stop = threading.Event()
    next_sink = Counting(len(first) + 50, stop)
    next_sink.events, next_sink.positions = dict(sink.events), dict(sink.positions)
    replay(next_sink, 1000.0, stop)
    assert len(next_sink.events) == next_sink.positions[SOURCE]
    assert first < set(next_sink.events)


def test_every_cycle_brings_every_event_under_new_ids() -> None:
    mix = Mix(datasets())
    assert mix.cycle == 69_659 + 664_839
    end = mix.events(mix.cycle - 20, 40, 0, 1000)
    assert len({event.event_id for event in end}) == 40  # type: ignore[attr-defined]
    same = mix.events(0, 20, 0, 1000)
    assert not {event.event_id for event in same} & {event.event_id for event in end}  # type: ignore[attr-defined]


def test_slow_sink_is_not_chased() -> None:
    """A sink that takes a second a batch gets no more than a second's worth at once."""
    stop = threading.Event()
    sizes: list[int] = []

    class Slow(MemorySink):
        def send(self, body: bytes, source: str, position: int) -> Sent:
            before = len(self.events)
            threading.Event().wait(0.7)
            sent = super().send(body, source, position)
            sizes.append(len(self.events) - before)
            if len(sizes) == 3:
                stop.set()
            return sent

    replay(Slow(), 100.0, stop)
    assert max(sizes) <= 100

"""Loading the demo data: whole, once, and on from where it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from factbook.core.errors import FactbookError
from factbook.demo.datasets import Dataset, read
from factbook.demo.flights import Flights
from factbook.demo.loading import ANCHOR, BATCH, Step, load_demo
from factbook.demo.purchases import Purchases
from tests.ingest.memory_sink import MemorySink

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def few() -> Sequence[Dataset]:
    """One purchase in ten, and one flight in fifty."""
    purchases, flights = read("cdnow"), read("flights")
    return (
        Purchases(purchases.take(np.arange(0, purchases.num_rows, 10))),
        Flights(flights.take(np.arange(0, flights.num_rows, 50))),
    )


def test_every_event_goes_in_once(few: tuple[Dataset, ...]) -> None:
    sink = MemorySink()
    steps: list[Step] = []
    summary = load_demo(sink, shift=False, progress=steps.append, only=few)
    total = sum(len(dataset.moments) for dataset in few)
    assert summary.accepted == summary.total == len(sink.events) == total
    assert steps[-1].done == steps[-1].total
    assert not any(part.refused or part.duplicates for part in summary.parts)


def test_repeated_load_does_nothing(few: tuple[Dataset, ...]) -> None:
    sink = MemorySink()
    load_demo(sink, shift=True, clock=lambda: NOW, only=few)
    sent = sink.batches
    again = load_demo(sink, shift=True, clock=lambda: NOW + timedelta(days=3), only=few)
    assert again.nothing_to_do
    assert again.ends == NOW
    assert sink.batches == sent


@pytest.mark.parametrize("batches", [0, 1, 2, 8])
def test_interrupted_load_goes_on_with_the_same_shift(few: tuple[Dataset, ...], batches: int) -> None:
    whole = MemorySink()
    load_demo(whole, shift=True, clock=lambda: NOW, only=few)
    broken = MemorySink(fail_after=batches)
    with pytest.raises(FactbookError):
        load_demo(broken, shift=True, clock=lambda: NOW, only=few)
    assert len(broken.events) < len(whole.events)
    broken.fail_after = None
    later = NOW + timedelta(hours=30) if batches else NOW
    summary = load_demo(broken, shift=True, clock=lambda: later, only=few)
    assert broken.events == whole.events
    assert all(part.duplicates == 0 for part in summary.parts)


def test_shifted_load_ends_now_in_every_data_set(few: tuple[Dataset, ...]) -> None:
    sink = MemorySink()
    summary = load_demo(sink, shift=True, clock=lambda: NOW, only=few)
    newest: dict[str, datetime] = {}
    for event in sink.all():
        kind = event["event_type"].split(".")[0]
        newest[kind] = max(newest.get(kind, event["timestamp"]), event["timestamp"])
    assert newest == {"purchase": NOW, "flight": NOW}
    assert summary.ends == NOW
    assert sink.positions[ANCHOR] == NOW.timestamp()


def test_data_as_it_was_and_shifted_are_different_events(few: tuple[Dataset, ...]) -> None:
    sink = MemorySink()
    load_demo(sink, shift=False, only=few)
    summary = load_demo(sink, shift=True, clock=lambda: NOW, only=few)
    assert summary.accepted == summary.total
    assert len(sink.events) == 2 * summary.total


def test_load_sends_batches_the_server_takes(few: tuple[Dataset, ...]) -> None:
    sink = MemorySink(max_events=BATCH)
    load_demo(sink, shift=True, clock=lambda: NOW, only=few)
    assert sink.events

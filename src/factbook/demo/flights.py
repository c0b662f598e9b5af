"""New York's 336,776 flights of 2013, as `flight.departed`, `flight.arrived` and `flight.canceled` events."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa

from .datasets import DemoEvent, Moments, column

_MINUTE_MS = 60_000
_TYPES = ("flight.departed", "flight.arrived", "flight.canceled")


class FlightProperties(msgspec.Struct, omit_defaults=True, gc=False):
    """Delays and air time in minutes (negative: early), distance in miles; what the source has not is left out."""

    carrier: str
    flight: str
    origin: str
    destination: str
    distance: int
    tail_number: str | None = None
    departure_delay: int | None = None
    arrival_delay: int | None = None
    air_time: int | None = None


class Flights:
    name = "flights"
    title = "New York flights"

    def __init__(self, table: pa.Table) -> None:
        scheduled = table.column("scheduled").to_numpy().astype("datetime64[ms]").astype(np.int64)
        delay = table.column("departure_delay")
        flew = np.asarray(delay.is_valid())
        arrived = np.asarray(table.column("arrived").is_valid())
        departures = scheduled + delay.fill_null(0).to_numpy().astype(np.int64) * _MINUTE_MS
        arrivals = table.column("arrived").to_numpy().astype("datetime64[ms]").astype(np.int64)
        rows = np.arange(len(table))
        parts = [(departures, flew), (arrivals, arrived), (scheduled, ~flew)]
        moments = np.concatenate([moment[chosen] for moment, chosen in parts])
        order = np.argsort(moments, kind="stable")
        self.moments: Moments = moments[order]
        self._row = np.concatenate([rows[chosen] for _, chosen in parts])[order].tolist()
        self._kind = np.repeat([0, 1, 2], [int(chosen.sum()) for _, chosen in parts])[order].tolist()
        self._carrier = column(table, "carrier")
        pairs = zip(self._carrier, column(table, "flight"), strict=True)
        self._flight = [sys.intern(f"{carrier}{flight}") for carrier, flight in pairs]
        self._origin = column(table, "origin")
        self._destination = column(table, "destination")
        self._distance = column(table, "distance")
        self._tail = column(table, "tail_number")
        self._departure_delay = column(table, "departure_delay")
        self._arrival_delay = column(table, "arrival_delay")
        self._air_time = column(table, "air_time")

    def events(self, numbers: Sequence[int], times: Sequence[str], ids: Sequence[str]) -> list[DemoEvent]:
        events = []
        for number, time, id_ in zip(numbers, times, ids, strict=True):
            row, kind = self._row[number], self._kind[number]
            properties = FlightProperties(
                self._carrier[row],
                self._flight[row],
                self._origin[row],
                self._destination[row],
                self._distance[row],
                self._tail[row],
            )
            if kind == 0:
                properties.departure_delay = self._departure_delay[row]
            elif kind == 1:
                properties.arrival_delay = self._arrival_delay[row]
                properties.air_time = self._air_time[row]
            events.append(
                DemoEvent(
                    id_,
                    _TYPES[kind],
                    time,
                    properties,
                    resource_type="flight",
                    resource_id=self._flight[row],
                    source="demo",
                )
            )
        return events

"""New York's 336,776 flights of 2013, as `flight.departed`, `flight.arrived` and `flight.canceled` events."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .datasets import Column, DemoEvent, Moments, Numbers

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
    is_made_up = False

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
        self._row = np.concatenate([rows[chosen] for _, chosen in parts])[order].astype(np.int32)
        self._kind = np.repeat([0, 1, 2], [int(chosen.sum()) for _, chosen in parts])[order].astype(np.int8)
        carrier, number = pc.cast(table["carrier"], pa.string()), pc.cast(table["flight"], pa.string())
        self._carrier = Column(table["carrier"])
        self._flight = Column(pc.binary_join_element_wise(carrier, number, ""))
        self._origin = Column(table["origin"])
        self._destination = Column(table["destination"])
        self._distance = Column(table["distance"])
        self._tail = Column(table["tail_number"])
        self._departure_delay = Column(table["departure_delay"])
        self._arrival_delay = Column(table["arrival_delay"])
        self._air_time = Column(table["air_time"])

    def events(self, numbers: Numbers, times: Sequence[str], ids: Sequence[str]) -> list[DemoEvent]:
        rows = self._row[numbers]
        columns = (
            self._carrier.at(rows),
            self._flight.at(rows),
            self._origin.at(rows),
            self._destination.at(rows),
            self._distance.at(rows),
            self._tail.at(rows),
        )
        delays = zip(self._departure_delay.at(rows), self._arrival_delay.at(rows), self._air_time.at(rows), strict=True)
        events = []
        for time, id_, kind, known, (left_late, came_late, in_air) in zip(
            times, ids, self._kind[numbers].tolist(), zip(*columns, strict=True), delays, strict=True
        ):
            properties = FlightProperties(*known)
            if kind == 0:
                properties.departure_delay = left_late
            elif kind == 1:
                properties.arrival_delay = came_late
                properties.air_time = in_air
            events.append(
                DemoEvent(
                    id_,
                    _TYPES[kind],
                    time,
                    properties,
                    resource_type="flight",
                    resource_id=properties.flight,
                    source="demo",
                )
            )
        return events

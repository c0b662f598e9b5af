"""One pass over the closed positions for everything that a record is cut by: the metrics of its fields, as declared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from factbook.core.errors import FactbookError, Kind
from factbook.core.sql import Parameters
from factbook.metrics.model import Metric
from factbook.queries.asking.aggregates import aggregate
from factbook.queries.asking.leaves import Leaf, Read, Value, leaves, reckoned
from factbook.queries.behaviour.history import inside
from factbook.queries.inquiry import Inquiry
from factbook.queries.records import Fields
from factbook.queries.where import value_of

from .question import Amounts

MAX_ROWS = 200_000

ALL = "all"
_TIMES = {
    "hour": "toHour(timestamp, {zone})",
    "weekday": "toDayOfWeek(timestamp, 0, {zone})",
    "month": "toMonth(timestamp, {zone})",
    "day": "toDate32(timestamp, {zone})",
}
PROPERTIES = {"strategy": "strategy_id", "symbol": "symbol"}
TIMES = ("hour", "weekday", "month")
CUTS = (*PROPERTIES, *_TIMES)


@dataclass(frozen=True, slots=True)
class Cut:
    """records: by the name of a cut, and by the value that events have in it; of ALL by None."""

    records: Mapping[str, Mapping[Any, dict[str, Value]]]

    @property
    def whole(self) -> dict[str, Value]:
        return self.records[ALL][None]

    def rows(self, by: str) -> list[dict[str, Any]]:
        """In the order of their values."""
        return [{by: value, **record} for value, record in sorted(self.records[by].items())]

    def largest(self, by: str, limit: int) -> list[dict[str, Any]]:
        """With most trades first; those of no strategy or symbol under None."""
        found = sorted(self.records[by].items(), key=lambda one: (-int(one[1]["total_trades"] or 0), one[0]))
        return [{by: value or None, **record} for value, record in found[:limit]]


def cut(asked: Inquiry, fields: Fields, money: Amounts, by: tuple[str, ...]) -> Cut:
    """The record of everything, and of each value of the cuts in `by`."""
    catalog, parameters = asked.records.tenant.catalog, Parameters()
    metrics = {field: catalog.get(id_) for field, id_ in fields.items()}
    read = list(dict.fromkeys(leaf for metric in metrics.values() for leaf in leaves(catalog, metric)))
    values = ", ".join(
        aggregate(replace(leaf, money=leaf.money and money.converted), money.money, parameters).direct for leaf in read
    )
    zone = parameters.add(asked.calendar.zone.key, "String")
    keys = ", ".join(f"{_key(name, zone, parameters)} AS by_{name}" for name in by)
    names = ", ".join(f"by_{name}" for name in by)
    types = parameters.add(sorted({name for leaf in read for name in leaf.events}), "Array(String)")
    rows = asked.warehouse.rows(
        asked.scope,
        f"SELECT {', '.join(f'grouping(by_{name})' for name in by)}, {keys}, {values}\nFROM events\n"
        f"{inside(asked.about, parameters)}\n    AND event_type IN {types}\n"
        f"GROUP BY GROUPING SETS ((), {', '.join(f'(by_{name})' for name in by)})\nORDER BY {names} LIMIT {MAX_ROWS}",
        parameters.values,
    )
    if len(rows) == MAX_ROWS:
        raise FactbookError(
            Kind.LIMITED,
            f"There are more than {MAX_ROWS:,} strategies or symbols.",
            hint="Filter on some of them, or ask for a shorter period.",
        )
    reads = _reads(asked, metrics, read, [row[2 * len(by) :] for row in rows])
    found: dict[str, dict[Any, dict[str, Value]]] = {ALL: {None: _record(reads, -1)}, **{name: {} for name in by}}
    for place, row in enumerate(rows):
        at = next((at for at, is_away in enumerate(row[: len(by)]) if not is_away), None)
        name, value = (ALL, None) if at is None else (by[at], row[len(by) + at])
        found[name][value] = _record(reads, place)
    return Cut(found)


def _key(name: str, zone: str, parameters: Parameters) -> str:
    if name in PROPERTIES:
        return value_of(PROPERTIES[name], None, parameters)
    return _TIMES[name].format(zone=zone)


def _reads(
    asked: Inquiry, metrics: Mapping[str, Metric], read: Sequence[Leaf], rows: Sequence[Sequence[Any]]
) -> Mapping[str, Read]:
    """By field, its value in each of `rows`, which hold the leaves in order; nothing before the first."""
    places = {leaf: place for place, leaf in enumerate(read)}

    def fetch(leaf: Leaf, opening: bool) -> Read:
        place, empty = places[leaf], 0 if leaf.measure.kind == "count" else None

        def value(row: int, span: int) -> Value:
            found: Value = rows[row][place] if row >= 0 else empty
            return None if found is None or math.isnan(found) else found

        return value

    days = asked.about.period.length.total_seconds() / 86_400
    catalog = asked.records.tenant.catalog
    return {
        field: reckoned(catalog, metric, fetch, lambda span: None, lambda span: days)
        for field, metric in metrics.items()
    }


def _record(reads: Mapping[str, Read], row: int) -> dict[str, Value]:
    return {field: read(row, 0) for field, read in reads.items()}

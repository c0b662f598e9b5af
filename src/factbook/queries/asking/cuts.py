"""What an answer is cut by, as SQL: the text of each dimension's value, and the order in which its values are told."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from factbook.core.sql import Parameters
from factbook.events.filters import Nature, field_of
from factbook.events.personal import refuse_personal
from factbook.metrics.model import Dimension, TimePart
from factbook.queries.where import column, value_of

_PARTS = {
    TimePart.HOUR_OF_DAY: "toHour(timestamp, {zone})",
    TimePart.DAY_OF_WEEK: "toDayOfWeek(timestamp, 0, {zone})",
    TimePart.DAY_OF_MONTH: "toDayOfMonth(timestamp, {zone})",
    TimePart.WEEK_OF_YEAR: "toISOWeek(timestamp, {zone})",
    TimePart.MONTH_OF_YEAR: "toMonth(timestamp, {zone})",
    TimePart.QUARTER: "toQuarter(timestamp, {zone})",
    TimePart.YEAR: "toYear(timestamp, {zone})",
}


@dataclass(frozen=True, slots=True)
class Cut:
    """value: SQL of a String, '' where the event has none. order: SQL that sorts `name`, a column holding the value.
    group: SQL that tells the same values apart, in the type that is grouped by soonest."""

    value: str
    order: str
    group: str


def cut(dimension: Dimension, zone: str, parameters: Parameters, name: str) -> Cut:
    """The SQL of `dimension` on the wall clock of `zone`. FORBIDDEN where it is hidden from whoever asks."""
    if dimension.time_part:
        part = _PARTS[dimension.time_part].format(zone=parameters.add(zone, "String"))
        return Cut(f"toString({part})", f"toUInt16OrZero({name})", f"toString({part})")
    field, nature = field_of(dimension.field, field="dimensions")
    refuse_personal(field if nature else "")
    if dimension.edges:
        key = parameters.add(field, "String")
        labels = list(edge_labels(dimension.edges))
        tests = ", ".join(
            f"numbers[{key}] < {parameters.add(edge, 'Float64')}, {parameters.add(label, 'String')}"
            for edge, label in zip(dimension.edges, labels, strict=False)
        )
        last = parameters.add(labels[-1], "String")
        listed = parameters.add(labels, "Array(String)")
        bucket = f"if(mapContains(numbers, {key}), multiIf({tests}, {last}), '')"
        return Cut(bucket, f"indexOf({listed}, {name})", bucket)
    value = value_of(field, nature, parameters)
    group = column(field) if nature is Nature.TEXT and not dimension.lookup else ""
    if dimension.lookup:
        known, labelled = (
            parameters.add(list(items), "Array(String)") for items in (dimension.lookup, dimension.lookup.values())
        )
        value = f"transform({value}, {known}, {labelled}, {value})"
    return Cut(value, name, group or value)


def edge_labels(edges: tuple[float, ...]) -> tuple[str, ...]:
    """`<2`, `2-5`, `>=5`: one more than there are edges; each holds its lower edge."""
    shown = [f"{edge:.0f}" if edge.is_integer() and abs(edge) < 1e15 else repr(edge) for edge in map(float, edges)]
    return (
        f"<{shown[0]}",
        *(f"{low}-{high}" for low, high in pairwise(shown)),
        f">={shown[-1]}",
    )

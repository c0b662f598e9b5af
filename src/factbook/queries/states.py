"""One statement for counts, distinct users and sessions, and number statistics by output bucket.

States of roll-ups and of raw events are joined with UNION ALL and merged per bucket and over all of it (never added
up), so both paths give the same answer: the functions are deterministic and their states mergeable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.events.filters import Condition, Nature
from factbook.metrics.levels import RAW, Bucket, Run, cover
from factbook.storage.warehouse import Warehouse

from .where import moment, value_of, where

_QUANTILES = "(0.5, 0.95, 0.99)"
_MAX_RANGES = 32
_FEW_RUNS = 8
_LAST_SECOND = 2**32 - 1
_FEW = "\nSETTINGS max_threads = 1, optimize_move_to_prewhere = 0"
"""For rows without states, which are few and small: what it costs to share and to read them in steps is more than it
saves (measured: 17 ms in place of 23). Merging states takes both."""

Dimension = tuple[str, Nature | None]
"""A column, or (nature None) a property, that an answer is split by."""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the roll-ups' table: `event_type` '' is all types, `property` '' the events themselves."""

    event_type: str = ""
    property: str = ""


@dataclass(frozen=True, slots=True)
class Stats:
    """What was found in one bucket. `low`, `high` and `quantiles` (p50, p95, p99) only where numbers were read."""

    count: int = 0
    total: float = 0.0
    low: float = 0.0
    high: float = 0.0
    users: int = 0
    sessions: int = 0
    quantiles: tuple[float, ...] = ()


EMPTY = Stats()


@dataclass(frozen=True, slots=True)
class Ask:
    """keys: what to read, answered by their place (`slot`). buckets: ascending and disjoint, in milliseconds.

    Conditions, bots and dimensions are answered from raw events; dimensions for a single key: the values in `tops` take
    the slots 1…, anything else slot 0.
    """

    keys: tuple[Key, ...]
    buckets: tuple[Bucket, ...]
    users: bool = False
    sessions: bool = False
    numbers: bool = False
    conditions: tuple[Condition, ...] = ()
    include_bots: bool = False
    dimensions: tuple[Dimension, ...] = ()
    tops: tuple[tuple[str, ...], ...] = ()

    @property
    def valued(self) -> bool:
        """Whether any key is about a number."""
        return any(key.property for key in self.keys)

    @property
    def raw(self) -> bool:
        return bool(self.conditions or self.include_bots or self.dimensions)

    @property
    def merged(self) -> bool:
        """Whether the answer holds what cannot be added up over buckets."""
        return self.users or self.sessions or self.numbers


@dataclass(frozen=True, slots=True)
class Found:
    """By (slot, bucket), by slot over all buckets, and over everything; absent where there was no event."""

    cells: dict[tuple[int, int], Stats]
    totals: dict[int, Stats]
    overall: Stats
    runs: tuple[Run, ...]
    sql: str

    def cell(self, slot: int, bucket: int) -> Stats:
        return self.cells.get((slot, bucket), EMPTY)

    def total(self, slot: int = 0) -> Stats:
        return self.totals.get(slot, EMPTY)


def read(warehouse: Warehouse, scope: Scope, ask: Ask) -> Found:
    """Runs `ask`. Raises LIMITED past the bounds of a read."""
    runs = cover(ask.buckets, raw=ask.raw or bool(scope.rows))
    parameters = Parameters()
    stored = [run for run in runs if run.level != RAW]
    edges = [run for run in runs if run.level == RAW]
    selects = [_rollups(ask, stored, parameters)] if stored else []
    if edges:
        selects += [_events(ask, slot, edges, parameters) for slot in range(len(ask.keys))]
    if not selects:
        return Found({}, {}, EMPTY, runs, "")
    sql = _merged(ask, selects)
    cells: dict[tuple[int, int], Stats] = {}
    totals: dict[int, Stats] = {}
    overall = EMPTY
    for slot, at, level, *numbers in warehouse.rows(scope, sql, parameters.values):
        stats = _stats(numbers)
        if not stats.count:
            continue
        if level == 0:
            cells[slot, at] = stats
            if not ask.merged:
                totals[slot] = _added(totals.get(slot), stats)
                overall = _added(overall, stats)
        elif level == 1:
            totals[slot] = stats
        else:
            overall = stats
    return Found(cells, totals, overall if overall.count else totals.get(0, EMPTY), runs, sql)


def _merged(ask: Ask, selects: Sequence[str]) -> str:
    nothing = "0"
    single = len(ask.keys) == 1 and not ask.dimensions  # its total is the overall one: merged once
    level = "grouping(at)" if single else "grouping(slot) + grouping(at)"
    columns = [
        "0" if single else "slot",
        "at",
        level if ask.merged else nothing,
        "sum(counted)",
        *(["sum(total)", "min(low)", "max(high)"] if ask.valued else ["0.", "0.", "0."]),
        "uniqCombined64Merge(17)(people)" if ask.users else nothing,
        "uniqCombined64Merge(17)(visits)" if ask.sessions else nothing,
        f"quantilesBFloat16Merge{_QUANTILES}(spread)" if ask.numbers else "emptyArrayFloat64()",
    ]
    union = "\n  UNION ALL\n".join(selects)
    if not ask.merged:
        sql = f"SELECT {', '.join(columns)}\nFROM (\n{union}\n)\nGROUP BY {'at' if single else 'slot, at'}"
        return sql if ask.raw else f"SELECT * FROM (\n{sql}{_FEW}\n)"
    # Not ROLLUP: it copies every state once more, which for distinct counts takes as long as all the rest.
    sets = "(at), ()" if single else "(slot, at), (slot), ()"
    return f"SELECT {', '.join(columns)}\nFROM (\n{union}\n)\nGROUP BY GROUPING SETS ({sets})"


def _rollups(ask: Ask, runs: list[Run], parameters: Parameters) -> str:
    inside, at = stored_at(runs, parameters)
    if len(ask.keys) == 1:
        key = ask.keys[0]
        slot = "0"
        chosen = (
            f"event_type = {parameters.add(key.event_type, 'String')}"
            f" AND property = {parameters.add(key.property, 'String')}"
        )
    else:
        kind = "Array(Tuple(String, String))"
        listed = parameters.add([(key.event_type, key.property) for key in ask.keys], kind)
        slot = f"indexOf({listed}, (toString(event_type), toString(property))) - 1"
        chosen = f"(event_type, property) IN {listed}"
    columns = [
        f"toInt64({slot}) AS slot",
        f"toInt64({at}) AS at",
        "count AS counted",
        *(["sum AS total", "min AS low", "max AS high"] if ask.valued else []),
        *(["users AS people"] if ask.users else []),
        *(["sessions AS visits"] if ask.sessions else []),
        *(["quantiles AS spread"] if ask.numbers else []),
    ]
    return (
        f"  SELECT {', '.join(columns)}\n  FROM rollups\n  WHERE tenant = {{tenant:String}} AND {chosen} AND {inside}"
    )


def _events(ask: Ask, slot: int, runs: list[Run], parameters: Parameters) -> str:
    chosen, value, at = selected(ask, slot, runs, parameters)
    place = str(slot)
    if ask.dimensions:
        values = ", ".join(value_of(name, nature, parameters) for name, nature in ask.dimensions)
        place = f"indexOf({parameters.add([list(top) for top in ask.tops], 'Array(Array(String))')}, [{values}])"
    columns = [
        f"toInt64({place}) AS slot",
        f"toInt64({at}) AS at",
        "count() AS counted",
        *([f"sum({value}) AS total", f"min({value}) AS low", f"max({value}) AS high"] if ask.valued else []),
        *(["uniqCombined64StateIf(17)(person, person != 0) AS people"] if ask.users else []),
        *(["uniqCombined64StateIf(17)(session, session != 0) AS visits"] if ask.sessions else []),
        *([f"quantilesBFloat16State{_QUANTILES}({value}) AS spread"] if ask.numbers else []),
    ]
    return (
        f"  SELECT {', '.join(columns)}\n  FROM events\n  WHERE tenant = {{tenant:String}} AND {chosen}"
        "\n  GROUP BY slot, at"
    )


def selected(ask: Ask, slot: int, runs: list[Run], parameters: Parameters) -> tuple[str, str, str]:
    """(condition, number, output bucket) of the raw events that `ask` is about."""
    key = ask.keys[slot]
    chosen, at = placed(runs, "toUnixTimestamp64Milli(timestamp)", 1, parameters)
    if key.event_type:
        chosen += f" AND event_type = {parameters.add(key.event_type, 'String')}"
    value = "0."
    if key.property:
        name = parameters.add(key.property, "String")
        chosen += f" AND mapContains(numbers, {name})"
        value = f"numbers[{name}]"
    return chosen + where(ask.conditions, parameters, include_bots=ask.include_bots), value, at


def stored_at(runs: Sequence[Run], parameters: Parameters) -> tuple[str, str]:
    """(condition, output bucket) for rows of `rollups` of any level that lie inside `runs`."""
    levels = list(dict.fromkeys(run.level for run in runs))
    found = [
        placed([run for run in runs if run.level == level], "toUnixTimestamp(bucket)", 1000, parameters)
        for level in levels
    ]
    inside = " OR ".join(f"(level = '{level}' AND {part})" for level, (part, _) in zip(levels, found, strict=True))
    places = [place for _, place in found]
    for level, place in zip(levels[:-1][::-1], places[:-1][::-1], strict=True):
        places[-1] = f"if(level = '{level}', {place}, {places[-1]})"
    return f"({inside})", places[-1]


def placed(runs: list[Run], instant: str, unit: int, parameters: Parameters) -> tuple[str, str]:
    """(condition, output bucket) for rows at `instant`, counted in `unit` milliseconds, that lie inside `runs`."""
    runs = sorted(runs, key=lambda run: run.start)
    ranges = _ranges(runs)
    if len(ranges) > _MAX_RANGES:
        ranges = [(runs[0].start, runs[-1].end)]
    parts = [_raw_edge(a, b, parameters) if unit == 1 else _bucket_edge(a, b) for a, b in ranges]
    inside = f"({' OR '.join(parts)})" if len(parts) > 1 else parts[0]
    if len(runs) <= _FEW_RUNS:
        at = _within(runs[-1], instant, unit)
        for run, following in zip(runs[-2::-1], runs[:0:-1], strict=True):
            at = f"if({instant} < {following.start // unit}, {_within(run, instant, unit)}, {at})"
        return inside, at
    kind = "Array(Int64)"
    starts = parameters.add([run.start // unit for run in runs], kind)
    begun = f"roundDown(toInt64({instant}), {starts})"

    def mapped(values: list[int], other: int) -> str:
        return f"transform({begun}, {starts}, {parameters.add(values, kind)}, toInt64({other}))"

    if len(_ranges(runs)) > _MAX_RANGES:
        inside += f" AND {instant} < {mapped([run.end // unit for run in runs], 0)}"
    steps = mapped([run.step // unit for run in runs], 1)
    return inside, f"{mapped([run.first for run in runs], 0)} + intDiv({instant} - {begun}, {steps})"


def _within(run: Run, instant: str, unit: int) -> str:
    if run.end - run.start == run.step:
        return str(run.first)
    return f"{run.first} + intDiv({instant} - {run.start // unit}, {run.step // unit})"


def _ranges(runs: Sequence[Run]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for run in runs:
        if ranges and ranges[-1][1] == run.start:
            ranges[-1] = (ranges[-1][0], run.end)
        else:
            ranges.append((run.start, run.end))
    return ranges


def _raw_edge(start: int, end: int, parameters: Parameters) -> str:
    return f"(timestamp >= {moment(start, parameters)} AND timestamp < {moment(end, parameters)})"


def _bucket_edge(start: int, end: int) -> str:
    """The numbers as they are: a dozen bound ones would take longer to plan than the rows to read."""
    first, last = (min(max(ms // 1000, 0), _LAST_SECOND) for ms in (start, end))
    return f"(bucket >= toDateTime({first}, 'UTC') AND bucket < toDateTime({last}, 'UTC'))"


def _added(total: Stats | None, stats: Stats) -> Stats:
    """Both, of what may be added up: neither has users, sessions or quantiles."""
    if total is None or not total.count:
        return stats
    return Stats(
        total.count + stats.count, total.total + stats.total, min(total.low, stats.low), max(total.high, stats.high)
    )


def _stats(numbers: Sequence[object]) -> Stats:
    count, total, low, high, users, sessions, quantiles = numbers
    assert isinstance(quantiles, list | tuple)
    low, high = float(str(low)), float(str(high))
    return Stats(
        int(str(count)),
        float(str(total)),
        low,
        high,
        int(str(users)),
        int(str(sessions)),
        tuple(min(max(float(q), low), high) for q in quantiles),
    )

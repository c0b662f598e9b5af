"""Runs the statements of a plan: which rows there are, then each leaf over all of its spans from where it is read."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from factbook.core.errors import FactbookError, Kind
from factbook.metrics.levels import RAW, Bucket
from factbook.metrics.levels import Run as Stretch
from factbook.storage.warehouse import Warehouse

from . import alive, scanned, stored
from .cells import ALL, OTHER, Cell, Cells, Rows, Statement
from .leaves import Leaf, Place, is_state, value
from .plan import Plan
from .rules import window_start
from .spans import segments
from .tops import ordered_by, tops


class Reading:
    """One plan being read: `rows` are known first, then `cells` are filled."""

    def __init__(self, warehouse: Warehouse, plan: Plan) -> None:
        self._warehouse = warehouse
        self._plan = plan
        self.cells = Cells()
        self.rows = Rows()

    def run(self) -> Reading:
        """Raises LIMITED past the bounds of a read."""
        plan = self._plan
        if plan.dimensions:
            named = plan.by_event_type and any(source.stored for source in plan.sources)
            self.rows = self._types() if named else tops(self._rows, plan)
        rows = len(self.rows.values) + len(self.rows.groups) + 2
        if rows * len(plan.leaves) * len(plan.placed.ranges) > self._warehouse.cells:
            raise FactbookError(
                Kind.INVALID,
                f"That would be more than {self._warehouse.cells:,} numbers.",
                field="granularity",
                hint="Ask for a coarser granularity, a shorter period, fewer metrics or a lower limit.",
            )
        for stored_there, window, places in self._groups():
            ranges = self._ranges(window)
            if stored_there:
                self._stored(self._slots(places, self.rows), ranges)
            else:
                self._scanned(places, ranges)
        for place, leaf in enumerate(plan.reads):
            if is_state(leaf):
                self._alive(place, leaf)
        return self

    def _groups(self) -> Iterator[tuple[bool, int, list[int]]]:
        groups: dict[tuple[bool, int], list[int]] = defaultdict(list)
        for place, (leaf, source) in enumerate(zip(self._plan.reads, self._plan.sources, strict=True)):
            if not is_state(leaf):
                groups[source.stored, leaf.window_days].append(place)
        for (there, window), places in groups.items():
            yield there, window, places

    def _ranges(self, window: int) -> tuple[Bucket, ...]:
        ranges = self._plan.placed.ranges
        if not window:
            return ranges
        return tuple((window_start(end, window, self._plan.calendar), end) for _, end in ranges)

    def _slots(self, places: Sequence[int], rows: Rows) -> list[stored.Slot]:
        """Every leaf over everything; and, by event type, over the type of each row and over all other types."""
        reads = self._plan.reads
        slots = [stored.slot_of(place, reads[place], ALL, reads[place].events) for place in places]
        if not self._plan.dimensions:
            return slots
        told = [name for (name,) in rows.values]
        rest = [name for name in self._plan.event_types if name not in told]
        for place in places:
            leaf = reads[place]
            for row, types in [*((i + 1, [name]) for i, name in enumerate(told)), (OTHER, rest)]:
                wanted = tuple(name for name in types if not leaf.events or name in leaf.events)
                if wanted:
                    slots.append(stored.slot_of(place, leaf, row, wanted))
        return [
            replace(slot, types=self._plan.event_types) if slot.types == ("",) and slot.property else slot
            for slot in slots
            if slot.types != ("",) or not slot.property or self._plan.event_types
        ]

    def _types(self) -> Rows:
        """The event types told apart, from the roll-ups: ranked here, since they are few."""
        plan = self._plan
        every = Rows(tuple((name,) for name in plan.event_types))
        trial = Reading(self._warehouse, plan)
        places = [p for p, (leaf, source) in enumerate(zip(plan.reads, plan.sources, strict=True)) if source.stored]
        total = plan.placed.ranges[plan.placed.total]
        trial._stored(trial._slots(places, every), (total,))
        self.cells.statements += trial.cells.statements
        name, descending = ordered_by(plan)
        metric = next((m for m in plan.metrics if m.id == name), None)
        ranked: list[tuple[float, str]] = []
        for row, (event_type,) in enumerate(every.values, start=1):
            if not any(trial.cells.at(place, row, 0).events for place in places):
                continue
            index = {leaf: place for place, leaf in enumerate(plan.leaves)}

            def look(leaf: Leaf, at: Place, opening: bool, index: dict[Leaf, int] = index) -> float | int | None:
                return trial.cells.at(index[leaf], at.row, at.span).value

            weight = (
                value(plan.catalog, metric, Place(row, 0), look, lambda span: None, lambda span: 1.0)
                if metric
                else None
            )
            ranked.append((math.inf if weight is None else (-weight if descending else weight), event_type))
        if metric is None:
            ordered = sorted((event_type for _, event_type in ranked), reverse=descending)
        else:
            ordered = [event_type for _, event_type in sorted(ranked)]
        return Rows(tuple((each,) for each in ordered[: plan.request.limit]), (), len(ordered))

    def _stored(self, slots: list[stored.Slot], ranges: tuple[Bucket, ...]) -> None:
        if not slots:
            return
        asked = stored.statement(slots, segments(ranges))
        for slot, span, *numbers in self._rows(asked.sql, asked.parameters, "roll-ups answer it exactly", asked.runs):
            found = stored.cell(slots[slot], numbers, asked.quantiles)
            self.cells.found[slots[slot].leaf, slots[slot].row, int(span)] = found

    def _scanned(self, places: Sequence[int], ranges: tuple[Bucket, ...]) -> None:
        plan = self._plan
        asked = scanned.statement([plan.reads[place] for place in places], plan, self.rows, segments(ranges))
        reason = plan.sources[places[0]].reason
        for row, whole, span, *numbers in self._rows(asked.sql, asked.parameters, reason, asked.runs):
            for i, place in enumerate(places):
                events, found = int(numbers[2 * i]), numbers[2 * i + 1]
                if found is not None and isinstance(found, float) and math.isnan(found) and events:
                    raise _unknown_currency(plan)
                cell = scanned.cell(plan.reads[place], events, found)
                self.cells.found[place, ALL if whole else int(row), int(span)] = cell

    def _alive(self, place: int, leaf: Leaf) -> None:
        plan = self._plan
        ranges = plan.placed.ranges
        moments = sorted({moment for each in ranges for moment in each})
        asked = alive.statement(leaf, plan, self.rows, moments)
        found = self._rows(asked.sql, asked.parameters, plan.sources[place].reason, raw_since=0)
        levels = alive.levels(found, len(moments), counted=leaf.measure.of is None, cut=bool(plan.dimensions))
        where = {moment: i for i, moment in enumerate(moments)}
        for row in {row for row, _ in levels}:
            for span, (start, end) in enumerate(ranges):
                self.cells.found[place, row, span] = levels.get((row, where[end]), Cell(0, None))
                self.cells.openings[place, row, span] = levels.get((row, where[start]), Cell(0, None))

    def _rows(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        reason: str,
        runs: Sequence[Stretch] = (),
        raw_since: int | None = None,
    ) -> list[tuple[Any, ...]]:
        began = time.perf_counter()
        rows, read = self._warehouse.counted(self._plan.scope, sql, parameters)
        spent = (time.perf_counter() - began) * 1000
        levels = tuple(dict.fromkeys(run.level for run in runs)) or (RAW,)
        tables = (*(["rollups"] if set(levels) - {RAW} else []), *(["events"] if RAW in levels else []))
        self.cells.statements.append(Statement(sql, tables, levels, reason, read, spent))
        for level, start in [
            *((run.level, run.start) for run in runs),
            *([(RAW, raw_since)] if raw_since is not None else []),
        ]:
            self.cells.first[level] = min(start, self.cells.first.get(level, start))
        return rows


def _unknown_currency(plan: Plan) -> FactbookError:
    return FactbookError(
        Kind.CONFLICT,
        f"Amounts came in a currency without a rate to {plan.money.currency}.",
        field="rates",
        hint="Set the rate with PUT /api/v1/settings.",
    )

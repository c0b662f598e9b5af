"""Runs the statements of a plan: which rows there are, then each leaf over all of its spans from where it is read."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from factbook.core.errors import FactbookError, Kind
from factbook.metrics.levels import RAW, Bucket
from factbook.metrics.levels import Run as Stretch
from factbook.storage.warehouse import Warehouse

from . import alive, gathered, once, scanned, stored
from .cells import ALL, NOTHING, OTHER, Cells, Rows, Statement
from .leaves import Leaf, is_state
from .plan import Plan
from .ranks import UnrankedError
from .rules import window_start
from .spans import segments
from .tops import every, first, ordered_by, tops
from .values import Values


class Reading:
    """One plan being read: `rows` are known first, then `cells` are filled."""

    def __init__(self, warehouse: Warehouse, plan: Plan) -> None:
        self._warehouse = warehouse
        self._plan = plan
        self.cells = Cells()
        self.rows = Rows()

    def run(self) -> Reading:
        """Raises LIMITED past the bounds of a read."""
        if once.suits(self._plan):
            with suppress(UnrankedError):
                self._at_once()
                return self
        if self._plan.dimensions and not (gathered.suits(self._plan) and self._gathered()):
            self.rows = self._told_apart()
        if not self.cells.found:
            self._read(range(len(self._plan.placed.ranges)))
        return self

    def _at_once(self) -> None:
        plan = self._plan
        asked = once.statement(plan)
        reason = plan.sources[0].reason
        answer = self._rows(asked.sql, asked.parameters, reason, asked.runs)
        self.rows = once.rows_of(answer)
        for row, whole, _, _, _, *numbers in answer:
            found = asked.columns.told(numbers)
            self._scan(range(len(plan.reads)), ALL if whole else int(row), plan.placed.total, found)

    def _gathered(self) -> bool:
        """Reads everything at once; False where there are too many values for that."""
        asked = gathered.statement(self._plan)
        try:
            answer = self._rows(asked.sql, asked.parameters, self._plan.sources[0].reason, asked.runs)
        except FactbookError as error:
            if error.kind is Kind.LIMITED:
                return False
            raise
        trial = Reading(self._warehouse, self._plan)
        trial.rows = gathered.rows_of(answer)
        places = {key: place for place, key in enumerate(trial.rows.keys, 1)}
        for key, whole, span, _, *numbers in answer:
            row = ALL if whole else places[int(key)]
            trial._scan(range(len(self._plan.reads)), row, int(span), asked.columns.told(numbers))
        total = self._plan.placed.total
        there = {row for (_, row, span), cell in trial.cells.found.items() if span == total and cell.events}
        self.rows = self._first(trial, there)
        self._bounded(len(self._plan.placed.ranges))
        self._take(trial, self.rows)
        return True

    def _told_apart(self) -> Rows:
        plan = self._plan
        if plan.by_event_type and all(source.stored for source in plan.sources):
            trial = self._tried(Rows(tuple((name,) for name in plan.event_types)))
            rows = self._first(trial, self._counted(trial))
            is_all = rows.of == len(rows.values) and not any(leaf.window_days for leaf in plan.reads)
            if is_all and len(plan.placed.ranges) == 1:
                self._take(trial, rows)
            return rows
        try:
            return tops(self._rows, plan)
        except UnrankedError:
            trial = self._tried(every(self._rows, plan))
            return self._first(trial, set(trial.rows.places()))

    def _read(self, spans: Sequence[int]) -> None:
        """Every leaf over `spans`, for the rows that are known."""
        self._bounded(len(spans))
        for stored_there, window, places in self._groups():
            if stored_there:
                self._stored(places, window, spans)
            else:
                self._scanned(places, window, spans)
        for place, leaf in enumerate(self._plan.reads):
            if is_state(leaf):
                self._alive(place, leaf, spans)

    def _bounded(self, spans: int) -> None:
        rows = len(self.rows.values) + len(self.rows.groups) + 2
        if rows * len(self._plan.leaves) * spans > self._warehouse.cells:
            raise FactbookError(
                Kind.INVALID,
                f"That would be more than {self._warehouse.cells:,} numbers.",
                field="granularity",
                hint="Ask for a coarser granularity, a shorter period, fewer metrics or a lower limit.",
            )

    def _groups(self) -> Iterator[tuple[bool, int, list[int]]]:
        groups: dict[tuple[bool, int], list[int]] = defaultdict(list)
        for place, (leaf, source) in enumerate(zip(self._plan.reads, self._plan.sources, strict=True)):
            if not is_state(leaf):
                groups[source.stored, leaf.window_days].append(place)
        for (there, window), places in groups.items():
            yield there, window, places

    def _ranges(self, window: int, spans: Sequence[int]) -> tuple[Bucket, ...]:
        ranges = tuple(self._plan.placed.ranges[span] for span in spans)
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

    def _tried(self, rows: Rows) -> Reading:
        """Every one of `rows` over the whole period, and the one before it where a formula looks back."""
        total = self._plan.placed.total
        earlier = self._plan.placed.previous(total)
        trial = Reading(self._warehouse, self._plan)
        trial.rows = rows
        trial._read([total] if earlier is None else [total, earlier])
        self.cells.statements += trial.cells.statements
        return trial

    def _take(self, trial: Reading, rows: Rows) -> None:
        """What `trial` read is all there is to read; `rows` are its rows, in their order and without the empty ones."""
        places = {trial.rows.values.index(value) + 1: i + 1 for i, value in enumerate(rows.values)} | {ALL: ALL}
        found = trial.cells.found.items()
        self.cells.found = {(leaf, places[row], span): cell for (leaf, row, span), cell in found if row in places}
        self.cells.first |= trial.cells.first

    def _counted(self, trial: Reading) -> set[int]:
        """The rows of `trial` in which anything counts, over the period or the window that they are ordered by."""
        plan, total = self._plan, self._plan.placed.total
        window = next((m.window_days for m in plan.metrics if m.id == ordered_by(plan)[0]), 0)
        looked = trial
        if any(leaf.window_days != window for leaf in plan.reads):
            looked = Reading(self._warehouse, plan)
            looked.rows = trial.rows
            looked._stored(range(len(plan.reads)), window, [total])
            self.cells.statements += looked.cells.statements
        return {row for (_, row, span), cell in looked.cells.found.items() if span == total and cell.events}

    def _first(self, trial: Reading, there: set[int]) -> Rows:
        """The rows of the answer out of those of `trial` that are `there`, by their values."""
        values = Values(self._plan, trial.cells)
        total = self._plan.placed.total
        return first(self._plan, trial.rows, {row: values.all(row, total) for row in sorted(there) if row > 0})

    def _stored(self, places: Sequence[int], window: int, spans: Sequence[int]) -> None:
        slots = self._slots(places, self.rows)
        if not slots:
            return
        pieces = segments(self._ranges(window, spans))
        asked = stored.statement(slots, pieces)
        rows: Iterable[Sequence[Any]]
        rows = self._rows(asked.sql, asked.parameters, "roll-ups answer it exactly", asked.runs)
        for place, span, *numbers in stored.summed(rows, pieces) if asked.added else rows:
            for slot in asked.slots[place]:
                self.cells.found[slot.leaf, slot.row, spans[span]] = stored.cell(slot, numbers, asked.quantiles)

    def _scanned(self, places: Sequence[int], window: int, spans: Sequence[int]) -> None:
        plan = self._plan
        pieces = segments(self._ranges(window, spans))
        asked = scanned.statement([plan.reads[place] for place in places], plan, self.rows, pieces)
        reason = plan.sources[places[0]].reason
        answer = self._rows(asked.sql, asked.parameters, reason, asked.runs)
        for row, whole, span, *numbers in asked.told(answer):
            self._scan(places, ALL if whole else int(row), spans[span], numbers)

    def _scan(self, places: Sequence[int], row: int, span: int, numbers: Sequence[Any]) -> None:
        """Takes over the events and value of each leaf in `places`."""
        reads, cells = self._plan.reads, self.cells.found
        for place, events, found in zip(places, numbers[::2], numbers[1::2], strict=True):
            leaf = reads[place]
            if leaf.money and events and isinstance(found, float) and math.isnan(found):
                raise _unknown_currency(self._plan)
            cells[place, row, span] = scanned.cell(leaf, events, found)

    def _alive(self, place: int, leaf: Leaf, spans: Sequence[int]) -> None:
        plan = self._plan
        ranges = plan.placed.ranges
        moments = sorted({moment for span in spans for moment in ranges[span]})
        asked = alive.statement(leaf, plan, self.rows, moments)
        found = self._rows(asked.sql, asked.parameters, plan.sources[place].reason, raw_since=0)
        levels = alive.levels(found, len(moments), counted=leaf.measure.of is None, cut=bool(plan.dimensions))
        where = {moment: i for i, moment in enumerate(moments)}
        for row in {row for row, _ in levels}:
            for span in spans:
                start, end = ranges[span]
                self.cells.found[place, row, span] = levels.get((row, where[end]), NOTHING)
                self.cells.openings[place, row, span] = levels.get((row, where[start]), NOTHING)

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

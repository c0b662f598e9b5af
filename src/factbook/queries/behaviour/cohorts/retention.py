"""How many members of each cohort came back, period by period, and the average over cohorts weighted by their size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.metrics.levels import RAW
from factbook.queries.behaviour.grid import Grid, grid
from factbook.queries.behaviour.people import people
from factbook.queries.horizon import since
from factbook.queries.period import FIRST
from factbook.queries.shown import shown
from factbook.storage.warehouse import Warehouse

from .cells import OTHER, Cell, Group, Table, column, groups
from .members import members
from .question import RETENTION, Cohorts

_DAYS = (1, 7, 30)


def retention(warehouse: Warehouse, scope: Scope, asked: Cohorts, kept: Mapping[str, int]) -> dict[str, Any]:
    """The cohorts with their people by period, shares of them, the average, and D1, D7 and D30 of daily cohorts.

    kept: how far back tables are kept (horizon.horizons). INVALID for too many buckets.
    """
    over, parameters = grid_of(asked), Parameters()
    who = people(warehouse, scope)
    label, keys = ("label", "label, base, column") if asked.is_channel else ("''", "base, column")
    cells = f"""SELECT {label} AS label, base, column, count() AS members, members AS n
FROM (
    SELECT {label} AS label, base, arrayJoin(arrayPushBack({_columns(asked, parameters)}, 0)) AS column
    FROM ({members(asked, over, who, parameters)})
)
WHERE {{tenant:String}} != ''
GROUP BY {keys}"""
    rows = warehouse.rows(scope, who.begin + placed(cells, asked), parameters.values)
    table = Table(asked, over, groups(rows, len(asked.columns), open=asked.open))
    return {
        **about(asked, over, kept),
        **told(table, names(rows), _shares),
        **({"summary": _summary(table)} if _has_summary(asked) else {}),
    }


def grid_of(asked: Cohorts) -> Grid:
    return grid(asked.about.period, asked.granularity, asked.about.calendar, asked.now, asked.until)


def placed(rows: str, asked: Cohorts) -> str:
    """SQL of the rows `label`, `base`, `column`, `members`, `n` with the place of the label in place of it, and its
    name: 1 is the one with the most members, OTHER what is not told apart."""
    if not asked.is_channel:
        return f"SELECT {OTHER} AS place, base, column, members, n, '' AS name FROM ({rows})"
    return f"""SELECT if(rank <= {int(asked.limit)}, rank, {OTHER}) AS place, base, column, sum(members), sum(n),
    any(label)
FROM (
    SELECT *, dense_rank() OVER (ORDER BY size DESC, label) AS rank
    FROM (SELECT *, sum(if(column = 0, members, 0)) OVER (PARTITION BY label) AS size FROM ({rows}))
)
GROUP BY place, base, column"""


def names(rows: Iterable[Sequence[Any]]) -> dict[int, str]:
    """What the places of `placed` are called, the largest first."""
    return dict(sorted((row[0], row[-1]) for row in rows if row[0] != OTHER))


def about(asked: Cohorts, over: Grid, kept: Mapping[str, int]) -> dict[str, Any]:
    """What was asked, as it was understood."""
    zone = asked.about.calendar.zone
    began = epoch_ms(FIRST) if asked.first_time else over.bounds[0]
    return {
        "metric": asked.metric,
        "granularity": asked.granularity,
        "cohort_event": asked.start.name,
        "return_event": asked.returning.name,
        "occurrence": "first_time" if asked.first_time else "recurring",
        "returns": "brackets" if asked.bracketed else "on_or_after" if asked.open else "on",
        "reference": "previous" if asked.previous else "period_0",
        "rolling": asked.rolling,
        "start_time": shown(over.bounds[0], zone),
        "end_time": shown(over.end, zone),
        "until": shown(over.until, zone),
        "timezone": zone.key,
        "complete_since": since({RAW: began}, over.end, kept, zone),
    }


def told(
    table: Table, labels: Mapping[int, str], shares: Callable[[list[Cell | None]], dict[str, Any]]
) -> dict[str, Any]:
    """Columns, cohorts and their average. labels: of channels, by place. shares: the numbers of one line."""
    asked, over, zone = table.asked, table.grid, table.asked.about.calendar.zone
    lines: list[dict[str, Any]] = []

    def line(members: list[Group], **named: Any) -> None:
        size = sum(group.size for group in members)
        cells = table.cells(members)
        incomplete = [cell is not None and cell.incomplete for cell in cells]
        lines.append({**named, "size": size, **shares(cells), "incomplete": incomplete})

    if asked.is_channel:
        for place in (*labels, OTHER):
            members = [group for group in table.groups if group.label == place]
            if place != OTHER or members:
                line(members, cohort=labels.get(place), other=place == OTHER)
    else:
        by_base = {group.base: group for group in table.groups}
        for base in range(1, over.size + 1):
            group = by_base.get(base, Group(OTHER, base, 0, (0,) * len(asked.columns)))
            line([group], cohort=shown(over.bounds[base - 1], zone), partial=not _whole(over, base))
    average = shares(table.cells(table.groups, over_only=True))
    return {
        "periods": [bracket.name for bracket in asked.columns],
        "people": sum(group.size for group in table.groups),
        "cohorts": lines,
        "average": average,
    }


def _whole(over: Grid, base: int) -> bool:
    return over.bounds[base] <= min(over.end, over.until)


def _shares(cells: list[Cell | None]) -> dict[str, Any]:
    return {
        "counts": [None if cell is None else int(cell.count) for cell in cells],
        "rates": [cell.count / cell.of if cell and cell.of else None for cell in cells],
    }


def _summary(table: Table) -> dict[str, Any]:
    """D1, D7 and D30: the share over all cohorts for whom that day is over; null where none is."""
    return {f"D{day}": _day(table, day) for day in _DAYS}


def _day(table: Table, day: int) -> dict[str, Any] | None:
    places = [at for at, column in enumerate(table.asked.columns) if column.first == column.last == day]
    cell = table.cell(table.groups, places[0], over_only=True) if places else None
    return {"rate": cell.count / cell.of, "count": int(cell.count), "of": int(cell.of)} if cell and cell.of else None


def _has_summary(asked: Cohorts) -> bool:
    return asked.metric == RETENTION and asked.granularity == "1d" and not (asked.bracketed or asked.previous)


def _columns(asked: Cohorts, parameters: Parameters) -> str:
    """SQL of the distinct columns of the periods in `seen`; of the last alone where it counts for all before it."""
    periods = "arraySlice(arrayReverseSort(seen), 1, 1)" if asked.open else "seen"
    return f"arrayDistinct(arrayFilter(c -> c > 0, arrayMap(k -> {column(asked, 'k', parameters)}, {periods})))"

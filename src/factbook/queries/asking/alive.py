"""The statement for states: what is alive at each moment, each thing with its newest number, as changes to add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from factbook.core.sql import Parameters
from factbook.events.filters import field_of
from factbook.metrics.model import USERS
from factbook.queries.where import moment, value_of, where

from .aggregates import NEWEST, amount, matching
from .cells import ALL, Cell, Rows
from .leaves import Leaf
from .plan import Plan
from .scanned import row_of, types_of

_ACTOR = "if(user_id != '', user_id, anonymous_id)"


@dataclass(frozen=True, slots=True)
class Alive:
    """sql answers rows of (row, place of the moment, change of the number alive, change of the sum)."""

    sql: str
    parameters: dict[str, object]


@dataclass(frozen=True, slots=True)
class Things:
    """SQL over single events. thing: what is told apart, '' for none. lives: whether it is alive after the event, and
    let through by the filters. value: its number. looked_at: ` AND …` for the events that say anything about it."""

    thing: str
    lives: str
    value: str
    looked_at: str


def things(leaf: Leaf, plan: Plan, end: int, parameters: Parameters) -> Things:
    """What the events before `end` say of the things of `leaf`.

    The filters choose among the things by their newest event, as a cut does: what ends or changes a thing counts,
    whether or not they would let it through.
    """
    started = matching(leaf, parameters)
    ended = f"event_type IN {parameters.add(list(leaf.measure.until), 'Array(String)')}" if leaf.measure.until else "0"
    value = "1."
    if leaf.measure.of is not None:
        value, there = amount(leaf, plan.money, parameters)
        started = f"{started} AND {there}"
    bots = tuple(c for c in plan.conditions if c.name == "is_bot" and c.nature)
    others = tuple(c for c in plan.conditions if c not in bots)
    lives = f"(NOT ({ended}){where(others, parameters, include_bots=True)})"
    by = leaf.measure.by
    thing = _ACTOR if by == USERS else value_of(*field_of(by, field="measure"), parameters)
    return Things(
        thing=thing,
        lives=lives,
        value=f"if({lives}, {value}, 0.)",
        looked_at=(
            f" AND timestamp < {moment(end, parameters)} AND {thing} != '' AND ({ended} OR ({started}))"
            f"{types_of([leaf], parameters)}{where(bots, parameters, include_bots=plan.request.include_bots)}"
        ),
    )


def statement(leaf: Leaf, plan: Plan, rows: Rows, moments: Sequence[int]) -> Alive:
    """The changes of `leaf` up to each of the ascending `moments` (milliseconds), from the first event there is."""
    parameters = Parameters()
    told = things(leaf, plan, moments[-1], parameters)
    instant = "toUnixTimestamp64Milli(timestamp)"
    if len(moments) == 1:
        at = "0"
    else:
        begun = parameters.add([-(2**62), *moments[:-1]], "Array(Int64)")
        places = parameters.add(list(range(len(moments))), "Array(Int64)")
        at = f"transform(roundDown(toInt64({instant}), {begun}), {begun}, {places}, toInt64(0))"
    sql = f"""SELECT change.1 AS row, at, sum(change.2), sum(change.3)
FROM
(
    SELECT at, arrayFilter(c -> c.2 != 0, [(row, alive, value), (was_row, -was_alive, -was_value)]) AS changes
    FROM
    (
        SELECT
            row, at, alive, value,
            lagInFrame(row, 1, toInt32(0)) OVER earlier AS was_row,
            lagInFrame(alive, 1, toInt64(0)) OVER earlier AS was_alive,
            lagInFrame(value, 1, toFloat64(0)) OVER earlier AS was_value
        FROM
        (
            SELECT
                {told.thing} AS thing,
                {at} AS at,
                argMax({row_of(plan, rows, parameters)}, {NEWEST}) AS row,
                argMax(toInt64({told.lives}), {NEWEST}) AS alive,
                argMax({told.value}, {NEWEST}) AS value
            FROM events
            WHERE tenant = {{tenant:String}}{told.looked_at}
            GROUP BY thing, at
        )
        WINDOW earlier AS (PARTITION BY thing ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
)
ARRAY JOIN changes AS change
GROUP BY row, at
ORDER BY at"""
    return Alive(sql, parameters.values)


def levels(
    found: Iterable[tuple[int, int, int, float]], count: int, *, counted: bool, cut: bool
) -> dict[tuple[int, int], Cell]:
    """(row, place of the moment) → what was alive then: the changes added up. counted: the number, not the sum."""
    changes: dict[int, dict[int, tuple[int, float]]] = defaultdict(dict)
    for row, at, alive, total in found:
        for place in (row, ALL) if cut else (ALL,):
            before = changes[place].get(at, (0, 0.0))
            changes[place][at] = before[0] + int(alive), before[1] + float(total)
    cells: dict[tuple[int, int], Cell] = {}
    for row, by_moment in changes.items():
        things, total = 0, 0.0
        for at in range(count):
            more = by_moment.get(at, (0, 0.0))
            things, total = things + more[0], total + more[1]
            cells[row, at] = Cell(things, things if counted else total if things else 0.0)
    return cells

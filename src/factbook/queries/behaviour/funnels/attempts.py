"""The statement that finds, for each person or session, the attempt that counts: what everything else is told from."""

from __future__ import annotations

from factbook.core.sql import Parameters
from factbook.metrics.model import Dimension
from factbook.queries.asking.cuts import cut
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import People
from factbook.queries.behaviour.selection import matches
from factbook.queries.where import moment

from .any_order import any_order, levels
from .every import every
from .fold import Fold
from .in_order import in_order
from .places import places, time_at, value_at
from .question import ANY, SESSIONS, STRICT, TOTALS, Question
from .reach import reach
from .shape import Shape, shape_of

_RANK_BITS = 4
"""Enough for the number of each step, from 0, and one behind the last."""


def attempts(asked: Question, who: People, parameters: Parameters, *, after: int | None = None) -> str:
    """A SELECT of `unit` (UInt64: the person or session), `depth` (steps done), `times` (of each step, milliseconds
    since the period's start, from 1; 0: not done), `value` (of the breakdown); one row a unit, or an attempt of totals.

    In any order the times are those of the first, second, … step that was done. after: only greater units.
    """
    shape = shape_of(asked)
    folded = _folded(asked, shape, who, parameters, after)
    if asked.count == TOTALS:
        one = "arrayJoin(if(open.1 > 0, arrayPushBack(done, open), done))"
        found = f"SELECT unit, {one} AS attempt FROM ({folded})"
        found = f"SELECT unit, attempt.1 AS depth, attempt.2 AS times, attempt.3 AS value FROM ({found})"
    else:
        found = f"SELECT unit, open.1 AS depth, open.2 AS times, open.3 AS value FROM ({folded})"
    if asked.held:
        best = "argMax((depth, times, value), (depth, -arrayMax(times), value))"
        if asked.count != TOTALS:
            found = f"SELECT unit, {best} AS best FROM ({found}) GROUP BY unit"
            found = f"SELECT unit, best.1 AS depth, best.2 AS times, best.3 AS value FROM ({found})"
    return f"SELECT * FROM ({found}) WHERE depth > 0"


def matched(asked: Question, parameters: Parameters) -> list[str]:
    """SQL that is true for the events of each step; of the first, within the period."""
    told = [matches(step.chosen, parameters) for step in asked.steps]
    if asked.order != ANY:
        told[0] = f"({told[0]} AND timestamp < {moment(asked.end, parameters)})"
    return told


def unit_of(asked: Question, who: People) -> str:
    return "session" if asked.count == SESSIONS else who.of


def text_of(dimension: Dimension, asked: Question, parameters: Parameters) -> str:
    return cut(dimension, str(asked.about.calendar.zone), parameters, "value").value


def _folded(asked: Question, shape: Shape, who: People, parameters: Parameters, after: int | None) -> str:
    """A SELECT of `unit`, the attempt `open` as (depth, times, value), and of totals those `done` before it."""
    group = "unit, held" if asked.held else "unit"
    begins = "" if asked.order == ANY else "\n    HAVING countIf(bitTest(mask, 0)) > 0"
    events = f"""SELECT unit, {_listed(asked, shape)} AS told
    FROM ({_events(asked, shape, who, parameters, after)})
    GROUP BY {group}{begins}"""
    if asked.count == TOTALS or asked.exclusions:
        fold = every(shape) if asked.count == TOTALS else in_order(shape)
        done = f", {fold.end('done', 'folded')} AS done" if asked.count == TOTALS else ""
        return f"""SELECT unit, {_open(shape, fold, fold.end("depth", "folded"))} AS open{done}
FROM (SELECT unit, {fold.sql("told")} AS folded FROM ({events}))"""
    if asked.order == ANY:
        sweep, fold = any_order(shape), levels(shape)
        found = {"begun": "start", "until": "arrival", "reached": "depth"}
        columns = ", ".join(f"{sweep.end(slot, 'swept')} AS {name}" for name, slot in found.items())
        swept = f"SELECT unit, told, {sweep.sql('told')} AS swept, {columns} FROM ({events})"
    else:
        columns, fold = ", ".join(reach(shape)), in_order(shape)
        if not shape.optional:
            return _placed(shape, f"SELECT unit, told, {columns} FROM ({events})")
        swept = f"SELECT unit, told, {columns}, told[arrival].1 AS until FROM ({events})"
    attempt = "arrayFilter(e -> e.1 >= begun AND e.1 <= until, told)"
    return f"""SELECT unit, {_open(shape, fold, "reached")} AS open
FROM (SELECT unit, reached, {fold.sql(attempt)} AS folded FROM ({swept}))"""


def _placed(shape: Shape, swept: str) -> str:
    """The plain case: the times by a look back."""
    times = ", ".join(time_at(step) for step in range(1, shape.steps + 1))
    return f"""SELECT unit, (reached, [{times}], {value_at(shape)}) AS open
FROM (SELECT unit, told, reached, begun, {", ".join(places(shape))} FROM ({swept}))"""


def _open(shape: Shape, fold: Fold, depth: str) -> str:
    times = ", ".join(fold.end(f"t{step}", "folded") for step in range(1, shape.steps + 1))
    value = fold.end("value", "folded") if shape.attribution else "''"
    return f"({depth}, [{times}], {value})"


def _listed(asked: Question, shape: Shape) -> str:
    """A person's events in order, each a tuple as `fold.AT` says. At equal times in the order of the steps: by the
    first that the event can be, then by all that it can be; exclusions behind them.

    Time and mask travel as one number: arrays of numbers are gathered and sorted several times as fast as of tuples.
    """
    bits = shape.bits + _RANK_BITS
    value = ", value" if asked.breakdown else ""
    rank = f"if(mask = 0, {shape.steps}, bitCount(bitAnd(mask, bitNot(mask) + 1) - 1))"
    steps = _packed(f"toUInt64({rank})", "mask", shape, bits)
    listed = f"groupArray(({steps}{value}))" if value else f"groupArray({steps})"
    if asked.exclusions:
        kills = _packed(f"toUInt64({shape.steps})", "kills", shape, bits)
        listed = f"arrayConcat(groupArrayIf(({steps}{value}), mask != 0), groupArrayIf(({kills}{value}), kills != 0))"
    number = "one.1" if value else "one"
    unpacked = f"toInt64(bitShiftRight({number}, {bits})), bitAnd({number}, {(1 << shape.bits) - 1})"
    return f"arrayMap(one -> ({unpacked}{', one.2' if value else ''}), arraySort({listed}))"


def _packed(rank: str, mask: str, shape: Shape, bits: int) -> str:
    return f"bitShiftLeft(toUInt64(at), {bits}) + bitShiftLeft({rank}, {shape.bits}) + {mask}"


def _events(asked: Question, shape: Shape, who: People, parameters: Parameters, after: int | None) -> str:
    """What each event is to the funnel; where order is strict, also those that are nothing to it."""
    steps = matched(asked, parameters)
    kills = [matches(one.chosen, parameters) for one in asked.exclusions]
    columns = [
        f"{unit_of(asked, who)} AS unit",
        f"toInt64(toUnixTimestamp64Milli(timestamp) - {asked.start - 1}) AS at",
        f"toUInt32({_mask(steps, 0)}) AS mask",
    ]
    only = ["unit != 0"]
    if after is not None:
        only.append(f"unit > {after:d}")
    if kills:
        columns.append(f"toUInt32({_mask(kills, shape.steps)}) AS kills")
    if asked.held:
        columns.append(f"{text_of(asked.held, asked, parameters)} AS held")
        only.append("held != ''")
    if asked.breakdown:
        columns.append(f"{text_of(asked.breakdown, asked, parameters)} AS value")
    if asked.order != STRICT:
        only.append(f"({' OR '.join([*steps, *kills])})")
    where = inside(asked.about, parameters, end_ms=asked.end + asked.window)
    return f"SELECT {', '.join(columns)} FROM events {where} AND {' AND '.join(only)}"


def _mask(conditions: list[str], shift: int) -> str:
    return " + ".join(f"if({condition}, {1 << (place + shift)}, 0)" for place, condition in enumerate(conditions))

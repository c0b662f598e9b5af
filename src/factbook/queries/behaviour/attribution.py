"""Attribution: which touchpoints conversions are owed to, and what they were worth, by every model side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.ingest.session_rule import Rule, walks_sql
from factbook.metrics.model import Dimension
from factbook.queries.asking.cuts import cut
from factbook.queries.shown import shown
from factbook.queries.where import between, where
from factbook.storage.warehouse import Warehouse

from .history import History
from .people import people
from .selection import Selection, matches
from .walks import MOST_EVENTS, long_walks, sample, shortened, walk

MODELS = ("first", "last", "last_non_direct", "linear", "time_decay", "position")
DIRECT = "direct"
DAY_MS = 86_400_000
MOST_VALUES = 1000

_COUNT = "length(touches)"
_WEIGHTS = {
    "first": "place = 1",
    "last": f"place = {_COUNT}",
    "last_non_direct": f"place = if(arrayLastIndex(touch -> touch.2 != '', touches) = 0, {_COUNT},"
    " arrayLastIndex(touch -> touch.2 != '', touches))",
    "linear": f"1 / {_COUNT}",
    "time_decay": "decay[place] / arraySum(decay)",
    "position": f"multiIf({_COUNT} = 1, 1, {_COUNT} = 2, 0.5, place = 1 OR place = {_COUNT}, 0.4,"
    f" 0.2 / ({_COUNT} - 2))",
}
"""SQL of the share of a conversion that the touch at `place` of `touches` gets."""


@dataclass(frozen=True, slots=True)
class AttributionRequest:
    """about: conversions within its period that meet its filters. dimension: of the first event of a session that has
    a value of it. lookback_days: how long before the conversion a session may have begun. half_life_days: of the model
    time_decay. amount: the numeric property that says what a conversion is worth.
    """

    about: History
    rule: Rule
    conversion: Selection
    dimension: Dimension
    lookback_days: int = 30
    half_life_days: int = 7
    amount: str = "amount"
    most_events: int = MOST_EVENTS
    most_rows: int | None = None


def attribution(warehouse: Warehouse, scope: Scope, asked: AttributionRequest, money: Money) -> dict[str, Any]:
    """Conversions and revenue by value of the dimension and model; each model shares out all of them."""
    period, zone = asked.about.period, asked.about.calendar.zone
    worth, currency, unknown = _worth(warehouse, scope, asked, money)
    notes = [f"Amounts in {', '.join(unknown)} are not counted: no rate is known."] if unknown else []
    rows, total, more = _shares(warehouse, scope, asked, worth)
    notes += more
    return {
        "conversion_event": asked.conversion.name,
        "dimension": asked.dimension.id,
        "start_time": shown(epoch_ms(period.start), zone),
        "end_time": shown(epoch_ms(period.end), zone),
        "timezone": str(zone),
        "lookback_days": asked.lookback_days,
        "half_life_days": asked.half_life_days,
        "models": list(MODELS),
        "currency": currency or None,
        "conversions": int(total[0]),
        "revenue": total[1],
        "touchpoints": total[2] / total[0] if total[0] else None,
        "rows": _exactly(rows, int(total[0]), total[1]),
        "degraded": bool(more),
        "notes": notes,
    }


def _converting(asked: AttributionRequest, parameters: Parameters) -> str:
    """SQL that is true for the conversions asked about."""
    met = where(asked.about.conditions, parameters, include_bots=asked.about.include_bots)
    return f"(({matches(asked.conversion, parameters)}){met})"


def _worth(
    warehouse: Warehouse, scope: Scope, asked: AttributionRequest, money: Money
) -> tuple[dict[str, float], str, list[str]]:
    """What one unit of each currency that occurs is worth, the currency of the sums, and those without a rate."""
    parameters = Parameters()
    start, end = epoch_ms(asked.about.period.start), epoch_ms(asked.about.period.end)
    sql = f"""SELECT arraySort(groupUniqArray(1000)(upper(texts['currency']))) FROM events
WHERE tenant = {{tenant:String}}{between(start, end, parameters)} AND {_converting(asked, parameters)}"""
    [(codes,)] = warehouse.rows(scope, sql, parameters.values)
    named = [code for code in codes if code]
    currency = money.currency or (named[0] if len(named) == 1 else "")
    factors = {code: 1.0 if code == currency else money.factor(code) for code in codes}
    known = {code: factor for code, factor in factors.items() if factor is not None}
    return known, currency, [code for code, factor in factors.items() if factor is None]


def _shares(
    warehouse: Warehouse, scope: Scope, asked: AttributionRequest, worth: Mapping[str, float]
) -> tuple[list[tuple[Any, ...]], tuple[Any, ...], list[str]]:
    """(value, conversions and revenue by model …), (conversions, revenue, touches), and notes."""
    parameters = Parameters(asked.rule.bound)
    who = people(warehouse, scope)
    start, end = epoch_ms(asked.about.period.start), epoch_ms(asked.about.period.end)
    lookback = asked.lookback_days * DAY_MS
    read = "WHERE tenant = {tenant:String} AND person != 0" + between(start - lookback, end, parameters)
    read += where((), parameters, include_bots=asked.about.include_bots)
    chosen = sample(warehouse, scope, read, parameters, asked.most_rows)
    key = parameters.add(asked.amount, "String")
    codes, factors = list(worth), list(worth.values())
    rate = (
        f"transform(upper(texts['currency']), {parameters.add(codes, 'Array(String)')},"
        f" {parameters.add(factors, 'Array(Float64)')}, toFloat64(0))"
        if codes
        else "0"
    )
    value = cut(asked.dimension, str(asked.about.calendar.zone), parameters, "value").value
    half_life = parameters.add(asked.half_life_days * DAY_MS, "Int64")
    models = ", ".join(
        f"sum({sql}) AS n_{name}, sum(worth * ({sql})) AS worth_{name}" for name, sql in _WEIGHTS.items()
    )
    rows = f"SELECT {who.of} AS who FROM events {read} AND {chosen.of(who.of)}"
    long = long_walks(warehouse, scope, who.begin, rows, parameters, asked.most_events)
    step = f"""(toUnixTimestamp64Milli(timestamp), reinterpretAsUInt128(event_id), {value},
                if({_converting(asked, parameters)}, numbers[{key}] * {rate}, 0),
                {_converting(asked, parameters)} AND toUnixTimestamp64Milli(timestamp) >= {start})"""
    conversions = f"""SELECT
        conversion.1 AS at,
        conversion.4 AS worth,
        arrayFilter(touch -> touch.1 <= at AND touch.1 >= at - {lookback}, sessions) AS found,
        if(empty(found), [(at, '')], found) AS touches,
        arrayMap(touch -> exp2(-(at - touch.1) / {half_life}), touches) AS decay
    FROM (
        SELECT
            walked,
            arrayMap(steps -> (steps[1].1, arrayFirst(step -> step.3 != '', steps).3),
                {walks_sql(asked.rule)}) AS sessions
        FROM (
            SELECT {who.of} AS who, {walk(step, long, asked.most_events)} AS walked
            FROM events {read} AND {chosen.of(who.of)}
            GROUP BY who
        )
    )
    ARRAY JOIN arrayFilter(step -> step.5, walked) AS conversion"""
    shared = warehouse.rows(
        scope,
        f"""{who.begin}SELECT touches[place].2 AS value, {models}
FROM ({conversions}) ARRAY JOIN arrayEnumerate(touches) AS place
GROUP BY value ORDER BY n_linear DESC, value LIMIT {MOST_VALUES + 1}""",
        parameters.values,
    )
    [total] = warehouse.rows(
        scope,
        f"{who.begin}SELECT count(), sum(worth), sum(length(touches)) FROM ({conversions})",
        parameters.values,
    )
    notes = chosen.notes + shortened(long, asked.most_events)
    if len(shared) > MOST_VALUES:
        notes.append(f"Only the {MOST_VALUES:,} largest values are told apart; the rest is other.")
    return shared, total, notes


def _exactly(rows: list[tuple[Any, ...]], conversions: int, revenue: float) -> list[dict[str, Any]]:
    """The rows told, the rest as other; in each model the largest takes what rounding left, so that sums are exact."""
    told: list[dict[str, Any]] = [
        {
            "value": row[0] or DIRECT,
            "other": False,
            **{
                name: {"conversions": float(row[1 + 2 * place]), "revenue": float(row[2 + 2 * place])}
                for place, name in enumerate(MODELS)
            },
        }
        for row in rows[:MOST_VALUES]
    ]
    if len(rows) > MOST_VALUES:
        zero = {name: {"conversions": 0.0, "revenue": 0.0} for name in MODELS}
        told.append({"value": None, "other": True, **zero})
    for name in MODELS:
        for part, whole in (("conversions", float(conversions)), ("revenue", float(revenue))):
            if told:
                rest = [row for row in told if row["other"]]
                takes = rest[0] if rest else max(told, key=lambda row: abs(row[name][part]))
                takes[name][part] = whole - math.fsum(row[name][part] for row in told if row is not takes)
    return told

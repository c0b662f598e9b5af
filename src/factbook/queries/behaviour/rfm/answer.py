"""Recency, frequency and money told: the groups with what they are worth, the cells, and what each score means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.asking.ask import Tenant
from factbook.queries.behaviour.people import people
from factbook.queries.horizon import since
from factbook.queries.shown import shown
from factbook.storage.warehouse import Warehouse

from .groups import GROUPS, SCORES, Group, group_of, scores_of
from .question import Asked, priced
from .scored import scored

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Cell:
    """The buyers of one (recency, frequency, monetary). last: the mean, milliseconds; each pair of bounds inclusive."""

    scores: tuple[int, int, int]
    people: int
    orders: int
    money: float
    last: float
    bounds: tuple[tuple[float, float], ...]


def rfm(warehouse: Warehouse, scope: Scope, tenant: Tenant, what: Asked) -> dict[str, Any]:
    """Every group, also those of nobody. CONFLICT for amounts without a rate."""
    metric, money = priced(warehouse, scope, tenant, what)
    who, parameters = people(warehouse, scope), Parameters()
    sql = f"""{who.begin}SELECT r, f, m, count(), sum(orders), sum(money), avg(last), min(last), max(last),
    min(orders), max(orders), min(money), max(money)
FROM ({scored(what, metric, money, who, parameters)})
GROUP BY r, f, m
ORDER BY r, f, m"""
    rows = warehouse.rows(scope, sql, parameters.values)
    cells = [
        Cell((r, f, m), int(n), int(orders), float(total), float(last), ((a, b), (c, d), (e, g)))
        for r, f, m, n, orders, total, last, a, b, c, d, e, g in rows
    ]
    if any(math.isnan(cell.money) for cell in cells):
        raise _unknown_currency(money)
    start, end = epoch_ms(what.about.period.start), epoch_ms(what.about.period.end)
    zone = what.about.calendar.zone
    count, total = sum(cell.people for cell in cells), sum(cell.money for cell in cells)
    return {
        "metric": metric.id,
        "currency": money.currency or None,
        "start_time": shown(start, zone),
        "end_time": shown(end, zone),
        "timezone": zone.key,
        "complete_since": since({"raw": start}, end, dict(tenant.kept), zone),
        "people": count,
        "orders": sum(cell.orders for cell in cells),
        "monetary": total,
        "groups": [_group(group, cells, count, total, end) for group in GROUPS],
        "cells": [
            dict(zip(("recency", "frequency", "monetary", "people"), (*cell.scores, cell.people), strict=True))
            for cell in cells
        ],
        "scores": _scores(cells, end),
    }


def buyers(
    warehouse: Warehouse,
    scope: Scope,
    tenant: Tenant,
    what: Asked,
    group: Group,
    *,
    limit: int,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the buyers of `group` in an order of no meaning, and the cursor of the next."""
    if cursor is not None and not (cursor.isdecimal() and len(cursor) <= 20 and int(cursor) < 2**64):
        raise invalid("The cursor is none that was given out.", field="cursor", hint="Begin without one.")
    metric, money = priced(warehouse, scope, tenant, what)
    who, parameters = people(warehouse, scope), Parameters()
    wanted = ", ".join(map(str, scores_of(group)))
    after = f" AND who > {parameters.add(int(cursor), 'UInt64')}" if cursor else ""
    sql = f"""{who.begin}SELECT who, user, visitors, last, orders, money, r, f, m
FROM (
    SELECT * FROM ({scored(what, metric, money, who, parameters)})
    WHERE (r, f, m) IN ({wanted}){after}
    ORDER BY who LIMIT {int(limit) + 1}
) AS chosen
LEFT ANY JOIN (
    SELECT {who.of} AS who, max(user_id) AS user,
        arraySort(groupUniqArrayIf(10)(anonymous_id, anonymous_id != '')) AS visitors
    FROM events WHERE tenant = {{tenant:String}} AND person != 0 GROUP BY who
) AS named USING who
ORDER BY who"""
    rows = warehouse.rows(scope, sql, parameters.values)
    zone = what.about.calendar.zone
    found = [
        {
            "user_id": user or None,
            "anonymous_ids": list(visitors),
            "last_order": shown(int(last), zone),
            "orders": int(orders),
            "monetary": float(total),
            "scores": f"{r}{f}{m}",
        }
        for _, user, visitors, last, orders, total, r, f, m in rows[:limit]
    ]
    return found, str(rows[limit - 1][0]) if len(rows) > limit else None


def _group(group: Group, cells: Sequence[Cell], count: int, total: float, end: int) -> dict[str, Any]:
    own = [cell for cell in cells if group_of(*cell.scores) is group]
    people = sum(cell.people for cell in own)
    orders, money = sum(cell.orders for cell in own), sum(cell.money for cell in own)
    last = sum(cell.last * cell.people for cell in own)
    return {
        "id": group.id,
        "label": group.label,
        "rule": group.rule,
        "advice": group.advice,
        "people": people,
        "share": people / count if count else None,
        "orders": orders,
        "monetary": money,
        "monetary_share": money / total if total else None,
        "mean_recency_days": (end - last / people) / DAY_MS if people else None,
        "mean_frequency": orders / people if people else None,
        "mean_monetary": money / people if people else None,
    }


def _scores(cells: Sequence[Cell], end: int) -> dict[str, list[dict[str, Any]]]:
    """What the buyers of each score have; recency in days before the end."""
    found: dict[str, list[dict[str, Any]]] = {}
    for place, name in enumerate(("recency", "frequency", "monetary")):
        found[name] = []
        for score in SCORES:
            own = [cell for cell in cells if cell.scores[place] == score]
            least, most = (f(b[place][i] for b in (c.bounds for c in own)) if own else None for i, f in _ENDS)
            if place == 0 and least is not None and most is not None:
                least, most = (end - most) / DAY_MS, (end - least) / DAY_MS
            people = sum(cell.people for cell in own)
            found[name].append({"score": score, "people": people, "least": least, "most": most})
    return found


_ENDS = ((0, min), (1, max))


def _unknown_currency(money: Money) -> FactbookError:
    return FactbookError(
        Kind.CONFLICT,
        f"Amounts came in a currency without a rate to {money.currency}.",
        field="rates",
        hint="Set the rate with PUT /api/v1/settings.",
    )

"""What a question about recency, frequency and money asks: a stretch of history, and the metric that is the money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factbook.core.errors import FactbookError, invalid
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.metrics.model import Kind, Metric
from factbook.queries.asking import rules
from factbook.queries.asking.aggregates import amount, matching
from factbook.queries.asking.ask import Tenant
from factbook.queries.asking.leaves import leaf_of
from factbook.queries.asking.lookups import Lookups
from factbook.queries.asking.plan import Plan
from factbook.queries.asking.request import Request
from factbook.queries.behaviour import history
from factbook.queries.behaviour.reading import text
from factbook.storage.warehouse import Warehouse

FIELDS = (*history.FIELDS, "metric")

_RULES = (
    rules.name_the_metrics,
    rules.keep_to_the_tier,
    rules.take_formulas_apart,
    rules.look_for_foreign_money,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """about: the orders looked at. metric: what each of them is worth, a sum over events."""

    about: history.History
    metric: str
    now: datetime


def asked(given: Mapping[str, Any], tenant: Tenant, now: datetime) -> Asked:
    """From FIELDS of a query string. INVALID naming the field."""
    about = history.history(given, tenant.calendar, now, default="last_365_days", segments=tenant.segments)
    return Asked(about, text(given, "metric") or "revenue", now)


def priced(warehouse: Warehouse, scope: Scope, tenant: Tenant, what: Asked) -> tuple[Metric, Money]:
    """The metric, and the money it is told in. INVALID where it is no sum, FORBIDDEN, CONFLICT as in metrics."""
    plan = Plan(
        Request((what.metric,)),
        scope,
        tenant.catalog,
        tenant.calendar,
        tenant.money,
        what.now,
        conditions=what.about.conditions,
    )
    try:
        for rule in _RULES:
            plan = rule(plan, Lookups(warehouse, scope))
    except FactbookError as error:
        error.field = "metric" if error.field == "metrics" else error.field
        raise
    [metric] = plan.metrics
    if not metric.measure or metric.measure.kind is not Kind.SUM:
        raise invalid(f"{metric.id} is no sum over events.", field="metric", hint="Use revenue, for example.")
    return metric, plan.money


def worth(metric: Metric, money: Money, parameters: Parameters) -> tuple[str, str]:
    """SQL of (what an event is worth, whether it counts)."""
    leaf = leaf_of(metric)
    value, there = amount(leaf, money, parameters)
    return value, f"({matching(leaf, parameters)} AND {there})"

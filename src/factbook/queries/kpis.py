"""The KPIs: every metric that a pack puts into a group, with its value, the one before, and how it is computed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from factbook.core.scope import Scope
from factbook.metrics.catalog import Catalog
from factbook.metrics.model import Metric

from .answers import Answers
from .asking.ask import Tenant
from .asking.request import MAX_METRICS, Request


def chosen(catalog: Catalog, scope: Scope) -> tuple[list[Metric], list[Metric]]:
    """(the KPIs this tenant may see, those of a higher tier), in the order of the packs."""
    every = [metric for metric in catalog.metrics.values() if metric.kpi]
    allowed = [metric for metric in every if scope.tier.includes(metric.tier)]
    return allowed, [metric for metric in every if metric not in allowed]


async def all_now(
    answers: Answers, scope: Scope, tenant: Tenant, now: datetime, timezone: str | None
) -> dict[str, Any]:
    """Every metric this tenant may see: its value today so far, and yesterday up to this time of day."""
    allowed = [m.id for m in tenant.catalog.metrics.values() if scope.tier.includes(m.tier)]
    metrics: list[dict[str, Any]] = []
    told: dict[str, Any] = {}
    for i in range(0, len(allowed), MAX_METRICS):
        names = tuple(allowed[i : i + MAX_METRICS])
        request = Request(names, period="today", compare="previous_period", timezone=timezone)
        told = msgspec.json.decode(await answers.get(scope, tenant, request, now))
        total = told["total"]
        metrics += [
            {
                **{name: about[name] for name in ("id", "label", "unit", "decimals", "good")},
                "value": total["values"][about["id"]],
                "previous": total["previous"][about["id"]],
                "change": total["change"][about["id"]],
            }
            for about in told["metrics"]
        ]
    return {**{name: told[name] for name in ("start_time", "end_time", "timezone")}, "metrics": metrics}


def grouped(
    catalog: Catalog,
    answers: Sequence[dict[str, Any]],
    breakdowns: dict[str, dict[str, Any]],
    locked: Sequence[Metric],
) -> dict[str, Any]:
    """The answer of GET /api/v1/analytics/kpis from the answers about every KPI; breakdowns by metric id."""
    shown: dict[str, list[dict[str, Any]]] = {group: [] for group in catalog.kpis}
    for answer in answers:
        total = answer["total"]
        for about in answer["metrics"]:
            metric = catalog.get(about["id"])
            kpi = {
                **about,
                "description": metric.description,
                "value": total["values"][metric.id],
                "previous": total["previous"][metric.id],
                "change": total["change"][metric.id],
                "better": _better(metric, total["change"][metric.id]),
            }
            if metric.id in breakdowns:
                part = breakdowns[metric.id]
                kpi["breakdown"] = {
                    "dimension": part["dimensions"][0]["id"],
                    "rows": [
                        {"label": None if row["dimensions"] is None else next(iter(row["dimensions"].values()))}
                        | {"other": row["other"], "value": row["values"][metric.id]}
                        for row in part["rows"]
                    ],
                    "cut": part["cut"],
                }
            shown[metric.kpi].append(kpi)
    first = answers[0] if answers else {}
    return {
        **{name: first.get(name) for name in ("start_time", "end_time", "timezone", "compare")},
        "count": sum(map(len, shown.values())),
        "groups": [{"id": group, "label": catalog.kpis[group], "kpis": kpis} for group, kpis in shown.items() if kpis],
        "locked": [{"id": metric.id, "label": metric.label, "tier": metric.tier} for metric in locked],
    }


def _better(metric: Metric, change: float | None) -> bool | None:
    """Whether the change is for the better; null where there is none, or where neither way is good."""
    if not change or metric.good == "neither":
        return None
    return (change > 0) == (metric.good == "up")

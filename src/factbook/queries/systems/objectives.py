"""Service level objectives: how much of the error budget is left, and how fast it burns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from factbook.queries.records import Records

SOURCE = "Google, The Site Reliability Workbook, chapter 5: alerting on SLOs, multiwindow, multi-burn-rate alerts"
MINUTES = {"5m": 5, "30m": 30, "1h": 60, "6h": 360, "3d": 4320}


@dataclass(frozen=True, slots=True)
class Objective:
    """availability, latency: shares of requests, above 0 and below 1. latency_ms: what is fast enough. days: over
    which the budget is counted."""

    availability: float = 0.999
    latency: float = 0.99
    latency_ms: float = 500.0
    days: int = 30


@dataclass(frozen=True, slots=True)
class Rule:
    """Goes off where `share` of the budget of all days would be burnt within `long`, and still burns in `short`."""

    severity: str
    long: str
    short: str
    share: float

    def threshold(self, days: int) -> float:
        return self.share * days * 1440 / MINUTES[self.long]


RULES = (Rule("page", "1h", "5m", 0.02), Rule("page", "6h", "30m", 0.05), Rule("ticket", "3d", "6h", 0.10))
"""Of 30 days: burn rates of 14.4, 6 and 1."""


def budget(requests: float, bad: float, objective: float) -> dict[str, float | None]:
    """Of one objective: what was reached, and the share of the budget that is left, below 0 where it is overdrawn.

    >>> budget(10_000, 4, 0.999)["budget_left"]
    0.6
    """
    allowed = requests * (1 - objective)
    return {
        "objective": objective,
        "requests": requests,
        "bad": bad,
        "reached": 1 - bad / requests if requests else None,
        "budget": round(allowed, 6),
        "budget_left": round(1 - bad / allowed, 6) if allowed else None,
    }


def burn_rate(requests: float, bad: float, objective: float) -> float | None:
    """How many times faster than would just use up the budget; null where there were no requests."""
    return round(bad / requests / (1 - objective), 6) if requests else None


def burning(requests: Sequence[float], bad: Sequence[float], objective: float, days: int) -> dict[str, Any]:
    """requests, bad: by minute, oldest first, at least as many as the longest window has where they are known."""
    rates = {
        name: burn_rate(sum(requests[-minutes:]), sum(bad[-minutes:]), objective) for name, minutes in MINUTES.items()
    }
    rules = []
    for rule in RULES:
        threshold = rule.threshold(days)
        long, short = rates[rule.long], rates[rule.short]
        is_firing = long is not None and short is not None and long >= threshold and short >= threshold
        rules.append(
            {
                "severity": rule.severity,
                "long_window": rule.long,
                "short_window": rule.short,
                "budget_share": rule.share,
                "threshold": round(threshold, 6),
                "is_firing": is_firing,
            }
        )
    return {"burn_rates": rates, "rules": rules}


async def objectives(records: Records, service: str, objective: Objective) -> dict[str, Any]:
    """The budgets of a service over the last `days`, and how they burn now. A request without a duration is not fast.

    records: without a period.
    """
    own = (("property.service", service),)
    quick = (*own, ("property.duration_ms.lte", objective.latency_ms))
    window, minutes = {"period": f"last_{objective.days * 24}_hours"}, {"period": "last_72_hours", "granularity": "1m"}
    whole, fast, by_minute, fast_by_minute = await asyncio.gather(
        records.ask("requests", "failed_requests", filters=own, **window),
        records.ask("requests", filters=quick, **window),
        records.ask("requests", "failed_requests", filters=own, **minutes),
        records.ask("requests", filters=quick, **minutes),
    )
    values, series = whole["total"]["values"], by_minute["total"]["series"]
    requests, failed = values["requests"], values["failed_requests"]
    slow = requests - fast["total"]["values"]["requests"]
    quick_series = fast_by_minute["total"]["series"]["requests"]
    slow_series = [a - b for a, b in zip(series["requests"], quick_series, strict=True)]
    return {
        "service_name": service,
        **{name: whole[name] for name in ("start_time", "end_time", "timezone", "events", "complete_since")},
        "days": objective.days,
        "availability": {
            **budget(requests, failed, objective.availability),
            **burning(series["requests"], series["failed_requests"], objective.availability, objective.days),
        },
        "latency": {
            "threshold_ms": objective.latency_ms,
            **budget(requests, slow, objective.latency),
            **burning(series["requests"], slow_series, objective.latency, objective.days),
        },
        "formulas": {
            "budget": "requests * (1 - objective)",
            "budget_left": "1 - bad / budget",
            "burn_rate": "(bad / requests) / (1 - objective)",
            "is_firing": "the burn rates of both windows reach the threshold: budget_share * days / long_window",
        },
        "source": SOURCE,
        "notes": [] if requests else ["No requests of this service are known in that time."],
    }

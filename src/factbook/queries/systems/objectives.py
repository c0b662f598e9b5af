"""Service level objectives: how much of the error budget is left, and how fast it burns."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factbook.queries.records import Records

from .apdex import THRESHOLD_MS

SOURCE = "Google, The Site Reliability Workbook, chapter 5: alerting on SLOs, multiwindow, multi-burn-rate alerts"
FORMULAS = {
    "budget": "requests * (1 - objective)",
    "budget_left": "1 - bad / budget",
    "burn_rate": "(bad / requests) / (1 - objective)",
    "is_firing": "the burn rates of both windows reach the threshold: budget_share * days / long_window",
}
MINUTES = {"5m": 5, "30m": 30, "1h": 60, "6h": 360, "3d": 4320}


@dataclass(frozen=True, slots=True)
class Objective:
    """availability, latency: shares of requests, above 0 and below 1. latency_ms: what is fast enough. days: over
    which the budget is counted. apdex_ms: T of Apdex."""

    availability: float = 0.999
    latency: float = 0.99
    latency_ms: float = 500.0
    days: int = 30
    apdex_ms: float = THRESHOLD_MS


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


def burning(rates: Mapping[str, float | None], days: int) -> dict[str, Any]:
    """rates: the burn rate of each window."""
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
    return {"burn_rates": dict(rates), "rules": rules}


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests of the whole time and of each window of MINUTES: all, those that failed, those that were not fast."""

    about: Mapping[str, Any]
    whole: tuple[float, float, float]
    windows: Mapping[str, tuple[float, float, float]]


async def _counted(records: Records, service: str, objective: Objective) -> Counted:
    own = (("property.service", service),)
    quick = (*own, ("property.duration_ms.lte", objective.latency_ms))
    spans: tuple[dict[str, Any], ...] = (
        {"period": f"last_{objective.days * 24}_hours"},
        {"period": "last_72_hours"},
        {"period": "last_6_hours", "granularity": "1m"},
    )
    answers = await asyncio.gather(
        *(records.ask("requests", "failed_requests", filters=own, **span) for span in spans),
        *(records.ask("requests", filters=quick, **span) for span in spans),
    )
    (whole, days, hours), (fast, fast_days, fast_hours) = answers[:3], answers[3:]
    series, quick_series = hours["total"]["series"], fast_hours["total"]["series"]["requests"]

    def last(minutes: int) -> tuple[float, float, float]:
        requests = sum(series["requests"][-minutes:])
        return requests, sum(series["failed_requests"][-minutes:]), requests - sum(quick_series[-minutes:])

    windows = {name: last(minutes) for name, minutes in MINUTES.items() if name != "3d"}
    return Counted(whole, _three(whole, fast), {**windows, "3d": _three(days, fast_days)})


def _three(answer: Mapping[str, Any], fast: Mapping[str, Any]) -> tuple[float, float, float]:
    values, quick = answer["total"]["values"], fast["total"]["values"]["requests"]
    return values["requests"], values["failed_requests"], values["requests"] - quick


async def objectives(records: Records, service: str, objective: Objective) -> dict[str, Any]:
    """The budgets of a service over the last `days`, and how they burn now. A request without a duration is not fast.

    records: without a period.
    """
    found = await _counted(records, service, objective)
    requests, failed, slow = found.whole

    def rates(place: int, promised: float) -> dict[str, float | None]:
        return {name: burn_rate(counts[0], counts[place], promised) for name, counts in found.windows.items()}

    about = ("start_time", "end_time", "timezone", "events", "complete_since")
    return {
        "service_name": service,
        **{name: found.about[name] for name in about},
        "days": objective.days,
        "availability": {
            **budget(requests, failed, objective.availability),
            **burning(rates(1, objective.availability), objective.days),
        },
        "latency": {
            "threshold_ms": objective.latency_ms,
            **budget(requests, slow, objective.latency),
            **burning(rates(2, objective.latency), objective.days),
        },
        "formulas": FORMULAS,
        "source": SOURCE,
        "notes": [] if requests else ["No requests of this service are known in that time."],
    }

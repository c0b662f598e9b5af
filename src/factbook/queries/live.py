"""The numbers of this moment: who is active, what came in today, what goes on now. docs/definitions.md defines each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import FactbookError
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.metrics.levels import Bucket
from factbook.storage.warehouse import Warehouse

from .asking.answer import change
from .asking.ask import Tenant, ask
from .asking.request import Request
from .where import between

MINUTE = 60_000
ORDER, AMOUNT = "purchase", "amount"
TOP = 10

ACTIVE = {"active_users": "active_users", "active_sessions": "sessions"}
TODAY = {
    "events_today": "events",
    "users_today": "active_users",
    "orders_today": "orders",
    "revenue_today": "net_revenue",
    "cart_value_avg": "average_order_value",
    "conversion_rate": "conversion_rate",
}
"""What the answers call a metric."""
MONEY = ("revenue_today", "cart_value_avg")
"""Null where an amount came in a currency without a rate: what is missing there must not hide everything else."""
_SUMS = ("revenue_today",)
"""Where nothing came, these are 0."""


@dataclass(frozen=True, slots=True)
class Live:
    """now: aware. tenant: in whose zone today begins. window, active: seconds, of the rates and of being active."""

    now: datetime
    tenant: Tenant
    window: float = 60.0
    active: float = 1800.0
    ms: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ms", epoch_ms(self.now))

    @property
    def zone(self) -> ZoneInfo:
        return self.tenant.calendar.zone

    @property
    def minute_end(self) -> int:
        """The end of the current minute: live windows reach there, so that their newer edge is read from roll-ups."""
        return self.ms // MINUTE * MINUTE + MINUTE


def overview(warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """The answer of GET /realtime/overview without top content (see `top_content`)."""
    reach, width = round(live.active * 1000), round(live.window * 1000)
    active_start = live.ms - reach
    active = _pair(warehouse, scope, live, ACTIVE, active_start, live.minute_end, reach)
    rate = _pair(warehouse, scope, live, {"events": "events"}, live.ms - width, live.ms, width)
    now, before = _today(warehouse, scope, live)
    types = measured(
        warehouse, scope, live, ("events",), active_start, live.minute_end, dimensions=("event_type",), limit=TOP
    )
    shown_now = {**active[0], **now, "events_per_second": rate[0]["events"] / live.window}
    shown_before = {**active[1], **before, "events_per_second": rate[1]["events"] / live.window}
    return {
        "timestamp": live.now.astimezone(live.zone).isoformat(timespec="milliseconds"),
        "timezone": live.zone.key,
        **shown_now,
        "top_event_types": [
            {"event_type": row["dimensions"]["event_type"], "count": row["values"]["events"]}
            for row in types["rows"]
            if not row["other"]
        ],
        "window_seconds": live.window,
        "active_seconds": live.active,
        "previous": shown_before,
        "change": {name: change(shown_now[name], shown_before[name]) for name in shown_now},
    }


def measured(
    warehouse: Warehouse, scope: Scope, live: Live, metrics: tuple[str, ...], start: int, end: int, **asked: Any
) -> dict[str, Any]:
    """The answer about `metrics` from `start` to `end`, in milliseconds."""
    begin, until = (from_epoch_ms(ms).isoformat() for ms in (start, end))
    request = Request(metrics, start_time=begin, end_time=until, timezone=live.zone.key, **asked)
    return ask(warehouse, scope, live.tenant, request, live.now)


def _pair(
    warehouse: Warehouse, scope: Scope, live: Live, named: dict[str, str], start: int, end: int, width: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The metrics of a window, and of the one of `width` before it, under their names."""
    spans = ((start, end), (start - width, start))
    answers = [measured(warehouse, scope, live, tuple(named.values()), *span)["total"]["values"] for span in spans]
    now, before = ({name: values[metric] for name, metric in named.items()} for values in answers)
    return now, before


def _today(warehouse: Warehouse, scope: Scope, live: Live) -> tuple[dict[str, Any], dict[str, Any]]:
    """Today so far, and yesterday up to this time of day on the wall clock."""
    try:
        return _so_far(warehouse, scope, live, TODAY)
    except FactbookError as error:
        if error.field != "rates":
            raise
    counted = _so_far(warehouse, scope, live, {name: metric for name, metric in TODAY.items() if name not in MONEY})
    now, before = ({name: values.get(name) for name in TODAY} for values in counted)
    return now, before


def _so_far(
    warehouse: Warehouse, scope: Scope, live: Live, named: dict[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    request = Request(tuple(named.values()), period="today", compare="previous_period")
    total = ask(warehouse, scope, live.tenant, request, live.now)["total"]
    now, before = (
        {name: values[metric] or 0.0 if name in _SUMS else values[metric] for name, metric in named.items()}
        for values in (total["values"], total["previous"])
    )
    return now, before


def top_content(warehouse: Warehouse, scope: Scope, live: Live) -> list[dict[str, Any]]:
    """What most events of the active window are about: the content, else the resource (`label`: type and id)."""
    parameters = Parameters()
    window = between(live.ms - round(live.active * 1000), live.minute_end, parameters)
    sql = f"""SELECT content_id, if(content_id != '', '', resource_type) AS kind,
    if(content_id != '', '', resource_id) AS resource, count() AS n,
    uniqCombined64(17)(sipHash64(if(user_id != '', user_id, anonymous_id)))
FROM events
WHERE tenant = {{tenant:String}}{window} AND NOT is_bot AND (content_id != '' OR resource_id != '')
GROUP BY content_id, kind, resource
ORDER BY n DESC, content_id, kind, resource
LIMIT {TOP}"""
    return [
        {
            "content_id": content or None,
            "resource_type": kind or None,
            "resource_id": resource or None,
            "label": content or f"{kind} {resource}".strip(),
            "count": int(count),
            "users": int(users),
        }
        for content, kind, resource, count, users in warehouse.rows(scope, sql, parameters.values)
    ]


def active_users(warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """Distinct users of the active window, and of every minute of the last hour."""
    return _active(warehouse, scope, live, "active_users")


def active_sessions(warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """Sessions with an event in the active window, and in every minute of the last hour."""
    return _active(warehouse, scope, live, "sessions")


def conversions(warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """Orders of the last hour with their amounts by minute, and today's numbers."""
    minutes = last_hour(live)
    metrics = ("orders", "revenue")
    hour = measured(warehouse, scope, live, metrics, minutes[0][0], minutes[-1][1], granularity="1m", fill="zero")
    series = hour["total"]["series"]
    return {
        "timestamp": live.now.astimezone(live.zone).isoformat(timespec="milliseconds"),
        "count": hour["total"]["values"]["orders"],
        "revenue": hour["total"]["values"]["revenue"] or 0.0,
        "window_seconds": 3600,
        "today": _today(warehouse, scope, live)[0],
        "series": [
            {"time": time, "count": orders, "revenue": revenue}
            for time, orders, revenue in zip(hour["times"], series["orders"], series["revenue"], strict=True)
        ],
    }


def last_hour(live: Live) -> tuple[Bucket, ...]:
    """Sixty minutes, the last of them the current one."""
    end = live.minute_end
    return tuple((end - n * MINUTE, end - (n - 1) * MINUTE) for n in range(60, 0, -1))


def _active(warehouse: Warehouse, scope: Scope, live: Live, metric: str) -> dict[str, Any]:
    minutes = last_hour(live)
    hour = measured(warehouse, scope, live, (metric,), minutes[0][0], minutes[-1][1], granularity="1m")
    now = measured(warehouse, scope, live, (metric,), live.ms - round(live.active * 1000), live.minute_end)
    return {
        "timestamp": live.now.astimezone(live.zone).isoformat(timespec="milliseconds"),
        "count": now["total"]["values"][metric],
        "window_seconds": live.active,
        "series": [
            {"time": time, "count": count}
            for time, count in zip(hour["times"], hour["total"]["series"][metric], strict=True)
        ],
    }

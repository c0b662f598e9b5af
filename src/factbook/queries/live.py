"""The numbers of this moment: who is active, what came in today, what goes on now. docs/definitions.md defines each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.core.times import Period, day_start
from factbook.metrics.levels import Bucket
from factbook.storage.warehouse import Warehouse

from .counts import counts_by_type
from .series import change
from .shown import shown
from .states import Ask, Found, Key, Stats, read
from .where import between

MINUTE = 60_000
ORDER, REFUND, AMOUNT = "purchase", "refund", "amount"
TOP = 10

_TODAY = (Key(), Key(ORDER), Key(ORDER, AMOUNT), Key(REFUND, AMOUNT))


@dataclass(frozen=True, slots=True)
class Live:
    """now: aware. zone: whose midnight begins today. window, active: seconds, of the rates and of being active."""

    now: datetime
    zone: ZoneInfo
    window: float = 60.0
    active: float = 1800.0
    ms: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ms", epoch_ms(self.now))

    @property
    def minute_end(self) -> int:
        """The end of the current minute: live windows reach there, so that their newer edge is read from roll-ups."""
        return self.ms // MINUTE * MINUTE + MINUTE


def overview(warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """The answer of GET /realtime/overview without top content (see `top_content`)."""
    reach, width = round(live.active * 1000), round(live.window * 1000)
    ms = live.ms
    active = _read(warehouse, scope, (Key(),), _pair(ms, reach, live.minute_end), users=True, sessions=True)
    rates = _read(warehouse, scope, (Key(),), _pair(ms, width, ms))
    days = _days(live)
    today = _read(warehouse, scope, _TODAY, days, users=True)
    now, before = _day(today, 1), _day(today, 0)
    window = Period(from_epoch_ms(ms - reach), from_epoch_ms(live.minute_end))
    types = counts_by_type(warehouse, scope, window)
    return {
        "timestamp": live.now.astimezone(live.zone).isoformat(timespec="milliseconds"),
        "timezone": live.zone.key,
        "active_users": active.cell(0, 1).users,
        "active_sessions": active.cell(0, 1).sessions,
        **now,
        "events_per_second": rates.cell(0, 1).count / live.window,
        "top_event_types": [{"event_type": name, "count": count} for name, count in list(types.items())[:TOP]],
        "window_seconds": live.window,
        "active_seconds": live.active,
        "previous": {
            "active_users": active.cell(0, 0).users,
            "active_sessions": active.cell(0, 0).sessions,
            "events_per_second": rates.cell(0, 0).count / live.window,
            **before,
        },
        "change": {
            "active_users": change(active.cell(0, 1).users, active.cell(0, 0).users),
            "active_sessions": change(active.cell(0, 1).sessions, active.cell(0, 0).sessions),
            "events_per_second": change(rates.cell(0, 1).count, rates.cell(0, 0).count),
            **{name: change(now[name], before[name]) for name in now},
        },
    }


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
    return _active(warehouse, scope, live, "users")


def active_sessions(warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """Sessions with an event in the active window, and in every minute of the last hour."""
    return _active(warehouse, scope, live, "sessions")


def conversions(warehouse: Warehouse, scope: Scope, live: Live) -> dict[str, Any]:
    """Orders of the last hour with their amounts by minute, and today's."""
    minutes = last_hour(live)
    keys = (Key(ORDER), Key(ORDER, AMOUNT))
    hour = _read(warehouse, scope, keys, minutes)
    today = _day(_read(warehouse, scope, _TODAY, _days(live), users=True), 1)
    return {
        "timestamp": live.now.astimezone(live.zone).isoformat(timespec="milliseconds"),
        "count": hour.total(0).count,
        "revenue": hour.total(1).total,
        "window_seconds": 3600,
        "today": today,
        "series": [
            {"time": shown(a, live.zone), "count": hour.cell(0, i).count, "revenue": hour.cell(1, i).total}
            for i, (a, _) in enumerate(minutes)
        ],
    }


def last_hour(live: Live) -> tuple[Bucket, ...]:
    """Sixty minutes, the last of them the current one."""
    end = live.minute_end
    return tuple((end - n * MINUTE, end - (n - 1) * MINUTE) for n in range(60, 0, -1))


def _active(warehouse: Warehouse, scope: Scope, live: Live, what: str) -> dict[str, Any]:
    users = what == "users"
    minutes = last_hour(live)
    hour = _read(warehouse, scope, (Key(),), minutes, users=users, sessions=not users)
    window = _pair(live.ms, round(live.active * 1000), live.minute_end)[1:]
    now = _read(warehouse, scope, (Key(),), window, users=users, sessions=not users)

    def counted(stats: Stats) -> int:
        return stats.users if users else stats.sessions

    return {
        "timestamp": live.now.astimezone(live.zone).isoformat(timespec="milliseconds"),
        "count": counted(now.total()),
        "window_seconds": live.active,
        "series": [
            {"time": shown(a, live.zone), "count": counted(hour.cell(0, i))} for i, (a, _) in enumerate(minutes)
        ],
    }


def _pair(ms: int, width: int, end: int) -> tuple[Bucket, ...]:
    """The window that reaches `width` back from `ms`, up to `end`, behind the one before it."""
    return ((ms - 2 * width, ms - width), (ms - width, end))


def _days(live: Live) -> tuple[Bucket, ...]:
    """Yesterday up to this time of day on the wall clock (to the minute), and the whole of today."""
    start = day_start(live.now, live.zone)
    yesterday = day_start(start - timedelta(hours=1), live.zone)
    tomorrow = day_start(start + timedelta(hours=30), live.zone)
    begun, today = epoch_ms(yesterday), epoch_ms(start)
    so_far = min(begun + (live.minute_end - today), today)
    return ((begun, so_far), (today, epoch_ms(tomorrow)))


def _day(found: Found, bucket: int) -> dict[str, Any]:
    everything, orders, amounts, refunds = (found.cell(slot, bucket) for slot in range(4))
    return {
        "events_today": everything.count,
        "users_today": everything.users,
        "orders_today": orders.count,
        "revenue_today": amounts.total - refunds.total,
        "cart_value_avg": amounts.total / amounts.count if amounts.count else None,
        "conversion_rate": orders.users / everything.users if everything.users else None,
    }


def _read(
    warehouse: Warehouse,
    scope: Scope,
    keys: tuple[Key, ...],
    buckets: tuple[Bucket, ...],
    *,
    users: bool = False,
    sessions: bool = False,
) -> Found:
    return read(warehouse, scope, Ask(keys, buckets, users=users, sessions=sessions))

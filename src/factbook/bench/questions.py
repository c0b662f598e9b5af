"""Twenty questions of a dashboard over metrics, each with the SQL that one would write for it by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Question:
    """back: how far it looks back from the newest midnight (or full hour, for less than two days).

    sql: `{start}` and `{end}` are moments as text, `{then}` the start of the period before. stored: whether a roll-up
    answers it.
    """

    what: str
    back: timedelta
    asked: dict[str, Any]
    sql: str
    stored: bool = True

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        whole = now.replace(minute=0, second=0, microsecond=0)
        end = whole if self.back <= 2 * DAY else whole.replace(hour=0)
        return end - self.back, end

    def body(self, now: datetime) -> dict[str, Any]:
        start, end = self.period(now)
        return {**self.asked, "start_time": start.isoformat(), "end_time": end.isoformat(), "timezone": "UTC"}

    def by_hand(self, now: datetime) -> str:
        start, end = self.period(now)
        moments = {"start": start, "end": end, "then": start - self.back}
        return self.sql.format(**{name: f"{moment:%Y-%m-%d %H:%M:%S}" for name, moment in moments.items()})


def _stored(
    columns: str, key: tuple[str, str] = ("", ""), level: str = "1d", *, since: str = "start", by: str = "bucket"
) -> str:
    """Hand-written SQL over the roll-ups, by bucket and as a total."""
    return (
        f"SELECT {by}, {columns} FROM rollups WHERE tenant = 'default' AND level = '{level}'"
        f" AND event_type = '{key[0]}' AND property = '{key[1]}' AND bucket >= '{{{since}}}' AND bucket < '{{end}}'"
        f" GROUP BY GROUPING SETS (({by}), ())"
    )


def _raw(columns: str, types: str, by: str, more: str = "") -> str:
    """Hand-written SQL over single events, the ten largest."""
    return (
        f"SELECT {by} AS name, {columns} FROM events WHERE tenant = 'default' AND event_type IN ({types})"
        f" AND timestamp >= '{{start}}' AND timestamp < '{{end}}' AND NOT is_bot{more} GROUP BY name"
        " ORDER BY 2 DESC LIMIT 10"
    )


_USERS = "uniqCombined64Merge(17)(users)"
_ACTOR = "if(user_id != '', user_id, anonymous_id)"

QUESTIONS: tuple[Question, ...] = (
    Question(
        "events by hour, 7 days",
        7 * DAY,
        {"metrics": ["events"], "granularity": "1h"},
        _stored("sum(count)", level="1h"),
    ),
    Question(
        "orders by day, 28 days",
        28 * DAY,
        {"metrics": ["orders"], "granularity": "1d"},
        _stored("sum(count)", ("purchase", "")),
    ),
    Question(
        "orders and items by day, 28 days",
        28 * DAY,
        {"metrics": ["orders", "items_sold"], "granularity": "1d"},
        "SELECT property, bucket, sum(count), sum(sum) FROM rollups WHERE tenant = 'default' AND level = '1d'"
        " AND event_type = 'purchase' AND property IN ('', 'quantity') AND bucket >= '{start}' AND bucket < '{end}'"
        " GROUP BY GROUPING SETS ((property, bucket), (property))",
    ),
    Question(
        "sum of prices by hour, 24 hours",
        DAY,
        {"metrics": ["purchase.price"], "granularity": "1h"},
        _stored("sum(sum)", ("purchase", "price"), "1h"),
    ),
    Question(
        "orders in all, 28 days",
        28 * DAY,
        {"metrics": ["orders"]},
        _stored("sum(count)", ("purchase", "")),
    ),
    Question(
        "orders beside the week before, by day",
        7 * DAY,
        {"metrics": ["orders"], "granularity": "1d", "compare": "previous_period"},
        _stored("sum(count)", ("purchase", ""), since="then"),
    ),
    Question(
        "page views by minute, 1 hour",
        timedelta(hours=1),
        {"metrics": ["page_views"], "granularity": "1m"},
        _stored("sum(count)", ("page_view", ""), "1m"),
    ),
    Question(
        "page views, visits and their ratio by day, 7 days",
        7 * DAY,
        {"metrics": ["page_views", "visits", "pages_per_visit"], "granularity": "1d"},
        _stored("sum(count), uniqCombined64Merge(17)(sessions)", ("page_view", "")),
    ),
    Question(
        "active users by day, 7 days",
        7 * DAY,
        {"metrics": ["active_users"], "granularity": "1d"},
        _stored(_USERS),
    ),
    Question(
        "buyers by day, 28 days",
        28 * DAY,
        {"metrics": ["buyers"], "granularity": "1d"},
        _stored(_USERS, ("purchase", "")),
    ),
    Question(
        "conversion in all, 7 days",
        7 * DAY,
        {"metrics": ["conversion_rate"]},
        f"SELECT event_type, {_USERS} FROM rollups WHERE tenant = 'default' AND level = '1d'"
        " AND event_type IN ('', 'purchase') AND property = '' AND bucket >= '{start}' AND bucket < '{end}'"
        " GROUP BY event_type",
    ),
    Question(
        "events by type, 28 days",
        28 * DAY,
        {"metrics": ["events"], "dimensions": ["event_type"]},
        "SELECT event_type, sum(count) AS n FROM rollups WHERE tenant = 'default' AND level = '1d'"
        " AND event_type != '' AND property = '' AND bucket >= '{start}' AND bucket < '{end}'"
        " GROUP BY event_type ORDER BY n DESC LIMIT 10",
    ),
    Question(
        "items so far by day, 28 days",
        28 * DAY,
        {"metrics": ["items_sold"], "granularity": "1d", "show": ["running_total"]},
        _stored("sum(sum)", ("purchase", "quantity")),
    ),
    Question(
        "daily users of each of 7 days",
        7 * DAY,
        {"metrics": ["dau"], "granularity": "1d"},
        _stored(_USERS),
    ),
    Question(
        "orders by country, 7 days",
        7 * DAY,
        {"metrics": ["orders"], "dimensions": ["country"]},
        _raw("count()", "'purchase'", "country"),
        stored=False,
    ),
    Question(
        "items by country and device, 7 days",
        7 * DAY,
        {"metrics": ["items_sold"], "dimensions": ["country", "device"]},
        _raw("sum(numbers['quantity'])", "'purchase'", "(country, device)"),
        stored=False,
    ),
    Question(
        "orders from Germany, 7 days",
        7 * DAY,
        {"metrics": ["orders"], "filters": {"country": "DE"}},
        "SELECT count() FROM events WHERE tenant = 'default' AND event_type = 'purchase' AND timestamp >= '{start}'"
        " AND timestamp < '{end}' AND NOT is_bot AND country = 'DE'",
        stored=False,
    ),
    Question(
        "pages most viewed, 1 day",
        DAY,
        {"metrics": ["page_views"], "dimensions": ["page"]},
        _raw("count()", "'page_view'", "texts['path']"),
        stored=False,
    ),
    Question(
        "buyers by country, 7 days",
        7 * DAY,
        {"metrics": ["buyers"], "dimensions": ["country"]},
        _raw(f"uniqCombined64(17)(sipHash64({_ACTOR}))", "'purchase'", "country"),
        stored=False,
    ),
    Question(
        "dear orders, 7 days",
        7 * DAY,
        {"metrics": ["orders"], "filters": {"property.price.gte": 90}},
        "SELECT count() FROM events WHERE tenant = 'default' AND event_type = 'purchase' AND timestamp >= '{start}'"
        " AND timestamp < '{end}' AND NOT is_bot AND numbers['price'] >= 90",
        stored=False,
    ),
)

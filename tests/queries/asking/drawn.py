"""What hypothesis draws: a shop's events around clock changes, and questions about them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.metrics.catalog import Catalog, load_pack
from factbook.metrics.model import Metric, Pack
from factbook.queries.asking.ask import Tenant
from factbook.queries.asking.request import Request

SHOP = load_pack(Path(__file__).with_name("shop.yaml").read_text(), "shop.yaml")
CATALOG = Catalog((SHOP,))
ADHOC = ("events.count", "events.count.refund", "users.active", "sessions.order.placed", "order.placed.amount")
METRICS = (*CATALOG.metrics, *ADHOC)
LOOKING_BACK = frozenset({"growth", "mrr_growth"})

QUANTILES = frozenset({"middle", "high", "ninth"})

DAYS = {
    "Europe/Berlin": [date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 1), date(2027, 1, 1)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Asia/Kolkata": [date(2026, 3, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],
    "America/Sao_Paulo": [date(2018, 11, 4), date(2019, 2, 17)],
    "UTC": [date(2026, 3, 1), date(2024, 2, 29)],
}
"""Zones, and days in them with 23, 25 or 23.5 hours, or on which months and years begin or end."""


@dataclass(frozen=True)
class World:
    """A tenant's events, and the moment at which he asks."""

    zone: str
    week_start: int
    fiscal_year_start: int
    day: date
    minute: int
    seed: int
    count: int
    metrics: tuple[Metric, ...] = ()
    """Beside those of the shop."""

    @property
    def now(self) -> datetime:
        midnight = datetime.combine(self.day, time(), ZoneInfo(self.zone)).astimezone(UTC)
        return midnight + timedelta(minutes=self.minute, seconds=20)

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        return [happening(number, self.seed, ZoneInfo(self.zone), self.day) for number in range(self.count)]

    @cached_property
    def tenant(self) -> Tenant:
        calendar = Calendar(ZoneInfo(self.zone), self.week_start, self.fiscal_year_start)
        catalog = CATALOG if not self.metrics else Catalog((SHOP, Pack("own", "Own", "", self.metrics)))
        return Tenant(catalog, calendar, Money("EUR", {"USD": 0.5, "JPY": 0.25}), {})


DAYS_AGO = (0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 8, 13, 14, 15, 30, 31, 59, 364, 365, 366, -1)
MINUTES = (0, 0, 0, 0, 60, 90, 120, 150, 179, 180, 720, 721, 1439)
ODD = (0, 0, 0, 0, 1, -1, 30_000, 59_999)
TYPES = ("order.placed",) * 6 + (
    "refund",
    "refund",
    "page_view",
    "plan.started",
    "plan.started",
    "plan.changed",
    "plan.ended",
)
PROPERTIES: dict[str, tuple[Any, ...]] = {
    "amount": (*range(-4, 13), 0.5, 2.5, 9.5, 10, 10, "7", True, None),
    "quantity": (0, 1, 2, 3),
    "category": ("a", "a", "b", "", "a'\\b", 3),
    "sku": ("x", "y", 1, 2.5),
    "gift": (True, False, "true", "no"),
    "tier": ("pro", "free"),
    "mrr": (5, 10, 20, 0),
    "note": ("Fine", "fiNE day", "x", 7),
    "currency": ("EUR", "usd", "USD", "JPY", ""),
}


def happening(number: int, seed: int, zone: ZoneInfo, day: date) -> dict[str, Any]:
    """One event at or near a midnight, mostly of the week before `day`: many at one moment, some on a bucket's edge."""
    dice = random.Random(seed * 1000 + number)
    midnight = datetime.combine(day - timedelta(days=dice.choice(DAYS_AGO)), time(), zone).astimezone(UTC)
    often = {"amount": 0.85, "mrr": 0.6, "currency": 0.3}
    return {
        "id": str(UUID(int=dice.getrandbits(128))),
        "at": midnight + timedelta(minutes=dice.choice(MINUTES), milliseconds=dice.choice(ODD)),
        "type": dice.choice(TYPES),
        "user": dice.choice(["", "a", "b", "b", "c", "d"]),
        "anonymous_id": dice.choice(["", "x", "a"]),
        "session": dice.randrange(4),
        "country": dice.choice(["DE", "DE", "AT", "FR", ""]),
        "is_bot": dice.random() < 0.15,
        "properties": {
            name: dice.choice(values) for name, values in PROPERTIES.items() if dice.random() < often.get(name, 0.5)
        },
    }


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Amounts come in the tenant's currency and in two that he has rates for."""
    name = draw(st.sampled_from(sorted(DAYS)))
    return World(
        zone=name,
        week_start=draw(st.sampled_from([1, 1, 7])),
        fiscal_year_start=draw(st.sampled_from([1, 4])),
        day=draw(st.sampled_from(DAYS[name])),
        minute=draw(minutes),
        seed=draw(st.integers(0, 2**32)),
        count=draw(st.sampled_from([40, 50, 25, 10, 60, 3, 0])),
    )


minutes, odd = st.sampled_from(MINUTES), st.sampled_from(ODD)


@st.composite
def periods(draw: st.DrawFn, world: World) -> dict[str, str]:
    """By name, by days, or by two ragged moments."""
    kind = draw(st.sampled_from([0, 0, 1, 2, 3]))
    if kind == 0:
        return {"period": draw(st.sampled_from(["last_7_days", "14d", "this_month"]))}
    if kind == 1:
        names = [
            "last_7_days",
            "14d",
            "this_month",
            "today",
            "yesterday",
            "this_week",
            "last_week",
            "last_month",
            "36h",
        ]
        return {"period": draw(st.sampled_from(names))}
    day = world.now.astimezone(ZoneInfo(world.zone)).date()
    first = day - timedelta(days=draw(st.integers(0, 9)))
    if kind == 2:
        last = first + timedelta(days=draw(st.integers(0, 9)))
        return {"start_time": first.isoformat(), "end_time": last.isoformat()}
    start = datetime.combine(first, time(), UTC) + timedelta(minutes=draw(minutes), milliseconds=draw(odd))
    length = timedelta(minutes=draw(st.sampled_from([14_000, 10_080, 1500, 1440, 61, 1])), milliseconds=draw(odd))
    return {"start_time": start.isoformat(), "end_time": (start + abs(length)).isoformat()}


FILTERS: dict[str, tuple[Any, ...]] = {
    "country": ("DE", ("DE", "FR")),
    "country.ne": ("DE",),
    "event_type": ("order.placed", ("order.placed", "plan.started"), "never"),
    "event_type.contains": ("ORDER",),
    "user_id.exists": (True, False),
    "session": (1,),
    "is_bot": (True, False),
    "property.category": ("a", "a'\\b", "", 3),
    "property.category.ne": ("a",),
    "property.amount.gte": (2.5, "5", -1),
    "property.amount.exists": (True, False),
    "property.gift": (True, "true"),
    "property.note.contains": ("fine",),
    "property.tier": ("pro",),
    "property.tier.ne": ("pro",),
}


@st.composite
def filters(draw: st.DrawFn) -> tuple[tuple[str, Any], ...]:
    keys = draw(st.lists(st.sampled_from(sorted(FILTERS)), min_size=1, max_size=2, unique=True))
    return tuple((key, draw(st.sampled_from(FILTERS[key]))) for key in keys)


@st.composite
def requests(draw: st.DrawFn, world: World, *, dimensions: tuple[str, ...] = (), filtered: bool = False) -> Request:
    """dimensions: those that the answer may be cut by."""
    metrics = tuple(draw(st.lists(st.sampled_from(METRICS), min_size=2, max_size=5, unique=True)))
    cuts = tuple(draw(st.lists(st.sampled_from(dimensions), min_size=1, max_size=2, unique=True))) if dimensions else ()
    period = draw(periods(world))
    is_short = period.get("period") in ("today", "yesterday", "36h")
    granularity = draw(st.sampled_from(["none", "4h" if is_short else "1d", "1d", "1w", "1mo", "1q"]))
    show = draw(st.sets(st.sampled_from(["running_total", "moving_average_2", "moving_average_3", "share"])))
    if granularity == "none":
        show &= {"share"}
    if LOOKING_BACK & set(metrics):
        show -= {"running_total"}
    orders = [name for name in metrics if name not in QUANTILES]
    order = draw(st.sampled_from([*cuts, *orders, *([None] if metrics[0] in orders else [])])) if cuts else None
    sign = draw(st.sampled_from(["", "-"])) if order else ""
    per = draw(st.sampled_from([None, *cuts])) if len(cuts) > 1 else None
    return Request(
        metrics=metrics,
        dimensions=cuts,
        filters=draw(filters()) if filtered else (),
        granularity=granularity,
        timezone=draw(st.sampled_from([None, None, None, "America/New_York", "Asia/Kolkata"])),
        compare=draw(st.sampled_from([None, "previous_period", "previous_year"])),
        order=f"{sign}{order}" if order else None,
        limit=draw(st.sampled_from([1, 2, 3, 10])) if cuts else 10,
        other=draw(st.booleans()) if cuts else True,
        top_per=per,
        fill=draw(st.sampled_from(["null", "zero", "previous", "none"])),
        show=tuple(sorted(show)),
        include_bots=draw(st.booleans()) if filtered else False,
        explain=False,
        **period,
    )

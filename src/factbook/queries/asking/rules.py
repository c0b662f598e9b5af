"""The rewrite rules, in order: each is a plain function from a plan to a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms, from_epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.times import Period, zone
from factbook.events.filters import Condition, Nature, Operator, from_pairs
from factbook.metrics.buckets import boundaries
from factbook.metrics.levels import Bucket
from factbook.metrics.model import Dimension, Metric
from factbook.metrics.names import reserved
from factbook.queries.named_periods import named_period
from factbook.queries.period import compared, period_of

from .foreign import told_in
from .leaves import Leaf, is_state, leaves, looks_back
from .lookups import Lookups
from .plan import Plan
from .sources import source_of
from .spans import Spans

_EQUAL = (Operator.EQ, Operator.IN)
_AUTO = ((timedelta(hours=3), "1m"), (timedelta(days=3), "1h"), (timedelta(days=100), "1d"), (timedelta(730), "1w"))


def name_the_metrics(plan: Plan, lookups: Lookups) -> Plan:
    """Ids become metrics; `TYPE.PROPERTY` is read by what was sent so far."""
    catalog = plan.catalog
    named = {below for name in plan.request.metrics for below in (name, *catalog.closure(name))}
    undeclared = sorted(name for name in named if name not in catalog.metrics and not reserved(name))
    if undeclared:
        catalog = catalog.with_seen(lookups.numbers(undeclared))
    return replace(plan, catalog=catalog, metrics=tuple(catalog.get(name) for name in plan.request.metrics))


def keep_to_the_tier(plan: Plan, lookups: Lookups) -> Plan:
    """A metric of a higher tier is refused."""
    for metric in plan.metrics:
        if not plan.scope.tier.includes(metric.tier):
            raise FactbookError(
                Kind.FORBIDDEN,
                f"{metric.id} is part of the {metric.tier} tier; this tenant has {plan.scope.tier}.",
                field="metrics",
                hint=f"Leave {metric.id} out, or change the tenant's tier.",
            )
    return plan


def take_formulas_apart(plan: Plan, lookups: Lookups) -> Plan:
    """What the metrics stand on, each thing once."""
    for metric in plan.metrics:
        if looks_back(plan.catalog, metric) > 1:
            raise invalid(f"{metric.id} looks back more than once.", field="metrics", hint="Use previous() once.")
    found = tuple(dict.fromkeys(leaf for metric in plan.metrics for leaf in leaves(plan.catalog, metric)))
    return replace(plan, leaves=found, reads=found)


def name_the_dimensions(plan: Plan, lookups: Lookups) -> Plan:
    """Ids, columns and `property.NAME` become dimensions, each allowed for every metric."""
    dimensions = tuple(plan.catalog.dimension(name) for name in plan.request.dimensions)
    for metric in plan.metrics:
        for dimension in dimensions:
            if not _may_be_cut(metric, dimension, plan):
                assert metric.dimensions is not None
                raise invalid(
                    f"{metric.id} cannot be cut by {dimension.id}.",
                    field="dimensions",
                    hint=f"It can be cut by {', '.join(metric.dimensions) or 'nothing'}.",
                )
    return replace(plan, dimensions=dimensions)


def _may_be_cut(metric: Metric, dimension: Dimension, plan: Plan) -> bool:
    if metric.dimensions is None or dimension.id in metric.dimensions:
        return True
    allowed = [plan.catalog.dimension(name) for name in metric.dimensions]
    return any(d.field and replace(d, id="", label="", description="", pack="") == _bare(dimension) for d in allowed)


def _bare(dimension: Dimension) -> Dimension:
    return replace(dimension, id="", label="", description="", pack="")


def read_the_filters(plan: Plan, lookups: Lookups) -> Plan:
    """Conditions on the event type narrow the types of what is read; the others stay conditions."""
    pairs = [(key, list(value) if isinstance(value, tuple) else value) for key, value in plan.request.filters]
    conditions = plan.segments.applied(from_pairs(pairs, plan.calendar.zone))
    for condition in conditions:
        narrowed = _narrowed(plan, condition)
        plan = replace(plan, reads=narrowed) if narrowed else replace(plan, conditions=(*plan.conditions, condition))
    return plan


def _narrowed(plan: Plan, condition: Condition) -> tuple[Leaf, ...] | None:
    if condition.name != "event_type" or condition.nature is not Nature.TEXT or condition.operator not in _EQUAL:
        return None
    wanted = {str(value) for value in condition.values}
    types = [tuple(sorted(wanted & set(leaf.events) if leaf.events else wanted)) for leaf in plan.reads]
    if not all(types) or any(is_state(leaf) for leaf in plan.reads):
        return None
    return tuple(replace(leaf, events=kept) for leaf, kept in zip(plan.reads, types, strict=True))


def place_in_time(plan: Plan, lookups: Lookups) -> Plan:
    """The period, its buckets, the period to compare with, and what lies before them where a formula looks back."""
    request = plan.request
    calendar = replace(plan.calendar, zone=zone(request.timezone)) if request.timezone else plan.calendar
    period = _period(plan, calendar)
    granularity = _granularity(request.granularity, period)
    then = compared(period, request.compare, granularity, calendar) if request.compare else None
    back = any(looks_back(plan.catalog, metric) for metric in plan.metrics)
    return replace(
        plan,
        calendar=calendar,
        period=period,
        then=then,
        granularity=granularity,
        spans=_spans(period, then, granularity, calendar, back=back, running="running_total" in request.show),
    )


def _period(plan: Plan, calendar: Calendar) -> Period:
    request = plan.request
    if request.start_time or request.end_time:
        return period_of(request.start_time, request.end_time, calendar.zone, now=plan.now, default=timedelta(days=30))
    return named_period(request.period or "last_30_days", plan.now, calendar)


def _granularity(asked: str, period: Period) -> str:
    if asked != "auto":
        return asked
    return next((name for length, name in _AUTO if period.length <= length), "1mo")


def _spans(
    period: Period, then: Period | None, granularity: str, calendar: Calendar, *, back: bool, running: bool
) -> Spans:
    places: dict[Bucket, int] = {}
    before: list[tuple[int, int]] = []

    def place(bucket: Bucket) -> int:
        return places.setdefault(bucket, len(places))

    def laid(each: Period) -> tuple[tuple[int, ...], tuple[Bucket, ...], int]:
        begin, end = epoch_ms(each.start), epoch_ms(each.end)
        whole: tuple[Bucket, ...] = ()
        points: tuple[int, ...] = ()
        if granularity != "none":
            whole = tuple(pairwise(boundaries(each, granularity, calendar, field="granularity")))
            points = tuple(place((max(a, begin), min(b, end))) for a, b in whole)
        total = place((begin, end))
        if back:
            earlier_ones = (_bucket_before(whole[0][0], granularity, calendar), *whole[:-1]) if whole else ()
            before.extend((at, place(bucket)) for at, bucket in zip(points, earlier_ones, strict=True))
            earlier = compared(each, "previous_period", granularity, calendar)
            before.append((total, place((epoch_ms(earlier.start), epoch_ms(earlier.end)))))
        return points, whole, total

    points, whole, total = laid(period)
    then_points, then_whole, then_total = laid(then) if then else ((), (), None)
    buckets = list(places)
    grown = [place((buckets[total][0], buckets[at][1])) for at in points] if running else []
    if running and back:
        raise invalid("A metric that looks back has no running total.", field="show", hint="Ask for it without.")
    return Spans(
        ranges=tuple(places),
        running=tuple(grown),
        points=points,
        total=total,
        whole=whole,
        then_points=then_points,
        then_total=then_total,
        then_whole=then_whole,
        before=tuple(dict(before).items()),
    )


def _bucket_before(start: int, granularity: str, calendar: Calendar) -> Bucket:
    instant = Period(from_epoch_ms(start - 1), from_epoch_ms(start))
    begun, *_ = boundaries(instant, granularity, calendar)
    return begun, start


def window_start(end: int, days: int, calendar: Calendar) -> int:
    """The moment `days` calendar days before `end` on the wall clock."""
    wall = datetime.fromtimestamp(end / 1000, calendar.zone).replace(tzinfo=None) - timedelta(days=days)
    return epoch_ms(wall.replace(tzinfo=calendar.zone).astimezone(UTC))


def look_for_foreign_money(plan: Plan, lookups: Lookups) -> Plan:
    """Which other currencies the amounts came in; one without a rate is refused."""
    money = [leaf for leaf in plan.reads if leaf.money and leaf.measure.of is not None]
    if not money:
        return plan
    types = sorted({name for leaf in money for name in leaf.events})
    seen = lookups.currencies(types if all(leaf.events for leaf in money) else ())
    told, foreign = told_in(plan.money, seen, plan.conditions)
    return replace(plan, money=told, foreign=foreign)


def list_the_event_types(plan: Plan, lookups: Lookups) -> Plan:
    """For a cut by event type: the types there are."""
    return replace(plan, event_types=lookups.event_types()) if plan.by_event_type else plan


def choose_the_tables(plan: Plan, lookups: Lookups) -> Plan:
    return replace(plan, sources=tuple(source_of(leaf, plan) for leaf in plan.reads))


Rule = Callable[[Plan, Lookups], Plan]

RULES: tuple[Rule, ...] = (
    name_the_metrics,
    keep_to_the_tier,
    take_formulas_apart,
    name_the_dimensions,
    place_in_time,
    read_the_filters,
    look_for_foreign_money,
    list_the_event_types,
    choose_the_tables,
)


def planned(plan: Plan, lookups: Lookups) -> Plan:
    """`plan` after every rule."""
    for rule in RULES:
        plan = rule(plan, lookups)
    return plan

"""What an answer depends on, known without a look at the data: who asks what, of which stretches of time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import msgspec

from factbook import __version__
from factbook.core.clock import epoch_ms
from factbook.events.filters import SEGMENT
from factbook.metrics.catalog import Catalog
from factbook.metrics.expressions import names
from factbook.metrics.model import Metric
from factbook.metrics.names import reserved
from factbook.storage.versions import FOREVER, Range

from .ask import Tenant
from .leaves import Leaf, is_state, leaves
from .lookups import Lookups
from .plan import Plan
from .request import Request
from .rules import keep_to_the_tier, place_in_time, window_start

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Resolved:
    """key: the same for the same question, in every process. ranges: of event time, that its answer is read from."""

    key: str
    ranges: tuple[Range, ...]


def resolved(plan: Plan, tenant: Tenant, lookups: Lookups) -> Resolved:
    """`plan` as it was asked. INVALID and FORBIDDEN as `ask`, as far as they can be told without a look at the data.

    The currencies and event types seen at other times are not among what an answer depends on: they choose the tables
    it is read from, not its numbers.
    """
    metrics = _declared(plan.catalog, plan.request.metrics)
    plan = replace(plan, metrics=metrics or ())
    plan = place_in_time(keep_to_the_tier(plan, lookups), lookups)
    assert plan.period
    begin, end = epoch_ms(plan.period.start), epoch_ms(plan.period.end)
    ranges = _ranges(plan, [leaf for metric in metrics for leaf in leaves(plan.catalog, metric)] if metrics else None)
    ranges = (FOREVER,) if _names_segments(plan.request) else ranges
    first = min(start for start, _ in ranges)
    past = sorted((level, since // MINUTE_MS) for level, since in tenant.kept.items() if first < since)
    chosen = settings(tenant, plan.request)
    told = [__version__, plan.scope.sight, plan.scope.tier, chosen, plan.request, begin, end, past]
    return Resolved(hashlib.blake2b(msgspec.json.encode(told), digest_size=16).hexdigest(), ranges)


def settings(tenant: Tenant, request: Request) -> list[object]:
    """What the tenant chose, JSON-able: his segments too, and when they are looked at, where the request names any."""
    calendar, money, segments = tenant.calendar, tenant.money, tenant.segments
    return [
        _digest(tenant.catalog),
        calendar.zone.key,
        calendar.week_start,
        calendar.fiscal_year_start,
        money.currency,
        sorted(money.rates.items()),
        [epoch_ms(segments.now) // MINUTE_MS, segments.version] if _names_segments(request) else [],
    ]


def _names_segments(request: Request) -> bool:
    return any(key == SEGMENT or key.startswith(f"{SEGMENT}.") for key, _ in request.filters)


_DIGESTS: WeakKeyDictionary[Catalog, str] = WeakKeyDictionary()


def _digest(catalog: Catalog) -> str:
    found = _DIGESTS.get(catalog)
    if found is None:
        told = [[pack.id, pack.metrics, pack.dimensions, sorted(pack.properties.items())] for pack in catalog.packs]
        found = _DIGESTS[catalog] = hashlib.blake2b(msgspec.json.encode(told), digest_size=16).hexdigest()
    return found


def _declared(catalog: Catalog, wanted: Sequence[str]) -> tuple[Metric, ...]:
    """The metrics, none where what a name means depends on what was ever sent."""
    waiting, seen = list(wanted), set[str]()
    while waiting:
        name = waiting.pop()
        metric = catalog.metrics.get(name) or (catalog.get(name) if reserved(name) else None)
        if metric is None:
            return ()
        below = names(metric.formula) - seen if metric.formula else set[str]()
        seen |= below
        waiting += below
    return tuple(catalog.get(name) for name in wanted)


def _ranges(plan: Plan, read: Iterable[Leaf] | None) -> tuple[Range, ...]:
    if read is None:
        return (FOREVER,)
    ranges = plan.placed.ranges
    first, last = min(end for _, end in ranges), max(end for _, end in ranges)
    wider = [
        (FOREVER[0] if is_state(leaf) else window_start(first, leaf.window_days, plan.calendar), last)
        for leaf in read
        if is_state(leaf) or leaf.window_days
    ]
    return merged([*ranges, *wider])


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same stretches of time, ascending and apart."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return tuple(found)

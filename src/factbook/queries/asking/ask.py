"""The verb: one request over metrics, planned, read and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.metrics.catalog import Catalog
from factbook.queries.behaviour.segments.segments import NONE, Segments
from factbook.storage.warehouse import Warehouse

from .answer import told
from .lookups import Known, Lookups
from .plan import Plan
from .reading import Reading
from .request import Request
from .rules import planned


@dataclass(frozen=True, slots=True)
class Tenant:
    """What an answer depends on beside the data: the tenant's metrics, time and money. kept: see horizon.horizons."""

    catalog: Catalog
    calendar: Calendar
    money: Money
    kept: Mapping[str, int]
    segments: Segments = NONE


def ask(
    warehouse: Warehouse, scope: Scope, tenant: Tenant, request: Request, now: datetime, known: Known | None = None
) -> dict[str, Any]:
    """The answer to `request`, JSON-able. known: what was looked up already in this state of the tenant's data.

    INVALID naming the field of a senseless request, FORBIDDEN for a metric of a higher tier, CONFLICT for amounts
    without a rate, LIMITED for a request too heavy.
    """
    plan = Plan(request, scope, tenant.catalog, tenant.calendar, tenant.money, now, segments=tenant.segments)
    plan = planned(plan, Lookups(warehouse, scope, {} if known is None else known))
    return told(Reading(warehouse, plan).run(), plan, dict(tenant.kept))

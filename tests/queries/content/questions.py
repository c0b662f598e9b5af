"""A question about content over the session's engine, without a server around it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.ingest.session_rule import Rule
from factbook.metrics.catalog import built_in
from factbook.queries.asking.ask import Tenant
from factbook.queries.content.question import Content
from factbook.queries.inquiry import inquiry
from factbook.storage.warehouse import Warehouse

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
RULE = Rule(30 * 60_000)


def question(warehouse: Warehouse, scope: Scope, **given: Any) -> Content:
    """For reads of our own: it has no way to metrics."""
    tenant = Tenant(built_in(), Calendar(ZoneInfo("UTC")), Money("EUR"), {})
    none = cast(Any, None)
    found = inquiry(
        {"filters": (), "include_bots": False, **given},
        none,
        none,
        warehouse,
        scope,
        tenant,
        NOW,
        default="last_7_days",
    )
    return Content(found.records, found.about, found.reads, found.warehouse, RULE)

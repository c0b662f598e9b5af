"""What a tenant uses: events, keys, people, queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.storage.warehouse import Warehouse

from .keys import Keys

_EVENTS = """
SELECT count(), countIf(processed_at >= fromUnixTimestamp64Milli({month:Int64}, 'UTC'))
FROM events WHERE tenant = {tenant:String}
"""


def usage(scope: Scope, warehouse: Warehouse, keys: Keys, now: datetime) -> dict[str, Any]:
    """Events kept, events taken in since the tenant's month began, good keys, people, and queries that were asked of
    this process since it began."""
    month = now.astimezone(ZoneInfo(scope.zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    [(kept, lately)] = warehouse.rows(scope, _EVENTS, {"month": epoch_ms(month)})
    ends = epoch_ms(now)
    rows = [row for row in keys.all(scope) if row.revoked_at is None and (row.expires_at or ends + 1) > ends]
    return {
        "tenant": scope.tenant,
        "month": month.strftime("%Y-%m"),
        "events_kept": int(kept),
        "events_this_month": int(lately),
        "keys": len(rows),
        "people": len(keys.people.all(scope)),
        "queries": warehouse.running.asked(scope),
    }

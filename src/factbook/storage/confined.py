"""Statements of a scope that may see only some events: what they read of each table, and which tables they may not."""

from __future__ import annotations

import re

from factbook.core.errors import FactbookError, Kind
from factbook.core.sql import text

EVENTS = "events"
VIEWS = frozenset(("order_analytics", "strategy_performance", "market_analytics", "system_metrics"))
"""Over `events`: they hold what may be seen of them."""
JOINED = "identities"
"""Which visitors are which users: told anew from the events that may be seen."""
OF_ALL = frozenset(
    (
        "rollups",
        "user_behavior",
        "segment_members",
        "dead_letters",
        "removed_ids",
        "session_visitors",
        "session_blocks",
        "session_spans",
        "session_leases",
    )
)
"""Made of all events, or of what never became one: no condition tells their rows apart."""

_WORD = re.compile(r"[a-z_]+")
_JOINED_AS_SEEN = f"""{JOINED} AS (
    SELECT tenant, anonymous_id, user_id, min(timestamp) AS first_at
    FROM {EVENTS}
    WHERE tenant = {{tenant:String}} AND user_id != '' AND anonymous_id != '' AND user_id != anonymous_id
    GROUP BY tenant, anonymous_id, user_id
)"""


def confined(sql: str, database: str, condition: str) -> tuple[str, str]:
    """`sql`, and the setting by which the engine reads of `events`, wherever they are named, those that meet
    `condition` and no row of any other table. FORBIDDEN where it needs a table of all events."""
    words = set(_WORD.findall(sql))
    if words & OF_ALL:
        raise refused()
    if JOINED in words:
        begin = re.match(r"\s*WITH\s", sql)
        rest = f",\n{sql[begin.end() :]}" if begin else f"\n{sql}"
        sql = f"WITH {_JOINED_AS_SEEN}{rest}"
    none = dict.fromkeys(sorted((*OF_ALL, JOINED)), "0")
    filters = ", ".join(
        f"{text(f'{database}.{name}')}: {text(how)}" for name, how in {EVENTS: condition, **none}.items()
    )
    return sql, f"additional_table_filters = {{{filters}}}"


def refused() -> FactbookError:
    return FactbookError(
        Kind.FORBIDDEN,
        "This is told from numbers over all events, and your access is limited to some of them.",
        hint="Ask for metrics or events, which are told from those that you may see, or ask an administrator to widen"
        " your row filter.",
    )

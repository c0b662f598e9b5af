"""One person's preferences: what he turns to, in which language, where and when, the newest counting most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.errors import not_found
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import History, inside
from factbook.queries.behaviour.people import hashes_of
from factbook.queries.shown import shown
from factbook.queries.where import days
from factbook.storage.warehouse import Warehouse

HALF_LIFE_DAYS = 30
TOP = 10
DECAY = "0.5 ^ (days before the end of the period / half_life_days)"

KINDS = {
    "categories": "texts['category']",
    "content_types": "if(texts['content_type'] != '', texts['content_type'], toString(resource_type))",
    "languages": "texts['language']",
    "contents": "content_id",
    "devices": "toString(device)",
    "browsers": "toString(browser)",
    "hours": "toString(toHour(timestamp, {zone:String}))",
}
"""What is told → SQL of an event's value, '' where it has none."""


def preferences(
    warehouse: Warehouse,
    scope: Scope,
    id_: str,
    about: History,
    *,
    half_life: int = HALF_LIFE_DAYS,
    hashes: Sequence[int] = (),
) -> dict[str, Any]:
    """Of each of KINDS the TOP values by decayed weight, with their shares of all. NOT_FOUND where nobody is called so.

    Hours are all told, in the order of the day. hashes: his values of `person`, where he is known already.
    """
    is_known = bool(hashes)
    hashes = hashes or hashes_of(warehouse, scope, id_)[1]
    end = epoch_ms(about.period.end)
    zone = about.calendar.zone
    parameters = Parameters({"hashes": list(hashes), "zone": zone.key})
    weight = f"exp2(-({end} - toUnixTimestamp64Milli(timestamp)) / 86400000. / {int(half_life)})"
    told = ", ".join(f"('{kind}', {value})" for kind, value in KINDS.items())
    sql = f"""SELECT told.1 AS kind, told.2 AS value, sum(weight) AS weight, count() AS events, max(at) AS last
FROM (
    SELECT arrayJoin([{told}]) AS told, {weight} AS weight, toUnixTimestamp64Milli(timestamp) AS at
    FROM events
    {inside(about, parameters)}{days(epoch_ms(about.period.start), end, parameters)}
        AND person IN {{hashes:Array(UInt64)}}
)
WHERE value != ''
GROUP BY kind, value
ORDER BY kind, weight DESC, value"""
    rows = warehouse.rows(scope, sql, parameters.values)
    if not rows and not is_known and not _known(warehouse, scope, hashes):
        raise not_found(f"Nobody is known as {id_[:200]!r}.")
    by_kind: dict[str, list[tuple[str, float, int, int]]] = {kind: [] for kind in KINDS}
    for kind, value, weighed, events, last in rows:
        by_kind[kind].append((value, float(weighed), int(events), int(last)))
    found: dict[str, Any] = {}
    for kind, values in by_kind.items():
        whole = sum(weighed for _, weighed, _, _ in values)
        ordered = sorted(values, key=lambda one: int(one[0])) if kind == "hours" else values[:TOP]
        found[kind] = [
            {
                "value": int(value) if kind == "hours" else value,
                "share": weighed / whole,
                "events": events,
                "last_seen": shown(last, zone),
            }
            for value, weighed, events, last in ordered
        ]
    return {
        "id": id_,
        "start_time": shown(epoch_ms(about.period.start), zone),
        "end_time": shown(end, zone),
        "timezone": zone.key,
        "half_life_days": half_life,
        "weight": DECAY,
        **found,
    }


def _known(warehouse: Warehouse, scope: Scope, hashes: Sequence[int]) -> bool:
    sql = "SELECT 1 FROM events WHERE tenant = {tenant:String} AND person IN {hashes:Array(UInt64)} LIMIT 1"
    return bool(warehouse.rows(scope, sql, {"hashes": list(hashes)}))

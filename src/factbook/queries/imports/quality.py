"""How good what comes in is: complete, valid, without duplicates, fresh; in all, and source by source."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import pairwise
from statistics import fmean, median
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.inquiry import Inquiry
from factbook.storage.warehouse import Warehouse

from .fields import IMPORTS, QUALITY
from .jobs import COMPLETED

FORMULA = "100 * the mean of those parts that are known"
MEANINGS = {
    "completeness": "rows that came in / rows expected, at most 1, of imports that say rows_expected",
    "validity": "1 - rows rejected / (rows that came in + rows rejected)",
    "uniqueness": "1 - duplicates / (duplicates + rows that came in), of imports that say rows_duplicate",
    "timeliness": "usual interval between completed imports / time since the last one, at most 1",
}
FEWEST = 3
"""Completed imports that an interval is usual by."""
MOST_TIMES = 10_000
NOTHING = "No import ended in this period."
UNTOLD = {
    "completeness": "No import of the period says rows_expected.",
    "validity": "No import of the period says rows_rejected.",
    "uniqueness": "No import of the period says rows_duplicate.",
    "timeliness": f"Fewer than {FEWEST} imports were completed: there is no usual interval.",
}
COLUMNS = (
    "import_origin",
    *QUALITY,
    "last_completed_at",
    "seconds_since",
    "usual_interval_seconds",
    "overdue",
    "score",
)


async def quality(asked: Inquiry, limit: int) -> dict[str, Any]:
    """All imports together, and each source; a part that the events do not tell is null, and `missing` says why."""
    whole, (rows, cut), times = await asyncio.gather(
        asked.records.one(QUALITY),
        asked.records.many(QUALITY, "import_origin", order="-rows_imported", limit=limit),
        asked.read(completed_at, asked),
    )
    events = whole.pop("events")
    every = sorted(at for found in times.values() for at in found)
    told = _told(asked, whole, every)
    return {
        **asked.told,
        **told,
        "missing": {name: why for name, why in UNTOLD.items() if told["parts"][name] is None},
        "rows": [
            {"import_origin": row.pop("import_origin"), **row, **_told(asked, row, times.get(origin, []))}
            for row in rows
            for origin in [row["import_origin"] or ""]
        ],
        "cut": cut,
        "notes": [] if events else [NOTHING],
    }


async def sources(asked: Inquiry, *, order: str, limit: int) -> dict[str, Any]:
    """The record of each source, with when it last came in and whether it is late."""
    (rows, cut), times = await asyncio.gather(
        asked.records.many(IMPORTS, "import_origin", order=order, limit=limit), asked.read(completed_at, asked)
    )
    return {
        **asked.told,
        "sources": [{**row, **_freshness(asked, times.get(row["import_origin"] or "", []))} for row in rows],
        "cut": cut,
    }


def completed_at(warehouse: Warehouse, scope: Scope, asked: Inquiry) -> dict[str, list[int]]:
    """When imports of each source were completed in the period, in order, in milliseconds; '' for none."""
    parameters = Parameters()
    sql = f"""SELECT texts['origin'] AS origin,
    arraySort(groupArraySorted({MOST_TIMES})(-toUnixTimestamp64Milli(timestamp))) AS times
FROM events
{inside(asked.about, parameters)} AND event_type = '{COMPLETED}'
GROUP BY origin"""
    return {
        str(origin): sorted(-int(at) for at in times) for origin, times in warehouse.rows(scope, sql, parameters.values)
    }


def _told(asked: Inquiry, row: Mapping[str, Any], times: list[int]) -> dict[str, Any]:
    fresh = _freshness(asked, times)
    usual, since = fresh["usual_interval_seconds"], fresh["seconds_since"]
    complete, doubles = row["completeness"], row["duplicate_rate"]
    parts = {
        "completeness": None if complete is None else min(1.0, complete),
        "validity": row["validity"],
        "uniqueness": None if doubles is None else 1 - doubles,
        "timeliness": None if usual is None else min(1.0, usual / since) if since > 0 else 1.0,
    }
    known = [part for part in parts.values() if part is not None]
    return {
        **{name: row[name] for name in QUALITY},
        **fresh,
        "score": 100 * fmean(known) if known else None,
        "formula": FORMULA,
        "parts": parts,
        "meanings": MEANINGS,
    }


def _freshness(asked: Inquiry, times: list[int]) -> dict[str, Any]:
    """overdue: nothing came for more than twice the usual interval; null where there is no usual one."""
    end = min(asked.end, epoch_ms(asked.now))
    since = max(0, end - times[-1]) / 1000 if times else None
    gaps = [(later - earlier) / 1000 for earlier, later in pairwise(times)]
    usual = median(gaps) if len(times) >= FEWEST else None
    return {
        "last_completed_at": asked.at(times[-1]) if times else None,
        "seconds_since": since,
        "usual_interval_seconds": usual,
        "overdue": None if usual is None or since is None else since > 2 * usual,
    }

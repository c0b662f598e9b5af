"""The record of everybody together: what all did, and how the people of the period differ from each other."""

from __future__ import annotations

import asyncio
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.inquiry import Inquiry
from factbook.storage.warehouse import Warehouse

from .fields import CONVERSIONS, DID, MISSING
from .people import Listed, lacking, listed_people, people_sql
from .phases import PHASES

SPREAD = (
    "sessions",
    "total_session_duration",
    "average_session_duration",
    "events",
    "pages_visited",
    "interactions",
    "orders",
    "active_days",
    "return_visits",
    "bounce_rate",
    "engagement_score",
    "activity_score",
    "loyalty_score",
)
"""What is told of a person as mean, median, p90 and most over all people."""
TOLD = 10
"""Values of each preference, largest first."""
UNMET = "Sessions hold no {fields}: what is made of them, and the list, is not told under such a filter."
BEHIND = "No session was built for this period yet; they come a few seconds behind the events."


async def everybody(asked: Inquiry, how: Listed | None) -> dict[str, Any]:
    """The UserAnalytics record as sums over all people, `per_person` their spread, `people` a page of them unless `how`
    is None. CONFLICT for amounts in a currency without a rate."""
    unmet = lacking(asked.about.conditions)
    records = asked.records
    did, features, spread, page, *preferred = await asyncio.gather(
        records.one({**DID, **CONVERSIONS, "people": "active_users"}),
        records.counts("feature_uses", "feature", limit=100),
        _known(None if unmet else asked.read(spread_of, asked)),
        _known(None if unmet or how is None else asked.read(listed_people, asked, how)),
        records.counts("content_views", "content_category", limit=TOLD),
        records.counts("content_views", "language", limit=TOLD),
        records.counts("content_views", "content_type", limit=TOLD),
    )
    categories, languages, types = (_named(counts) for counts, _ in preferred)
    found = spread or {}
    totals = found.get("totals") or dict.fromkeys(_SUMS)
    notes = [UNMET.format(fields=", ".join(unmet))] if unmet else []
    if not unmet and did["people"] and not totals["sessions"]:
        notes.append(BEHIND)
    return {
        "user_id": None,
        "date": asked.date,
        **asked.told,
        "currency": records.tenant.money.currency or None,
        "people": did["people"],
        "people_with_sessions": totals["people"],
        "sessions": totals["sessions"],
        "total_session_duration": totals["seconds"],
        "average_session_duration": _ratio(totals["seconds"], totals["sessions"]),
        "bounce_rate": _ratio(totals["bounces"], totals["sessions"]),
        "return_visits": totals["return_visits"],
        **{name: did[name] for name in DID},
        "preferred_categories": _shares(categories),
        "preferred_languages": _shares(languages),
        "preferred_content_types": _shares(types),
        "device_types": found.get("device_types"),
        "browser_types": found.get("browser_types"),
        **{name: (found.get("per_person", {}).get(name) or {}).get("mean") for name in _SCORES},
        "user_segment": None,
        "user_segments": found.get("user_segments"),
        "user_segment_rules": {each.id: each.rule for each in PHASES},
        "conversion_metrics": {
            **{name: did[name] for name in CONVERSIONS},
            "conversion_rate": _ratio(did["orders"], totals["sessions"]),
        },
        "feature_usage": _named(features[0]),
        **dict.fromkeys(MISSING),
        "missing": {**MISSING, "user_segment": "Told of one person; user_segments counts all."},
        "events": did["events"],
        "per_person": found.get("per_person"),
        "distribution": found.get("distribution"),
        "calculated_at": asked.at(epoch_ms(asked.now)),
        "last_updated": asked.at(totals["last_at"]),
        "rows": page[0] if page else None,
        "next_cursor": page[1] if page else None,
        "notes": notes,
    }


_SCORES = ("engagement_score", "loyalty_score", "activity_score")
_SUMS = ("people", "sessions", "seconds", "bounces", "return_visits", "last_at")


def spread_of(warehouse: Warehouse, scope: Scope, asked: Inquiry) -> dict[str, Any]:
    """Sums over all people, the spread of SPREAD, people by phase, and by tenth of each score."""
    parameters = Parameters()
    each = ",\n    ".join(
        f"avg({name}), quantileExactInclusive(0.5)({name}), quantileExactInclusive(0.9)({name}), max({name})"
        for name in SPREAD
    )
    tenths = ", ".join(
        f"countIf(least(9, intDiv(toInt64({name}), 10)) = {tenth})" for name in _SCORES for tenth in range(10)
    )
    phases = ", ".join(f"countIf(user_segment = '{each.id}')" for each in PHASES)
    sql = f"""SELECT count(), sum(sessions), sum(total_session_duration), sum(bounces),
    sum(return_visits), max(last_at),
    sumMap(map(device, sessions)), sumMap(map(browser, sessions)),
    {phases}, {tenths},
    {each}
FROM ({people_sql(asked, parameters)})
WHERE {{tenant:String}} != ''"""
    [row] = warehouse.rows(scope, sql, parameters.values)
    values = list(row)
    if not values[0]:
        return {}
    totals = dict(zip(_SUMS, values[:6], strict=True))
    devices, browsers, values = values[6], values[7], values[8:]
    counts, values = values[: len(PHASES)], values[len(PHASES) :]
    held, values = values[:30], values[30:]
    return {
        "totals": {**totals, "seconds": float(totals["seconds"]), "last_at": int(totals["last_at"])},
        "device_types": _named(dict(devices)),
        "browser_types": _named(dict(browsers)),
        "user_segments": {each.id: int(count) for each, count in zip(PHASES, counts, strict=True)},
        "distribution": {
            name: [
                {"from": 10 * tenth, "to": 10 * tenth + 10, "people": int(held[10 * place + tenth])}
                for tenth in range(10)
            ]
            for place, name in enumerate(_SCORES)
        },
        "per_person": {
            name: dict(zip(("mean", "median", "p90", "most"), map(float, values[4 * n : 4 * n + 4]), strict=True))
            for n, name in enumerate(SPREAD)
        },
    }


async def _known(reading: Any) -> Any:
    return None if reading is None else await reading


def _named(counts: dict[str, Any]) -> dict[str, Any]:
    return {name: count for name, count in counts.items() if name and count}


def _shares(counts: dict[str, Any]) -> list[dict[str, Any]]:
    whole = sum(counts.values())
    return [{"value": name, "share": count / whole} for name, count in counts.items()]


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if whole and part is not None else None

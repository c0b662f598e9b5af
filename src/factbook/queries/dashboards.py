"""Dashboards answered: every tile asked for by the one way, all of them together; one that fails leaves the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from factbook.core.errors import FactbookError, Kind, not_found
from factbook.core.scope import Scope
from factbook.metrics.catalog import Catalog
from factbook.metrics.checks.dashboards import TIMELESS
from factbook.metrics.event_types import example
from factbook.metrics.model import Chart, Dashboard, Tile
from factbook.metrics.problems import did_you_mean

from .answers import Answers
from .asking.ask import Tenant
from .asking.request import Request

MOST_EXAMPLES = 3

_OF_THE_TILE = ("metrics", "dimensions", "granularity")
"""Fields that a tile fills in; what is wrong with any other is the asker's own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked of a whole dashboard. period, start and end: in place of its own; tiles with one keep theirs."""

    period: str | None = None
    start: str | None = None
    end: str | None = None
    timezone: str | None = None
    filters: tuple[tuple[str, Any], ...] = ()
    include_bots: bool = False


class _Gist(msgspec.Struct):
    """What of an answer says whether there was anything."""

    events: int
    total: dict[str, Any]


def told(dashboard: Dashboard) -> dict[str, Any]:
    """The dashboard without any answer, JSON-able."""
    return {**asdict(dashboard), "built_in": True}


def named(known: Mapping[str, Dashboard], id_: str) -> Dashboard:
    """NOT_FOUND with what was probably meant."""
    found = known.get(id_)
    if found is None:
        hint = did_you_mean(id_, known) or "Use " + ", ".join(known) + "."
        raise not_found(f"There is no dashboard {id_[:60]!r}.", hint=hint)
    return found


def question(tile: Tile, dashboard: Dashboard, choice: Choice) -> Request:
    """What the tile asks. Figures are told beside the period before, and with their course."""
    asked = Request(
        metrics=tile.metrics,
        dimensions=tile.by,
        filters=choice.filters,
        granularity="none" if tile.chart in TIMELESS else tile.granularity or "auto",
        timezone=choice.timezone,
        compare="previous_period" if tile.chart is Chart.NUMBER else None,
        limit=tile.limit,
        include_bots=choice.include_bots,
    )
    if tile.period or not (choice.start or choice.end):
        return replace(asked, period=tile.period or choice.period or dashboard.period)
    return replace(asked, period=choice.period, start_time=choice.start, end_time=choice.end)


async def answered(
    answers: Answers, scope: Scope, tenant: Tenant, dashboard: Dashboard, choice: Choice, now: datetime
) -> dict[str, Any]:
    """The answer of GET /api/v1/analytics/dashboards/{id}/data. INVALID for a senseless `choice`."""

    async def ask(tile: Tile) -> dict[str, Any]:
        asked = question(tile, dashboard, choice)
        found: dict[str, Any] = {
            **asdict(tile),
            "question": _written(asked),
            "event_types": event_types(tenant.catalog, tile.metrics),
            "is_empty": False,
            "error": None,
            "answer": None,
        }
        try:
            body = await answers.get(scope, tenant, asked, now)
        except FactbookError as error:
            if error.kind is Kind.INVALID and error.field not in _OF_THE_TILE:
                raise
            wrong = {"kind": error.kind, "message": error.message, "hint": error.hint, "field": error.field}
            return found | {"error": wrong}
        return found | {"is_empty": _is_empty(body), "answer": msgspec.Raw(body)}

    tiles = await asyncio.gather(*(ask(tile) for tile in dashboard.tiles))
    found = [tile for tile in tiles if tile["answer"] is not None]
    is_empty = bool(found) and all(tile["is_empty"] for tile in found)
    return {
        **{name: value for name, value in told(dashboard).items() if name != "tiles"},
        "is_empty": is_empty,
        "send_first": examples(tenant.catalog, dashboard) if is_empty else [],
        "tiles": tiles,
    }


def event_types(catalog: Catalog, metrics: Sequence[str]) -> list[str]:
    """The types that these metrics, and what they stand on, look at; none where they look at all events."""
    below = [catalog.get(name) for id_ in metrics for name in (id_, *sorted(catalog.closure(id_)))]
    return list(dict.fromkeys(event_type for metric in below for event_type in metric.events))


def examples(catalog: Catalog, dashboard: Dashboard) -> list[dict[str, Any]]:
    """Events to begin with: of the first types that the tiles look at, those that a pack gives an example of."""
    types = event_types(catalog, [name for tile in dashboard.tiles for name in tile.metrics])
    carried = {name: held for pack in catalog.packs for name, held in pack.properties.items() if held.example}
    return [example(name, carried[name]) for name in types if name in carried][:MOST_EXAMPLES]


def _is_empty(body: bytes) -> bool:
    gist = msgspec.json.decode(body, type=_Gist)
    return not gist.events and not any(gist.total["values"].values())


def _written(asked: Request) -> Mapping[str, Any]:
    """The body of POST /dashboard/metrics that asks the same."""
    plain = Request(metrics=asked.metrics)
    given = {name: value for name, value in asdict(asked).items() if value != getattr(plain, name)}
    if asked.filters:
        given["filters"] = dict(asked.filters)
    return {"metrics": asked.metrics, **given}

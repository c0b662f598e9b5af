"""The event types of the packs as senders see them: a JSON Schema of the properties, and an example that is taken."""

from __future__ import annotations

from typing import Any

from factbook.events.types import category

from .catalog import Catalog
from .model import Pack, Properties


def schema(carried: Properties) -> dict[str, Any]:
    """Draft 2020-12, of the properties: none has to be there, and others may be."""
    kinds = {"number": carried.numbers, "string": carried.texts, "boolean": carried.flags}
    return {"type": "object", "properties": {name: {"type": kind} for kind, names in kinds.items() for name in names}}


def example(event_type: str, carried: Properties) -> dict[str, Any]:
    """Such an event as ingest takes it."""
    return {"event_type": event_type, **carried.example}


def told_event_types(catalog: Catalog, pack: str | None = None) -> dict[str, Any]:
    """The answer of GET /api/v1/metrics/event-types. pack: of this one alone."""
    packs = [one for one in catalog.packs if pack in (None, one.id)]
    return {
        "event_types": [_told(one, name, carried, catalog) for one in packs for name, carried in one.properties.items()]
    }


def _told(pack: Pack, name: str, carried: Properties, catalog: Catalog) -> dict[str, Any]:
    return {
        "event_type": name,
        "category": category(name),
        "pack": pack.id,
        "description": carried.description,
        "schema": schema(carried),
        "example": example(name, carried),
        "metrics": [metric.id for metric in catalog.metrics.values() if name in metric.events],
    }

"""Funnels by name: those of the packs, in the form in which a question gives its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from factbook.core.errors import not_found
from factbook.metrics.catalog import Catalog
from factbook.metrics.expressions import text
from factbook.metrics.model import Funnel
from factbook.metrics.problems import did_you_mean


def names_in(catalog: Catalog) -> Callable[[str], Mapping[str, Any]]:
    """What the name of a funnel stands for. NOT_FOUND with what was probably meant."""

    def named(name: str) -> Mapping[str, Any]:
        found = catalog.funnels.get(name)
        if found is None:
            hint = did_you_mean(name, catalog.funnels) or "GET /api/v1/analytics/funnels lists them all."
            raise not_found(f"There is no funnel {name[:60]!r}.", hint=hint)
        return fields_of(found)

    return named


def fields_of(funnel: Funnel) -> dict[str, Any]:
    """The fields of a question that it stands for."""
    return {
        "steps": [
            {
                "events": list(step.events),
                **({"where": text(step.where)} if step.where is not None else {}),
                "label": step.label or " or ".join(step.events),
                **({"optional": True} if step.optional else {}),
            }
            for step in funnel.steps
        ],
        "order": funnel.order.value,
        "window": funnel.window,
    }


def shown(funnel: Funnel) -> dict[str, Any]:
    """The funnel with its name, as it is listed."""
    named = {"id": funnel.id, "label": funnel.label, "description": funnel.description, "pack": funnel.pack}
    return {**named, **fields_of(funnel)}

"""Funnels by name: those of the packs, in the form in which a question gives its own."""

from __future__ import annotations

from typing import Any

from factbook.metrics.expressions import text
from factbook.metrics.model import Funnel


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

"""What must hold of all packs together: one function a rule, in the visible list CHECKS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from factbook.metrics.model import Pack
from factbook.metrics.problems import Problem

from .dashboards import tile_charts, tile_names
from .events import columns, event_types, funnel_types, properties, states
from .ids import duplicates, fields, reserved_ids
from .references import cycles, openings, sizes, tiers, unknown_dimensions, unknown_groups, unknown_metrics
from .units import formulas, measures
from .whole import Whole

CHECKS: tuple[Callable[[Whole], Iterator[Problem]], ...] = (
    duplicates,
    reserved_ids,
    fields,
    unknown_metrics,
    unknown_dimensions,
    unknown_groups,
    cycles,
    sizes,
    openings,
    tiers,
    measures,
    formulas,
    states,
    columns,
    event_types,
    funnel_types,
    properties,
    tile_names,
    tile_charts,
)
"""In the order in which their findings are told; each is independent of the others."""


def examine(packs: Sequence[Pack]) -> list[Problem]:
    """Everything that CHECKS find, errors and warnings."""
    whole = Whole(packs)
    return [found for check in CHECKS for found in check(whole)]

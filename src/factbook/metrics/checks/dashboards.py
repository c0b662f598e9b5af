"""Dashboards: what a tile names is there, and can be shown in the way it says."""

from __future__ import annotations

from collections.abc import Iterator

from factbook.events.filters import COLUMNS
from factbook.metrics.model import Chart, Tile
from factbook.metrics.problems import Problem, did_you_mean

from .whole import PlacedDashboard, Whole, is_field

TIMELESS = (Chart.RANKED, Chart.TABLE)
_CUT = (Chart.STACKED, *TIMELESS)


def tile_names(whole: Whole) -> Iterator[Problem]:
    """A tile asks for metrics that there are, cut by what they may be cut by."""
    for placed, key, tile in _tiles(whole):
        for name in tile.metrics:
            if not whole.is_metric(name):
                hint = did_you_mean(name, whole.by_id)
                yield placed.problem(f"{key}.metrics", f"There is no metric {name[:60]!r}.", hint)
        for name in tile.by:
            if name not in whole.dimension_ids and not is_field(name):
                hint = did_you_mean(name, [*whole.dimension_ids, *COLUMNS])
                yield placed.problem(f"{key}.by", f"There is no dimension {name[:60]!r}.", hint)
            for id_ in tile.metrics:
                metric = whole.by_id.get(id_)
                if metric and metric.dimensions is not None and name not in metric.dimensions:
                    yield placed.problem(f"{key}.by", f"{name!r} is none of the dimensions of {id_!r}.")


def tile_charts(whole: Whole) -> Iterator[Problem]:
    """A chart gets what it can draw."""
    for placed, key, tile in _tiles(whole):
        if tile.chart in _CUT and not tile.by:
            yield placed.problem(f"{key}.chart", f"A {tile.chart} tile is cut by something.", "Add `by`.")
        if tile.chart is Chart.NUMBER and tile.by:
            yield placed.problem(f"{key}.by", "A tile of numbers is not cut.", "Use chart: ranked or table.")
        if tile.by and len(tile.metrics) > 1 and tile.chart is not Chart.TABLE:
            yield placed.problem(f"{key}.metrics", "What is cut shows one metric.", "Use chart: table, or two tiles.")
        if tile.granularity and tile.chart in TIMELESS:
            yield placed.problem(f"{key}.granularity", f"A {tile.chart} tile has no buckets of time.")


def _tiles(whole: Whole) -> Iterator[tuple[PlacedDashboard, str, Tile]]:
    for placed in whole.dashboards:
        for number, tile in enumerate(placed.dashboard.tiles):
            yield placed, f"tiles.{number}", tile

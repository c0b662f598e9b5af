"""Ids: each is taken once, and none hides what has a meaning already."""

from __future__ import annotations

from collections.abc import Iterator

from factbook.metrics.adhoc import counted
from factbook.metrics.model import SESSIONS, USERS
from factbook.metrics.problems import Problem

from .whole import Placed, Whole, column, field_hint, is_field

_MEANING = ("events", "measure", "where", "formula", "window_days")


def duplicates(whole: Whole) -> Iterator[Problem]:
    """Pack, metric, dimension, funnel, dashboard and KPI group ids are each taken once."""
    packs = [("pack", pack.id, Placed(pack, ("pack",))) for pack in whole.packs]
    metrics = [("metric", placed.metric.id, placed) for placed in whole.metrics]
    dimensions = [("dimension", placed.dimension.id, placed) for placed in whole.dimensions]
    funnels = [("funnel", placed.funnel.id, placed) for placed in whole.funnels]
    dashboards = [("dashboard", placed.dashboard.id, placed) for placed in whole.dashboards]
    groups = [("KPI group", name, Placed(pack, ("kpis", name))) for pack in whole.packs for name in pack.kpis]
    seen: dict[tuple[str, str], Placed] = {}
    for kind, name, placed in (*packs, *metrics, *dimensions, *funnels, *dashboards, *groups):
        first = seen.setdefault((kind, name), placed)
        if first is not placed:
            source = first.pack.source
            where = f"{source.file}:{source.line(first.path)}" if source.file else f"the pack {first.pack.id!r}"
            key = "id" if kind in ("metric", "dimension", "funnel", "dashboard") else ""
            yield placed.problem(key, f"The {kind} {name!r} is declared twice: here and in {where}.")


def reserved_ids(whole: Whole) -> Iterator[Problem]:
    """No id gives another meaning to a metric that needs no declaration, or to a column."""
    for metric in whole.metrics:
        meant = counted(metric.metric.id)
        if meant and any(getattr(metric.metric, key) != getattr(meant, key) for key in _MEANING):
            yield metric.problem("id", f"{metric.metric.id!r} needs no declaration; this is another thing.")
    for dimension in whole.dimensions:
        known = column(dimension.dimension.id)
        if known and column(dimension.dimension.field) != known:
            yield dimension.problem("id", f"{dimension.dimension.id!r} is a column of events; this is another thing.")


def fields(whole: Whole) -> Iterator[Problem]:
    """What a dimension, a distinct count or a state names is a column or `property.NAME`."""
    for dimension in whole.dimensions:
        yield from _field(dimension, "field", dimension.dimension.field)
        if dimension.dimension.edges and column(dimension.dimension.field):
            yield dimension.problem("edges", f"{dimension.dimension.field!r} is a column, and no number.")
    for metric in whole.metrics:
        measure = metric.metric.measure
        if measure and measure.distinct not in (USERS, SESSIONS):
            yield from _field(metric, "measure.unique", measure.distinct)
        if measure and measure.by != USERS:
            yield from _field(metric, "measure.by", measure.by)


def _field(placed: Placed, key: str, name: str) -> Iterator[Problem]:
    if name and not is_field(name):
        yield placed.problem(key, f"{name[:60]!r} is no column of events.", field_hint(name))

"""All packs at once, as the checks see them: every metric and dimension with the place where it is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from factbook.events.filters import ALIASES, COLUMNS, PROPERTY
from factbook.events.types import KNOWN_TYPES
from factbook.metrics.model import Dashboard, Dimension, Funnel, Metric, Pack, Path
from factbook.metrics.names import reserved
from factbook.metrics.problems import Problem, problem


@dataclass(frozen=True)
class Placed:
    """path: where it stands in its pack."""

    pack: Pack
    path: Path

    def problem(self, key: str, message: str, hint: str | None = None, *, is_warning: bool = False) -> Problem:
        """A problem at `key` of it, or at its head."""
        steps = (int(step) if step.isdigit() else step for step in key.split("."))
        path = (*self.path, *steps) if key else self.path
        return problem(self.pack.source, path, message, hint, is_warning=is_warning)


@dataclass(frozen=True)
class PlacedMetric(Placed):
    metric: Metric


@dataclass(frozen=True)
class PlacedDimension(Placed):
    dimension: Dimension


@dataclass(frozen=True)
class PlacedFunnel(Placed):
    funnel: Funnel


@dataclass(frozen=True)
class PlacedDashboard(Placed):
    dashboard: Dashboard


@dataclass(frozen=True)
class Whole:
    packs: Sequence[Pack]

    @cached_property
    def metrics(self) -> tuple[PlacedMetric, ...]:
        found = ((pack, place, metric) for pack in self.packs for place, metric in enumerate(pack.metrics))
        return tuple(PlacedMetric(pack, ("metrics", place), metric) for pack, place, metric in found)

    @cached_property
    def dimensions(self) -> tuple[PlacedDimension, ...]:
        found = ((pack, place, one) for pack in self.packs for place, one in enumerate(pack.dimensions))
        return tuple(PlacedDimension(pack, ("dimensions", place), one) for pack, place, one in found)

    @cached_property
    def funnels(self) -> tuple[PlacedFunnel, ...]:
        found = ((pack, place, one) for pack in self.packs for place, one in enumerate(pack.funnels))
        return tuple(PlacedFunnel(pack, ("funnels", place), one) for pack, place, one in found)

    @cached_property
    def dashboards(self) -> tuple[PlacedDashboard, ...]:
        found = ((pack, place, one) for pack in self.packs for place, one in enumerate(pack.dashboards))
        return tuple(PlacedDashboard(pack, ("dashboards", place), one) for pack, place, one in found)

    @cached_property
    def by_id(self) -> Mapping[str, Metric]:
        """Of an id that is declared twice, the first."""
        return {placed.metric.id: placed.metric for placed in reversed(self.metrics)}

    @cached_property
    def dimension_ids(self) -> frozenset[str]:
        return frozenset(placed.dimension.id for placed in self.dimensions)

    @cached_property
    def kpis(self) -> Mapping[str, str]:
        return {group: label for pack in self.packs for group, label in pack.kpis.items()}

    @cached_property
    def types(self) -> frozenset[str]:
        """Event types that are known: the ones of the service, and those whose properties a pack declares."""
        return frozenset(KNOWN_TYPES) | {event_type for pack in self.packs for event_type in pack.properties}

    def is_metric(self, id_: str) -> bool:
        """Declared, or named as nobody needs to declare it."""
        if id_ in self.by_id or reserved(id_) is not None:
            return True
        return any(id_[:i] in self.types for i, letter in enumerate(id_) if letter == "." and id_[i + 1 :])


def column(name: str) -> str | None:
    """The column that `name` means in an expression, None for a property."""
    known = ALIASES.get(name, name)
    return known if known in COLUMNS else None


def is_field(key: str) -> bool:
    """Whether `key` is a column or `property.NAME`."""
    return column(key) is not None or (key.startswith(PROPERTY) and len(key) > len(PROPERTY) and "\0" not in key)


def field_hint(key: str) -> str:
    return f"A property is called {PROPERTY}{key.removeprefix(PROPERTY) or 'NAME'} here."

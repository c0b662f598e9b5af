"""The catalog: every metric and dimension by its id, checked together when it is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache

from factbook.core.errors import invalid
from factbook.events.filters import ALIASES, COLUMNS, PROPERTY, field_of
from factbook.events.types import KNOWN_TYPES

from .adhoc import counted, summed
from .checks import examine
from .expressions import names
from .model import Dashboard, Dimension, Funnel, Metric, Pack
from .pack_files import load_pack, load_packs
from .problems import DeclarationError, Problem, did_you_mean

__all__ = ["Catalog", "built_in", "load_pack", "load_packs"]


@dataclass(frozen=True, eq=False)
class Catalog:
    """Packs, in the order of answers. Making one is INVALID for anything that `checks.CHECKS` finds wrong.

    seen: (event type, property) pairs that were ever sent, by which `TYPE.PROPERTY` is read where types hold dots.
    """

    packs: tuple[Pack, ...]
    seen: frozenset[tuple[str, str]] = frozenset()
    metrics: Mapping[str, Metric] = field(init=False, repr=False)
    dimensions: Mapping[str, Dimension] = field(init=False, repr=False)
    kpis: Mapping[str, str] = field(init=False, repr=False)
    funnels: Mapping[str, Funnel] = field(init=False, repr=False)
    dashboards: Mapping[str, Dashboard] = field(init=False, repr=False)
    warnings: tuple[Problem, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found = examine(self.packs)
        if wrong := [one for one in found if not one.is_warning]:
            raise DeclarationError(wrong)
        computed = {
            "metrics": {metric.id: metric for pack in self.packs for metric in pack.metrics},
            "dimensions": {dimension.id: dimension for pack in self.packs for dimension in pack.dimensions},
            "kpis": {group: label for pack in self.packs for group, label in pack.kpis.items()},
            "funnels": {funnel.id: funnel for pack in self.packs for funnel in pack.funnels},
            "dashboards": {dashboard.id: dashboard for pack in self.packs for dashboard in pack.dashboards},
            "warnings": tuple(found),
        }
        for name, value in computed.items():
            object.__setattr__(self, name, value)

    def get(self, id_: str) -> Metric:
        """The metric called so, declared or named as in `adhoc`. INVALID with what was probably meant."""
        declared = self.metrics.get(id_) or counted(id_)
        if declared:
            return declared
        summed_up = summed(id_, self.seen, self._types) if "." in id_ else None
        if summed_up and (summed_up.events[0] in self._types or summed_up.id in self._sent):
            return summed_up
        near = did_you_mean(id_, self.metrics)
        if summed_up and not near:
            return summed_up
        hint = near or "GET /api/v1/metrics/catalog lists them all."
        raise invalid(f"There is no metric {id_[:60]!r}.", field="metrics", hint=hint)

    def dimension(self, id_: str) -> Dimension:
        """The dimension called so: declared, a column of events, or `property.NAME`. INVALID as `get`."""
        if id_ in self.dimensions:
            return self.dimensions[id_]
        if id_ in COLUMNS or id_ in ALIASES or id_.startswith(PROPERTY):
            name, _ = field_of(id_, field="dimensions")
            return Dimension(id_, name.replace("_", " ").capitalize(), field=id_)
        raise invalid(
            f"There is no dimension {id_[:60]!r}.",
            field="dimensions",
            hint=did_you_mean(id_, [*self.dimensions, *COLUMNS]) or "Use a declared one, a column or property.NAME.",
        )

    def closure(self, id_: str) -> frozenset[str]:
        """The ids of all metrics that this one stands on."""
        found: set[str] = set()
        waiting = [id_]
        while waiting:
            metric = self.get(waiting.pop())
            below = names(metric.formula) - found if metric.formula else set()
            found |= below
            waiting.extend(below)
        return frozenset(found)

    def standing_on(self, id_: str) -> tuple[str, ...]:
        """The ids of the declared metrics whose formula names this one."""
        return tuple(one.id for one in self.metrics.values() if one.formula and id_ in names(one.formula))

    def with_pack(self, pack: Pack) -> Catalog:
        """This catalog and a tenant's own pack, whose ids may not be taken. INVALID for what is wrong in it."""
        return dataclasses.replace(self, packs=(*self.packs, pack))

    def with_seen(self, pairs: Iterable[tuple[str, str]]) -> Catalog:
        """This catalog, unchecked as nothing declared changes, once it is known what was sent."""
        other = copy(self)
        object.__setattr__(other, "seen", frozenset(pairs))
        return other

    @property
    def _sent(self) -> set[str]:
        return {f"{event_type}.{prop}" for event_type, prop in self.seen}

    @property
    def _types(self) -> set[str]:
        return {*KNOWN_TYPES, *(event_type for pack in self.packs for event_type in pack.properties)}


@lru_cache(maxsize=1)
def built_in() -> Catalog:
    """The catalog of the packs that come with Factbook."""
    return Catalog(load_packs())

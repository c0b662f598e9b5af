"""A tenant's own metrics and dimensions: defined, previewed, changed and removed in the form that packs have."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.scope import Scope
from factbook.storage.metadata import Metadata
from factbook.storage.rows import Change, MetricDefinition

from .catalog import Catalog
from .declared import pack_of
from .declared.document import read
from .model import Pack, Source

OWN = "own"
"""The pack that a tenant's definitions make."""

METRIC, DIMENSION = "metric", "dimension"
MAX_DEFINITIONS = 1000
FRESH = 2.0
"""Seconds for which a tenant's catalog is not read again."""

Given = Mapping[str, tuple[str, Mapping[str, Any]]]
"""id → (metric or dimension, what was declared)."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """read: when, on the monotonic clock."""

    version: tuple[tuple[str, int], ...]
    catalog: Catalog
    read: float


class Definitions:
    """The catalog of every tenant: the packs that all have, and what each defined. From any thread."""

    def __init__(self, metadata: Metadata, base: Catalog, clock: Clock) -> None:
        self._rows = metadata.metric_definitions
        self._base = base
        self._clock = clock
        self._changes = threading.Lock()
        self._catalogs: dict[str, _Kept] = {}

    def catalog(self, scope: Scope) -> Catalog:
        """Everything this tenant may name; what another process changed, within FRESH seconds."""
        kept = self._catalogs.get(scope.tenant)
        now = time.monotonic()
        if kept is not None and now - kept.read < FRESH:
            return kept.catalog
        rows = self._rows.listed(scope)
        version = tuple((row.id, row.version) for row in rows)
        same = kept is not None and kept.version == version
        catalog = kept.catalog if kept and same else self._with({row.id: (row.kind, row.definition) for row in rows})
        self._catalogs[scope.tenant] = _Kept(version, catalog, now)
        return catalog

    def listed(self, scope: Scope) -> list[MetricDefinition]:
        """By id."""
        return self._rows.listed(scope)

    def get(self, scope: Scope, id_: str) -> MetricDefinition:
        """NOT_FOUND when this tenant defined nothing of that id."""
        return self._rows.get(scope, id_)

    def history(self, scope: Scope, id_: str) -> list[Change]:
        """Every change, newest first; also of what was removed."""
        return self._rows.history(scope, id_)

    def preview(self, scope: Scope, given: Given) -> Catalog:
        """The catalog as it would be with `given`. INVALID as `read_pack` for what is wrong."""
        kept = {row.id: (row.kind, row.definition) for row in self._rows.listed(scope)}
        return self._with({**kept, **given})

    def define(self, scope: Scope, given: Given, *, new: bool = True) -> list[MetricDefinition]:
        """Keeps `given`, all or none; what is kept already stays as it is.

        INVALID as `preview`; CONFLICT where `new` and an id is defined already.
        """
        with self._changes:
            kept = {row.id: (row.kind, row.definition) for row in self._rows.listed(scope)}
            if len(kept.keys() | given.keys()) > MAX_DEFINITIONS:
                raise invalid(f"At most {MAX_DEFINITIONS:,} definitions are kept.", field="id")
            self.preview(scope, given)
            changed = {id_: one for id_, one in given.items() if new or kept.get(id_) != one}
            now = epoch_ms(self._clock())
            rows = [
                MetricDefinition(scope.tenant, id_, kind, dict(definition), 1, now, now)
                for id_, (kind, definition) in changed.items()
            ]
            (self._rows.add if new else self._rows.put)(scope, rows)
            self._catalogs.pop(scope.tenant, None)
        return [self._rows.get(scope, id_) for id_ in given]

    def remove(self, scope: Scope, id_: str, used: Iterable[str] = ()) -> None:
        """Takes one away. CONFLICT naming what still uses it: other metrics, and `used` beyond them."""
        with self._changes:
            row = self._rows.get(scope, id_)
            users = [*used_by(self.catalog(scope), row), *used]
            if users:
                raise FactbookError(
                    Kind.CONFLICT,
                    f"{id_} is still used by {', '.join(users[:10])}.",
                    field="id",
                    hint="Change or remove those first.",
                    details={"used_by": users},
                )
            self._rows.remove(scope, id_, now=epoch_ms(self._clock()))
            self._catalogs.pop(scope.tenant, None)

    def _with(self, given: Given) -> Catalog:
        return self._base.with_pack(_pack(given)) if given else self._base


def given_of(kind: str, definition: Any) -> Given:
    """One definition as `Given`. INVALID when it has no id."""
    if not isinstance(definition, dict) or not isinstance(definition.get("id"), str):
        raise invalid("A definition has an id.", field="id", hint="For example id: orders_of_books.")
    return {definition["id"]: (kind, definition)}


def given_in(text: str, file: str = "definitions.yaml") -> Given:
    """The metrics and dimensions of a YAML pack. INVALID naming file and line."""
    document, source = read(text, file)
    pack_of(document, source)
    metrics, dimensions = (document.get(name) or [] for name in ("metrics", "dimensions"))
    return {
        **{one["id"]: (DIMENSION, one) for one in dimensions},
        **{one["id"]: (METRIC, one) for one in metrics},
    }


def used_by(catalog: Catalog, row: MetricDefinition) -> list[str]:
    """Ids of the metrics that name this metric or dimension."""
    if row.kind == METRIC:
        return list(catalog.standing_on(row.id))
    return [
        metric.id
        for metric in catalog.metrics.values()
        if row.id in (metric.dimensions or ()) or metric.breakdown == row.id
    ]


def _pack(given: Given) -> Pack:
    listed: dict[str, list[Any]] = {METRIC: [], DIMENSION: []}
    for kind, definition in given.values():
        listed[kind].append(definition)
    document = {
        "pack": OWN,
        "label": "Your own",
        "metrics": listed[METRIC],
        "dimensions": listed[DIMENSION],
    }
    return pack_of(document, Source())

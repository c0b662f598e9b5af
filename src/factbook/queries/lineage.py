"""Lineage: what a metric, funnel, segment or dashboard is made of, where it is declared and read from, what uses it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from factbook import __version__
from factbook.core.errors import invalid, not_found
from factbook.core.scope import Scope
from factbook.metrics.catalog import Catalog
from factbook.metrics.definitions import OWN
from factbook.metrics.expressions import names
from factbook.metrics.model import Dashboard, Funnel, Metric
from factbook.metrics.problems import did_you_mean
from factbook.metrics.telling import told_catalog
from factbook.storage.metadata import Metadata

from .asking.ask import Tenant
from .asking.leaves import leaf_of, leaves
from .asking.plan import Plan
from .asking.request import Request
from .asking.sources import source_of

KINDS = ("metric", "funnel", "segment", "dashboard")
"""In this order an id is looked for; `KIND:ID` says which is meant."""

LEVELS = ("1m", "1h", "1d")


@dataclass(frozen=True, slots=True)
class Made:
    """What a thing is made of, by kind: ids, types of events, names of properties and columns."""

    event_types: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thing:
    """definition: canonical, of which the digest is taken. version: None for what comes with Factbook."""

    kind: str
    id: str
    label: str
    pack: str
    version: int | None
    definition: Any
    made: Made
    read_from: tuple[dict[str, Any], ...] = field(default=())


def lineage(scope: Scope, name: str, tenant: Tenant, metadata: Metadata) -> dict[str, Any]:
    """JSON-able. NOT_FOUND with what was probably meant."""
    asked, _, id_ = name.rpartition(":")
    if asked and asked not in KINDS:
        raise invalid(f"{asked[:40]!r} is no kind of thing.", field="thing", hint=f"Use {', '.join(KINDS)}.")
    things = Things(scope, tenant, metadata)
    for kind in (asked,) if asked else KINDS:
        thing = things.find(kind, id_)
        if thing is not None:
            return _told(thing, things)
    near = did_you_mean(id_, [one.id for one in things.all()])
    raise not_found(f"There is nothing called {id_[:60]!r} here.", hint=near or "Name a metric, funnel or segment.")


class Things:
    """All that one tenant's answers are declared by."""

    def __init__(self, scope: Scope, tenant: Tenant, metadata: Metadata) -> None:
        self._scope = scope
        self._tenant = tenant
        self._metadata = metadata
        self._catalog: Catalog = tenant.catalog
        self._listed: tuple[Thing, ...] = ()

    def find(self, kind: str, id_: str) -> Thing | None:
        return next((one for one in self.all() if (one.kind, one.id) == (kind, id_)), None)

    def all(self) -> tuple[Thing, ...]:
        """Metrics, funnels, segments, dashboards."""
        if not self._listed:
            self._listed = (
                *self._metrics(),
                *(_funnel(one) for one in self._catalog.funnels.values()),
                *self._own("funnel", self._metadata.funnels.listed(self._scope), "definition"),
                *self._own("segment", self._metadata.segments.listed(self._scope), "rule"),
                *(self._dashboard(one) for one in self._catalog.dashboards.values()),
            )
        return self._listed

    def users_of(self, thing: Thing) -> Iterator[Thing]:
        """What names it in its own definition."""
        for one in self.all():
            named = one.made.metrics if thing.kind == "metric" else one.made.segments if thing.kind == "segment" else ()
            if thing.id in named and (one.kind, one.id) != (thing.kind, thing.id):
                yield one

    def benchmarks_of(self, metric: str) -> list[str]:
        rows = self._metadata.benchmarks.listed(self._scope)
        return [row.id for row in rows if row.definition.get("metric") == metric]

    def _metrics(self) -> Iterator[Thing]:
        versions = {row.id: row.version for row in self._metadata.metric_definitions.listed(self._scope)}
        told = {one["id"]: one for one in told_catalog(self._catalog)["metrics"]}
        for metric in self._catalog.metrics.values():
            declared = {name: value for name, value in told[metric.id].items() if name != "used_by"}
            version = versions.get(metric.id) if metric.pack == OWN else None
            yield Thing(
                "metric",
                metric.id,
                metric.label,
                metric.pack,
                version,
                declared,
                self._made_of(metric),
                tuple(self._read_from(metric)),
            )

    def _made_of(self, metric: Metric) -> Made:
        below = tuple(sorted(names(metric.formula))) if metric.formula else ()
        found = [leaf_of(metric)] if metric.formula is None else list(leaves(self._catalog, metric))
        return Made(
            event_types=_sorted(name for leaf in found for name in leaf.events),
            properties=_sorted(name for leaf in found for name in _properties(leaf)),
            metrics=below,
        )

    def _read_from(self, metric: Metric) -> Iterator[dict[str, Any]]:
        """Where each leaf is read for a question without filters and cuts, which may need single events."""
        tenant = self._tenant
        asked = Request(metrics=(metric.id,))
        plan = Plan(asked, self._scope, self._catalog, tenant.calendar, tenant.money, _ANY_TIME)
        for leaf in dict.fromkeys(leaves(self._catalog, metric)):
            source = source_of(leaf, plan)
            yield {
                "measure": str(leaf.measure.kind),
                "event_types": list(leaf.events),
                "table": "rollups" if source.stored else "events",
                "levels": list(LEVELS) if source.stored else [],
                "why": source.reason,
            }

    def _own(self, kind: str, rows: Iterable[Any], member: str) -> Iterator[Thing]:
        for row in rows:
            definition = getattr(row, member)
            yield Thing(kind, row.id, row.label, OWN, row.version, definition, made_of_document(definition))

    def _dashboard(self, one: Dashboard) -> Thing:
        metrics = _sorted(name for tile in one.tiles for name in tile.metrics)
        return Thing("dashboard", one.id, one.label, one.pack, None, asdict(one), Made(metrics=metrics))


def made_of_document(document: Any) -> Made:
    """What a segment's rule or a funnel's definition names."""
    found: dict[str, set[str]] = {"event_types": set(), "properties": set(), "metrics": set(), "segments": set()}
    _walk(document, found)
    return Made(**{name: _sorted(values) for name, values in found.items()})


_NAMING: Mapping[str, str] = {
    "did": "event_types",
    "did_not": "event_types",
    "event": "event_types",
    "events": "event_types",
    "event_type": "event_types",
    "steps": "event_types",
    "exclusions": "event_types",
    "property": "properties",
    "hold_constant": "properties",
    "of": "properties",
    "segment": "segments",
    "segments": "segments",
    "metric": "metrics",
    "metrics": "metrics",
}
"""Members of documents whose texts name something, and what."""


def _walk(value: Any, found: dict[str, set[str]]) -> None:
    if isinstance(value, Mapping):
        for key, member in value.items():
            if key in _NAMING:
                found[_NAMING[key]].update(_texts(member))
            if key in ("filters", "where") and isinstance(member, Mapping):
                found["properties"].update(str(name) for name in member)
            _walk(member, found)
    elif isinstance(value, list | tuple):
        for member in value:
            _walk(member, found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (member for member in value if isinstance(member, str))


def _funnel(funnel: Funnel) -> Thing:
    made = Made(
        event_types=_sorted(name for step in funnel.steps for name in step.events),
        properties=_sorted(name for step in funnel.steps if step.where is not None for name in names(step.where)),
    )
    return Thing("funnel", funnel.id, funnel.label, funnel.pack, None, asdict(funnel), made)


def _properties(leaf: Any) -> Iterator[str]:
    measure = leaf.measure
    if measure.of is not None:
        yield from names(measure.of)
    if leaf.where is not None:
        yield from names(leaf.where)
    for name in (measure.distinct, measure.by):
        if name and name not in ("users", "sessions"):
            yield name.removeprefix("property.")


def _sorted(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(found)))


def _told(thing: Thing, things: Things) -> dict[str, Any]:
    uses = list(things.users_of(thing))
    benchmarks = things.benchmarks_of(thing.id) if thing.kind == "metric" else []
    return {
        "kind": thing.kind,
        "id": thing.id,
        "label": thing.label,
        "declared": {
            "pack": thing.pack,
            "version": thing.version if thing.version is not None else f"Factbook {__version__}",
            "digest": _digest(thing.definition),
        },
        "made_of": {name: list(getattr(thing.made, name)) for name in Made.__dataclass_fields__},
        "read_from": list(thing.read_from) or [_SINGLE],
        "used_by": [
            *({"kind": one.kind, "id": one.id, "label": one.label} for one in uses),
            *({"kind": "benchmark", "id": id_, "label": id_} for id_ in benchmarks),
        ],
        "ways": _ways(thing, things, uses),
    }


_SINGLE = {"measure": "people", "event_types": [], "table": "events", "levels": [], "why": "people are told apart"}


def _ways(thing: Thing, things: Things, uses: Iterable[Thing]) -> list[dict[str, str]]:
    """From what to what, as a picture draws it: events to metrics, metrics to the thing, the thing to what uses it."""
    ways: dict[tuple[str, str], None] = {}

    def below(one: Thing, depth: int) -> None:
        own = _place(one)
        metrics = [found for name in one.made.metrics if (found := things.find("metric", name))]
        for other in metrics:
            ways[_place(other), own] = None
            if depth < _DEEPEST:
                below(other, depth + 1)
        if not metrics:
            ways.update({(f"event:{name}", own): None for name in one.made.event_types or ("any",)})
        ways.update({(f"segment:{name}", own): None for name in one.made.segments})

    below(thing, 0)
    ways.update({(_place(thing), _place(one)): None for one in uses})
    return [{"from": start, "to": end} for start, end in ways]


_DEEPEST = 10
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def _place(thing: Thing) -> str:
    return f"{thing.kind}:{thing.id}"


def _digest(definition: Any) -> str:
    written = json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=repr)
    return hashlib.sha256(written.encode()).hexdigest()

"""The benchmarks that tenants give: a metric of others as a value or as quantiles, with its source and history."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, invalid
from factbook.core.scope import Scope
from factbook.queries.asking.ask import Tenant
from factbook.queries.behaviour.funnels.steps import known_keys
from factbook.storage.definitions import DefinitionRows
from factbook.storage.rows import BenchmarkRow, Change

MAX_BENCHMARKS = 500
FIELDS = ("metric", "value", "quantiles", "source", "period", "label", "description")

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_QUANTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,3})?)\Z")
_TEXTS = ("metric", "source", "period", "label", "description")


class KeptBenchmarks:
    """Use from any thread."""

    def __init__(self, rows: DefinitionRows[BenchmarkRow], clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    def listed(self, scope: Scope) -> list[dict[str, Any]]:
        return [told(row) for row in self._rows.listed(scope)]

    def get(self, scope: Scope, id_: str) -> dict[str, Any]:
        """NOT_FOUND."""
        return told(self._rows.get(scope, id_))

    def put(self, scope: Scope, tenant: Tenant, id_: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Made or changed. INVALID naming the field."""
        if not _ID.match(id_):
            hint = "For example industry_churn."
            raise invalid("id is no name of small letters, digits and underscores.", field="id", hint=hint)
        definition = checked(tenant, given)
        now = epoch_ms(self._clock())
        if self._rows.find(scope, id_) is None and len(self._rows.listed(scope)) >= MAX_BENCHMARKS:
            raise invalid(f"At most {MAX_BENCHMARKS:,} benchmarks are kept.", field="id")
        label = given.get("label") or id_.replace("_", " ").capitalize()
        row = BenchmarkRow(scope.tenant, id_, label, given.get("description") or "", definition, 1, now, now)
        [row] = self._rows.put(scope, [row])
        return told(row)

    def remove(self, scope: Scope, id_: str) -> None:
        """NOT_FOUND."""
        self._rows.remove(scope, id_, now=epoch_ms(self._clock()))

    def history(self, scope: Scope, id_: str) -> list[Change]:
        """Every change, newest first; also of what was removed. NOT_FOUND."""
        return self._rows.history(scope, id_)


def told(row: BenchmarkRow) -> dict[str, Any]:
    about = {"id": row.id, "label": row.label, "description": row.description, "version": row.version}
    return {**about, "metric": "", "value": None, "quantiles": None, "source": "", "period": None, **row.definition}


def checked(tenant: Tenant, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of `given`. INVALID naming the field."""
    known_keys(given, FIELDS, "")
    for name in _TEXTS:
        value = given.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > 1000 or "\0" in value):
            raise invalid(f"{name} is no text of at most 1,000 characters.", field=name)
    for name, example in (("metric", "churn_rate"), ("source", "Industry report 2026")):
        if not given.get(name):
            raise invalid(f"A benchmark has a {name}.", field=name, hint=f"For example {example}.")
    try:
        tenant.catalog.get(given["metric"])
    except FactbookError as error:
        raise invalid(error.message, field="metric", hint=error.hint) from None
    value, quantiles = given.get("value"), given.get("quantiles")
    if value is None and not quantiles:
        raise invalid("A benchmark has a value or quantiles.", field="value", hint='For example "value": 0.05.')
    return {
        "metric": given["metric"],
        "value": None if value is None else _number(value, "value"),
        "quantiles": _quantiles(quantiles) if quantiles else None,
        "source": given["source"],
        "period": given.get("period") or None,
    }


def level(name: str) -> float:
    """The share below a quantile: 0.25 of p25."""
    return float(name.removeprefix("p")) / 100


def _quantiles(given: Any) -> dict[str, float]:
    if not isinstance(given, Mapping) or len(given) > 20:
        raise invalid("quantiles is no object of at most 20.", field="quantiles", hint='As {"p25": 0.02, "p50": 0.05}.')
    for name in given:
        if not isinstance(name, str) or not _QUANTILE.match(name) or not 0 < level(name) < 1:
            raise invalid(f"{str(name)[:40]!r} is no quantile.", field="quantiles", hint="Use p1 to p99, as p25.")
    found = {name: _number(given[name], f"quantiles.{name}") for name in sorted(given, key=level)}
    values = list(found.values())
    if values != sorted(values):
        raise invalid("A higher quantile is no less than a lower one.", field="quantiles")
    return found


def _number(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise invalid(f"{field} is no number.", field=field)
    return float(value)

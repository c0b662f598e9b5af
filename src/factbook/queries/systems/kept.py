"""The objectives that tenants keep of their services: checked, changed, removed, and read back as promises."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.queries.behaviour.funnels.steps import known_keys
from factbook.storage.definitions import DefinitionRows
from factbook.storage.objective_table import ObjectiveRow
from factbook.storage.rows import Change

from .promises import EVERY, LIMITS, MAX_DAYS, MIN_DAYS, Promises, told

MAX_OBJECTIVES, LONGEST_NAME = 500, 128
NAMES = {"slo": "availability", "latency_slo": "latency", "latency_ms": "latency_ms", "apdex_ms": "apdex_ms",
         "days": "days"}  # fmt: skip
"""Fields as they are given, as the parameters of a question are, and the fields of an `Objective`."""


class KeptObjectives:
    """Use from any thread."""

    def __init__(self, rows: DefinitionRows[ObjectiveRow], clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    def promises(self, scope: Scope, **asked: Any) -> Promises:
        """asked: fields of an `Objective`; those that are None were not asked for."""
        kept = {row.id: _fields(row.definition) for row in self._rows.listed(scope)}
        return Promises(kept, {name: value for name, value in asked.items() if value is not None})

    def listed(self, scope: Scope) -> dict[str, Any]:
        """`default`: what holds for a service that says nothing; those that say something, by name."""
        rows = self._rows.listed(scope)
        promises = self.promises(scope)
        return {"default": _shown(promises, EVERY), "objectives": [_row(row, promises) for row in rows]}

    def get(self, scope: Scope, service: str) -> dict[str, Any]:
        """NOT_FOUND where nothing is kept of it."""
        return _row(self._rows.get(scope, service), self.promises(scope))

    def put(self, scope: Scope, service: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Made or changed. INVALID naming the field."""
        if not 0 < len(service) <= LONGEST_NAME or "\0" in service:
            raise invalid(f"service_name has 1 to {LONGEST_NAME} characters.", field="service_name")
        definition = checked(given)
        now = epoch_ms(self._clock())
        if self._rows.find(scope, service) is None and len(self._rows.listed(scope)) >= MAX_OBJECTIVES:
            raise invalid(f"Objectives of at most {MAX_OBJECTIVES:,} services are kept.", field="service_name")
        [row] = self._rows.put(scope, [ObjectiveRow(scope.tenant, service, definition, 1, now, now)])
        return _row(row, self.promises(scope))

    def remove(self, scope: Scope, service: str) -> None:
        """NOT_FOUND."""
        self._rows.remove(scope, service, now=epoch_ms(self._clock()))

    def history(self, scope: Scope, service: str) -> list[Change]:
        """Every change, newest first; also of what was removed. NOT_FOUND."""
        return self._rows.history(scope, service)


def share(value: float, field: str) -> float:
    """0.999 or 99.9 as 0.999."""
    found = round(value if value < 1 else value / 100, 12)
    if not 0 < found < 1:
        raise invalid(f"{field} lies between 0 and 1, or between 1 and 100 per cent.", field=field)
    return found


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of `given`: shares between 0 and 1. INVALID naming the field."""
    known_keys(given, tuple(NAMES), "")
    found: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise invalid(f"{name} is no number.", field=name)
        if name in LIMITS and not 0 < value <= LIMITS[name]:
            raise invalid(f"{name} lies above 0 and is at most {LIMITS[name]:,.0f}.", field=name)
        if name == "days" and (value != int(value) or not MIN_DAYS <= value <= MAX_DAYS):
            raise invalid(f"days is a whole number from {MIN_DAYS} to {MAX_DAYS}.", field=name)
        found[name] = int(value) if name == "days" else share(value, name) if name.endswith("slo") else float(value)
    if not found:
        raise invalid("An objective promises something.", field="slo", hint='For example {"slo": 99.9}.')
    return found


def _fields(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {NAMES[name]: value for name, value in definition.items()}


def _shown(promises: Promises, service: str) -> dict[str, Any]:
    found = told(promises.of(service))
    return {name: found[field] for name, field in NAMES.items()}


def _row(row: ObjectiveRow, promises: Promises) -> dict[str, Any]:
    """With what holds where it says nothing itself; `own` names what it says."""
    return {
        "service_name": row.id,
        **_shown(promises, row.id),
        "own": [name for name in NAMES if name in row.definition],
        "version": row.version,
    }

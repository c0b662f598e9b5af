"""What each service promises: what a question says, else its own objective, else the tenant's, else the usual."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from factbook.queries.records import Records

from .apdex import apdex_by
from .objectives import Objective

EVERY = "*"
"""The name under which a tenant says what all services promise that say nothing of their own."""
LIMITS = {"apdex_ms": 600_000.0, "latency_ms": 600_000.0}
MIN_DAYS, MAX_DAYS = 3, 90


@dataclass(frozen=True, slots=True)
class Promises:
    """kept: fields of an `Objective` by service. asked: those that a question gives, which stand before all others."""

    kept: Mapping[str, Mapping[str, Any]]
    asked: Mapping[str, Any]

    def of(self, service: str) -> Objective:
        return replace(Objective(), **{**self.kept.get(EVERY, {}), **self.kept.get(service, {}), **self.asked})

    @property
    def every(self) -> Objective:
        """Of services that say nothing of their own, and of all together."""
        return self.of(EVERY)

    def apart(self) -> dict[float, tuple[str, ...]]:
        """The thresholds of Apdex that are not that of `every`, and the services of each."""
        found: dict[float, tuple[str, ...]] = {}
        usual = self.every.apdex_ms
        for service in self.kept:
            threshold = self.of(service).apdex_ms
            if service != EVERY and threshold != usual:
                found[threshold] = (*found.get(threshold, ()), service)
        return found


def told(objective: Objective) -> dict[str, Any]:
    return {field.name: getattr(objective, field.name) for field in fields(objective)}


async def apdex_by_service(records: Records, promises: Promises) -> dict[str, float | None]:
    """The score of each service at its own threshold."""
    apart = promises.apart()
    usual, *others = await asyncio.gather(
        apdex_by(records, promises.every.apdex_ms, ("service",)),
        *(
            apdex_by(records, threshold, ("service",), filters=(("property.service.in", services),))
            for threshold, services in apart.items()
        ),
    )
    own = {service for services in apart.values() for service in services}
    found = {service: score for (service,), score in usual.items() if service not in own}
    return found | {service: score for scores in others for (service,), score in scores.items()}

"""Events through the steps without journal or warehouse: what each test of a step begins with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Role, Scope
from factbook.events.schemas import Validator
from factbook.events.types import category
from factbook.ingest.batch import Batch, Origin, Rules
from factbook.ingest.decode import decode
from factbook.ingest.places import Places
from factbook.ingest.steps import STEPS
from factbook.ingest.visits import Visits

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Event = Mapping[str, Any]


@dataclass(frozen=True)
class Types:
    """Event types with the schemas given here, by (tenant, type)."""

    schemas: Mapping[tuple[str, str], Validator] = field(default_factory=dict)

    def category(self, event_type: str) -> str:
        return category(event_type)

    def validator(self, tenant: str, event_type: str) -> Validator | None:
        return self.schemas.get((tenant, event_type))


def stepped(
    *events: Event,
    rules: Rules | None = None,
    origin: Origin | None = None,
    zone: str = "UTC",
    tenant: str = "shop",
    now: datetime = NOW,
    visits: Visits | None = None,
) -> Batch:
    """A batch of one request, after every step."""
    return run([(Scope(tenant, "test", Role.OWNER, zone=zone), origin or Origin(), events)], rules, now, visits)


def run(
    requests: Sequence[tuple[Scope, Origin, Sequence[Event]]],
    rules: Rules | None = None,
    now: datetime = NOW,
    visits: Visits | None = None,
) -> Batch:
    decoded = [decode(json.dumps(list(events)).encode(), max_events=10_000) for _, _, events in requests]
    assert not any(each.refused for each in decoded)
    batch = Batch(
        rules=rules or Rules(types=Types(), places=Places(None)),
        visits=visits or Visits(1_800_000),
        now_ms=epoch_ms(now),
        scopes=[scope for scope, _, _ in requests],
        origins=[origin for _, origin, _ in requests],
        events=[event for each in decoded for event in each.events],
        request=[number for number, each in enumerate(decoded) for _ in each.events],
        index=[index for each in decoded for index in each.index],
    )
    for step in STEPS:
        step(batch)
    return batch


def column(batch: Batch, name: str) -> list[Any]:
    """What the steps made of each event, as Python values."""
    values: list[Any] = batch.columns[name].to_pylist()
    return values


def reasons(batch: Batch) -> list[tuple[int, str, str]]:
    """(index, field, reason) of what was dropped."""
    return [(drop.index, drop.refusal.field, drop.refusal.reason) for drop in batch.dropped]

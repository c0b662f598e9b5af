"""One process that answers, with what it costs: for tests of what is kept and who is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.metrics.catalog import built_in
from factbook.queries.answers import Answers
from factbook.queries.asking.ask import Tenant
from factbook.queries.asking.request import Request
from factbook.queries.reads import Reads
from factbook.queries.turns import Limits
from factbook.storage.cache import Cache
from factbook.storage.engine import Engine
from factbook.storage.running import Running
from factbook.storage.versions import Versions
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

NOW = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)
TODAY = NOW.date().isoformat()
TENANT = Tenant(built_in(), Calendar(ZoneInfo("UTC")), Money("EUR"), {})
PURCHASE = {"type": "purchase", "user": "u1", "properties": {"amount": 10, "currency": "EUR"}}


class Slow(Warehouse):
    """The session's warehouse, which counts its statements and lets none through while the gate is shut."""

    def __init__(self, engine: Engine, running: Running) -> None:
        super().__init__(engine, running=running)
        self.statements = 0
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Event()
        self.error: Exception | None = None

    def counted(self, scope: Scope, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        self.statements += 1
        self.began.set()
        assert self.gate.wait(30)
        if self.error:
            raise self.error
        return super().counted(scope, sql, parameters)


@dataclass
class Asking:
    """One process: its answers, and what they cost."""

    scope: Scope
    warehouse: Slow
    reads: Reads
    answers: Answers
    versions: Versions
    cache: Cache
    looked: list[bool]
    now: datetime = NOW

    async def ask(self, *metrics: str, tenant: Tenant = TENANT, scope: Scope | None = None, **asked: Any) -> Any:
        request = Request(metrics or ("orders",), **{"period": "today", **asked})
        return json.loads(await self.answers.get(scope or self.scope, tenant, request, self.now))

    async def orders(self, **asked: Any) -> int:
        return int((await self.ask("orders", **asked))["total"]["values"]["orders"])


def process(engine: Engine, scope: Scope, versions: Versions, **more: Any) -> Asking:
    running = Running(engine)
    warehouse = Slow(engine, running)
    looked: list[bool] = []
    cache = Cache(more.pop("room", 2**20), more.pop("life", 60))
    reads = Reads(running, Limits(threads=2))
    answers = Answers(warehouse, reads, versions, cache, more.pop("shared", None), looked=looked.append)
    return Asking(scope, warehouse, reads, answers, versions, cache, looked)


def appear(engine: Engine, asking: Asking, *times: str, scope: Scope | None = None, **more: Any) -> None:
    """Purchases at these times become visible, as the writer makes them."""
    scope = scope or asking.scope
    given(engine, scope, [{**PURCHASE, "at": f"{each}:00Z", **more} for each in times])
    days = {int(datetime.fromisoformat(f"{each}:00Z").timestamp()) // 86400 for each in times}
    asking.versions.appeared({scope.tenant: days})

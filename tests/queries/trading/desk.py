"""A desk for tests: events of trading into the warehouse, and questions about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from factbook.queries.inquiry import Inquiry, inquiry
from factbook.queries.reads import Reads
from factbook.queries.trading.question import DEFAULT_PERIOD
from factbook.queries.turns import Limits
from factbook.storage.cache import Cache
from factbook.storage.engine import Engine
from factbook.storage.versions import UnknownVersions
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

NOW = datetime(2026, 3, 13, 12, 0, 30, tzinfo=UTC)
MARCH = {"start_time": "2026-03-02", "end_time": "2026-03-13"}


@dataclass(frozen=True, slots=True)
class Desk:
    engine: Engine
    warehouse: Warehouse
    scope: Scope

    def given(self, *events: Mapping[str, Any]) -> None:
        given(self.engine, self.scope, events)

    def ask(
        self,
        verb: Callable[[Inquiry], Coroutine[Any, Any, Any]],
        asked: Mapping[str, Any] = MARCH,
        *,
        money: Money | None = None,
        zone: str = "UTC",
        scope: Scope | None = None,
    ) -> Any:
        """What `verb` answers to the question with these fields."""
        tenant = Tenant(built_in(), Calendar(ZoneInfo(zone)), money or Money(), {})

        async def run() -> Any:
            with _reads(self.warehouse) as reads:
                answers = Answers(self.warehouse, reads, UnknownVersions(), Cache(0, 0))
                of = scope or self.scope
                given = {"filters": (), **asked}
                about = inquiry(given, answers, reads, self.warehouse, of, tenant, NOW, default=DEFAULT_PERIOD)
                return await verb(about)

        return asyncio.run(run())


@contextmanager
def _reads(warehouse: Warehouse) -> Iterator[Reads]:
    reads = Reads(warehouse.running, Limits(threads=2))
    try:
        yield reads
    finally:
        reads.close()


def closed(at: str, pnl: float, **properties: Any) -> dict[str, Any]:
    return {"at": f"{at}:00Z", "type": "position.closed", "properties": {"pnl": pnl, **properties}}


def opened(at: str, **properties: Any) -> dict[str, Any]:
    return {"at": f"{at}:00Z", "type": "position.opened", "properties": properties}


def balance(at: str, amount: float, account: str = "a", **properties: Any) -> dict[str, Any]:
    told = {"balance": amount, "account_id": account, **properties}
    return {"at": f"{at}:00Z", "type": "balance.updated", "properties": told}


def filled(at: str, price: float, quantity: float | None = 1, symbol: str = "X", **properties: Any) -> dict[str, Any]:
    size = {} if quantity is None else {"quantity": quantity}
    return {"at": at, "type": "order.filled", "properties": {"symbol": symbol, "price": price, **size, **properties}}


def days(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(row["date"]) for row in rows]

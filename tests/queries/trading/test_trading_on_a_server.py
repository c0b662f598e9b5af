"""Trading on a real ClickHouse server: the same answers as from the embedded engine, and the same views."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.queries.inquiry import Inquiry
from factbook.queries.trading import candles
from factbook.queries.trading.breakdowns import listed, times
from factbook.queries.trading.equity import equity_curve
from factbook.queries.trading.intervals import interval
from factbook.queries.trading.orders import orders
from factbook.queries.trading.performance import performance
from factbook.queries.trading.question import Risk
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .desk import MARCH, Desk, balance, closed, filled, opened

VIEWS = ("order_analytics", "strategy_performance", "market_analytics")


def events() -> list[dict[str, Any]]:
    drawn = random.Random(5)
    found = [balance("2026-03-01T00:00", 1000, currency="USD")]
    for number in range(60):
        at = f"2026-03-{drawn.randint(2, 12):02}T{drawn.randrange(24):02}:{drawn.randrange(60):02}"
        who = {
            "strategy_id": drawn.choice("st"),
            "symbol": drawn.choice("XY"),
            "currency": drawn.choice(["USD", "EUR"]),
        }
        found += [
            opened(at, position_id=str(number)),
            closed(at, drawn.randint(-20, 25), position_id=number, holding_seconds=drawn.randrange(9000), **who),
            filled(f"{at}:{number:02}Z", drawn.randint(50, 60), symbol=who["symbol"], order_id=str(number // 2)),
        ]
    return found


def answers(engine: Engine, scope: Scope) -> list[Any]:
    async def prices(about: Inquiry) -> Any:
        found = []
        for name in ("7m", "5h", "36h", "1d", "1w", "1mo", "1q"):
            each = interval(name, about.calendar)
            read = candles.candles(about, "X", each, source=None, limit=100, before=None)
            found.append(candles.told(about, read))
        return found

    verbs = (
        partial(performance, risk=Risk()),
        partial(equity_curve, risk=Risk("all", 365)),
        partial(listed, risk=Risk(), dimension="symbol", order="-total_pnl", limit=10),
        times,
        partial(orders, by="symbol", limit=10),
        prices,
    )
    desk = Desk(engine, Warehouse(engine), scope)
    told = [desk.ask(verb, MARCH, money=Money("EUR", {"USD": 0.5}), zone="America/New_York") for verb in verbs]
    views = [
        desk.warehouse.rows(scope, f"SELECT * FROM {view} WHERE tenant = {{tenant:String}} ORDER BY ALL")
        for view in VIEWS
    ]
    return [*told, *views]


def test_a_server_tells_what_the_embedded_engine_tells(
    clickhouse_url: str, tmp_path: Path, engine: Engine, scope: Scope
) -> None:
    traded = [{**event, "id": f"00000000-0000-4000-8000-{n:012}"} for n, event in enumerate(events())]
    server = Engine(clickhouse_url, tmp_path)
    try:
        migrate(server)
        for each in (server, engine):
            given(each, scope, traded)
        assert answers(server, scope) == answers(engine, scope)
    finally:
        server.close()

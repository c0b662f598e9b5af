"""The same questions to the embedded engine and to a real ClickHouse server, over the same events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from factbook.core.scope import Scope
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given
from tests.queries.trading.desk import Desk

Told = Callable[[Desk], Any]


def both(
    embedded: Engine,
    address: str,
    scope: Scope,
    folder: Path,
    events: Sequence[Mapping[str, Any]],
    told: Told,
    prepared: Callable[[Engine], Any] = lambda engine: None,
) -> tuple[Any, Any]:
    """What `told` tells of `events` here and on the server at `address`, under the same ids. prepared: what either
    engine needs beside them."""
    named = [{**event, "id": f"00000000-0000-4000-8000-{n:012}"} for n, event in enumerate(events)]
    server = Engine(address, folder)
    try:
        migrate(server)
        for each in (embedded, server):
            given(each, scope, named)
            prepared(each)
        here, there = (told(Desk(each, Warehouse(each), scope)) for each in (embedded, server))
    finally:
        server.close()
    return here, there

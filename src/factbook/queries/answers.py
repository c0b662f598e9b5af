"""Answers to questions over metrics, as JSON bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from factbook.core.scope import Scope
from factbook.storage.warehouse import Warehouse

from .asking.ask import Tenant, ask
from .asking.request import Request
from .reads import Reads


class Answers:
    """Use from one event loop."""

    def __init__(self, warehouse: Warehouse, reads: Reads) -> None:
        self._warehouse = warehouse
        self._reads = reads

    async def get(self, scope: Scope, tenant: Tenant, request: Request, now: datetime) -> bytes:
        """The encoded answer. Raises as `asking.ask.ask`, and LIMITED when too many wait already."""
        return await self._reads.run(
            scope, lambda: msgspec.json.encode(ask(self._warehouse, scope, tenant, request, now))
        )

    async def fresh(self, scope: Scope, tenant: Tenant, request: Request, now: datetime) -> dict[str, Any]:
        """The answer, never kept: for what is only tried."""
        return await self._reads.run(scope, lambda: ask(self._warehouse, scope, tenant, request, now))

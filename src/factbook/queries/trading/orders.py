"""What became of orders: filled, canceled, rejected and why; what they slipped and how long they took."""

from __future__ import annotations

import asyncio
from typing import Any

from factbook.queries.inquiry import Inquiry

from .fields import ORDERS

CUTS = ("symbol", "strategy", "side", "order_type", "account")


async def orders(asked: Inquiry, *, by: str | None, limit: int) -> dict[str, Any]:
    """The record of all orders, the reasons of those canceled and rejected; `by` one of CUTS: of each value too."""
    rows: list[dict[str, Any]] = []
    cut = None
    record, canceled, rejected = await asyncio.gather(
        asked.records.one(ORDERS),
        asked.records.counts("orders_canceled", "order_reason"),
        asked.records.counts("orders_rejected", "order_reason"),
    )
    if by:
        rows, cut = await asked.records.many(ORDERS, by, order="-orders_placed", limit=limit)
    return {
        **asked.told,
        **record,
        "cancel_reasons": _reasons(canceled),
        "reject_reasons": _reasons(rejected),
        **({"rows": rows, "cut": cut} if by else {}),
    }


def _reasons(found: tuple[dict[str, Any], Any]) -> dict[str, Any]:
    told, rest = found
    return {"by_reason": {reason: count for reason, count in told.items() if count}, "others": rest}

"""Who waits for an answer: a query goes on only as long as somebody does."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from factbook.core.errors import unavailable

T = TypeVar("T")


class Caller(Protocol):
    def gone(self) -> asyncio.Future[None]:
        """Done once the caller has hung up."""


CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)
"""Set by a transport that can tell when its caller hangs up; None: whoever asks waits to the end."""


async def present(future: asyncio.Future[T]) -> T:
    """The result of `future`, which goes on whoever leaves. UNAVAILABLE when this caller has hung up before."""
    caller = CALLER.get()
    if caller is None or future.done():
        return await asyncio.shield(future)
    either: set[asyncio.Future[Any]] = {future, caller.gone()}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not future.done():
        raise unavailable("The caller left before the answer.")
    return future.result()

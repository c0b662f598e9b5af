"""Personal data of an event: what is hidden from whoever is masked, and the refusal of questions that name it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from factbook.core.errors import FactbookError, Kind

PERSONAL = frozenset(("user_id", "anonymous_id", "session_id", "session", "ip_address", "user_agent"))
"""Columns that say who it was, or which events were his."""
CLASS = "personal"
"""Events of this class of data (`data_class`) have properties that are personal too."""

HIDDEN: ContextVar[bool] = ContextVar("hidden", default=False)
"""Whether these are hidden from whoever asks. Set where a caller becomes known, and where a query of his runs."""


@contextmanager
def hiding(hidden: bool) -> Iterator[None]:
    """For the time of one query."""
    context = HIDDEN.set(hidden)
    try:
        yield
    finally:
        HIDDEN.reset(context)


def refuse_personal(name: str) -> None:
    """FORBIDDEN where `name` is a column that is hidden from whoever asks: a filter would tell its values one by one, a
    cut all of them."""
    if name in PERSONAL and HIDDEN.get():
        raise hidden(f"{name} is personal data, which is hidden from you: nothing is filtered or cut by it.", name)


def hidden(message: str, field: str | None = None) -> FactbookError:
    return FactbookError(
        Kind.FORBIDDEN,
        message,
        field=field,
        hint="Counts of people, other fields and all metrics are told; an administrator may show you the rest.",
    )

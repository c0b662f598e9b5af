"""Personal data of an event: what is hidden from whoever is masked, and the refusal of questions that name it."""

from __future__ import annotations

from factbook.core.errors import FactbookError, Kind

PERSONAL = frozenset(("user_id", "anonymous_id", "session_id", "session", "ip_address", "user_agent"))
"""Columns that say who it was, or which events were his."""
CLASS = "personal"
"""Events of this class of data (`data_class`) have properties that are personal too."""


def refuse_personal(name: str) -> None:
    """FORBIDDEN where `name` is a column that is hidden: a filter would tell its values one by one, a cut all of
    them."""
    if name in PERSONAL:
        raise hidden(f"{name} is personal data, which is hidden from you: it can be neither filtered nor cut by.", name)


def hidden(message: str, field: str | None = None) -> FactbookError:
    return FactbookError(
        Kind.FORBIDDEN,
        message,
        field=field,
        hint="Counts of people, cuts by other fields and metrics are told; an administrator can show you the rest.",
    )

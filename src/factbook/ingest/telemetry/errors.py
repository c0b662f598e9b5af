"""Exceptions and severe log records as `error_occurred` events."""

from __future__ import annotations

from typing import Any

from .attributes import Attributes, Source, text
from .taken import event

LONGEST_MESSAGE, LONGEST_STACK = 2000, 8000


def error(
    id_: str,
    at: str | None,
    source: Source,
    given: Attributes,
    *,
    message: str | None = None,
    severity: str = "error",
    trace: str = "",
    **more: Any,
) -> dict[str, Any]:
    """given: the attributes, with exception.type, exception.message and exception.stacktrace where there is one."""
    told = text(given, "exception.message") or message or ""
    stack = text(given, "exception.stacktrace") or ""
    properties = {
        **source.properties,
        "error_type": text(given, "exception.type", "error.type"),
        "message": told[:LONGEST_MESSAGE],
        "severity": severity,
        "stack": stack[:LONGEST_STACK],
        **more,
    }
    who = text(given, "user.id", "enduser.id")
    return event(
        "error_occurred", id_, at, properties, user_id=who, session_id=text(given, "session.id"), correlation_id=trace
    )

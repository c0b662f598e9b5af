"""The one error root: a kind, a message, a hint; transports map kinds to their own statuses."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    MALFORMED = "malformed"  # the bytes cannot be read at all
    UNAUTHENTICATED = "unauthenticated"  # no usable credentials
    FORBIDDEN = "forbidden"  # known, but not allowed
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"  # a media type or encoding nobody here reads
    INVALID = "invalid"  # readable, but a field breaks a rule
    LIMITED = "limited"  # the caller goes too fast; try again after `retry_after`
    UNAVAILABLE = "unavailable"  # a needed part is down or full; try again after `retry_after`


class FactbookError(Exception):
    """Something a caller can act on.

    message: one plain sentence. field: the input it is about, where there is one. hint: the way out.
    retry_after: seconds, for LIMITED and UNAVAILABLE. details: further JSON-able members of the answer.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
        retry_after: float | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.field = field
        self.hint = hint
        self.retry_after = retry_after
        self.details = details or {}


def invalid(message: str, *, field: str | None = None, hint: str | None = None) -> FactbookError:
    return FactbookError(Kind.INVALID, message, field=field, hint=hint)


def not_found(message: str, *, hint: str | None = None) -> FactbookError:
    return FactbookError(Kind.NOT_FOUND, message, hint=hint)


def unavailable(message: str, *, retry_after: float = 1.0, hint: str | None = None) -> FactbookError:
    return FactbookError(Kind.UNAVAILABLE, message, retry_after=retry_after, hint=hint)

"""The one error of the client: what the server answered, or why the client itself cannot go on."""

from __future__ import annotations

from typing import Any


class ClientError(Exception):
    """Something that the calling program can act on.

    status: the HTTP status; None where nobody answered, or where the client itself refuses. message: one plain
    sentence. field: the input it is about. hint: the way out. correlation_id: what the server's operator finds it by.
    retry_after: seconds the server asked to wait. passing: the same request may succeed later. details: the whole
    problem (RFC 9457) as it was answered.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        field: str | None = None,
        hint: str | None = None,
        correlation_id: str | None = None,
        retry_after: float | None = None,
        passing: bool = False,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.field = field
        self.hint = hint
        self.correlation_id = correlation_id
        self.retry_after = retry_after
        self.passing = passing
        self.details = details or {}

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

"""What a Factbook server answers, read: the JSON of a good answer, the ClientError of any other."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from .errors import ClientError

_PASSING = frozenset([408, 425, 429, 500, 502, 503, 504])
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError)
_LONGEST_WAIT_SECONDS = 3600.0
_ADDRESS = "Check that the address is that of a Factbook server."


def content_of(answer: httpx.Response) -> Any:
    """The decoded body of a good answer; raises ClientError for any other."""
    if not answer.is_success:
        raise refusal(answer)
    try:
        return msgspec.json.decode(answer.content)
    except _NO_JSON:
        raise ClientError(
            f"{answer.url} answered something that is not JSON.",
            status=answer.status_code,
            hint=_ADDRESS,
        ) from None


def refusal(answer: httpx.Response) -> ClientError:
    """The error that a problem (RFC 9457), or whatever stands between us and the server, tells."""
    problem = _problem(answer.content)
    return ClientError(
        str(problem.get("detail") or problem.get("title") or f"{answer.url} answered {answer.status_code}."),
        status=answer.status_code,
        field=problem.get("field"),
        hint=_hint(problem, answer),
        correlation_id=problem.get("correlation_id") or answer.headers.get("x-request-id"),
        retry_after=retry_after(answer.headers.get("retry-after", "")),
        passing=answer.status_code in _PASSING,
        details=problem,
    )


def _hint(problem: dict[str, Any], answer: httpx.Response) -> str | None:
    if problem.get("suggested_actions"):
        return str(problem["suggested_actions"][0])
    if "location" in answer.headers:
        return f"The address leads on to {answer.headers['location']}."
    return None if problem else _ADDRESS


def no_answer(url: str, error: httpx.TransportError) -> ClientError:
    return ClientError(
        f"Factbook at {url} does not answer ({str(error) or type(error).__name__}).",
        hint="Start it with `factbook serve`, or check the address.",
        passing=True,
    )


def retry_after(text: str) -> float | None:
    """Seconds from a Retry-After header, in either of its forms."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), _LONGEST_WAIT_SECONDS)
    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - time.time()), _LONGEST_WAIT_SECONDS)
    except ValueError:
        return None


def _problem(content: bytes) -> dict[str, Any]:
    try:
        problem = msgspec.json.decode(content)
    except _NO_JSON:
        return {}
    return problem if isinstance(problem, dict) else {}

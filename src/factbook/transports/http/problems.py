"""Errors as problem+json (RFC 9457): the one place that knows which kind of error has which HTTP status."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from factbook.core.errors import FactbookError, Kind

Headers = list[tuple[bytes, bytes]]
Problem = tuple[int, Headers, bytes]
"""Status, ASGI headers and body of an answer."""

STATUS: Mapping[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.INVALID: 422,
    Kind.LIMITED: 429,
    Kind.UNAVAILABLE: 503,
}
TITLE: Mapping[Kind, str] = {
    Kind.MALFORMED: "The request cannot be read",
    Kind.UNAUTHENTICATED: "No usable credentials",
    Kind.FORBIDDEN: "Not allowed",
    Kind.NOT_FOUND: "Not found",
    Kind.CONFLICT: "In conflict with what is there",
    Kind.TOO_LARGE: "Too large",
    Kind.UNSUPPORTED: "Unsupported media type or encoding",
    Kind.INVALID: "A value is not valid",
    Kind.LIMITED: "Too many requests",
    Kind.UNAVAILABLE: "Not available just now",
}
CONTENT_TYPE = "application/problem+json"

_KINDS = {status: kind for kind, status in STATUS.items()}
_SIGN_IN = "Send a key as Authorization: Bearer KEY or X-API-Key: KEY."


def problem(error: FactbookError, correlation_id: str, instance: str = "") -> Problem:
    """`error` as an answer. instance: the path it was about."""
    headers: Headers = []
    hint = error.hint
    if error.kind is Kind.UNAUTHENTICATED:
        headers.append((b"www-authenticate", b'Bearer realm="factbook"'))
        hint = hint or _SIGN_IN
    if error.kind in (Kind.LIMITED, Kind.UNAVAILABLE):
        wait = max(1, math.ceil(error.retry_after or 1))
        headers.append((b"retry-after", str(wait).encode()))
        hint = hint or f"Send the same request again after {wait} second{'s' if wait > 1 else ''}."
    members = {**error.details, **({"field": error.field} if error.field else {})}
    return _answer(
        STATUS[error.kind],
        error.kind.value,
        TITLE[error.kind],
        error.message,
        correlation_id,
        instance,
        hint=hint,
        headers=headers,
        members=members,
    )


def unexpected(correlation_id: str, instance: str = "") -> Problem:
    """The answer to a defect of ours: nothing of the exception, only the id under which it was logged."""
    return _answer(
        500,
        "unexpected",
        "Something went wrong here",
        "The request failed because of a defect in the service.",
        correlation_id,
        instance,
        hint=f"Tell the operator this correlation_id: {correlation_id}",
        headers=[],
        members={},
    )


def install(app: FastAPI) -> None:
    """Answers every error that `app` raises as a problem: ours, those of validation and of the router."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, FactbookError)
        return _response(problem(error, _id(request), request.url.path))

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _response(problem(refused(error), _id(request), request.url.path))

    async def router(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _response(_routed(error, request))

    async def defect(request: Request, error: Exception) -> Response:
        return _response(unexpected(_id(request), request.url.path))

    app.add_exception_handler(Exception, defect)
    app.add_exception_handler(FactbookError, ours)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, router)


def refused(error: RequestValidationError) -> FactbookError:
    """FastAPI's refusal of a request as ours: MALFORMED for what is no JSON, INVALID naming the fields otherwise."""
    found = [{"field": _field(one), "message": str(one["msg"])} for one in error.errors()]
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return FactbookError(Kind.MALFORMED, "The body is not JSON.", hint="Send UTF-8 JSON.")
    if not found:
        return FactbookError(Kind.INVALID, "The request is not valid.")
    first = found[0]
    message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return FactbookError(Kind.INVALID, message, field=first["field"] or None, details={"errors": found})


def _field(error: Mapping[str, Any]) -> str:
    place, *rest = (str(part) for part in error["loc"]) if error["loc"] else ("",)
    return ".".join(rest) if place in ("body", "query", "path", "header", "cookie") else ".".join((place, *rest))


def _routed(error: HTTPException, request: Request) -> Problem:
    status, path = error.status_code, request.url.path
    headers: Headers = [(name.lower().encode(), value.encode()) for name, value in (error.headers or {}).items()]
    title = TITLE[_KINDS[status]] if status in _KINDS else HTTPStatus(status).phrase
    detail, hint = str(error.detail), None
    if status == HTTPStatus.NOT_FOUND and error.detail == HTTPStatus.NOT_FOUND.phrase:
        detail, hint = f"There is nothing at {path}.", "See /docs for every path."
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = dict(headers).get(b"allow", b"").decode()
        detail = f"{request.method} is not possible at {path}."
        hint = f"Allowed: {allowed}." if allowed else None
    word = _KINDS[status].value if status in _KINDS else HTTPStatus(status).name.lower()
    return _answer(status, word, title, detail, _id(request), path, hint=hint, headers=headers, members={})


def _answer(
    status: int,
    word: str,
    title: str,
    detail: str,
    correlation_id: str,
    instance: str,
    *,
    hint: str | None,
    headers: Headers,
    members: Mapping[str, Any],
) -> Problem:
    body: dict[str, Any] = {
        **members,
        "type": f"urn:factbook:problem:{word}",
        "title": title,
        "status": status,
        "detail": detail,
        "correlation_id": correlation_id,
    }
    if instance:
        body["instance"] = instance
    if hint:
        body["suggested_actions"] = [hint]
    encoded = msgspec.json.encode(body)
    length = (b"content-length", str(len(encoded)).encode())
    return status, [(b"content-type", CONTENT_TYPE.encode()), length, *headers], encoded


def _response(answer: Problem) -> Response:
    status, headers, body = answer
    response = Response(body, status)
    response.raw_headers = headers
    return response


def _id(request: Request) -> str:
    return str(getattr(request.state, "correlation_id", ""))

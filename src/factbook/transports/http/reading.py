"""What analytic reads have in common over HTTP: period, zone, filters and fields of a query string, and the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Query, Request, Response

from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.scope import Scope
from factbook.core.times import Period
from factbook.events.filters import Condition, from_json, from_pairs
from factbook.queries.asking.request import filter_pairs
from factbook.queries.behaviour.segments.segments import Segments
from factbook.queries.period import bounds, period_of, zone_of

from .access import refusals

FILTER_SYNTAX = (
    "Any column or property filters too: `country=DE`, `property.plan=pro`, with an operator as the last part:"
    " `property.price.gte=10`, `user_id.exists=false`, `country.in=DE,FR`. Operators: eq, ne, gt, gte, lt, lte, in,"
    " contains, exists. `ne` includes events without the value. `segment=ID` (ne, in) takes the events of its people."
    " Conditions are joined by AND."
)

_COMMON = frozenset(
    [
        "start_time",
        "end_time",
        "start_date",
        "end_date",
        "timezone",
        "filters",
        "include_bots",
        "limit",
        "cursor",
        "fields",
        "format",
    ]
)

_Text = str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters that say what a read is about, as they were sent."""

    start: str | None
    end: str | None
    timezone: str | None
    filters: str | None
    include_bots: bool
    rest: tuple[tuple[str, str], ...]

    def zone(self, scope: Scope) -> ZoneInfo:
        return zone_of(scope, self.timezone)

    def bounds(self, scope: Scope) -> tuple[datetime | None, datetime | None]:
        return bounds(self.start, self.end, self.zone(scope))

    def period(self, scope: Scope, now: datetime, default: timedelta) -> Period:
        return period_of(self.start, self.end, self.zone(scope), now=now, default=default)

    def conditions(
        self, scope: Scope, segments: Segments, reserved: frozenset[str] = frozenset()
    ) -> tuple[Condition, ...]:
        """Of the `filters` parameter and of every parameter that is neither common nor `reserved` by the path."""
        tz = self.zone(scope)
        pairs = [(key, value) for key, value in self.rest if key not in reserved]
        found = (*from_pairs(pairs, tz), *(from_json(self.filters, tz) if self.filters else ()))
        return segments.applied(found)


def asked(
    request: Request,
    start_time: Annotated[
        _Text, Query(description="Start, RFC 3339; without an offset in `timezone`.", examples=["2026-03-01T00:00:00Z"])
    ] = None,
    end_time: Annotated[
        _Text, Query(description="End, not included; a date includes that day.", examples=["2026-03-08T00:00:00Z"])
    ] = None,
    start_date: Annotated[_Text, Query(description="Another name of start_time.", examples=["2026-03-01"])] = None,
    end_date: Annotated[_Text, Query(description="Another name of end_time.", examples=["2026-03-07"])] = None,
    timezone: Annotated[
        _Text, Query(description="IANA zone; the tenant's where absent.", examples=["Europe/Berlin"])
    ] = None,
    filters: Annotated[
        _Text,
        Query(
            description="Conditions as JSON: an object with the keys of the query string, or a list of "
            "`{field, operator, value}`. " + FILTER_SYNTAX,
            examples=['{"country": "DE", "property.price.gte": 10}'],
        ),
    ] = None,
    include_bots: Annotated[bool, Query(description="Counts events of bots too.", examples=[False])] = False,
) -> Asked:
    """FastAPI dependency."""
    rest = tuple((key, value) for key, value in request.query_params.multi_items() if key not in _COMMON)
    return Asked(start_time or start_date, end_time or end_date, timezone, filters, include_bots, rest)


MAX_QUESTION = 1024 * 1024
"""Bytes of a JSON or YAML body that is no event."""


async def text_body(request: Request) -> bytes:
    """The body, TOO_LARGE past MAX_QUESTION."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_QUESTION:
            raise FactbookError(
                Kind.TOO_LARGE, f"The body is longer than {MAX_QUESTION:,} bytes.", hint="Split it into several."
            )
    return bytes(body)


async def json_body(request: Request) -> Any:
    """The decoded body. MALFORMED where it is no JSON, TOO_LARGE past MAX_QUESTION."""
    try:
        return msgspec.json.decode(await text_body(request))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FactbookError(Kind.MALFORMED, f"The body is not JSON: {str(error)[:200]}.") from None


def filters_of(request: Request, reserved: Iterable[str]) -> tuple[tuple[str, Any], ...]:
    """Filters of a query string: the `filters` parameter, and every parameter that is neither common nor `reserved`."""
    taken = _COMMON | {*reserved}
    pairs: list[tuple[str, Any]] = [(k, v) for k, v in request.query_params.multi_items() if k not in taken]
    text = request.query_params.get("filters")
    if text:
        try:
            pairs += filter_pairs(msgspec.json.decode(text))
        except msgspec.DecodeError:
            raise invalid("filters is not JSON.", field="filters", hint='For example {"country": "DE"}.') from None
    return tuple(pairs)


def answer(value: Any) -> Response:
    return encoded(msgspec.json.encode(value))


def encoded(body: bytes) -> Response:
    """An answer that is JSON already."""
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


def documented(value: Any, *kinds: Kind, description: str = "The answer.") -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses: one good answer by example, and the problems that may come instead of it."""
    good: dict[int | str, dict[str, Any]] = {
        200: {"description": description, "content": {"application/json": {"example": value}}}
    }
    return good | refusals(*kinds, Kind.INVALID, Kind.LIMITED, Kind.UNAVAILABLE)

"""One person's journey, over HTTP."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour.history import history
from factbook.queries.behaviour.journey import FORMULA, MEANINGS, JourneyRequest, journey
from factbook.queries.behaviour.reading import number
from factbook.queries.behaviour.selection import selection
from factbook.services import Services

from .access import scope_for
from .reading import answer, documented
from .rows_as_csv import rows_as_csv

_TOUCH: dict[str, Any] = {
    "time": "2026-03-01T09:00:00+01:00",
    "source": "Google",
    "utm_medium": "",
    "utm_campaign": "",
    "entry": "/welcome",
}
_SESSION: dict[str, Any] = {
    "started_at": "2026-03-01T09:00:00+01:00",
    "ended_at": "2026-03-01T09:12:30+01:00",
    "seconds_since_previous": 86_400.0,
    "source": "Google",
    "duration_seconds": 750.0,
    "events": 5,
    "page_views": 3,
    "interactions": 2,
    "is_bounce": False,
    "entry": "/welcome",
    "exit": "/thanks",
    "referrer_source": "Google",
    "utm_source": "",
    "utm_medium": "",
    "utm_campaign": "",
    "device": "desktop",
    "browser": "Firefox",
    "os": "Linux",
    "country": "DE",
    "orders": 1,
    "amounts": {"EUR": 19.9},
    "conversions": 1,
}
ANSWER: dict[str, Any] = {
    "id": "ann",
    "user_ids": ["ann"],
    "anonymous_ids": ["phone"],
    "start_time": "2025-12-01T00:00:00+01:00",
    "end_time": "2026-03-02T00:00:00+01:00",
    "timezone": "Europe/Berlin",
    "summary": {
        "sessions": 2,
        "events": 6,
        "page_views": 4,
        "interactions": 2,
        "bounces": 1,
        "conversions": 1,
        "orders": 1,
        "seconds": 750.0,
        "seconds_per_session": 375.0,
        "seconds_between_sessions": 86_400.0,
    },
    "engagement": {
        "score": 46.5,
        "formula": FORMULA,
        "parts": {"recency": 0.95, "frequency": 0.2, "depth": 0.3, "conversion": 0.5},
        "meanings": MEANINGS,
    },
    "first_touch": _TOUCH,
    "last_touch": _TOUCH,
    "conversion_event": "purchase",
    "conversions": [{"time": "2026-03-01T09:10:00+01:00", "event_type": "purchase"}],
    "sessions": [
        {
            **_SESSION,
            "timeline": [
                {
                    "time": "2026-03-01T09:00:00+01:00",
                    "event_type": "page_view",
                    "place": "/welcome",
                    "is_conversion": False,
                }
            ],
        }
    ],
    "next_cursor": "1772355600000",
    "notes": [],
}
_FIELDS = ("period", "start_time", "end_time", "start_date", "end_date", "timezone")
_Text = str | None


def router(services: Services) -> APIRouter:
    """GET /user/{user_id}/journey and /api/v1/analytics/users/{user_id}/journey."""
    routes = APIRouter(tags=["Journeys"])
    analyst = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))
    realtime = services.settings.analytics.realtime
    rule = Rule.of(realtime.session_timeout, realtime.session_max_hours)

    async def told(
        user_id: Annotated[str, Path(description="Of a user, or of one of his devices.", examples=["u-17"])],
        request: Request,
        scope: Annotated[Scope, analyst],
        period: Annotated[_Text, Query(description="A name, as last_30_days; last_90_days where absent.")] = None,
        start_date: Annotated[_Text, Query(description="Sessions that began from then on.")] = None,
        end_date: Annotated[_Text, Query(description="To the end of that day.")] = None,
        timezone: Annotated[_Text, Query(description="IANA zone; the tenant's where absent.")] = None,
        conversion: Annotated[_Text, Query(description="Event types that convert, joined by |.")] = None,
        limit: Annotated[_Text, Query(description="Sessions a page, at most 100.", examples=["20"])] = None,
        cursor: Annotated[_Text, Query(description="`next_cursor` of the page before.")] = None,
        format: Annotated[str, Query(description="json or csv.")] = "json",
    ) -> Response:
        if format not in ("json", "csv"):
            raise invalid(f"{format[:40]!r} is not a format.", field="format", hint="Use json or csv.")
        if cursor and not (cursor.isdecimal() and len(cursor) < 16):
            raise invalid("cursor is none of ours.", field="cursor", hint="Give the next_cursor of the page before.")
        given = {name: value for name, value in request.query_params.items() if name in _FIELDS}
        tenant = services.tenants.of(scope)
        about = history(given, tenant.calendar, services.clock(), default="last_90_days")
        asked = JourneyRequest(
            user_id,
            about,
            selection(conversion or "purchase", about.calendar.zone, field="conversion"),
            rule,
            number({"limit": limit}, "limit", 1, 100, 20),
            int(cursor) if cursor else None,
        )
        read = partial(journey, services.warehouse, scope, asked)
        found = await services.reads.run(scope, read, "journey of a person")
        if format == "csv":
            return rows_as_csv(_flat(found["sessions"]), list(_SESSION), "journey")
        return answer(found)

    for path, name in (
        ("/user/{user_id}/journey", "journey"),
        ("/api/v1/analytics/users/{user_id}/journey", "users_journey"),
    ):
        routes.add_api_route(
            path,
            told,
            name=name,
            summary="One person's journey: sessions, touchpoints, conversions, engagement",
            description="`user_id` is any id of the person, of a user or of a visitor; what he did under the others is"
            " told with it. Sessions are those of docs/definitions.md, newest first, bots left out. Each comes with its"
            " first 50 events; `next_cursor` leads to earlier ones.",
            responses=documented(ANSWER, Kind.NOT_FOUND),
        )
    return routes


def _flat(sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**session, "amounts": [f"{amount} {currency}" for currency, amount in session["amounts"].items()]}
        for session in sessions
    ]

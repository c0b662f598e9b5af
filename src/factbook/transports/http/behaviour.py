"""Behaviour over HTTP: recency, frequency and money, frequent patterns, one person's scores and preferences."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour import history
from factbook.queries.behaviour.journey import FORMULA, MEANINGS
from factbook.queries.behaviour.patterns import question as patterns_question
from factbook.queries.behaviour.patterns.frequent import patterns
from factbook.queries.behaviour.preferences import DECAY, HALF_LIFE_DAYS, preferences
from factbook.queries.behaviour.reading import number
from factbook.queries.behaviour.rfm import question as rfm_question
from factbook.queries.behaviour.rfm.answer import buyers, rfm
from factbook.queries.behaviour.rfm.groups import GROUPS, group_called
from factbook.queries.behaviour.scores import ACTIVITY, ACTIVITY_MEANS, LOYALTY, LOYALTY_MEANS, scores
from factbook.queries.behaviour.selection import selection
from factbook.services import Services

from .access import scope_for
from .reading import FILTER_SYNTAX, answer, documented, filters_of
from .rows_as_csv import rows_as_csv

_Text = str | None
_UserId = Annotated[str, Path(description="Of a user, or of one of his devices.", examples=["u-17"])]
_PERIOD = {
    "start_time": "2025-03-01T00:00:00+01:00",
    "end_time": "2026-03-01T09:31:00+01:00",
    "timezone": "Europe/Berlin",
}
_GROUP: dict[str, Any] = {
    "id": "champions",
    "label": "Champions",
    "rule": GROUPS[0].rule,
    "advice": GROUPS[0].advice,
    "people": 120,
    "share": 0.12,
    "orders": 960,
    "monetary": 48_000.0,
    "monetary_share": 0.41,
    "mean_recency_days": 6.5,
    "mean_frequency": 8.0,
    "mean_monetary": 400.0,
}
_RFM: dict[str, Any] = {
    "metric": "revenue",
    "currency": "EUR",
    **_PERIOD,
    "complete_since": "2025-03-01T00:00:00+01:00",
    "people": 1000,
    "orders": 3210,
    "monetary": 117_000.0,
    "groups": [_GROUP],
    "cells": [{"recency": 5, "frequency": 5, "monetary": 5, "people": 80}],
    "scores": {"recency": [{"score": 5, "people": 200, "least": 0.1, "most": 12.4}], "frequency": [], "monetary": []},
}
_BUYER: dict[str, Any] = {
    "user_id": "u-17",
    "anonymous_ids": ["a-9f3"],
    "last_order": "2026-02-27T18:00:00+01:00",
    "orders": 9,
    "monetary": 612.5,
    "scores": "555",
}
_PATTERN: dict[str, Any] = {
    "events": ["product_view", "add_to_cart", "purchase"],
    "sessions": 412,
    "support": 0.08,
    "people": 377,
    "times": 430,
    "lift": 9.7,
}
_PATTERNS: dict[str, Any] = {
    **_PERIOD,
    "complete_since": "2026-02-01T00:00:00+01:00",
    "sessions": 5150,
    "min_support": 0.01,
    "degraded": False,
    "notes": [],
    "patterns": [_PATTERN],
}
_SCORES: dict[str, Any] = {
    "id": "u-17",
    "user_ids": ["u-17"],
    "anonymous_ids": ["a-9f3"],
    **_PERIOD,
    "conversion_event": "purchase",
    "inputs": {
        "sessions": 14,
        "events": 96,
        "active_days": 12,
        "active_weeks": 8,
        "conversions": 3,
        "days_since_last": 2.5,
        "days_since_first": 201.0,
    },
    "scores": {
        "engagement": {
            "score": 71.4,
            "formula": FORMULA,
            "parts": {"recency": 0.78, "frequency": 0.6, "depth": 0.64, "conversion": 0.875},
            "meanings": MEANINGS,
        },
        "activity": {
            "score": 77.3,
            "formula": ACTIVITY,
            "parts": {"frequency": 0.7, "recency": 0.88},
            "meanings": ACTIVITY_MEANS,
        },
        "loyalty": {
            "score": 63.5,
            "formula": LOYALTY,
            "parts": {"regularity": 0.62, "tenure": 0.67, "conversion": 0.63},
            "meanings": LOYALTY_MEANS,
        },
    },
}
_PREFERRED: dict[str, Any] = {
    "value": "Books",
    "share": 0.6,
    "events": 31,
    "last_seen": "2026-03-01T09:30:00+01:00",
}
_PREFERENCES: dict[str, Any] = {
    "id": "u-17",
    **_PERIOD,
    "half_life_days": HALF_LIFE_DAYS,
    "weight": DECAY,
    "categories": [_PREFERRED],
    "content_types": [],
    "languages": [],
    "contents": [],
    "devices": [],
    "browsers": [],
    "hours": [{**_PREFERRED, "value": 9}],
}


def router(services: Services) -> APIRouter:
    """Under /api/v1/analytics/users: rfm, rfm/people, behavior-patterns, {user_id}/scores and {user_id}/preferences."""
    routes = APIRouter(prefix="/api/v1/analytics/users", tags=["Behaviour"])
    _rfm(routes, services)
    _patterns(routes, services)
    _person(routes, services)
    return routes


def _given(*fields: str) -> Callable[..., dict[str, Any]]:
    """A dependency: the period, zone and filters of a query string, and `fields` of it as they were sent."""
    known = {*history.FIELDS, *fields}

    def given(
        request: Request,
        period: Annotated[_Text, Query(description="A name, as last_90_days.")] = None,
        start_date: Annotated[_Text, Query(description="From then on.", examples=["2026-01-01"])] = None,
        end_date: Annotated[_Text, Query(description="To the end of that day.", examples=["2026-03-31"])] = None,
        timezone: Annotated[_Text, Query(description="IANA zone; the tenant's where absent.")] = None,
        include_bots: Annotated[bool, Query(description="Counts events of bots too.")] = False,
    ) -> dict[str, Any]:
        sent = {name: text for name, text in request.query_params.items() if name in known}
        rest = filters_of(request, (*known, "format", "group", "cursor", "limit"))
        return {**sent, "include_bots": include_bots, "filters": rest}

    return given


def _rfm(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))
    analyst = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))
    asked = Depends(_given("metric"))

    @routes.get(
        "/rfm",
        summary="Buyers by recency, frequency and money",
        description="Every buyer of the period (the last 365 days where none is given) is scored from 1 to 5: one point"
        " and as many fifths as the share of buyers with less. The scores make the groups. `metric` is what an order is"
        " worth. docs/definitions.md tells all. " + FILTER_SYNTAX,
        responses=documented(_RFM, Kind.CONFLICT, Kind.FORBIDDEN),
    )
    async def by_group(
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], asked],
        metric: Annotated[_Text, Query(description="A sum over events; revenue where absent.")] = None,
        format: Annotated[str, Query(description="json, or csv of the groups.")] = "json",
    ) -> Response:
        tenant = services.tenants.of(scope)
        what = rfm_question.asked(given, tenant, services.clock())
        told = await services.reads.run(scope, partial(rfm, services.warehouse, scope, tenant, what), "rfm")
        return rows_as_csv(told["groups"], list(_GROUP), "rfm") if _is_csv(format) else answer(told)

    @routes.get(
        "/rfm/people",
        summary="The buyers of one group, page by page",
        description=FILTER_SYNTAX,
        responses=documented({"people": [_BUYER], "next_cursor": "1844674407370955161"}, Kind.CONFLICT),
    )
    async def people(
        scope: Annotated[Scope, analyst],
        given: Annotated[dict[str, Any], asked],
        group: Annotated[str, Query(description=", ".join(one.id for one in GROUPS) + ".", examples=["champions"])],
        metric: Annotated[_Text, Query(description="As of the groups.")] = None,
        limit: Annotated[int, Query(ge=1, le=10_000, description="People a page.")] = 100,
        cursor: Annotated[_Text, Query(description="`next_cursor` of the page before.")] = None,
        format: Annotated[str, Query(description="json or csv.")] = "json",
    ) -> Response:
        tenant = services.tenants.of(scope)
        what, chosen, is_csv = rfm_question.asked(given, tenant, services.clock()), group_called(group), _is_csv(format)
        read = partial(buyers, services.warehouse, scope, tenant, what, chosen, limit=limit, cursor=cursor)
        found, after = await services.reads.run(scope, read, f"buyers of {group}")
        return rows_as_csv(found, list(_BUYER), group) if is_csv else answer({"people": found, "next_cursor": after})


def _patterns(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))
    asked = Depends(_given(*patterns_question.FIELDS))

    @routes.get(
        "/behavior-patterns",
        summary="Frequent sequences of event types",
        description="Runs of 2 to 5 events that follow each other within a session: `support` is the share of sessions"
        " that hold one, `lift` how many times more often it comes than if the types came by chance. Where there is too"
        " much to look at, `degraded` is true and `notes` say what was left out. " + FILTER_SYNTAX,
        responses=documented(_PATTERNS),
    )
    async def frequent(
        scope: Annotated[Scope, reader],
        given: Annotated[dict[str, Any], asked],
        min_length: Annotated[_Text, Query(description="Fewest events, 2 or more.")] = None,
        max_length: Annotated[_Text, Query(description="Most events, at most 5.")] = None,
        min_support: Annotated[_Text, Query(description="Least share of sessions; 0.01 where absent.")] = None,
        repeats: Annotated[_Text, Query(description="true: the same type again is another event.")] = None,
        order: Annotated[_Text, Query(description="support or lift.")] = None,
        limit: Annotated[_Text, Query(description="Patterns told, at most 200.")] = None,
        format: Annotated[str, Query(description="json or csv.")] = "json",
    ) -> Response:
        tenant = services.tenants.of(scope)
        what, is_csv = patterns_question.asked(given, tenant, services.clock()), _is_csv(format)
        read = partial(patterns, services.warehouse, scope, what, dict(tenant.kept))
        told = await services.reads.run(scope, read, "behaviour patterns")
        return rows_as_csv(told["patterns"], list(_PATTERN), "patterns") if is_csv else answer(told)


def _person(routes: APIRouter, services: Services) -> None:
    analyst = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))
    asked = Depends(_given("half_life_days", "conversion"))
    realtime = services.settings.analytics.realtime
    rule = Rule.of(realtime.session_timeout, realtime.session_max_hours)

    @routes.get(
        "/{user_id}/scores",
        summary="How engaged, active and loyal a person is",
        description="From 0 to 100, each with its formula and the parts that went into it, over the last 90 days where"
        " no period is given. The id may be of the user or of one of his devices.",
        responses=documented(_SCORES, Kind.NOT_FOUND),
    )
    async def scored(
        user_id: _UserId,
        scope: Annotated[Scope, analyst],
        given: Annotated[dict[str, Any], asked],
        conversion: Annotated[_Text, Query(description="Event types that convert, joined by |.")] = None,
    ) -> Response:
        if given["filters"]:
            field = given["filters"][0][0]
            raise invalid("Scores are of all that a person did: they take no filters.", field=field[:60])
        about = _about(scope, given)
        chosen = selection(conversion or "purchase", about.calendar.zone, field="conversion")
        read = partial(scores, services.warehouse, scope, user_id, about, chosen, rule)
        return answer(await services.reads.run(scope, read, "scores of a person"))

    @routes.get(
        "/{user_id}/preferences",
        summary="What a person turns to",
        description="Categories, content types, languages, contents, devices, browsers and hours, with their shares;"
        " what is `half_life_days` old counts half. Over the last 90 days where no period is given. " + FILTER_SYNTAX,
        responses=documented(_PREFERENCES, Kind.NOT_FOUND),
    )
    async def preferred(
        user_id: _UserId,
        scope: Annotated[Scope, analyst],
        given: Annotated[dict[str, Any], asked],
        half_life_days: Annotated[_Text, Query(description="1 to 3650; 30 where absent.")] = None,
    ) -> Response:
        half_life = number(given, "half_life_days", 1, 3650, HALF_LIFE_DAYS)
        about = _about(scope, given)
        read = partial(preferences, services.warehouse, scope, user_id, about, half_life=half_life)
        return answer(await services.reads.run(scope, read, "preferences of a person"))

    def _about(scope: Scope, given: dict[str, Any]) -> history.History:
        tenant = services.tenants.of(scope)
        now = services.clock()
        return history.history(given, tenant.calendar, now, default="last_90_days", segments=tenant.segments)


def _is_csv(format: str) -> bool:
    if format not in ("json", "csv"):
        raise invalid(f"{format[:40]!r} is not a format.", field="format", hint="Use json or csv.")
    return format == "csv"

"""Systems over HTTP: health, performance, errors, usage, services, endpoints, databases, and what they promise."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid, not_found
from factbook.core.scope import Scope
from factbook.queries.behaviour.history import History, history
from factbook.queries.records import Records
from factbook.queries.systems import health, hours, lists
from factbook.queries.systems.apdex import apdex
from factbook.queries.systems.groups import errors, statements
from factbook.queries.systems.kept import share
from factbook.queries.systems.objectives import objectives
from factbook.queries.systems.promises import EVERY, MAX_DAYS, MIN_DAYS, Promises
from factbook.services import Services

from . import systems_docs as docs
from .access import scope_for
from .reading import FILTER_SYNTAX, answer, documented, filters_of
from .rows_as_csv import rows_as_csv

_Text = str | None
_ABOUT = ("period", "start_time", "end_time", "start_date", "end_date", "timezone", "include_bots", "filters")
_OWN = ("service", "apdex_ms", "limit", "format", "by", "order", "compare", "granularity")
_OBJECTIVES = ("slow_ms", "slo", "latency_slo", "latency_ms", "days")

_Threshold = Annotated[
    float | None, Query(gt=0, le=600_000, description="T of Apdex in milliseconds; as promised where absent.")
]
_Limit = Annotated[int, Query(ge=1, le=1000, description="Rows told; `cut` says how many there are.")]
_Format = Annotated[str, Query(description="json, or csv of the list.", examples=["json"])]
_Objective = Annotated[
    float | None,
    Query(gt=0, lt=100, description="Availability promised: a share (0.999) or per cent (99.9); the service's own."),
]
_Service = Annotated[str, Path(description="As events name it in `service`.", examples=["shop"])]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every read here takes: from and to when, in which zone, of which events. service: EVERY for all."""

    scope: Scope
    given: dict[str, Any]
    filters: tuple[tuple[str, Any], ...]
    service: str


def router(services: Services) -> APIRouter:
    """Under /api/v1/analytics: system/…, services…, api/endpoints and database/performance."""
    routes = APIRouter(prefix="/api/v1/analytics", tags=["Systems"])
    asked = Depends(_asked(services))
    for add in (_health, _performance, _errors, _usage, _services, _endpoints, _database):
        add(routes, services, asked)
    return routes


def _asked(services: Services) -> Callable[..., Coroutine[Any, Any, Asked]]:
    reader = scope_for(services)

    async def asked(
        request: Request,
        scope: Annotated[Scope, Depends(reader)],
        period: Annotated[_Text, Query(description="A name, as last_7_days or 24h.")] = None,
        start_date: Annotated[_Text, Query(description="From then on.", examples=["2026-03-01"])] = None,
        end_date: Annotated[_Text, Query(description="To the end of that day.", examples=["2026-03-07"])] = None,
        timezone: Annotated[_Text, Query(description="IANA zone; the tenant's where absent.")] = None,
        include_bots: Annotated[bool, Query(description="Counts events of bots too.")] = False,
        service: Annotated[_Text, Query(description="Only this service.", examples=["shop"])] = None,
    ) -> Asked:
        sent = {name: text for name, text in request.query_params.items() if name in _ABOUT and name != "filters"}
        given = {**sent, "include_bots": include_bots}
        own = (("property.service", service),) if service else ()
        filters = (*filters_of(request, (*_ABOUT, *_OWN, *_OBJECTIVES)), *own)
        return Asked(scope, given, filters, service or EVERY)

    return asked


def _records(services: Services, what: Asked, default: str | None) -> Records:
    """default: the period where none was asked for; None for a reader that has periods of its own."""
    about = {
        "start_time": what.given.get("start_time") or what.given.get("start_date"),
        "end_time": what.given.get("end_time") or what.given.get("end_date"),
        "period": what.given.get("period"),
        "timezone": what.given.get("timezone"),
        "include_bots": what.given["include_bots"],
        "filters": what.filters,
    }
    if not (about["start_time"] or about["end_time"] or about["period"]):
        about["period"] = default
    if default is None and any(about[name] for name in ("start_time", "end_time", "period")):
        raise invalid("This is about the time up to now.", field="period", hint="Use `days`.")
    return Records(services.answers, what.scope, services.tenants.of(what.scope), services.clock(), about)


def _history(services: Services, what: Asked, default: str) -> History:
    tenant = services.tenants.of(what.scope)
    given = {**what.given, "filters": what.filters}
    return history(given, tenant.calendar, services.clock(), default=default, segments=tenant.segments)


def _told(found: dict[str, Any], rows: str, format: str, columns: dict[str, Any]) -> Response:
    if format not in ("json", "csv"):
        raise invalid(f"{format[:40]!r} is not a format.", field="format", hint="Use json or csv.")
    return rows_as_csv(found[rows], list(columns), rows) if format == "csv" else answer(found)


async def _promised(services: Services, what: Asked, **asked: float | None) -> Promises:
    """asked: fields of an objective that the question gives; shares may be per cent."""
    for field, name in (("availability", "slo"), ("latency", "latency_slo")):
        if (given := asked.get(field)) is not None:
            asked[field] = share(given, name)
    return await run_in_threadpool(services.objectives.promises, what.scope, **asked)


def _health(routes: APIRouter, services: Services, asked: Any) -> None:
    @routes.get(
        "/system/health",
        summary="How well systems are",
        description="A score from 0 to 100 for all and for each service, with formula and parts, over the last hour"
        " where no period is given. " + FILTER_SYNTAX,
        responses=documented(docs.HEALTH),
    )
    async def read(what: Annotated[Asked, asked], apdex_ms: _Threshold = None, limit: _Limit = 100) -> Response:
        promises = await _promised(services, what, apdex_ms=apdex_ms)
        return answer(await health.health(_records(services, what, "last_1_hours"), promises, limit))


def _performance(routes: APIRouter, services: Services, asked: Any) -> None:
    @routes.get(
        "/system/performance",
        summary="Requests, latency, databases and others, over time",
        description="Over the last 24 hours where no period is given, beside the time before. " + FILTER_SYNTAX,
        responses=documented(docs.PERFORMANCE),
    )
    async def read(
        what: Annotated[Asked, asked],
        apdex_ms: _Threshold = None,
        granularity: Annotated[str, Query(description="1m to 1y, or auto.")] = "auto",
        compare: Annotated[str, Query(description="previous_period or previous_year.")] = "previous_period",
    ) -> Response:
        if granularity == "none":
            raise invalid("Performance is told over time.", field="granularity", hint="Use 1m to 1y, or auto.")
        records = _records(services, what, "last_24_hours")
        promises = await _promised(services, what, apdex_ms=apdex_ms)
        scored = await apdex(records, promises.of(what.service).apdex_ms)
        return answer(await lists.performance(records, scored, compare, granularity))


def _errors(routes: APIRouter, services: Services, asked: Any) -> None:
    @routes.get(
        "/system/errors",
        summary="Errors that differ in values alone, as groups",
        description="Messages without their numbers, ids and quoted values are the `fingerprint`; groups are by that"
        " and by kind, the most frequent first, over the last 24 hours where no period is given. " + FILTER_SYNTAX,
        responses=documented(docs.ERRORS),
    )
    async def read(what: Annotated[Asked, asked], limit: _Limit = 100, format: _Format = "json") -> Response:
        about = _history(services, what, "last_24_hours")
        find = partial(errors, services.warehouse, what.scope, about, limit)
        found = await services.reads.run(what.scope, find, "errors by fingerprint")
        return _told(found, "groups", format, docs.ERROR)


def _usage(routes: APIRouter, services: Services, asked: Any) -> None:
    @routes.get(
        "/system/usage",
        summary="How full processors, memory and disks are",
        description="In per cent, over time and by host or service; the last 24 hours where no period is given. "
        + FILTER_SYNTAX,
        responses=documented(docs.USAGE),
    )
    async def read(
        what: Annotated[Asked, asked],
        by: Annotated[str, Query(description="host or service.")] = "host",
        limit: _Limit = 100,
        format: _Format = "json",
    ) -> Response:
        _one_of(by, ("host", "service"))
        found = await lists.usage(_records(services, what, "last_24_hours"), by, limit)
        return _told(found, "rows", format, {by: "", **docs.USAGE_ROW})


def _services(routes: APIRouter, services: Services, asked: Any) -> None:
    @routes.get(
        "/services",
        summary="Services with their figures",
        description="The busiest first, over the last 24 hours where no period is given, with what is left of the error"
        " budget of that time. " + FILTER_SYNTAX,
        responses=documented(docs.SERVICES),
    )
    async def listed(
        what: Annotated[Asked, asked],
        apdex_ms: _Threshold = None,
        slo: _Objective = None,
        limit: _Limit = 100,
        format: _Format = "json",
    ) -> Response:
        promises = await _promised(services, what, availability=slo, apdex_ms=apdex_ms)
        found = await lists.services(_records(services, what, "last_24_hours"), promises, limit)
        return _told(found, "services", format, docs.SERVICE)

    @routes.get(
        "/services/{service_name:path}/slo",
        summary="The error budgets of a service, and how fast they burn",
        description="Of availability and of latency, over the last `days` up to now; burn rates over 1 hour, 6 hours"
        " and 3 days with the short windows beside them, by the multi-window rule of the SRE workbook."
        " What the question does not say is as promised under /objectives. " + FILTER_SYNTAX,
        responses=documented(docs.SLO, Kind.NOT_FOUND),
    )
    async def promised(
        service_name: _Service,
        what: Annotated[Asked, asked],
        slo: _Objective = None,
        latency_slo: Annotated[
            float | None, Query(gt=0, lt=100, description="Share or per cent of fast requests.")
        ] = None,
        latency_ms: Annotated[float | None, Query(gt=0, le=600_000, description="What is fast enough.")] = None,
        days: Annotated[int | None, Query(ge=MIN_DAYS, le=MAX_DAYS, description="Days of the budget.")] = None,
    ) -> Response:
        asked = {"availability": slo, "latency": latency_slo, "latency_ms": latency_ms, "days": days}
        promises = await _promised(services, what, **asked)
        records = _records(services, what, None)
        found = await objectives(records, service_name, promises.of(service_name))
        if not found["events"]:
            await _require_known(records, service_name)
        return answer(found)

    @routes.get(
        "/services/{service_name:path}",
        summary="One service by hour",
        description="SystemAnalytics for every hour of the period, the last 24 hours where none is given. A service"
        " that nothing was ever heard of is not found. " + FILTER_SYNTAX,
        responses=documented(docs.HOURS, Kind.NOT_FOUND),
    )
    async def one(service_name: _Service, what: Annotated[Asked, asked], apdex_ms: _Threshold = None) -> Response:
        records = _records(services, what, "last_24_hours")
        found = await hours.hours(records, service_name)
        if not found["events"]:
            await _require_known(records, service_name)
        threshold = (await _promised(services, what, apdex_ms=apdex_ms)).of(service_name).apdex_ms
        found["apdex"] = await apdex(records, threshold, filters=(("property.service", service_name),))
        return answer(found)


async def _require_known(records: Records, service: str) -> None:
    """NOT_FOUND unless the service was heard of within a year."""
    about = {name: value for name, value in records.about.items() if name not in ("period", "start_time", "end_time")}
    ever = Records(records.answers, records.scope, records.tenant, records.now, {**about, "filters": ()})
    found = await ever.ask("events.count", period="last_365_days", filters=(("property.service", service),))
    if not found["events"]:
        raise not_found(
            f"No service is known as {service[:200]!r}.", hint="GET /api/v1/analytics/services lists those there are."
        )


def _endpoints(routes: APIRouter, services: Services, asked: Any) -> None:
    @routes.get(
        "/api/endpoints",
        summary="Routes with their figures",
        description="By endpoint and method, the busiest first, over the last 24 hours where no period is given. "
        + FILTER_SYNTAX,
        responses=documented(docs.ENDPOINTS),
    )
    async def read(
        what: Annotated[Asked, asked],
        apdex_ms: _Threshold = None,
        order: Annotated[str, Query(description="request_count, error_count, failure_rate or p95.")] = "request_count",
        limit: _Limit = 100,
        format: _Format = "json",
    ) -> Response:
        _one_of(order, ("request_count", "error_count", "failure_rate", "p95"), "order")
        threshold = (await _promised(services, what, apdex_ms=apdex_ms)).of(what.service).apdex_ms
        found = await lists.endpoints(_records(services, what, "last_24_hours"), threshold, limit, order)
        return _told(found, "endpoints", format, docs.ENDPOINT)


def _database(routes: APIRouter, services: Services, asked: Any) -> None:
    @routes.get(
        "/database/performance",
        summary="Database queries, and the slow ones",
        description="By statement without its values, or by table, operation or database; those that took most time"
        " together first, over the last 24 hours where no period is given. " + FILTER_SYNTAX,
        responses=documented(docs.STATEMENTS),
    )
    async def read(
        what: Annotated[Asked, asked],
        by: Annotated[str, Query(description="query, table, operation or database.")] = "query",
        slow_ms: Annotated[float, Query(gt=0, le=3_600_000, description="What is slow, by query.")] = 1000,
        limit: _Limit = 100,
        format: _Format = "json",
    ) -> Response:
        _one_of(by, ("query", *lists.GROUPS))
        if by != "query":
            found = await lists.databases(_records(services, what, "last_24_hours"), by, limit)
            return _told(found, "groups", format, {by: "", **lists.TABLES})
        about = _history(services, what, "last_24_hours")
        find = partial(statements, services.warehouse, what.scope, about, slow_ms, limit)
        found = await services.reads.run(what.scope, find, "database queries by fingerprint")
        return _told({"by": by, **found}, "groups", format, docs.STATEMENT)


def _one_of(value: str, allowed: tuple[str, ...], field: str = "by") -> None:
    if value not in allowed:
        raise invalid(f"{value[:40]!r} is not one of these.", field=field, hint="Use " + ", ".join(allowed) + ".")

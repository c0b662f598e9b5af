"""Systems over HTTP: health, performance, errors, usage, services, endpoints, databases, and what they promise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid, not_found
from factbook.queries.behaviour.history import FIELDS
from factbook.queries.behaviour.reading import one_of
from factbook.queries.inquiry import Inquiry
from factbook.queries.records import Records
from factbook.queries.systems import health, hours, lists
from factbook.queries.systems.apdex import apdex
from factbook.queries.systems.groups import errors, statements
from factbook.queries.systems.kept import share
from factbook.queries.systems.objectives import objectives
from factbook.queries.systems.promises import EVERY, MAX_DAYS, MIN_DAYS, Promises
from factbook.services import Services

from . import systems_docs as docs
from .inquiries import Format, inquiry_of
from .reading import FILTER_SYNTAX, answer, documented
from .rows_as_csv import rows_as_csv

_OWN = ("service", "apdex_ms", "limit", "format", "by", "order", "compare", "granularity")
_OBJECTIVES = ("slow_ms", "slo", "latency_slo", "latency_ms", "days")

_Threshold = Annotated[
    float | None, Query(gt=0, le=600_000, description="T of Apdex in milliseconds; as promised where absent.")
]
_Limit = Annotated[int, Query(ge=1, le=1000, description="Rows told; `cut` says how many there are.")]
_Objective = Annotated[
    float | None,
    Query(gt=0, lt=100, description="Availability promised: a share (0.999) or per cent (99.9); the service's own."),
]
_Service = Annotated[str, Path(description="As events name it in `service`.", examples=["shop"])]


@dataclass(frozen=True, slots=True)
class Asked(Inquiry):
    """service: the only one that is asked about, EVERY for all."""

    service: str = EVERY


def router(services: Services) -> APIRouter:
    """Under /api/v1/analytics: system/…, services…, api/endpoints and database/performance."""
    routes = APIRouter(prefix="/api/v1/analytics", tags=["Systems"])
    asked = Depends(_asked(services, "last_24_hours"))
    _health(routes, services, Depends(_asked(services, "last_1_hours")))
    for add in (_performance, _errors, _usage, _services, _endpoints, _database):
        add(routes, services, asked)
    return routes


def _asked(services: Services, default: str) -> Callable[..., Asked]:
    """default: the period where none is asked for."""
    inquired = Depends(inquiry_of(services, reserved=(*_OWN, *_OBJECTIVES), default=default))

    def asked(
        found: Annotated[Inquiry, inquired],
        service: Annotated[str | None, Query(description="Only this service.", examples=["shop"])] = None,
    ) -> Asked:
        own = found.narrowed(("property.service", service)) if service else found
        return Asked(own.records, own.about, own.reads, own.warehouse, service or EVERY)

    return asked


def _told(found: dict[str, Any], rows: str, format: str, columns: dict[str, Any]) -> Response:
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
        return answer(await health.health(what.records, promises, limit))


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
        records = what.records
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
    async def read(what: Annotated[Asked, asked], limit: _Limit = 100, format: Format = "json") -> Response:
        found = await what.read(errors, what.about, limit)
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
        format: Format = "json",
    ) -> Response:
        one_of(by, ("host", "service"), "by")
        found = await lists.usage(what.records, by, limit)
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
        format: Format = "json",
    ) -> Response:
        promises = await _promised(services, what, availability=slo, apdex_ms=apdex_ms)
        found = await lists.services(what.records, promises, limit)
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
        request: Request,
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
        if period := next((name for name in ("date", *FIELDS[:5]) if name in request.query_params), None):
            raise invalid("This is about the time up to now.", field=period, hint="Use `days`.")
        records = what.records
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
        records = what.records
        threshold = (await _promised(services, what, apdex_ms=apdex_ms)).of(service_name).apdex_ms
        found = await hours.hours(records, service_name, threshold)
        if not found["events"]:
            await _require_known(records, service_name)
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
        format: Format = "json",
    ) -> Response:
        one_of(order, ("request_count", "error_count", "failure_rate", "p95"), "order")
        threshold = (await _promised(services, what, apdex_ms=apdex_ms)).of(what.service).apdex_ms
        found = await lists.endpoints(what.records, threshold, limit, order)
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
        format: Format = "json",
    ) -> Response:
        one_of(by, ("query", *lists.GROUPS), "by")
        if by != "query":
            found = await lists.databases(what.records, by, limit)
            return _told(found, "groups", format, {by: "", **lists.TABLES})
        found = await what.read(statements, what.about, slow_ms, limit)
        return _told({"by": by, **found}, "groups", format, docs.STATEMENT)

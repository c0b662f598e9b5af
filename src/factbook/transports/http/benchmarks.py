"""Benchmarks, the comparison with them, and satisfaction, over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.core.scope import Role, Scope
from factbook.queries.benchmarks.competitive import competitive, entitled
from factbook.queries.benchmarks.satisfaction import satisfaction
from factbook.queries.inquiry import Inquiry
from factbook.services import Services

from . import benchmarks_docs as docs
from .access import example, refusals, scope_for
from .changes import history_told
from .inquiries import Format, inquiry_of
from .reading import FILTER_SYNTAX, answer, documented, json_body
from .rows_as_csv import rows_as_csv

_ABOUT = "Over the last 90 days where no period is given. docs/benchmarks.md tells every formula. " + FILTER_SYNTAX
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": docs.GIVEN}},
    }
}
_Id = Annotated[str, Path(description="The benchmark's id.", examples=["industry_churn"])]


def router(services: Services) -> APIRouter:
    """/api/v1/analytics/benchmarks, /competitive and /satisfaction."""
    routes = APIRouter(prefix="/api/v1/analytics", tags=["Benchmarks"])
    _kept(routes, services)
    _compared(routes, services)
    return routes


def _kept(routes: APIRouter, services: Services) -> None:
    reader = Depends(scope_for(services))
    analyst = Depends(scope_for(services, Role.ANALYST, Role.ADMIN))

    @routes.get("/benchmarks", summary="Your benchmarks", responses=documented({"benchmarks": [docs.BENCHMARK]}))
    def listed(scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """By id."""
        return {"benchmarks": services.benchmarks.listed(scope)}

    @routes.get("/benchmarks/{id}", summary="One of them", responses=documented(docs.BENCHMARK, Kind.NOT_FOUND))
    def one(id: _Id, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """As it is kept now."""
        return services.benchmarks.get(scope, id)

    @routes.get(
        "/benchmarks/{id}/history",
        summary="How a benchmark changed",
        responses=documented(docs.HISTORY, Kind.NOT_FOUND),
    )
    def history(id: _Id, scope: Annotated[Scope, reader]) -> dict[str, Any]:
        """Every change, newest first, also of what was removed since."""
        return history_told(id, services.benchmarks.history(scope, id))

    @routes.put(
        "/benchmarks/{id}",
        summary="Give a benchmark, or change it",
        description="`metric` is the id of a metric, `source` says who measured it; `value` is one number, `quantiles`"
        " those of others as p25, p50, p75: one of both is needed. `period` says in words what it is about.",
        openapi_extra=_BODY,
        responses=example(docs.BENCHMARK) | refusals(Kind.INVALID, Kind.MALFORMED, Kind.CONFLICT),
    )
    async def put(id: _Id, request: Request, scope: Annotated[Scope, analyst]) -> dict[str, Any]:
        body = await json_body(request)
        if not isinstance(body, dict):
            raise invalid(
                "A benchmark is an object.", hint='As {"metric": "churn_rate", "value": 0.05, "source": "…"}.'
            )
        if body.pop("id", id) != id:
            raise invalid("A benchmark keeps its id.", field="id", hint="Give a new one, and remove this one.")
        return await run_in_threadpool(services.benchmarks.put, scope, services.tenants.of(scope), id, body)

    @routes.delete("/benchmarks/{id}", status_code=204, summary="Remove one", responses=refusals(Kind.NOT_FOUND))
    def remove(id: _Id, scope: Annotated[Scope, analyst]) -> None:
        """Its history stays."""
        services.benchmarks.remove(scope, id)


def _compared(routes: APIRouter, services: Services) -> None:
    own = ("format", "granularity")
    question = Depends(inquiry_of(services, reserved=own, default="last_90_days"))

    @routes.get(
        "/competitive",
        summary="Your metrics beside your benchmarks",
        description="Part of the enterprise tier. `gap` is your value less theirs; `percentile` the share of others"
        " below you, where quantiles were given. " + _ABOUT,
        responses=documented(docs.COMPETITIVE, Kind.CONFLICT),
    )
    async def of_competitive(asked: Annotated[Inquiry, question], format: Format = "json") -> Response:
        entitled(asked.scope)
        benchmarks = await run_in_threadpool(services.benchmarks.listed, asked.scope)
        told = await competitive(asked, benchmarks)
        return rows_as_csv(told["rows"], docs.COLUMNS, "competitive") if format == "csv" else answer(told)

    @routes.get(
        "/satisfaction",
        summary="Net promoter score, satisfaction and what people say",
        description="Of feedback_submitted events: `survey` is nps (0 to 10), csat (1 to 5) or any other name. Each"
        " score with its margin at 95 %, answers by survey and score, the trend, and comments grouped. " + _ABOUT,
        responses=documented(docs.SATISFACTION),
    )
    async def of_satisfaction(
        asked: Annotated[Inquiry, question],
        granularity: Annotated[str, Query(description="Of the trend: 1d, 1w, 1mo, …", examples=["1w"])] = "1w",
        format: Format = "json",
    ) -> Response:
        if granularity == "none":
            raise invalid("A trend has buckets.", field="granularity", hint="For example 1w.")
        told = await satisfaction(asked, granularity)
        return rows_as_csv(told["trend"], docs.TREND, "satisfaction") if format == "csv" else answer(told)

"""Imports over HTTP: jobs, sources, quality, trends, failures by cause, advice, and one job."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.queries.imports import advice, failures, jobs
from factbook.queries.imports.fields import IMPORTS
from factbook.queries.imports.quality import COLUMNS, quality, sources
from factbook.queries.imports.trends import trends
from factbook.queries.inquiry import Inquiry
from factbook.services import Services

from . import imports_docs as docs
from .inquiries import Format, inquiry_of
from .reading import FILTER_SYNTAX, answer, documented
from .rows_as_csv import rows_as_csv

_ABOUT = "Over the last 30 days where no period is given. docs/imports.md tells every field. " + FILTER_SYNTAX
_OWN = ("format", "order", "limit", "cursor", "state", "stale_hours", "granularity")
_Limit = Annotated[int, Query(ge=1, le=1000, description="Rows told.")]
_Stale = Annotated[int, Query(ge=1, le=720, description="Hours of silence after which a running job is stale.")]


def router(services: Services) -> APIRouter:
    """Under /api/v1/analytics/imports."""
    routes = APIRouter(prefix="/api/v1/analytics/imports", tags=["Imports"])
    question = Depends(inquiry_of(services, reserved=_OWN, default="last_30_days"))
    _lists(routes, question)
    _figures(routes, question)
    _job(routes, question)
    return routes


def _lists(routes: APIRouter, question: Any) -> None:
    @routes.get(
        "/jobs",
        summary="Import jobs, the newest first",
        description="A job belongs to the period in which it began. One that has not ended is running, and stale after"
        f" `stale_hours` of silence. {_ABOUT}",
        responses=documented(docs.JOBS),
    )
    async def of_jobs(
        asked: Annotated[Inquiry, question],
        state: Annotated[str | None, Query(description=", ".join(jobs.STATES) + ".")] = None,
        stale_hours: _Stale = jobs.STALE_HOURS,
        limit: _Limit = 100,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
        format: Format = "json",
    ) -> Response:
        how = jobs.listing(stale_hours, limit, state, cursor)
        told = await asked.read(jobs.listed_jobs, asked, how)
        if format == "csv":
            return rows_as_csv(told["rows"], jobs.COLUMNS, "import-jobs")
        return answer({**asked.told, "stale_after_hours": float(stale_hours), "jobs": told.pop("rows"), **told})

    @routes.get(
        "/sources",
        summary="Where imports come from, and how each does",
        description=_ABOUT,
        responses=documented(docs.SOURCES),
    )
    async def of_sources(
        asked: Annotated[Inquiry, question],
        order: Annotated[str, Query(description="A field of the rows; - in front: largest first.")] = "-jobs",
        limit: _Limit = 100,
        format: Format = "json",
    ) -> Response:
        field = order.removeprefix("-")
        if field not in IMPORTS:
            raise invalid(f"{order[:40]!r} is no order.", field="order", hint="Use " + ", ".join(IMPORTS) + ".")
        told = await sources(asked, order=order.replace(field, IMPORTS[field]), limit=limit)
        if format == "csv":
            return rows_as_csv(told["sources"], ["import_origin", *IMPORTS, "last_completed_at", "overdue"], "sources")
        return answer(told)

    @routes.get(
        "/failures",
        summary="Failures by cause",
        description="Reasons that differ in numbers, ids and quoted values alone are one cause. " + _ABOUT,
        responses=documented(docs.FAILURES),
    )
    async def of_failures(
        asked: Annotated[Inquiry, question], limit: _Limit = 100, format: Format = "json"
    ) -> Response:
        told = await asked.read(failures.failures, asked, limit)
        return rows_as_csv(told["causes"], failures.COLUMNS, "failures") if format == "csv" else answer(told)


def _figures(routes: APIRouter, question: Any) -> None:
    @routes.get(
        "/quality",
        summary="How complete, valid, free of duplicates and fresh imports are",
        description="In all and by source, with a score from 0 to 100 and the parts it is made of. What the events do"
        f" not tell is null. {_ABOUT}",
        responses=documented(docs.QUALITY),
    )
    async def of_quality(asked: Annotated[Inquiry, question], limit: _Limit = 100, format: Format = "json") -> Response:
        told = await quality(asked, limit)
        return rows_as_csv(told["rows"], COLUMNS, "import-quality") if format == "csv" else answer(told)

    @routes.get(
        "/trends",
        summary="Imports over time, beside the period before",
        description=_ABOUT,
        responses=documented(docs.TRENDS),
    )
    async def of_trends(
        asked: Annotated[Inquiry, question],
        granularity: Annotated[str, Query(description="1h, 1d, 1w, 1mo, …", examples=["1d"])] = "1d",
        format: Format = "json",
    ) -> Response:
        if granularity == "none":
            raise invalid("A trend has buckets.", field="granularity", hint="For example 1d.")
        told = await trends(asked, granularity)
        return rows_as_csv(told["points"], ["time", *IMPORTS], "imports") if format == "csv" else answer(told)

    @routes.get(
        "/optimization",
        summary="What would make imports better",
        description="Rules over the jobs of the period, each naming the job and what it would save. " + _ABOUT,
        responses=documented(docs.OPTIMIZATION),
    )
    async def of_optimization(
        asked: Annotated[Inquiry, question], stale_hours: _Stale = jobs.STALE_HOURS, limit: _Limit = 100
    ) -> Response:
        return answer(await asked.read(advice.optimization, asked, stale_hours * 3_600_000, limit))


def _job(routes: APIRouter, question: Any) -> None:
    @routes.get(
        "/{job_id:path}",
        summary="One import job and its events",
        description="Whenever it was: a period and filters do not matter.",
        responses=documented(docs.ONE, Kind.NOT_FOUND),
    )
    async def of_job(
        job_id: Annotated[str, Path(description="As its events name it.", examples=["orders-2026-03-30"])],
        asked: Annotated[Inquiry, question],
        stale_hours: _Stale = jobs.STALE_HOURS,
    ) -> Response:
        return answer(await asked.read(jobs.one_job, asked, job_id, stale_hours * 3_600_000))

"""Content over HTTP: records of one piece and of many, what rises, what stands out, who opens it, what is around it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.ingest.session_rule import Rule
from factbook.queries.behaviour.reading import one_of
from factbook.queries.content.around import around
from factbook.queries.content.audience import audience
from factbook.queries.content.fields import NUMBERS
from factbook.queries.content.insights import insights
from factbook.queries.content.listed import MAX_LISTED, comparison, listed, top
from factbook.queries.content.question import DEFAULT_PERIOD, Content
from factbook.queries.content.record import record
from factbook.queries.content.trending import trending
from factbook.queries.inquiry import Inquiry
from factbook.services import Services

from . import content_docs as docs
from .inquiries import Format, inquiry_of
from .reading import FILTER_SYNTAX, answer, documented
from .rows_as_csv import rows_as_csv

_Text = str | None
_Limit = Annotated[int, Query(ge=1, le=MAX_LISTED, description="Pieces told.")]
_Id = Annotated[str, Path(description="As events name it in content_id; slashes are taken as they are.")]
_OTHERS = (
    *("format", "order", "sort", "limit", "cursor", "metric", "min_views", "window_hours"),
    *("ids", "depth", "nodes", "top", "fields"),
)
_ABOUT = "Over the last 30 days where no period is given. docs/content.md tells every formula. " + FILTER_SYNTAX


def router(services: Services) -> APIRouter:
    """Under /api/v1/analytics/content."""
    routes = APIRouter(prefix="/api/v1/analytics/content", tags=["Content"])
    _many(routes, services)
    _one(routes, services)
    return routes


def _asked(services: Services) -> Callable[..., Content]:
    """A dependency: the question that a query string asks, of the caller's tenant."""
    realtime = services.settings.analytics.realtime
    rule = Rule.of(realtime.session_timeout, realtime.session_max_hours)
    inquired = Depends(inquiry_of(services, reserved=_OTHERS, default=DEFAULT_PERIOD))

    def asked(found: Annotated[Inquiry, inquired]) -> Content:
        return Content(found.records, found.about, found.reads, found.warehouse, rule)

    return asked


def _many(routes: APIRouter, services: Services) -> None:
    question = Depends(_asked(services))

    @routes.get(
        "",
        summary="All content",
        description="A record each, in any order: `order` is "
        + ", ".join(NUMBERS)
        + f", with - in front for the largest first. The first {MAX_LISTED:,} are told, page by page: `next_cursor` is"
        " null after the last. " + _ABOUT,
        responses=documented(docs.LISTED),
    )
    async def of_all(
        asked: Annotated[Content, question],
        order: Annotated[_Text, Query(description="A field; -total_views where absent.")] = None,
        sort: Annotated[_Text, Query(description="Another name of order.")] = None,
        limit: _Limit = 100,
        cursor: Annotated[_Text, Query(description="`next_cursor` of the page before.")] = None,
        fields: Annotated[
            _Text,
            Query(description="Numbers of each record, joined by commas; everything where absent, which is slower."),
        ] = None,
        format: Format = "json",
    ) -> Response:
        chosen = tuple(dict.fromkeys(part.strip() for part in (fields or "").split(",") if part.strip()))
        by, offset = order or sort or "-total_views", _offset(cursor)
        told = await listed(asked, order=by, limit=limit, offset=offset, fields=chosen)
        columns = ("content_id", *chosen) if chosen else docs.COLUMNS
        return rows_as_csv(told["content"], columns, "content") if format == "csv" else answer(told)

    @routes.get(
        "/trending",
        summary="What rises",
        description="Content that is viewed more in the newest `window_hours` of the period than its own usual rate, of"
        " the rest of the period, can explain. What was first viewed within the window has no usual rate: it is told as"
        " `new`. " + _ABOUT,
        responses=documented(docs.TRENDING),
    )
    async def of_trending(
        asked: Annotated[Content, question],
        window_hours: Annotated[int, Query(ge=1, le=24 * 31, description="The window; whole days compare best.")] = 24,
        min_views: Annotated[int, Query(ge=1, le=1_000_000, description="Views that a window needs.")] = 10,
        limit: _Limit = 100,
        format: Format = "json",
    ) -> Response:
        told = await trending(asked, window_hours=window_hours, min_views=min_views, limit=limit)
        return rows_as_csv(told["content"], docs.RISING, "trending") if format == "csv" else answer(told)

    @routes.get(
        "/top-performing",
        summary="What performs best",
        description="By any field that is a number, of the most viewed with at least `min_views`. " + _ABOUT,
        responses=documented(docs.TOP),
    )
    async def of_top(
        asked: Annotated[Content, question],
        metric: Annotated[str, Query(description=", ".join(NUMBERS) + ".")] = "total_views",
        min_views: Annotated[int, Query(ge=0, le=1_000_000, description="Views that count at all.")] = 10,
        limit: _Limit = 10,
        format: Format = "json",
    ) -> Response:
        told = await top(asked, metric=metric, min_views=min_views, limit=limit)
        columns = ("rank", "value", *docs.COLUMNS)
        return rows_as_csv(told["content"], columns, "top-performing") if format == "csv" else answer(told)

    @routes.get(
        "/comparison",
        summary="Several pieces side by side",
        description="Records in the order of `ids`; `best` names the best by each field of which one way is good. "
        + _ABOUT,
        responses=documented(docs.COMPARISON),
    )
    async def of_comparison(
        asked: Annotated[Content, question],
        ids: Annotated[str, Query(description="2 to 20, joined by commas.", examples=["intro,outro"])],
        format: Format = "json",
    ) -> Response:
        told = await comparison(asked, [part.strip() for part in ids.split(",")])
        return rows_as_csv(told["content"], docs.COLUMNS, "comparison") if format == "csv" else answer(told)


def _one(routes: APIRouter, services: Services) -> None:
    question = Depends(_asked(services))

    @routes.get(
        "/{content_id:path}/insights",
        summary="What stands out about a piece",
        description="Sentences, each with its numbers and the rule that it follows from; `rules` tells all. " + _ABOUT,
        responses=documented(docs.INSIGHTS, Kind.NOT_FOUND),
    )
    async def of_insights(asked: Annotated[Content, question], content_id: _Id) -> Response:
        return answer(await insights(asked, content_id))

    @routes.get(
        "/{content_id:path}/audience",
        summary="Who opens a piece",
        description="People new to it and back, countries, devices, hours, and of which segments they are. " + _ABOUT,
        responses=documented(docs.AUDIENCE, Kind.NOT_FOUND),
    )
    async def of_audience(asked: Annotated[Content, question], content_id: _Id) -> Response:
        return answer(await audience(asked, content_id))

    @routes.get(
        "/{content_id:path}/journey",
        summary="What people did before and after",
        description="Paths of sessions that lead to its last view in them, and that go on from the first. " + _ABOUT,
        responses=documented(docs.JOURNEY, Kind.NOT_FOUND),
    )
    async def of_journey(
        asked: Annotated[Content, question],
        content_id: _Id,
        depth: Annotated[int, Query(ge=1, le=10, description="Steps each way.")] = 3,
        nodes: Annotated[_Text, Query(description="page (content, paths) or event_type.")] = None,
        top: Annotated[int, Query(ge=1, le=50, description="Nodes told apart in a step.")] = 8,
    ) -> Response:
        of = one_of(nodes or "event_type", ("event_type", "page"), "nodes")
        return answer(await around(asked, content_id, depth=depth, pages=of == "page", top=top))

    @routes.get(
        "/{content_id:path}",
        summary="One piece of content",
        description="The ContentAnalytics record of a day or a period. " + _ABOUT,
        responses=documented(docs.RECORD, Kind.NOT_FOUND),
    )
    async def of_one(asked: Annotated[Content, question], content_id: _Id) -> Response:
        return answer(await record(asked, content_id))


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit()) or len(cursor) > 4:
        raise invalid("The cursor is none of these answers.", field="cursor", hint="Give `next_cursor` as it was told.")
    return int(cursor)

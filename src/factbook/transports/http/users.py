"""Users over HTTP: the record of one person, of everybody together, and the list of people."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response

from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.scope import Role
from factbook.ingest.session_rule import Rule
from factbook.queries.inquiry import Inquiry
from factbook.queries.users.everybody import everybody
from factbook.queries.users.people import COLUMNS, ORDERS, listing
from factbook.queries.users.person import person
from factbook.services import Services

from . import users_docs as docs
from .inquiries import Format, inquiry_of
from .reading import FILTER_SYNTAX, answer, documented
from .rows_as_csv import rows_as_csv

_ABOUT = "Over the last 90 days where no period is given. docs/users.md tells every field and formula. " + FILTER_SYNTAX
_OWN = ("format", "order", "limit", "cursor")
_MAY_SEE = (Role.ANALYST, Role.ADMIN, Role.OWNER)


def router(services: Services) -> APIRouter:
    """GET /api/v1/analytics/users and /api/v1/analytics/users/{user_id}: after all paths that begin so."""
    routes = APIRouter(prefix="/api/v1/analytics/users", tags=["Users"])
    _everybody(routes, services)
    _person(routes, services)
    return routes


def _everybody(routes: APIRouter, services: Services) -> None:
    question = Depends(inquiry_of(services, reserved=_OWN, default="last_90_days"))

    @routes.get(
        "",
        summary="Everybody together, and the list of people",
        description="The fields of one person's record as sums over all people of the period, their spread, how they"
        " are distributed, and `rows`: a page of the people, for analysts and administrators. " + _ABOUT,
        responses=documented(docs.EVERYBODY, Kind.CONFLICT),
    )
    async def of_everybody(
        asked: Annotated[Inquiry, question],
        order: Annotated[str, Query(description=f"{', '.join(ORDERS)}; - in front: largest first.")] = "-last_at",
        limit: Annotated[int, Query(ge=0, le=1000, description="People a page; 0 for none.")] = 100,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
        format: Format = "json",
    ) -> Response:
        how = listing(order, limit, cursor) if limit and asked.scope.role in _MAY_SEE else None
        if format == "json":
            return answer(await everybody(asked, how))
        if how is None:
            if limit:
                raise FactbookError(Kind.FORBIDDEN, "A list of people is for analysts and administrators.")
            raise invalid("A file of people has rows.", field="limit", hint="Give a limit of 1 to 1000.")
        found = await everybody(asked, how)
        return rows_as_csv(found["rows"] or [], COLUMNS, "users")


def _person(routes: APIRouter, services: Services) -> None:
    analyst = inquiry_of(services, Role.ANALYST, Role.ADMIN, reserved=_OWN, default="last_90_days")
    realtime = services.settings.analytics.realtime
    rule = Rule.of(realtime.session_timeout, realtime.session_max_hours)

    @routes.get(
        "/{user_id}",
        summary="The record of one person",
        description="Whatever he did on all his devices: any of his ids names him. Sessions and scores are of all that"
        " he did, whatever the filters. What is null is explained under `missing`. " + _ABOUT,
        responses=documented(docs.PERSON, Kind.NOT_FOUND, Kind.CONFLICT),
    )
    async def of_person(
        user_id: Annotated[str, Path(description="Of a user, or of one of his devices.", examples=["u-17"])],
        asked: Annotated[Inquiry, Depends(analyst)],
    ) -> Response:
        told: dict[str, Any] = await person(asked, user_id, rule)
        return answer(told)

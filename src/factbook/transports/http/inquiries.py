"""What the reads of a domain take over HTTP: the period, zone and filters of a query string, as one question."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request

from factbook.core.errors import invalid
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.history import FIELDS
from factbook.queries.inquiry import Inquiry, inquiry
from factbook.services import Services

from .access import scope_for
from .reading import filters_of

Format = Annotated[Literal["json", "csv"], Query(description="json, or csv of the rows.")]

_Text = str | None


def inquiry_of(services: Services, *roles: Role, reserved: tuple[str, ...], default: str) -> Callable[..., Inquiry]:
    """A dependency. reserved: parameters of the path that are no filters. default: the period where none is given."""
    reader = Depends(scope_for(services, *roles))

    def asked(
        request: Request,
        scope: Annotated[Scope, reader],
        period: Annotated[_Text, Query(description="A name, as last_90_days.")] = None,
        date: Annotated[_Text, Query(description="One day, in place of a period.", examples=["2026-03-01"])] = None,
        start_date: Annotated[_Text, Query(description="From then on.", examples=["2026-01-01"])] = None,
        end_date: Annotated[_Text, Query(description="To the end of that day.", examples=["2026-03-31"])] = None,
        timezone: Annotated[_Text, Query(description="IANA zone; the tenant's where absent.")] = None,
        include_bots: Annotated[bool, Query(description="Counts events of bots too.")] = False,
    ) -> Inquiry:
        given: dict[str, Any] = {name: text for name, text in request.query_params.items() if name in FIELDS}
        if date:
            if {"period", "start_date", "end_date", "start_time", "end_time"} & set(given):
                raise invalid("Both a date and a period were given.", field="date", hint="Give one of them.")
            if len(date) != 10:
                raise invalid(f"{date[:40]!r} is no date.", field="date", hint="For example 2026-03-01.")
            given |= {"start_date": date, "end_date": date}
        given |= {"include_bots": include_bots, "filters": filters_of(request, (*FIELDS, "date", *reserved))}
        tenant, now = services.tenants.of(scope), services.clock()
        return inquiry(given, services.answers, services.reads, services.warehouse, scope, tenant, now, default=default)

    return asked

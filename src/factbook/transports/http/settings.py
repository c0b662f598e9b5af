"""What a tenant chooses himself, over HTTP: his zone, currency and rates, where his weeks and fiscal years begin."""

from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from factbook.core.currencies import CODES, has_shape
from factbook.core.errors import Kind
from factbook.core.money import LEAST, MOST
from factbook.core.scope import Role, Scope
from factbook.services import Services

from .access import example, refusals, scope_for

_VALUES: dict[str, Any] = {
    "zone": "Europe/Berlin",
    "currency": "EUR",
    "rates": {"USD": 0.92, "GBP": 1.17},
    "week_start": 1,
    "fiscal_year_start": 4,
}
_ANSWER = {**_VALUES, "overridden": ["zone", "currency", "rates", "fiscal_year_start"]}


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be an IANA time zone, such as Europe/Berlin")
    return name


def _currency(code: str) -> str:
    if code not in CODES:
        raise ValueError("must be a currency of ISO 4217, in capitals, such as EUR")
    return code


def _codes(rates: dict[str, float]) -> dict[str, float]:
    wrong = next((code for code in rates if not has_shape(code)), None)
    if wrong is not None:
        raise ValueError(f"{wrong[:20]!r} is not the code of a currency: capitals and digits, such as USD or USDT")
    return rates


_Rate = Annotated[float, Field(strict=True, ge=LEAST, le=MOST, allow_inf_nan=False)]
_Rates = Annotated[dict[str, _Rate], Field(max_length=500), AfterValidator(_codes)]


class TenantSettings(BaseModel):
    """Fields that are left out stay as they are; null is the default again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_VALUES]})

    zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="IANA time zone of days, weeks and times without an offset; the server's by default."
    )
    currency: Annotated[str, AfterValidator(_currency)] | None = Field(
        default=None, description="ISO 4217: the currency that answers about money are in; none by default."
    )
    rates: _Rates | None = Field(
        default=None, description="What one unit of another currency is worth in `currency`; all of them at once."
    )
    week_start: Annotated[int, Field(strict=True, ge=1, le=7)] | None = Field(
        default=None, description="The day on which weeks begin, 1 (Monday, the default) to 7 (Sunday)."
    )
    fiscal_year_start: Annotated[int, Field(strict=True, ge=1, le=12)] | None = Field(
        default=None, description="The month in which fiscal years begin, 1 (the default) to 12; quarters follow it."
    )


def router(services: Services) -> APIRouter:
    """/api/v1/settings."""
    routes = APIRouter(prefix="/api/v1/settings", tags=["Settings"])

    @routes.get("", summary="How this tenant counts time and money", responses=example(_ANSWER) | refusals())
    def read(scope: Annotated[Scope, Depends(scope_for(services))]) -> dict[str, Any]:
        """Every setting as it holds; `overridden` names those that the tenant set himself."""
        return _shown(services, scope)

    @routes.put(
        "", summary="Change how this tenant counts", responses=example(_ANSWER) | refusals(Kind.INVALID, Kind.MALFORMED)
    )
    def change(
        body: TenantSettings, scope: Annotated[Scope, Depends(scope_for(services, Role.ADMIN))]
    ) -> dict[str, Any]:
        """Fields that are left out stay as they are; null is the default again. Holds for every answer from now on."""
        services.tenant_settings.change(scope, {name: getattr(body, name) for name in body.model_fields_set})
        return _shown(services, scope)

    return routes


def _shown(services: Services, scope: Scope) -> dict[str, Any]:
    calendar, money = services.tenant_settings.of(scope)
    return {
        "zone": calendar.zone.key,
        "currency": money.currency or None,
        "rates": dict(money.rates),
        "week_start": calendar.week_start,
        "fiscal_year_start": calendar.fiscal_year_start,
        "overridden": list(services.tenant_settings.own(scope)),
    }

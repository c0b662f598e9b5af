"""How each tenant counts time and money: zone, weeks, fiscal years, currency and rates, kept with his row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from factbook.core import times
from factbook.core.calendar import Calendar
from factbook.core.errors import invalid
from factbook.core.money import Money
from factbook.core.scope import Scope
from factbook.storage.metadata import Metadata
from factbook.storage.rows import Tenant

from .keys import Keys

FIELDS = ("zone", "currency", "rates", "week_start", "fiscal_year_start")


class TenantSettings:
    """Read from the tenants that `keys` holds in memory. Changes made here hold at once, others' within seconds."""

    def __init__(self, metadata: Metadata, keys: Keys) -> None:
        self._metadata = metadata
        self._keys = keys

    def of(self, scope: Scope) -> tuple[Calendar, Money]:
        return self.calendar(scope), self.money(scope)

    def calendar(self, scope: Scope) -> Calendar:
        tenant = self._keys.tenant(scope.tenant)
        if tenant is None:
            return Calendar(times.zone(scope.zone))
        return Calendar(times.zone(tenant.zone), tenant.week_start or 1, tenant.fiscal_year_start or 1)

    def money(self, scope: Scope) -> Money:
        tenant = self._keys.tenant(scope.tenant)
        return _money(tenant.currency, tenant.rates) if tenant else Money()

    def own(self, scope: Scope) -> tuple[str, ...]:
        """Of FIELDS, those that the tenant set himself."""
        tenant = self._keys.tenant(scope.tenant)
        return tuple(name for name in FIELDS if getattr(tenant, _COLUMNS.get(name, name)) is not None)

    def change(self, scope: Scope, changes: Mapping[str, Any]) -> None:
        """`changes`: checked values by field (FIELDS); None is the default again, fields not named stay as they are.

        INVALID for rates that would be without a currency, or of another than they were given for.
        """
        values = {_COLUMNS.get(name, name): value for name, value in changes.items()}
        if "currency" in changes or "rates" in changes:
            values |= _priced(self._metadata.tenant(scope), changes)
        self._metadata.set_settings(scope, values)
        self._keys.refresh()


_COLUMNS = {"zone": "own_zone"}


def _priced(tenant: Tenant, changes: Mapping[str, Any]) -> dict[str, str | None]:
    """Currency and rates, always both, so that changes at the same time never leave rates of another currency."""
    currency: str | None = changes.get("currency", tenant.currency)
    if "rates" not in changes and tenant.rates and currency != tenant.currency:
        raise invalid(
            f"The rates are in {tenant.currency}.",
            field="rates",
            hint=f"Send `rates` in {currency or 'no currency'} with the currency, or null to have none.",
        )
    rates: dict[str, float] = (changes["rates"] or {}) if "rates" in changes else json.loads(tenant.rates or "{}")
    if rates and not currency:
        raise invalid("Rates need a currency that they lead to.", field="currency", hint="Send `currency` with them.")
    if currency in rates:
        raise invalid(f"{currency} is the tenant's own currency: it needs no rate.", field=f"rates.{currency}")
    Money(currency or "", rates)
    return {"currency": currency, "rates": json.dumps(rates, sort_keys=True) if rates else None}


@lru_cache(maxsize=1000)
def _money(currency: str | None, rates: str | None) -> Money:
    return Money(currency or "", MappingProxyType(json.loads(rates or "{}")))

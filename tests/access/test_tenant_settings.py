"""How a tenant counts: kept with his row, told from memory, never another's."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from factbook.access.keys import Keys
from factbook.access.tenant_settings import TenantSettings
from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError
from factbook.core.money import Money
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata

OTHER = Scope("other", "test", Role.ADMIN, zone="UTC")


@pytest.fixture
def settings(metadata: Metadata, keys: Keys) -> TenantSettings:
    metadata.ensure_tenant_of_system("other", now=1, zone="UTC")
    keys.refresh()
    return TenantSettings(metadata, keys)


def test_a_tenant_counts_as_he_chose(settings: TenantSettings, scope: Scope) -> None:
    assert settings.of(scope) == (Calendar(ZoneInfo("Europe/Berlin")), Money())
    settings.change(scope, {"week_start": 7, "fiscal_year_start": 4, "currency": "EUR", "rates": {"USD": 0.92}})
    assert settings.of(scope) == (Calendar(ZoneInfo("Europe/Berlin"), 7, 4), Money("EUR", {"USD": 0.92}))
    assert settings.own(scope) == ("currency", "rates", "week_start", "fiscal_year_start")


def test_no_tenant_changes_another(settings: TenantSettings, scope: Scope) -> None:
    settings.change(scope, {"zone": "Asia/Kathmandu", "week_start": 7, "currency": "EUR"})
    assert settings.of(OTHER) == (Calendar(ZoneInfo("UTC")), Money())
    assert settings.own(OTHER) == ()


def test_another_process_follows_when_it_reads_its_tenants_anew(
    settings: TenantSettings, scope: Scope, metadata: Metadata, keys: Keys
) -> None:
    elsewhere = Keys(metadata, keys._clock)
    TenantSettings(metadata, elsewhere).change(scope, {"week_start": 7})
    keys.refresh()
    assert settings.calendar(scope).week_start == 7


def test_money_that_does_not_hang_together_is_refused_and_nothing_changes(
    settings: TenantSettings, scope: Scope
) -> None:
    settings.change(scope, {"currency": "EUR", "rates": {"USD": 0.92}})
    for changes in ({"currency": "USD"}, {"currency": None}, {"rates": {"EUR": 1.0}}):
        with pytest.raises(FactbookError):
            settings.change(scope, {**changes, "week_start": 5})
    assert settings.of(scope) == (Calendar(ZoneInfo("Europe/Berlin")), Money("EUR", {"USD": 0.92}))


def test_a_tenant_that_came_a_moment_ago_counts_by_the_zone_of_his_key(settings: TenantSettings) -> None:
    fresh = Scope("fresh", "test", Role.ADMIN, zone="Asia/Tokyo")
    assert settings.of(fresh) == (Calendar(ZoneInfo("Asia/Tokyo")), Money())

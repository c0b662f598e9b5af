"""A tenant's settings over HTTP, and the answers that follow them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from tests.clocks import SetClock
from tests.transports.administration import Administration, administration

SETTINGS = "/api/v1/settings"
DEFAULTS: dict[str, Any] = {
    "zone": "Europe/Berlin",
    "currency": None,
    "rates": {},
    "week_start": 1,
    "fiscal_year_start": 1,
    "overridden": [],
}
CHOSEN = {
    "zone": "America/New_York",
    "currency": "USD",
    "rates": {"EUR": 1.08, "USDT": 1},
    "week_start": 7,
    "fiscal_year_start": 10,
}


@pytest.fixture
def served(engine: Engine, scope: Scope, tmp_path: Path) -> Iterator[Administration]:
    with administration(engine, scope, tmp_path, SetClock()) as found:
        yield found


def put(served: Administration, body: Any) -> dict[str, Any]:
    answer = served.call("PUT", SETTINGS, body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(served: Administration, body: Any) -> list[str]:
    """The fields that were named; what was before still holds."""
    before = served.call("GET", SETTINGS).json()
    answer = served.call("PUT", SETTINGS, body)
    assert answer.status_code == 422, answer.text
    assert served.call("GET", SETTINGS).json() == before
    problem = answer.json()
    return [each["field"] for each in problem["errors"]] if "errors" in problem else [problem["field"]]


def test_defaults_hold_until_the_tenant_says_otherwise(served: Administration) -> None:
    assert served.call("GET", SETTINGS).json() == DEFAULTS
    everything = {**CHOSEN, "overridden": list(CHOSEN)}
    assert put(served, CHOSEN) == everything
    assert served.call("GET", SETTINGS).json() == everything
    assert put(served, dict.fromkeys(CHOSEN)) == DEFAULTS


def test_fields_that_are_left_out_stay_as_they_are(served: Administration) -> None:
    put(served, CHOSEN)
    assert put(served, {"week_start": 6}) == {**CHOSEN, "week_start": 6, "overridden": list(CHOSEN)}
    assert put(served, {}) == {**CHOSEN, "week_start": 6, "overridden": list(CHOSEN)}
    back = put(served, {"zone": None, "fiscal_year_start": None})
    assert (back["zone"], back["fiscal_year_start"]) == ("Europe/Berlin", 1)
    assert back["overridden"] == ["currency", "rates", "week_start"]


def test_rates_are_replaced_together(served: Administration) -> None:
    put(served, CHOSEN)
    assert put(served, {"rates": {"GBP": 1.3}})["rates"] == {"GBP": 1.3}
    assert put(served, {"rates": {}})["rates"] == {}


def test_the_zone_holds_at_once_for_keys_and_survives_the_next_start(served: Administration) -> None:
    put(served, {"zone": "Asia/Kathmandu"})
    assert served.call("GET", "/api/v1/auth/me", role=Role.VIEWER).json()["timezone"] == "Asia/Kathmandu"
    again = served.services.metadata.ensure_tenant_of_system(served.scope.tenant, now=1, zone="Europe/Paris")
    assert again.zone == "Asia/Kathmandu"
    assert put(served, {"zone": None})["zone"] == "Europe/Paris"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "europe/berlin"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": "a\0b"}, "zone"),
        ({"zone": ""}, "zone"),
        ({"zone": 1}, "zone"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"rates": {"USD": 1.1}}, "currency"),
        ({"currency": "EUR", "rates": {"EUR": 1.0}}, "rates.EUR"),
        ({"currency": "EUR", "rates": {"usd": 1.0}}, "rates"),
        ({"currency": "EUR", "rates": {"": 1.0}}, "rates"),
        ({"currency": "EUR", "rates": [1]}, "rates"),
        *[({"currency": "EUR", "rates": {"USD": rate}}, "rates.USD") for rate in (0, -1, 1e13, True, "0.9", None)],
        *[({"week_start": day}, "week_start") for day in (0, 8, 1.5, True, "1")],
        *[({"fiscal_year_start": month}, "fiscal_year_start") for month in (0, 13, "April")],
        ({"timezone": "UTC"}, "timezone"),
        ({"overridden": []}, "overridden"),
    ],
)
def test_what_cannot_be_is_refused_naming_the_field(served: Administration, body: Any, field: str) -> None:
    assert refused(served, body) == [field]


def test_every_bad_field_is_named_at_once(served: Administration) -> None:
    body = {"zone": "Mars", "currency": "X", "rates": {"USD": 0, "GBP": 1}, "week_start": 9, "fiscal": 1}
    assert set(refused(served, body)) == {"zone", "currency", "rates.USD", "week_start", "fiscal"}


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "1e999"])
def test_a_rate_that_is_no_number_is_refused(served: Administration, rate: str) -> None:
    headers = {"X-API-Key": served.keys[Role.ADMIN], "content-type": "application/json"}
    body = f'{{"currency": "EUR", "rates": {{"USD": {rate}}}}}'
    answer = served.client.put(SETTINGS, content=body, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (422, "rates.USD")


@pytest.mark.parametrize("currency", ["EUR", None])
def test_rates_of_one_currency_are_never_taken_for_those_of_another(
    served: Administration, currency: str | None
) -> None:
    put(served, CHOSEN)
    assert refused(served, {"currency": currency}) == ["rates"]
    assert put(served, {"currency": currency, "rates": None})["currency"] == currency


def test_a_body_that_is_no_object_is_refused(served: Administration) -> None:
    assert served.call("PUT", SETTINGS, [1]).status_code == 422


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER])
def test_any_role_reads_and_only_an_admin_writes(served: Administration, role: Role) -> None:
    assert served.call("GET", SETTINGS, role=role).json() == DEFAULTS
    assert served.call("PUT", SETTINGS, CHOSEN, role=role).status_code == 403
    assert served.call("GET", SETTINGS).json() == DEFAULTS


def test_a_write_only_key_and_nobody_see_nothing(served: Administration) -> None:
    assert served.call("GET", SETTINGS, role=Role.WRITER).status_code == 403
    assert served.call("GET", SETTINGS, role=None).status_code == 401
    assert served.call("PUT", SETTINGS, CHOSEN, role=None).status_code == 401

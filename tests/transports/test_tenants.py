"""Tenants over HTTP: made and removed by whoever operates the server; to everybody else there is but his own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from factbook.access.tenant_removal import GRACE_SECONDS
from factbook.core.scope import DEFAULT_TENANT, Role, Scope
from factbook.storage.engine import Engine
from factbook.storage.tenant_data import TenantData
from tests.clocks import SetClock
from tests.transports.administration import Administration, administration

TENANTS = "/api/v1/admin/tenants"
ME = "/api/v1/auth/me"


@pytest.fixture
def served(apart: Engine, database_address: str, tmp_path: Path) -> Iterator[Administration]:
    """Of the operating tenant."""
    operator = Scope(DEFAULT_TENANT, "test", Role.OWNER)
    with administration(apart, operator, tmp_path, SetClock(), database=database_address) as found:
        yield found


@pytest.fixture
def other(scope: Scope) -> str:
    """An id that no other test's data in the warehouse has."""
    return scope.tenant


def made(served: Administration, tenant: str, **more: Any) -> dict[str, Any]:
    answer = served.call("POST", TENANTS, {"id": tenant, "name": "The Shop", **more}, role=Role.OWNER)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def key_of(served: Administration, tenant: str, role: Role = Role.OWNER) -> str:
    return served.services.keys.create(Scope(tenant, "test", Role.OWNER), "x", role).key


def by(served: Administration, key: str, method: str, path: str, body: Any = None) -> httpx.Response:
    answer: httpx.Response = served.client.request(method, path, json=body, headers={"X-API-Key": key})
    return answer


def test_the_operator_makes_a_tenant_with_its_first_owner(served: Administration, other: str) -> None:
    tenant = made(served, other, tier="pro", owner_email="ada@example.com")
    assert (tenant["tier"], tenant["state"], tenant["zone"]) == ("pro", "active", "Europe/Berlin")
    token = tenant["owner"]["set_password"]["path"].partition("#")[2]
    body = {"token": token, "password": "four unrelated words here"}
    me = served.client.post("/api/v1/auth/set-password", json=body).json()
    assert (me["tenant"], me["role"], me["tier"]) == (other, "owner", "pro")
    listed = served.client.get(f"{TENANTS}/{other}").json()
    assert listed["name"] == "The Shop"
    assert served.client.get(TENANTS).status_code == 403  # an owner, but of another tenant


def test_an_id_is_taken_once(served: Administration, other: str) -> None:
    made(served, other)
    answer = served.call("POST", TENANTS, {"id": other, "name": "x"}, role=Role.OWNER)
    assert (answer.status_code, answer.json()["field"]) == (409, "id")


@pytest.mark.parametrize("id_", ["", "-a", "A", "a b", "a/b", "a" * 64, "a'b", "é", "a.b"])
def test_an_id_that_cannot_be_is_refused(served: Administration, id_: str) -> None:
    answer = served.call("POST", TENANTS, {"id": id_, "name": "x"}, role=Role.OWNER)
    assert (answer.status_code, answer.json()["field"]) == (422, "id")


CALLS = [
    ("GET", "", None),
    ("GET", "/usage", None),
    ("PUT", "", {"name": "mine now"}),
    ("PUT", "", {"tier": "enterprise"}),
    ("PUT", "", {"suspended": True}),
    ("PUT", "", {"retention": {"raw_events": 1}}),
    ("DELETE", "?confirm=The%20Shop", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_another_tenant_is_not_there(served: Administration, other: str, method: str, path: str, body: Any) -> None:
    made(served, other)
    made(served, "third", owner_email="x@example.com")
    before = served.call("GET", f"{TENANTS}/{other}", role=Role.OWNER).json()
    stranger = key_of(served, "third")
    assert by(served, stranger, method, f"{TENANTS}/{other}{path}", body).status_code == 404
    assert by(served, stranger, method, f"{TENANTS}/{DEFAULT_TENANT}{path}", body).status_code == 404
    assert served.call(method, f"{TENANTS}/{other}{path}", body, role=Role.ADMIN).status_code == 404
    for role in (Role.WRITER, Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER):
        assert served.call(method, f"{TENANTS}/{other}{path}", body, role=role).status_code == 403
        assert served.call(method, f"{TENANTS}/{DEFAULT_TENANT}{path}", body, role=role).status_code == 403
    assert served.call("GET", f"{TENANTS}/{other}", role=Role.OWNER).json() == before


def test_only_the_operator_makes_lists_suspends_removes_and_sets_the_tier(served: Administration, other: str) -> None:
    made(served, other)
    owner = key_of(served, other)
    for method, path, body in (
        ("GET", TENANTS, None),
        ("POST", TENANTS, {"id": "mine", "name": "x"}),
        ("PUT", f"{TENANTS}/{other}", {"tier": "enterprise"}),
        ("PUT", f"{TENANTS}/{other}", {"suspended": False}),
        ("DELETE", f"{TENANTS}/{other}?confirm=The%20Shop", None),
    ):
        assert by(served, owner, method, path, body).status_code == 403
        if path == TENANTS:
            assert served.call(method, path, body, role=Role.ADMIN).status_code == 403


def test_a_tenant_changes_what_is_his_and_nothing_else_changes(served: Administration, other: str) -> None:
    made(served, other)
    admin = key_of(served, other, Role.ADMIN)
    rules = {"viewer": {"row_filter": [{"field": "country", "operator": "eq", "value": "DE"}], "masked": True}}
    change = {
        "name": "Shop 2",
        "zone": "Asia/Tokyo",
        "currency": "JPY",
        "week_start": 7,
        "branding": {"colour": "#0a7d5c"},
        "retention": {"raw_events": 30},
        "role_rules": rules,
    }
    answer = by(served, admin, "PUT", f"{TENANTS}/{other}", change)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert {name: after[name] for name in ("name", "zone", "currency", "week_start", "role_rules")} == {
        name: change[name] for name in ("name", "zone", "currency", "week_start", "role_rules")
    }
    assert after["branding"] == {"name": None, "logo_url": None, "colour": "#0a7d5c"}
    assert (after["retention"]["raw_events"], after["retention"]["hour_aggregates"]) == (30, 730)
    again = by(served, admin, "PUT", f"{TENANTS}/{other}", {"week_start": 1}).json()
    assert again == {**after, "week_start": 1}
    viewer = key_of(served, other, Role.VIEWER)
    me = by(served, viewer, "GET", ME).json()
    assert (me["timezone"], me["row_filter"], me["masked"]) == ("Asia/Tokyo", rules["viewer"]["row_filter"], True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"tier": "gold"}, "tier"),
        ({"retention": {"raw_events": 0}}, "retention.raw_events"),
        ({"retention": {"raw_events": 10**9}}, "raw_events"),
        ({"branding": {"colour": "red"}}, "branding.colour"),
        ({"branding": {"logo_url": "javascript:alert(1)"}}, "branding.logo_url"),
        ({"branding": {"logo_url": "http://shop.example/x.png"}}, "branding.logo_url"),
        ({"branding": {"logo_url": "data:text/html;base64,AAAA"}}, "branding.logo_url"),
        ({"branding": {"font": "Comic"}}, "branding.font"),
        ({"role_rules": {"admin": {"masked": True}}}, "role_rules.admin"),
        ({"role_rules": {"king": {"masked": True}}}, "role_rules.king"),
        ({"role_rules": {"viewer": {"row_filter": [{"field": "x", "value": 1}]}}}, "role_rules.viewer.row_filter.0"),
        ({"id": "x"}, "id"),
    ],
)
def test_what_is_not_valid_is_refused_by_its_field(
    served: Administration, other: str, body: dict[str, Any], field: str
) -> None:
    before = made(served, other)
    answer = served.call("PUT", f"{TENANTS}/{other}", body, role=Role.OWNER)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert served.call("GET", f"{TENANTS}/{other}", role=Role.OWNER).json() == before


def test_suspended_everybody_is_refused_with_a_sentence_and_let_in_again(served: Administration, other: str) -> None:
    made(served, other)
    keys = [key_of(served, other, role) for role in Role]
    token = by(served, keys[1], "POST", "/api/v1/auth/token").json()["access_token"]
    suspended = served.call("PUT", f"{TENANTS}/{other}", {"suspended": True}, role=Role.OWNER).json()
    assert (suspended["state"], suspended["suspended_at"] is None) == ("suspended", False)
    for key in keys:
        answer = by(served, key, "GET", ME)
        assert (answer.status_code, "suspended" in answer.json()["detail"]) == (403, True)
    assert served.client.get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 403
    served.call("PUT", f"{TENANTS}/{other}", {"suspended": False}, role=Role.OWNER)
    assert by(served, keys[1], "GET", ME).status_code == 200


def test_the_operating_tenant_is_neither_suspended_nor_removed(served: Administration) -> None:
    path = f"{TENANTS}/{DEFAULT_TENANT}"
    assert served.call("PUT", path, {"suspended": True}, role=Role.OWNER).status_code == 409
    assert served.call("DELETE", f"{path}?confirm={DEFAULT_TENANT}", role=Role.OWNER).status_code == 409


def test_a_tenant_is_removed_when_its_name_is_said(served: Administration, other: str) -> None:
    made(served, other)
    for path in (f"{TENANTS}/{other}", f"{TENANTS}/{other}?confirm=shop"):
        answer = served.call("DELETE", path, role=Role.OWNER)
        assert (answer.status_code, answer.json()["field"]) == (422, "confirm")
    assert served.call("GET", f"{TENANTS}/{other}", role=Role.OWNER).json()["state"] == "active"


def put_event(apart: Engine, tenant: str, clock: SetClock) -> None:
    apart.command(
        "INSERT INTO events (tenant, event_id, event_type, timestamp, processed_at) SELECT {t:String}, "
        "generateUUIDv4(), 'purchase', fromUnixTimestamp64Milli({at:Int64}, 'UTC'), "
        "fromUnixTimestamp64Milli({at:Int64}, 'UTC')",
        {"t": tenant, "at": int(clock().timestamp() * 1000)},
    )


def test_removing_takes_everything_and_nothing_of_another_and_can_be_repeated(
    served: Administration, other: str, apart: Engine
) -> None:
    bystander = f"{other}-2"
    for tenant in (other, bystander):
        made(served, tenant, owner_email="ada@example.com")
        key_of(served, tenant)
        put_event(apart, tenant, served.clock)
    key = key_of(served, other)
    path = f"{TENANTS}/{other}?confirm=The%20Shop"
    answer = served.call("DELETE", path, role=Role.OWNER)
    assert (answer.status_code, answer.json()["state"]) == (202, "removing")
    assert served.call("DELETE", path, role=Role.OWNER).json() == answer.json()
    assert by(served, key, "GET", ME).status_code == 401

    removal = served.services.tenant_removal
    removal.run()
    assert TenantData(apart).count(other) == {}
    assert served.call("GET", f"{TENANTS}/{other}", role=Role.OWNER).status_code == 200
    put_event(apart, other, served.clock)  # by another process, that has not heard of it yet
    served.clock.forward(seconds=GRACE_SECONDS)
    removal.run()
    assert removal.run() == ""
    assert TenantData(apart).count(other) == {}
    assert served.call("GET", f"{TENANTS}/{other}", role=Role.OWNER).status_code == 404
    held = served.services.metadata.tenants.holdings(Scope.system(other))
    assert (set(held) >= {"people", "api_keys"}, set(held.values())) == (True, {0})

    assert sum(TenantData(apart).count(bystander).values()) == 1
    kept = served.services.metadata.tenants.holdings(Scope.system(bystander))
    assert (kept["people"], kept["api_keys"]) == (1, 1)
    made(served, other)  # the id is free again


def test_usage_counts_what_is_the_tenants(served: Administration, other: str, apart: Engine) -> None:
    made(served, other, owner_email="ada@example.com")
    owner = key_of(served, other)
    revoked = served.services.keys.create(Scope(other, "test", Role.OWNER), "x", Role.VIEWER)
    served.services.keys.revoke(Scope(other, "test", Role.OWNER), revoked.row.id)
    put_event(apart, other, served.clock)
    before = by(served, owner, "GET", f"{TENANTS}/{other}/usage").json()
    assert {name: before[name] for name in ("events_kept", "events_this_month", "keys", "people")} == {
        "events_kept": 1,
        "events_this_month": 1,
        "keys": 1,
        "people": 1,
    }
    served.clock.forward(days=40)
    after = served.call("GET", f"{TENANTS}/{other}/usage", role=Role.OWNER).json()
    assert (after["events_kept"], after["events_this_month"]) == (1, 0)
    assert after["queries"] == before["queries"] + 1

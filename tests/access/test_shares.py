"""Who sees what is shared: everybody until it is shared with some, admins and owners always, another tenant never."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factbook.access.keys import Keys
from factbook.access.shares import Shares
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock

THING = "dashboard/commerce"


@pytest.fixture
def shares(keys: Keys, metadata: Metadata, clock: SetClock) -> Shares:
    return Shares(metadata, clock)


def test_what_was_never_shared_is_everybodys(shares: Shares, scope: Scope) -> None:
    assert shares.of(scope, THING) == {"everybody": True, "roles": [], "people": []}
    assert all(shares.sees(replace(scope, role=role), THING) for role in Role)


def test_a_thing_shared_with_a_role_is_seen_by_it_and_by_who_administers(shares: Shares, scope: Scope) -> None:
    shares.put(scope, THING, roles=[Role.ANALYST], people=[])
    assert {role for role in Role if shares.sees(replace(scope, role=role), THING)} == {
        Role.ANALYST,
        Role.ADMIN,
        Role.OWNER,
    }
    assert shares.sees(replace(scope, role=Role.VIEWER), "dashboard/trading")


def test_a_thing_shared_with_a_person_is_seen_by_him_alone(shares: Shares, keys: Keys, scope: Scope) -> None:
    person, _ = keys.people.invite(scope, email="ann@example.com", name="Ann", role=Role.VIEWER)
    shares.put(scope, THING, roles=[], people=[person.id])
    assert shares.sees(replace(scope, role=Role.VIEWER, actor=person.id), THING)
    assert not shares.sees(replace(scope, role=Role.VIEWER, actor="person_other"), THING)


def test_what_is_given_back_is_everybodys_again(shares: Shares, scope: Scope) -> None:
    shares.put(scope, THING, roles=[], people=[])
    viewer = replace(scope, role=Role.VIEWER)
    assert not shares.sees(viewer, THING)
    shares.remove(scope, THING)
    shares.remove(scope, THING)
    assert shares.sees(viewer, THING)


def test_another_tenant_shares_for_itself(shares: Shares, metadata: Metadata, scope: Scope) -> None:
    metadata.ensure_tenant_of_system("other", now=1)
    shares.put(scope, THING, roles=[], people=[])
    assert shares.sees(Scope("other", "a", Role.VIEWER), THING)


@pytest.mark.parametrize(
    ("roles", "people", "field"), [(["king"], [], "roles"), (["admin"], [], "roles"), ([], ["person_0"], "people")]
)
def test_what_is_wrong_is_named(shares: Shares, scope: Scope, roles: list[str], people: list[str], field: str) -> None:
    with pytest.raises(FactbookError) as refused:
        shares.put(scope, THING, roles=roles, people=people)
    assert (refused.value.kind, refused.value.field) == (Kind.INVALID, field)
    assert shares.of(scope, THING)["everybody"]

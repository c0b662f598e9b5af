"""People: invited, signed in, locked, changed and ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from factbook.access.attempts import LOCK_SECONDS, MOST
from factbook.access.keys import Keys
from factbook.access.passwords import Passwords
from factbook.access.people import LINK_SECONDS, People
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock

from .test_passwords import GOOD, CountingHasher

WEAK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
OWNER = Scope("shop", "key_owner", Role.OWNER)


@pytest.fixture
def people(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setattr(keys.people, "_passwords", Passwords(WEAK))  # the same work, less of it
    return keys.people


def joined(people: People, email: str = "ada@example.com", role: Role = Role.ANALYST, scope: Scope = OWNER) -> Scope:
    """Somebody with the password GOOD."""
    _, link = people.invite(scope, email, "Ada", role)
    return people.set_password(link.token, GOOD).scope


def refusal(call: object, *arguments: object, **named: object) -> FactbookError:
    assert callable(call)
    with pytest.raises(FactbookError) as found:
        call(*arguments, **named)
    return found.value


def test_an_invited_person_sets_a_password_once_and_is_signed_in(people: People) -> None:
    row, link = people.invite(OWNER, " Ada@Example.com ", "Ada", Role.ANALYST)
    assert (row.email, row.password) == ("Ada@Example.com", None)
    person = people.set_password(link.token, GOOD)
    assert (person.scope.tenant, person.scope.actor, person.scope.role) == ("shop", row.id, Role.ANALYST)
    assert refusal(people.set_password, link.token, GOOD).kind is Kind.UNAUTHENTICATED


def test_a_link_is_good_for_two_days_and_a_fresh_one_ends_it(people: People, clock: SetClock) -> None:
    row, first = people.invite(OWNER, "ada@example.com", "", Role.VIEWER)
    _, second = people.reset(OWNER, row.id)
    assert refusal(people.set_password, first.token, GOOD).kind is Kind.UNAUTHENTICATED
    clock.forward(seconds=LINK_SECONDS)
    assert refusal(people.set_password, second.token, GOOD).kind is Kind.UNAUTHENTICATED


def test_a_bad_password_leaves_the_link_good(people: People) -> None:
    _, link = people.invite(OWNER, "ada@example.com", "", Role.VIEWER)
    assert refusal(people.set_password, link.token, "short").kind is Kind.INVALID
    people.set_password(link.token, GOOD)


def test_neither_the_token_of_a_link_nor_the_password_is_kept(people: People, metadata: Metadata) -> None:
    _, link = people.invite(OWNER, "ada@example.com", "", Role.VIEWER)
    joined(people, "bob@example.com")
    [invited, joined_] = metadata.people.all_of_system()
    assert invited.link_digest
    assert joined_.password
    assert link.token not in repr(invited)
    assert GOOD not in repr(joined_)


def test_signing_in_takes_the_address_in_any_case(people: People) -> None:
    scope = joined(people)
    assert people.sign_in(" ADA@example.COM", GOOD).scope == scope
    assert people.get(OWNER, scope.actor).last_sign_in_at is not None


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.WRITER])
def test_a_person_acts_under_his_own_id_with_his_role(people: People, role: Role) -> None:
    scope = joined(people, role=role)
    assert scope.actor.startswith("person_")
    assert scope.role is role


def test_a_person_cannot_be_a_writer(people: People) -> None:
    assert refusal(people.invite, OWNER, "ada@example.com", "", Role.WRITER).field == "role"


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@b.c", "a b@c.d", "a@b\nc", "a" * 251 + "@b.c"])
def test_what_is_no_address_is_refused(people: People, email: str) -> None:
    assert refusal(people.invite, OWNER, email, "", Role.VIEWER).field == "email"


def test_an_address_is_known_once_in_a_tenant_in_any_case_and_again_in_another(
    people: People, metadata: Metadata, keys: Keys, clock: SetClock
) -> None:
    metadata.ensure_tenant_of_system("bank", now=1)
    keys.refresh()
    mine = joined(people)
    clock.forward(seconds=1)
    assert refusal(people.invite, OWNER, "ADA@EXAMPLE.com", "", Role.VIEWER).kind is Kind.CONFLICT
    other = joined(people, scope=Scope("bank", "key_owner", Role.OWNER))
    assert people.sign_in("ada@example.com", GOOD).scope == mine  # the oldest
    assert people.sign_in("ada@example.com", GOOD, tenant="bank").scope == other
    assert refusal(people.sign_in, "ada@example.com", GOOD, tenant="none").kind is Kind.UNAUTHENTICATED


# The same answer and the same work


def test_unknown_wrong_invited_and_disabled_get_one_sentence_for_one_piece_of_work(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(people)
    people.invite(OWNER, "invited@example.com", "", Role.VIEWER)
    disabled = joined(people, "disabled@example.com")
    people.change(OWNER, disabled.actor, {"disabled": True})
    hasher = CountingHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(people, "_passwords", Passwords(hasher))
    told = set()
    for n, email in enumerate(("ada", "nobody", "invited", "disabled"), 1):
        error = refusal(people.sign_in, f"{email}@example.com", "wrong wrong wrong")
        told.add((error.kind, error.message, error.hint, error.field, error.retry_after))
        assert len(hasher.checked) == n
    assert len(told) == 1


def test_a_disabled_person_with_the_right_password_gets_the_same_sentence(people: People) -> None:
    scope = joined(people)
    people.change(OWNER, scope.actor, {"disabled": True})
    right = refusal(people.sign_in, "ada@example.com", GOOD)
    wrong = refusal(people.sign_in, "nobody@example.com", GOOD)
    assert (right.kind, right.message) == (wrong.kind, wrong.message)


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_five_wrong_ones_lock_whoever_it_is_in_every_process(
    people: People, metadata: Metadata, clock: SetClock, email: str
) -> None:
    joined(people)
    other = Keys(metadata, clock).people
    for n in range(MOST):
        error = refusal((people, other)[n % 2].sign_in, email, "wrong wrong wrong")
        assert (error.kind, error.retry_after) == (Kind.UNAUTHENTICATED, None)
        clock.forward(seconds=60)
    for process in (people, other):
        locked = refusal(process.sign_in, email.upper(), GOOD)
        assert (locked.kind, locked.message) == (Kind.LIMITED, error.message)
        assert locked.retry_after == LOCK_SECONDS - 60


def test_the_lock_opens_again_and_waiting_is_not_counted(people: People, clock: SetClock) -> None:
    joined(people)
    for _ in range(MOST):
        refusal(people.sign_in, "ada@example.com", "wrong wrong wrong")
    for _ in range(20):
        assert refusal(people.sign_in, "ada@example.com", GOOD).kind is Kind.LIMITED
    clock.forward(seconds=LOCK_SECONDS)
    people.sign_in("ada@example.com", GOOD)


def test_wrong_ones_far_apart_and_right_ones_lock_nobody(people: People, clock: SetClock) -> None:
    joined(people)
    for _ in range(3 * MOST):
        people.sign_in("ada@example.com", GOOD)
        refusal(people.sign_in, "ada@example.com", "wrong wrong wrong")
        clock.forward(seconds=LOCK_SECONDS / (MOST - 1))


def test_the_same_address_of_another_tenant_opens_no_lock(people: People, metadata: Metadata, keys: Keys) -> None:
    metadata.ensure_tenant_of_system("bank", now=1)
    keys.refresh()
    joined(people)
    joined(people, scope=Scope("bank", "key_owner", Role.OWNER))
    for _ in range(MOST - 1):
        refusal(people.sign_in, "ada@example.com", "wrong wrong wrong", tenant="shop")
        people.sign_in("ada@example.com", GOOD, tenant="bank")
    refusal(people.sign_in, "ada@example.com", "wrong wrong wrong", tenant="shop")
    assert refusal(people.sign_in, "ada@example.com", "wrong wrong wrong", tenant="shop").kind is Kind.LIMITED


def test_an_old_hash_is_made_anew_at_the_next_sign_in(
    people: People, metadata: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = joined(people)
    before = metadata.people.get(OWNER, scope.actor)
    monkeypatch.setattr(people, "_passwords", Passwords(PasswordHasher(time_cost=1, memory_cost=128, parallelism=1)))
    person = people.sign_in("ada@example.com", GOOD)
    after = metadata.people.get(OWNER, scope.actor)
    assert "m=64" in str(before.password)
    assert "m=128" in str(after.password)
    assert people.scope(scope.actor, person.generation) == scope  # nobody is signed out by it


# What ends sessions


def test_changing_the_password_needs_the_old_one_and_ends_every_session(people: People) -> None:
    scope = joined(people)
    session = people.sign_in("ada@example.com", GOOD)
    assert refusal(people.change_password, scope, "wrong wrong wrong", "another good password").kind is (
        Kind.UNAUTHENTICATED
    )
    assert refusal(people.change_password, scope, GOOD, "short").field == "new_password"
    fresh = people.change_password(scope, GOOD, "another good password")
    assert refusal(people.scope, scope.actor, session.generation).kind is Kind.UNAUTHENTICATED
    assert people.scope(scope.actor, fresh.generation) == scope
    people.sign_in("ada@example.com", "another good password")


def test_old_passwords_cannot_be_tried_without_end(people: People) -> None:
    scope = joined(people)
    for _ in range(MOST):
        refusal(people.change_password, scope, "wrong wrong wrong", "another good password")
    assert refusal(people.change_password, scope, GOOD, "another good password").kind is Kind.LIMITED


def test_a_new_password_by_link_ends_every_session(people: People) -> None:
    scope = joined(people)
    session = people.sign_in("ada@example.com", GOOD)
    _, link = people.reset(OWNER, scope.actor)
    assert people.scope(scope.actor, session.generation) == scope
    people.set_password(link.token, "another good password")
    assert refusal(people.scope, scope.actor, session.generation).kind is Kind.UNAUTHENTICATED
    assert refusal(people.sign_in, "ada@example.com", GOOD).kind is Kind.UNAUTHENTICATED


def test_disabling_ends_sessions_and_links_for_good(people: People) -> None:
    scope = joined(people)
    session = people.sign_in("ada@example.com", GOOD)
    _, link = people.reset(OWNER, scope.actor)
    people.change(OWNER, scope.actor, {"disabled": True})
    assert refusal(people.scope, scope.actor, session.generation).kind is Kind.UNAUTHENTICATED
    assert refusal(people.reset, OWNER, scope.actor).kind is Kind.CONFLICT
    people.change(OWNER, scope.actor, {"disabled": False})
    assert refusal(people.scope, scope.actor, session.generation).kind is Kind.UNAUTHENTICATED
    assert refusal(people.set_password, link.token, GOOD).kind is Kind.UNAUTHENTICATED
    people.sign_in("ada@example.com", GOOD)


def test_removing_ends_sessions(people: People) -> None:
    scope = joined(people)
    session = people.sign_in("ada@example.com", GOOD)
    people.remove(OWNER, scope.actor)
    assert refusal(people.scope, scope.actor, session.generation).kind is Kind.UNAUTHENTICATED
    assert refusal(people.sign_in, "ada@example.com", GOOD).kind is Kind.UNAUTHENTICATED


def test_another_process_takes_over_what_changed(people: People, metadata: Metadata, clock: SetClock) -> None:
    scope = joined(people)
    other = Keys(metadata, clock)
    session = people.sign_in("ada@example.com", GOOD)
    people.change(OWNER, scope.actor, {"disabled": True})
    other.refresh()
    assert refusal(other.people.scope, scope.actor, session.generation).kind is Kind.UNAUTHENTICATED


def test_a_changed_role_holds_at_once_in_the_session_that_is(people: People) -> None:
    scope = joined(people)
    session = people.sign_in("ada@example.com", GOOD)
    people.change(OWNER, scope.actor, {"role": "viewer"})
    assert people.scope(scope.actor, session.generation).role is Role.VIEWER


# Who may change whom


def test_only_an_owner_makes_and_changes_owners(people: People) -> None:
    boss, other = joined(people, role=Role.OWNER), joined(people, "bob@example.com", Role.ADMIN)
    joined(people, "eve@example.com", Role.OWNER)
    admin = Scope("shop", other.actor, Role.ADMIN)
    for call in (
        lambda: people.invite(admin, "new@example.com", "", Role.OWNER),
        lambda: people.change(admin, boss.actor, {"name": "x"}),
        lambda: people.change(admin, boss.actor, {"disabled": True}),
        lambda: people.reset(admin, boss.actor),
        lambda: people.remove(admin, boss.actor),
        lambda: people.change(Scope("shop", "key_a", Role.ADMIN), other.actor, {"role": "owner"}),
    ):
        assert refusal(call).kind is Kind.FORBIDDEN
    people.change(OWNER, boss.actor, {"role": "admin"})


@pytest.mark.parametrize("changes", [{"role": "owner"}, {"role": "viewer"}, {"disabled": True}, {"masked": True}])
def test_nobody_changes_his_own_role_or_view(people: People, changes: dict[str, object]) -> None:
    scope = joined(people, role=Role.OWNER)
    joined(people, "bob@example.com", Role.OWNER)
    assert refusal(people.change, scope, scope.actor, changes).kind is Kind.FORBIDDEN
    assert refusal(people.remove, scope, scope.actor).kind is Kind.FORBIDDEN
    assert people.change(scope, scope.actor, {"name": "Countess"}).name == "Countess"


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_the_last_owner_and_the_last_admin_stay(people: People, role: Role) -> None:
    last = joined(people, role=role)
    joined(people, "bob@example.com", Role.ANALYST)
    for call in (
        lambda: people.remove(OWNER, last.actor),
        lambda: people.change(OWNER, last.actor, {"role": "viewer"}),
        lambda: people.change(OWNER, last.actor, {"disabled": True}),
    ):
        assert refusal(call).kind is Kind.CONFLICT
    joined(people, "eve@example.com", Role.OWNER)
    people.remove(OWNER, last.actor)


def test_people_of_another_tenant_are_not_found(people: People, metadata: Metadata, keys: Keys) -> None:
    metadata.ensure_tenant_of_system("bank", now=1)
    keys.refresh()
    scope = joined(people)
    stranger = Scope("bank", "key_x", Role.OWNER)
    assert people.all(stranger) == []
    for call in (
        lambda: people.get(stranger, scope.actor),
        lambda: people.change(stranger, scope.actor, {"name": "x"}),
        lambda: people.reset(stranger, scope.actor),
        lambda: people.remove(stranger, scope.actor),
    ):
        assert refusal(call).kind is Kind.NOT_FOUND


# What they see


def test_a_scope_tells_the_rows_and_whether_personal_data_is_hidden(people: People) -> None:
    europe = [{"field": "region", "operator": "eq", "value": "EU"}]
    row, link = people.invite(OWNER, "ada@example.com", "", Role.VIEWER, row_filter=europe, masked=True)
    scope = people.set_password(link.token, GOOD).scope
    assert (scope.rows, scope.masked) == ((("region.eq", ("EU",)),), True)
    assert hash(scope)
    people.change(OWNER, row.id, {"row_filter": []})
    generation = people.generation(scope)
    assert (people.scope(row.id, generation).rows, people.scope(row.id, generation).masked) == ((), True)


def test_the_rule_of_a_role_holds_beside_the_person_s_own(people: People, metadata: Metadata, keys: Keys) -> None:
    scope = joined(people, role=Role.VIEWER)
    people.change(OWNER, scope.actor, {"row_filter": [{"field": "country", "value": "DE"}]})
    rules = '{"viewer": {"row_filter": [{"field": "property.price", "operator": "lt", "value": 10}], "masked": true}}'
    metadata.set_settings(OWNER, {"role_rules": rules})
    keys.refresh()
    seen = people.scope(scope.actor, people.generation(scope))
    assert seen.rows == (("property.price.lt", (10.0,)), ("country.eq", ("DE",)))
    assert seen.masked


def test_who_decides_who_sees_what_sees_everything(people: People) -> None:
    error = refusal(people.invite, OWNER, "ada@example.com", "", Role.ADMIN, masked=True)
    assert (error.kind, error.field) == (Kind.INVALID, "masked")
    scope = joined(people, role=Role.VIEWER)
    people.change(OWNER, scope.actor, {"masked": True})
    assert refusal(people.change, OWNER, scope.actor, {"role": "admin"}).field == "masked"
    people.change(OWNER, scope.actor, {"role": "admin", "masked": False})


def test_nobody_of_a_suspended_tenant_gets_in(people: People, metadata: Metadata, keys: Keys) -> None:
    scope = joined(people)
    generation = people.generation(scope)
    metadata.tenants.change_of_system("shop", {"suspended_at": 1})
    keys.refresh()
    assert refusal(people.scope, scope.actor, generation).kind is Kind.FORBIDDEN
    assert "suspended" in str(refusal(people.sign_in, "ada@example.com", GOOD))
    assert refusal(people.sign_in, "ada@example.com", "wrong wrong wrong").kind is Kind.UNAUTHENTICATED


def test_many_at_once_get_no_more_tries_than_one_after_the_other(
    people: People, metadata: Metadata, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(people)
    other = Keys(metadata, clock).people
    monkeypatch.setattr(other, "_passwords", Passwords(WEAK))

    def attempt(n: int) -> Kind:
        return refusal((people, other)[n % 2].sign_in, "ada@example.com", "wrong wrong wrong").kind

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(attempt, range(24)))
    assert (told.count(Kind.UNAUTHENTICATED), told.count(Kind.LIMITED)) == (MOST, 24 - MOST)

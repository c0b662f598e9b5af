"""API keys: what they allow, when they end, and what is kept of them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from factbook.access.keys import Keys, digest, make_key
from factbook.core.clock import epoch_ms
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope
from factbook.storage.metadata import Metadata
from tests.clocks import SetClock
from tests.databases import dump

ADMIN, WRITE = "an-admin-key-of-mine", "a write key, with spaces"


def _refused(keys: Keys, key: str) -> Kind:
    with pytest.raises(FactbookError) as refusal:
        keys.scope(key)
    assert refusal.value.hint
    return refusal.value.kind


def test_a_new_key_gives_the_scope_of_its_tenant_and_role(keys: Keys, scope: Scope) -> None:
    new = keys.create(scope, "web shop", Role.ANALYST)
    found = keys.scope(new.key)
    assert (found.tenant, found.role, found.zone, found.actor) == ("shop", Role.ANALYST, "Europe/Berlin", new.row.id)
    assert new.key.startswith("fb_analyst_")


def test_keys_are_long_and_never_alike() -> None:
    made = {make_key(Role.ADMIN) for _ in range(100)}
    assert len(made) == 100
    assert {len(key) for key in made} == {len("fb_admin_") + 43}


def test_an_unknown_key_is_unauthenticated(keys: Keys) -> None:
    assert _refused(keys, "fb_admin_nobody") is Kind.UNAUTHENTICATED
    assert _refused(keys, "") is Kind.UNAUTHENTICATED


def test_a_key_is_kept_as_a_digest_only(keys: Keys, scope: Scope, database_address: str, tmp_path: Path) -> None:
    new = keys.create(scope, "web shop", Role.WRITER)
    kept = dump(database_address, tmp_path)
    assert digest(new.key) in kept
    assert new.key not in kept
    assert new.key[len("fb_writer_") + 4 :] not in kept


def test_a_revoked_key_is_refused_at_once(keys: Keys, scope: Scope) -> None:
    new = keys.create(scope, "web shop", Role.WRITER)
    keys.scope(new.key)
    keys.revoke(scope, new.row.id)
    assert _refused(keys, new.key) is Kind.UNAUTHENTICATED
    assert keys.revoke(scope, new.row.id).revoked_at is not None


def test_revoking_is_seen_by_every_thread(keys: Keys, scope: Scope) -> None:
    new = keys.create(scope, "web shop", Role.WRITER)
    revoked, wrong = threading.Event(), []

    def use() -> None:
        for _ in range(3000):
            before = revoked.is_set()
            try:
                keys.scope(new.key)
                if before:
                    wrong.append("taken after it was revoked")
            except FactbookError:
                pass

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    keys.revoke(scope, new.row.id)
    revoked.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert _refused(keys, new.key) is Kind.UNAUTHENTICATED


def test_a_key_ends_when_it_expires(keys: Keys, scope: Scope, clock: SetClock) -> None:
    new = keys.create(scope, "for a day", Role.WRITER, expires_at=epoch_ms(clock()) + 86_400_000)
    clock.forward(hours=23)
    keys.scope(new.key)
    clock.forward(hours=1)
    assert _refused(keys, new.key) is Kind.UNAUTHENTICATED


def test_a_key_cannot_expire_in_the_past(keys: Keys, scope: Scope, clock: SetClock) -> None:
    with pytest.raises(FactbookError) as refusal:
        keys.create(scope, "late", Role.WRITER, expires_at=epoch_ms(clock()))
    assert refusal.value.field == "expires_at"


def test_the_last_admin_key_cannot_be_revoked(keys: Keys, scope: Scope, clock: SetClock) -> None:
    first = keys.create(scope, "first", Role.ADMIN)
    keys.create(scope, "ends soon", Role.ADMIN, expires_at=epoch_ms(clock()) + 1000)
    clock.forward(seconds=2)
    with pytest.raises(FactbookError) as refusal:
        keys.revoke(scope, first.row.id)
    assert refusal.value.kind is Kind.CONFLICT
    second = keys.create(scope, "second", Role.ADMIN)
    keys.revoke(scope, first.row.id)
    assert keys.scope(second.key).role is Role.ADMIN


def test_rotating_ends_the_old_key_and_keeps_name_and_role(keys: Keys, scope: Scope) -> None:
    old = keys.create(scope, "boss", Role.ADMIN)
    new = keys.rotate(scope, old.row.id)
    assert (new.row.name, keys.scope(new.key).role) == ("boss", Role.ADMIN)
    assert _refused(keys, old.key) is Kind.UNAUTHENTICATED


def test_a_rotated_key_stays_good_for_the_overlap(keys: Keys, scope: Scope, clock: SetClock) -> None:
    old = keys.create(scope, "boss", Role.ADMIN)
    new = keys.rotate(scope, old.row.id, overlap_seconds=60)
    clock.forward(seconds=59)
    assert keys.scope(old.key).role is keys.scope(new.key).role
    clock.forward(seconds=1)
    assert _refused(keys, old.key) is Kind.UNAUTHENTICATED


def test_a_tenant_sees_and_ends_his_own_keys_only(keys: Keys, scope: Scope, metadata: Metadata) -> None:
    metadata.ensure_tenant_of_system("other", now=1)
    mine = keys.create(scope, "mine", Role.WRITER)
    other = Scope("other", "test", Role.ADMIN)
    assert keys.all(other) == []
    with pytest.raises(FactbookError) as refusal:
        keys.revoke(other, mine.row.id)
    assert refusal.value.kind is Kind.NOT_FOUND
    assert keys.scope(mine.key).tenant == "shop"


def test_use_is_written_down(keys: Keys, scope: Scope, clock: SetClock) -> None:
    new = keys.create(scope, "web shop", Role.WRITER)
    keys.scope(new.key)
    assert keys.note_uses() == 1
    assert keys.note_uses() == 0
    assert keys.get(scope, new.row.id).last_used_at == epoch_ms(clock())


def test_a_change_by_another_process_holds_after_refresh(
    keys: Keys, scope: Scope, database_address: str, tmp_path: Path
) -> None:
    other = Keys(Metadata.open(database_address, tmp_path), SetClock())
    new = other.create(scope, "made elsewhere", Role.WRITER)
    assert _refused(keys, new.key) is Kind.UNAUTHENTICATED
    keys.refresh()
    assert keys.scope(new.key).tenant == "shop"


# At start


def test_first_start_makes_an_admin_and_a_write_key_once(metadata: Metadata, clock: SetClock) -> None:
    keys = Keys(metadata, clock)
    made = keys.prepare({})
    assert [keys.scope(new.key).role for new in made] == [Role.ADMIN, Role.WRITER]
    assert Keys(metadata, clock).prepare({}) == ()


def test_preset_keys_are_taken_at_first_start(metadata: Metadata, clock: SetClock) -> None:
    keys = Keys(metadata, clock)
    assert keys.prepare({"FACTBOOK_ADMIN_KEY": ADMIN, "FACTBOOK_WRITE_KEY": WRITE}, zone="Asia/Tokyo") == ()
    assert (keys.scope(ADMIN).role, keys.scope(WRITE).role) == (Role.ADMIN, Role.WRITER)
    assert keys.scope(ADMIN).zone == "Asia/Tokyo"


def test_only_the_role_without_a_preset_gets_a_key_made(metadata: Metadata, clock: SetClock) -> None:
    keys = Keys(metadata, clock)
    assert [new.row.role for new in keys.prepare({"FACTBOOK_ADMIN_KEY": ADMIN})] == ["writer"]


def test_a_preset_key_stays_good_when_it_is_unset(metadata: Metadata, clock: SetClock) -> None:
    Keys(metadata, clock).prepare({"FACTBOOK_ADMIN_KEY": ADMIN, "FACTBOOK_WRITE_KEY": WRITE})
    again = Keys(metadata, clock)
    assert again.prepare({}) == ()
    assert again.scope(ADMIN).role is Role.ADMIN


def test_another_preset_replaces_the_earlier_one(metadata: Metadata, clock: SetClock) -> None:
    Keys(metadata, clock).prepare({"FACTBOOK_ADMIN_KEY": ADMIN})
    keys = Keys(metadata, clock)
    keys.prepare({"FACTBOOK_ADMIN_KEY": "another-admin-key"})
    assert _refused(keys, ADMIN) is Kind.UNAUTHENTICATED
    assert keys.scope("another-admin-key").role is Role.ADMIN
    keys.prepare({"FACTBOOK_ADMIN_KEY": ADMIN})
    assert keys.scope(ADMIN).role is Role.ADMIN


@pytest.mark.parametrize(
    "key", ["short", "x" * 513, "tab\tin the middle of it", " begins-with-a-space", "ends-with-one-too "]
)
def test_a_preset_that_cannot_be_sent_is_refused_naming_its_variable(
    metadata: Metadata, clock: SetClock, key: str
) -> None:
    with pytest.raises(FactbookError) as refusal:
        Keys(metadata, clock).prepare({"FACTBOOK_WRITE_KEY": key})
    assert (refusal.value.kind, refusal.value.field) == (Kind.INVALID, "FACTBOOK_WRITE_KEY")
    assert key not in refusal.value.message


def test_one_preset_for_both_roles_is_refused(metadata: Metadata, clock: SetClock) -> None:
    with pytest.raises(FactbookError) as refusal:
        Keys(metadata, clock).prepare({"FACTBOOK_ADMIN_KEY": ADMIN, "FACTBOOK_WRITE_KEY": ADMIN})
    assert refusal.value.field == "FACTBOOK_WRITE_KEY"


def test_a_revoked_preset_does_not_come_back_with_a_restart(metadata: Metadata, clock: SetClock) -> None:
    keys = Keys(metadata, clock)
    keys.prepare({"FACTBOOK_WRITE_KEY": WRITE})
    keys.revoke(Scope.system(), keys.scope(WRITE).actor)
    with pytest.raises(FactbookError) as refusal:
        Keys(metadata, clock).prepare({"FACTBOOK_WRITE_KEY": WRITE})
    assert refusal.value.kind is Kind.CONFLICT

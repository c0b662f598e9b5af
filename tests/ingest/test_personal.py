"""What tenants decided about people, as the way in looks it up: on every metadata database alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from factbook.core.clock import epoch_ms
from factbook.core.scope import Role, Scope
from factbook.ingest.personal import Personal, keyed
from factbook.storage.metadata import Metadata
from factbook.storage.privacy_rows import Consent, PersonRequest, PrivacySettings
from tests.clocks import SetClock

SHOP = Scope("shop", "key_1", Role.ADMIN)


@pytest.fixture
def metadata(database_address: str, tmp_path: Path) -> Iterator[Metadata]:
    opened = Metadata.open(database_address, tmp_path)
    opened.ensure_tenant_of_system("shop", now=1)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def personal(metadata: Metadata, clock: SetClock) -> Personal:
    return Personal(metadata, clock)


def decide(metadata: Metadata, personal: Personal, **settings: object) -> None:
    metadata.privacy.put_settings(SHOP, replace(PrivacySettings(), **settings), now=1)  # type: ignore[arg-type]
    personal.refresh()


def consent(metadata: Metadata, personal: Personal, id_: str, *, agreed: bool, now: int) -> None:
    row = Consent("shop", personal.subject(SHOP, id_), {"analytics": agreed}, "key_1", now)
    metadata.privacy.put_consent(SHOP, row)


def test_a_tenant_that_decided_nothing_costs_a_look_up(personal: Personal) -> None:
    assert personal.of("shop") is None


def test_a_withdrawal_of_another_process_is_taken_over_and_taken_back(
    metadata: Metadata, personal: Personal, clock: SetClock
) -> None:
    consent(metadata, personal, "ann", agreed=False, now=epoch_ms(clock()))
    personal.refresh()
    decided = personal.of("shop")
    assert decided
    assert decided.refuses("ann", None, objects=False) == "no_consent"
    assert decided.refuses("bob", "ann", objects=False) == "no_consent"
    assert decided.refuses("bob", None, objects=True) == ""
    clock.forward(minutes=10)
    consent(metadata, personal, "ann", agreed=True, now=epoch_ms(clock()))
    personal.refresh()
    assert personal.of("shop") is None


def test_pseudonyms_of_a_day_change_with_it_and_their_salts_go(
    metadata: Metadata, personal: Personal, clock: SetClock
) -> None:
    decide(metadata, personal, ids="daily")
    first = personal.of("shop")
    assert first
    today = personal.day(epoch_ms(clock()))
    name = first.pseudonym("ann", today)
    assert name == Personal(metadata, clock).of("shop").pseudonym("ann", today)  # type: ignore[union-attr]
    assert name in personal.names_of(SHOP, "ann")
    clock.forward(days=1)
    personal.refresh()
    second = personal.of("shop")
    assert second
    assert second.pseudonym("ann", personal.day(epoch_ms(clock()))) != name
    clock.forward(days=2)
    personal.refresh()
    assert name not in personal.names_of(SHOP, "ann")


def test_an_erased_person_is_refused_where_the_tenant_says_so(metadata: Metadata, personal: Personal) -> None:
    joined = personal.subject(SHOP, "v1")
    row = PersonRequest(
        "erasure_1", "shop", "erasure", personal.subject(SHOP, "ann"), "ann", "waiting", "k", 0, 6, {}, "", 1
    )
    metadata.privacy.add_request(SHOP, row)
    assert [one.sealed for one in metadata.privacy.open_requests_of_system()] == ["ann"]
    metadata.privacy.change_request(SHOP, "erasure_1", state="done", sealed=None, report={"joined": [joined]})
    personal.refresh()
    assert personal.of("shop") is None
    decide(metadata, personal, erased="refused")
    decided = personal.of("shop")
    assert decided
    assert decided.refuses("ann", None, objects=False) == "erased"
    assert decided.refuses(None, "v1", objects=False) == "erased"
    assert decided.refuses("bob", None, objects=False) == ""


def test_of_two_processes_one_works_on_a_request(metadata: Metadata, personal: Personal) -> None:
    subject = personal.subject(SHOP, "ann")
    row = PersonRequest("erasure_1", "shop", "erasure", subject, "ann", "waiting", "k", 0, 6, {}, "", 1)
    metadata.privacy.add_request(SHOP, row)
    [seen] = metadata.privacy.open_requests_of_system()
    assert [metadata.privacy.claim_request(SHOP, seen, now=now) for now in (5, 6)] == [True, False]
    [later] = metadata.privacy.open_requests_of_system()
    assert (later.state, later.started_at) == ("running", 5)
    assert metadata.privacy.claim_request(SHOP, later, now=9)


def test_a_subject_says_nothing_across_tenants(metadata: Metadata, personal: Personal) -> None:
    metadata.ensure_tenant_of_system("bank", now=1)
    bank = Scope("bank", "key_2", Role.ADMIN)
    consent(metadata, personal, "ann", agreed=True, now=1)
    assert len(metadata.privacy.consents(SHOP)) == 1
    assert metadata.privacy.consents(bank) == []
    assert personal.subject(bank, "ann") != personal.subject(SHOP, "ann")


def test_a_subject_cannot_be_reckoned_without_the_salt() -> None:
    assert keyed("a", "ann") != keyed("b", "ann")
    assert len(keyed("a" * 64, "ann")) == 32

"""Places looked up in a real MMDB file, and addresses made anonymous."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from factbook.core.errors import FactbookError, Kind
from factbook.ingest.batch import Rules
from factbook.ingest.places import NOWHERE, Place, Places, anonymous, canonical

from .batches import Types, column, stepped

BERLIN = {
    "country": {"iso_code": "DE", "names": {"en": "Germany"}},
    "subdivisions": [{"iso_code": "BE", "names": {"en": "Land Berlin", "de": "Berlin"}}],
    "city": {"names": {"en": "Berlin"}},
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    writer = MMDBWriter(6, "GeoLite2-City", languages=["en"], ipv4_compatible=True)
    writer.insert_network(IPSet(["203.0.113.0/24", "2001:db8::/32"]), BERLIN)
    writer.insert_network(IPSet(["198.51.100.0/24"]), {"country": {"iso_code": "FR"}})
    writer.insert_network(IPSet(["192.0.2.0/24"]), {"city": "a text where an object belongs", "subdivisions": []})
    path = tmp_path_factory.mktemp("geo") / "city.mmdb"
    writer.to_db_file(str(path))
    return path


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.77", Place("DE", "Land Berlin", "Berlin")),
        ("2001:db8:1::5", Place("DE", "Land Berlin", "Berlin")),
        ("::ffff:203.0.113.77", Place("DE", "Land Berlin", "Berlin")),
        ("198.51.100.1", Place("FR", "", "")),
        ("192.0.2.1", NOWHERE),
        ("8.8.8.8", NOWHERE),
        ("127.0.0.1", NOWHERE),
        ("no address", NOWHERE),
        ("", NOWHERE),
    ],
)
def test_an_address_is_looked_up(database: Path, address: str, place: Place) -> None:
    assert Places(database).place(address) == place


def test_without_a_file_every_address_is_nowhere() -> None:
    assert Places(None).place("203.0.113.77") == NOWHERE


@pytest.mark.parametrize("content", [None, b"", b"no database at all"])
def test_a_file_that_is_no_database_is_refused_at_the_start_naming_the_setting(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "city.mmdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FactbookError) as refused:
        Places(path)
    assert (refused.value.kind, refused.value.field) == (Kind.INVALID, "geo_database")


def test_what_was_sent_wins_over_what_was_looked_up_and_the_lookup_sees_the_whole_address(database: Path) -> None:
    batch = stepped(
        {"event_type": "a", "ip_address": "203.0.113.77"},
        {"event_type": "a", "ip_address": "203.0.113.77", "country": "AT", "city": "Wien"},
        rules=Rules(types=Types(), places=Places(database)),
    )
    assert column(batch, "country") == ["DE", "AT"]
    assert column(batch, "region") == ["Land Berlin", "Land Berlin"]
    assert column(batch, "city") == ["Berlin", "Wien"]
    assert column(batch, "ip_address") == ["203.0.113.0", "203.0.113.0"]


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.255", "203.0.113.0"),
        ("::ffff:203.0.113.255", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("203.0.113.7:443", ""),
        ("1.2.3", ""),
        ("somebody", ""),
        ("", ""),
    ],
)
def test_anonymous_addresses_lose_what_tells_a_household(address: str, kept: str) -> None:
    assert anonymous(address) == kept


@given(st.ip_addresses())
def test_an_anonymous_address_names_the_network_and_nothing_within_it(address: object) -> None:
    found = ip_address(anonymous(str(address)))
    whole = ip_address(canonical(str(address)))
    assert found in ip_network((whole, 24 if whole.version == 4 else 48), strict=False)
    assert int(found) % 2 ** (8 if found.version == 4 else 80) == 0

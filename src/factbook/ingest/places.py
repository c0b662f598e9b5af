"""Country, region and city of an address, from an MMDB file where one is configured; and addresses made anonymous."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb

from factbook.core.errors import FactbookError, Kind


class Place(NamedTuple):
    country: str  # ISO 3166-1 alpha-2
    region: str
    city: str


NOWHERE = Place("", "", "")


class Places:
    """Looks places up in the MMDB file `database`; without a file every address is nowhere."""

    def __init__(self, database: Path | None) -> None:
        self._reader = None
        if database is not None:
            try:
                self._reader = maxminddb.open_database(str(database))
            except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
                raise FactbookError(
                    Kind.INVALID,
                    f"The geography database {database} cannot be read: {error}.",
                    field="geo_database",
                    hint="Give the path of an MMDB file (GeoLite2-City or DB-IP City), or leave it out.",
                ) from None
        self.place = lru_cache(maxsize=50_000)(self._place)

    def _place(self, address: str) -> Place:
        if self._reader is None or not address:
            return NOWHERE
        try:
            found = self._reader.get(parsed(address))
        except (ValueError, maxminddb.InvalidDatabaseError):
            return NOWHERE
        if not isinstance(found, dict):
            return NOWHERE
        subdivisions: Any = found.get("subdivisions")
        region = _name(subdivisions[0]) if isinstance(subdivisions, list) and subdivisions else ""
        country: Any = found.get("country")
        code = str(country.get("iso_code", "")) if isinstance(country, dict) else ""
        return Place(code, region, _name(found.get("city")))


def _name(record: Any) -> str:
    names = record.get("names") if isinstance(record, dict) else None
    return str(names.get("en", "")) if isinstance(names, dict) else ""


def parsed(address: str) -> IPv4Address | IPv6Address:
    """ValueError when it is no address; an IPv4 address that came mapped into IPv6 is itself again."""
    found = ip_address(address)
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(maxsize=50_000)
def anonymous(address: str) -> str:
    """`address` with its last 8 bits (IPv4) or 80 bits (IPv6) cleared; empty when it is no address."""
    try:
        found = parsed(address)
    except ValueError:
        return ""
    keep = 8 if found.version == 4 else 80
    return str(type(found)((int(found) >> keep) << keep))


@lru_cache(maxsize=50_000)
def canonical(address: str) -> str:
    """`address` in its usual spelling; empty when it is no address."""
    try:
        return str(parsed(address))
    except ValueError:
        return ""

"""What a question needs to know of the data before it can be planned: types, numeric properties, currencies seen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from factbook.core.errors import invalid
from factbook.core.scope import Scope
from factbook.metrics import names
from factbook.storage.warehouse import Warehouse

T = TypeVar("T")

Known = MutableMapping[Hashable, Any]
"""What was looked up already in one state of one tenant's data."""

MAX_KNOWN = 1000
MAX_LOOKED_UP = 30_000
"""Characters of one lookup; a server takes no value of more than 128 KiB."""

CURRENCY_MARK = "¤"
"""A row of the roll-ups whose property is this and a currency counts the events that named that currency."""

_TYPES = """SELECT DISTINCT toString(event_type) AS type
FROM rollups
WHERE tenant = {tenant:String} AND level = '1d' AND event_type != '' AND property = ''
ORDER BY type"""

_CURRENCIES = """SELECT DISTINCT substringUTF8(toString(property), 2) AS currency
FROM rollups
WHERE tenant = {tenant:String} AND level = '1d' AND event_type != '' AND startsWith(property, {mark:String})
    AND (empty({types:Array(String)}) OR event_type IN {types:Array(String)})
ORDER BY currency"""

_NUMBERS = """SELECT DISTINCT toString(event_type), toString(property)
FROM rollups
WHERE tenant = {tenant:String} AND level = '1d' AND (event_type, property) IN {pairs:Array(Tuple(String, String))}"""


_TYPES_SEEN = """SELECT DISTINCT toString(event_type) AS type
FROM events
WHERE tenant = {tenant:String} AND NOT is_bot
ORDER BY type"""

_CURRENCIES_SEEN = """SELECT DISTINCT upper(texts['currency']) AS currency
FROM events
WHERE tenant = {tenant:String} AND NOT is_bot AND currency != ''
    AND (empty({types:Array(String)}) OR event_type IN {types:Array(String)})
ORDER BY currency"""

_NUMBERS_SEEN = """SELECT DISTINCT toString(event_type), toString(arrayJoin(mapKeys(numbers)) AS property)
FROM events
WHERE tenant = {tenant:String} AND NOT is_bot AND (event_type, property) IN {pairs:Array(Tuple(String, String))}"""
"""The same of the events that a scope may see, where these are not all."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """Small reads of one tenant's data, each once in the life of `known`."""

    warehouse: Warehouse
    scope: Scope
    known: Known = field(default_factory=dict)

    def event_types(self) -> tuple[str, ...]:
        sql = _TYPES_SEEN if self.scope.rows else _TYPES
        return self._once("types", lambda: tuple(str(row[0]) for row in self.warehouse.rows(self.scope, sql)))

    def currencies(self, types: Sequence[str]) -> tuple[str, ...]:
        """Currencies that events of these types (none: of all) named, upper case."""
        bound = {"types": list(types), "mark": CURRENCY_MARK}
        sql = _CURRENCIES_SEEN if self.scope.rows else _CURRENCIES

        def look() -> tuple[str, ...]:
            return tuple(str(row[0]) for row in self.warehouse.rows(self.scope, sql, bound))

        return self._once(("currencies", *types), look)

    def numbers(self, given: Sequence[str], *, field: str = "metrics") -> frozenset[tuple[str, str]]:
        """The (event type, property) pairs that names like `TYPE.PROPERTY` can mean and that were ever sent."""
        pairs = [pair for name in given for pair in names.splits(name, field=field)]
        if sum(len(a) + len(b) for a, b in pairs) > MAX_LOOKED_UP:
            raise invalid("These names can mean too much.", field=field, hint="Declare metrics, or ask for fewer.")

        def look() -> frozenset[tuple[str, str]]:
            sql = _NUMBERS_SEEN if self.scope.rows else _NUMBERS
            rows = self.warehouse.rows(self.scope, sql, {"pairs": pairs})
            return frozenset((str(a), str(b)) for a, b in rows)

        return self._once(("numbers", *pairs), look)

    def _once(self, what: Hashable, look: Callable[[], T]) -> T:
        if what in self.known:
            found: T = self.known[what]
            return found
        found = look()
        if len(self.known) < MAX_KNOWN:
            self.known[what] = found
        return found

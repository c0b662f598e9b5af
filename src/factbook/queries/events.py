"""Events as they were accepted: newest first, page by page, with chosen fields; and one event by its id."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
import pyarrow as pa

from factbook.core.clock import epoch_ms
from factbook.core.errors import invalid, not_found
from factbook.core.scope import Scope
from factbook.core.sql import Parameters, identifier
from factbook.events.filters import COLUMNS, PROPERTY, Condition, Nature, field_of
from factbook.events.personal import CLASS, PERSONAL
from factbook.storage.warehouse import Warehouse

from .where import between, column, moment, value_of, where

DEFAULT_LIMIT = 100
MAX_FIELDS = 100
FIELDS = (*COLUMNS, "tenant", "properties")
"""Every field of an event in an answer, in order."""

_SPANS = (1, 24, 30 * 24, 0)
"""Hours within which a full page is looked for, one after the other; 0 for all there are."""
_KEY_TIME, _KEY_ID = "key_time", "key_id"


@dataclass(frozen=True, slots=True)
class EventsRequest:
    """start, end: half-open, either may be open. fields: names of FIELDS or `property.NAME`; empty for all of them."""

    start: datetime | None = None
    end: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    fields: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    include_bots: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the time (milliseconds) and id of its last event."""

    time: int
    id: str


@dataclass(frozen=True, slots=True)
class Page:
    events: list[dict[str, Any]]
    next_cursor: str | None


def chosen_fields(text: str | None) -> tuple[str, ...]:
    """The fields of a comma list, all of them for None. INVALID for one that there is not."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if len(names) > MAX_FIELDS:
        raise invalid(f"At most {MAX_FIELDS} fields are taken.", field="fields")
    chosen = []
    for name in names:
        if name in ("tenant", "properties"):
            chosen.append(name)
            continue
        found, nature = field_of(name, field="fields")
        chosen.append(found if nature else PROPERTY + found)
    return tuple(dict.fromkeys(chosen)) or FIELDS


def events(warehouse: Warehouse, scope: Scope, request: EventsRequest) -> Page:
    """One page, newest first (by time, then id), and the cursor of the next page where there is one."""
    if request.limit < 1:
        raise invalid("limit is at least 1.", field="limit")
    digest = _digest(scope, request)
    place = _opened(request.cursor, digest) if request.cursor else None
    fields = request.fields or FIELDS
    table = page(warehouse, scope, request, fields, after=place, newest_first=True, rows=request.limit + 1)
    found = records(table.slice(0, request.limit), fields)
    more = table.num_rows > request.limit
    return Page(found, _sealed(last_place(table, request.limit - 1), digest) if more else None)


def event(warehouse: Warehouse, scope: Scope, event_id: str) -> dict[str, Any]:
    """The event with this id, bots too. NOT_FOUND when the tenant has none."""
    try:
        wanted = UUID(event_id)
    except ValueError:
        raise not_found("There is no event with this id.", hint="An event's id is a UUID.") from None
    parameters = Parameters()
    sql = f"""SELECT {_selected(FIELDS, parameters, masked=scope.masked)}
FROM events
WHERE tenant = {{tenant:String}} AND event_id = {parameters.add(wanted, "UUID")}
ORDER BY processed_at
LIMIT 1"""
    found = records(warehouse.table(scope, sql, parameters.values), FIELDS)
    if not found:
        raise not_found("There is no event with this id.", hint="A new event can be read about a second after it came.")
    return found[0]


def page(
    warehouse: Warehouse,
    scope: Scope,
    request: EventsRequest,
    fields: Sequence[str],
    *,
    after: Place | None,
    newest_first: bool,
    rows: int,
    accepted_until: datetime | None = None,
) -> pa.Table:
    """At most `rows` events behind `after` as an Arrow table: the fields, then the two columns of their place."""
    parameters = Parameters()
    text = between(_ms(request.start), _ms(request.end), parameters)
    if after:
        time, sign = moment(after.time, parameters), "<" if newest_first else ">"
        text += f"\n    AND timestamp {sign}= {time}"
        text += f"\n    AND (timestamp, event_id) {sign} ({time}, {parameters.add(UUID(after.id), 'UUID')})"
    if accepted_until:
        text += f"\n    AND processed_at <= {moment(epoch_ms(accepted_until), parameters)}"
    text += where(request.conditions, parameters, include_bots=request.include_bots)
    order, sign = ("DESC", ">=") if newest_first else ("ASC", "<=")
    begin = after.time if after else _ms(request.end if newest_first else request.start)
    reach = _reach(warehouse, scope, text, parameters, begin, rows, newest_first=newest_first)
    if reach is not None:
        text += f"\n    AND timestamp {sign} {moment(reach, parameters)}"
    sql = f"""SELECT {_selected(fields, parameters, masked=scope.masked)},
    toUnixTimestamp64Milli(timestamp) AS {_KEY_TIME}, toString(event_id) AS {_KEY_ID}
FROM events
WHERE tenant = {{tenant:String}}{text}
ORDER BY events.timestamp {order}, events.event_id {order}
LIMIT {int(rows)}"""
    return warehouse.table(scope, sql, parameters.values)


def _reach(
    warehouse: Warehouse,
    scope: Scope,
    text: str,
    parameters: Parameters,
    begin: int | None,
    rows: int,
    *,
    newest_first: bool,
) -> int | None:
    """The time (milliseconds) up to which there is a full page; None where all that fits `text` makes no more than one.

    Looked for in ever longer spans from where the page begins (now, where the newest are asked for without an end): the
    table is sorted by type within each day, and so a page costs what its span holds, and not what the tenant has.
    """
    furthest, order = ("min", "DESC") if newest_first else ("max", "ASC")
    first = "now64(3)" if begin is None and newest_first else None if begin is None else moment(begin, parameters)
    for hours in _SPANS:
        if hours and first is None:
            continue
        side = f">= {first} - INTERVAL {hours} HOUR" if newest_first else f"<= {first} + INTERVAL {hours} HOUR"
        within = f"\n    AND timestamp {side}" if hours else ""
        sql = f"""SELECT count(), toUnixTimestamp64Milli({furthest}(found))
FROM (SELECT timestamp AS found FROM events
    WHERE tenant = {{tenant:String}}{text}{within}
    ORDER BY events.timestamp {order} LIMIT {int(rows)})"""
        [(found, reach)] = warehouse.rows(scope, sql, parameters.values)
        if found >= rows:
            return int(reach)
    return None


def _ms(time: datetime | None) -> int | None:
    return None if time is None else epoch_ms(time)


def last_place(table: pa.Table, row: int) -> Place:
    return Place(int(table.column(_KEY_TIME)[row].as_py()), str(table.column(_KEY_ID)[row].as_py()))


def without_place(table: pa.Table) -> pa.Table:
    return table.drop_columns([_KEY_TIME, _KEY_ID])


def records(table: pa.Table, fields: Sequence[str]) -> list[dict[str, Any]]:
    """JSON-able events: empty text is null, times are RFC 3339, `properties` the object as it was sent."""
    columns = []
    for place, name in enumerate(fields):
        values = table.column(place).to_pylist()
        if name == "properties":
            values = [msgspec.Raw(value.encode()) if value else {} for value in values]
        elif COLUMNS.get(name) is Nature.TIME:
            values = [value.isoformat(timespec="milliseconds").replace("+00:00", "Z") for value in values]
        elif COLUMNS.get(name) is Nature.NUMBER:
            values = [str(value) if value else None for value in values]
        elif COLUMNS.get(name) is not Nature.FLAG:
            values = [value if value != "" else None for value in values]
        columns.append(values)
    return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]


def _selected(fields: Sequence[str], parameters: Parameters, *, masked: bool) -> str:
    """masked: personal data is nothing, and so are the properties of events of that class."""
    parts = []
    for place, name in enumerate(fields):
        if name.startswith(PROPERTY):
            expression = value_of(name.removeprefix(PROPERTY), None, parameters)
        elif name in ("tenant", "properties"):
            expression = identifier(name)
        elif COLUMNS[name] in (Nature.ID, Nature.TEXT):
            expression = f"toString({column(name)})"
        else:
            expression = column(name)
        if masked and name in PERSONAL:
            expression = "toUInt64(0)" if COLUMNS[name] is Nature.NUMBER else "''"
        elif masked and (name == "properties" or name.startswith(PROPERTY)):
            expression = f"if(data_class = '{CLASS}', '', {expression})"
        parts.append(f"{expression} AS `f{place}`")
    return ", ".join(parts)


def _digest(scope: Scope, request: EventsRequest) -> bytes:
    about = (scope.tenant, request.start, request.end, request.conditions, request.include_bots)
    return blake2b(repr(about).encode(), digest_size=8).digest()


def _sealed(place: Place, digest: bytes) -> str:
    body = place.time.to_bytes(8, "big", signed=True) + UUID(place.id).bytes + digest
    return base64.urlsafe_b64encode(body + _check(body)).decode()


def _opened(cursor: str, digest: bytes) -> Place:
    """The place that a cursor of the same tenant and the same conditions names. INVALID for any other text."""
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body, check = raw[:-4], raw[-4:]
    if len(body) != 32 or check != _check(body):
        raise invalid("This is not a cursor.", field="cursor", hint="Send next_cursor as it was answered.")
    if body[24:] != digest:
        raise invalid(
            "This cursor belongs to another query.",
            field="cursor",
            hint="Send the same period, filters and include_bots as for the first page.",
        )
    return Place(int.from_bytes(body[:8], "big", signed=True), str(UUID(bytes=body[8:24])))


def _check(body: bytes) -> bytes:
    return blake2b(body, digest_size=4, person=b"cursor").digest()

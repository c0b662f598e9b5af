"""The working record that the steps fill: events on the way to becoming rows, and those dropped with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Protocol

import msgspec
import pyarrow as pa

from factbook.core.scope import Scope
from factbook.events.event import Event

from .decode import Refusal
from .personal import Personal
from .places import Places
from .visits import Visits


@dataclass(frozen=True, slots=True)
class Origin:
    """How events came in. history: old events are welcome (a load). ip and user_agent: those of the request. objects:
    its browser asks not to be tracked (Do Not Track, Global Privacy Control)."""

    source: str = "http"
    ip: str = ""
    user_agent: str = ""
    history: bool = False
    objects: bool = False


class Validator(Protocol):
    def check(self, properties: dict[str, Any], /) -> tuple[str, str] | None:
        """(field, message) of the first fault, None when the properties keep to the schema."""


class Types(Protocol):
    """What ingest asks of event types: their category, and the tenant's schema for them where there is one."""

    def category(self, event_type: str, /) -> str: ...

    def validator(self, tenant: str, event_type: str, /) -> Validator | None: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """Bounds and look-ups of the steps. Sizes in bytes, ages in milliseconds."""

    types: Types
    places: Places
    max_age_ms: int = 90 * 86_400_000
    max_ahead_ms: int = 86_400_000
    max_depth: int = 16
    max_event_bytes: int = 256 * 1024
    max_properties: int = 1000
    anonymize_ip: bool = True
    personal: Personal | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    request: int
    index: int
    refusal: Refusal
    body: bytes
    event_id: str = ""


@dataclass(slots=True)
class Batch:
    """Rows of one turn of the line, of one or more requests; changed in place by the steps, once through.

    request[i] and index[i]: which request event i came from, and where it stood in it.
    columns: what the steps made, in Arrow, each as long as `events`.
    """

    rules: Rules
    visits: Visits
    now_ms: int
    scopes: Sequence[Scope]
    origins: Sequence[Origin]
    events: list[Event]
    request: list[int]
    index: list[int]
    columns: dict[str, pa.Array] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    _fields: dict[str, list[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.events)

    def field(self, name: str) -> list[Any]:
        """What each event has there, as it was sent; None for nothing."""
        found = self._fields.get(name)
        if found is None:
            found = self._fields[name] = list(map(attrgetter(name), self.events))
        return found

    def changed(self) -> None:
        """The events themselves have changed."""
        self._fields.clear()

    def drop(self, refusals: dict[int, Refusal]) -> None:
        """Takes the rows at these positions out, keeping what was sent and why it goes."""
        if not refusals:
            return
        for row, refusal in refusals.items():
            event = self.events[row]
            self.dropped.append(
                Dropped(
                    self.request[row],
                    self.index[row],
                    refusal,
                    encode_event(event),
                    event.event_id or event.id or "",
                )
            )
        self.keep([row for row in range(len(self.events)) if row not in refusals])

    def keep(self, rows: Sequence[int]) -> None:
        """Goes on with these rows alone."""
        self.events = [self.events[row] for row in rows]
        self.request = [self.request[row] for row in rows]
        self.index = [self.index[row] for row in rows]
        self.columns = {name: column.take(pa.array(rows, pa.int64())) for name, column in self.columns.items()}
        self._fields.clear()

    def by_request(self, value: Callable[[Scope, Origin], Any]) -> list[Any]:
        """`value(scope, origin)` of its request, for each row."""
        values = [value(scope, origin) for scope, origin in zip(self.scopes, self.origins, strict=True)]
        return [values[0]] * len(self.events) if len(values) == 1 else [values[number] for number in self.request]


_ENCODER = msgspec.json.Encoder()


def encode_event(event: Event) -> bytes:
    """The event as JSON, without the fields it does not have."""
    members = {name: getattr(event, name) for name in event.__struct_fields__}
    sent = {name: value for name, value in members.items() if value is not None}
    try:
        return _ENCODER.encode(sent)
    except RecursionError:  # decoded with a little more of the stack left than there is now
        return _ENCODER.encode({**sent, "properties": None})

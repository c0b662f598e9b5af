"""Which column becomes which field of an event, and how a row's values are read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from factbook.core.errors import invalid
from factbook.events.event import FIELDS

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,17})?(?:[eE][+-]?\d{1,2})?\Z")
_PLAIN_INTEGER = re.compile(r"-?\d{9,19}\Z")
_LIKELY = {
    "timestamp": ("time", "ts", "datetime", "created_at", "occurred_at", "event_time", "date", "day"),
    "event_type": ("event", "event_name", "type", "action"),
}

MADE_HERE = frozenset(
    [
        "tenant",
        "processed_at",
        "batch_id",
        "session",
        "block",
        "numbers",
        "texts",
        "device",
        "browser",
        "os",
        "is_bot",
        "referrer_source",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_term",
        "utm_content",
    ]
)
"""Columns of Factbook's own exports that it makes anew; left out where a file is such an export."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """fields: field of the event (or name of a property) → column. event_type: the same for every row, or empty.

    zone: where times without an offset are read. time_format: strptime's, for times that are not ISO 8601.
    texts: columns whose numbers stay texts. Columns that are named as a field map to it; all others become properties.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    event_type: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    time_format: str = ""
    texts: frozenset[str] = frozenset()

    def digest(self) -> str:
        """Names this mapping: the same file under another mapping is another load."""
        parts = [sorted(self.fields.items()), self.event_type, self.zone.key, self.time_format, sorted(self.texts)]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def plan(self, columns: Sequence[str], *, texts_only: bool, file: str) -> RowPlan:
        """How rows with these columns become events. texts_only: cells are texts, so numbers among them are recognised.

        Raises INVALID where a mapped column is not there, or nothing tells the type or the time of the events.
        """
        missing = [column for column in self.fields.values() if column not in columns]
        if missing:
            raise invalid(
                f"{file} has no column {missing[0]!r}.", field="map", hint=f"Its columns: {', '.join(columns)}."
            )
        own_export = {"id", "event_type", "processed_at", "batch_id"} <= set(columns)
        targets = {name: name for name in FIELDS if name not in ("id", *self.fields)}
        known = {targets[column] for column in columns if column in targets} | set(self.fields)
        own_form = own_export or (not texts_only and {"id", "event_type"} <= set(columns))
        if own_form and "event_id" not in self.fields:
            targets["id"] = "event_id"
        targets |= {column: target for target, column in self.fields.items()}
        dropped = MADE_HERE - set(self.fields.values()) if own_export else frozenset[str]()
        if self.event_type:
            targets = {column: target for column, target in targets.items() if target != "event_type"}
        elif "event_type" not in known:
            raise _nothing_tells("event_type", columns, file, "or give all rows one type with --type NAME")
        if "timestamp" not in known:
            raise _nothing_tells("timestamp", columns, file, "so that every event stands at its own time")
        return RowPlan(self, targets, dropped, texts_only)


def _nothing_tells(target: str, columns: Sequence[str], file: str, why: str) -> Exception:
    guess = next((column for column in _LIKELY[target] if column in columns), "COLUMN")
    return invalid(
        f"Nothing in {file} tells the {target} of its events.",
        field="map",
        hint=f"Add --map {target}={guess} {why}. Its columns: {', '.join(columns)}.",
    )


@dataclass(frozen=True, slots=True)
class RowPlan:
    """Turns rows into events; a value that cannot be read is passed on as it is, and the intake says what is wrong."""

    mapping: ColumnMapping
    targets: Mapping[str, str]
    dropped: frozenset[str]
    texts_only: bool

    def event(self, row: Mapping[str, Any], event_id: Callable[[], str]) -> dict[str, Any]:
        """The event of `row` as JSON-able members; `event_id` is asked where the row has no id."""
        event: dict[str, Any] = {}
        properties: dict[str, Any] = {}
        targets, texts = self.targets, self.mapping.texts
        for column, value in row.items():
            target = targets.get(column)
            if target is None:
                if column not in self.dropped:
                    properties[column] = value if column in texts else self._value(value)
            elif target == "timestamp":
                event[target] = moment(value, self.mapping.zone, self.mapping.time_format)
            elif target == "properties":
                properties = {**_members(value), **properties}
            elif target in FIELDS:
                if value != "":
                    event[target] = _text(value)
            else:
                properties[target] = value if column in texts else self._value(value)
        if self.mapping.event_type:
            event["event_type"] = self.mapping.event_type
        event.setdefault("timestamp", "")  # refused, where an event without a time would be taken as of now
        if not event.get("event_id"):
            event["event_id"] = event_id()
        if properties:
            event["properties"] = properties
        return event

    def _value(self, value: Any) -> Any:
        if not self.texts_only:
            return value
        return msgspec.Raw(value) if value[0] in "-0123456789" and _NUMBER.match(value) else value


def moment(value: Any, zone: ZoneInfo, time_format: str = "") -> Any:
    """A time of a row: aware datetimes and RFC 3339 as they are, naive ones in `zone`, epochs by their size.

    What is no time comes back unchanged.
    """
    if isinstance(value, str):
        value = value.strip()
        try:
            if time_format:
                value = datetime.strptime(value, time_format)  # noqa: DTZ007 (the zone follows below)
            elif _PLAIN_INTEGER.match(value):
                value = int(value)
            else:
                value = datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _epoch(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=zone)
    return value


def _epoch(value: float) -> Any:
    """Seconds, milli-, micro- or nanoseconds since 1970, told apart by size (seconds up to the year 5138)."""
    size = abs(value)
    unit = 1 if size < 1e11 else 1e3 if size < 1e14 else 1e6 if size < 1e17 else 1e9
    try:
        return datetime.fromtimestamp(value / unit, UTC)
    except (ValueError, OverflowError, OSError):
        return value


def _text(value: Any) -> Any:
    """Fields are texts: numbers are written as such."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float | Decimal) else value


def _members(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return {"properties": value}
    return value if isinstance(value, dict) else {"properties": value}

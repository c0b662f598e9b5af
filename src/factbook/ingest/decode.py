"""From a request's bytes to events: one fast decode of the whole, item by item only where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from factbook.core.errors import FactbookError, Kind
from factbook.events.event import FIELDS, Event

_ONE = msgspec.json.Decoder(Event)
_MANY = msgspec.json.Decoder(list[Event])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY = msgspec.json.Decoder()

_WRAPPED = re.compile(rb'\s*\{\s*"events"\s*:\s*\[')
_PATH = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that is not kept. reason: a typed word, counted and kept with the dead letter."""

    field: str
    reason: str
    message: str


@dataclass(slots=True)
class Decoded:
    """events[i] stood at position index[i] of the request; refused: (position, refusal, what was sent)."""

    events: list[Event]
    index: Sequence[int]
    refused: list[tuple[int, Refusal, bytes]]
    single: bool = False

    @property
    def count(self) -> int:
        return len(self.events) + len(self.refused)


def decode(body: bytes, *, max_events: int) -> Decoded:
    """Events of one JSON object, an array, `{"events": [...]}` or NDJSON, in UTF-8.

    Raises MALFORMED where the whole cannot be read and TOO_LARGE past `max_events`; a bad event among good ones is
    refused alone.
    """
    start = body[:64].lstrip()[:1]
    if not start:
        raise _malformed("The body is empty.")
    if start not in (b"[", b"{"):
        if body.startswith(b"\xef\xbb\xbf"):
            return decode(body[3:], max_events=max_events)
        raise _malformed("The body is not JSON: it must begin with { or [.")
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _malformed(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    try:
        if start == b"[":
            return _array(body, max_events)
        if _WRAPPED.match(body):
            return _array(_wrapped(body), max_events)
        return _object_or_lines(body, max_events)
    except RecursionError:
        raise _malformed("The body is nested too deeply.") from None


def _malformed(message: str) -> FactbookError:
    return FactbookError(
        Kind.MALFORMED,
        message,
        hint='Send one event as a JSON object, or many as an array, as {"events": [...]} or one a line (NDJSON).',
    )


def _bounded(count: int, max_events: int) -> None:
    if count > max_events:
        raise FactbookError(
            Kind.TOO_LARGE,
            f"The batch holds {count} events; at most {max_events} are taken at once.",
            hint=f"Send it in parts of up to {max_events} events.",
        )


def _array(body: bytes, max_events: int) -> Decoded:
    try:
        events = _MANY.decode(body)
    except msgspec.DecodeError:
        return _one_by_one(_items(body), max_events)
    _bounded(len(events), max_events)
    return Decoded(events, range(len(events)), [])


def _items(body: bytes) -> list[msgspec.Raw]:
    try:
        return _ITEMS.decode(body)
    except msgspec.DecodeError as error:
        raise _malformed(f"The body is not JSON: {_plain(error)}.") from None


def _wrapped(body: bytes) -> bytes:
    try:
        return bytes(_MEMBERS.decode(body)["events"])
    except (msgspec.DecodeError, KeyError) as error:
        raise _malformed(f"The body is not JSON: {error}.") from None


def _object_or_lines(body: bytes, max_events: int) -> Decoded:
    try:
        return Decoded([_ONE.decode(body)], (0,), [], single=True)
    except msgspec.DecodeError:
        pass
    try:
        members = _MEMBERS.decode(body)
    except msgspec.DecodeError as error:
        lines = [line for line in body.splitlines() if line.strip()]
        if len(lines) < 2:
            raise _malformed(f"The body is not JSON: {_plain(error)}.") from None
        return _lines(lines, max_events)
    if "events" in members and "event_type" not in members:
        if bytes(members["events"])[:1] != b"[":
            raise _malformed("`events` is not an array.")
        return _array(bytes(members["events"]), max_events)
    decoded = _one_by_one([msgspec.Raw(body)], max_events)
    decoded.single = True
    return decoded


def _lines(lines: list[bytes], max_events: int) -> Decoded:
    _bounded(len(lines), max_events)
    try:
        return Decoded([_ONE.decode(line) for line in lines], range(len(lines)), [])
    except msgspec.DecodeError:
        return _one_by_one(lines, max_events)


def _one_by_one(items: Sequence[bytes | msgspec.Raw], max_events: int) -> Decoded:
    _bounded(len(items), max_events)
    events: list[Event] = []
    index: list[int] = []
    refused: list[tuple[int, Refusal, bytes]] = []
    for position, item in enumerate(items):
        outcome = read_event(item)
        if isinstance(outcome, Event):
            events.append(outcome)
            index.append(position)
        else:
            refused.append((position, outcome, bytes(item)))
    return Decoded(events, index, refused)


def read_event(item: bytes | msgspec.Raw) -> Event | Refusal:
    """One event of any shape: unknown fields move to its properties; a fault names the field and the reason."""
    try:
        members = _ANY.decode(item)
    except msgspec.ValidationError as error:
        return _refusal(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refusal("", "malformed", f"Not JSON: {_plain(error)}.")
    if not isinstance(members, dict):
        return Refusal("", "not_an_object", "An event is a JSON object.")
    try:
        return msgspec.convert(_known(members), Event)
    except msgspec.ValidationError as error:
        return _refusal(str(error))


def _known(members: dict[str, Any]) -> dict[str, Any]:
    unknown = members.keys() - FIELDS
    if not unknown:
        return members
    known = {name: value for name, value in members.items() if name in FIELDS}
    properties = known.get("properties")
    if properties is None or isinstance(properties, dict):
        known["properties"] = {name: members[name] for name in members if name in unknown} | (properties or {})
    return known


def _refusal(text: str) -> Refusal:
    found = _PATH.search(text)
    field = found.group(1) if found else ""
    message = text[: found.start()] if found else text
    missing = _MISSING.search(message)
    if missing:
        return Refusal(missing.group(1), "missing_field", f"`{missing.group(1)}` is required.")
    if "RFC3339" in message:
        return Refusal(field, "bad_time", "Not a time: use RFC 3339, as in 2026-03-01T09:30:00Z.")
    if "length" in message:
        return Refusal(field, "bad_length", f"{message}.")
    if "enum value" in message:
        return Refusal(field, "unknown_value", f"{message}.")
    if "out of range" in message:
        return Refusal(field, "out_of_range", f"{message}.")
    return Refusal(field, "wrong_type", f"{message}.")


def _plain(error: Exception) -> str:
    text = str(error)
    return text[0].lower() + text[1:] if text else type(error).__name__

"""From a request's bytes to events: one fast decode of the whole, item by item only where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, get_args

import msgspec

from factbook.core.errors import FactbookError, Kind
from factbook.events.event import FIELDS, Category, DataClass, Event

_ONE = msgspec.json.Decoder(Event)
_MANY = msgspec.json.Decoder(list[Event])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY = msgspec.json.Decoder()

_BOM = b"\xef\xbb\xbf"
_START = re.compile(rb"\s*([\[{])")
_NOT_JSON = "The body is not JSON: it must begin with { or [."
_COMMAS = 16
"""An array may have this many commas for each event that may come before its items are counted first."""
_PATH = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_LENGTH = re.compile(r"length (<=|>=) (\d+)")
_KINDS = re.compile(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`")
_WORDS = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
}
_CHOICES = {"event_category": get_args(Category), "data_class": get_args(DataClass)}
_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""An escaped backslash, a pair of surrogates, or (group 1) half of a pair, which is no character."""
_NO_OBJECT = ("malformed", "not_an_object")


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

    @property
    def count(self) -> int:
        return len(self.events) + len(self.refused)


def decode(body: bytes, *, max_events: int) -> Decoded:
    """Events of one JSON object, an array, `{"events": [...]}` or NDJSON, in UTF-8.

    Raises MALFORMED where the whole cannot be read and TOO_LARGE past `max_events`; a bad event among good ones is
    refused alone. Half of a surrogate pair (what cutting a text in two leaves of an emoji) becomes U+FFFD.
    """
    body = body.removeprefix(_BOM)
    found = _START.match(body)
    if found is None:
        raise _malformed("The body is empty." if not body.strip() else _NOT_JSON)
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _malformed(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    read = _array if found[1] == b"[" else _object_or_lines
    try:
        return read(body, max_events)
    except FactbookError as error:
        whole = _with_whole_characters(body) if error.kind is Kind.MALFORMED else None
        if whole is None:
            raise
        return read(whole, max_events)
    except RecursionError:
        raise _malformed("The body is nested too deeply.") from None


def _with_whole_characters(text: bytes) -> bytes | None:
    """`text` with U+FFFD for each half of a surrogate pair; None where it has none."""
    whole = _SURROGATES.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)
    return whole if whole != text else None


def _malformed(message: str) -> FactbookError:
    return FactbookError(
        Kind.MALFORMED,
        message,
        hint='Send one event as a JSON object, or many as an array, as {"events": [...]} or one a line (NDJSON).',
    )


def _bounded(count: int, max_events: int) -> None:
    if count > max_events:
        raise _too_many(f"{count} events", max_events)


def _too_many(found: str, max_events: int) -> FactbookError:
    return FactbookError(
        Kind.TOO_LARGE,
        f"The batch holds {found}; at most {max_events} are taken at once.",
        hint=f"Send it in parts of up to {max_events} events.",
    )


class _Item:
    """Anything, when items are only counted."""


class _TooManyItemsError(Exception):
    pass


def _refuse_overlong(body: bytes, max_events: int) -> None:
    """Counts an array's items one by one, so that millions of them are refused before each becomes an object."""
    if body.count(b",") <= _COMMAS * max_events:
        return
    count = 0

    def counted(_: type, item: object) -> _Item:
        nonlocal count
        count += 1
        if count > max_events:
            raise _TooManyItemsError
        return _ITEM

    try:
        msgspec.json.decode(body, type=list[_Item], dec_hook=counted)
    except _TooManyItemsError:
        raise _too_many(f"more than {max_events} events", max_events) from None
    except msgspec.DecodeError:
        pass  # explained by whoever decodes it


_ITEM = _Item()


def _array(body: bytes, max_events: int) -> Decoded:
    _refuse_overlong(body, max_events)
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


def _object_or_lines(body: bytes, max_events: int) -> Decoded:
    try:
        return Decoded([_ONE.decode(body)], (0,), [])
    except msgspec.DecodeError:
        pass
    try:
        members = _MEMBERS.decode(body)
    except msgspec.DecodeError as error:
        return _lines(body, max_events, f"The body is not JSON: {_plain(error)}.")
    if "events" not in members or "event_type" in members:
        return _one_by_one([msgspec.Raw(body)], max_events)
    events = bytes(members["events"])
    if events[:1] != b"[":
        raise _malformed("`events` is not an array.")
    return _array(events, max_events)


def _lines(body: bytes, max_events: int, fault: str) -> Decoded:
    """Events one a line. MALFORMED with `fault` when no line is an object: then it was one object, spread out."""
    count = sum(1 for line in BytesIO(body) if line.strip())
    if count < 2:
        raise _malformed(fault)
    _bounded(count, max_events)
    lines = [line for line in BytesIO(body) if line.strip()]
    try:
        return Decoded([_ONE.decode(line) for line in lines], range(len(lines)), [])
    except msgspec.DecodeError:
        decoded = _one_by_one(lines, max_events)
    if not decoded.events and all(refusal.reason in _NO_OBJECT for _, refusal, _ in decoded.refused):
        raise _malformed(fault)
    return decoded


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
        return replace(_refusal(str(error)), field=_culprit(item))
    except msgspec.DecodeError as error:
        whole = _with_whole_characters(bytes(item))
        return read_event(whole) if whole else Refusal("", "malformed", f"Not JSON: {_plain(error)}.")
    if not isinstance(members, dict):
        return Refusal("", "not_an_object", "An event is a JSON object.")
    try:
        return msgspec.convert(_known(members), Event)
    except msgspec.ValidationError as error:
        return _refusal(str(error))


def _culprit(item: bytes | msgspec.Raw, parent: str = "") -> str:
    """The field whose value cannot be taken at all, such as a number that no machine holds."""
    try:
        members = _MEMBERS.decode(item)
    except msgspec.DecodeError:
        return parent
    for name, value in members.items():
        try:
            _ANY.decode(value)
        except msgspec.DecodeError:
            return _culprit(value, f"{parent}.{name}" if parent else name)
    return parent


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
    """msgspec's sentence about the first fault, for people who never heard of it."""
    found = _PATH.search(text)
    field = found.group(1) if found else ""
    message = text[: found.start()] if found else text
    missing = _MISSING.search(message)
    if missing:
        return Refusal(missing.group(1), "missing_field", f"`{missing.group(1)}` is required.")
    if field == "timestamp":
        return Refusal(field, "bad_time", "Not a time: use RFC 3339, as in 2026-03-01T09:30:00Z.")
    if bound := _LENGTH.search(message):
        wanted = f"At least {bound[2]} character." if bound[1] == ">=" else f"At most {bound[2]} characters."
        return Refusal(field, "bad_length", wanted)
    if "enum value" in message:
        return Refusal(field, "unknown_value", f"One of: {', '.join(_CHOICES[field])}.")
    if "out of range" in message:
        return Refusal(field, "out_of_range", "The number is too large for any machine.")
    kinds = _KINDS.match(message)
    plain = f"Expected {_WORDS.get(kinds[1], kinds[1])}, not {_WORDS.get(kinds[2], kinds[2])}." if kinds else message
    return Refusal(field, "wrong_type", plain)


def _plain(error: Exception) -> str:
    text = str(error).removeprefix("JSON is malformed: ")
    return text[0].lower() + text[1:]

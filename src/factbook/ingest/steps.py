"""What happens to every event between decode and journal: one visible list; `drop_*` refuses, `put_*` adds columns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha1
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import uuid_utils

from .agents import agent
from .batch import Batch, milliseconds
from .decode import Refusal
from .places import NOWHERE, anonymous, canonical
from .properties import TooDeepError, measure
from .referrers import NO_CAMPAIGN, campaign, referrer_source
from .visits import actor_of

_NAMESPACE = bytes.fromhex("6f1d3a52c0de5fac9b0042fac7b00c01")
_ENCODER = msgspec.json.Encoder()
_UTM = dict.fromkeys(f"utm_{name}" for name in ("source", "medium", "campaign", "term", "content"))


def id_bytes(text: str) -> bytes:
    """The 16 bytes of an event id: a UUID as it is, any other text as the UUIDv5 (RFC 9562) of that text."""
    if len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-":
        try:
            raw = bytes.fromhex(text.replace("-", ""))
            if len(raw) == 16:
                return raw
        except ValueError:
            pass
    digest = bytearray(sha1(_NAMESPACE + text.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def put_ids(batch: Batch) -> None:
    """The client's id, or ours (UUIDv7); `given` tells which, since only a client's id can come twice."""
    given = [event.event_id or event.id for event in batch.events]
    batch.columns["given"] = [bool(text) for text in given]
    batch.columns["event_id"] = [id_bytes(text) if text else uuid_utils.uuid7().bytes for text in given]


def put_times(batch: Batch) -> None:
    """The event's time, else the time of arrival, in milliseconds UTC."""
    zones = batch.by_request(lambda scope, _: ZoneInfo(scope.zone))
    batch.columns["timestamp"] = [
        batch.now_ms if event.timestamp is None else milliseconds(event.timestamp, zone)
        for event, zone in zip(batch.events, zones, strict=True)
    ]


def drop_absurd_times(batch: Batch) -> None:
    """Too far ahead, too old (unless history is being loaded), or before 1970."""
    oldest = batch.by_request(lambda _, origin: 0 if origin.history else batch.now_ms - batch.rules.max_age_ms)
    newest = batch.now_ms + batch.rules.max_ahead_ms
    times = batch.columns["timestamp"]
    ahead = timedelta(milliseconds=batch.rules.max_ahead_ms)
    refusals = {}
    for row, (at, low) in enumerate(zip(times, oldest, strict=True)):
        if at > newest:
            refusals[row] = Refusal("timestamp", "in_the_future", f"The time lies more than {ahead} ahead of now.")
        elif at < low:
            days = batch.rules.max_age_ms // 86_400_000
            refusals[row] = Refusal(
                "timestamp",
                "too_old",
                f"The time lies more than {days} days back; load history with `factbook load`."
                if low
                else "The time lies before 1970.",
            )
    batch.drop(refusals)


def put_properties(batch: Batch) -> None:
    """The properties as JSON text, as they are kept."""
    encode = _ENCODER.encode
    try:
        texts = [encode(event.properties) if event.properties else b"{}" for event in batch.events]
    except RecursionError:
        texts = [_text(event.properties or {}) for event in batch.events]
    batch.columns["properties"] = texts


def _text(properties: dict[str, Any]) -> bytes:
    try:
        return _ENCODER.encode(properties)
    except RecursionError:  # what can just be read cannot always be written: `drop_deep_or_crowded` looks at it
        return b"[["


def drop_large(batch: Batch) -> None:
    """Events whose properties take more bytes than an event may."""
    limit = batch.rules.max_event_bytes
    batch.drop(
        {
            row: Refusal(
                "properties", "too_large", f"The properties take {len(text)} bytes; at most {limit} are taken."
            )
            for row, text in enumerate(batch.columns["properties"])
            if len(text) > limit
        }
    )


def drop_deep_or_crowded(batch: Batch) -> None:
    """Properties nested too deeply, or too many of them."""
    depth, most = batch.rules.max_depth, batch.rules.max_properties
    refusals = {}
    for row, text in enumerate(batch.columns["properties"]):
        if len(text) <= most and text.count(b"{") <= 1 and b"[" not in text:
            continue  # flat, and too short to hold that many
        try:
            count = measure(batch.events[row].properties or {}, depth)
        except TooDeepError:
            refusals[row] = Refusal("properties", "too_deep", f"Properties may be nested {depth} levels deep.")
            continue
        if count > most:
            message = f"The event has {count} properties; at most {most} are taken."
            refusals[row] = Refusal("properties", "too_many_properties", message)
    batch.drop(refusals)


def drop_against_schema(batch: Batch) -> None:
    """Events of a type that the tenant defined, whose properties break its schema."""
    tenants = batch.by_request(lambda scope, _: scope.tenant)
    kinds = {(tenant, event.event_type) for tenant, event in zip(tenants, batch.events, strict=True)}
    validators = {kind: validator for kind in kinds if (validator := batch.rules.types.validator(*kind))}
    if not validators:
        return
    refusals = {}
    for row, (tenant, event) in enumerate(zip(tenants, batch.events, strict=True)):
        validator = validators.get((tenant, event.event_type))
        fault = validator.check(event.properties or {}) if validator else None
        if fault:
            field = f"properties.{fault[0]}" if fault[0] else "properties"
            refusals[row] = Refusal(field, "breaks_schema", fault[1])
    batch.drop(refusals)


def put_category(batch: Batch) -> None:
    category = batch.rules.types.category
    batch.columns["event_category"] = [event.event_category or category(event.event_type) for event in batch.events]


def put_agent(batch: Batch) -> None:
    """Device, browser, system and the bot flag; the request's own user agent counts only when a browser sent it."""
    senders = batch.by_request(lambda _, origin: origin.user_agent if origin.user_agent.startswith("Mozilla/") else "")
    texts = [event.user_agent or sender for event, sender in zip(batch.events, senders, strict=True)]
    if not any(texts):
        batch.columns.update(dict.fromkeys(("user_agent", "device", "browser", "os"), [""] * len(texts)))
        batch.columns["is_bot"] = [False] * len(texts)
        return
    agents = [agent(text) for text in texts]
    batch.columns["user_agent"] = texts
    batch.columns["device"] = [a.device for a in agents]
    batch.columns["browser"] = [a.browser for a in agents]
    batch.columns["os"] = [a.os for a in agents]
    batch.columns["is_bot"] = [a.is_bot for a in agents]


def put_referrer(batch: Batch) -> None:
    """The referrer's source, and the UTM tags of the page's address (property `url`, else own properties)."""
    batch.columns["referrer_source"] = [referrer_source(e.referrer) if e.referrer else "" for e in batch.events]
    columns: dict[str, list[str]] = {name: [""] * len(batch.events) for name in _UTM}
    for row, text in enumerate(batch.columns["properties"]):
        if b"utm_" not in text:
            continue
        properties = batch.events[row].properties or {}
        url = properties.get("url")
        tags = campaign(url) if isinstance(url, str) else NO_CAMPAIGN
        for name, tag in zip(_UTM, tags, strict=True):
            own = properties.get(name)
            columns[name][row] = tag or (own[:256] if isinstance(own, str) else "")
    batch.columns.update(columns)


def put_place(batch: Batch) -> None:
    """Country, region and city: as sent, else looked up by address; then the address, made anonymous unless kept."""
    senders = batch.by_request(lambda _, origin: origin.ip if origin.user_agent.startswith("Mozilla/") else "")
    addresses = [event.ip_address or sender for event, sender in zip(batch.events, senders, strict=True)]
    known = any(addresses)
    places = [batch.rules.places.place(address) for address in addresses] if known else [NOWHERE] * len(addresses)
    for position, name in enumerate(("country", "region", "city")):
        sent = map(attrgetter(name), batch.events)
        batch.columns[name] = [own or place[position] for own, place in zip(sent, places, strict=True)]
    shown = anonymous if batch.rules.anonymize_ip else canonical
    batch.columns["ip_address"] = [shown(address) if address else "" for address in addresses] if known else addresses


def put_session(batch: Batch) -> None:
    """The session the event belongs to, by true inactivity; 0 for an event of nobody."""
    tenants = batch.by_request(lambda scope, _: scope.tenant)
    key = batch.visits.key
    batch.columns["session"] = [
        key(actor, at) if (actor := actor_of(tenant, event.session_id, event.user_id, event.anonymous_id)) else 0
        for tenant, event, at in zip(tenants, batch.events, batch.columns["timestamp"], strict=True)
    ]


STEPS: tuple[Callable[[Batch], None], ...] = (
    put_ids,
    put_times,
    drop_absurd_times,
    put_properties,
    drop_large,
    drop_deep_or_crowded,
    drop_against_schema,
    put_category,
    put_agent,
    put_referrer,
    put_place,
    put_session,
)

"""What happens to every event between decode and journal: one visible list; `drop_*` refuses, `put_*` adds columns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from hashlib import sha1
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import uuid_utils

from factbook.core.clock import from_epoch_ms

from .agents import agent
from .batch import Batch
from .columns import FEW, TEXT, blank, ids, integers, joined, lines, texts, times, total
from .decode import Refusal
from .places import anonymous, canonical
from .properties import TooDeepError, measure
from .referrers import NO_CAMPAIGN, campaign, referrer_source
from .visits import actors_of

_NAMESPACE = bytes.fromhex("6f1d3a52c0de5fac9b0042fac7b00c01")
_ENCODER = msgspec.json.Encoder()
_UTM = tuple(f"utm_{name}" for name in ("source", "medium", "campaign", "term", "content"))
_DASHES = (8, 13, 18, 23)


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


def _uuids(given: list[str]) -> bytes | None:
    """`id_bytes` of all of them at once, where each is a UUID."""
    written = "".join(given)
    if len(written) != 36 * len(given) or not written.isascii():
        return None
    letters = np.frombuffer(written.encode(), dtype=np.uint8).reshape(-1, 36)
    if not (letters[:, _DASHES] == ord("-")).all():
        return None
    try:
        raw = bytes.fromhex(written.replace("-", ""))
    except ValueError:
        return None
    return raw if len(raw) == 16 * len(given) else None  # blanks are no digits, more dashes none either


_UNWANTED = {
    "no_consent": Refusal("user_id", "no_consent", "There is no consent to track this person."),
    "objected": Refusal("", "objected", "The browser asks not to be tracked."),
    "erased": Refusal("user_id", "erased", "This person was erased; later events are refused."),
}


def drop_unwanted(batch: Batch) -> None:
    """Events of people who are not to be tracked: without consent, against their browser's word, or erased."""
    personal = batch.rules.personal
    decided = personal and {scope.tenant: one for scope in batch.scopes if (one := personal.of(scope.tenant))}
    if not decided:
        return
    asked = batch.by_request(lambda scope, origin: (decided.get(scope.tenant), origin.objects))
    refusals = {}
    for row, ((one, objects), user, visitor) in enumerate(
        zip(asked, batch.field("user_id"), batch.field("anonymous_id"), strict=True)
    ):
        reason = one.refuses(user, visitor, objects=objects) if one else ""
        if reason:
            refusals[row] = _UNWANTED[reason]
    batch.drop(refusals)


def put_pseudonyms(batch: Batch) -> None:
    """Ids of people as the tenant wants them kept: his sessions too, for a session id may be anything."""
    personal = batch.rules.personal
    decided = personal and {scope.tenant: one for scope in batch.scopes if (one := personal.of(scope.tenant))}
    if not personal or not decided or all(one.settings.ids == "kept" for one in decided.values()):
        return
    day = personal.day(batch.now_ms)
    for event, one in zip(batch.events, batch.by_request(lambda scope, _: decided.get(scope.tenant)), strict=True):
        if one and one.settings.ids != "kept":
            for name in ("user_id", "anonymous_id", "session_id"):
                if id_ := getattr(event, name):
                    setattr(event, name, one.pseudonym(id_, day))
    batch.changed()


def put_ids(batch: Batch) -> None:
    """The client's id, or ours (UUIDv7); `given` tells which, since only a client's id can come twice."""
    given = batch.field("event_id")
    if not all(given):
        given = [one or other for one, other in zip(given, batch.field("id"), strict=True)]
    raw = _uuids(given) if len(given) > FEW and all(given) else None
    if raw is None:
        raw = b"".join([id_bytes(text) if text else uuid_utils.uuid7().bytes for text in given])
    batch.columns["given"] = pa.array(list(map(bool, given)), pa.bool_())
    batch.columns["event_id"] = ids(raw)


def put_times(batch: Batch) -> None:
    """The event's time, else the time of arrival, in whole milliseconds UTC; one without an offset is the tenant's."""
    sent = batch.field("timestamp")
    if not all(sent) or not all(map(attrgetter("tzinfo"), sent)):
        now = from_epoch_ms(batch.now_ms)
        zones = batch.by_request(lambda scope, _: ZoneInfo(scope.zone))
        sent = [
            now if moment is None else moment if moment.tzinfo else moment.replace(tzinfo=zone)
            for moment, zone in zip(sent, zones, strict=True)
        ]
    seconds = np.array([moment.timestamp() for moment in sent], dtype=np.float64)
    batch.columns["timestamp"] = times(np.floor(seconds * 1000 + 0.5).astype(np.int64))


def drop_absurd_times(batch: Batch) -> None:
    """Too far ahead, too old (unless history is being loaded), or before 1970."""
    at = integers(batch.columns["timestamp"])
    newest = batch.now_ms + batch.rules.max_ahead_ms
    oldest = [0 if origin.history else batch.now_ms - batch.rules.max_age_ms for origin in batch.origins]
    if not len(batch) or (at.max() <= newest and at.min() >= max(oldest)):
        return
    refusals = {}
    for row, number in enumerate(batch.request):
        if at[row] > newest:
            ahead = timedelta(milliseconds=batch.rules.max_ahead_ms)
            refusals[row] = Refusal("timestamp", "in_the_future", f"The time lies more than {ahead} ahead of now.")
        elif at[row] < oldest[number]:
            days = batch.rules.max_age_ms // 86_400_000
            refusals[row] = Refusal(
                "timestamp",
                "too_old",
                f"The time lies more than {days} days back; load history with `factbook load`."
                if oldest[number]
                else "The time lies before 1970.",
            )
    batch.drop(refusals)


def put_properties(batch: Batch) -> None:
    """The properties as JSON text, as they are kept."""
    sent = [properties or {} for properties in batch.field("properties")]
    if len(sent) > FEW:
        with suppress(RecursionError):
            batch.columns["properties"] = lines(_ENCODER.encode_lines(sent))
            return
    batch.columns["properties"] = pa.array([_text(properties) for properties in sent], TEXT)


def _text(properties: dict[str, Any]) -> bytes:
    try:
        return _ENCODER.encode(properties)
    except RecursionError:  # what can just be read cannot always be written: `drop_deep_or_crowded` looks at it
        return b"[["


def drop_large(batch: Batch) -> None:
    """Events whose properties take more bytes than an event may."""
    limit = batch.rules.max_event_bytes
    if total(batch.columns["properties"]) <= limit:
        return
    sizes = pc.binary_length(batch.columns["properties"]).to_numpy()
    batch.drop(
        {
            row: Refusal(
                "properties", "too_large", f"The properties take {sizes[row]} bytes; at most {limit} are taken."
            )
            for row in np.flatnonzero(sizes > limit).tolist()
        }
    )


def drop_deep_or_crowded(batch: Batch) -> None:
    """Properties nested too deeply, or too many of them."""
    depth, most = batch.rules.max_depth, batch.rules.max_properties
    refusals = {}
    for row in _nested_or_long(batch.columns["properties"], most):
        try:
            count = measure(batch.events[row].properties or {}, depth)
        except TooDeepError:
            refusals[row] = Refusal("properties", "too_deep", f"Properties may be nested {depth} levels deep.")
            continue
        if count > most:
            message = f"The event has {count} properties; at most {most} are taken."
            refusals[row] = Refusal("properties", "too_many_properties", message)
    batch.drop(refusals)


def _nested_or_long(properties: pa.Array, most: int) -> list[int]:
    """Rows that are not flat, or long enough to hold more than `most` members."""
    text = joined(properties)
    flat = b"[" not in text and text.count(b"{") <= len(properties)
    if flat and len(text) <= most:
        return []
    found = pc.binary_length(properties).to_numpy() > most
    if not flat:
        found |= pc.count_substring(properties, "{").to_numpy() > 1
        found |= pc.count_substring(properties, "[").to_numpy() > 0
    rows: list[int] = np.flatnonzero(found).tolist()
    return rows


def drop_against_schema(batch: Batch) -> None:
    """Events of a type that the tenant defined, whose properties break its schema."""
    tenants, types = batch.by_request(lambda scope, _: scope.tenant), batch.field("event_type")
    kinds = set(zip(tenants, types, strict=True))
    validators = {kind: validator for kind in kinds if (validator := batch.rules.types.validator(*kind))}
    if not validators:
        return
    refusals = {}
    for row, (tenant, kind, sent) in enumerate(zip(tenants, types, batch.field("properties"), strict=True)):
        validator = validators.get((tenant, kind))
        fault = validator.check(sent or {}) if validator else None
        if fault:
            field = f"properties.{fault[0]}" if fault[0] else "properties"
            refusals[row] = Refusal(field, "breaks_schema", fault[1])
    batch.drop(refusals)


def put_category(batch: Batch) -> None:
    kinds = batch.field("event_type")
    known = {kind: batch.rules.types.category(kind) for kind in set(kinds)}
    sent = batch.field("event_category")
    batch.columns["event_category"] = texts([own or known[kind] for own, kind in zip(sent, kinds, strict=True)])


def put_agent(batch: Batch) -> None:
    """Device, browser, system and the bot flag; the request's own user agent counts only when a browser sent it."""
    senders = batch.by_request(lambda _, origin: origin.user_agent if origin.user_agent.startswith("Mozilla/") else "")
    sent = [own or sender for own, sender in zip(batch.field("user_agent"), senders, strict=True)]
    known = {text: agent(text) for text in set(sent)}
    batch.columns["user_agent"] = texts(sent)
    device, browser, system, is_bot = zip(*[known[text] for text in sent], strict=True) if sent else ((),) * 4
    batch.columns.update(
        device=texts(device), browser=texts(browser), os=texts(system), is_bot=pa.array(is_bot, pa.bool_())
    )


def put_referrer(batch: Batch) -> None:
    """The referrer's source, and the UTM tags of the page's address (property `url`, else own properties)."""
    sent = batch.field("referrer")
    batch.columns["referrer_source"] = texts([referrer_source(referrer) if referrer else "" for referrer in sent])
    if b"utm_" not in joined(batch.columns["properties"]):
        batch.columns.update(dict.fromkeys(_UTM, blank(len(batch))))
        return
    tags = [_tags(properties or {}) for properties in batch.field("properties")]
    for name, values in zip(_UTM, zip(*tags, strict=True), strict=True):
        batch.columns[name] = texts(list(values))


def _tags(properties: dict[str, Any]) -> list[str]:
    url = properties.get("url")
    tags = campaign(url) if isinstance(url, str) else NO_CAMPAIGN
    own = [properties.get(name) for name in _UTM]
    return [tag or (text[:256] if isinstance(text, str) else "") for tag, text in zip(tags, own, strict=True)]


def put_place(batch: Batch) -> None:
    """Country, region and city: as sent, else looked up by address; then the address, made anonymous unless kept."""
    senders = batch.by_request(lambda _, origin: origin.ip if origin.user_agent.startswith("Mozilla/") else "")
    addresses = [own or sender for own, sender in zip(batch.field("ip_address"), senders, strict=True)]
    names = ("country", "region", "city")
    if not any(addresses):
        batch.columns.update({name: texts(batch.field(name)) for name in names}, ip_address=blank(len(batch)))
        return
    places = zip(*[batch.rules.places.place(address) for address in addresses], strict=True)
    for name, found in zip(names, places, strict=True):
        batch.columns[name] = texts([own or place for own, place in zip(batch.field(name), found, strict=True)])
    shown = anonymous if batch.rules.anonymize_ip else canonical
    batch.columns["ip_address"] = texts([shown(address) if address else "" for address in addresses])


def put_session(batch: Batch) -> None:
    """The session the event belongs to, by true inactivity; 0 for an event of nobody."""
    actors = actors_of(
        batch.by_request(lambda scope, _: scope.tenant),
        *(batch.field(name) for name in ("session_id", "user_id", "anonymous_id")),
    )
    batch.columns["session"] = pa.array(batch.visits.keys(actors, integers(batch.columns["timestamp"])))


STEPS: tuple[Callable[[Batch], None], ...] = (
    drop_unwanted,
    put_pseudonyms,
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

"""What happens to every event between decode and journal, step by step."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factbook.core.clock import epoch_ms
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.events.schemas import Validator
from factbook.ingest import steps
from factbook.ingest.batch import Batch, Origin, Rules
from factbook.ingest.decode import decode
from factbook.ingest.places import Places
from factbook.ingest.steps import STEPS, id_bytes

from .batches import NOW, Types, column, reasons, run, stepped

DAY = timedelta(days=1)
MOZILLA = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


def rules(**changes: Any) -> Rules:
    return Rules(**{"types": Types(), "places": Places(None), **changes})


def at(moment: datetime, **fields: Any) -> dict[str, Any]:
    return {"event_type": "a", "timestamp": moment.isoformat(), **fields}


def time_of(text: str, zone: str = "UTC") -> datetime:
    batch = stepped({"event_type": "a", "timestamp": text}, zone=zone, origin=Origin(history=True))
    [moment] = column(batch, "timestamp")
    assert isinstance(moment, datetime)
    return moment


def test_every_step_is_named_for_what_it_does() -> None:
    assert all(step.__name__.startswith(("drop_", "put_")) for step in STEPS)


# Times


def test_an_event_without_a_time_came_now() -> None:
    assert column(stepped({"event_type": "a"}), "timestamp") == [NOW]


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (NOW - 90 * DAY, None),
        (NOW - 90 * DAY - timedelta(milliseconds=1), "too_old"),
        (NOW + DAY, None),
        (NOW + DAY + timedelta(milliseconds=1), "in_the_future"),
    ],
)
def test_the_limits_of_age_are_exact(moment: datetime, reason: str | None) -> None:
    assert reasons(stepped(at(moment))) == ([(0, "timestamp", reason)] if reason else [])


def test_history_is_taken_as_old_as_1970_and_no_older_and_never_from_the_future() -> None:
    sent = [at(NOW - 9000 * DAY), at(NOW + 2 * DAY)]
    sent += [{"event_type": "a", "timestamp": text} for text in ("1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z")]
    batch = stepped(*sent, origin=Origin(history=True))
    assert reasons(batch) == [(1, "timestamp", "in_the_future"), (3, "timestamp", "too_old")]
    assert "1970" in batch.dropped[1].refusal.message


def test_too_old_says_how_history_is_loaded() -> None:
    [drop] = stepped(at(NOW - 91 * DAY, event_id="mine")).dropped
    assert "90 days" in drop.refusal.message
    assert "factbook load" in drop.refusal.message
    assert drop.event_id == "mine"
    assert json.loads(drop.body)["event_id"] == "mine"


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-01-15T12:00:00", "Europe/Berlin", "2026-01-15T11:00:00"),
        ("2025-07-15T12:00:00", "Europe/Berlin", "2025-07-15T10:00:00"),
        ("2025-03-30T02:30:00", "Europe/Berlin", "2025-03-30T01:30:00"),  # an hour that was skipped
        ("2025-10-26T02:30:00", "Europe/Berlin", "2025-10-26T00:30:00"),  # an hour that came twice: the first
        ("2025-11-02T01:30:00", "America/New_York", "2025-11-02T05:30:00"),
        ("2026-01-15T12:00:00", "Asia/Kathmandu", "2026-01-15T06:15:00"),
        ("2026-01-15T12:00:00+05:30", "Europe/Berlin", "2026-01-15T06:30:00"),
        ("2026-01-15T12:00:00Z", "Europe/Berlin", "2026-01-15T12:00:00"),
    ],
)
def test_a_time_without_an_offset_is_read_in_the_tenants_zone(text: str, zone: str, utc: str) -> None:
    assert time_of(text, zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("fraction", "ms"), [("", 0), (".5", 500), (".1234", 123), (".1235", 124), (".999999", 1000), (".000001", 0)]
)
def test_times_are_kept_to_the_nearest_millisecond(fraction: str, ms: int) -> None:
    assert time_of(f"2026-01-15T12:00:00{fraction}Z") == datetime(2026, 1, 15, 12, tzinfo=UTC) + timedelta(
        milliseconds=ms
    )


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
def test_the_ends_of_the_calendar_are_refused_like_any_absurd_time(text: str, zone: str) -> None:
    [drop] = stepped({"event_type": "a", "timestamp": text}, zone=zone, origin=Origin(history=True)).dropped
    assert drop.refusal.reason in ("too_old", "in_the_future")


# Ids


@given(st.uuids())
def test_a_uuid_is_kept_in_any_case(value: uuid.UUID) -> None:
    assert id_bytes(str(value)) == id_bytes(str(value).upper()) == value.bytes


@given(st.text(min_size=1, max_size=60))
def test_any_other_text_becomes_its_uuid5(text: str) -> None:
    try:
        kept = uuid.UUID(text) if str(uuid.UUID(text)) == text.lower() else None
    except ValueError:
        kept = None
    namespace = uuid.UUID(bytes=steps._NAMESPACE)
    assert id_bytes(text) == (kept or uuid.uuid5(namespace, text)).bytes


@pytest.mark.parametrize(
    "text",
    [
        "0123456789abcdef0123456789abcdef",
        "{01234567-89ab-cdef-0123-456789abcdef}",
        "0-123-4567-89abcdef0123456789abcdef-",
        "0123456789abcdef0123456789abcdef----",
        "01234567-89ab-cdef-0123-456789abcde ",
        "01234567-89ab-cdef-0123-456789abcdeg",
    ],
)
def test_what_only_looks_like_a_uuid_is_a_text(text: str) -> None:
    assert uuid.UUID(bytes=id_bytes(text)).version == 5


def test_ids_of_ours_are_uuid7_and_differ() -> None:
    ids = column(stepped(*[{"event_type": "a"}] * 100), "event_id")
    assert len(set(ids)) == 100
    assert {uuid.UUID(bytes=raw).version for raw in ids} == {7}


def test_id_is_another_name_of_event_id_and_an_empty_one_is_none() -> None:
    batch = stepped({"event_type": "a", "id": "x"}, {"event_type": "a", "event_id": "x"}, {"event_type": "a", "id": ""})
    assert len(set(column(batch, "event_id")[:2])) == 1
    assert column(batch, "given") == [True, True, False]


# Properties


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels - 1):
        value = {"x": value}
    return {"x": value}


def test_properties_as_deep_as_allowed_are_kept_and_one_level_more_is_refused() -> None:
    batch = stepped(
        *({"event_type": "a", "properties": nested(levels)} for levels in (15, 16, 17)), rules=rules(max_depth=16)
    )
    assert reasons(batch) == [(2, "properties", "too_deep")]


@pytest.mark.parametrize("levels", range(900, 1000, 7))
def test_properties_that_can_just_be_read_are_refused_never_a_defect(levels: int) -> None:
    body = (
        b'{"event_type":"a","timestamp":"2020-01-01T00:00:00Z","properties":' + b'{"x":' * levels + b"1" + b"}" * levels
    )
    body = b"[" + body + b'},{"event_type":"b"}]'
    for history in (False, True):
        found = in_a_fresh_thread(outcome, body, history)
        assert found == "malformed" or found[1] == ["b"], (levels, found)


def outcome(body: bytes, history: bool) -> Any:
    try:
        decoded = decode(body, max_events=10)
    except FactbookError:
        return "malformed"
    batch = Batch(
        rules=rules(),
        visits=stepped().visits,
        now_ms=epoch_ms(NOW),
        scopes=[Scope("shop", "test", Role.OWNER)],
        origins=[Origin(history=history)],
        events=decoded.events,
        request=[0] * len(decoded.events),
        index=list(decoded.index),
    )
    for step in STEPS:
        _deeper(step, batch)
    return reasons(batch), [event.event_type for event in batch.events]


def _deeper(step: Callable[[Batch], None], batch: Batch, frames: int = 8) -> None:
    """As far down the stack as the line is, and a little more."""
    if frames:
        _deeper(step, batch, frames - 1)
    else:
        step(batch)


def in_a_fresh_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    """With a whole stack before it, as the line has it."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work, *arguments).result()


def test_as_many_properties_as_allowed_are_kept_and_one_more_is_refused() -> None:
    crowd = {f"p{number}": number for number in range(10)}
    batch = stepped(
        {"event_type": "a", "properties": crowd},
        {"event_type": "a", "properties": {**crowd, "one": "more"}},
        {"event_type": "a", "properties": {"inside": {**crowd}}},
        {"event_type": "a", "properties": {"list": [[1, 2, 3], [4, 5, 6, 7, 8]]}},
        rules=rules(max_properties=10),
    )
    assert reasons(batch) == [(index, "properties", "too_many_properties") for index in (1, 2, 3)]


def test_properties_as_large_as_allowed_are_kept_and_one_byte_more_is_refused() -> None:
    sizes = [{"event_type": "a", "properties": {"x": "é" * count}} for count in (46, 47)]
    batch = stepped(*sizes, rules=rules(max_event_bytes=100))
    assert reasons(batch) == [(1, "properties", "too_large")]
    assert "102 bytes" in batch.dropped[0].refusal.message


def test_properties_are_kept_as_they_were_sent() -> None:
    properties = {"a": [1, {"b": None}], "c": 1.5, "d": "é\x00", "e": {}, "f": True, "big": 10**30}
    [text] = column(stepped({"event_type": "a", "properties": properties}), "properties")
    assert json.loads(text) == properties


# Schemas


def test_an_event_that_breaks_its_types_schema_is_refused_naming_the_property() -> None:
    schema = Validator({"properties": {"amount": {"type": "number", "minimum": 0}}, "required": ["amount"]})
    batch = stepped(
        {"event_type": "sale", "properties": {"amount": 5}},
        {"event_type": "sale", "properties": {"amount": -5}},
        {"event_type": "sale"},
        {"event_type": "other", "properties": {"amount": "free"}},
        rules=rules(types=Types({("shop", "sale"): schema})),
    )
    assert reasons(batch) == [(1, "properties.amount", "breaks_schema"), (2, "properties", "breaks_schema")]


def test_a_schema_holds_for_its_own_tenant_alone() -> None:
    schema = Validator({"required": ["amount"]})
    batch = stepped({"event_type": "sale"}, tenant="other", rules=rules(types=Types({("shop", "sale"): schema})))
    assert reasons(batch) == []


def test_a_known_type_has_its_category_and_a_category_that_was_sent_wins() -> None:
    batch = stepped(
        {"event_type": "purchase"}, {"event_type": "mine"}, {"event_type": "purchase", "event_category": "trading"}
    )
    assert column(batch, "event_category") == ["commerce", "custom", "trading"]


# Where it came from


def test_the_requests_own_agent_and_address_count_only_when_a_browser_sent_it() -> None:
    browser = Origin(ip="203.0.113.9", user_agent=MOZILLA)
    server = Origin(ip="203.0.113.9", user_agent="python-httpx/0.28")
    own = {"event_type": "a", "user_agent": "Googlebot/2.1", "ip_address": "198.51.100.7"}
    assert column(stepped({"event_type": "a"}, origin=browser), "device") == ["desktop"]
    assert column(stepped({"event_type": "a"}, origin=browser), "ip_address") == ["203.0.113.0"]
    assert column(stepped({"event_type": "a"}, origin=server), "device") == [""]
    assert column(stepped({"event_type": "a"}, origin=server), "ip_address") == [""]
    batch = stepped(own, origin=browser)
    assert (column(batch, "is_bot"), column(batch, "ip_address")) == ([True], ["198.51.100.0"])


def test_addresses_are_kept_whole_only_where_that_is_chosen() -> None:
    event = {"event_type": "a", "ip_address": "2001:DB8::0001"}
    assert column(stepped(event), "ip_address") == ["2001:db8::"]
    assert column(stepped(event, rules=rules(anonymize_ip=False)), "ip_address") == ["2001:db8::1"]


def test_utm_tags_come_from_the_address_of_the_page_else_from_properties() -> None:
    batch = stepped(
        {"event_type": "a", "properties": {"url": "https://x.test/?utm_source=news&utm_campaign=may+sale"}},
        {"event_type": "a", "properties": {"utm_source": "mail", "utm_term": 7}},
        {"event_type": "a", "properties": {"url": "https://x.test/?utm_source=news", "utm_source": "mail"}},
        {"event_type": "a", "properties": {"url": 7}},
        {"event_type": "a"},
    )
    assert column(batch, "utm_source") == ["news", "mail", "news", "", ""]
    assert column(batch, "utm_campaign") == ["may sale", "", "", "", ""]
    assert column(batch, "utm_term") == [""] * 5


def test_a_referrer_is_shown_by_its_source() -> None:
    batch = stepped({"event_type": "a", "referrer": "https://www.google.co.uk/search?q=x"}, {"event_type": "a"})
    assert column(batch, "referrer_source") == ["Google", ""]


# Requests together


def test_requests_of_one_turn_keep_their_own_rules() -> None:
    berlin, utc = (Scope(name, "test", Role.OWNER, zone=zone) for name, zone in (("a", "Europe/Berlin"), ("b", "UTC")))
    noon = {"event_type": "a", "timestamp": "2026-01-15T12:00:00"}
    old = {"event_type": "old", "timestamp": "2010-01-15T12:00:00"}
    batch = run([(berlin, Origin(history=True), [noon, old]), (utc, Origin(), [old, noon])])
    assert [(drop.request, drop.index) for drop in batch.dropped] == [(1, 0)]
    assert (batch.request, batch.index) == ([0, 0, 1], [0, 1, 1])
    times = column(batch, "timestamp")
    assert times[2] - times[0] == timedelta(hours=1)


def test_one_person_in_two_tenants_is_in_two_sessions_and_nobody_is_in_none() -> None:
    one, two = (Scope(name, "test", Role.OWNER) for name in ("a", "b"))
    event = {"event_type": "a", "user_id": "u"}
    batch = run([(one, Origin(), [event, {"event_type": "a"}]), (two, Origin(), [event])])
    first, nobody, second = column(batch, "session")
    assert nobody == 0
    assert len({first, second, 0}) == 3


def test_whose_session_it_is_session_id_then_user_then_visitor() -> None:
    names = {"session_id": "x", "user_id": "x", "anonymous_id": "x"}
    sent = [dict(list(names.items())[number:]) for number in range(3)]
    sessions = column(stepped(*({"event_type": "a", **fields} for fields in [*sent, *sent])), "session")
    assert len(set(sessions[:3])) == 3
    assert sessions[:3] == sessions[3:]

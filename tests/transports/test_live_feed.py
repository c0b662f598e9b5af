"""The live feed: who may listen, what comes, what is said when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from factbook.access.tenancy import Tenancy
from factbook.core.scope import Role, Scope
from factbook.storage.warehouse import Warehouse
from factbook.transports.websocket import feed
from factbook.transports.websocket.feed import MOST_A_SECOND, PATH

from .reading_services import Reading, reading


@pytest.fixture
def served(warehouse: Warehouse, scope: Scope, tmp_path: Path) -> Iterator[Reading]:
    with reading(warehouse, scope, tmp_path) as found:
        yield found


def offer(served: Reading, *types: str) -> None:
    """What ingest does for the listeners of the tenant."""
    for listener in served.services.feed.listeners:
        wanted = [name for name in types if not listener.event_types or name in listener.event_types]
        listener.offer([{"id": name, "event_type": name} for name in wanted])


def received(session: Any, type_: str) -> dict[str, Any]:
    """The next message of this type."""
    while True:
        message: dict[str, Any] = session.receive_json()
        if message["type"] == type_:
            return message


def connect(served: Reading, query: str = "", role: Role = Role.ANALYST, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {served.keys[role]}"}
    return served.client.websocket_connect(PATH + query, headers=headers, **options)


def test_events_come_as_they_are_accepted(served: Reading) -> None:
    with connect(served) as session:
        assert received(session, "hello")["event_types"] == []
        offer(served, "page_view", "purchase")
        assert received(session, "event")["event"]["event_type"] == "page_view"
        assert received(session, "event")["event"]["event_type"] == "purchase"


def test_only_the_types_asked_for_come(served: Reading) -> None:
    with connect(served, "?event_type=purchase,refund") as session:
        assert received(session, "hello")["event_types"] == ["purchase", "refund"]
        offer(served, "page_view", "refund")
        assert received(session, "event")["event"]["event_type"] == "refund"


def test_the_overview_comes_every_second_where_asked(served: Reading) -> None:
    with connect(served, "?overview=1") as session:
        for _ in range(2):
            assert received(session, "overview")["events_today"] == 0


def test_what_was_left_out_is_counted_for_the_reader(served: Reading) -> None:
    with connect(served) as session:
        received(session, "hello")
        [listener] = served.services.feed.listeners
        listener.offer([{"event_type": "page_view"}] * 25)  # room for 10
        assert received(session, "missed")["count"] >= 15


def test_no_more_events_are_shown_in_a_second_than_anybody_reads(served: Reading) -> None:
    with connect(served) as session:
        received(session, "hello")
        for _ in range(60):
            offer(served, *["page_view"] * 8)
        shown = 0
        while (message := session.receive_json())["type"] != "missed":
            shown += message["type"] == "event"
        assert 0 < shown <= 2 * MOST_A_SECOND
        assert message["count"] > 0


@pytest.mark.parametrize("way", ["token", "protocol", "x-api-key"])
def test_a_key_may_come_where_a_client_can_put_it(served: Reading, way: str) -> None:
    key = served.keys[Role.ADMIN]
    if way == "token":
        opened = served.client.websocket_connect(f"{PATH}?token={key}")
    elif way == "protocol":
        opened = served.client.websocket_connect(PATH, subprotocols=["factbook", f"bearer.{key}"])
    else:
        opened = served.client.websocket_connect(PATH, headers={"X-API-Key": key})
    with opened as session:
        assert received(session, "hello")
        assert session.accepted_subprotocol == ("factbook" if way == "protocol" else None)


@pytest.mark.parametrize(("role", "code"), [(None, 4401), (Role.WRITER, 4403), (Role.VIEWER, 4403)])
def test_who_may_not_listen_is_told_why(served: Reading, role: Role | None, code: int) -> None:
    headers = {"Authorization": f"Bearer {served.keys[role]}"} if role else {}
    with (
        served.client.websocket_connect(PATH, headers=headers) as session,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        session.receive_json()
    assert closed.value.code == code
    assert closed.value.reason


def test_a_listener_who_leaves_is_forgotten(served: Reading) -> None:
    with connect(served) as session:
        received(session, "hello")
        assert len(served.services.feed.listeners) == 1
    assert not served.services.feed.listeners


def test_a_revoked_key_ends_the_feed(served: Reading, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT", 0.1)
    with connect(served) as session:
        received(session, "hello")
        [row] = [row for row in served.services.keys.all(scope) if row.role == Role.ANALYST.value]
        served.services.keys.revoke(scope, row.id)
        with pytest.raises(WebSocketDisconnect) as closed:
            received(session, "never")
    assert closed.value.code == 4401


def test_the_feed_ends_when_what_may_be_seen_of_it_changes(
    served: Reading, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT", 0.1)
    services = served.services
    tenancy = Tenancy(services.keys._metadata, services.keys, services.clock)
    with connect(served) as session:
        received(session, "hello")
        tenancy.change(scope, scope.tenant, {"role_rules": {"analyst": {"masked": True}}})
        with pytest.raises(WebSocketDisconnect) as closed:
            received(session, "never")
    assert (closed.value.code, closed.value.reason) == (4503, "What you may see has changed: connect again.")

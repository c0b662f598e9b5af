"""Loading over HTTP: marks travel with the batch, a busy server is waited for, a refusal is told."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.ingest.file_http import HttpSink
from tests.ingest.stand_in import StandIn, stand_in

BODY = b'[{"event_type": "a"}, {"event_type": "b"}]'


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


def test_batch_carries_its_mark_and_asks_for_history(server: StandIn) -> None:
    with HttpSink(server.address, "key") as sink:
        assert sink.position("file:a b/c") == 0
        sent = sink.send(BODY, "file:a b/c", 2)
        assert (sent.accepted, sent.duplicates, sent.refused) == (2, 0, ())
        assert sink.position("file:a b/c") == 2
    headers = server.requests[0]
    assert headers["Authorization"] == "Bearer key"
    assert headers["X-Factbook-History"] == "true"
    assert (headers["X-Factbook-Load"], headers["X-Factbook-Position"]) == ("file:a b/c", "2")


@pytest.mark.parametrize("status", [429, 503])
def test_busy_server_is_asked_again_after_the_time_it_names(server: StandIn, status: int) -> None:
    server.answers = [(status, {"Retry-After": "1"}), (status, {"Retry-After": "0"})]
    notices: list[FactbookError] = []
    began = time.monotonic()
    with HttpSink(server.address, "key", notice=notices.append) as sink:
        assert sink.send(BODY, "s", 2).accepted == 2
    assert 0.9 < time.monotonic() - began < 10
    assert [notice.retry_after for notice in notices] == [1.0, 0.0]
    assert server.events == 2


def test_busy_server_is_given_up_when_patience_ends(server: StandIn) -> None:
    server.answers = [(503, {"Retry-After": "0"})] * 10_000
    with HttpSink(server.address, "key", patience=0.3) as sink, pytest.raises(FactbookError) as caught:
        sink.send(BODY, "s", 2)
    assert caught.value.kind is Kind.UNAVAILABLE
    assert server.events == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Kind.UNAUTHENTICATED), (403, Kind.FORBIDDEN), (413, Kind.TOO_LARGE), (400, Kind.MALFORMED)],
)
def test_refusal_is_told_at_once(server: StandIn, status: int, kind: Kind) -> None:
    server.answers = [(status, {})]
    with (
        HttpSink(server.address, "key") as sink,
        pytest.raises(FactbookError, match=f"refused with {status}") as caught,
    ):
        sink.send(BODY, "s", 2)
    assert caught.value.kind is kind
    assert server.answers == []


def test_batch_of_bad_events_alone_is_told_event_by_event(server: StandIn) -> None:
    server.bad = 2
    with HttpSink(server.address, "key") as sink:
        sent = sink.send(BODY, "s", 2)
    assert sent.accepted == 0
    assert [(refused.index, refused.reason) for refused in sent.refused] == [(0, "bad_time"), (1, "bad_time")]


def test_server_that_is_not_there_is_told() -> None:
    with stand_in() as gone:
        address = gone.address
    with HttpSink(address, "key", patience=0.2) as sink, pytest.raises(FactbookError, match="does not answer"):
        sink.position("s")

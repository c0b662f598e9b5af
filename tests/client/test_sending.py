"""What is sent arrives once, whole, in the background; what is refused is told."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factbook.client import Client, ClientError, Refusal

from .server import Server


def fresh() -> str:
    """A type of event that no other test knows."""
    return f"type-{uuid.uuid4().hex}"


def test_an_event_arrives_with_its_fields_properties_and_the_time_at_which_it_was_sent(standing: Server) -> None:
    kind = fresh()
    with standing.sender() as client:
        before = datetime.now(UTC).isoformat(timespec="milliseconds")
        event_id = client.send(kind, user_id=42, session_id="s-1", amount=49.9, id=7, tags=["a", {"b": None}])
        after = datetime.now(UTC).isoformat(timespec="milliseconds")
        assert client.flush(30)
        assert client.stats().sent == 1
    standing.settle()
    [event] = standing.reader().events(event_type=kind)
    assert event["id"] == event_id
    assert (event["user_id"], event["session_id"]) == ("42", "s-1")
    assert event["properties"] == {"amount": 49.9, "id": 7, "tags": ["a", {"b": None}]}
    assert before <= event["timestamp"].replace("Z", "+00:00") <= after


@pytest.mark.parametrize("compression", ["zstd", "gzip", "none"])
def test_many_events_arrive_in_order_and_once(standing: Server, compression: str) -> None:
    kind = fresh()
    with standing.sender(compression=compression, batch_events=100) as client:
        ids = client.send_many({"event_type": kind, "user_id": f"u-{n}", "text": "x" * 50} for n in range(1050))
        assert client.flush(60)
        assert (client.stats().sent, client.stats().waiting) == (1050, 0)
    assert sorted(standing.ids(kind)) == sorted(ids)


def test_events_of_many_threads_arrive_once_each(standing: Server) -> None:
    kind = fresh()
    ids: list[str] = []
    with standing.sender(batch_events=50) as client:
        threads = [
            threading.Thread(target=lambda: ids.extend([client.send(kind, x=n) for n in range(300)])) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(set(ids)) == 2400
    assert sorted(standing.ids(kind)) == sorted(ids)


def test_an_id_sent_before_is_a_duplicate_and_counts_once(standing: Server) -> None:
    kind, event_id = fresh(), str(uuid.uuid4())
    with standing.sender() as client:
        for _ in range(3):
            client.send(kind, event_id=event_id)
        client.flush(30)
        client.send(kind, event_id=event_id)
        client.flush(30)
        assert (client.stats().sent, client.stats().duplicates) == (1, 3)
    assert standing.ids(kind) == [event_id]


def test_refused_events_reach_the_callback_with_index_field_and_reason_and_the_good_ones_arrive(
    standing: Server,
) -> None:
    kind = fresh()
    told: list[Refusal] = []
    with standing.sender(on_error=told.append, batch_seconds=60) as client:
        good = client.send(kind)
        client.send(kind, timestamp="yesterday, at noon", x=1)
        client.send(kind, user_id="u" * 600)
        assert client.flush(30)
        assert (client.stats().sent, client.stats().refused) == (1, 2)
    assert [(one.index, one.field, one.reason) for one in told] == [
        (1, "timestamp", "bad_time"),
        (2, "user_id", "bad_length"),
    ]
    assert told[0].event["properties"] == {"x": 1}
    assert told[0].letter_id
    assert standing.ids(kind) == [good]


def test_a_batch_of_refused_events_alone_is_told_event_by_event(standing: Server) -> None:
    told: list[Refusal] = []
    with standing.sender(on_error=told.append, batch_seconds=60) as client:
        client.send_many({"event_type": fresh(), "timestamp": "soon", "n": n} for n in range(3))
        assert client.flush(30)
    assert [one.event["properties"]["n"] for one in told] == [0, 1, 2]
    assert {one.reason for one in told} == {"bad_time"}


def test_a_callback_may_send_again_and_may_fail(standing: Server) -> None:
    kind = fresh()
    calls: list[Refusal] = []

    def mend(refusal: Refusal) -> None:
        calls.append(refusal)
        client.send(kind, event_id=refusal.event["event_id"])
        raise RuntimeError("after that, it fails")

    with standing.sender(on_error=mend) as client:
        event_id = client.send(kind, timestamp="soon")
        assert client.flush(30)
        assert client.flush(30)
    assert len(calls) == 1
    assert standing.ids(kind) == [event_id]


def test_bodies_beyond_what_the_server_takes_are_parted_and_an_event_beyond_it_is_refused(tmp_path: Path) -> None:
    told: list[Refusal] = []
    with (
        Server(tmp_path / "data", FACTBOOK_ANALYTICS_INGESTION_MAX_BODY_BYTES="20KiB") as small,
        small.sender(on_error=told.append, batch_seconds=60) as client,
    ):
        ids = [client.send("fits", n=n, text="x" * 1000) for n in range(50)]
        client.send("huge", text="x" * 30_000)
        ids += [client.send("fits", n=n, text="x" * 1000) for n in range(50)]
        assert client.flush(60)
        assert client.stats().refused == 1
        assert [(one.reason, one.event["event_type"]) for one in told] == [("too_large", "huge")]
        assert sorted(small.ids("fits")) == sorted(ids)


def test_a_refused_key_is_told_by_flush_and_the_events_stay_until_close_gives_them_back(standing: Server) -> None:
    told: list[Refusal] = []
    client = Client(standing.url, "no-such-key", on_error=told.append)
    client.send("kept", x=1)
    with pytest.raises(ClientError) as refused:
        client.flush(30)
    assert refused.value.status == 401
    assert refused.value.hint
    assert refused.value.correlation_id
    assert client.stats().waiting == 1
    with pytest.raises(ClientError, match="1 events could not be delivered"):
        client.close()
    assert [(one.reason, one.event["properties"]) for one in told] == [("undelivered", {"x": 1})]


def test_something_else_at_the_address_is_told_and_takes_nothing(standing: Server) -> None:
    client = Client(f"{standing.url}/elsewhere", standing.write_key)
    client.send("kept")
    with pytest.raises(ClientError) as refused:
        client.flush(30)
    assert refused.value.status == 404
    with pytest.raises(ClientError, match="1 events"):
        client.close()


@pytest.mark.parametrize("url", ["127.0.0.1:8005", "ftp://host", ""])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ClientError) as refused:
        Client(url, "key")
    assert refused.value.field == "url"


def test_a_closed_client_takes_nothing(standing: Server) -> None:
    client = standing.sender()
    client.close()
    client.close()
    with pytest.raises(ClientError, match="closed"):
        client.send("late")

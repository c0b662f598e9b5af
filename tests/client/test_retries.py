"""What passes by itself is tried again, as the server asks; what does not is told at once."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from factbook.client import Client, ClientError, Refusal
from factbook.client.answers import retry_after
from factbook.client.patience import delay

from .scripted import Answer, scripted

PASSING = {
    "too many requests": Answer(429, {"detail": "slowly"}, {"Retry-After": "0"}),
    "not available": Answer(503, {"detail": "starting"}, {"Retry-After": "0"}),
    "a defect": Answer(500, {"detail": "a defect"}),
    "a gateway's page": Answer(502, b"<html>Bad Gateway</html>"),
    "hung up in mid-answer": Answer(200, b'{"processed', hangs_up=True),
}


@pytest.mark.parametrize("name", PASSING)
def test_events_are_sent_again_until_they_are_answered(name: str) -> None:
    with scripted(PASSING[name], PASSING[name], Answer()) as server, Client(server.url, "key") as client:
        event_id = client.send("kept", x=1)
        assert client.flush(30)
        assert (client.stats().sent, client.stats().failures) == (1, 0)
    assert [[event["event_id"] for event in body] for _, _, body in server.asked] == [[event_id]] * 3


STANDING = {
    "forbidden": Answer(403, {"detail": "This key may not send.", "suggested_actions": ["Use a write key."]}),
    "moved": Answer(301, b"", {"Location": "https://elsewhere"}),
    "refused by a stranger": Answer(400, b"<html>The plain HTTP request was sent to HTTPS port</html>"),
    "refused by another service": Answer(422, {"detail": "Nothing of ours."}),
    "bytes": Answer(404, b'{"detail": "\xff\xfe"}'),
    "no JSON": Answer(200, b"<html>It works!</html>"),
    "other JSON": Answer(200, {"ok": True}),
    "JSON that is no object": Answer(200, [1]),
    "an index out of range": Answer(200, {"processed_count": 0, "errors": [{"index": 7}]}),
}


@pytest.mark.parametrize("name", STANDING)
def test_what_does_not_pass_by_itself_is_told_by_flush_and_nothing_counts_as_sent(name: str) -> None:
    with scripted(STANDING[name]) as server:
        client = Client(server.url, "key")
        client.send("kept")
        with pytest.raises(ClientError) as told:
            client.flush(30)
        assert told.value.status == STANDING[name].status
        assert (client.stats().sent, client.stats().waiting) == (0, 1)
        with pytest.raises(ClientError, match="1 events could not"):
            client.close()


def test_a_body_that_a_gateway_finds_too_large_is_parted_and_an_event_alone_refused() -> None:
    large = Answer(413, b"<html>Request Entity Too Large</html>")
    told: list[Refusal] = []
    with (
        scripted(large, large, Answer()) as server,
        Client(server.url, "key", on_error=told.append, batch_seconds=60) as client,
    ):
        client.send_many({"event_type": "kept", "n": n} for n in range(2))
        assert client.flush(30)
        assert (client.stats().sent, client.stats().refused) == (1, 1)
    assert [len(body) for _, _, body in server.asked] == [2, 1, 1]
    assert [(one.reason, one.event["properties"]) for one in told] == [("too_large", {"n": 0})]


def test_a_fault_that_was_mended_is_forgotten() -> None:
    with scripted(STANDING["forbidden"]) as server, Client(server.url, "key") as client:
        client.send("kept")
        with pytest.raises(ClientError):
            client.flush(30)
        server.answers = [Answer()]
        assert client.flush(30)
        assert client.stats().sent == 1


def test_a_question_is_asked_again_while_the_server_is_busy_and_then_told() -> None:
    busy = Answer(503, {"detail": "busy"}, {"Retry-After": "0"})
    good = Answer(200, {"metrics": [{"id": "revenue"}]})
    with scripted(busy, busy, good) as server:
        assert Client(server.url, "key").metrics() == [{"id": "revenue"}]
    with scripted(busy) as server:
        with pytest.raises(ClientError, match="busy") as told:
            Client(server.url, "key").metrics()
        assert told.value.status == 503
        assert told.value.passing
        assert len(server.asked) == 4


def test_a_question_is_not_repeated_where_that_does_not_help() -> None:
    refused = Answer(
        422,
        {"detail": "There is no such metric.", "field": "metrics", "suggested_actions": ["revenue?"], "instance": "/x"},
        {"X-Request-ID": "r-1"},
    )
    with scripted(refused) as server:
        with pytest.raises(ClientError) as told:
            Client(server.url, "key").query("revenu")
        assert len(server.asked) == 1
    error = told.value
    assert (error.status, error.field, error.hint, error.correlation_id) == (422, "metrics", "revenue?", "r-1")
    assert str(error) == "There is no such metric. revenue?"
    assert error.details["instance"] == "/x"


def test_nobody_there_is_told_with_the_address() -> None:
    with scripted(Answer()) as server:
        url = server.url
    with pytest.raises(ClientError, match=url) as told:
        Client(url, "key").metrics()
    assert told.value.status is None
    assert told.value.hint


@pytest.mark.parametrize("failures", [1, 2, 5, 50, 5000])
def test_delays_grow_up_to_a_bound_differ_and_keep_to_what_was_asked(failures: int) -> None:
    delays = {delay(failures) for _ in range(100)}
    assert len(delays) > 90
    longest = min(0.1 * 2.0 ** min(failures - 1, 10), 10.0)
    assert all(longest / 2 <= each <= longest for each in delays)
    assert all(7.0 <= delay(failures, 7.0) <= 7.2 for _ in range(100))


def test_retry_after_is_read_in_both_its_forms() -> None:
    assert retry_after("120") == 120
    assert 50 < (retry_after(formatdate(time.time() + 60, usegmt=True)) or 0) <= 60
    assert retry_after(formatdate(time.time() - 60, usegmt=True)) == 0
    assert retry_after("99999999") == 3600
    for text in ("", "soon", "-1", "1e9", "٣"):
        assert retry_after(text) is None

"""Every response carries an id, the caller's where he sent a usable one; a trace goes on."""

from __future__ import annotations

import re

import pytest
import structlog
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from factbook.transports.http.request_id import RequestId, correlation_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the correlation id that the code below the middleware sees."""
    bound = structlog.contextvars.get_contextvars()["correlation_id"]
    assert bound == correlation_id(scope)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": correlation_id(scope).encode()})


def client() -> TestClient:
    return TestClient(RequestId(echo))


def test_callers_id_is_echoed_and_seen_below() -> None:
    answer = client().get("/", headers={"X-Request-ID": "order-7:retry/2"})
    assert (answer.headers["x-request-id"], answer.text) == ("order-7:retry/2", "order-7:retry/2")


def test_request_without_an_id_gets_one_of_its_own() -> None:
    first, second = client().get("/"), client().get("/")
    assert re.fullmatch(r"[0-9a-f]{32}", first.headers["x-request-id"])
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert first.text == first.headers["x-request-id"]


@pytest.mark.parametrize("sent", ["", "with space", "x" * 129, 'a"b', "<script>", "a;b"])
def test_unusable_id_is_replaced(sent: str) -> None:
    assert client().get("/", headers={"X-Request-ID": sent}).headers["x-request-id"] != sent


def test_trace_is_continued_under_its_id_with_a_span_of_ours() -> None:
    answer = client().get("/", headers={"traceparent": PARENT})
    version, trace, span, flags = answer.headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert re.fullmatch(r"[0-9a-f]{16}", span)
    assert span != "b7ad6b7169203331"
    assert answer.headers["x-request-id"] == TRACE


def test_callers_id_counts_before_the_trace() -> None:
    answer = client().get("/", headers={"traceparent": PARENT, "x-request-id": "mine"})
    assert (answer.headers["x-request-id"], answer.headers["traceparent"][3:35]) == ("mine", TRACE)


@pytest.mark.parametrize("sent", ["00-zz-b7ad6b7169203331-01", f"00-{'0' * 32}-b7ad6b7169203331-01", "nonsense"])
def test_bad_trace_is_not_continued(sent: str) -> None:
    assert "traceparent" not in client().get("/", headers={"traceparent": sent}).headers


def test_middleware_standing_twice_gives_one_id() -> None:
    answer = TestClient(RequestId(RequestId(echo))).get("/")
    assert len(answer.headers.get_list("x-request-id")) == 1


def test_defect_is_logged_under_the_id_that_the_caller_sees() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("boom")

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        answer = TestClient(RequestId(broken)).get("/x")
    assert answer.status_code == 500
    (line,) = logged
    assert (line["event"], line["path"], line["error"]) == ("unexpected error", "/x", "RuntimeError")
    assert line["correlation_id"] == answer.headers["x-request-id"] == answer.json()["correlation_id"]


def test_defect_in_the_middle_of_an_answer_breaks_it_off() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        TestClient(RequestId(broken)).get("/x")


def test_defect_that_was_answered_below_is_logged_once_and_not_raised_again() -> None:
    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"told"})
        raise RuntimeError("boom")

    with capture_logs() as logged:
        assert TestClient(RequestId(answered)).get("/x").text == "told"
    assert len(logged) == 1

"""Dead letters over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import pytest

from factbook.core.clock import epoch_ms
from factbook.core.scope import Role, Scope
from factbook.ingest.batch import Origin
from factbook.ingest.blocks import Letter, letter_rows
from factbook.ingest.receipts import EventError, Receipt
from factbook.storage.engine import Engine
from tests.clocks import SetClock
from tests.transports.administration import Administration, administration

LETTERS = "/api/v1/dead-letters"


class Line:
    """Takes what is a purchase and refuses the rest; keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], Origin]] = []

    def submit(self, scope: Scope, body: bytes, origin: Origin) -> Future[Receipt]:
        event = json.loads(body)
        self.sent.append((event, origin))
        future: Future[Receipt] = Future()
        if event["event_type"] == "purchase":
            future.set_result(Receipt("b", 1, 0, 0, (), uuid4().bytes))
        else:
            error = EventError(0, "event_type", "unknown", "Not a purchase.", "", str(uuid4()))
            future.set_result(Receipt("b", 0, 0, 0, (error,), b""))
        return future


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def served(engine: Engine, scope: Scope, tmp_path: Path, line: Line) -> Iterator[Administration]:
    with administration(engine, scope, tmp_path, SetClock(datetime.now(UTC)), intake=line) as found:
        yield found


def put(engine: Engine, scope: Scope, *bodies: str, reason: str = "too_old") -> list[str]:
    """One letter a body, a second apart, oldest first; their ids."""
    ids = [uuid4() for _ in bodies]
    began = datetime.now(UTC) - timedelta(minutes=5)
    letters = [
        Letter(
            scope.tenant,
            each.bytes,
            epoch_ms(began + timedelta(seconds=number)),
            reason,
            "timestamp",
            "Old.",
            "",
            "http",
            body,
        )
        for number, (each, body) in enumerate(zip(ids, bodies, strict=True))
    ]
    rows = letter_rows(letters)
    engine.insert("dead_letters", rows.append_column("block", pa.array([1] * len(ids), pa.uint64())), token=str(ids[0]))
    return [str(each) for each in ids]


def test_letters_are_read_page_by_page_newest_first(served: Administration, engine: Engine, scope: Scope) -> None:
    ids = put(engine, scope, *('{"event_type":"page_view"}' for _ in range(5)))
    found, cursor = [], ""
    while cursor is not None:
        page = served.call("GET", f"{LETTERS}?limit=2&cursor={cursor}", role=Role.ANALYST).json()
        found += [each["letter_id"] for each in page["dead_letters"]]
        cursor = page["next_cursor"]
    assert found == list(reversed(ids))


def test_a_letter_shows_what_was_sent_even_where_it_is_no_json(
    served: Administration, engine: Engine, scope: Scope
) -> None:
    good, bad = put(engine, scope, '{"event_type":"page_view"}', "{not json")
    assert served.call("GET", f"{LETTERS}/{good}").json()["event"] == {"event_type": "page_view"}
    letter = served.call("GET", f"{LETTERS}/{bad}").json()
    assert (letter["event"], letter["body"], letter["reason"]) == (None, "{not json", "too_old")


def test_letters_are_counted_and_filtered_by_reason(served: Administration, engine: Engine, scope: Scope) -> None:
    put(engine, scope, "1", "2")
    put(engine, scope, "3", reason="bad_time")
    stats = served.call("GET", f"{LETTERS}/stats").json()
    assert (stats["total"], [each["count"] for each in stats["by_reason"]]) == (3, [2, 1])
    assert len(served.call("GET", f"{LETTERS}?reason=bad_time").json()["dead_letters"]) == 1


def test_a_letter_goes_in_again_as_it_was_or_corrected_and_is_gone(
    served: Administration, engine: Engine, scope: Scope, line: Line
) -> None:
    first, second = put(engine, scope, '{"event_type":"purchase"}', "{not json")
    done = served.call("POST", f"{LETTERS}/{first}/resubmit")
    assert (done.status_code, done.json()["result"], done.json()["repeated"]) == (200, "accepted", False)
    body = {"event": {"event_type": "purchase", "properties": {"amount": 3}}, "history": True}
    assert served.call("POST", f"{LETTERS}/{second}/resubmit", body).json()["success"]
    assert served.call("GET", LETTERS).json()["dead_letters"] == []
    assert served.call("POST", f"{LETTERS}/{second}/resubmit").json()["repeated"]
    assert [(event.get("properties"), origin.history) for event, origin in line.sent] == [
        (None, False),
        ({"amount": 3}, True),
    ]
    assert all(UUID(event["id"]) for event, _ in line.sent)


def test_refused_again_the_answer_names_the_reason_and_the_new_letter(
    served: Administration, engine: Engine, scope: Scope
) -> None:
    [letter] = put(engine, scope, '{"event_type":"page_view"}')
    answer = served.call("POST", f"{LETTERS}/{letter}/resubmit")
    assert (answer.status_code, answer.json()["field"], answer.json()["reason"]) == (422, "event_type", "unknown")
    again = served.call("POST", f"{LETTERS}/{letter}/resubmit")
    assert (again.status_code, again.json()["letter_id"]) == (409, answer.json()["letter_id"])


@pytest.mark.parametrize("body", [{"event": []}, {"evnt": {}}, {"history": "sometimes"}, []])
def test_a_body_that_is_none_is_refused(served: Administration, engine: Engine, scope: Scope, body: Any) -> None:
    [letter] = put(engine, scope, "{}")
    assert served.call("POST", f"{LETTERS}/{letter}/resubmit", body).status_code == 422


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "limit=x", "cursor=nonsense"])
def test_a_page_that_cannot_be_is_refused(served: Administration, query: str) -> None:
    answer = served.call("GET", f"{LETTERS}?{query}")
    assert (answer.status_code, answer.json()["field"]) == (422, query.partition("=")[0])


def test_a_letter_nobody_has_is_not_found(served: Administration) -> None:
    for path in ("nonsense", str(uuid4())):
        assert served.call("GET", f"{LETTERS}/{path}").status_code == 404
        assert served.call("POST", f"{LETTERS}/{path}/resubmit").status_code == 404


def test_analysts_read_and_admins_send(served: Administration, engine: Engine, scope: Scope) -> None:
    [letter] = put(engine, scope, '{"event_type":"purchase"}')
    assert served.call("GET", f"{LETTERS}/{letter}", role=Role.ANALYST).status_code == 200
    assert served.call("POST", f"{LETTERS}/{letter}/resubmit", role=Role.ANALYST).status_code == 403
    for role in (Role.WRITER, Role.VIEWER):
        assert served.call("GET", LETTERS, role=role).status_code == 403

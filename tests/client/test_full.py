"""A buffer that is full: it blocks or raises, never drops, and never grows beyond its bound."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from factbook.client import Client, ClientError

from .server import Server


def until_refused(client: Client, taken: list[str]) -> ClientError:
    while True:
        try:
            taken.append(client.send("kept", text="x" * 500))
        except ClientError as error:
            return error


@pytest.mark.parametrize("spooled", [False, True])
def test_full_raises_where_that_was_asked_for_and_what_was_taken_arrives(
    own: Server, tmp_path: Path, spooled: bool
) -> None:
    client = own.sender(when_full="raise", buffer_bytes=20_000, spool=tmp_path / "spool" if spooled else None)
    taken: list[str] = []
    full = until_refused(client, taken)
    assert "no room" in full.message
    assert full.field == "buffer_bytes"
    assert full.passing
    assert 20 < len(taken) < 40
    own.start()
    assert client.flush(60)
    taken.append(client.send("kept", text="there is room again"))
    client.close()
    assert sorted(own.ids("kept")) == sorted(taken)


def test_full_blocks_until_there_is_room(own: Server) -> None:
    client = own.sender(buffer_bytes=20_000, batch_events=10)
    ids: list[str] = []
    sizes: list[int] = []

    def send() -> None:
        for _ in range(500):
            ids.append(client.send("kept", text="x" * 500))
            sizes.append(client.stats().waiting)

    thread = threading.Thread(target=send)
    thread.start()
    own.start()  # takes a second and more: by then the buffer is full
    thread.join(120)
    client.close()
    assert max(sizes) < 40
    assert len(ids) == 500
    assert sorted(own.ids("kept")) == sorted(ids)


def test_full_and_a_key_that_is_refused_raises_instead_of_blocking_for_ever(standing: Server) -> None:
    client = Client(standing.url, "no-such-key", buffer_bytes=2000, on_error=lambda refusal: None)
    assert until_refused(client, []).status == 401
    with pytest.raises(ClientError, match="could not be delivered"):
        client.close()


def test_send_many_tells_how_many_were_taken(own: Server) -> None:
    client = own.sender(when_full="raise", buffer_bytes=2000, batch_events=5)
    with pytest.raises(ClientError, match="no room") as full:
        client.send_many({"event_type": "kept", "n": n} for n in range(1000))
    assert full.value.details["taken"] == client.stats().waiting > 0
    own.start()
    client.close()
    assert len(own.ids("kept")) == full.value.details["taken"]

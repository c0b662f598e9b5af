"""Connections that are slow on purpose: each ends in time, and holds up nobody else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import pytest
from fastapi import FastAPI

from factbook.transports.http.patience import MAX_HEAD_BYTES, Patient
from tests.listening import listening

SOON, LATER = 0.3, 0.6
"""Seconds that a head and a whole request may take here."""


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, then says how long it was; /early answers before it reads."""
    size, more = 0, True
    head = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]}
    if scope["path"] == "/early":
        await send(head)
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    if scope["path"] != "/early":
        await send(head)
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with listening(cast(FastAPI, application), partial(Patient, SOON, LATER)) as url:
        host, port = url.removeprefix("http://").split(":")
        yield host, int(port)


@pytest.fixture
def wire(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=20) as made:
        yield made


def everything(wire: socket.socket) -> bytes:
    """What comes until the server closes; a server that never does fails by the socket's timeout."""
    found = b""
    while piece := wire.recv(65536):
        found += piece
    return found


def test_a_connection_that_says_nothing_is_closed_without_a_word(wire: socket.socket) -> None:
    assert everything(wire) == b""


def test_a_head_that_never_ends_is_answered_and_closed(wire: socket.socket) -> None:
    wire.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
    answer = everything(wire)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


def test_a_head_that_comes_byte_by_byte_gains_no_time(wire: socket.socket) -> None:
    wire.setblocking(True)
    wire.sendall(b"GET / HTTP/1.1\r\n")
    wire.settimeout(0.05)
    answer = b""
    for _ in range(200):
        try:
            wire.sendall(b"x")
            answer += wire.recv(4096)
        except TimeoutError:
            continue
        except OSError:
            break
        if b"408" in answer:
            break
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_never_ends_is_answered_and_closed(wire: socket.socket) -> None:
    wire.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12345")
    assert everything(wire).startswith(b"HTTP/1.1 408 ")


def test_an_answer_that_has_begun_is_not_followed_by_another(wire: socket.socket) -> None:
    wire.sendall(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12345")
    answer = everything(wire)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"408" not in answer


def test_a_connection_between_two_requests_is_left_open(wire: socket.socket) -> None:
    asked = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc"
    wire.sendall(asked)
    assert wire.recv(4096).endswith(b"3")
    wire.settimeout(LATER * 2)
    with pytest.raises(TimeoutError):
        wire.recv(1)
    wire.settimeout(20)
    wire.sendall(asked)
    assert wire.recv(4096).endswith(b"3")


def test_a_head_without_end_is_not_kept_in_memory(wire: socket.socket) -> None:
    sent = 0
    wire.sendall(b"GET / HTTP/1.1\r\n")
    answer = b""
    try:
        while sent < 50 * MAX_HEAD_BYTES:
            wire.sendall(b"x-much: " + b"y" * 8000 + b"\r\n")
            sent += 8010
        answer = everything(wire)
    except OSError:
        pass
    assert sent < 50 * MAX_HEAD_BYTES
    assert not answer or answer.startswith(b"HTTP/1.1 431 ")

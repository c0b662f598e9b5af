"""Malformed, truncated, deep, huge, wrongly encoded bodies and bombs get 4xx, and cost bounded memory."""

from __future__ import annotations

import gzip
import io
import json
import random
import socket
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from backports import zstd

from factbook.bench.process import forget_peak, memory_mib
from factbook.bench.server import Served

from .sender import make, send

MIB = 1024 * 1024
GOOD = json.dumps(make(random.Random(1))).encode()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all bodies: it must outlive every one of them."""
    server = Served(tmp_path_factory.mktemp("hostile") / "data")
    server.start()
    send(server, [make(random.Random(number)) for number in range(1000)])
    yield server
    if server.running:
        server.kill()
    print(server.last_words())


def zipped(plain: bytes, times: int) -> bytes:
    """`plain` over and over as gzip, made without holding it."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
        for _ in range(times):
            file.write(plain)
    return out.getvalue()


def zstd_packed(plain: bytes, times: int) -> bytes:
    packer = zstd.ZstdCompressor(level=3)
    return b"".join(packer.compress(plain) for _ in range(times)) + packer.flush()


DEEP = 100_000
BODIES: dict[str, tuple[bytes, dict[str, str], set[int]]] = {
    "empty": (b"", {}, {400}),
    "blanks": (b" \n\t ", {}, {400}),
    "not JSON": (b"event_type=page_view&x=1", {}, {400}),
    "binary": (bytes(range(256)) * 40, {}, {400}),
    "cut off": (GOOD[:-20], {}, {400}),
    "cut off in a batch": (b"[" + GOOD + b"," + GOOD[:-9], {}, {400}),
    "two roots": (GOOD + GOOD, {}, {400, 422}),
    "a number": (b"17", {}, {400, 422}),
    "null": (b"null", {}, {400, 422}),
    "batch of nothing useful": (b'[1, null, "x", [], {}]', {}, {422}),
    "events is no array": (b'{"events": {"a": 1}}', {}, {400, 422}),
    "Latin-1": (GOOD[:-1] + b', "caf\xe9": 1}', {}, {400}),
    "UTF-16": (GOOD.decode().encode("utf-16"), {}, {400}),
    "lone surrogate": (b'{"event_type": "a", "properties": {"s": "\\ud800"}}', {}, {200}),  # kept as U+FFFD
    "nul in text": (b'{"event_type": "a\\u0000b"}', {}, {200, 422}),
    "deep arrays": (b'{"event_type":"a","properties":{"x":' + b"[" * DEEP + b"]" * DEEP + b"}}", {}, {400, 422}),
    "deep objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, {}, {400, 422}),
    "deep and cut off": (b"[" * 2_000_000, {}, {400}),
    "number past Float64": (b'{"event_type": "a", "properties": {"x": 1e999}}', {}, {200, 400, 422}),
    "endless digits": (b'{"event_type": "a", "properties": {"x": ' + b"9" * 200_000 + b"}}", {}, {200, 400, 413, 422}),
    "twenty thousand properties": (
        json.dumps({"event_type": "a", "properties": {f"p{n}": n for n in range(20_000)}}).encode(),
        {},
        {413, 422},
    ),
    "one huge event": (json.dumps({"event_type": "a", "properties": {"x": "y" * (3 * MIB)}}).encode(), {}, {413, 422}),
    "too many events": (b"[" + b",".join([b'{"event_type":"a"}'] * 200_000) + b"]", {}, {413}),
    "unknown encoding": (GOOD, {"Content-Encoding": "rot13"}, {415}),
    "said to be gzip": (GOOD, {"Content-Encoding": "gzip"}, {400}),
    "said to be zstd": (GOOD, {"Content-Encoding": "zstd"}, {400}),
    "gzip cut off": (gzip.compress(GOOD * 100)[:-20], {"Content-Encoding": "gzip"}, {400}),
    "gzip with a wrong sum": (gzip.compress(GOOD)[:-8] + b"\0" * 8, {"Content-Encoding": "gzip"}, {400}),
    "zstd cut off": (zstd_packed(GOOD, 100)[:-5], {"Content-Encoding": "zstd"}, {400}),
    "gzip bomb of 4 GiB": (zipped(b" " * (4 * MIB), 1024), {"Content-Encoding": "gzip"}, {400, 413}),
    "gzip bomb twice packed": (
        gzip.compress(zipped(b"[" * MIB, 512)),
        {"Content-Encoding": "gzip"},
        {400, 413},
    ),
    "zstd bomb of 4 GiB": (zstd_packed(b" " * (4 * MIB), 1024), {"Content-Encoding": "zstd"}, {400, 413}),
    "zstd that wants a window of 2 GiB": (
        b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00",
        {"Content-Encoding": "zstd"},
        {400, 413},
    ),
}


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/events/batch"])
@pytest.mark.parametrize("name", BODIES)
def test_bad_body_is_a_clear_4xx_and_cheap(standing: Served, name: str, path: str) -> None:
    body, headers, expected = BODIES[name]
    forget_peak(standing.pid)
    before, _ = memory_mib(standing.pid)
    status, problem = standing.request("POST", path, body, headers)
    _, peak = memory_mib(standing.pid)
    assert status in expected, problem
    if status != 200:
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        assert "Traceback" not in str(problem)
    assert peak - before < 200, "MiB for one body"


def test_many_bombs_at_once_cost_bounded_memory(standing: Served) -> None:
    bombs = [BODIES[name] for name in BODIES if "bomb" in name] * 8
    forget_peak(standing.pid)
    before, _ = memory_mib(standing.pid)
    with ThreadPoolExecutor(24) as threads:
        answers = list(
            threads.map(lambda bomb: standing.request("POST", "/api/v1/events/batch", bomb[0], bomb[1])[0], bombs)
        )
    _, peak = memory_mib(standing.pid)
    assert set(answers) <= {400, 413, 429, 503}
    assert peak - before < 400, "MiB for 24 bombs at a time"


def test_body_larger_than_told_or_endless_is_cut_off(standing: Served) -> None:
    """A chunked body without end: the server answers (or hangs up) long before it has all of 256 MiB."""
    forget_peak(standing.pid)
    before, _ = memory_mib(standing.pid)
    head = (
        f"POST /api/v1/events/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {standing.write_key}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    sent = 0
    with socket.create_connection(("127.0.0.1", standing.port), timeout=30) as connection:
        connection.sendall(head.encode())
        try:
            while sent < 256 * MIB:
                connection.sendall(b"100000\r\n" + b" " * MIB + b"\r\n")
                sent += MIB
        except OSError:
            pass
    assert sent < 256 * MIB
    assert memory_mib(standing.pid)[1] - before < 200


def test_slow_and_broken_connections_do_no_harm(standing: Served) -> None:
    head = f"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {standing.write_key}\r\n"
    for rest in ("", "Content-Length: 1000\r\n\r\n{", "Content-Length: -5\r\n\r\n", "Content-Length: x\r\n\r\n{}"):
        with socket.create_connection(("127.0.0.1", standing.port), timeout=5) as connection:
            connection.sendall((head + rest).encode())
    assert standing.get("/ready")[0] == 200


def test_good_events_still_count_after_all_that(standing: Served) -> None:
    events = [make(random.Random(f"after-{number}")) for number in range(100)]
    status, answer = send(standing, events)
    assert (status, answer["processed_count"]) == (200, 100)
    standing.settle()
    assert standing.get(f"/api/v1/events/{events[0]['event_id']}")[0] == 200


def test_zlib_window_is_never_trusted(standing: Served) -> None:
    raw = zlib.compress(GOOD)  # deflate is not among the encodings taken
    assert standing.request("POST", "/api/v1/events", raw, {"Content-Encoding": "deflate"})[0] == 415


def test_log_holds_no_body_and_no_key(standing: Served, tmp_path: Path) -> None:
    text = standing.last_words()
    assert standing.write_key not in text
    assert standing.admin_key not in text
    assert "Traceback" not in text

"""Calls to addresses that somebody else named: what they may lead to, and that they lead nowhere else."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.outgoing import Outgoing


def resolving(*addresses: str) -> Any:
    """A resolver that knows one name."""
    return lambda host, port, **_: [(2, 1, 6, "", (address, port)) for address in addresses]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.8",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_an_address_inside_is_refused(address: str) -> None:
    with pytest.raises(FactbookError) as refused:
        Outgoing(resolve=resolving(address)).target("https://hooks.example/x")
    assert refused.value.kind is Kind.INVALID
    assert "security.outgoing_allowed" in (refused.value.hint or "")


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0"])
def test_where_clouds_keep_credentials_is_refused_even_to_the_operator(address: str) -> None:
    with pytest.raises(FactbookError):
        Outgoing(resolve=resolving(address)).target("https://issuer.example/", private=True)


def test_networks_that_are_allowed_by_name_may_be_called() -> None:
    outgoing = Outgoing(["10.1.0.0/16"], resolve=resolving("10.1.2.3"))
    assert outgoing.target("http://inside.example/").address == "10.1.2.3"
    with pytest.raises(FactbookError):
        Outgoing(["10.1.0.0/16"], resolve=resolving("10.2.2.3")).target("https://inside.example/")


def test_an_address_outside_may_be_called_by_https_alone() -> None:
    outgoing = Outgoing(resolve=resolving("8.8.8.8"))
    assert outgoing.target("https://hooks.example:8443/x").port == 8443
    with pytest.raises(FactbookError):
        outgoing.target("http://hooks.example/x")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "https://user:secret@hooks.example/",
        "https://",
        "https://hooks.example:0x50/",
        "https://hooks.example/\r\nX-Evil: 1",
        "https://hooks.example/ä",
    ],
)
def test_what_is_no_web_address_is_refused_before_anything_is_looked_up(url: str) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("looked up")

    with pytest.raises(FactbookError) as refused:
        Outgoing(resolve=never).target(url)
    assert refused.value.kind is Kind.INVALID


def test_numbers_that_spell_this_machine_are_this_machine() -> None:
    for url in ("https://2130706433/", "https://0x7f.1/", "https://localhost/", "https://[::1]/"):
        with pytest.raises(FactbookError):
            Outgoing().target(url)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.headers["Host"].encode() if self.path != "/large" else b"x" * 5000
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "http://169.254.169.254/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_a_name_is_looked_up_once_and_called_where_it_led(port: int) -> None:
    looked = []

    def rebinding(host: str, at: int, **_: Any) -> Any:
        looked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1" if len(looked) == 1 else "127.0.0.2", at))]

    answer = Outgoing(resolve=rebinding).call("GET", f"http://issuer.example:{port}/x", private=True)
    assert (answer.status, answer.body.decode(), looked) == (200, f"issuer.example:{port}", ["issuer.example"])


def test_redirects_are_told_and_not_followed(port: int) -> None:
    answer = Outgoing().call("GET", f"http://127.0.0.1:{port}/moved", private=True)
    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/")


def test_an_answer_past_the_bound_is_given_up(port: int) -> None:
    with pytest.raises(FactbookError) as refused:
        Outgoing().call("GET", f"http://127.0.0.1:{port}/large", private=True, max_bytes=1000)
    assert refused.value.kind is Kind.UNAVAILABLE

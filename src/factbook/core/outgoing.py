"""Calls to addresses that somebody else named: looked up once, refused inside private networks, connected as looked up.

A name that leads somewhere else at the second look (DNS rebinding) leads nowhere: there is no second look.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx

from .errors import FactbookError, Kind, invalid, unavailable

SECONDS = 10.0
"""For one call, from the first byte to the last."""
MAX_BYTES = 1024 * 1024

_Address = IPv4Address | IPv6Address
_PORTS = {"http": 80, "https": 443}
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """A URL and the one address that it is called at."""

    url: SplitResult
    address: str
    port: int


class Outgoing:
    """allowed: networks that may be called though they are private. resolve: as `socket.getaddrinfo`."""

    def __init__(self, allowed: Sequence[str] = (), *, resolve: Callable[..., Any] = socket.getaddrinfo) -> None:
        self._allowed = tuple(ip_network(one, strict=False) for one in allowed)
        self._resolve = resolve
        self._context: ssl.SSLContext | None = None

    def target(self, url: str, *, private: bool = False) -> Target:
        """Where `url` leads, looked up now. private: whether it may be inside a private network.

        INVALID for a URL that may not be called, UNAVAILABLE for a name that nobody knows. Link-local addresses, at
        which clouds keep credentials, are refused whatever `private` says; plain http stays inside private networks.
        """
        parts, port = _parts(url)
        host = str(parts.hostname)
        try:
            found = self._resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise unavailable(f"The name {host[:100]} cannot be looked up.", retry_after=30.0) from None
        for *_, place in found:
            address = _plain(ip_address(str(place[0]).partition("%")[0]))
            if self._may(address, private) and (parts.scheme == "https" or not address.is_global):
                return Target(parts, str(address), port)
        raise invalid(
            f"{parts.scheme}://{host[:100]} may not be called: it leads to an address inside a private network,"
            " or is plain http outside of one.",
            field="url",
            hint="Use an https address outside; whoever runs this server can allow one with security.outgoing_allowed.",
        )

    def call(
        self,
        method: str,
        url: str,
        *,
        private: bool = False,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        seconds: float = SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> Answer:
        """One call, redirects not followed, no proxy of the environment. As `target`; UNAVAILABLE when it fails."""
        target = self.target(url, private=private)
        until = time.monotonic() + seconds
        literal = f"[{target.address}]" if ":" in target.address else target.address
        pinned = target.url._replace(netloc=f"{literal}:{target.port}", fragment="").geturl()
        sent = {**(headers or {}), "Host": target.url.netloc, "Accept-Encoding": "identity"}
        extensions = {"sni_hostname": target.url.hostname}
        try:
            with (
                httpx.Client(verify=self._trust(), timeout=seconds, trust_env=False, follow_redirects=False) as client,
                client.stream(method, pinned, headers=sent, content=content, extensions=extensions) as answer,
            ):
                body = bytearray()
                for piece in answer.iter_raw():
                    body += piece
                    if len(body) > max_bytes or time.monotonic() > until:
                        raise unavailable(f"{_shown(target)} answers too much or too slowly.", retry_after=30.0)
                return Answer(answer.status_code, dict(answer.headers), bytes(body))
        except httpx.HTTPError as error:
            raise unavailable(f"{_shown(target)} does not answer: {type(error).__name__}.", retry_after=30.0) from error

    def _trust(self) -> ssl.SSLContext:
        """The authorities that this machine trusts; read once, as that takes long."""
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _may(self, address: _Address, private: bool) -> bool:
        if any(address in network for network in self._allowed if network.version == address.version):
            return True
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            return False
        return private or address.is_global


def _parts(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        port = 0
    if not port or not parts.hostname or parts.username is not None or parts.password is not None or not _is_text(url):
        raise FactbookError(
            Kind.INVALID, "This is no address that can be called.", field="url", hint="Use https://host/path."
        )
    return parts, port


def _is_text(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def _plain(address: _Address) -> _Address:
    """An IPv4 address that was written as an IPv6 one is what it is."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _shown(target: Target) -> str:
    """Without the path and query, which may hold secrets."""
    return f"{target.url.scheme}://{target.url.netloc}"

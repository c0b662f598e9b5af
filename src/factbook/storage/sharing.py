"""What processes at one warehouse share of their answers: nothing by default, all of them where Redis is named."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .engine import Engine
from .versions import LocalVersions, UnknownVersions, Versions

if TYPE_CHECKING:
    from .redis_cache import RedisCache

_IDENTITY = "SELECT toString(uuid) FROM system.tables WHERE database = currentDatabase() AND name = 'events'"


@dataclass(frozen=True, slots=True)
class Sharing:
    """cache: of other processes too, where there is Redis. ping: raises when it does not answer."""

    versions: Versions
    cache: RedisCache | None
    ping: Callable[[], None] | None
    close: Callable[[], None]


def sharing(engine: Engine, address: str, *, life: float, patience: float) -> Sharing:
    """address: of Redis, empty for none. life: seconds that an answer is kept. patience: the longest one takes.

    A warehouse server without Redis may have other writers, of whom nothing is known: then no answer is kept.
    """
    if address:
        from .redis_cache import RedisCache
        from .redis_link import RedisLink
        from .redis_versions import RedisVersions

        link = RedisLink(address)
        namespace = f"factbook:{_identity(engine)}"
        cache = RedisCache(link, namespace, life=life, patience=patience)
        return Sharing(RedisVersions(link, namespace), cache, link.ping, link.close)
    if engine.embedded:
        return Sharing(LocalVersions(), None, None, _nothing)
    return Sharing(UnknownVersions(), None, None, _nothing)


def _identity(engine: Engine) -> str:
    """Of the warehouse, whatever its address; where it has none, nothing is shared."""
    [(identity,)] = engine.rows(_IDENTITY)
    return str(identity) if str(identity).strip("0-") else secrets.token_hex(16)


def _nothing() -> None:
    """There is nothing to close."""

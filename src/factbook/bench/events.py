"""The events that are sent: shop-like, about 350 bytes of JSON each, with ids that count up."""

from __future__ import annotations

import random
from datetime import UTC, datetime

BATCH = 1000
SPREAD_SECONDS = 600
"""Event times go through this many seconds, up to the moment the bodies were made; in order but for some seconds."""

_TIMES = 4096
_JITTER = 16

TYPES = (
    "page_view",
    "product_view",
    "add_to_cart",
    "purchase",
    "search_query",
    "button_click",
    "content_view",
    "video",
)
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
)
COUNTRIES = ("DE", "FR", "US", "GB", "NL", "ES", "IT", "PL")


class Events:
    """`count` JSON events with the ids run-0, run-1, …; `run` keeps those of one load apart from another's."""

    def __init__(self, run: int, count: int, seed: int = 1) -> None:
        self._count = count
        self._random = random.Random(seed)  # noqa: S311 (test data)
        self._run = f"{run & 0xFFFFFFFF:08x}-0000-4000-8000-"
        self._next = 0
        now = datetime.now(UTC).timestamp()
        self._times = [
            datetime.fromtimestamp(now - SPREAD_SECONDS * (1 - n / _TIMES), UTC).isoformat(timespec="milliseconds")
            for n in range(_TIMES)
        ]

    def one(self) -> bytes:
        pick = self._random.random
        number = self._next
        self._next += 1
        user = int(pick() * 20_000)
        time = max(0, number * _TIMES // self._count - int(pick() * _JITTER))
        return (
            f'{{"event_id":"{self._run}{number:012x}","event_type":"{TYPES[int(pick() * 8)]}",'
            f'"timestamp":"{self._times[time]}","user_id":"user-{user}",'
            f'"session_id":"session-{user}-{int(pick() * 3)}","content_id":"item-{int(pick() * 500)}",'
            f'"country":"{COUNTRIES[int(pick() * 8)]}","user_agent":"{AGENTS[int(pick() * 3)]}",'
            f'"properties":{{"price":{int(pick() * 10_000) / 100},"quantity":{1 + int(pick() * 5)},'
            f'"plan":"pro","path":"/shop/{int(pick() * 200)}"}}}}'
        ).encode()

    def batch(self, size: int = BATCH) -> bytes:
        return b"[" + b",".join(self.one() for _ in range(size)) + b"]"

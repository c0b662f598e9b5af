"""Whether the cache that processes share answers, and whether one is missed."""

from __future__ import annotations

from collections.abc import Iterator

from factbook.core.errors import FactbookError

from .finding import BROKEN, NOTE, OK, Examined, Finding


def cache(examined: Examined) -> Iterator[Finding]:
    from factbook.storage.redis_link import RedisLink

    settings = examined.settings
    if not settings.redis.address:
        if settings.warehouse.url == "chdb":
            yield Finding("cache", OK, "in the process")
        else:
            yield Finding(
                "cache",
                NOTE,
                "answers are not kept: another process may write to the warehouse server, and nothing would tell",
                "Set REDIS_URL, the same for every process.",
            )
        return
    try:
        link = RedisLink(settings.redis.address)
        try:
            link.ping()
        finally:
            link.close()
    except FactbookError as error:
        yield Finding("cache", BROKEN, error.message, error.hint or "Start Redis, or mend REDIS_URL.")
    else:
        yield Finding("cache", OK, "Redis answers")

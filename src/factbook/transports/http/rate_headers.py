"""How a caller stands with his limits, in the headers of every answer (draft-ietf-httpapi-ratelimit-headers)."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from factbook.access.rate_limits import Standing

STANDING = "rate_standing"
"""Where the request's state holds a Standing."""

NAMES = ("RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After")


class RateHeaders:
    """ASGI middleware: tells the Standing that was found for a request, if any was."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def telling(message: Message) -> None:
            standing = state.get(STANDING)
            if standing is not None and message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told(standing))
            await send(message)

        await self._app(scope, receive, telling)


def told(standing: Standing) -> dict[str, str]:
    window = standing.told
    return {
        "ratelimit-policy": ", ".join(f'"{one.name}";q={one.limit};w={one.seconds}' for one in standing.windows),
        "ratelimit": f'"{window.name}";r={standing.remaining};t={standing.reset}',
        "ratelimit-limit": str(window.limit),
        "ratelimit-remaining": str(standing.remaining),
        "ratelimit-reset": str(standing.reset),
    }

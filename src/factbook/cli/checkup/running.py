"""Check of the running server: asks it over HTTP, the way a caller would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from factbook.cli.token import local_token
from factbook.core.errors import FactbookError

from .finding import BROKEN, NOTE, OK, Examined, Finding

_PATIENCE = 5.0
_LATE_SESSIONS = (
    "They are built when less comes in, or faster with more processors; the log says why where the work fails."
)


def server(examined: Examined) -> Iterator[Finding]:
    """Whether the process that holds the data folder answers, and what it says about its parts."""
    if not examined.running:
        yield Finding("server", OK, "not running; its parts are looked at directly")
        return
    pid = examined.holder.get("pid", "unknown")
    address = str(examined.holder.get("address") or _address(examined))
    address = address if "://" in address else f"http://{address}"
    try:
        with httpx.Client(base_url=address, timeout=_PATIENCE, trust_env=False) as client:
            ready = client.get("/ready")
            answer = client.get("/healthz", headers=_credentials(examined))
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                yield Finding("server", NOTE, f"{address} does not take the keys of this configuration")
                answer = client.get("/healthz")
            body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        yield Finding(
            "server",
            BROKEN,
            f"process {pid} holds the data folder and does not answer at {address}: {error}"[:300],
            "It may be starting, a command may be at work, or SERVER_PORT differs from the one it was started with.",
        )
        return
    status = str(body.get("status", "unknown"))
    state = OK if status == "healthy" and ready.is_success else NOTE if status == "degraded" else BROKEN
    message = f"process {pid} at {address}: {status}, version {body.get('version')}"
    yield Finding("server", state, message if ready.is_success else f"{message}, not ready")
    yield from _parts(body)


def _credentials(examined: Examined) -> dict[str, str]:
    """The preset key, else a token of the operator's; none where the metadata cannot be read."""
    key = examined.settings.security.admin_key
    if key is not None:
        return {"x-api-key": key.get_secret_value()}
    try:
        return {"authorization": f"Bearer {local_token(examined.settings)}"}
    except FactbookError:
        return {}


def _parts(body: dict[str, Any]) -> Iterator[Finding]:
    for name, part in body.get("parts", {}).items():
        state = part.get("state", "unknown")
        time = f" ({part['milliseconds']} ms)" if "milliseconds" in part else ""
        message = f"{state}{time}" + (f": {part['message']}" if part.get("message") else "")
        yield Finding(f"server's {name.replace('_', ' ')}", BROKEN if state in ("down", "slow") else OK, message)
    journal = body.get("journal")
    if journal:
        error = journal.get("last_error")
        message = f"{journal['depth']} events wait, the oldest for {journal['oldest_age_seconds']} s"
        yield Finding("server's line", BROKEN if error else OK, f"{message}; {error}" if error else message)
    sessions = body.get("sessions")
    if sessions:
        built = f"{sessions['waiting_events']} events are in none yet, the first for {sessions['lag_seconds']} s"
        late = sessions.get("message")
        yield Finding("server's sessions", NOTE if late else OK, late or built, _LATE_SESSIONS if late else "")


def _address(examined: Examined) -> str:
    host = examined.settings.server.host
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{examined.settings.server.port}"

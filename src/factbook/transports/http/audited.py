"""Enters into the audit trail, in one place for all routes, what was changed, exported, refused, and who signed in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from factbook.access.audit import DONE, FAILED
from factbook.access.gate import COOKIE, session_cookie
from factbook.core.errors import FactbookError
from factbook.core.scope import DEFAULT_TENANT, Scope
from factbook.services import Services

from .audit_acts import Act, act_of

log = structlog.get_logger()

_REFUSED = frozenset({401, 403})
_NOT_IN = frozenset({*_REFUSED, 423, 429})
"""Of signing in."""
_LONGEST = 64 * 1024
"""Of an answer that names what was made."""


async def before(services: Services, request: Request, scope: Scope) -> None:
    """Notes what the call is about to change."""
    if not hasattr(request.state, "before"):
        return
    act = act_of(request.method, _route(request.scope))
    if act and act.told and (not act.thing or act.thing in request.path_params):
        request.state.before = await run_sync(_told, services, scope, act, _named(request.scope, act))


class Audited:
    """ASGI middleware, right around the application that finds the route. An answer leaves once its entry is in; where
    the trail cannot be written that is logged, and the answer, which tells of what is done, leaves all the same."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] != "http":
            await self._app(connection, receive, send)
            return
        connection.setdefault("state", {})["before"] = None
        held: list[Message] = []

        async def sending(message: Message) -> None:
            start = held[0] if held else message
            if message["type"] == "http.response.start":
                act = act_of(connection["method"], _route(connection))
                if _needs_body(act, connection, message["status"]):
                    held.append(message)
                    return
                await self._enter(connection, act, message, b"")
            elif held:
                held.append(message)
                size = sum(len(each.get("body", b"")) for each in held[1:])
                if message.get("more_body") and size <= _LONGEST:
                    return
                body = b"".join(each.get("body", b"") for each in held[1:])
                act = act_of(connection["method"], _route(connection))
                await self._enter(connection, act, start, body)
                for each in held:
                    await send(each)
                held.clear()
                return
            await send(message)

        self._note_who_leaves(connection)
        await self._app(connection, receive, sending)

    async def _enter(self, connection: Connection, act: Act | None, start: Message, body: bytes) -> None:
        if act is None and start["status"] not in _REFUSED:
            return
        if self._was_refused(connection, act, start):
            return
        try:
            await run_sync(self._entered, connection, act, start, body)
        except FactbookError as error:
            log.error("the audit trail cannot be written", path=_route(connection), reason=error.message)
        except Exception:
            log.exception("the audit trail cannot be written", path=_route(connection))

    def _entered(self, connection: Connection, act: Act | None, start: Message, body: bytes) -> None:
        audit = self._services.audit
        status = start["status"]
        caller: Scope | None = connection.get("state", {}).get("caller")
        assert act
        if act.enters:
            caller = self._entering(start, body)
        if caller is None:  # a page for who has signed in already, a sign-out of nobody
            return
        detail: dict[str, Any] = {"status": status, "request": _request_id(connection), "from": _address(connection)}
        thing = _named(connection, act) or _member(body, act.thing)
        if status < 400 and act.told:
            was = connection.get("state", {}).get("before")
            now = _told(self._services, caller, act, thing)
            detail |= {"before": was, "after": now} if was != now else {"unchanged": was}
        if act.person:
            thing = self._services.privacy.subject(caller, thing)
        audit.note(caller, act.action, thing, DONE if status < 400 else FAILED, detail)

    def _entering(self, start: Message, body: bytes) -> Scope | None:
        """Who was given a cookie or a token."""
        sign_in = self._services.keys.sign_in
        found: Callable[[str], Any] = sign_in.session
        token = ""
        for name, value in start["headers"]:
            if name.lower() == b"set-cookie" and value.startswith(COOKIE.encode()):
                token = session_cookie({"cookie": value.decode("latin-1").split(";")[0]}) or ""
        if not token:
            token, found = _member(body, "access_token"), sign_in.api
        if not token:
            return None
        try:
            ticket = found(token)
        except FactbookError:
            return None
        return Scope(ticket.tenant, ticket.actor, ticket.role)

    def _was_refused(self, connection: Connection, act: Act | None, start: Message) -> bool:
        """Whether the call was refused; then it is counted."""
        status = start["status"]
        entering = act is not None and act.enters
        places = [value for name, value in start["headers"] if name == b"location"] if entering else []
        by_link = any(b"reason=link" in place or b"reason=oidc" in place for place in places)
        if status not in (_NOT_IN if entering else _REFUSED) and not by_link:
            return False
        caller: Scope | None = connection.get("state", {}).get("caller")
        tenant, actor = (caller.tenant, caller.actor) if caller else (DEFAULT_TENANT, "")
        place = f"{connection['method']} {_route(connection) or 'unknown'}"
        action = act.action if act and entering else "access"
        self._services.audit.refused(tenant, actor, place, status, _address(connection), action=action)
        return True

    def _note_who_leaves(self, connection: Connection) -> None:
        """Whose session a sign-out ends: afterwards the cookie says nothing any more."""
        if not connection["path"].endswith("/sign-out"):
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in connection["headers"]}
        cookie = session_cookie(headers)
        if cookie:
            with suppress(FactbookError):
                ticket = self._services.keys.sign_in.session(cookie)
                connection.setdefault("state", {})["caller"] = Scope(ticket.tenant, ticket.actor, ticket.role)


def _needs_body(act: Act | None, connection: Connection, status: int) -> bool:
    """Whether what the answer says names the thing, or who entered."""
    if act is None or status >= 400 or connection["method"] == "GET":
        return False
    return act.enters or bool(act.thing and act.thing not in connection.get("path_params", {}))


def _told(services: Services, scope: Scope, act: Act, thing: str) -> Any:
    assert act.told
    try:
        return act.told(services, scope, thing)
    except FactbookError:
        return None


def _route(connection: Connection) -> str:
    """As OpenAPI writes it, empty where there is none."""
    return str(getattr(connection.get("route"), "path", "")).replace(":path}", "}")


def _named(connection: Connection, act: Act) -> str:
    return str(connection.get("path_params", {}).get(act.thing, "")) if act.thing else ""


def _member(body: bytes, name: str) -> str:
    if not name or not body:
        return ""
    try:
        members = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return ""
    value = members.get(name) if isinstance(members, dict) else None
    return value if isinstance(value, str) else ""


def _address(connection: Connection) -> str:
    client = connection.get("client")
    return str(client[0]) if client else ""


def _request_id(connection: Connection) -> str:
    return str(connection.get("state", {}).get("correlation_id", ""))

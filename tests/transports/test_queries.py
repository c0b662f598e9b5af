"""Running queries over HTTP: seen and stopped by the tenant's administrator, and stopped when their caller hangs up."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from factbook.core.scope import Role, Scope
from factbook.services import Services
from factbook.storage.engine import Engine
from factbook.storage.running import Running
from factbook.storage.warehouse import Warehouse
from factbook.transports.http import problems, queries
from factbook.transports.http.access import scope_for
from factbook.transports.http.leaving import Leaving
from factbook.transports.http.request_id import RequestId
from tests.listening import listening

from .reading_services import reading

ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000) WHERE {tenant:String} != ''"
QUERIES = "/api/v1/queries"


@dataclass
class Served:
    """keys: by role. stranger: the key of another tenant's administrator."""

    address: str
    services: Services
    keys: dict[Role, str]
    stranger: str

    def call(self, method: str, path: str, key: str = "", **more: Any) -> httpx.Response:
        headers = {"x-api-key": key or self.keys[Role.ADMIN]}
        return httpx.request(method, self.address + path, headers=headers, **{"timeout": 60, **more})

    def queries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", QUERIES).json()["queries"]
        return found


@pytest.fixture
def served(engine: Engine, scope: Scope, tmp_path: Path) -> Iterator[Served]:
    with reading(Warehouse(engine, seconds=300, running=Running(engine)), scope, tmp_path) as found:
        services = found.services
        other = replace(scope, tenant=f"other-{scope.tenant}")
        services.keys._metadata.ensure_tenant_of_system(other.tenant, now=0)
        stranger = services.keys.create(other, "stranger", Role.ADMIN).key
        app = FastAPI()
        problems.install(app)
        app.include_router(queries.router(services))

        @app.api_route("/endless", methods=["GET", "POST"])
        async def endless(request: Request, scope: Scope = Depends(scope_for(services))) -> str:
            await request.body()
            return str(await services.reads.run(scope, partial(services.warehouse.rows, scope, ENDLESS), "revenue"))

        wrapped: Any = RequestId(Leaving(app))
        with listening(wrapped) as address:
            yield Served(address, services, found.keys, stranger)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def seen(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)  # the period of the poll
    return found


def test_an_administrator_sees_what_runs_and_stops_it(served: Served, threads: ThreadPoolExecutor) -> None:
    asked = threads.submit(served.call, "GET", "/endless", served.keys[Role.VIEWER])
    [query] = seen(lambda: [each for each in served.queries() if each["rows_read"]])
    assert set(query) == {"id", "actor", "what", "state", "since", "seconds", "rows_read"}
    assert (query["what"], query["state"]) == ("revenue", "running")
    assert query["actor"].startswith("key_")
    stopped = served.call("DELETE", f"{QUERIES}/{query['id']}")
    assert (stopped.status_code, stopped.json()) == (200, {"id": query["id"], "stopped": True})
    answer = asked.result(60)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) == 60
    assert answer.headers["content-type"] == "application/problem+json"
    assert "administrator stopped" in answer.json()["detail"]
    assert answer.json()["suggested_actions"]
    assert served.queries() == []
    assert served.call("DELETE", f"{QUERIES}/{query['id']}").status_code == 404


def test_another_tenants_administrator_sees_and_stops_nothing(served: Served, threads: ThreadPoolExecutor) -> None:
    asked = threads.submit(served.call, "GET", "/endless")
    [query] = seen(served.queries)
    assert served.call("GET", QUERIES, served.stranger).json() == {"queries": [], "count": 0}
    refused = served.call("DELETE", f"{QUERIES}/{query['id']}", served.stranger)
    assert refused.status_code == 404
    assert not asked.done()
    served.call("DELETE", f"{QUERIES}/{query['id']}")
    assert asked.result(60).status_code == 503


@pytest.mark.parametrize("role", [Role.WRITER, Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER])
def test_only_administrators_may(served: Served, role: Role) -> None:
    assert served.call("GET", QUERIES, served.keys[role]).status_code == 403
    assert served.call("DELETE", f"{QUERIES}/query_0", served.keys[role]).status_code == 403


@contextmanager
def hanging(served: Served, method: str, body: bytes) -> Iterator[None]:
    """A caller of /endless, who hangs up at the end."""
    head = f"{method} /endless HTTP/1.1\r\nhost: x\r\nx-api-key: {served.keys[Role.ADMIN]}\r\n"
    length = f"content-length: {len(body)}\r\n" if method == "POST" else ""
    url = urlsplit(served.address)
    with socket.create_connection((url.hostname, url.port)) as line:
        line.sendall(f"{head}{length}\r\n".encode() + body)
        yield


@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("POST", b""), ("POST", b'{"a": 1}')])
def test_a_caller_who_hangs_up_ends_his_query(served: Served, engine: Engine, method: str, body: bytes) -> None:
    with hanging(served, method, body):
        [query] = seen(lambda: [each for each in served.queries() if each["rows_read"]])
    seen(lambda: not served.queries())
    assert not engine.running(f'["factbook","{query["id"]}"')


def test_a_query_that_somebody_else_waits_for_goes_on(served: Served, threads: ThreadPoolExecutor) -> None:
    asked = threads.submit(served.call, "GET", "/endless")
    [query] = seen(served.queries)
    with hanging(served, "GET", b""):
        seen(lambda: len(served.queries()) == 2)
    seen(lambda: [each["id"] for each in served.queries()] == [query["id"]])
    assert not asked.done()
    served.call("DELETE", f"{QUERIES}/{query['id']}")
    assert asked.result(60).status_code == 503

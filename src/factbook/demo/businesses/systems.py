"""Made-up services of a shop, their database, cache and machines; a bad release three days ago, a slow hour today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .days import DAY, HOUR, MINUTE, SECOND, Chance, Fortnight, Happening

_CURVE = (3, 2, 2, 2, 2, 3, 5, 8, 10, 11, 11, 12, 13, 12, 11, 11, 11, 12, 14, 15, 14, 11, 7, 4)
_WEEKEND = 0.8


@dataclass(frozen=True, slots=True)
class Endpoint:
    """milliseconds: the median. asked: times a day. fails: the share that ends with 500, on an ordinary day."""

    service: str
    method: str
    path: str
    milliseconds: float
    asked: float
    fails: float = 0.003
    table: str = ""
    statement: str = ""
    cached: bool = False


ENDPOINTS = (
    Endpoint("gateway", "GET", "/", 9, 210, 0.001, cached=True),
    Endpoint("gateway", "POST", "/sign-in", 62, 70, 0.004, "accounts", "SELECT * FROM accounts WHERE email = ?"),
    Endpoint("shop", "GET", "/products", 34, 190, 0.002, "products", "SELECT * FROM products WHERE shelf = ? LIMIT ?"),
    Endpoint("shop", "GET", "/products/{id}", 21, 240, 0.002, "products", "SELECT * FROM products WHERE id = ?", True),
    Endpoint("shop", "POST", "/cart", 45, 80, 0.004, "carts", "INSERT INTO carts (account, product) VALUES (?, ?)"),
    Endpoint("search", "GET", "/search", 88, 130, 0.005, "documents", "SELECT id FROM documents WHERE words @@ ?"),
    Endpoint(
        "checkout", "POST", "/orders", 140, 55, 0.006, "orders", "INSERT INTO orders (account, total) VALUES (?, ?)"
    ),
    Endpoint("checkout", "POST", "/payments", 310, 50, 0.008, "payments", "UPDATE payments SET state = ? WHERE id = ?"),
)
HOSTS = {"web-1": "shop", "web-2": "checkout", "data-1": "search"}
"""Machine → the service that is most of what it runs."""
TRIES = 4
"""In trouble people try again."""

PAYMENTS = "payments.example"
DATABASE = {"database": "shop", "system": "postgresql"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A stretch of time in which a service fails more often and answers later. slower: by what factor."""

    service: str
    begin: int
    end: int
    fails: float
    slower: float
    error: str
    message: str

    def holds(self, service: str, at: int) -> bool:
        return service == self.service and self.begin <= at < self.end


def systems(chance: Chance, fortnight: Fortnight) -> Iterator[Happening]:
    release = fortnight.clock(3, 13, 10)
    morning = fortnight.clock(0, 10)
    today = morning if morning < fortnight.end - 2 * HOUR else fortnight.clock(1, 17)
    troubles = (
        Trouble(
            "checkout", release, release + 75 * MINUTE, 0.35, 6, "TimeoutError", "payments took longer than 5000 ms"
        ),
        Trouble("shop", today, today + 90 * MINUTE, 0.12, 8, "PoolError", "no free connection to shop within 1000 ms"),
    )
    for endpoint in ENDPOINTS:
        for at in fortnight.moments(chance, endpoint.asked, _CURVE, weekend=_WEEKEND):
            hit = next((trouble for trouble in troubles if trouble.holds(endpoint.service, at)), None)
            for again in range(TRIES if hit else 1):
                then = at + again * 11 * SECOND
                yield from _request(chance, endpoint, then, hit, _version(endpoint.service, then, release))
    for trouble in troubles:
        told = {"alert": "error rate", "severity": "critical", "service": trouble.service, "value": trouble.fails}
        yield Happening(trouble.begin + 6 * MINUTE, "alert.triggered", told)
    yield from _machines(chance, fortnight, troubles)


def _version(service: str, at: int, release: int) -> str:
    """The release that went wrong was taken back after 75 minutes, and mended a day later."""
    if service != "checkout" or at < release:
        return "2.7.3"
    return "2.8.0" if at < release + 75 * MINUTE else "2.7.3" if at < release + DAY else "2.8.1"


def _request(chance: Chance, endpoint: Endpoint, at: int, trouble: Trouble | None, version: str) -> Iterator[Happening]:
    host = f"web-{1 + int(chance.integers(2))}"
    where = {"service": endpoint.service, "host": host, "version": version, "environment": "production"}
    took = endpoint.milliseconds * float(chance.lognormal(0, 0.55)) * (trouble.slower if trouble else 1)
    has_failed = chance.random() < (trouble.fails if trouble else endpoint.fails)
    status = 500 if has_failed else 404 if chance.random() < 0.015 else 200
    told = {**where, "endpoint": endpoint.path, "method": endpoint.method, "status_code": status}
    size = int(chance.integers(400, 9000))
    yield Happening(at, "api_request", {**told, "duration_ms": round(took, 1), "response_bytes": size})
    if has_failed:
        error = (
            (trouble.error, trouble.message) if trouble else ("ConnectionError", f"lost connection {at % 97} to shop")
        )
        about = {**where, "endpoint": endpoint.path, "error_type": error[0], "message": error[1], "severity": "error"}
        yield Happening(at, "error_occurred", about)
    is_hit = endpoint.cached and chance.random() < 0.82
    if endpoint.cached:
        looked = {"cache": "pages", "operation": "get", "service": endpoint.service, "hit": is_hit}
        yield Happening(at, "cache_access", {**looked, "duration_ms": round(float(chance.gamma(2, 0.2)), 2)})
    if endpoint.table and not is_hit and chance.random() < 0.6:
        asked = {"operation": endpoint.statement.split()[0], "table": endpoint.table, "query": endpoint.statement}
        spent = took * float(chance.uniform(0.2, 0.6))
        part = {"duration_ms": round(spent, 1), "rows": int(chance.integers(1, 60)), "success": not has_failed}
        yield Happening(at, "db_query", {**asked, **DATABASE, **where, **part})
    if endpoint.path == "/payments":
        call: dict[str, Any] = {"target": PAYMENTS, "endpoint": "/charge", "method": "POST", "success": not has_failed}
        code = 504 if has_failed else 200
        yield Happening(
            at, "external_call", {**call, **where, "status_code": code, "duration_ms": round(took * 0.7, 1)}
        )


def _machines(chance: Chance, fortnight: Fortnight, troubles: tuple[Trouble, ...]) -> Iterator[Happening]:
    """Each machine once an hour: busier by day and in trouble, the disk slowly filling up."""
    for number, (host, service) in enumerate(HOSTS.items()):
        for at in range(fortnight.start + number * MINUTE, fortnight.end, HOUR):
            day = _CURVE[at // HOUR % 24] / max(_CURVE)
            strain = 30 if any(one.begin - HOUR < at < one.end for one in troubles) else 0
            used = {
                "cpu_percent": round(min(18 + 42 * day + strain + float(chance.normal(0, 4)), 99), 1),
                "memory_percent": round(48 + 14 * day + float(chance.normal(0, 2)), 1),
                "disk_percent": round(55 + 5 * number + 12 * (at - fortnight.start) / (14 * DAY), 1),
            }
            yield Happening(
                at, "resource_usage", {"host": host, "service": service, "environment": "production", **used}
            )
        for at in range(fortnight.start, fortnight.end, 4 * HOUR):
            length = {
                "name": "queue.length",
                "value": int(chance.poisson(12)),
                "unit": "1",
                "host": host,
                "service": service,
            }
            yield Happening(at, "metric", length)

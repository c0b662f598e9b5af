"""The queries that run or wait: whose they are, what they ask, how far they are, and the way to stop one."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from factbook.core.clock import Clock, system_clock
from factbook.core.errors import FactbookError, not_found
from factbook.core.scope import Scope

from .engine import Engine
from .engine import stopped as stopped

LONGEST = 200
"""Characters of `what` that are kept."""

_MARK = "factbook"
_KILL_SECONDS, _KILL_AGAIN_SECONDS = 10.0, 0.1


@dataclass(eq=False, slots=True)
class Query:
    """One question, of one or more statements.

    what: in words. begun: monotonic seconds, None while it waits for its turn. leave: takes it out of the queue.
    """

    scope: Scope
    what: str
    since: datetime
    asked: float
    id: str = field(default_factory=lambda: "query_" + secrets.token_hex(8))
    begun: float | None = None
    statements: int = 0
    stopped: bool = False
    leave: Callable[[], None] | None = None
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def comment(self) -> str:
        """The log_comment of its statements, by which any process that uses the warehouse knows it."""
        told = [_MARK, self.id, self.scope.tenant, self.scope.actor, self.what]
        return msgspec.json.encode(told).decode()


CURRENT: ContextVar[Query | None] = ContextVar("query", default=None)
"""The query that the statements of this thread belong to."""


@dataclass(slots=True)
class Statement:
    """id, and log_comment. spent: seconds since its query began. rows_read: of tables, where the engine says so."""

    id: str
    comment: str
    spent: float
    rows_read: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A query as its tenant's administrator sees it. rows_read: None while it waits."""

    id: str
    actor: str
    what: str
    state: str
    since: datetime
    seconds: float
    rows_read: int | None


class Running:
    """Every method may be called from any thread."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock = system_clock,
        *,
        spend: Callable[[Scope, float, int], None] = lambda scope, seconds, rows: None,
    ) -> None:
        """spend: told of every statement that ended, with its seconds and the rows that it read."""
        self._spend = spend
        self._engine = engine
        self._clock = clock
        self._queries: dict[str, Query] = {}
        self._asked: Counter[str] = Counter()

    def opened(self, scope: Scope, what: str) -> Query:
        """A query that waits; `closed` ends it."""
        query = Query(scope, what[:LONGEST], self._clock(), time.monotonic())
        self._queries[query.id] = query
        self._asked[scope.tenant] += 1
        return query

    def asked(self, scope: Scope) -> int:
        """The tenant's queries since this process began."""
        return self._asked[scope.tenant]

    def closed(self, query: Query) -> None:
        query.done.set()
        self._queries.pop(query.id, None)

    @contextmanager
    def statement(self, scope: Scope) -> Iterator[Statement]:
        """The next statement of the query that this thread works on, else of one of its own.

        UNAVAILABLE where the query was stopped.
        """
        current = CURRENT.get()
        query = current or self.opened(scope, "read")
        query.begun = query.begun or time.monotonic()
        query.statements += 1
        began = time.monotonic()
        statement = Statement(f"{query.id}.{query.statements}", query.comment, began - query.begun)
        try:
            if query.stopped:
                raise stopped()
            yield statement
        except FactbookError as error:
            if query.stopped:
                raise stopped() from error
            raise
        finally:
            self._spend(scope, time.monotonic() - began, statement.rows_read)
            if current is None:
                self.closed(query)

    def listed(self, scope: Scope) -> list[Shown]:
        """The tenant's queries, in this process and in others that use the same warehouse server, oldest first."""
        now, read, found = time.monotonic(), dict[str, int](), []
        for comment, seconds, rows in self._engine.running(f'["{_MARK}",'):
            id_, tenant, actor, what = _told(comment)
            read[id_] = read.get(id_, 0) + rows
            if tenant == scope.tenant and id_ not in self._queries:
                since = datetime.fromtimestamp(self._clock().timestamp() - seconds, self._clock().tzinfo)
                found.append(Shown(id_, actor, what, "running", since, seconds, rows))
        for query in list(self._queries.values()):
            if query.scope.tenant == scope.tenant:
                state, rows_read = ("running", read.get(query.id, 0)) if query.begun else ("waiting", None)
                seconds = now - query.asked
                found.append(
                    Shown(query.id, query.scope.actor, query.what, state, query.since, round(seconds, 3), rows_read)
                )
        return sorted(found, key=lambda each: each.since)

    def stop(self, scope: Scope, id_: str) -> None:
        """Ends a query of the tenant: whoever waits for it is told. NOT_FOUND when it has none of that id."""
        query = self._queries.get(id_)
        if query is not None and query.scope.tenant == scope.tenant:
            self.end(query)
        elif query is not None or not self._kill(id_, scope.tenant):
            raise not_found(f"No query {id_[:60]!r} runs.", hint="GET /api/v1/queries lists those that do.")

    def end(self, query: Query) -> None:
        """Stops `query` wherever it is, and waits until it is gone, a few seconds at most."""
        query.stopped = True
        if query.leave:
            query.leave()
        deadline = time.monotonic() + _KILL_SECONDS
        while not query.done.is_set() and time.monotonic() < deadline:
            with suppress(FactbookError):  # the next try may do, and a closed warehouse ends every query
                self._kill(query.id, query.scope.tenant)
            query.done.wait(_KILL_AGAIN_SECONDS)  # a statement may have been about to start

    def _kill(self, id_: str, tenant: str) -> int:
        if not id_.startswith("query_"):
            return 0
        return self._engine.kill(msgspec.json.encode([_MARK, id_, tenant]).decode().removesuffix("]") + ",")


def _told(comment: str) -> tuple[str, str, str, str]:
    try:
        _, id_, tenant, actor, what = msgspec.json.decode(comment, type=list[str])
    except (msgspec.MsgspecError, ValueError):
        return "", "", "", ""
    return id_, tenant, actor, what

"""What a question about content is about: the inquiry with its session rule, the pieces it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from factbook.core.errors import invalid, not_found
from factbook.core.sql import Parameters
from factbook.ingest.session_rule import Rule
from factbook.queries.asking.request import LONGEST_NAME
from factbook.queries.inquiry import Inquiry

DEFAULT_PERIOD = "last_30_days"

_SENT = 50
"""Ids in one parameter, of which none is longer than 128 KiB."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Content(Inquiry):
    """rule: when a session ends, and with it what nobody stopped."""

    rule: Rule

    async def look(self, read: Callable[[], T], what: str) -> T:
        """A read of our own, in its turn."""
        return await self.reads.run(self.scope, read, what)

    def rows(self, sql: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        return self.warehouse.rows(self.scope, sql, parameters.values)


def among(ids: Sequence[str], parameters: Parameters) -> str:
    """SQL that is true for the events of these pieces; of many in several parameters, as a server takes them."""
    if len(ids) == 1:
        return f"content_id = {parameters.add(ids[0], 'String')}"
    lists = [parameters.add(list(ids[at : at + _SENT]), "Array(String)") for at in range(0, len(ids), _SENT)]
    listed = ", ".join(lists)
    return f"content_id IN arrayConcat({listed})" if len(lists) > 1 else f"content_id IN {listed}"


def checked(id_: str) -> str:
    """INVALID for what no event can name."""
    if not id_ or len(id_) > LONGEST_NAME or "\0" in id_:
        raise invalid(f"A content id has 1 to {LONGEST_NAME} characters.", field="content_id")
    return id_


def known(asked: Content, id_: str) -> None:
    """NOT_FOUND where no event ever named it."""
    parameters = Parameters()
    found = asked.rows(
        f"SELECT 1 FROM events WHERE tenant = {{tenant:String}} AND {among([id_], parameters)} LIMIT 1", parameters
    )
    if not found:
        raise not_found(
            f"No event names the content {id_[:60]!r}.",
            hint="GET /api/v1/analytics/content lists what there is.",
        )

"""Records of a domain: fields that name metrics, answered by one question and told under the names clients know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from factbook.core.scope import Scope

from .answers import Answers
from .asking.ask import Tenant
from .asking.request import Request

Fields = Mapping[str, str]
"""Field of a record → id of the metric that is its value, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Records:
    """The questions of one reader, all about the same time and under the same filters.

    about: fields of a `Request` that every question has: the period, the zone, filters, include_bots.
    """

    answers: Answers
    scope: Scope
    tenant: Tenant
    now: datetime
    about: Mapping[str, Any]

    async def ask(self, *metrics: str, **given: Any) -> dict[str, Any]:
        """The answer about `metrics`; `given` are fields of a `Request`, filters beside those of `about`."""
        filters = (*self.about.get("filters", ()), *given.pop("filters", ()))
        request = Request(tuple(dict.fromkeys(metrics)), **{**self.about, **given, "filters": filters})
        found: dict[str, Any] = msgspec.json.decode(await self.answers.get(self.scope, self.tenant, request, self.now))
        return found

    async def one(self, fields: Fields, **given: Any) -> dict[str, Any]:
        """The record of everything that fits, with `events`: how many events it stands on, 0 for nothing known."""
        answer = await self.ask(*fields.values(), **given)
        return {**_told(fields, answer["total"]["values"]), "events": answer["events"]}

    async def many(self, fields: Fields, dimension: str, **given: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """(a record for each value of `dimension`, under its name; how far the list is cut), largest first."""
        answer = await self.ask(*fields.values(), dimensions=(dimension,), other=False, **given)
        name = answer["dimensions"][0]["id"]
        rows = [{name: row["dimensions"][name], **_told(fields, row["values"])} for row in answer["rows"]]
        return rows, answer["cut"]

    async def counts(self, metric: str, dimension: str, **given: Any) -> tuple[dict[str, Any], Any]:
        """(the value of `metric` by value of `dimension`, largest first, '' where events have none; what the values
        past the limit come to, None where there are none)."""
        answer = await self.ask(metric, dimensions=(dimension,), **given)
        name = answer["dimensions"][0]["id"]
        told = {row["dimensions"][name] or "": row["values"][metric] for row in answer["rows"] if not row["other"]}
        rest = next((row["values"][metric] for row in answer["rows"] if row["other"]), None)
        return told, rest


def _told(fields: Fields, values: Mapping[str, Any]) -> dict[str, Any]:
    return {field: values[metric] for field, metric in fields.items()}

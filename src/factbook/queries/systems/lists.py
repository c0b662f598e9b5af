"""Services, endpoints, machines and databases, listed with their figures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from factbook.queries.records import Fields, Records

from .apdex import apdex_by
from .fields import DATABASE, EXTERNAL, PEAKS, REQUESTS, RESOURCES, SERVICE, in_percent, told
from .objectives import budget
from .promises import Promises, apdex_by_service

RATES: Fields = {"failure_rate": "failure_rate", "availability": "availability"}
TABLES: Fields = {
    **DATABASE,
    "db_total_time": "db_time",
    "db_slow_query_rate": "db_slow_query_rate",
    "p95": "db_latency_p95",
}
GROUPS = ("table", "operation", "database")
_DIMENSIONS = {"table": "db_table", "operation": "db_operation", "database": "database"}

Answer = dict[str, Any]


async def services(records: Records, promises: Promises, limit: int) -> Answer:
    """By service, the busiest first; with its error budget of the period, each by what it promises."""
    fields = {**SERVICE, **RATES}
    answer, scores = await asyncio.gather(
        _listed(records, fields, ("service",), limit), apdex_by_service(records, promises)
    )
    rows = []
    for row in answer["rows"]:
        name = row["dimensions"]["service"] or ""
        record = told(fields, row["values"])
        requests, failed = record["request_count"] or 0, record["error_count"] or 0
        objective = promises.of(name)
        kept = budget(requests, failed, objective.availability)
        rows.append(
            {
                "service_name": name,
                **record,
                "apdex": scores.get(name),
                "apdex_threshold_ms": objective.apdex_ms,
                "slo_objective": objective.availability,
                "error_budget_left": kept["budget_left"],
            }
        )
    about = {**_about(answer), "apdex_threshold_ms": promises.every.apdex_ms}
    return {**about, "services": rows, "cut": answer["cut"]}


async def endpoints(records: Records, threshold: float, limit: int, order: str) -> Answer:
    """By route and method."""
    fields = {**REQUESTS, **RATES, "response_bytes": "response_bytes"}
    dimensions = ("endpoint", "method")
    answer, scores = await asyncio.gather(
        _listed(records, fields, dimensions, limit, order=f"-{fields[order]}"),
        apdex_by(records, threshold, dimensions),
    )
    rows = []
    for row in answer["rows"]:
        endpoint, method = row["dimensions"]["endpoint"] or "", row["dimensions"]["method"] or ""
        values = told(fields, row["values"])
        rows.append({"endpoint": endpoint, "method": method, **values, "apdex": scores.get((endpoint, method))})
    return {**_about(answer), "apdex_threshold_ms": threshold, "endpoints": rows, "cut": answer["cut"]}


async def usage(records: Records, by: str, limit: int) -> Answer:
    """How full processors, memory and disks are: of all with a series, and by host or service."""
    fields = {**RESOURCES, **PEAKS}
    whole, answer = await asyncio.gather(
        records.ask(*fields.values(), granularity="auto"),
        _listed(records, fields, (by,), limit, order="-cpu_usage"),
    )
    rows = [{by: row["dimensions"][by] or "", **told(fields, row["values"])} for row in answer["rows"]]
    return {
        **_about(whole),
        "total": told(fields, whole["total"]["values"]),
        **_series(whole, fields),
        "by": by,
        "rows": rows,
        "cut": answer["cut"],
        "notes": [] if whole["events"] else ["No resource_usage came in during the period."],
    }


async def databases(records: Records, by: str, limit: int) -> Answer:
    """By table, operation or database, those that took most time together first."""
    dimension = _DIMENSIONS[by]
    answer = await _listed(records, TABLES, (dimension,), limit, order="-db_time")
    rows = [{by: row["dimensions"][dimension] or "", **told(TABLES, row["values"])} for row in answer["rows"]]
    return {**_about(answer), "by": by, "total": told(TABLES, answer["total"]["values"]), "groups": rows,
            "cut": answer["cut"]}  # fmt: skip


async def performance(records: Records, apdex: Answer, compare: str, granularity: str) -> Answer:
    """Everything together with its series, and beside the time before. apdex: of the same period."""
    fields = {"requests_per_second": "requests_per_second", **REQUESTS, **RATES, **DATABASE, **EXTERNAL}
    whole = await records.ask(*fields.values(), granularity=granularity, compare=compare)
    total = whole["total"]
    return {
        **_about(whole),
        "total": told(fields, total["values"]),
        "previous": told(fields, total["previous"]),
        "change": {field: total["change"][metric] for field, metric in fields.items()},
        "apdex": apdex,
        **_series(whole, fields),
        "notes": [] if whole["events"] else ["Nothing of services came in during the period."],
    }


async def _listed(records: Records, fields: Fields, dimensions: tuple[str, ...], limit: int, **more: Any) -> Answer:
    given = {"order": f"-{next(iter(fields.values()))}", **more}
    return await records.ask(*fields.values(), dimensions=dimensions, limit=limit, other=False, **given)


def _series(whole: Mapping[str, Any], fields: Fields) -> Answer:
    series = whole["total"]["series"]
    return {
        "granularity": whole["granularity"],
        "times": whole["times"],
        "series": {
            field: [in_percent({field: value})[field] for value in series[metric]] for field, metric in fields.items()
        },
    }


def _about(answer: Mapping[str, Any]) -> Answer:
    names = ("start_time", "end_time", "timezone", "events", "complete_since")
    return {name: answer[name] for name in names}

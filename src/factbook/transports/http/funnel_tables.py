"""The tables of a funnel's answer as files: steps, rows of a breakdown, trend, times, people, drivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import Response

from factbook.core.errors import invalid

from .rows_as_csv import rows_as_csv

STEPS, BREAKDOWN, TREND, TIMES = "steps", "breakdown", "trend", "times"
TABLES = (STEPS, BREAKDOWN, TREND, TIMES)

_STEP = ("step", "label", "count", "conversion", "overall", "dropped", "median_seconds", "mean_seconds")
_WHOLE = ("entered", "converted", "conversion", "incomplete", "median_seconds", "mean_seconds")
_PERSON = ("user_id", "anonymous_ids", "steps_done")
_DRIVER = (
    "dimension", "value", "above", "at_most", "people", "dropped", "drop_rate", "lift", "odds_ratio", "low", "high",
    "p_value", "adjusted_p_value", "significant",
)  # fmt: skip


def table_of(given: str) -> str:
    """INVALID for a table that there is not."""
    if given not in TABLES:
        raise invalid(f"{given[:40]!r} is no table.", field="table", hint="Use " + ", ".join(TABLES) + ".")
    return given


def analysis_as_csv(told: Mapping[str, Any], table: str) -> Response:
    """INVALID for a table that the question did not ask for."""
    if table == STEPS:
        return rows_as_csv(told["steps"], _STEP, "funnel")
    if table == TIMES:
        return rows_as_csv(told["histogram"], ("from_seconds", "to_seconds", "count"), "funnel-times")
    if told[table] is None:
        hint = "Give a breakdown." if table == BREAKDOWN else "Leave out granularity=none."
        raise invalid(f"There is no {table} in the answer.", field="table", hint=hint)
    if table == TREND:
        return _numbered(told["trend"]["points"], ("time", *_WHOLE), "steps", "funnel-trend")
    rows = [{**row, "value": "(other)" if row["other"] else row["value"]} for row in told["breakdown"]["rows"]]
    return _numbered(rows, ("value", *_WHOLE), "steps", "funnel-breakdown")


def people_as_csv(told: Mapping[str, Any]) -> Response:
    sessions = ("session",) if told["people"] and "session" in told["people"][0] else ()
    return _numbered(told["people"], (*_PERSON, *sessions), "times", "funnel-people")


def drivers_as_csv(told: Mapping[str, Any]) -> Response:
    rows = [dict(zip(("low", "high"), row["confidence_interval"], strict=True)) | row for row in told["drivers"]]
    return rows_as_csv(rows, _DRIVER, "funnel-drivers")


def _numbered(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], of_steps: str, name: str) -> Response:
    """A column a step behind the others."""
    width = len(rows[0][of_steps]) if rows else 0
    steps = [f"step_{number}" for number in range(1, width + 1)]
    told = [{**row, **dict(zip(steps, row[of_steps], strict=True))} for row in rows]
    return rows_as_csv(told, [*columns, *steps], name)

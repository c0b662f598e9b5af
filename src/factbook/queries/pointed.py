"""An answer over one declared metric in the form of GET /api/v1/metrics: points in time, each with its value."""

from __future__ import annotations

from typing import Any


def pointed(answer: dict[str, Any], metric: str) -> dict[str, Any]:
    """`answer` (about `metric`, by bucket) as points, split by its dimensions, with its comparison."""
    total, [about] = answer["total"], answer["metrics"]
    found: dict[str, Any] = {
        "metric_name": metric,
        "event_type": None,
        "property": None,
        "seen": answer["events"] > 0,
        "interval": answer["granularity"],
        **{name: answer[name] for name in ("timezone", "start_time", "end_time")},
        "total": {"value": total["values"][metric]},
        "source": answer["source"],
        "complete_since": answer["complete_since"],
        "error": about["error"],
    }
    if "rows" in answer:
        found["series"] = [
            {
                "dimensions": row["dimensions"],
                "other": row["other"],
                "total": {"value": row["values"][metric]},
                "points": _points(answer, row["series"][metric]),
            }
            for row in answer["rows"]
        ]
    else:
        found["points"] = _points(answer, total["series"][metric])
    if "compare" in answer:
        then = answer["compare"]
        found["compare"] = {
            **{name: then[name] for name in ("with", "start_time", "end_time")},
            "total": {"value": total["previous"][metric]},
            "change": total["change"][metric],
            "points": [
                {"time": time, "value": value}
                for time, value in zip(then["times"], total["previous_series"][metric], strict=True)
            ],
        }
    if "explain" in answer:
        found["explain"] = answer["explain"]
    return found


def _points(answer: dict[str, Any], values: list[Any]) -> list[dict[str, Any]]:
    partial = set(answer["partial"])
    return [
        {"time": time, "value": value, **({"partial": True} if i in partial else {})}
        for i, (time, value) in enumerate(zip(answer["times"], values, strict=True))
    ]

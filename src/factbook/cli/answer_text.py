"""An answer over metrics as text: numbers in their units, changes, sparklines, and lines of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

_BARS = "▁▂▃▄▅▆▇█"
_SUFFIXES = {"percent": " %", "seconds": " s", "milliseconds": " ms", "days": " d", "bytes": " B"}
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def shown(value: float | None, metric: dict[str, Any]) -> str:
    """A number with its unit; `-` where there is none."""
    if value is None:
        return "-"
    decimals = int(metric["decimals"])
    if metric["unit"] == "percent":
        return f"{value * 100:,.{max(decimals, 1)}f} %"
    if decimals == 0 and abs(value - round(value)) > 1e-9:
        decimals = 2
    currency = f" {metric['currency']}" if metric.get("currency") else ""
    return f"{value:,.{decimals}f}{currency or _SUFFIXES.get(metric['unit'], '')}"


def changed(change: float | None) -> str:
    return "-" if change is None else f"{change * 100:+,.1f} %"


def sparkline(numbers: Sequence[float | None], width: int = 40) -> str:
    """One bar a bucket, at most `width` (neighbours averaged), a space where there is no number."""
    if len(numbers) > width:
        step = len(numbers) / width
        parts = [numbers[int(i * step) : max(int((i + 1) * step), int(i * step) + 1)] for i in range(width)]
        means = [[number for number in part if number is not None] for part in parts]
        numbers = [sum(mean) / len(mean) if mean else None for mean in means]
    known = [number for number in numbers if number is not None]
    if not known:
        return ""
    low, high = min(0.0, *known), max(known)
    height = (high - low) or 1.0
    return "".join(" " if n is None else _BARS[round((n - low) / height * (len(_BARS) - 1))] for n in numbers)


def csv_lines(answer: dict[str, Any]) -> Iterator[str]:
    """Header and lines of CSV: one a row and bucket, or one a row where there are no buckets.

    Text that a spreadsheet would take for a formula is led by an apostrophe.
    """
    metrics = [metric["id"] for metric in answer["metrics"]]
    dimensions = [dimension["id"] for dimension in answer["dimensions"]]
    times = answer.get("times")
    compared = "compare" in answer
    extra = [f"{name}.{part}" for name in metrics for part in ("previous", "change")] if compared and not times else []
    yield _line([*(["time"] if times else []), *dimensions, *metrics, *extra])
    for row in answer["rows"] if "rows" in answer else [answer["total"]]:
        names = [_label(row, dimension) for dimension in dimensions]
        if times:
            for i, time in enumerate(times):
                yield _line([time, *names, *(row["series"][metric][i] for metric in metrics)])
            continue
        more = [row[part][name] for name in metrics for part in ("previous", "change")] if extra else []
        yield _line([*names, *(row["values"][metric] for metric in metrics), *more])


def _label(row: dict[str, Any], dimension: str) -> str:
    """What a row is called in one dimension."""
    named = row.get("dimensions") or {}
    if row.get("other") and dimension not in named:
        return "(other)"
    value = named.get(dimension)
    return "(none)" if value is None else str(value)


def labels(row: dict[str, Any], dimensions: Sequence[dict[str, Any]]) -> list[str]:
    return [_label(row, dimension["id"]) for dimension in dimensions]


def _line(values: Sequence[Any]) -> str:
    sink = io.StringIO()
    safe = [f"'{v}" if isinstance(v, str) and v.startswith(_RISKY) else v for v in values]
    csv.writer(sink, lineterminator="\n").writerow(["" if v is None else v for v in safe])
    return sink.getvalue()

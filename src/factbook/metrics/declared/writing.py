"""A measure in the form in which it is declared: what reads back as the same measure."""

from __future__ import annotations

from typing import Any

from factbook.metrics.expressions import text
from factbook.metrics.model import Kind, Measure

from .measure import ALIVE


def written(measure: Measure) -> str | dict[str, Any]:
    """`count`, or a mapping such as `{"sum": "amount"}`."""
    number = None if measure.of is None else text(measure.of)
    match measure.kind:
        case Kind.COUNT:
            return Kind.COUNT.value
        case Kind.UNIQUE:
            return {"unique": measure.distinct}
        case Kind.QUANTILE:
            return {"quantile": measure.quantile, "of": number}
        case Kind.STATE:
            until = {"until": list(measure.until)} if measure.until else {}
            return {"state": ALIVE if number is None else number, "by": measure.by, **until}
    return {measure.kind.value: number}

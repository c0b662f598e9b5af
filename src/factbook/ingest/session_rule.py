"""What a session is: when one ends, what counts as a page view or an interaction, and the statement that finds them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any

PAGE_VIEWS = ("page_view", "page.view")
SHOWN = ("content_view", "product_view", "recommendation_impression", "search_impression")
"""What was merely shown: no page view and no interaction."""

_SQL = resources.files("factbook.ingest.sql").joinpath("sessions.sql").read_text()

_BY_PAUSE = """arrayFilter((t, before) -> t - before > {timeout:Int64}, times,
        arrayPushFront(arrayPopBack(times), times[1] - {timeout:Int64} - 1))"""
_BY_PAUSE_OR_LENGTH = """arrayFold((told, t) -> if(empty(told.2) OR t - told.1 > {timeout:Int64}
        OR t - told.2[-1] > {longest:Int64}, (t, arrayPushBack(told.2, t)), (t, told.2)),
        times, (toInt64(0), emptyArrayInt64())).2"""


@dataclass(frozen=True, slots=True)
class Rule:
    """timeout_ms: a session ends when nothing comes for longer. longest_ms: nor is one longer than this; 0: any."""

    timeout_ms: int
    longest_ms: int = 0

    @classmethod
    def of(cls, timeout_seconds: float, longest_hours: float) -> Rule:
        return cls(int(timeout_seconds * 1000), int(longest_hours * 3_600_000))

    @property
    def name(self) -> str:
        return f"{self.timeout_ms} {self.longest_ms}"

    @property
    def bound(self) -> dict[str, Any]:
        """The parameters of every statement over sessions by this rule."""
        return {
            "timeout": self.timeout_ms,
            "longest": self.longest_ms,
            "page_views": list(PAGE_VIEWS),
            "shown": list(SHOWN),
        }


def sessions_sql(rule: Rule, spans: str) -> str:
    """The rows of `user_behavior` for the people of `spans`, within their spans.

    spans: SQL of `raw` (a value of `person` that events carry, never 0), `who` (whose it is), `lo` and `hi` in
    milliseconds. Takes `rule.bound`, `first`, `last` and `version`.
    """
    starts = _BY_PAUSE_OR_LENGTH if rule.longest_ms else _BY_PAUSE
    return _SQL % {"spans": spans, "starts": starts}

"""What a session is: when one ends, what counts as a page view or an interaction, and the statement that finds them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any

PAGE_VIEWS = ("page_view", "page.view")
SHOWN = ("content_view", "product_view", "recommendation_impression", "search_impression")
"""What was merely shown: no page view and no interaction."""

_SQL = resources.files("factbook.ingest.sql").joinpath("sessions.sql").read_text()

_AFTER_PAUSE = """arrayMap((t, before) -> t - before > {timeout:Int64}, times,
        arrayPushFront(arrayPopBack(times), times[1] - {timeout:Int64} - 1))"""
_AFTER_PAUSE_OR_LENGTH = """arrayFold((told, t) -> if(empty(told.3) OR t - told.1 > {timeout:Int64}
        OR t - told.2 > {longest:Int64}, (t, t, arrayPushBack(told.3, 1)), (t, told.2, arrayPushBack(told.3, 0))),
        times, (toInt64(0), toInt64(0), emptyArrayUInt8())).3"""

_TIMES = "arrayMap(step -> step.1, walked)"


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

    @property
    def begins(self) -> str:
        """SQL of an array: for each of `times`, in milliseconds and in order, whether a session begins there."""
        return _AFTER_PAUSE_OR_LENGTH if self.longest_ms else _AFTER_PAUSE


def sessions_sql(rule: Rule, spans: str) -> str:
    """The rows of `user_behavior` for the people of `spans`, within their spans.

    spans: SQL of `raw` (a value of `person` that events carry, never 0), `who` (whose it is), `lo` and `hi` in
    milliseconds. Takes `rule.bound`, `first`, `last` and `version`.
    """
    return _SQL % {"spans": spans, "starts": f"arrayFilter((t, begins) -> begins, times, {rule.begins})"}


def walks_sql(rule: Rule, *, backward: bool = False) -> str:
    """SQL of the array `walked` cut into sessions, which takes `rule.bound`.

    A step of it is a tuple that begins with its moment in milliseconds; backward: with minus that, the last step first.
    """
    if not backward:
        return f"arraySplit((step, begins) -> begins, walked, arrayMap(times -> {rule.begins}, [{_TIMES}])[1])"
    begins = f"arrayMap(times -> arrayReverse({rule.begins}), [arrayReverse(arrayMap(t -> -t, {_TIMES}))])[1]"
    return f"arraySplit((step, begins) -> begins, walked, arrayPushFront(arrayPopBack({begins}), 1))"

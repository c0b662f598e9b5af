"""How far back the tables that an answer is read from are kept, so that it can say where it may lack something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from factbook.core.clock import epoch_ms
from factbook.metrics.levels import RAW, Run

from .shown import shown

_KEPT_AS = {
    RAW: "raw_events",
    "1m": "minute_aggregates",
    "1h": "hour_aggregates",
    "1d": "daily_aggregates",
}


def horizons(days: Mapping[str, int], now: datetime) -> dict[str, int]:
    """Level → the moment (milliseconds) since which it is kept; `days` by retention level, absent for ever."""
    return {
        level: epoch_ms(now - timedelta(days=days[name]))
        for level, name in _KEPT_AS.items()
        if days.get(name) is not None
    }


def complete_since(runs: Sequence[Run], kept: Mapping[str, int], tz: ZoneInfo) -> str | None:
    """The moment since which nothing that `runs` read is past its retention; None where that is all of it."""
    lacking = [min(run.end, kept[run.level]) for run in runs if run.level in kept and run.start < kept[run.level]]
    return shown(max(lacking), tz) if lacking else None


def since(first: Mapping[str, int], end: int, kept: Mapping[str, int], tz: ZoneInfo) -> str | None:
    """Like `complete_since`, of the earliest moment read from each level, for an answer that reaches to `end`."""
    lacking = [min(end, kept[level]) for level, start in first.items() if level in kept and start < kept[level]]
    return shown(max(lacking), tz) if lacking else None

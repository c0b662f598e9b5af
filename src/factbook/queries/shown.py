"""How moments are written in answers: RFC 3339 with the zone's offset at that moment."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def shown(ms: int, tz: ZoneInfo) -> str:
    return datetime.fromtimestamp(ms / 1000, tz).isoformat()

"""The events of the shop: purchases of three weeks with a gap, in categories of which some are named to do harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"
MARKUP = "{marker1|hidden}"
FORMULA = "=1+cmd|' /C calc'!A0"
CATEGORIES = ("Books", "Games", "Music", SCRIPT, MARKUP, FORMULA)
GAP = (5, 6, 7)
"""Days ago without a purchase."""


def sales() -> list[dict[str, Any]]:
    """More of the first categories than of the last; the same hour every day, the newest a minute ago."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    found = []
    for day in range(21):
        for place, category in enumerate(CATEGORIES[: 6 - day % 5]):
            if day not in GAP:
                properties = {
                    "amount": 10.25 * (place + 1) + day,
                    "quantity": 1 + (day + place) % 4,
                    "category": category,
                    "currency": "EUR",
                }
                found.append(
                    {
                        "event_type": "purchase",
                        "user_id": f"buyer-{day % 7}-{place}",
                        "timestamp": (now - timedelta(days=day)).isoformat(),
                        "properties": properties,
                    }
                )
    return found

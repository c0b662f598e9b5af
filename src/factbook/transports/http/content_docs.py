"""Examples of answers about content, for the reference, and the columns of their files."""

from typing import Any

from factbook.queries.content.fields import NUMBERS
from factbook.queries.content.scores import EXPLAINED
from factbook.queries.content.trending import FORMULA, RULES

COLUMNS = ("content_id", *NUMBERS, "last_updated")
RISING = ("content_id", "views", "views_before", "first_view", "expected", "ratio", "score", "chance")

_PERIOD = {
    "start_time": "2026-03-01T00:00:00+01:00",
    "end_time": "2026-03-02T00:00:00+01:00",
    "timezone": "Europe/Berlin",
}
_PARTS = {
    "popularity": {"reach": 0.55, "momentum": 0.6},
    "engagement": {"interaction": 0.5, "completion": 0.62, "attention": 0.4},
    "quality": {"finishing": 0.58, "approval": 0.4, "pull": 0.5},
}
_SCORES = {
    name: {
        "score": 56.5,
        "parts": parts,
    }
    for name, parts in _PARTS.items()
}
_HOURS = {str(hour): 10 for hour in range(24)}
_RECORD: dict[str, Any] = {
    "content_id": "intro",
    "date": "2026-03-01",
    **_PERIOD,
    "total_views": 240,
    "unique_views": 170,
    "completions": 149,
    "completion_rate": 0.62,
    "likes": 12,
    "shares": 4,
    "bookmarks": 3,
    "comments": 2,
    "engagement_rate": 0.0875,
    "search_impressions": 400,
    "search_clicks": 30,
    "recommendation_impressions": 900,
    "recommendation_clicks": 35,
    "direct_traffic": 120,
    "search_traffic": 60,
    "recommendation_traffic": 40,
    "external_traffic": 20,
    "desktop_views": 150,
    "mobile_views": 80,
    "tablet_views": 10,
    "plays": 260,
    "reported_watch_time": 14_400.0,
    "watch_time": 15_100.0,
    "average_view_duration": 62.9,
    "top_countries": {"DE": 130, "FR": 60},
    "top_regions": {"Berlin": 40},
    "hourly_distribution": _HOURS,
    "daily_trend": 2.1,
    "popularity_score": 56.5,
    "engagement_score": 56.5,
    "quality_score": 56.5,
    "scores": _SCORES,
    "calculated_at": "2026-03-02T10:00:00+01:00",
    "last_updated": "2026-03-01T23:59:12+01:00",
}
RECORD: dict[str, Any] = {
    **_RECORD,
    "scores": {name: {**score, **EXPLAINED[name]} for name, score in _SCORES.items()},
    "notes": [],
}
LISTED: dict[str, Any] = {
    **_PERIOD,
    "order": "-total_views",
    "content": [_RECORD],
    "scores": EXPLAINED,
    "of": 250,
    "cut": {"is_cut": False, "shown": 250, "of": 250, "limit": 1000},
    "next_cursor": "100",
    "notes": [],
}
TOP: dict[str, Any] = {
    **_PERIOD,
    "metric": "completion_rate",
    "min_views": 10,
    "content": [{"rank": 1, "value": 0.62, **_RECORD}],
    "scores": EXPLAINED,
    "of": 80,
    "notes": [],
}
COMPARISON: dict[str, Any] = {
    **_PERIOD,
    "content": [_RECORD, {**_RECORD, "content_id": "outro"}],
    "scores": EXPLAINED,
    "best": {"total_views": ["intro"], "completion_rate": ["outro"]},
    "missing": [],
    "notes": [],
}
TRENDING: dict[str, Any] = {
    **_PERIOD,
    "window": {"start_time": "2026-03-01T10:00:00+01:00", "end_time": "2026-03-02T10:00:00+01:00", "hours": 24},
    "min_views": 10,
    "formula": FORMULA,
    "rules": list(RULES),
    "content": [
        {
            "content_id": "intro",
            "views": 90,
            "views_before": 580,
            "expected": 20.0,
            "ratio": 4.5,
            "score": 15.7,
            "chance": 1.5e-29,
            "first_view": "2026-01-31T08:00:00+01:00",
        }
    ],
    "new": [],
    "looked_at": 12,
    "notes": [],
}
INSIGHTS: dict[str, Any] = {
    "content_id": "intro",
    **_PERIOD,
    "insights": [
        {
            "rule": "views_changed",
            "severity": "good",
            "sentence": "It was viewed more than before: 240 views after 150 (+60%).",
            "numbers": {"views": 240, "views_before": 150, "change": 0.6},
        }
    ],
    "rules": {"views_changed": "Views against the time before, as long."},
    "notes": [],
}
AUDIENCE: dict[str, Any] = {
    "content_id": "intro",
    **_PERIOD,
    "viewers": 170,
    "new_viewers": 120,
    "returning_viewers": 50,
    "came_again": 20,
    "views": 240,
    "views_by_nobody_known": 6,
    "new_share": 0.706,
    "countries": {"DE": 130, "FR": 60},
    "regions": {"Berlin": 40},
    "devices": {"desktop": 150, "mobile": 80, "tablet": 10},
    "browsers": {"Firefox": 120, "Chrome": 110},
    "hourly_distribution": _HOURS,
    "segments": [{"id": "k3", "label": "Regulars", "people": 40, "views": 70}],
    "notes": [],
}
_NODE = {
    "id": "0:content_view",
    "label": "content_view",
    "other": False,
    "count": 200,
    "share": 1.0,
    "converted": 120,
    "conversion_rate": 0.6,
    "dropped": 50,
    "drop_off_rate": 0.25,
}
_EDGE = {
    "layer": 0,
    "source": "0:content_view",
    "target": "1:content_play",
    "count": 150,
    "share": 0.75,
    "converted": 120,
}
_WALKED = {"layers": [{"layer": 0, "nodes": [_NODE]}], "edges": [_EDGE]}
JOURNEY: dict[str, Any] = {
    "content_id": "intro",
    **_PERIOD,
    "nodes": "event_type",
    "depth": 3,
    "visits": 200,
    "finished": 120,
    "before": _WALKED,
    "after": _WALKED,
    "notes": [],
}

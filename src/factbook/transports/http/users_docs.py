"""Examples of the answers about users, for the documentation of the API."""

from __future__ import annotations

from typing import Any

from factbook.queries.behaviour.journey import FORMULA, MEANINGS
from factbook.queries.behaviour.scores import ACTIVITY, ACTIVITY_MEANS, LOYALTY, LOYALTY_MEANS
from factbook.queries.users.everybody import SPREAD
from factbook.queries.users.fields import MISSING
from factbook.queries.users.phases import PHASES

_PERIOD: dict[str, Any] = {
    "date": "2026-03-31",
    "start_time": "2026-01-01T00:00:00+01:00",
    "end_time": "2026-04-01T00:00:00+02:00",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
}
_DID: dict[str, Any] = {
    "sessions": 14,
    "total_session_duration": 5210.0,
    "average_session_duration": 372.1,
    "bounce_rate": 0.21,
    "return_visits": 13,
    "content_views": 31,
    "unique_content_views": 12,
    "total_watch_time": 2904.0,
    "content_completions": 7,
    "searches_performed": 9,
    "shares_made": 1,
    "bookmarks_created": 4,
    "comments_made": 2,
    "pages_visited": 44,
    "click_through_rate": 0.18,
    "preferred_categories": [{"value": "Books", "share": 0.6}],
    "preferred_languages": [{"value": "de", "share": 1.0}],
    "preferred_content_types": [{"value": "article", "share": 1.0}],
    "device_types": {"desktop": 71, "mobile": 25},
    "browser_types": {"Firefox": 96},
    "engagement_score": 71.4,
    "activity_score": 77.3,
    "loyalty_score": 63.5,
}
_LATER: dict[str, Any] = {
    "user_segment_rules": {each.id: each.rule for each in PHASES},
    "conversion_metrics": {
        "orders": 3,
        "revenue": 59.7,
        "average_order_value": 19.9,
        "sign_ups": 1,
        "conversion_rate": 0.214,
    },
    "feature_usage": {"export": 5},
    "missing": MISSING,
    "events": 96,
    "calculated_at": "2026-04-01T08:00:00+02:00",
    "last_updated": "2026-03-30T21:14:05+02:00",
}
PERSON: dict[str, Any] = {
    "user_id": "u-17",
    "user_ids": ["u-17"],
    "anonymous_ids": ["a-9f3"],
    **_PERIOD,
    **_DID,
    "scores": {
        "engagement": {"score": 71.4, "formula": FORMULA, "parts": {"recency": 0.78}, "meanings": MEANINGS},
        "activity": {"score": 77.3, "formula": ACTIVITY, "parts": {"frequency": 0.7}, "meanings": ACTIVITY_MEANS},
        "loyalty": {"score": 63.5, "formula": LOYALTY, "parts": {"tenure": 0.67}, "meanings": LOYALTY_MEANS},
    },
    "user_segment": "core",
    **_LATER,
}
_PERSON: dict[str, Any] = {
    "user_id": "u-17",
    "anonymous_id": "a-9f3",
    "sessions": 14,
    "total_session_duration": 5210.0,
    "average_session_duration": 372.1,
    "events": 96,
    "pages_visited": 44,
    "interactions": 30,
    "orders": 3,
    "active_days": 12,
    "return_visits": 13,
    "bounce_rate": 0.21,
    "engagement_score": 71.4,
    "activity_score": 77.3,
    "loyalty_score": 63.5,
    "first_at": "2025-09-12T10:00:00+02:00",
    "last_at": "2026-03-30T21:14:05+02:00",
    "user_segment": "core",
}
EVERYBODY: dict[str, Any] = {
    **_PERIOD,
    "people": 4210,
    "people_with_sessions": 4198,
    **_DID,
    "user_segments": {each.id: 700 for each in PHASES},
    **_LATER,
    "per_person": {name: {"mean": 3.1, "median": 2.0, "p90": 6.0, "most": 40.0} for name in SPREAD},
    "distribution": {"engagement_score": [{"from": 0, "to": 10, "people": 212}]},
    "rows": [_PERSON],
    "next_cursor": "1774898045000.0~1844674407370955161",
    "notes": [],
}

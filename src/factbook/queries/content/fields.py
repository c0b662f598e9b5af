"""The fields of content records, each the metric that is its value."""

from __future__ import annotations

from factbook.queries.records import Fields

RECORD: Fields = {
    "total_views": "content_views",
    "unique_views": "unique_viewers",
    "completions": "completions",
    "completion_rate": "completion_rate",
    "likes": "likes",
    "shares": "shares",
    "bookmarks": "bookmarks",
    "comments": "comments",
    "engagement_rate": "engagement_rate",
    "search_impressions": "search_impressions",
    "search_clicks": "search_clicks",
    "recommendation_impressions": "recommendation_impressions",
    "recommendation_clicks": "recommendation_clicks",
    "direct_traffic": "direct_traffic",
    "search_traffic": "search_traffic",
    "recommendation_traffic": "recommendation_traffic",
    "external_traffic": "external_traffic",
    "desktop_views": "desktop_views",
    "mobile_views": "mobile_views",
    "tablet_views": "tablet_views",
    "plays": "content_plays",
    "reported_watch_time": "watch_time",
}

TRAFFIC = ("direct_traffic", "search_traffic", "recommendation_traffic", "external_traffic")

RECKONED = (
    "watch_time",
    "average_view_duration",
    "daily_trend",
    "popularity_score",
    "engagement_score",
    "quality_score",
)
"""Fields that are numbers too, but no metric's."""

NUMBERS = (*RECORD, *RECKONED)
"""What lists may be ordered by."""

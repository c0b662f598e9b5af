"""The fields of user records: those that are metrics, and why some of them are not told."""

from __future__ import annotations

from factbook.queries.records import Fields

DID: Fields = {
    "content_views": "content_views",
    "unique_content_views": "viewed_content",
    "total_watch_time": "watch_time",
    "content_completions": "completions",
    "searches_performed": "searches",
    "shares_made": "shares",
    "bookmarks_created": "bookmarks",
    "comments_made": "comments",
    "pages_visited": "page_views",
    "click_through_rate": "click_through_rate",
}
"""What a person did, or all together."""

CONVERSIONS: Fields = {
    "orders": "orders",
    "revenue": "revenue",
    "average_order_value": "average_order_value",
    "sign_ups": "sign_ups",
}

MISSING = {
    "churn_probability": "Foretold by a model for tier pro and up; there is none yet.",
    "predicted_ltv": "Foretold by a model for tier pro and up; there is none yet.",
}
"""Fields of the record that are null, and why."""

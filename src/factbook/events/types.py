"""The known event types and the category of each; any other name is taken too, as custom."""

from __future__ import annotations

CATEGORIES = ("content", "user", "system", "search", "import", "commerce", "trading", "custom")

_KNOWN: dict[str, tuple[str, ...]] = {
    "content": (
        "content_view",
        "content_play",
        "content_pause",
        "content_complete",
        "content_share",
        "content_bookmark",
        "content_like",
        "content_comment",
        "recommendation_impression",
        "recommendation_click",
    ),
    "search": ("search_query", "search_result_click", "search_impression", "search_filter", "search", "filter"),
    "user": (
        "user_register",
        "user_login",
        "user_logout",
        "user.login",
        "user.logout",
        "page_view",
        "page.view",
        "button_click",
        "button.click",
        "feature_used",
        "feedback_submitted",
    ),
    "commerce": (
        "product_view",
        "add_to_cart",
        "remove_from_cart",
        "checkout_start",
        "purchase",
        "refund",
        "subscription_started",
        "subscription_changed",
        "subscription_canceled",
    ),
    "system": (
        "api_request",
        "error_occurred",
        "resource_usage",
        "db_query",
        "cache_access",
        "external_call",
        "metric",
        "alert.triggered",
    ),
    "import": ("import_started", "import_completed", "import_failed"),
    "trading": (
        "order.placed",
        "order.filled",
        "order.canceled",
        "order.rejected",
        "position.opened",
        "position.closed",
        "balance.updated",
        "strategy.started",
        "strategy.stopped",
        "signal.generated",
        "market.data.update",
    ),
}

KNOWN_TYPES: dict[str, str] = {name: category for category, names in _KNOWN.items() for name in names}
"""Event type → category."""


def category(event_type: str) -> str:
    """The category of a type that came without one: its own when known, else `custom`."""
    return KNOWN_TYPES.get(event_type, "custom")

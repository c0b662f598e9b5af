"""Funnels as OpenAPI shows them: what may be asked, and what comes back."""

from __future__ import annotations

from typing import Any

QUESTION: dict[str, Any] = {
    "steps": [
        {"event": "product_view", "where": "price > 10", "label": "Product seen"},
        {"events": ["add_to_cart", "wishlist_add"], "label": "Wanted"},
        {"event": "checkout_start", "optional": True},
        "purchase",
    ],
    "order": "ordered",
    "window": "7d",
    "exclusions": [{"event": "refund", "from_step": 1, "to_step": 4}],
    "breakdown": "country",
    "attribution": "first",
    "limit": 10,
    "hold_constant": "property.product_id",
    "count": "people",
    "granularity": "1d",
    "period": "last_30_days",
    "filters": {"device": "mobile"},
}
_WHOLE: dict[str, Any] = {
    "entered": 200,
    "converted": 50,
    "conversion": 0.25,
    "incomplete": 10,
    "median_seconds": 900.0,
    "mean_seconds": 1250.5,
}
_STEP: dict[str, Any] = {
    "step": 1,
    "label": "Product seen",
    "events": ["product_view"],
    "optional": False,
    "count": 200,
    "conversion": 1.0,
    "overall": 1.0,
    "dropped": 0,
}
_SECOND: dict[str, Any] = {
    "step": 2,
    "label": "Paid",
    "events": ["purchase"],
    "count": 50,
    "conversion": 0.25,
    "overall": 0.25,
    "dropped": 150,
    "median_seconds": 900.0,
    "mean_seconds": 1250.5,
}
ANSWER: dict[str, Any] = {
    "funnel_name": "checkout",
    "order": "ordered",
    "count": "people",
    "window_seconds": 604800.0,
    "start_time": "2026-03-01T00:00:00+01:00",
    "end_time": "2026-03-03T00:00:00+01:00",
    "timezone": "Europe/Berlin",
    "complete_since": "2026-03-01T00:00:00+01:00",
    **_WHOLE,
    "steps": [_STEP, {**_STEP, **_SECOND}],
    "histogram": [{"from_seconds": 600, "to_seconds": 1800, "count": 50}],
    "trend": {
        "granularity": "1d",
        "points": [{"time": "2026-03-01T00:00:00+01:00", **_WHOLE, "steps": [200, 50]}],
    },
    "breakdown": {
        "dimension": "country",
        "label": "Country",
        "attribution": "first",
        "rows": [{"value": "DE", "other": False, **_WHOLE, "steps": [200, 50]}],
        "cut": {"is_cut": False, "shown": 1, "of": 1, "limit": 10},
    },
}
ABOUT = (
    "A person enters with step 1 inside the period and has the `window` for the rest, also behind the period's end. Of"
    " several attempts the deepest counts. Who has not converted and whose window is not over yet is `incomplete`."
    " `conversion` is from the former step, `overall` from the first; seconds are from the former step."
    " With `format=csv` one `table` comes as a file. docs/definitions.md tells all. "
)
PEOPLE: dict[str, Any] = {
    "step": 2,
    "dropped": True,
    "people": [
        {
            "user_id": "u-1001",
            "anonymous_ids": ["v-77"],
            "steps_done": 1,
            "times": ["2026-03-01T09:00:00+01:00", "2026-03-01T09:15:00+01:00"],
        }
    ],
    "next_cursor": "1311768467463790320",
}
OF_PEOPLE = "The question of /funnel/analysis with `step`, `dropped`, `limit` (to 1,000) and `cursor`. "
DRIVERS: dict[str, Any] = {
    "step": 2,
    "people": 1000,
    "dropped": 400,
    "compared": 25,
    "least_people": 30,
    "drivers": [
        {
            "dimension": "device",
            "value": "mobile",
            "people": 500,
            "dropped": 250,
            "drop_rate": 0.5,
            "lift": 1.25,
            "odds_ratio": 2.33,
            "confidence_interval": [1.8, 3.02],
            "p_value": 1.2e-10,
            "adjusted_p_value": 3e-9,
            "significant": True,
        }
    ],
}
OF_DRIVERS = (
    "Of those who did what comes before `step`: which values of columns and properties (of the event with which they"
    " did it) go with turning away (odds ratio over 1) or going on (under 1), with 95 % intervals and p values adjusted"
    " for the number `compared` (Benjamini-Hochberg). Numbers are taken together between their quartiles (`above`,"
    " `at_most`); a `value` of null is of those without any. Values of fewer than 30 people are left out. "
)


def body(example: dict[str, Any]) -> dict[str, Any]:
    """A JSON object that the route reads by itself."""
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}

"""Questions about paths and attribution as they were sent, every field checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from factbook.core.errors import invalid
from factbook.ingest.session_rule import Rule
from factbook.queries.asking.ask import Tenant

from .attribution import AttributionRequest
from .history import FIELDS as ABOUT
from .history import History, history
from .paths import PathsRequest
from .reading import flag, number, one_of, text
from .selection import Selection, selection

PATHS = (*ABOUT, "point", "direction", "conversion", "nodes", "groups", "depth", "min_count", "top", "collapse", "by")
ATTRIBUTION = (*ABOUT, "conversion", "dimension", "lookback_days", "half_life_days", "amount")
MOST_GROUPS = 50
_USUAL = "purchase"


def asked_paths(given: Mapping[str, Any], tenant: Tenant, rule: Rule, now: datetime) -> PathsRequest:
    """INVALID naming the field."""
    about = _about(given, tenant, now)
    direction = one_of(text(given, "direction") or "forward", ("forward", "backward"), "direction")
    nodes = one_of(text(given, "nodes") or "event_type", ("event_type", "page"), "nodes")
    by = one_of(text(given, "by") or "session", ("session", "person"), "by")
    return PathsRequest(
        about,
        rule,
        _selected(given, "conversion", about, tenant) or Selection((_USUAL,)),
        _selected(given, "point", about, tenant),
        direction == "backward",
        nodes == "page",
        _groups(given.get("groups")),
        number(given, "depth", 1, 10, 5),
        number(given, "min_count", 1, 999_999, 1),
        number(given, "top", 1, 50, 8),
        flag(given, "collapse") if given.get("collapse") not in (None, "") else True,
        by == "session",
    )


def asked_attribution(given: Mapping[str, Any], tenant: Tenant, rule: Rule, now: datetime) -> AttributionRequest:
    """INVALID naming the field."""
    about = _about(given, tenant, now)
    return AttributionRequest(
        about,
        rule,
        _selected(given, "conversion", about, tenant) or Selection((_USUAL,)),
        tenant.catalog.dimension(text(given, "dimension") or "referrer_source"),
        number(given, "lookback_days", 1, 365, 30),
        number(given, "half_life_days", 1, 365, 7),
        text(given, "amount") or "amount",
    )


def _about(given: Mapping[str, Any], tenant: Tenant, now: datetime) -> History:
    return history(
        {**given, "include_bots": flag(given, "include_bots")}, tenant.calendar, now, segments=tenant.segments
    )


def _selected(given: Mapping[str, Any], field: str, about: History, tenant: Tenant) -> Selection | None:
    value = given.get(field)
    if value in (None, ""):
        return None
    return tenant.segments.selected(selection(value, about.calendar.zone, field=field))


def _groups(given: Any) -> tuple[tuple[str, str], ...]:
    """Of `/product/*=Products,/blog/*=Blog`, or a list of objects with pattern and label."""
    if given in (None, ""):
        return ()
    if isinstance(given, str):
        pairs = [part.rpartition("=") for part in given.split(",") if part.strip()]
        items: Any = [{"pattern": pattern.strip(), "label": label.strip()} for pattern, _, label in pairs]
    else:
        items = given
    hint = 'For example [{"pattern": "/product/*", "label": "Products"}], or /product/*=Products in a query string.'
    if not isinstance(items, list) or len(items) > MOST_GROUPS:
        raise invalid(f"groups is not a list of at most {MOST_GROUPS}.", field="groups", hint=hint)
    found = []
    for item in items:
        if not isinstance(item, dict) or set(item) != {"pattern", "label"}:
            raise invalid("Each group has a pattern and a label.", field="groups", hint=hint)
        pair = item["pattern"], item["label"]
        if not all(isinstance(part, str) and 0 < len(part) <= 200 and "\0" not in part for part in pair):
            raise invalid("A pattern and a label are texts of 1 to 200 characters.", field="groups", hint=hint)
        found.append(pair)
    return tuple(found)

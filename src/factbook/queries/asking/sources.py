"""Table choice: the one place that says which question the roll-ups answer exactly, and which needs single events."""

from __future__ import annotations

from factbook.metrics.model import SESSIONS, USERS, Kind

from .conditions import plain_property
from .leaves import Leaf
from .plan import Plan, Source

STORED = Source(True, "roll-ups answer it exactly")
MAX_TYPES = 500


def source_of(leaf: Leaf, plan: Plan) -> Source:
    """Where `leaf` is read: the first reason for single events wins."""
    reason = _about_the_question(plan) or _about_the_leaf(leaf, plan)
    return Source(False, reason) if reason else STORED


def _about_the_question(plan: Plan) -> str | None:
    if plan.scope.rows:
        return "what may be seen of all events is told from single ones"
    if plan.conditions:
        return f"a filter on {plan.conditions[0].name} is answered from single events"
    if plan.request.include_bots:
        return "roll-ups leave bots out"
    if plan.dimensions and not plan.by_event_type:
        return f"a cut by {plan.dimensions[0].id} is answered from single events"
    if plan.dimensions and len(plan.event_types) > MAX_TYPES:
        return f"there are more than {MAX_TYPES} event types"
    return None


def _about_the_leaf(leaf: Leaf, plan: Plan) -> str | None:
    measure = leaf.measure
    if leaf.where is not None:
        return "the metric has a condition of its own"
    if measure.kind in (Kind.LAST, Kind.STATE):
        return f"the measure {measure.kind} is answered from single events"
    if measure.kind is Kind.UNIQUE and measure.distinct not in (USERS, SESSIONS):
        return f"distinct values of {measure.distinct} are counted from single events"
    if measure.of is not None:
        if plain_property(measure.of) is None:
            return "arithmetic over properties is answered from single events"
        if not leaf.events and not plan.by_event_type:
            return "a number over all event types is answered from single events"
    if leaf.money and plan.foreign:
        return f"amounts in {', '.join(plan.foreign)} are converted one by one"
    return None

"""The question for a funnel: what was asked for, field by field, checked before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from factbook.core.calendar import Calendar
from factbook.core.clock import epoch_ms
from factbook.core.errors import FactbookError, invalid
from factbook.core.times import INTERVALS, Period
from factbook.metrics.model import Dimension, Order
from factbook.queries.behaviour import history
from factbook.queries.behaviour.history import History
from factbook.queries.behaviour.segments.segments import NONE, Segments

from .steps import Exclusion, Step, exclusions_of, known_keys, steps_of, window_of

ORDERED, STRICT, ANY = Order
PEOPLE, SESSIONS, TOTALS = "people", "sessions", "totals"
MAX_ANY = 6
"""Steps whose order does not matter: each set of them is followed."""

MAX_ROWS = 200
DEFINED = ("steps", "order", "window", "exclusions", "hold_constant", "count")
"""The fields that a named funnel has; a question may give others in their place."""

FIELDS = (*DEFINED, "funnel_name", "breakdown", "attribution", "limit", "granularity", *history.FIELDS)


@dataclass(frozen=True, slots=True)
class Question:
    """window: milliseconds from step 1. breakdown: rows by its values, of the event that `attribution` says: first or
    last of those that matched, or a step (`of_step`, from 1). held: what is equal over all that matched.
    granularity: of the trend, '' for none.
    """

    about: History
    steps: tuple[Step, ...]
    order: str
    window: int
    exclusions: tuple[Exclusion, ...]
    held: Dimension | None
    count: str
    breakdown: Dimension | None
    attribution: str
    of_step: int
    limit: int
    granularity: str
    name: str

    @property
    def start(self) -> int:
        return epoch_ms(self.about.period.start)

    @property
    def end(self) -> int:
        return epoch_ms(self.about.period.end)


def question(
    given: Mapping[str, Any],
    calendar: Calendar,
    now: datetime,
    *,
    dimension: Callable[[str], Dimension],
    named: Callable[[str], Mapping[str, Any]],
    segments: Segments = NONE,
) -> Question:
    """Of FIELDS. dimension: of the tenant's catalog. named: the fields of the funnel called so. INVALID naming what is
    wrong, NOT_FOUND for a name of none."""
    known_keys(given, FIELDS, "")
    given = {key: value for key, value in given.items() if value is not None}
    name = _text(given, "funnel_name", "")
    if not name and "steps" not in given:
        raise invalid(
            "Neither a funnel nor steps were named.",
            field="steps",
            hint="Give steps=product_view,add_to_cart,purchase, or a funnel_name of GET /api/v1/analytics/funnels.",
        )
    given = {**(named(name) if name else {}), **given}
    asked_over = {key: given[key] for key in history.FIELDS if key in given}
    about = history.history(asked_over, calendar, now, segments=segments)
    steps = steps_of(given["steps"], about.calendar.zone, segments)
    attribution, of_step = _attribution(_text(given, "attribution", "first"), len(steps))
    asked = Question(
        about=about,
        steps=steps,
        order=_one_of(given, "order", ORDERED, (ORDERED, STRICT, ANY)),
        window=window_of(given.get("window", "14d")),
        exclusions=exclusions_of(given.get("exclusions", ()), steps, about.calendar.zone, segments),
        held=_dimension(given, "hold_constant", dimension),
        count=_one_of(given, "count", PEOPLE, (PEOPLE, SESSIONS, TOTALS)),
        breakdown=_dimension(given, "breakdown", dimension),
        attribution=attribution,
        of_step=of_step,
        limit=_whole(given, "limit", 10, MAX_ROWS),
        granularity=_granularity(_text(given, "granularity", "auto"), about.period),
        name=name,
    )
    _sensible(asked)
    return asked


def _sensible(asked: Question) -> None:
    """What does not go together."""
    if asked.order != ORDERED and asked.exclusions:
        hint = "In strict order nothing may come between already." if asked.order == STRICT else "Use ordered."
        raise invalid("Exclusions belong to steps in order.", field="exclusions", hint=hint)
    if asked.order != ANY:
        return
    if len(asked.steps) > MAX_ANY:
        raise invalid(f"In any order at most {MAX_ANY} steps are followed.", field="steps", hint="Leave some out.")
    if any(step.optional for step in asked.steps):
        raise invalid("Steps in any order are not optional.", field="steps", hint="Use order=ordered.")
    if asked.count == TOTALS:
        raise invalid("Totals need an order.", field="count", hint="Count people or sessions, or use order=ordered.")


def _granularity(text: str, period: Period) -> str:
    if text == "none" or text in INTERVALS:
        return "" if text == "none" else text
    if text != "auto":
        hint = "Use " + ", ".join(INTERVALS) + ", auto or none."
        raise invalid(f"{text[:40]!r} is no granularity.", field="granularity", hint=hint)
    days = period.length.total_seconds() / 86400
    return "1h" if days <= 2 else "1d" if days <= 92 else "1w" if days <= 800 else "1mo"


def _attribution(text: str, steps: int) -> tuple[str, int]:
    kind, _, number = text.partition(":")
    if kind in ("first", "last") and not number:
        return kind, 0
    if kind == "step" and number.isdecimal() and 1 <= int(number[:4]) <= steps:
        return kind, int(number)
    raise invalid(f"{text[:40]!r} is no attribution.", field="attribution", hint="Use first, last or step:2.")


def _dimension(given: Mapping[str, Any], field: str, dimension: Callable[[str], Dimension]) -> Dimension | None:
    name = _text(given, field, "")
    if not name:
        return None
    if len(name) > 512:
        raise invalid(f"{field} is longer than 512 characters.", field=field)
    try:
        return dimension(name)
    except FactbookError as error:
        raise invalid(error.message, field=field, hint=error.hint) from None


def _text(given: Mapping[str, Any], field: str, default: str) -> str:
    value = given.get(field, default)
    if not isinstance(value, str) or "\0" in value:
        raise invalid(f"{field} is not a text.", field=field)
    return value


def _one_of(given: Mapping[str, Any], field: str, default: str, known: tuple[str, ...]) -> str:
    value = _text(given, field, default)
    if value not in known:
        raise invalid(f"{value[:40]!r} is no {field}.", field=field, hint="Use " + ", ".join(known) + ".")
    return value


def _whole(given: Mapping[str, Any], field: str, default: int, most: int) -> int:
    value = given.get(field, default)
    if isinstance(value, str) and value.isdecimal() and len(value) < 8:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise invalid(f"{field} is a whole number from 1 to {most}.", field=field)
    return value

"""What a funnel is made of: its steps, what may not come between them, and how much time there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from factbook.core.errors import invalid
from factbook.core.units import seconds
from factbook.queries.behaviour.segments.segments import Segments
from factbook.queries.behaviour.selection import FIELDS, Selection, selection

MAX_STEPS, MAX_OPTIONAL, MAX_EXCLUSIONS = 12, 3, 5
"""The statement grows with them; a server takes none of more than 50,000 parts."""

LONGEST_WINDOW_DAYS = 366
_STEP, _EXCLUSION = (*FIELDS, "label", "optional"), (*FIELDS, "from_step", "to_step")


@dataclass(frozen=True, slots=True)
class Step:
    """optional: the step after it may follow the one before it too."""

    chosen: Selection
    label: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What may not happen between two steps, which are counted from 1."""

    chosen: Selection
    first: int
    last: int


def steps_of(given: Any, zone: ZoneInfo, segments: Segments) -> tuple[Step, ...]:
    """Of a list of event types and objects. INVALID naming the step."""
    if not isinstance(given, list | tuple):
        raise invalid(
            "The steps are no list.", field="steps", hint='For example ["product_view", "add_to_cart", "purchase"].'
        )
    if not 2 <= len(given) <= MAX_STEPS:
        raise invalid(f"A funnel has 2 to {MAX_STEPS} steps.", field="steps", hint="Name the events of each step.")
    steps = tuple(_step(one, zone, segments, f"steps.{place}") for place, one in enumerate(given))
    for place in (0, len(steps) - 1):
        if steps[place].optional:
            raise invalid("The first and the last step are not optional.", field=f"steps.{place}.optional")
    if sum(step.optional for step in steps) > MAX_OPTIONAL:
        raise invalid(f"At most {MAX_OPTIONAL} steps are optional.", field="steps", hint="Leave some of them out.")
    return steps


def exclusions_of(given: Any, steps: tuple[Step, ...], zone: ZoneInfo, segments: Segments) -> tuple[Exclusion, ...]:
    """Of a list; without from_step and to_step from the first step to the last."""
    if not isinstance(given, list | tuple):
        raise invalid("The exclusions are no list.", field="exclusions")
    if len(given) > MAX_EXCLUSIONS:
        raise invalid(f"At most {MAX_EXCLUSIONS} exclusions are taken.", field="exclusions")
    return tuple(_exclusion(one, steps, zone, segments, f"exclusions.{place}") for place, one in enumerate(given))


def window_of(given: Any) -> int:
    """`7d`, `2h`, `30m` in milliseconds."""
    try:
        length = seconds(given if not isinstance(given, str) or given[-1:].isalpha() else "")
    except ValueError:
        raise invalid("window is no duration.", field="window", hint="For example 14d, 2h or 30m.") from None
    if not 0 < length <= LONGEST_WINDOW_DAYS * 86400:
        raise invalid(f"window is longer than nothing and at most {LONGEST_WINDOW_DAYS}d.", field="window")
    return max(1, round(length * 1000))


def known_keys(given: Mapping[str, Any], known: tuple[str, ...], field: str) -> None:
    """INVALID for a key of `given` that nobody knows."""
    for key in given:
        if key not in known:
            name = f"{field}.{key}" if field else str(key)
            raise invalid(f"There is no field {name[:80]!r}.", field=name[:80], hint="Use " + ", ".join(sorted(known)))


def _step(given: Any, zone: ZoneInfo, segments: Segments, field: str) -> Step:
    chosen = segments.selected(selection(given, zone, field=field))
    if not isinstance(given, Mapping):
        return Step(_something(chosen, field), chosen.name)
    known_keys(given, _STEP, field)
    label, optional = given.get("label"), given.get("optional", False)
    if label is not None and (not isinstance(label, str) or not label.strip() or len(label) > 200):
        raise invalid("label is no text of 1 to 200 characters.", field=f"{field}.label")
    if not isinstance(optional, bool):
        raise invalid("optional is neither true nor false.", field=f"{field}.optional")
    return Step(_something(chosen, field), label or chosen.name, optional)


def _something(chosen: Selection, field: str) -> Selection:
    if not (chosen.events or chosen.where or chosen.filters):
        raise invalid("A step names its events.", field=field, hint='For example {"event": "purchase"}.')
    return chosen


def _exclusion(given: Any, steps: tuple[Step, ...], zone: ZoneInfo, segments: Segments, field: str) -> Exclusion:
    chosen = _something(segments.selected(selection(given, zone, field=field)), field)
    if not isinstance(given, Mapping):
        return Exclusion(chosen, 1, len(steps))
    known_keys(given, _EXCLUSION, field)
    first, last = given.get("from_step", 1), given.get("to_step", len(steps))
    for name, number in (("from_step", first), ("to_step", last)):
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= len(steps):
            raise invalid(f"{name} is no step: 1 to {len(steps)}.", field=f"{field}.{name}")
        if steps[number - 1].optional:
            raise invalid("An exclusion stands between steps that are not optional.", field=f"{field}.{name}")
    if first >= last:
        raise invalid("from_step lies before to_step.", field=f"{field}.to_step")
    return Exclusion(chosen, first, last)

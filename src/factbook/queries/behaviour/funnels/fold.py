"""A fold over one person's events, as SQL: numbered slots that each event may change, all at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from .shape import Shape

TIME, NUMBER, VALUE = "toInt64(0)", "toInt64(0)", "''"
AT = "e.1"
"""An event is a tuple of its time (milliseconds from the period's start, from 1), its mask, and perhaps a value."""


def is_step(step: int) -> str:
    """Whether the event can be `step`, from 1; behind the steps stand the exclusions."""
    return f"bitTest(e.2, {step - 1})"


@dataclass(slots=True)
class Fold:
    """changes: what each slot becomes, by its name; every one sees the slots as they were before the event."""

    slots: dict[str, str] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, begins: str) -> None:
        self.slots[name] = begins

    def old(self, name: str) -> str:
        return f"a.{list(self.slots).index(name) + 1}"

    def sql(self, events: str) -> str:
        """The slots behind the last event."""
        new = ", ".join(self.changes.get(name, self.old(name)) for name in self.slots)
        return f"arrayFold((a, e) -> ({new}), {events}, ({', '.join(self.slots.values())}))"

    def end(self, name: str, folded: str) -> str:
        """The slot in what `sql` gives."""
        return f"{folded}.{list(self.slots).index(name) + 1}"


def carried(shape: Shape, step: int, before: str) -> str:
    """The value of an attempt once the event is its `step`; `before`: what it was."""
    if shape.attribution == "first":
        return f"if({before} != '', {before}, e.3)"
    if shape.attribution == "last":
        return f"if(e.3 != '', e.3, {before})"
    return "e.3" if step == shape.of_step else before


def choice(cases: list[tuple[str, str]], otherwise: str) -> str:
    """The value of the first case that holds."""
    if not cases:
        return otherwise
    told = ", ".join(f"{condition}, {value}" for condition, value in cases)
    return f"{'if' if len(cases) == 1 else 'multiIf'}({told}, {otherwise})"

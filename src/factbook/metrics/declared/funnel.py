"""One funnel of a document."""

from __future__ import annotations

from factbook.core.units import seconds
from factbook.metrics.expressions import parse_condition
from factbook.metrics.model import Funnel, FunnelStep, Order

from .metric import id_of
from .section import Section

MAX_STEPS, MAX_OPTIONAL = 12, 3


def funnel_of(section: Section, pack: str) -> Funnel:
    funnel = Funnel(
        id=id_of(section),
        label=section.text("label"),
        description=section.text("description", ""),
        steps=tuple(_step(one) for one in section.sections("steps")),
        window=section.text("window", "14d"),
        order=section.choice("order", Order, Order.ORDERED),
        pack=pack,
    )
    section.end()
    if not 2 <= len(funnel.steps) <= MAX_STEPS:
        section.complain("steps", f"A funnel has 2 to {MAX_STEPS} steps.")
    elif funnel.steps[0].optional or funnel.steps[-1].optional:
        section.complain("steps", "The first and the last step are not optional.")
    elif sum(step.optional for step in funnel.steps) > MAX_OPTIONAL:
        section.complain("steps", f"At most {MAX_OPTIONAL} steps are optional.")
    try:
        seconds(funnel.window)
    except ValueError:
        section.complain("window", f"{funnel.window[:40]!r} is no duration.", "For example 14d, 2h or 30m.")
    return funnel


def _step(section: Section) -> FunnelStep:
    step = FunnelStep(
        events=section.texts("events"),
        where=section.expression("where", parse_condition),
        label=section.text("label", ""),
        optional=section.take("optional", bool, False),
    )
    section.end()
    if not step.events:
        section.complain("events", "A step names its events.", "For example events: [purchase].")
    return step

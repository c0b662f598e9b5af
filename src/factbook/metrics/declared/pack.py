"""A whole document: the pack that it declares, or every problem of its shape."""

from __future__ import annotations

from typing import Any

from factbook.metrics.model import Pack, Source
from factbook.metrics.problems import DeclarationError, Problem, problem

from .dashboard import dashboard_of
from .dimension import dimension_of
from .document import read
from .event_type import event_type_of
from .funnel import funnel_of
from .metric import metric_of
from .section import Section

MAX_DECLARED = 1000
"""Metrics of one pack, and dimensions."""


def read_pack(text: str, file: str) -> Pack:
    """The pack of a YAML file. INVALID naming file and line; `details` holds all problems."""
    return pack_of(*read(text, file))


def pack_of(given: Any, source: Source) -> Pack:
    """The pack of a decoded document. INVALID as `read_pack`."""
    if not isinstance(given, dict):
        raise DeclarationError([problem(source, (), "A pack is a mapping.", "It begins with `pack: name`.")])
    problems: list[Problem] = []
    section = Section(given, source, (), problems)
    name = section.text("pack")
    pack = Pack(
        id=name,
        label=section.text("label"),
        description=section.text("description", ""),
        metrics=tuple(metric_of(one, name) for one in section.sections("metrics")),
        dimensions=tuple(dimension_of(one, name) for one in section.sections("dimensions")),
        kpis=section.labels("kpis"),
        properties={event_type: event_type_of(one) for event_type, one in section.named("properties")},
        funnels=tuple(funnel_of(one, name) for one in section.sections("funnels")),
        dashboards=tuple(dashboard_of(one, name) for one in section.sections("dashboards")),
        source=source,
    )
    section.end()
    for key, declared in (
        ("metrics", pack.metrics),
        ("dimensions", pack.dimensions),
        ("funnels", pack.funnels),
        ("dashboards", pack.dashboards),
    ):
        if len(declared) > MAX_DECLARED:
            section.complain(key, f"A pack holds at most {MAX_DECLARED:,} {key}.", "Make it two packs.")
    if problems:
        raise DeclarationError(problems)
    return pack

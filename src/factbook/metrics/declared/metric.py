"""One metric of a document."""

from __future__ import annotations

import dataclasses
import re

from factbook.core.scope import Tier
from factbook.metrics.expressions import parse_condition, parse_formula
from factbook.metrics.model import Good, Metric, Unit

from .measure import measure_of
from .reading import reading
from .section import Section

ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
LONGEST_ID = 100
MAX_WINDOW_DAYS = 366


def id_of(section: Section) -> str:
    found = section.text("id")
    if section.has("id") and (not ID.match(found) or len(found) > LONGEST_ID):
        hint = f"Use small letters, digits and _, in parts joined by dots, at most {LONGEST_ID} characters."
        section.complain("id", f"{found[:40]!r} is not an id.", hint)
    return found


def metric_of(section: Section, pack: str) -> Metric:
    """The metric, with problems for what is wrong; where it has neither measure nor formula, with neither."""
    given = section.take("measure", object, None)
    metric = Metric(
        id=id_of(section),
        label=section.text("label"),
        unit=section.choice("unit", Unit),
        description=section.text("description"),
        events=section.texts("events"),
        measure=None if given is None else measure_of(section, given),
        where=section.expression("where", parse_condition),
        formula=section.expression("formula", parse_formula),
        window_days=section.whole("window_days", 0, MAX_WINDOW_DAYS, 0),
        good=section.choice("good", Good, Good.NEITHER),
        decimals=section.whole("decimals", 0, 10, 0),
        dimensions=section.texts("dimensions") if section.has("dimensions") else None,
        tier=section.choice("tier", Tier, Tier.FREE),
        kpi=section.text("kpi", ""),
        breakdown=section.text("breakdown", ""),
        pack=pack,
    )
    section.take("dimensions", list, [])
    section.end()
    _one_way(section, metric)
    written = metric.measure is not None or metric.formula is not None
    return dataclasses.replace(metric, source=reading(metric)) if written else metric


def _one_way(section: Section, metric: Metric) -> None:
    """Either a measure, with what belongs to it, or a formula."""
    if section.has("measure") == section.has("formula"):
        said = "both a measure and a formula" if section.has("measure") else "neither a measure nor a formula"
        section.complain("formula" if section.has("formula") else "", f"The metric {metric.id!r} has {said}.")
    if section.has("formula"):
        for key in ("events", "where", "window_days"):
            if section.has(key):
                section.complain(key, f"{key!r} belongs to a measure, not to a formula.")

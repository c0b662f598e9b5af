"""One dimension of a document."""

from __future__ import annotations

from itertools import pairwise

from factbook.metrics.model import Dimension, TimePart

from .metric import id_of
from .section import Section, is_number


def dimension_of(section: Section, pack: str) -> Dimension:
    dimension = Dimension(
        id=id_of(section),
        label=section.text("label"),
        field=section.text("field", ""),
        time_part=section.choice("time_part", TimePart) if section.has("time_part") else None,
        edges=_edges(section),
        lookup=section.labels("lookup"),
        description=section.text("description", ""),
        pack=pack,
    )
    section.take("time_part", str, "")
    section.end()
    if bool(dimension.field) == bool(dimension.time_part):
        said = "both a field and a time part" if dimension.field else "neither a field nor a time part"
        section.complain("", f"The dimension {dimension.id!r} has {said}.")
    if dimension.time_part and dimension.edges:
        section.complain("edges", "A time part has no edges.")
    if dimension.edges and dimension.lookup:
        section.complain("lookup", "A number in buckets has no lookup.")
    return dimension


def _edges(section: Section) -> tuple[float, ...]:
    given = section.take("edges", list, [])
    numbers = tuple(float(edge) for edge in given if is_number(edge))
    if len(numbers) < len(given) or not all(low < high for low, high in pairwise(numbers)):
        section.complain("edges", "'edges' are not ascending numbers.", "For example [10, 50, 100].")
    return numbers

"""What columns and properties held when people tried a step: how many turned away, and went on, with each value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.queries.behaviour.history import inside
from factbook.queries.behaviour.people import people
from factbook.storage.warehouse import Warehouse

from .attempts import attempts, matched, unit_of
from .listed import about
from .question import ANY, Question
from .shape import shape_of

COLUMNS = (
    "country", "region", "city", "device", "browser", "os", "referrer_source", "source", "resource_type", "content_id",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
)  # fmt: skip
QUANTILES = (0.25, 0.5, 0.75)
"""Between which the numbers of a property are taken together, each part with its upper end."""

_LONGEST = 200
"""Bytes of a text; a longer one is some value, and is not told."""


@dataclass(frozen=True, slots=True)
class Held:
    """value: None for those who had none. above, at_most: of numbers, None where there is no such end."""

    dimension: str
    value: str | None
    away: int
    on: int
    above: float | None = None
    at_most: float | None = None

    @property
    def people(self) -> int:
        return self.away + self.on


def held(warehouse: Warehouse, scope: Scope, asked: Question, step: int, *, least: int) -> tuple[int, int, list[Held]]:
    """Who turned away and who went on, in all, and by value; values that fewer than `least` had are left out."""
    parameters = Parameters()
    away = on = 0
    found: list[Held] = []
    rows = warehouse.rows(scope, _sql(warehouse, scope, asked, step, least, parameters), parameters.values)
    for name, gone, stayed, texts, edges, parts in sorted(rows):
        if not name:
            away, on = int(gone), int(stayed)
            continue
        found += [Held(name, text, int(a), int(b)) for text, a, b in texts]
        found += _parts(name, edges, parts)
        found.append(Held(name, None, max(away - int(gone), 0), max(on - int(stayed), 0)))
    return (
        away,
        on,
        sorted(
            (one for one in found if one.people >= least), key=lambda one: (-one.people, one.dimension, one.value or "")
        ),
    )


def _parts(name: str, edges: Sequence[float], parts: Sequence[tuple[int, int]]) -> Iterator[Held]:
    for number, (away, on) in enumerate(parts):
        above = edges[number - 1] if number else None
        at_most = edges[number] if number < len(edges) else None
        ends = [f"above {above:.15g}"] if above is not None else []
        ends += [f"at most {at_most:.15g}"] if at_most is not None else []
        yield Held(name, ", ".join(ends), int(away), int(on), above, at_most)


def _sql(warehouse: Warehouse, scope: Scope, asked: Question, step: int, least: int, parameters: Parameters) -> str:
    """A row a column or property: who had any, the texts, the ends between numbers, and how many lie between them. The
    row without a name is of everybody.
    """
    who = people(warehouse, scope)
    before = shape_of(asked).before(step)[-1]
    steps = matched(asked, parameters)
    is_before = f"({' OR '.join(steps)})" if asked.order == ANY else steps[before - 1]
    columns = ", ".join(f"('{name}', toString({name}))" for name in COLUMNS)
    short = f"if(length(one.2) > {_LONGEST}, '', one.2)"
    where = inside(asked.about, parameters, end_ms=asked.end + asked.window)
    told = "arrayMap(one -> one.1, numbers_told)"
    between = "number -> number.1 > low AND number.1 <= high"
    return f"""{who.begin}SELECT name, sum(gone) AS went, sum(stayed) AS kept,
    groupArrayIf((held, gone, stayed), NOT is_number AND held != '' AND gone + stayed >= {least}) AS texts_told,
    maxIf(edges, is_number) AS ends, maxIf(counts, is_number) AS parts
FROM (
    SELECT name, is_number, held, gone, stayed,
        if(is_number, arrayDistinct(arrayReduce('quantilesExactInclusive({", ".join(map(str, QUANTILES))})', {told})),
            []) AS edges,
        if(is_number, arrayMap((low, high) -> (arrayCount({between} AND number.2, numbers_told),
            arrayCount({between} AND NOT number.2, numbers_told)),
            arrayPushFront(edges, -inf), arrayPushBack(edges, inf)), []) AS counts
    FROM (
        SELECT pair.1 AS name, pair.3 AS is_number, pair.2 AS held, countIf(away) AS gone,
            countIf(NOT away) AS stayed, groupArrayIf((pair.4, away), is_number) AS numbers_told
        FROM (
            SELECT away, arrayJoin(arrayConcat(
                [('', '', 0, 0.)],
                arrayMap(one -> (one.1, {short}, 0, 0.), arrayFilter(one -> one.2 != '', arrayConcat([{columns}],
                    arrayMap((name, text) -> (concat('property.', name), text), mapKeys(texts), mapValues(texts))))),
                arrayMap((name, number) -> (concat('property.', name), '', 1, number), mapKeys(numbers),
                    mapValues(numbers)))) AS pair
            FROM (
                SELECT unit, times[{before}] + {asked.start - 1} AS at, {about(asked, step, dropped=True)} AS away
                FROM ({attempts(asked, who, parameters)})
                WHERE times[{before}] > 0
            ) AS tried
            ANY LEFT JOIN (
                SELECT {unit_of(asked, who)} AS unit, toUnixTimestamp64Milli(timestamp) AS at, texts, numbers,
                    {", ".join(COLUMNS)}
                FROM events
                {where}
                    AND {is_before}
            ) AS did ON tried.unit = did.unit AND tried.at = did.at
        )
        GROUP BY name, is_number, held
    )
)
GROUP BY name"""

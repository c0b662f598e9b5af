"""Everybody's paths: what people do after a point or before it, layer by layer; how many go on, leave, convert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.ingest.session_rule import Rule, walks_sql
from factbook.queries.shown import shown
from factbook.storage.warehouse import Warehouse

from .history import History, inside
from .people import people
from .selection import Selection, matches
from .walks import MOST_EVENTS, long_walks, sample, shortened, walk

MOST_LABELS = 1000
"""Told apart in all layers together; the rest is other."""

PLACE = """multiIf(content_id != '', content_id, texts['path'] != '', texts['path'], texts['url'] != '', texts['url'],
        texts['page'])"""


@dataclass(frozen=True, slots=True)
class PathsRequest:
    """point: where paths begin (or, `backward`, end); none: where the session or the person does. groups: (pattern with
    `*`, label), the first that fits. by_session: a path ends where the session does. collapse: the same node again
    is no step. min_count: lesser edges are left out. top: nodes told apart in a layer.
    """

    about: History
    rule: Rule
    conversion: Selection
    point: Selection | None = None
    backward: bool = False
    pages: bool = False
    groups: tuple[tuple[str, str], ...] = ()
    depth: int = 5
    min_count: int = 1
    top: int = 8
    collapse: bool = True
    by_session: bool = True
    most_events: int = MOST_EVENTS
    most_rows: int | None = None


def paths(warehouse: Warehouse, scope: Scope, asked: PathsRequest) -> dict[str, Any]:
    """Layers of nodes from the point on, and the edges between them."""
    edges, long, notes = _edges(warehouse, scope, asked)
    notes = [*notes, *shortened(long, asked.most_events)]
    period, zone = asked.about.period, asked.about.calendar.zone
    starts = sum(n for (layer, _, _), (n, _) in edges.items() if layer == 0)
    converted = sum(c for (layer, _, _), (_, c) in edges.items() if layer == 0)
    return {
        "direction": "backward" if asked.backward else "forward",
        "point": asked.point.name if asked.point else None,
        "nodes": "page" if asked.pages else "event_type",
        "by": "session" if asked.by_session else "person",
        "conversion_event": asked.conversion.name,
        "start_time": shown(epoch_ms(period.start), zone),
        "end_time": shown(epoch_ms(period.end), zone),
        "timezone": str(zone),
        "depth": asked.depth,
        "paths": starts,
        "converted": converted,
        "conversion_rate": converted / starts if starts else None,
        **_told(edges, asked, starts),
        "degraded": bool(notes),
        "notes": notes,
    }


_Edges = dict[tuple[int, str | None, str | None], tuple[int, int]]
"""(layer, node, next node) → paths, and those of them that converted. "" is the end of the path, None all others."""


def _edges(warehouse: Warehouse, scope: Scope, asked: PathsRequest) -> tuple[_Edges, int, list[str]]:
    who = people(warehouse, scope)
    parameters = Parameters(asked.rule.bound)
    where = inside(asked.about, parameters)
    chosen = sample(warehouse, scope, where, parameters, asked.most_rows)
    labels = _labels(asked, parameters)
    point = matches(asked.point, parameters) if asked.point else "0"
    conversion = matches(asked.conversion, parameters)
    order = ("-toUnixTimestamp64Milli(timestamp)", "bitNot(reinterpretAsUInt128(event_id))")
    if not asked.backward:
        order = ("toUnixTimestamp64Milli(timestamp)", "reinterpretAsUInt128(event_id)")
    rows = f"""SELECT {who.of} AS who, {order[0]} AS place, {order[1]} AS id, {point} AS is_point,
        {conversion} AS is_conversion, {labels} AS label
    FROM events {where} AND person != 0 AND {chosen.of(who.of)}"""
    known = warehouse.rows(
        scope,
        f"{who.begin}SELECT label FROM ({rows}) WHERE label != '' GROUP BY label ORDER BY count() DESC, label"
        f" LIMIT {MOST_LABELS + 1}",
        parameters.values,
    )
    notes = chosen.notes
    label = "label"
    if len(known) > MOST_LABELS:
        notes = [*notes, f"The {MOST_LABELS:,} most frequent nodes are told apart; group the others by patterns."]
        listed = parameters.add([name for (name,) in known[:MOST_LABELS]], "Array(String)")
        label = f"if(label IN {listed}, label, '\\0')"
    split = walks_sql(asked.rule, backward=asked.backward) if asked.by_session else "[walked]"
    first = "arrayFirstIndex(step -> step.4, walk)"
    begun = f"if({first} = 0, arraySlice(walk, 1, 0), arraySlice(walk, {first}))" if asked.point else "walk"
    named = "arrayMap(step -> step.3, begun)"
    named = f"arrayCompact({named})" if asked.collapse else named
    counted = f"SELECT who FROM ({rows}) WHERE label != ''"
    long = long_walks(warehouse, scope, who.begin, counted, parameters, asked.most_events)
    steps = walk(f"(place, id, {label}, is_point, is_conversion)", long, asked.most_events)
    sql = f"""{who.begin}SELECT edge.1 AS layer, edge.2 AS node, edge.3 AS next, count() AS n,
    sum(converted) AS converted
FROM (
    SELECT
        {begun} AS begun,
        arraySlice({named}, 1, {asked.depth + 1}) AS names,
        arrayExists(step -> step.5, begun) AS converted,
        arrayJoin(arrayMap((layer, node, next) -> (layer - 1, node, next),
            arrayEnumerate(names), names, arrayResize(arrayPopFront(names), length(names), ''))) AS edge
    FROM (
        SELECT arrayJoin({split}) AS walk
        FROM (
            SELECT {steps} AS walked FROM ({rows}) WHERE label != '' GROUP BY who
        )
    )
)
GROUP BY layer, node, next"""
    edges: _Edges = {
        (layer, _name(node), _name(after)): (int(n), int(converted))
        for layer, node, after, n, converted in warehouse.rows(scope, sql, parameters.values)
    }
    return edges, long, notes


def _name(label: str) -> str | None:
    return None if label == "\0" else label


def _labels(asked: PathsRequest, parameters: Parameters) -> str:
    """SQL of an event's node, '' for one that is none."""
    value = PLACE if asked.pages else "event_type"
    tests = ", ".join(
        f"value LIKE {parameters.add(_like(pattern), 'String')}, {parameters.add(label, 'String')}"
        for pattern, label in asked.groups
    )
    if tests:
        value = f"arrayMap(value -> multiIf(value = '', '', {tests}, value), [{value}])[1]"
    return f"if(({value} AS named) = '' AND (is_point OR is_conversion), event_type, named)"


def _like(pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%")


def _told(edges: _Edges, asked: PathsRequest, starts: int) -> dict[str, Any]:
    """The layers with their largest nodes, what is left of each as other, and the edges between these."""
    sizes: dict[int, Counter[str]] = {}
    for (layer, node, _), (n, _) in edges.items():
        if node is not None:
            sizes.setdefault(layer, Counter())[node] += n
    kept = {
        layer: {node for node, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))[: asked.top]}
        for layer, found in sizes.items()
    }
    merged: dict[tuple[int, str | None, str | None], list[int]] = {}
    for (layer, node, after), numbers in edges.items():
        source = node if node in kept.get(layer, ()) else None
        target = after if after == "" or after in kept.get(layer + 1, ()) else None
        sums = merged.setdefault((layer, source, target), [0, 0])
        for place, number in enumerate(numbers):
            sums[place] += number
    nodes: dict[tuple[int, str | None], list[int]] = {}
    for (layer, node, after), (n, converted) in merged.items():
        sums = nodes.setdefault((layer, node), [0, 0, 0])
        sums[0] += n
        sums[1] += converted
        sums[2] += n if after == "" and layer < asked.depth else 0
    return {"layers": _layers(nodes, asked, starts), "edges": _lines(merged, nodes, asked.min_count)}


def _id(layer: int, node: str | None) -> str:
    return f"{layer}~other" if node is None else f"{layer}:{node}"


def _layers(
    nodes: Mapping[tuple[int, str | None], list[int]], asked: PathsRequest, starts: int
) -> list[dict[str, Any]]:
    ordered = sorted(nodes.items(), key=lambda item: (item[0][0], item[0][1] is None, -item[1][0], item[0][1] or ""))
    layers: dict[int, list[dict[str, Any]]] = {}
    for (layer, node), (count, converted, dropped) in ordered:
        is_last = layer == asked.depth
        layers.setdefault(layer, []).append(
            {
                "id": _id(layer, node),
                "label": node,
                "other": node is None,
                "count": count,
                "share": count / starts,
                "converted": converted,
                "conversion_rate": converted / count,
                "dropped": None if is_last else dropped,
                "drop_off_rate": None if is_last else dropped / count,
            }
        )
    return [{"layer": layer, "nodes": found} for layer, found in layers.items()]


def _lines(
    merged: Mapping[tuple[int, str | None, str | None], list[int]],
    nodes: Mapping[tuple[int, str | None], list[int]],
    least: int,
) -> list[dict[str, Any]]:
    found = [
        {
            "layer": layer,
            "source": _id(layer, node),
            "target": _id(layer + 1, after),
            "count": n,
            "share": n / nodes[layer, node][0],
            "converted": converted,
        }
        for (layer, node, after), (n, converted) in merged.items()
        if after != "" and n >= least
    ]
    return sorted(found, key=lambda edge: (edge["layer"], -edge["count"], edge["source"], edge["target"]))

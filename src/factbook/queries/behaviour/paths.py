"""Everybody's paths: what people do after a point or before it, layer by layer; how many go on, leave, convert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factbook.core.clock import epoch_ms
from factbook.core.scope import Scope
from factbook.core.sql import Parameters
from factbook.ingest.session_rule import Rule
from factbook.queries.shown import shown
from factbook.storage.warehouse import Warehouse

from .history import History, inside
from .people import people
from .selection import Selection, matches
from .walks import MOST_EVENTS, sample, shortened

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

_END, _OTHER, _FIRST = 0, 1, 2
"""Nodes are numbers while they are walked over: the end, all others, and from here on those told apart."""

_CUT = 0x3FFF
"""The node of a walk of its own that everybody has behind his others who did more than is looked at."""


def _edges(warehouse: Warehouse, scope: Scope, asked: PathsRequest) -> tuple[_Edges, int, list[str]]:
    who = people(warehouse, scope)
    parameters = Parameters(asked.rule.bound)
    where = inside(asked.about, parameters)
    chosen = sample(warehouse, scope, where, parameters, asked.most_rows)
    point = matches(asked.point, parameters) if asked.point else "0"
    conversion = matches(asked.conversion, parameters)
    label = _label(asked, f"({point} OR {conversion})", parameters)
    rows = f"FROM events {where} AND person != 0 AND {chosen.of(who.of)}"
    known = warehouse.rows(
        scope,
        f"{who.begin}SELECT {label} AS label {rows} GROUP BY label HAVING label != '' ORDER BY count() DESC, label"
        f" LIMIT {MOST_LABELS + 1}",
        parameters.values,
    )
    names = [name for (name,) in known[:MOST_LABELS]]
    notes = chosen.notes
    if len(known) > MOST_LABELS:
        notes = [*notes, f"The {MOST_LABELS:,} most frequent nodes are told apart; group the others by patterns."]
    if not names:
        return {}, 0, notes
    listed = parameters.add(names, "Array(String)")
    numbered = parameters.add(list(range(_FIRST, _FIRST + len(names))), "Array(UInt16)")
    node = f"transform({label}, {listed}, {numbered}, {_OTHER})"
    rows += "" if _is_type(asked) else f" AND {label} != ''"
    steps = f"SELECT {_step(asked, node, point, conversion)} AS step, {point} AS is_point, {who.of} AS who {rows}"
    found = warehouse.rows(scope, who.begin + _counted(asked, steps), parameters.values)
    edges: _Edges = {}
    long = 0
    for edge, n, converted in found:
        if edge == _CUT << 16:
            long = int(n)
            continue
        edges[edge >> 32, _name(edge >> 16 & 0xFFFF, names), _name(edge & 0xFFFF, names)] = int(n), int(converted)
    return edges, long, notes


def _step(asked: PathsRequest, node: str, point: str, conversion: str) -> str:
    """An event as one number, by which a person's are in order: milliseconds from the period's start, at equal times
    the half of the id by which the engine orders ids first; then its node, is it the point, is it a conversion."""
    at = f"toUInt128(toUnixTimestamp64Milli(timestamp) - {epoch_ms(asked.about.period.start)})"
    half = "bitAnd(reinterpretAsUInt128(event_id), bitShiftLeft(toUInt128(0xFFFFFFFFFFFFFFFF), 64))"
    what = f"toUInt16({node}) * 4 + ({point}) * 2 + ({conversion})"
    return f"bitShiftLeft({at}, 80) + bitShiftRight({half}, 48) + {what}"


def _counted(asked: PathsRequest, steps: str) -> str:
    """SQL of rows `edge` (layer, node and next node as one number), how many, and how many converted; of `steps`."""
    most = asked.most_events
    cut = f"bitShiftLeft(toUInt128(0xFFFFFFFFFFFF), 80) + {_CUT * 4 + 2}"
    cut = f"arrayPushBack(arraySlice(told, {-most if asked.backward else 1}, {most}), {cut})"
    begins = asked.rule.begins if asked.by_session else f"arrayMap(step -> bitShiftRight(step, 2) = {_CUT}, walked)"
    is_point = "arrayExists(step -> bitTest(step, 1), walk)"
    split = "arraySplit((step, begins) -> begins, walked, begun)"
    walks = f"arrayFilter(walk -> {is_point}, {split})" if asked.point else split
    walk = f"arrayReverse(arrayJoin({walks}))" if asked.backward else f"arrayJoin({walks})"
    from_point = "arraySlice(walk, arrayFirstIndex(step -> bitTest(step, 1), walk))" if asked.point else "walk"
    nodes = "arrayMap(step -> bitShiftRight(step, 2), path)"
    nodes = f"arrayCompact({nodes})" if asked.collapse else nodes
    edges = """arrayMap((layer, node, next) -> bitShiftLeft(toUInt64(layer - 1), 32) + bitShiftLeft(toUInt64(node), 16)
            + next, arrayEnumerate(nodes), nodes, arrayShiftLeft(nodes, 1, toUInt16(0)))"""
    return f"""SELECT edge, count(), sum(converted)
FROM (
    SELECT {from_point} AS path, arraySlice({nodes}, 1, {asked.depth + 1}) AS nodes,
        arrayExists(step -> bitTest(step, 0), path) AS converted, arrayJoin({edges}) AS edge
    FROM (
        SELECT {walk} AS walk
        FROM (
            SELECT if(length(told) > {most}, {cut}, told) AS kept,
                arrayMap(step -> toUInt16(bitAnd(step, 0xFFFF)), kept) AS walked,
                arrayMap(step -> toInt64(bitShiftRight(step, 80)), kept) AS times, {begins} AS begun
            FROM (
                SELECT arraySort(groupArray(step)) AS told FROM ({steps})
                GROUP BY who{" HAVING max(is_point)" if asked.point else ""}
            )
        )
    )
)
GROUP BY edge"""


def _name(node: int, names: Sequence[str]) -> str | None:
    return "" if node == _END else None if node == _OTHER else names[node - _FIRST]


def _is_type(asked: PathsRequest) -> bool:
    return not (asked.pages or asked.groups)


def _label(asked: PathsRequest, matters: str, parameters: Parameters) -> str:
    """SQL of an event's node, '' for one that is none. matters: whether it is one in any case."""
    if _is_type(asked):
        return "event_type"
    value = PLACE if asked.pages else "event_type"
    tests = ", ".join(
        f"value LIKE {parameters.add(_like(pattern), 'String')}, {parameters.add(label, 'String')}"
        for pattern, label in asked.groups
    )
    if tests:
        value = f"arrayMap(value -> multiIf(value = '', '', {tests}, value), [{value}])[1]"
    return f"if(({value} AS named) = '' AND {matters}, event_type, named)"


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

"""What people did before they opened a piece of content and after it, step by step."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from factbook.events.filters import Condition
from factbook.queries.behaviour.paths import PathsRequest, paths
from factbook.queries.behaviour.selection import Selection, conditions

from .question import Content, checked, known


async def around(asked: Content, id_: str, *, depth: int, pages: bool, top: int) -> dict[str, Any]:
    """Paths that lead to its last view in a session and those that go on from the first. NOT_FOUND where no event ever
    named it."""
    zone = asked.about.calendar.zone
    this: tuple[Condition, ...] = conditions((("content_id", checked(id_)),), zone)
    viewed = Selection(("content_view",), filters=this)
    finished = Selection(("content_complete",), filters=this)

    def question(backward: bool) -> PathsRequest:
        return PathsRequest(asked.about, asked.rule, finished, viewed, backward, pages, depth=depth, top=top)

    def walked(backward: bool) -> dict[str, Any]:
        return paths(asked.warehouse, asked.scope, question(backward))

    before, after = await asyncio.gather(
        asked.look(partial(walked, True), "paths before"), asked.look(partial(walked, False), "paths after")
    )
    if not after["paths"]:
        await asked.look(partial(known, asked, id_), "content")
    return {
        "content_id": id_,
        **asked.told,
        "nodes": after["nodes"],
        "depth": depth,
        "visits": after["paths"],
        "finished": after["converted"],
        "before": _told(before),
        "after": _told(after),
        "notes": list(dict.fromkeys((*before["notes"], *after["notes"]))) or _nothing(after),
    }


def _told(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("layers", "edges")}


def _nothing(after: dict[str, Any]) -> list[str]:
    return [] if after["paths"] else ["Nobody opened it in the period."]

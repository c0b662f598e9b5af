"""Many records at once: all content in any order, what performs best, and several pieces side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from factbook.core.errors import invalid
from factbook.metrics.model import Good
from factbook.queries.records import Fields

from .fields import NUMBERS, RECKONED, RECORD
from .question import Content, checked
from .record import records
from .scores import EXPLAINED

MAX_LISTED = 1000
MAX_COMPARED = 20

_ANY: tuple[tuple[str, Any], ...] = (("content_id.exists", "true"),)
_NO_ORDER = ("daily_trend",)
"""Better neither up nor down by itself."""


async def listed(asked: Content, *, order: str, limit: int, offset: int, fields: Sequence[str] = ()) -> dict[str, Any]:
    """A page of the records in `order`: a field of NUMBERS, `-` before it for the largest first.

    The first MAX_LISTED by a metric are told; by a field that is reckoned here, the MAX_LISTED most viewed are put in
    order. fields: what each record tells, everything where none is named; where all are metrics nothing else is read.
    INVALID naming the field.
    """
    field = _field(order.removeprefix("-"), "order")
    told = [_field(name, "fields") for name in fields]
    is_metric = field in RECORD
    is_brief = bool(told) and is_metric and not {*told} & {*RECKONED}
    wanted = {name: RECORD[name] for name in dict.fromkeys([*told, field])} if is_brief else RECORD
    rows, cut = await _rows(asked, order.replace(field, RECORD[field]) if is_metric else "-content_views", wanted)
    page: list[Mapping[str, Any]]
    if is_brief:
        page = [{"content_id": row["content"], **row} for row in rows[offset : offset + limit]]
    elif is_metric:
        page = [*await records(asked, rows[offset : offset + limit])]
    else:
        page = _ordered(await records(asked, rows), field, order.startswith("-"))[offset : offset + limit]
    notes = [f"The {MAX_LISTED:,} most viewed were put in order."] if not is_metric and cut["is_cut"] else []
    return {
        **asked.told,
        "order": order,
        "content": [{name: row[name] for name in ("content_id", *told)} for row in page] if told else page,
        **({} if told else {"scores": EXPLAINED}),
        "of": cut["of"],
        "cut": cut,
        "next_cursor": str(offset + limit) if offset + limit < len(rows) else None,
        "notes": notes,
    }


async def top(asked: Content, *, metric: str, min_views: int, limit: int) -> dict[str, Any]:
    """The best by `metric`, a field of NUMBERS, of the MAX_LISTED most viewed with at least `min_views`. INVALID naming
    the field."""
    field = _field(metric, "metric")
    rows, cut = await _rows(asked, "-content_views")
    enough = [row for row in rows if row["total_views"] >= min_views]
    found = enough if field in RECKONED else _ordered(enough, field, True)[:limit]
    best = _ordered(await records(asked, found), field, True)[:limit]
    return {
        **asked.told,
        "metric": field,
        "min_views": min_views,
        "content": [{"rank": place, "value": each[field], **each} for place, each in enumerate(best, 1)],
        "scores": EXPLAINED,
        "of": len(enough),
        "notes": [f"The {MAX_LISTED:,} most viewed were looked at."] if cut["is_cut"] else [],
    }


async def comparison(asked: Content, ids: Sequence[str]) -> dict[str, Any]:
    """Records side by side, in the order asked for, and who is best by each field. INVALID naming `ids`."""
    wanted = list(dict.fromkeys(checked(id_) for id_ in ids if id_))
    if len(wanted) < 2 or len(wanted) > MAX_COMPARED:
        raise invalid(f"2 to {MAX_COMPARED} pieces are compared.", field="ids", hint="For example ids=intro,outro.")
    answer = await asked.records.many(
        RECORD, "content", limit=MAX_COMPARED, filters=(("content_id.in", tuple(wanted)),), order="-content_views"
    )
    by_id = {row["content"]: row for row in answer[0]}
    nothing = dict.fromkeys(RECORD, 0) | dict.fromkeys(("completion_rate", "engagement_rate", "reported_watch_time"))
    rows = [by_id.get(id_) or {"content": id_, **nothing} for id_ in wanted]
    told = await records(asked, rows)
    missing = [id_ for id_ in wanted if id_ not in by_id]
    return {
        **asked.told,
        "content": told,
        "scores": EXPLAINED,
        "best": {field: _best(told, field, good) for field, good in _goods(asked).items()},
        "missing": missing,
        "notes": ["No event of the period names those missing."] if missing else [],
    }


async def _rows(asked: Content, order: str, fields: Fields = RECORD) -> tuple[list[dict[str, Any]], Mapping[str, Any]]:
    return await asked.records.many(fields, "content", order=order, limit=MAX_LISTED, filters=_ANY)


def _field(name: str, field: str) -> str:
    if name in NUMBERS:
        return name
    raise invalid(f"{name[:40]!r} is no {field}.", field=field, hint="Use " + ", ".join(NUMBERS) + ".")


def _ordered(rows: Sequence[Mapping[str, Any]], field: str, descending: bool) -> list[Any]:
    """What is not known comes last."""
    known = [row for row in rows if row[field] is not None]
    return sorted(known, key=lambda row: -row[field] if descending else row[field]) + [
        row for row in rows if row[field] is None
    ]


def _goods(asked: Content) -> dict[str, Good]:
    """Fields of which one way is good."""
    catalog = asked.records.tenant.catalog
    found = {field: catalog.get(metric).good for field, metric in RECORD.items()}
    found |= {field: Good.UP for field in RECKONED if field not in _NO_ORDER}
    return {field: good for field, good in found.items() if good in (Good.UP, Good.DOWN)}


def _best(told: Sequence[Mapping[str, Any]], field: str, good: Good) -> list[str]:
    """Who is best, several where they are equal; nobody where all are, or it is not known of two."""
    known = [row[field] for row in told if row[field] is not None]
    if len(known) < 2 or min(known) == max(known):
        return []
    value = max(known) if good is Good.UP else min(known)
    return [row["content_id"] for row in told if row[field] == value]

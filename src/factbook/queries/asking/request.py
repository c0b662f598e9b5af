"""The one form of a question over metrics, read from JSON or from a query string, every field checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from factbook.core.errors import invalid
from factbook.events.filters import Operator

FILLS = ("null", "zero", "previous", "none")
COMPARISONS = ("previous_period", "previous_year")
MAX_METRICS, MAX_DIMENSIONS, MAX_LIMIT = 50, 5, 1000
ALIASES = {
    "start_date": "start_time",
    "end_date": "end_time",
    "interval": "granularity",
    "by": "dimensions",
    "metric": "metrics",
    "metric_name": "metrics",
}
LONGEST_NAME, LONGEST_FILTERS = 512, 30_000
"""Characters; a server takes no value of more than 128 KiB."""
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_MOVING = re.compile(r"moving_average_([1-9]\d{0,2})\Z")
_LISTS = ("metrics", "dimensions", "show")
_FLAGS = ("other", "include_bots", "explain")
_TEXTS = ("period", "start_time", "end_time", "granularity", "timezone", "compare", "order", "top_per", "fill")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, as it was written; `rules` gives it meaning.

    filters: the keys and values of events.filters. limit: rows told apart, within each value of `top_per` where given.
    show: `running_total`, `moving_average_N`, `share`.
    """

    metrics: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    filters: tuple[tuple[str, Any], ...] = ()
    period: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    granularity: str = "none"
    timezone: str | None = None
    compare: str | None = None
    order: str | None = None
    limit: int = 10
    other: bool = True
    top_per: str | None = None
    fill: str = "null"
    show: tuple[str, ...] = ()
    include_bots: bool = False
    explain: bool = False

    def __post_init__(self) -> None:
        if not self.metrics:
            raise invalid(
                "No metric was named.",
                field="metrics",
                hint="Name at least one; GET /api/v1/metrics/catalog lists them all.",
            )
        for field in (*_LISTS, *_TEXTS):
            given = getattr(self, field)
            _sendable(given if isinstance(given, tuple) else (given or "",), field, LONGEST_NAME)
        _sendable([str(self.filters)], "filters", LONGEST_FILTERS)
        for key, value in self.filters:
            _sendable([key, *map(str, value if isinstance(value, tuple) else (value,))], "filters", LONGEST_FILTERS)
        _at_most(self.metrics, MAX_METRICS, "metrics")
        _at_most(self.dimensions, MAX_DIMENSIONS, "dimensions")
        if self.period and (self.start_time or self.end_time):
            raise invalid("Both a period and a start or end were given.", field="period", hint="Give one of them.")
        _one_of(self.fill, FILLS, "fill")
        if self.compare:
            _one_of(self.compare, COMPARISONS, "compare")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise invalid(f"limit lies between 1 and {MAX_LIMIT:,}.", field="limit")
        if self.top_per and self.top_per not in self.dimensions:
            raise invalid("top_per is not one of the dimensions.", field="top_per")
        if self.top_per and len(self.dimensions) < 2:
            raise invalid("top_per needs a second dimension.", field="top_per", hint="Leave it out, or cut by two.")
        for name in self.show:
            if name not in ("running_total", "share") and not _MOVING.match(name):
                raise invalid(
                    f"{name[:40]!r} cannot be shown.",
                    field="show",
                    hint="Use running_total, moving_average_7 (any number of buckets to 999) or share.",
                )
        if self.granularity == "none" and any(name != "share" for name in self.show):
            raise invalid("Running totals and moving averages need buckets.", field="granularity", hint="Try 1d.")

    @property
    def moving(self) -> tuple[tuple[str, int], ...]:
        """(name, buckets) of each moving average asked for."""
        found = ((name, _MOVING.match(name)) for name in self.show)
        return tuple((name, int(match[1])) for name, match in found if match)


def from_json(given: Any) -> Request:
    """A request from a decoded JSON body. INVALID naming the field; unknown fields are refused."""
    if not isinstance(given, dict):
        raise invalid("The request is not an object.", hint='For example {"metrics": ["revenue"]}.')
    known = {field.name for field in fields(Request)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        name = ALIASES.get(key, key)
        if name not in known:
            raise invalid(f"There is no field {key[:60]!r}.", field=key[:60], hint="Use " + ", ".join(sorted(known)))
        if name in values:
            raise invalid(f"{key[:60]} was given twice, under two names.", field=key[:60])
        if value is not None:
            values[name] = _read(name, value)
    return Request(**{"metrics": (), **values})


def from_query(pairs: Mapping[str, str], filters: tuple[tuple[str, Any], ...] = (), **defaults: Any) -> Request:
    """A request from query parameters: lists comma-separated; what is no field of the request is not read here."""
    values: dict[str, Any] = dict(defaults)
    known = {field.name for field in fields(Request)} - {"filters"}
    for key, text in pairs.items():
        name = ALIASES.get(key, key)
        if name not in known:
            continue
        if name in _LISTS:
            values[name] = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        elif name in _FLAGS:
            values[name] = _flag(name, text)
        elif name == "limit":
            values[name] = int(text) if re.fullmatch(r"\d{1,6}", text) else _read(name, text)
        else:
            values[name] = text
    return Request(**{"metrics": (), **values, "filters": filters})


def _read(name: str, value: Any) -> Any:
    if name in _LISTS:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
            raise invalid(f"{name} is not a list of names.", field=name)
        return tuple(dict.fromkeys(items))
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise invalid(f"{name} takes true or false.", field=name)
        return value
    if name == "limit":
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid("limit is not a whole number.", field="limit")
        return value
    if name == "filters":
        return filter_pairs(value)
    assert name in _TEXTS
    if not isinstance(value, str):
        raise invalid(f"{name} is not text.", field=name)
    return value


def filter_pairs(value: Any) -> tuple[tuple[str, Any], ...]:
    """Keys and values of `filters`: an object, or a list of field, operator and value."""
    if isinstance(value, dict):
        return tuple((key, _held(key, item)) for key, item in value.items())
    if not isinstance(value, list):
        raise invalid("filters is neither an object nor a list.", field="filters")
    pairs: list[tuple[str, Any]] = []
    for item in value:
        if (
            not isinstance(item, dict)
            or not {"field", "value"} <= set(item) <= {"field", "operator", "value"}
            or not isinstance(item["field"], str)
        ):
            raise invalid("Each filter needs field and value, and may have operator.", field="filters")
        operator = item.get("operator", Operator.EQ)
        if not isinstance(operator, str) or operator not in set(Operator):
            raise invalid(f"{str(operator)[:40]!r} is no operator.", field="filters", hint="Use " + ", ".join(Operator))
        pairs.append((f"{item['field']}.{operator}", _held(item["field"], item["value"])))
    return tuple(pairs)


def _held(key: str, value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int | float) for item in items):
        raise invalid(f"{key[:60]} takes text, numbers or true/false.", field=key[:60])
    return tuple(items) if isinstance(value, list) else value


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise invalid(f"{name} takes true or false.", field=name)
    return text.lower() in ("true", "1")


def _sendable(texts: Iterable[str], field: str, longest: int) -> None:
    """Texts that a statement can be sent with."""
    for text in texts:
        if len(text) > longest:
            raise invalid(f"{field} is longer than {longest:,} characters.", field=field)
        if _NO_TEXT.search(text):
            raise invalid(f"{field} holds what is no character.", field=field)


def _one_of(value: str, allowed: tuple[str, ...], field: str) -> None:
    if value not in allowed:
        raise invalid(f"{value[:40]!r} is not a {field}.", field=field, hint="Use " + " or ".join(allowed) + ".")


def _at_most(names: tuple[str, ...], most: int, field: str) -> None:
    if len(names) > most:
        raise invalid(f"At most {most} {field} are taken.", field=field)

"""What can be asked of a server: metrics, the catalog of them, events one by one, and events as a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import IO, Any, TypeAlias

import msgspec

from .connection import Connection
from .errors import ClientError
from .result import Result

Moment: TypeAlias = str | date
"""A time or a date (a datetime is one), as object or as text; without an offset it is read in the zone asked for."""

Names: TypeAlias = str | Sequence[str]
Filters: TypeAlias = Mapping[str, Any]

_FORMATS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet", ".arrow": "arrow"}


class Questions:
    """Needs a key that may read. Every method raises ClientError with the field that is wrong and the way out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def query(
        self,
        metrics: Names,
        *,
        by: Names = (),
        filters: Filters | None = None,
        last: str | None = None,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        granularity: str | None = None,
        compare: str | None = None,
        order: str | None = None,
        limit: int | None = None,
        timezone: str | None = None,
        **more: Any,
    ) -> Result:
        """Metrics over a period, cut by dimensions and by time.

        last: `30d`, `24h`, `12w`, `6mo`. period: `today`, `this_month`, `last_quarter`, … granularity: `1h`, `1d`,
        `1w`, `1mo`, … or `auto`; none for totals alone. compare: `previous_period` or `previous_year`. more: any other
        member of POST /dashboard/metrics (`other`, `top_per`, `fill`, `show`, `include_bots`, `explain`).
        """
        given = [name for name, value in (("last", last), ("period", period), ("start", start or end)) if value]
        if len(given) > 1:
            raise ClientError(
                f"{' and '.join(given)} say both when.", field=given[1], hint="Give last, period, or start and end."
            )
        body = {
            "metrics": _listed(metrics),
            "dimensions": _listed(by) or None,
            "filters": filters,
            "period": last or period,
            "start_time": start,
            "end_time": end,
            "granularity": granularity,
            "timezone": timezone,
            "compare": compare,
            "order": order,
            "limit": limit,
            **more,
        }
        asked = {name: value for name, value in body.items() if value is not None}
        return Result(self._connection.ask("POST", "/dashboard/metrics", content=msgspec.json.encode(asked)))

    def metrics(self) -> list[dict[str, Any]]:
        """Every metric there is: id, label, unit, description, formula, dimensions."""
        found: list[dict[str, Any]] = self._connection.ask("GET", "/api/v1/metrics/catalog")["metrics"]
        return found

    def events(
        self,
        *,
        event_type: Names = (),
        filters: Filters | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        timezone: str | None = None,
        fields: Names = (),
        include_bots: bool = False,
        page: int = 1000,
    ) -> Iterator[dict[str, Any]]:
        """Events, newest first, read `page` at a time as they are iterated over."""
        asked = _parameters(event_type, filters, start, end, timezone, fields, include_bots) | {"limit": str(page)}
        while True:
            found = self._connection.ask("GET", "/api/v1/events", parameters=asked)
            yield from found["events"]
            if not found["next_cursor"]:
                return
            asked["cursor"] = found["next_cursor"]

    def export(
        self,
        target: str | os.PathLike[str] | IO[bytes],
        *,
        format: str | None = None,
        event_type: Names = (),
        filters: Filters | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        timezone: str | None = None,
        fields: Names = (),
        include_bots: bool = False,
    ) -> None:
        """Writes events, oldest first, into a file, which is there only once it is whole; or into an open one.

        format: csv, ndjson, parquet or arrow; where absent, the file's name tells.
        """
        path = Path(target) if isinstance(target, str | os.PathLike) else None
        chosen = format or (_FORMATS.get(path.suffix.lower()) if path else None)
        if chosen is None:
            raise ClientError("The format is not known.", field="format", hint="Use csv, ndjson, parquet or arrow.")
        asked = _parameters(event_type, filters, start, end, timezone, fields, include_bots) | {"format": chosen}
        if path is None:
            self._copy(asked, target)  # type: ignore[arg-type]
            return
        part = path.with_name(path.name + ".part")
        try:
            with open(part, "wb") as file:
                self._copy(asked, file)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _copy(self, asked: Mapping[str, str], file: IO[bytes]) -> None:
        with self._connection.stream("/api/v1/events/export", asked) as pieces:
            for piece in pieces:
                file.write(piece)


def _listed(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _parameters(
    event_type: Names,
    filters: Filters | None,
    start: Moment | None,
    end: Moment | None,
    timezone: str | None,
    fields: Names,
    include_bots: bool,
) -> dict[str, str]:
    """The query string of a read of events."""
    types = _listed(event_type)
    conditions = {**({"event_type": types} if types else {}), **(filters or {})}
    given = {
        "filters": msgspec.json.encode(conditions).decode() if conditions else "",
        "start_time": _text(start),
        "end_time": _text(end),
        "timezone": timezone or "",
        "fields": ",".join(_listed(fields)),
        "include_bots": "true" if include_bots else "",
    }
    return {name: value for name, value in given.items() if value}


def _text(moment: Moment | None) -> str:
    return moment.isoformat() if isinstance(moment, date) else moment or ""

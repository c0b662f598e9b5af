"""The answer to a query as rows and tables: one row a bucket of time and a group, one column a metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from .errors import ClientError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

Row = dict[str, Any]

_PLAIN = ("values", "series")
"""Members of an answer that hold the metric itself; the column of any other, such as `change`, is METRIC.change."""


class Result:
    """What `Client.query` answers.

    raw: the answer as it came, with everything that rows leave out. total: metric → its value over the whole period.
    rows: a dict for each group (a key for each dimension; `other`: whether it is the sum of the rest) and bucket (its
    `time`, where there is a granularity), with the metrics by id, and with METRIC.previous, METRIC.change, METRIC.share
    and so on where they were asked for. None stands where there is no number.
    """

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw

    def __repr__(self) -> str:
        return f"Result({len(self.rows)} rows of {', '.join(self.columns)})"

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def total(self) -> dict[str, float | None]:
        return dict(self.raw["total"]["values"])

    @property
    def is_cut(self) -> bool:
        """Whether there are more groups than rows; the rest is summed in the row whose `other` is true."""
        return bool((self.raw.get("cut") or {}).get("is_cut"))

    @property
    def columns(self) -> tuple[str, ...]:
        names = [name for group in self._groups for name in self._numbers(group)]
        grouped = (*self._dimensions, "other") if self._dimensions else ()
        metrics = [metric["id"] for metric in self.raw["metrics"]]
        return tuple(dict.fromkeys([*(["time"] if self._timed else []), *grouped, *metrics, *names]))

    @cached_property
    def rows(self) -> list[Row]:
        empty = dict.fromkeys(self.columns)
        return [{**empty, **row} for group in self._groups for row in self._rows_of(group)]

    def to_arrow(self) -> pyarrow.Table:
        import pyarrow as pa

        values = {name: [row[name] for row in self.rows] for name in self.columns}
        return pa.table({name: pa.array(column, self._type(pa, name, column)) for name, column in values.items()})

    def to_pandas(self) -> pandas.DataFrame:
        try:
            import pandas as pd
        except ImportError:
            raise _missing("pandas") from None
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_polars(self) -> polars.DataFrame:
        try:
            import polars as pl
        except ImportError:
            raise _missing("polars") from None
        frame = pl.from_arrow(self.to_arrow())
        assert isinstance(frame, pl.DataFrame)
        return frame

    # -- from the answer's shape to rows

    @cached_property
    def _dimensions(self) -> tuple[str, ...]:
        return tuple(dimension["id"] for dimension in self.raw.get("dimensions") or ())

    @cached_property
    def _timed(self) -> bool:
        return self.raw.get("times") is not None

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.raw["timezone"])

    @cached_property
    def _groups(self) -> Sequence[Mapping[str, Any]]:
        groups: Sequence[Mapping[str, Any]] = self.raw["rows"] if self._dimensions else [self.raw["total"]]
        return groups

    def _rows_of(self, group: Mapping[str, Any]) -> Iterator[Row]:
        named = group.get("dimensions") or {}
        labels = {name: named.get(name) for name in self._dimensions}
        if self._dimensions:
            labels["other"] = bool(group.get("other"))
        numbers = self._numbers(group)
        if not self._timed:
            yield {**labels, **numbers}
            return
        for place, time in enumerate(self.raw["times"]):
            at = {name: series[place] if place < len(series) else None for name, series in numbers.items()}
            yield {"time": datetime.fromisoformat(time).astimezone(self._zone), **labels, **at}

    def _numbers(self, group: Mapping[str, Any]) -> Row:
        """Column → a series where the answer goes by time, else a number."""
        found: Row = {}
        for member, numbers in group.items():
            if member == "dimensions" or not isinstance(numbers, Mapping):
                continue
            suffix = "" if member in _PLAIN else "." + member.removesuffix("_series")
            found |= {m + suffix: n for m, n in numbers.items() if isinstance(n, list) is self._timed}
        return found

    def _type(self, pa: Any, name: str, values: Sequence[Any]) -> Any:
        if name == "time":
            return pa.timestamp("ms", self.raw["timezone"])
        if name in (*self._dimensions, "other") and any(value is not None for value in values):
            return None
        if name in self._dimensions:
            return pa.string()
        return pa.int64() if values and all(isinstance(value, int) for value in values) else pa.float64()


def _missing(package: str) -> ClientError:
    return ClientError(f"{package} is not installed.", hint=f"pip install {package}")

"""The metric as data: what it looks at, what it measures, how it is shown; dimensions and packs beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from factbook.core.scope import Tier

from .expressions import Expression


class Unit(StrEnum):
    COUNT = "count"
    NUMBER = "number"
    CURRENCY = "currency"  # in the tenant's currency
    PERCENT = "percent"  # a fraction: 0.25 is shown as 25 %
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    DAYS = "days"
    BYTES = "bytes"
    SCORE = "score"  # a point scale, as NPS (-100 to 100)


class Good(StrEnum):
    """Which way is good."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


class Kind(StrEnum):
    COUNT = "count"  # events
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    UNIQUE = "unique"  # distinct users, sessions, or values of a column or property
    QUANTILE = "quantile"
    LAST = "last"  # the newest number in each bucket
    STATE = "state"  # at the end of each bucket: the sum (or number) of what is alive then, each with its newest number


USERS, SESSIONS = "users", "sessions"
"""What UNIQUE counts without naming a field: people (user_id, else anonymous_id) and sessions."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured over the events of a metric.

    of: the number of SUM, AVG, MIN, MAX, QUANTILE, LAST and STATE (a property or arithmetic over properties; None for
    a STATE that counts what is alive). distinct: what UNIQUE counts: `users`, `sessions` or the key of a field
    (`content_id`, `property.sku`). quantile: 0 to 1. by: the field that tells the things of a STATE apart, or `users`.
    until: event types that end such a thing.
    """

    kind: Kind
    of: Expression | None = None
    distinct: str = ""
    quantile: float = 0.5
    by: str = ""
    until: tuple[str, ...] = ()


class TimePart(StrEnum):
    """On the wall clock of the zone asked for."""

    HOUR_OF_DAY = "hour_of_day"  # 0 to 23
    DAY_OF_WEEK = "day_of_week"  # 1 (Monday) to 7
    DAY_OF_MONTH = "day_of_month"
    WEEK_OF_YEAR = "week_of_year"  # ISO
    MONTH_OF_YEAR = "month_of_year"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Dimension:
    """What an answer can be cut by: the text of `field` (a column, or `property.NAME`), or a `time_part`.

    edges: ascending; the number in `field` is told apart by the bucket it lies in ("<10", "10-50", ">=50").
    lookup: value → label; what is not in it keeps its own value.
    """

    id: str
    label: str
    field: str = ""
    time_part: TimePart | None = None
    edges: tuple[float, ...] = ()
    lookup: Mapping[str, str] = dataclasses.field(default_factory=dict)
    description: str = ""
    pack: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: either `measure` over events, or `formula` over other metrics.

    events: the types it looks at, none for all. where: only events for which this holds. window_days: 0, or at the end
    of each bucket the measure over that many days before it (calendar days of the zone). dimensions: ids it may be cut
    by; None for every one. kpi: the group it is shown in among the KPIs, '' for none. breakdown: the dimension by which
    a KPI is also shown. format: decimals. source: the text of its definition's formula, as readers see it.
    """

    id: str
    label: str
    unit: Unit
    description: str
    events: tuple[str, ...] = ()
    measure: Measure | None = None
    where: Expression | None = None
    formula: Expression | None = None
    window_days: int = 0
    good: Good = Good.NEITHER
    decimals: int = 0
    dimensions: tuple[str, ...] | None = None
    tier: Tier = Tier.FREE
    kpi: str = ""
    breakdown: str = ""
    pack: str = ""
    source: str = ""


class Order(StrEnum):
    """How the steps of a funnel follow each other."""

    ORDERED = "ordered"  # one after the other, with anything between
    STRICT = "strict"  # each the very next event
    ANY = "any"


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """Events of any of `events` for which `where` holds. optional: the step after it may follow the one before it."""

    events: tuple[str, ...]
    where: Expression | None = None
    label: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Funnel:
    """A named way through events. window: from the first step to the last, as `14d`."""

    id: str
    label: str
    steps: tuple[FunnelStep, ...]
    description: str = ""
    window: str = "14d"
    order: Order = Order.ORDERED
    pack: str = ""


@dataclass(frozen=True, slots=True)
class Properties:
    """What events of one type carry: names of numbers, of texts, and of flags (true or false).

    description: what such an event says. example: one as it is sent, but for its type; empty where none is given.
    """

    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    description: str = ""
    example: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Chart(StrEnum):
    """How a tile shows its answer."""

    NUMBER = "number"  # each metric as a figure, beside the period before, with its course
    LINE = "line"
    AREA = "area"
    BAR = "bar"
    STACKED = "stacked"  # bars of what the parts of a cut add up to
    RANKED = "ranked"  # a bar a row, without time
    TABLE = "table"  # a line a row, without time


@dataclass(frozen=True, slots=True)
class Tile:
    """A question over metrics, and how its answer is shown. by: ids of dimensions. granularity: of the buckets; '' for
    what suits the period, and for none where the chart has no time. period: its own, '' for the dashboard's.
    """

    title: str
    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    chart: Chart = Chart.LINE
    granularity: str = ""
    period: str = ""
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Tiles in the order in which they are shown. period: of those without one, unless another is asked for."""

    id: str
    label: str
    tiles: tuple[Tile, ...]
    description: str = ""
    period: str = "30d"
    pack: str = ""


Path = tuple[str | int, ...]
"""A way into a document: keys and places in lists."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a pack was read from: the file's name, and the line of each part of it (none for JSON)."""

    file: str = ""
    lines: Mapping[Path, int] = dataclasses.field(default_factory=dict)

    def line(self, path: Path) -> int | None:
        """The line of the nearest part at or above `path`."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


@dataclass(frozen=True, slots=True)
class Pack:
    """What one YAML file declares. kpis: group id → its label, in the order of answers."""

    id: str
    label: str
    description: str
    metrics: tuple[Metric, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    kpis: Mapping[str, str] = dataclasses.field(default_factory=dict)
    properties: Mapping[str, Properties] = dataclasses.field(default_factory=dict)
    funnels: tuple[Funnel, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()
    source: Source = dataclasses.field(default=Source(), compare=False)

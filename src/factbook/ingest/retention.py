"""Retention: rows past their age go, by tenant and by level; nothing younger does.

Age is the time of the event, or the end of a roll-up's bucket: a bucket goes when all of it is past.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid
from factbook.core.scope import Scope
from factbook.storage.engine import Engine, EngineError
from factbook.storage.metadata import Metadata
from factbook.storage.rows import RETENTION_LEVELS, Tenant

from .retention_of_people import TABLES, remove_about_people

log = structlog.get_logger()

_ROLLUPS: Mapping[str, tuple[str, timedelta]] = {
    "minute_aggregates": ("1m", timedelta(minutes=1)),
    "hour_aggregates": ("1h", timedelta(hours=1)),
    "daily_aggregates": ("1d", timedelta(days=1)),
}
"""Level of retention → level of `rollups` and the length of its buckets."""

LONGEST_DAYS = 36_500
FRESH = 2.0
"""Seconds for which a tenant's days are not read again."""
_UNSETTLED = timedelta(hours=1)
_IDS_KEPT = timedelta(days=7)
"""The longest time for which an event id may be remembered (dedupe_hours)."""

_MERGED_AWAY = (232, 384)
"""ClickHouse: no such part any more, or it is being merged; the mutation that follows takes its rows."""
_PATIENCE_SECONDS = 10.0


class Days(Protocol):
    """Days to keep where a tenant says nothing; the settings' section `analytics.retention` is one."""

    @property
    def raw_events(self) -> int: ...
    @property
    def minute_aggregates(self) -> int: ...
    @property
    def hour_aggregates(self) -> int: ...
    @property
    def daily_aggregates(self) -> int: ...


@dataclass(frozen=True, slots=True)
class DefaultDays:
    raw_events: int = 90
    minute_aggregates: int = 365
    hour_aggregates: int = 730
    daily_aggregates: int = 3650


@dataclass(frozen=True, slots=True)
class Removed:
    """rows: of one tenant and level, that were older than `before` and are gone."""

    tenant: str
    level: str
    days: int
    before: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Report:
    started_at: datetime
    finished_at: datetime
    removed: tuple[Removed, ...] = ()
    dropped_parts: int = 0

    @property
    def rows(self) -> int:
        return sum(item.rows for item in self.removed)

    def for_tenant(self, tenant: str) -> dict[str, Any]:
        """JSON-able, with what was removed of this tenant only."""
        mine = [item for item in self.removed if item.tenant == tenant]
        return {
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "rows": sum(item.rows for item in mine),
            "removed": [{name: value for name, value in asdict(item).items() if name != "tenant"} for item in mine],
        }


def limits(tenant: Tenant | None, defaults: Days) -> dict[str, int]:
    """Days to keep by level: the tenant's own, else the defaults."""
    own = {level: getattr(tenant, level) if tenant else None for level in RETENTION_LEVELS}
    return {level: getattr(defaults, level) if days is None else days for level, days in own.items()}


def run_retention(
    engine: Engine,
    metadata: Metadata,
    clock: Clock,
    *,
    defaults: Days | None = None,
    settle: Callable[[float], bool] | None = None,
    changed: Callable[[str | None], None] = lambda tenant: None,
) -> Report:
    """Removes what is past its retention, waits until it is gone, and says how many rows went. Safe to repeat.

    settle(seconds): waits until all that was accepted is in the warehouse with its roll-ups. Where it is not given, or
    does not come to rest, rows taken in within the last hour stay until the next run: the roll-ups of the newest block
    are computed from its rows. changed: called with each tenant who lost rows, with None where the run failed midway.
    """
    lost: set[str | None] = {None}
    try:
        report = _run(engine, metadata, clock, defaults, settle)
        lost = {item.tenant for item in report.removed if item.rows}
    finally:
        for tenant in lost:
            changed(tenant)
    return report


def _run(
    engine: Engine,
    metadata: Metadata,
    clock: Clock,
    defaults: Days | None,
    settle: Callable[[float], bool] | None,
) -> Report:
    started = clock()
    taken_before = started if settle is not None and settle(_PATIENCE_SECONDS) else _settled_before(engine, started)
    tenants = {tenant.id: tenant for tenant in metadata.tenants_of_system()}
    tables = ("events", "rollups", *TABLES)
    present = {str(row[0]) for table in tables for row in engine.rows(f"SELECT DISTINCT tenant FROM {table}")}
    days = {tenant: limits(tenants.get(tenant), defaults or DefaultDays()) for tenant in sorted(present)}
    removed = [item for tenant in days for item in _remove_rollups(engine, tenant, days[tenant], started) if item.rows]
    counted = [_count_events(engine, tenant, days[tenant]["raw_events"], started, taken_before) for tenant in days]
    for item in counted:
        if item.rows:
            engine.command(_KEEP_IDS, {**_bound(item, taken_before), "lately": epoch_ms(started - _IDS_KEPT)})
    dropped = _drop_parts(engine, [item.before for item in counted], taken_before)
    for item in counted:
        if item.rows and _count_events(engine, item.tenant, item.days, started, taken_before).rows:
            engine.command(f"ALTER TABLE events DELETE WHERE {_OLD_EVENTS} {_WAIT}", _bound(item, taken_before))
        if item.rows:
            removed.append(item)
        if item.tenant in tenants:
            classes = metadata.privacy.settings(Scope.system(item.tenant)).classes
            removed += _remove_classes(engine, item.tenant, classes, started, taken_before)
        kept = metadata.segments.listed(Scope.system(item.tenant))
        freezings = [segment.freezing for segment in kept if segment.freezing is not None]
        remove_about_people(engine, item.tenant, before=item.before, now=started, freezings=freezings)
    return Report(started, clock(), tuple(removed), dropped)


_WAIT = "SETTINGS mutations_sync = 2"
_OLD_EVENTS = (
    "tenant = {tenant:String} AND timestamp < fromUnixTimestamp64Milli({before:Int64}, 'UTC')"
    " AND processed_at < fromUnixTimestamp64Milli({taken:Int64}, 'UTC')"
)
_KEEP_IDS = (
    "INSERT INTO removed_ids SELECT tenant, event_id, processed_at FROM events"
    f" WHERE {_OLD_EVENTS} AND processed_at >= fromUnixTimestamp64Milli({{lately:Int64}}, 'UTC')"
)
_OLD_ROLLUPS = (
    "tenant = {tenant:String} AND level = {level:String} AND bucket <= fromUnixTimestamp64Milli({before:Int64}, 'UTC')"
)


def _bound(item: Removed, taken_before: datetime) -> dict[str, Any]:
    return {"tenant": item.tenant, "before": epoch_ms(item.before), "taken": epoch_ms(taken_before)}


def _count_events(engine: Engine, tenant: str, days: int, now: datetime, taken_before: datetime) -> Removed:
    item = Removed(tenant, "raw_events", days, now - timedelta(days=days), 0)
    rows = engine.rows(f"SELECT count() FROM events WHERE {_OLD_EVENTS}", _bound(item, taken_before))
    return Removed(tenant, "raw_events", days, item.before, int(rows[0][0]))


def _remove_classes(
    engine: Engine, tenant: str, classes: Mapping[str, int], now: datetime, taken_before: datetime
) -> list[Removed]:
    """Events of classes of data that are kept for less long."""
    removed = []
    for name, days in sorted(classes.items()):
        item = Removed(tenant, f"raw_events of class {name}", days, now - timedelta(days=days), 0)
        bound = {**_bound(item, taken_before), "class": name}
        where = f"{_OLD_EVENTS} AND data_class = {{class:String}}"
        rows = int(engine.rows(f"SELECT count() FROM events WHERE {where}", bound)[0][0])
        if rows:
            kept = f"{_KEEP_IDS} AND data_class = {{class:String}}"
            engine.command(kept, {**bound, "lately": epoch_ms(now - _IDS_KEPT)})
            engine.command(f"ALTER TABLE events DELETE WHERE {where} {_WAIT}", bound)
            removed.append(replace(item, rows=rows))
    return removed


def _remove_rollups(engine: Engine, tenant: str, days: Mapping[str, int], now: datetime) -> list[Removed]:
    removed = []
    for name, (level, length) in _ROLLUPS.items():
        before = now - timedelta(days=days[name])
        bound = {"tenant": tenant, "level": level, "before": epoch_ms(before - length)}
        rows = int(engine.rows(f"SELECT count() FROM rollups WHERE {_OLD_ROLLUPS}", bound)[0][0])
        if rows:
            engine.command(f"ALTER TABLE rollups DELETE WHERE {_OLD_ROLLUPS} {_WAIT}", bound)
        removed.append(Removed(tenant, name, days[name], before, rows))
    return removed


def _drop_parts(engine: Engine, limits_: list[datetime], taken_before: datetime) -> int:
    """Drops parts of the table that are past for every tenant: instant, where a mutation would read and write them.

    By name, and not the whole month: rows that come in meanwhile lie in parts of other names, and stay for their
    roll-ups to be computed.
    """
    if not limits_:
        return 0
    oldest = min(limits_)
    parts = engine.rows(
        "SELECT _part FROM events WHERE toYYYYMM(timestamp) <= {month:UInt32} GROUP BY _part"
        " HAVING max(timestamp) < fromUnixTimestamp64Milli({before:Int64}, 'UTC')"
        " AND max(processed_at) < fromUnixTimestamp64Milli({taken:Int64}, 'UTC')",
        {"month": oldest.year * 100 + oldest.month, "before": epoch_ms(oldest), "taken": epoch_ms(taken_before)},
    )
    dropped = 0
    for (part,) in parts:
        try:
            engine.command(f"ALTER TABLE events DROP PART '{part}'")
            dropped += 1
        except EngineError as error:
            if error.code not in _MERGED_AWAY:
                raise
    return dropped


def _settled_before(engine: Engine, now: datetime) -> datetime:
    """Before this moment every row's roll-ups are written, though the writer may be at work."""
    newest = engine.rows(
        "SELECT min(processed_at), count() FROM events WHERE block = (SELECT argMax(block, processed_at) FROM events)"
    )
    hour_ago = now - _UNSETTLED
    return min(hour_ago, _aware(newest[0][0])) if newest and int(newest[0][1]) else hour_ago


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Retention:
    """What each tenant keeps and for how long, and the run that removes the rest: one at a time."""

    def __init__(
        self,
        engine: Engine,
        metadata: Metadata,
        clock: Clock,
        *,
        defaults: Days | None = None,
        settle: Callable[[float], bool] | None = None,
        changed: Callable[[str | None], None] = lambda tenant: None,
    ) -> None:
        """defaults, settle, changed: see run_retention."""
        self._engine = engine
        self._metadata = metadata
        self._clock = clock
        self._settle = settle
        self._changed = changed
        self._running = threading.Lock()
        self._limits: dict[str, tuple[float, Mapping[str, int]]] = {}
        self.defaults: Days = defaults or DefaultDays()
        self.last: Report | None = None

    def limits(self, scope: Scope) -> Mapping[str, int]:
        """Days to keep by level; what another process changed, within FRESH seconds."""
        read, days = self._limits.get(scope.tenant, (-FRESH, {}))
        now = time.monotonic()
        if now - read >= FRESH:
            days = limits(self._metadata.tenant(scope), self.defaults)
            self._limits[scope.tenant] = now, days
        return days

    def own(self, scope: Scope) -> dict[str, int]:
        """The levels where the tenant set days of his own."""
        tenant = self._metadata.tenant(scope)
        return {level: days for level in RETENTION_LEVELS if (days := getattr(tenant, level)) is not None}

    def change(self, scope: Scope, days: Mapping[str, int | None]) -> Mapping[str, int]:
        """None is the default again; levels not named stay. Holds from the next run. INVALID naming the level."""
        for level, value in days.items():
            if level not in RETENTION_LEVELS:
                raise invalid(f"There is no level {level!r}.", field=level, hint=f"Use {', '.join(RETENTION_LEVELS)}.")
            if value is not None and not 1 <= value <= LONGEST_DAYS:
                raise invalid(f"{level} is kept for 1 to {LONGEST_DAYS} days.", field=level)
        self._metadata.set_retention(scope, days)
        self._limits.pop(scope.tenant, None)
        return self.limits(scope)

    def run(self) -> Report:
        """Runs retention for every tenant. CONFLICT while it runs already."""
        if not self._running.acquire(blocking=False):
            raise FactbookError(Kind.CONFLICT, "Retention is running already.", hint="Ask again when it is done.")
        try:
            self.last = run_retention(
                self._engine,
                self._metadata,
                self._clock,
                defaults=self.defaults,
                settle=self._settle,
                changed=self._changed,
            )
        finally:
            self._running.release()
        log.info("retention done", rows=self.last.rows, parts=self.last.dropped_parts)
        return self.last

"""The sections of the configuration: every setting with its default, its range, its names in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from .section import Section
from .security_sections import KEY_LENGTH, Security
from .values import (
    ADDRESS,
    FUTURE,
    SECRET,
    Allowed,
    Bytes,
    Days,
    Env,
    Port,
    Seconds,
    UrlPath,
    Words,
    parts,
    upper,
    url_of,
    warehouse,
    zone,
)


class Server(Section):
    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 for every interface."
    )
    port: Annotated[int, Env("SERVER_PORT", "PORT")] = Field(
        default=8005, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    data: Annotated[Path, Env("FACTBOOK_DATA")] = Field(
        default=Path("data"), description="Folder of the embedded warehouse, journal, metadata and files."
    )
    timezone: Annotated[str, AfterValidator(zone), Allowed("an IANA time zone")] = Field(
        default="UTC", description="Time zone of the default tenant, unless it sets its own: where its days begin."
    )
    head_timeout: Seconds = Field(default=15, ge=1, le=600, description="Longest time a request's head may take.")
    body_timeout: Seconds = Field(default=120, ge=1, le=3600, description="Longest time a request may take to arrive.")


class WarehouseSection(Section):
    url: Annotated[
        str,
        AfterValidator(warehouse),
        Env("FACTBOOK_WAREHOUSE"),
        ADDRESS,
        Allowed("chdb, or clickhouse://user:password@host:8123/database"),
    ] = Field(default="chdb", repr=False, description="Where the rows live: `chdb` is the embedded engine.")
    key: Annotated[SecretStr | None, Env("FACTBOOK_WAREHOUSE_KEY"), SECRET, KEY_LENGTH] = Field(
        default=None,
        min_length=16,
        max_length=512,
        description="Encrypts the embedded engine's tables on disk; from the first start on.",
    )
    connections: int = Field(
        default=4, ge=1, le=64, description="Connections to the warehouse, and so queries at a time."
    )


class Database(Section):
    url: Annotated[
        str,
        url_of("sqlite", "postgresql", "postgres", "postgresql+psycopg"),
        Env("ANALYTICS_DATABASE_URL", "DATABASE_URL"),
        ADDRESS,
        Allowed("sqlite:///… or postgresql://user:password@host:5432/name"),
    ] = Field(default="", repr=False, description="Metadata database; empty for SQLite in the data folder.")
    host: Annotated[str, Env("DB_HOST")] = Field(default="", description="Database host, where no url is given.")
    port: Annotated[int, Env("DB_PORT")] = Field(default=5432, ge=1, le=65535, description="Database port.")
    name: Annotated[str, Env("DB_NAME")] = Field(default="", description="Database name.")
    user: Annotated[str, Env("DB_USER")] = Field(default="", description="Database user.")
    password: Annotated[SecretStr | None, Env("DB_PASSWORD"), SECRET] = Field(
        default=None, description="Database password."
    )

    @property
    def address(self) -> str:
        """The url, else one made of the single values, else empty."""
        if self.url or not self.host:
            return self.url
        password = self.password.get_secret_value() if self.password else ""
        credentials = f"{quote(self.user, safe='')}{':' + quote(password, safe='') if password else ''}"
        return f"postgresql://{credentials}{'@' if credentials else ''}{self.host}:{self.port}/{quote(self.name)}"


class Redis(Section):
    url: Annotated[
        str,
        url_of("redis", "rediss", "unix"),
        Env("REDIS_URL"),
        ADDRESS,
        Allowed("redis://:password@host:6379/0"),
    ] = Field(
        default="",
        repr=False,
        description="Redis or Valkey, where several processes share one warehouse: answers, and what makes them stale.",
    )
    host: Annotated[str, Env("REDIS_HOST")] = Field(default="", description="Redis host, where no url is given.")
    port: Annotated[int, Env("REDIS_PORT")] = Field(default=6379, ge=1, le=65535, description="Redis port.")
    password: Annotated[SecretStr | None, Env("REDIS_PASSWORD"), SECRET] = Field(
        default=None, description="Redis password."
    )

    @property
    def address(self) -> str:
        """The url, else one made of the single values, else empty."""
        if self.url or not self.host:
            return self.url
        password = f":{quote(self.password.get_secret_value(), safe='')}@" if self.password else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"redis://{password}{host}:{self.port}/0"


class Kafka(Section):
    brokers: Annotated[Words, Env("KAFKA_BROKERS"), FUTURE] = Field(default=(), description="Brokers, host:port.")
    group: Annotated[str, FUTURE] = Field(
        default="analytics-consumer-group", min_length=1, description="Consumer group that events are read with."
    )
    topics: Annotated[Words, FUTURE] = Field(
        default=("trading.events", "market.data", "order.events", "user.actions"), description="Topics read."
    )


class Nats(Section):
    url: Annotated[
        str, url_of("nats", "tls", "ws", "wss"), Env("NATS_URL"), ADDRESS, FUTURE, Allowed("nats://host:4222")
    ] = Field(default="", repr=False, description="NATS JetStream, as a way in.")


class Ingestion(Section):
    batch_size: Annotated[int, Env("EVENT_BATCH_SIZE"), FUTURE] = Field(
        default=1000, ge=10, le=10_000, description="Events of one block."
    )
    batch_timeout: Annotated[Seconds, Env("EVENT_FLUSH_INTERVAL")] = Field(
        default=0.3,
        ge=0.01,
        le=5,
        description="Longest time an accepted event waits for others before it is written to the warehouse.",
    )
    workers: Annotated[int, Env("WORKER_THREADS"), FUTURE] = Field(
        default=4, ge=1, le=32, description="Threads that decode and check batches."
    )
    buffer_size: Annotated[int, FUTURE] = Field(
        default=10_000, ge=100, le=1_000_000, description="Events that may wait in memory."
    )
    max_event_age_days: Annotated[Days, Env("MAX_EVENT_AGE_DAYS")] = Field(
        default=90, ge=1, le=3650, description="Older events are refused, unless history is loaded."
    )
    max_body_bytes: Bytes = Field(
        default=16 * 2**20, ge=1024, le=2**30, description="Largest body of one request, after unpacking."
    )
    max_events: int = Field(default=10_000, ge=1, le=100_000, description="Most events in one batch.")
    max_event_bytes: Bytes = Field(default=256 * 2**10, ge=256, le=16 * 2**20, description="Largest single event.")
    max_depth: int = Field(default=16, ge=1, le=64, description="Deepest nesting of an event's properties.")
    journal_max_bytes: Bytes = Field(
        default=2**30, ge=2**20, le=2**40, description="Size of the journal at which events are refused with 503."
    )
    dedupe_hours: int = Field(default=24, ge=1, le=168, description="Hours for which an event id is remembered.")
    geo_database: Path | None = Field(
        default=None, description="MMDB file for country, region and city; none: not looked up."
    )
    anonymize_ip: bool = Field(default=True, description="Keep IP addresses without their last part.")


class Aggregation(Section):
    intervals: Annotated[
        tuple[Literal["1m", "5m", "15m", "30m", "1h", "4h", "1d"], ...], BeforeValidator(parts), FUTURE
    ] = Field(
        default=("1m", "5m", "15m", "1h", "1d"), description="Intervals offered first; every interval is answered."
    )


class Retention(Section):
    raw_events: Days = Field(default=90, ge=1, le=36_500, description="How long single events are kept.")
    minute_aggregates: Days = Field(default=365, ge=1, le=36_500, description="How long minute roll-ups are kept.")
    hour_aggregates: Days = Field(default=730, ge=1, le=36_500, description="How long hour roll-ups are kept.")
    daily_aggregates: Days = Field(default=3650, ge=1, le=36_500, description="How long day roll-ups are kept.")


class Query(Section):
    max_results: Annotated[int, FUTURE] = Field(
        default=10_000, ge=1, le=1_000_000, description="Most rows in one page of a list."
    )
    default_limit: Annotated[int, FUTURE] = Field(
        default=100, ge=1, le=10_000, description="Rows in a page where the caller says nothing."
    )
    timeout: Annotated[Seconds, Env("QUERY_TIMEOUT")] = Field(
        default=30, ge=0.1, le=3600, description="Longest time of one query."
    )
    cache_ttl: Seconds = Field(
        default=60,
        ge=0,
        le=86_400,
        description="Longest time for which an answer is kept, though nothing of what it counts changed; 0 keeps none.",
    )
    cache_bytes: Bytes = Field(
        default=64 * 2**20, ge=0, le=2**36, description="Room for answers in memory; 0 keeps none."
    )
    max_concurrent: Annotated[int, Env("MAX_CONCURRENT_QUERIES")] = Field(
        default=100, ge=1, le=10_000, description="Queries running or waiting at a time; more get a 429."
    )
    tenant_concurrent: int = Field(
        default=4, ge=1, le=64, description="Queries of one tenant running at a time; more wait for their turn."
    )
    tenant_waiting: int = Field(
        default=50, ge=0, le=10_000, description="Queries of one tenant waiting at a time; more get a 429."
    )
    max_memory: Bytes = Field(
        default=4 * 2**30, ge=64 * 2**20, le=2**40, description="Most memory of the warehouse that one query may use."
    )
    max_rows_read: int = Field(
        default=1_000_000_000, ge=0, le=10**15, description="Most rows that one query may read; 0 for any number."
    )
    max_cells: int = Field(
        default=400_000, ge=1000, le=10_000_000, description="Most numbers in one answer: metrics, rows and buckets."
    )


class Realtime(Section):
    window: Annotated[Seconds, Env("REALTIME_WINDOW_SECONDS")] = Field(
        default=60, ge=1, le=3600, description="Window of the live rates."
    )
    active_user_timeout: Annotated[Seconds, Env("ACTIVE_USER_TIMEOUT")] = Field(
        default=1800, ge=1, le=86_400, description="A user counts as active this long after an event."
    )
    session_timeout: Annotated[Seconds, Env("SESSION_TIMEOUT")] = Field(
        default=1800, ge=60, le=86_400, description="A session ends after this long without an event."
    )
    session_max_hours: Annotated[float, Env("SESSION_MAX_HOURS")] = Field(
        default=0, ge=0, le=720, description="Longest session, in hours: what follows begins another; 0 for no bound."
    )


class Features(Section):
    realtime: Annotated[bool, Env("ENABLE_REALTIME_ANALYTICS")] = Field(default=True, description="Live numbers.")
    cohorts: Annotated[bool, Env("ENABLE_COHORT_ANALYSIS")] = Field(default=True, description="Cohort analysis.")
    funnels: Annotated[bool, Env("ENABLE_FUNNEL_ANALYSIS")] = Field(default=True, description="Funnel analysis.")
    journeys: Annotated[bool, Env("ENABLE_USER_JOURNEY")] = Field(
        default=True, description="User journeys, paths, and building sessions."
    )


class Analytics(Section):
    ingestion: Ingestion = Ingestion()
    aggregation: Aggregation = Aggregation()
    retention: Retention = Retention()
    query: Query = Query()
    realtime: Realtime = Realtime()
    features: Features = Features()


class Metrics(Section):
    port: Port = Field(default=None, description="Port of its own for the Prometheus text, beside the main one.")
    path: UrlPath = Field(default="/metrics", description="Path of the Prometheus text on its own port.")


class Health(Section):
    port: Port = Field(default=None, description="Port of its own for the health endpoints, beside the main one.")
    path: UrlPath = Field(default="/health", description="Path of the liveness check on its own port.")


class Logging(Section):
    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(upper), Env("LOG_LEVEL")
    ] = Field(default="INFO", description="Least severity that is logged.")
    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="`auto` is console on a terminal and JSON elsewhere."
    )


class Reports(Section):
    folder: Annotated[Path | None, FUTURE] = Field(default=None, description="Where finished reports are kept.")


class MachineLearning(Section):
    forecasting: Annotated[bool, Env("ENABLE_FORECASTING"), FUTURE] = Field(default=True, description="Forecasts.")
    anomaly_detection: Annotated[bool, Env("ENABLE_ANOMALY_DETECTION"), FUTURE] = Field(
        default=True, description="Anomaly checks."
    )
    forecast_horizon_days: Annotated[Days, Env("FORECAST_HORIZON_DAYS"), FUTURE] = Field(
        default=30, ge=1, le=365, description="How far a forecast looks where the caller says nothing."
    )
    anomaly_sensitivity: Annotated[float, Env("ANOMALY_SENSITIVITY"), FUTURE] = Field(
        default=0.95, ge=0.5, le=0.9999, description="Share of ordinary values that are not reported."
    )


class Settings(Section):
    """The whole configuration. Frozen; made by `factbook.core.settings.load_settings`."""

    server: Server = Server()
    warehouse: WarehouseSection = WarehouseSection()
    database: Database = Database()
    redis: Redis = Redis()
    kafka: Kafka = Kafka()
    nats: Nats = Nats()
    analytics: Analytics = Analytics()
    metrics: Metrics = Metrics()
    logging: Logging = Logging()
    health: Health = Health()
    security: Security = Security()
    reports: Reports = Reports()
    ml: MachineLearning = MachineLearning()

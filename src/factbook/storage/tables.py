"""The tables of the metadata database; times are epoch milliseconds, which every database keeps alike."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

SCHEMA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

TENANTS = Table(
    "tenants",
    SCHEMA,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("tier", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # Days to keep; null is the default of the settings.
    Column("raw_events", Integer),
    Column("minute_aggregates", Integer),
    Column("hour_aggregates", Integer),
    Column("daily_aggregates", Integer),
    # What the tenant chose himself; null is the default: for the zone, that of the settings in `zone`.
    Column("own_zone", String(64)),
    Column("currency", String(3)),
    # JSON: code → what one unit of it is in `currency`.
    Column("rates", Text),
    Column("week_start", Integer),
    Column("fiscal_year_start", Integer),
    # JSON: name, logo_url, colour.
    Column("branding", Text),
    # JSON: role → {row_filter, masked}.
    Column("role_rules", Text),
    Column("suspended_at", BigInteger),
    # Since when its data is being removed.
    Column("removing_at", BigInteger),
)

API_KEYS = Table(
    "api_keys",
    SCHEMA,
    Column("id", String(32), primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(32), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("prefix", String(32), nullable=False),
    # The environment variable that names this key; empty for a key made here.
    Column("preset", String(64), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    # JSON: the conditions on events that it may see; null is all.
    Column("row_filter", Text),
    Column("masked", Boolean, nullable=False, server_default=false()),
    Index(None, "tenant"),
)

EVENT_TYPES = Table(
    "event_types",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("schema", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
)

EVENT_TYPE_HISTORY = Table(
    "event_type_history",
    SCHEMA,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("change", String(16), nullable=False),
    Column("actor", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("definition", Text, nullable=False),
    ForeignKeyConstraint(["tenant", "name"], ["event_types.tenant", "event_types.name"]),
)

METRIC_DEFINITIONS = Table(
    "metric_definitions",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("id", String(128), primary_key=True),
    # metric or dimension
    Column("kind", String(16), nullable=False),
    Column("definition", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

# Of metrics, segments and funnels; stays when they are removed.
DEFINITION_HISTORY = Table(
    "definition_history",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    # metric, segment or funnel
    Column("what", String(16), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("change", String(16), nullable=False),
    Column("actor", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("definition", Text, nullable=False),
)

SEGMENTS = Table(
    "segments",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("label", Text, nullable=False),
    Column("description", Text, nullable=False),
    # JSON
    Column("rule", Text, nullable=False),
    # Null is live.
    Column("freezing", BigInteger),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

SECRETS = Table(
    "secrets",
    SCHEMA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

ENDED_SESSIONS = Table(
    "ended_sessions",
    SCHEMA,
    Column("id", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)

LETTER_OUTCOMES = Table(
    "letter_outcomes",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("letter_id", String(36), primary_key=True),
    Column("result", String(16), nullable=False),
    Column("event_id", String(36), nullable=False),
    # The letter that holds what was refused again.
    Column("successor", String(36), nullable=False),
    Column("at", BigInteger, nullable=False),
)

JOB_RUNS = Table(
    "job_runs",
    SCHEMA,
    Column("name", String(64), primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("failure", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

FUNNELS = Table(
    "funnels",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("label", Text, nullable=False),
    Column("description", Text, nullable=False),
    # JSON
    Column("definition", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

BENCHMARKS = Table(
    "benchmarks",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("label", Text, nullable=False),
    Column("description", Text, nullable=False),
    # JSON
    Column("definition", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

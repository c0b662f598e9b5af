"""The tables of what tenants use and may use: events by day, and limits set for one tenant."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from .tables import SCHEMA

TENANT_EVENTS = Table(
    "tenant_events",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    # Days since 1970-01-01, UTC.
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("events", BigInteger, nullable=False),
)

TENANT_LIMITS = Table(
    "tenant_limits",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    # A field of core.tiers.Plan.
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

"""The tables of the audit trail: each tenant's entries in a row, and where his row ends."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from .tables import SCHEMA

# Without a foreign key: the trail outlives its tenant.
AUDIT = Table(
    "audit",
    SCHEMA,
    Column("tenant", String(64), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("thing", String(256), nullable=False),
    Column("result", String(16), nullable=False),
    # JSON
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "tenant", "at"),
)

AUDIT_HEADS = Table(
    "audit_heads",
    SCHEMA,
    Column("tenant", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

"""What services promise: the table, a row a service, and the row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from .tables import SCHEMA

OBJECTIVES = Table(
    "objectives",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    # The service; `*` is every service that has none of its own.
    Column("id", String(128), primary_key=True),
    # JSON
    Column("definition", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """id: the service. definition: what it promises, by name of the parameter. version counts up with every change."""

    tenant: str
    id: str
    definition: dict[str, Any]
    version: int
    created_at: int
    updated_at: int

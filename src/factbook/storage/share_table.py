"""With whom things are shared: the table, a row a thing that is not everybody's, and the row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from .tables import SCHEMA

SHARES = Table(
    "shares",
    SCHEMA,
    Column("tenant", ForeignKey("tenants.id"), primary_key=True),
    # The kind of the thing and its id, as dashboard/commerce.
    Column("id", String(128), primary_key=True),
    # JSON: roles and people
    Column("definition", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ShareRow:
    """id: of the thing, its kind before it. definition: `roles` and `people` (ids) that see it. version counts up with
    every change."""

    tenant: str
    id: str
    definition: dict[str, Any]
    version: int
    created_at: int
    updated_at: int

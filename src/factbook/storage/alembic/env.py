"""Runs the migrations on the connection that `Metadata` hands over; there is no alembic.ini."""

from __future__ import annotations

from alembic import context

from factbook.storage import (  # noqa: F401 (their tables belong to the schema)
    audit_tables,
    people_tables,
    privacy_tables,
    usage_tables,
)
from factbook.storage.tables import SCHEMA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SCHEMA, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()

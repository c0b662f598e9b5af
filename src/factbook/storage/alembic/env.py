"""Runs the migrations on the connection that `Metadata` hands over; there is no alembic.ini."""

from __future__ import annotations

from alembic import context

from factbook.storage import people_tables  # noqa: F401 (its tables belong to the schema)
from factbook.storage.tables import SCHEMA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SCHEMA, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()

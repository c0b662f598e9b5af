"""A look at the metadata database past Factbook's own parts, and changes behind its back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from factbook.storage.database import database_url


def dump(address: str, data: Path) -> str:
    """Every row of every table; for SQLite the bytes of its files too, as Latin-1."""
    engine = sa.create_engine(database_url(address, data))
    rows: list[str] = []
    with engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            rows += map(str, connection.execute(sa.text(f'SELECT * FROM "{table}"')))
    engine.dispose()
    files = [] if address else [path.read_bytes().decode("latin-1") for path in data.glob("metadata.db*")]
    return "\n".join(rows + files)


def execute(address: str, data: Path, statement: str) -> list[Any]:
    """Its rows, if it has any."""
    engine = sa.create_engine(database_url(address, data))
    with engine.begin() as connection:
        done = connection.execute(sa.text(statement))
        rows = list(done) if done.returns_rows else []
    engine.dispose()
    return rows

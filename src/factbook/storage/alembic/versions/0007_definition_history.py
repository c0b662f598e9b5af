"""One history of all that tenants define: metrics as before, segments and funnels from now on."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

_COLUMNS = ("tenant", "id", "version", "change", "actor", "changed_at", "definition")


def _table(name: str, *further: sa.Column[Any]) -> sa.Table:
    return op.create_table(
        name,
        sa.Column("tenant", sa.String(64), sa.ForeignKey("tenants.id"), primary_key=True),
        *further,
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("change", sa.String(16), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
    )


def upgrade() -> None:
    history = _table("definition_history", sa.Column("what", sa.String(16), primary_key=True))
    before = sa.table("metric_definition_history", *map(sa.column, _COLUMNS))
    metrics = sa.select(*before.c, sa.literal("metric"))
    op.execute(sa.insert(history).from_select([*_COLUMNS, "what"], metrics))
    op.drop_table("metric_definition_history")
    _begin(history, "segments", "segment", ("rule", "freezing"))
    _begin(history, "funnels", "funnel", ("definition",))


def downgrade() -> None:
    metrics = _table("metric_definition_history")
    kept = sa.table("definition_history", *map(sa.column, (*_COLUMNS, "what")))
    mine = sa.select(*(kept.c[name] for name in _COLUMNS)).where(kept.c.what == "metric")
    op.execute(sa.insert(metrics).from_select(list(_COLUMNS), mine))
    op.drop_table("definition_history")


def _begin(history: sa.Table, name: str, what: str, own: tuple[str, ...]) -> None:
    """What there is already begins its history as it is; who made it is not known."""
    columns = ("tenant", "id", "label", "description", "version", "updated_at", *own)
    rows = op.get_bind().execute(sa.select(*map(sa.column, columns)).select_from(sa.table(name))).mappings().all()
    for row in rows:
        about = {"label": row["label"], "description": row["description"]}
        if what == "segment":
            about = {**about, "rule": json.loads(row["rule"]), "frozen": row["freezing"] is not None}
        else:
            about = {**about, **json.loads(row["definition"])}
        values = {
            "tenant": row["tenant"],
            "what": what,
            "id": row["id"],
            "version": row["version"],
            "change": "created" if row["version"] == 1 else "changed",
            "actor": "",
            "changed_at": row["updated_at"],
            "definition": json.dumps(about),
        }
        op.execute(sa.insert(history).values(**values))

"""People and their attempts to sign in; what keys and roles may see; branding, suspension, removal of tenants."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None

_COLUMNS: dict[str, tuple[tuple[str, Any, dict[str, Any]], ...]] = {
    "tenants": (
        ("branding", sa.Text(), {}),
        ("role_rules", sa.Text(), {}),
        ("suspended_at", sa.BigInteger(), {}),
        ("removing_at", sa.BigInteger(), {}),
    ),
    "api_keys": (
        ("row_filter", sa.Text(), {}),
        ("masked", sa.Boolean(), {"nullable": False, "server_default": sa.false()}),
    ),
}


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(64), sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_key", sa.String(320), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("disabled_at", sa.BigInteger),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_sign_in_at", sa.BigInteger),
        sa.Column("row_filter", sa.Text),
        sa.Column("masked", sa.Boolean, nullable=False),
        sa.Column("link_digest", sa.String(64)),
        sa.Column("link_expires_at", sa.BigInteger),
        sa.UniqueConstraint("tenant", "email_key"),
    )
    op.create_index("ix_people_email_key", "people", ["email_key"])
    op.create_index("ix_people_link_digest", "people", ["link_digest"])
    op.create_table(
        "sign_in_attempts",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("times", sa.Text, nullable=False),
        sa.Column("newest", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_sign_in_attempts_newest", "sign_in_attempts", ["newest"])
    for table, columns in _COLUMNS.items():
        for name, kind, rules in columns:
            op.add_column(table, sa.Column(name, kind, **rules))


def downgrade() -> None:
    for table, columns in _COLUMNS.items():
        for name, _, _ in columns:
            op.drop_column(table, name)
    op.drop_table("sign_in_attempts")
    op.drop_table("people")

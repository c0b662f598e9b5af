"""What a tenant chooses himself: zone, currency and rates, where weeks and fiscal years begin."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

_COLUMNS = (
    ("own_zone", sa.String(64)),
    ("currency", sa.String(3)),
    ("rates", sa.Text()),
    ("week_start", sa.Integer()),
    ("fiscal_year_start", sa.Integer()),
)


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("tenants", sa.Column(name, kind))


def downgrade() -> None:
    for name, _ in _COLUMNS:
        op.drop_column("tenants", name)

"""The tables of privacy: what each tenant chose, consents, what was asked for about one person, salts of pseudonyms."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from .tables import SCHEMA


def _tenant(*, primary_key: bool = False) -> Column[str]:
    owner = ForeignKey("tenants.id", ondelete="CASCADE")
    return Column("tenant", owner, primary_key=primary_key, nullable=False)


PRIVACY_SETTINGS = Table(
    "privacy_settings",
    SCHEMA,
    _tenant(primary_key=True),
    Column("consent", String(16), nullable=False),
    Column("signals", Boolean, nullable=False),
    Column("ids", String(16), nullable=False),
    Column("erased", String(16), nullable=False),
    # JSON: data class → days to keep
    Column("classes", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

CONSENTS = Table(
    "consents",
    SCHEMA,
    _tenant(primary_key=True),
    # Of the person's id: nobody's id stands here.
    Column("subject", String(32), primary_key=True),
    # JSON: purpose → given or not
    Column("purposes", Text, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

PERSON_REQUESTS = Table(
    "person_requests",
    SCHEMA,
    Column("id", String(40), primary_key=True),
    _tenant(),
    # erasure or export
    Column("kind", String(16), nullable=False),
    Column("subject", String(32), nullable=False),
    # The person's id, encrypted, while it is needed; then null.
    Column("sealed", Text),
    Column("state", String(16), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    # JSON
    Column("report", Text, nullable=False),
    Column("failure", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Index(None, "tenant", "created_at"),
)

PRIVACY_SALTS = Table(
    "privacy_salts",
    SCHEMA,
    _tenant(primary_key=True),
    # fixed, erased, or a day
    Column("name", String(16), primary_key=True),
    Column("value", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

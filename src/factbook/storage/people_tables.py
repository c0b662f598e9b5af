"""The tables of people and of their attempts to sign in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from .tables import SCHEMA

PEOPLE = Table(
    "people",
    SCHEMA,
    Column("id", String(32), primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("email", Text, nullable=False),
    # As it is compared.
    Column("email_key", String(320), nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(32), nullable=False),
    # Null until one is set by a link.
    Column("password", Text),
    Column("disabled_at", BigInteger),
    # Sessions and tokens of an earlier one have ended.
    Column("generation", Integer, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_sign_in_at", BigInteger),
    # JSON: the conditions on events that the person may see; null is all.
    Column("row_filter", Text),
    Column("masked", Boolean, nullable=False),
    # Of the one link that sets a password; null for none.
    Column("link_digest", String(64)),
    Column("link_expires_at", BigInteger),
    UniqueConstraint("tenant", "email_key"),
    Index(None, "email_key"),
    Index(None, "link_digest"),
)

SIGN_IN_ATTEMPTS = Table(
    "sign_in_attempts",
    SCHEMA,
    # A digest of the e-mail address, whether anybody has it or not.
    Column("account", String(64), primary_key=True),
    # JSON: when those were that count, oldest first.
    Column("times", Text, nullable=False),
    Column("newest", BigInteger, nullable=False),
    Index(None, "newest"),
)

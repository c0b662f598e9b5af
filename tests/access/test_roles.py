"""Who may do what."""

from __future__ import annotations

import pytest

from factbook.access.roles import SENDERS, require
from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Role, Scope

READERS = [role for role in Role if role is not Role.WRITER]


def _scope(role: Role) -> Scope:
    return Scope("shop", "test", role)


@pytest.mark.parametrize("role", READERS)
def test_every_role_but_the_writer_reads(role: Role) -> None:
    assert require(_scope(role)).role is role


def test_a_write_only_key_reads_nothing() -> None:
    for roles in ((), (Role.ANALYST, Role.ADMIN), (Role.ADMIN,)):
        with pytest.raises(FactbookError) as refusal:
            require(_scope(Role.WRITER), *roles)
        assert refusal.value.kind is Kind.FORBIDDEN


def test_an_owner_may_whatever_an_admin_may() -> None:
    require(_scope(Role.OWNER), Role.ADMIN)
    require(_scope(Role.OWNER), *SENDERS)


def test_a_viewer_neither_sends_nor_administers() -> None:
    for roles in (SENDERS, (Role.ADMIN,), (Role.ANALYST, Role.ADMIN)):
        with pytest.raises(FactbookError):
            require(_scope(Role.VIEWER), *roles)

"""The members of frozen segments: written once from a statement over events, taken away with their segment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factbook.core.scope import Scope

from .confined import refused
from .engine import READ_SETTINGS, Engine
from .warehouse import TENANT

_BOUNDS = ", ".join(f"{name} = {value}" for name, value in READ_SETTINGS.items())


class SegmentMembers:
    """A freezing is a number of its own: what an interrupted one left behind is never read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def freeze(self, scope: Scope, freezing: int, select: str, values: Mapping[str, Any]) -> None:
        """Keeps the values of `events.person` that `select` answers. LIMITED past the bounds of a read, FORBIDDEN where
        the scope may not see every event: what is frozen is everybody's."""
        if scope.rows:
            raise refused()
        if TENANT not in select:
            raise AssertionError(f"a statement without the tenant: {select[:80]}")
        sql = (
            "INSERT INTO segment_members (tenant, freezing, person)\n"
            f"SELECT {TENANT}, {int(freezing)}, person FROM ({select})\nSETTINGS {_BOUNDS}"
        )
        self._engine.command(sql, {**values, "tenant": scope.tenant})

    def forget(self, scope: Scope, freezing: int) -> None:
        self._engine.command(
            f"DELETE FROM segment_members WHERE tenant = {TENANT} AND freezing = {int(freezing)}",
            {"tenant": scope.tenant},
        )

"""Who sees a thing that is not everybody's: the roles and people it is shared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import invalid
from factbook.core.scope import Role, Scope
from factbook.storage.definitions import DefinitionRows
from factbook.storage.metadata import Metadata
from factbook.storage.share_table import ShareRow

from .roles import allowed

SHARED_WITH = (Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER)
"""Roles that a thing may be shared with; admins and owners see everything."""
MAX_PEOPLE = 1000


class Shares:
    """Of things called by their kind and id, as `dashboard/commerce`. Use from any thread."""

    def __init__(self, metadata: Metadata, clock: Clock) -> None:
        self._rows: DefinitionRows[ShareRow] = metadata.shares
        self._people = metadata.people
        self._clock = clock

    def sees(self, scope: Scope, thing: str) -> bool:
        """Whether this caller sees `thing`: what is shared with nobody in particular, everybody does."""
        return not self.unseen(scope, [thing])

    def unseen(self, scope: Scope, things: Sequence[str]) -> set[str]:
        """Those of `things` that this caller does not see."""
        if allowed(scope.role, (Role.ADMIN,)):
            return set()
        kept = {row.id: row.definition for row in self._rows.listed(scope)}
        return {
            thing
            for thing in things
            if (share := kept.get(thing)) is not None
            and scope.role not in share["roles"]
            and scope.actor not in share["people"]
        }

    def of(self, scope: Scope, thing: str) -> dict[str, Any]:
        """`everybody`, or the roles and people besides admins and owners."""
        row = self._rows.find(scope, thing)
        return {"everybody": row is None, **(row.definition if row else {"roles": [], "people": []})}

    def put(self, scope: Scope, thing: str, *, roles: Sequence[str], people: Sequence[str]) -> dict[str, Any]:
        """With these alone from now on; with none, admins and owners see it. INVALID naming the field."""
        wrong = next((role for role in roles if role not in SHARED_WITH), None)
        if wrong is not None:
            raise invalid(
                f"A thing is not shared with the role {wrong[:40]!r}.",
                field="roles",
                hint=f"Use {', '.join(SHARED_WITH)}; admins and owners see everything.",
            )
        if len(people) > MAX_PEOPLE:
            raise invalid(f"At most {MAX_PEOPLE:,} people are named.", field="people", hint="Share with a role.")
        known = {row.id for row in self._people.listed(scope)} if people else set()
        unknown = next((person for person in people if person not in known), None)
        if unknown is not None:
            raise invalid(
                f"There is no person {unknown[:60]!r}.", field="people", hint="GET /api/v1/admin/users lists them."
            )
        now = epoch_ms(self._clock())
        definition = {"roles": sorted({str(role) for role in roles}), "people": sorted(set(people))}
        self._rows.put(scope, [ShareRow(scope.tenant, thing, definition, 1, now, now)])
        return self.of(scope, thing)

    def remove(self, scope: Scope, thing: str) -> None:
        """Everybody's again; nothing where it is already."""
        if self._rows.find(scope, thing) is not None:
            self._rows.remove(scope, thing, now=epoch_ms(self._clock()))

"""The funnels that tenants name: defined, changed and removed in the form in which a question gives its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from factbook.core.clock import Clock, epoch_ms
from factbook.core.errors import FactbookError, Kind, invalid, not_found
from factbook.core.scope import Scope
from factbook.metrics.problems import did_you_mean
from factbook.queries.asking.ask import Tenant
from factbook.storage.definitions import DefinitionRows
from factbook.storage.rows import Change, FunnelRow

from .named import fields_of, shown
from .question import DEFINED, question
from .steps import known_keys

MAX_FUNNELS = 500
OWN = "own"
"""The pack of what a tenant names."""

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_TEXTS = ("id", "label", "description")


class KeptFunnels:
    """Use from any thread."""

    def __init__(self, rows: DefinitionRows[FunnelRow], clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    def listed(self, scope: Scope, tenant: Tenant) -> list[dict[str, Any]]:
        """Those of the packs, then the tenant's own."""
        return [
            *(shown(funnel) for funnel in tenant.catalog.funnels.values()),
            *(told(row) for row in self._rows.listed(scope)),
        ]

    def get(self, scope: Scope, tenant: Tenant, id_: str) -> dict[str, Any]:
        """NOT_FOUND with what was probably meant."""
        if id_ in tenant.catalog.funnels:
            return shown(tenant.catalog.funnels[id_])
        row = self._rows.find(scope, id_)
        if row is None:
            raise self._unknown(scope, tenant, id_)
        return told(row)

    def names(self, scope: Scope, tenant: Tenant) -> Callable[[str], Mapping[str, Any]]:
        """What the name of a funnel stands for. NOT_FOUND as `get`."""

        def named(name: str) -> Mapping[str, Any]:
            if name in tenant.catalog.funnels:
                return fields_of(tenant.catalog.funnels[name])
            row = self._rows.find(scope, name)
            if row is None:
                raise self._unknown(scope, tenant, name)
            return row.definition

        return named

    def define(self, scope: Scope, tenant: Tenant, given: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
        """INVALID naming the field; CONFLICT where `new` and the id is taken, NOT_FOUND where not and it is none."""
        definition = self._checked(tenant, given)
        id_, now = given["id"], epoch_ms(self._clock())
        label = given.get("label") or id_.replace("_", " ").capitalize()
        row = FunnelRow(scope.tenant, id_, label, given.get("description", ""), definition, 1, now, now)
        if new:
            if len(self._rows.listed(scope)) >= MAX_FUNNELS:
                raise invalid(f"At most {MAX_FUNNELS:,} funnels are kept.", field="id")
            [row] = self._rows.add(scope, [row])
        else:
            self._rows.get(scope, id_)
            [row] = self._rows.put(scope, [row])
        return told(row)

    def remove(self, scope: Scope, id_: str) -> None:
        """NOT_FOUND where the tenant has none of that id."""
        self._rows.remove(scope, id_, now=epoch_ms(self._clock()))

    def history(self, scope: Scope, id_: str) -> list[Change]:
        """Every change of the tenant's own, newest first; also of what was removed. NOT_FOUND."""
        return self._rows.history(scope, id_)

    def _unknown(self, scope: Scope, tenant: Tenant, id_: str) -> FactbookError:
        known = [*tenant.catalog.funnels, *(row.id for row in self._rows.listed(scope))]
        hint = did_you_mean(id_, known) or "GET /api/v1/analytics/funnels lists them all."
        return not_found(f"There is no funnel {id_[:60]!r}.", hint=hint)

    def _checked(self, tenant: Tenant, given: Mapping[str, Any]) -> dict[str, Any]:
        known_keys(given, (*_TEXTS, *DEFINED), "")
        for name in _TEXTS:
            if not isinstance(given.get(name, ""), str) or len(given.get(name, "")) > 1000:
                raise invalid(f"{name} is no text of at most 1,000 characters.", field=name)
        if not _ID.match(given.get("id", "")):
            hint = "For example sign_up."
            raise invalid("id is no name of small letters, digits and underscores.", field="id", hint=hint)
        if given["id"] in tenant.catalog.funnels:
            hint = "Choose another id."
            raise FactbookError(Kind.CONFLICT, f"{given['id']!r} is a funnel of a pack.", field="id", hint=hint)
        if "steps" not in given:
            raise invalid("A funnel has steps.", field="steps", hint='For example ["product_view", "purchase"].')
        definition = {name: given[name] for name in DEFINED if given.get(name) is not None}
        if len(json.dumps(definition)) > 30_000:
            raise invalid("That is too long for a funnel.", field="steps")
        question(
            definition,
            tenant.calendar,
            self._clock(),
            dimension=tenant.catalog.dimension,
            named=lambda name: {},
            segments=tenant.segments,
        )
        return definition


def told(row: FunnelRow) -> dict[str, Any]:
    """The funnel as it is listed."""
    about = {"id": row.id, "label": row.label, "description": row.description, "pack": OWN, "version": row.version}
    return {**about, **row.definition}

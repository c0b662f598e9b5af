"""What each role of a tenant may see of the data: rows and personal data, kept with the tenant as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from factbook.core.errors import invalid
from factbook.core.scope import Role, Rows
from factbook.events.row_filters import rows_of, told

BOUND = (Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER)
"""The roles that may be shown a part. An admin and an owner decide who sees what, so they see everything; a write-only
key sees nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """rows: the events that may be seen. masked: personal data is hidden."""

    rows: Rows = ()
    masked: bool = False

    def __and__(self, other: Rule) -> Rule:
        """What both allow."""
        return Rule(self.rows + other.rows, self.masked or other.masked)


ALL = Rule()


def rule_of(role: Role, row_filter: Any, masked: bool, *, field: str = "") -> Rule:
    """From what a caller gives. INVALID for conditions that are none, and for a role that sees everything."""
    rule = Rule(rows_of(row_filter, field=f"{field}row_filter"), masked)
    if rule != ALL and role not in BOUND:
        raise invalid(
            f"The role {role} cannot be shown a part of the data.",
            field=f"{field}{'row_filter' if rule.rows else 'masked'}",
            hint=f"Give the role {' or '.join(BOUND)}, or leave out row_filter and masked.",
        )
    return rule


def rules_of(given: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Checked, as text to keep; None where every role sees everything."""
    kept = {}
    for name, wanted in given.items():
        field = f"role_rules.{name[:30]}."
        if name not in BOUND:
            raise invalid(
                f"There can be no rule for {name[:30]!r}.", field=field.rstrip("."), hint=f"Use {', '.join(BOUND)}."
            )
        rule = rule_of(Role(name), wanted.get("row_filter"), bool(wanted.get("masked")), field=field)
        if rule != ALL:
            kept[name] = shown(rule)
    return json.dumps(kept, sort_keys=True) if kept else None


def shown(rule: Rule) -> dict[str, Any]:
    return {"row_filter": told(rule.rows), "masked": rule.masked}


@lru_cache(maxsize=1000)
def read_rules(text: str | None) -> Mapping[str, Rule]:
    """What `rules_of` wrote."""
    kept = json.loads(text) if text else {}
    return MappingProxyType({name: Rule(rows_of(one["row_filter"]), one["masked"]) for name, one in kept.items()})


def rule_for(rules: str | None, role: str) -> Rule:
    """rules: the text kept with the tenant."""
    return read_rules(rules).get(role, ALL)

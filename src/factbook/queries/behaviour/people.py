"""Who a person is: a user on all his devices, with what he did there as a visitor before he signed in.

A visitor (`anonymous_id`) belongs to the user (`user_id`) that an event first named together with him, by the time of
the event, then by the lesser id; his events before that and after it alike. Who was never named is a person of his own.
"""

from __future__ import annotations

from dataclasses import dataclass

from factbook.core.scope import Scope
from factbook.storage.warehouse import Warehouse

PERSON = "person"
"""The column of `events`: the hash of the user's id, else of the visitor's; 0 for nobody."""

_FIRST = "argMin(user_id, (first_at, user_id))"
"""The user that a visitor belongs to."""

_NAMED = f"""(
        SELECT sipHash64(anonymous_id) AS visitor, sipHash64({_FIRST}) AS person
        FROM identities
        WHERE tenant = {{tenant:String}}
        GROUP BY anonymous_id
    )"""

_PAIRS = f"""(
    SELECT arrayConcat([(toUInt64(0), toUInt64(0))], arraySort(groupArray((visitor, person)))) FROM {_NAMED}
)"""

WHO = f"transform(person, tupleElement({_PAIRS}, 1), tupleElement({_PAIRS}, 2), person)"
"""SQL of an event's person where the statement is not one's own to begin; as `People.of`."""

_KNOWN = f"WITH (SELECT (groupArray(visitor), groupArray(person)) FROM {_NAMED}) AS known\n"

_USER_OF = f"""SELECT {_FIRST} FROM identities
WHERE tenant = {{tenant:String}} AND anonymous_id = {{id:String}} GROUP BY anonymous_id"""

_ALL_OF = f"""SELECT sipHash64({{user:String}}), (
    SELECT groupArray(sipHash64(anonymous_id)) FROM (
        SELECT anonymous_id FROM identities
        WHERE tenant = {{tenant:String}} AND anonymous_id IN (
            SELECT anonymous_id FROM identities WHERE tenant = {{tenant:String}} AND user_id = {{user:String}}
        )
        GROUP BY anonymous_id HAVING {_FIRST} = {{user:String}}
    )
)"""


@dataclass(frozen=True, slots=True)
class People:
    """How a statement over events tells people apart. begin: what it begins with. of: SQL of an event's person
    (UInt64, 0 for nobody)."""

    begin: str
    of: str


def people(warehouse: Warehouse, scope: Scope) -> People:
    """As the ids of this tenant were joined so far; a tenant without joined ids pays nothing."""
    joined = warehouse.rows(scope, "SELECT 1 FROM identities WHERE tenant = {tenant:String} LIMIT 1")
    return People(_KNOWN, "transform(person, known.1, known.2, person)") if joined else People("", PERSON)


def hashes_of(warehouse: Warehouse, scope: Scope, id_: str) -> tuple[int, list[int]]:
    """The person whom `id_` (of a user or a visitor) names, and every value of `person` that his events carry."""
    found = warehouse.rows(scope, _USER_OF, {"id": id_})
    [(own, visitors)] = warehouse.rows(scope, _ALL_OF, {"user": found[0][0] if found else id_})
    return int(own), [int(own), *map(int, visitors)]

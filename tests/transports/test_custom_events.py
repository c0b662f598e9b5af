"""Custom event types over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factbook.core.scope import Role, Scope
from factbook.storage.engine import Engine
from tests.clocks import SetClock
from tests.transports.administration import Administration, administration

TYPES = "/api/v1/custom-events"
TRIAL = {
    "name": "trial",
    "display_name": "Trial",
    "description": "Somebody began a trial.",
    "schema": {"properties": {"seats": {"type": "integer", "minimum": 1}}, "required": ["seats"]},
    "is_active": True,
}


@pytest.fixture
def served(engine: Engine, scope: Scope, tmp_path: Path) -> Iterator[Administration]:
    with administration(engine, scope, tmp_path, SetClock()) as found:
        yield found


def enforced(served: Administration) -> bool:
    return served.services.types.validator(served.scope.tenant, "trial") is not None


def test_a_type_is_defined_read_changed_and_retired_with_history(served: Administration) -> None:
    made = served.call("POST", TYPES, TRIAL)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in TRIAL} == TRIAL
    assert enforced(served)
    assert served.call("GET", f"{TYPES}/trial").json() == made.json()

    served.clock.forward(minutes=1)
    changed = served.call("PUT", f"{TYPES}/trial", {"display_name": "Trials", "schema": {}}).json()
    assert (changed["version"], changed["display_name"], changed["schema"]) == (2, "Trials", {})
    assert changed["updated_at"] > changed["created_at"]

    retired = served.call("DELETE", f"{TYPES}/trial")
    assert (retired.status_code, retired.json()["is_active"]) == (200, False)
    assert not enforced(served)
    history = served.call("GET", f"{TYPES}/trial/history").json()["changes"]
    assert [(each["version"], each["change"]) for each in history] == [(3, "retired"), (2, "changed"), (1, "created")]
    assert history[2]["definition"]["schema"] == TRIAL["schema"]


def test_the_list_holds_retired_types_unless_asked_otherwise(served: Administration) -> None:
    for name in ("b", "a"):
        served.call("POST", TYPES, {**TRIAL, "name": name})
    served.call("DELETE", f"{TYPES}/a")

    def names(query: str) -> list[str]:
        return [each["name"] for each in served.call("GET", TYPES + query).json()["custom_events"]]

    assert (names(""), names("?is_active=true"), names("?is_active=false")) == (["a", "b"], ["b"], ["a"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"shcema": {}}, "shcema"),
        ({"name": "has space"}, "name"),
        ({"schema": {"properties": {"a": {"type": "numbr"}}}}, "schema.properties.a.type"),
        ({"schema": {"$ref": "https://example.org/x"}}, "schema.$ref"),
        ({"schema": "text"}, "schema"),
        ({"is_active": "perhaps"}, "is_active"),
    ],
)
def test_what_cannot_be_taken_is_refused_naming_the_place(
    served: Administration, changes: dict[str, Any], field: str
) -> None:
    for method, path in (("POST", TYPES), ("PUT", f"{TYPES}/trial")):
        if method == "PUT":
            changes = {name: value for name, value in changes.items() if name != "name"} or {"x": 1}
            field = field if field != "name" else "x"
        answer = served.call(method, path, {**TRIAL, **changes})
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_name_is_taken_once_and_kept(served: Administration) -> None:
    served.call("POST", TYPES, TRIAL)
    assert served.call("POST", TYPES, TRIAL).status_code == 409
    other = served.call("PUT", f"{TYPES}/trial", {**TRIAL, "name": "other"})
    assert (other.status_code, other.json()["field"]) == (422, "name")


def test_a_type_nobody_defined_is_not_found(served: Administration) -> None:
    for method, path in (("GET", "x"), ("PUT", "x"), ("DELETE", "x"), ("GET", "x/history")):
        assert served.call(method, f"{TYPES}/{path}", {} if method == "PUT" else None).status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.CONTENT_MANAGER])
def test_any_role_reads_and_only_an_admin_writes(served: Administration, role: Role) -> None:
    served.call("POST", TYPES, TRIAL)
    assert served.call("GET", TYPES, role=role).status_code == 200
    assert served.call("GET", f"{TYPES}/trial", role=role).status_code == 200
    for method, path in (("POST", TYPES), ("PUT", f"{TYPES}/trial"), ("DELETE", f"{TYPES}/trial")):
        assert served.call(method, path, TRIAL, role=role).status_code == 403
    assert enforced(served)


def test_a_write_only_key_does_not_read_types(served: Administration) -> None:
    assert served.call("GET", TYPES, role=Role.WRITER).status_code == 403

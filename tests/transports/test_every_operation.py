"""Every operation of the OpenAPI, asked by every role what its schema allows and what not: no 500, no other status than
those documented.

FACTBOOK_TEST_EXAMPLES asks each operation more: so many questions of either kind instead of one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import given as drawn
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from factbook.core.scope import DEFAULT_TENANT, Role, Scope
from factbook.storage.engine import Engine

from .whole import Caller, Whole, caller, whole

EXAMPLES = int(os.environ.get("FACTBOOK_TEST_EXAMPLES", "1"))
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
KNOWN = {
    "user_id": "u1",
    "content_id": "c1",
    "service_name": "shop",
    "id": "mine",
    "name": "trial",
    "dashboard_id": "overview",
    "tenant_id": DEFAULT_TENANT,
}
"""Parameters of paths: the other half of the questions asks about what is there."""
EVENTS: list[dict[str, Any]] = [
    {"event_type": "page_view", "user_id": "u1", "content_id": "c1", "properties": {"path": "/"}},
    {"event_type": "order.placed", "user_id": "u1", "properties": {"order_id": "1", "amount": 5.5, "currency": "EUR"}},
    {"event_type": "request", "properties": {"service": "shop", "duration_ms": 5, "status_code": 200}},
    {"event_type": "trade.closed", "user_id": "u1", "properties": {"symbol": "AAPL", "profit": 1.5}},
]


@schemathesis.serializer("application/x-protobuf")
def raw(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@dataclass(frozen=True, slots=True)
class Question:
    label: str
    case: Case[Any]
    statuses: frozenset[str]


@pytest.fixture(scope="module")
def served(engine: Engine, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """On a metadata database of its own, which the questions change as they like."""
    with whole(data, database=f"sqlite:///{tmp_path_factory.mktemp('asked')}/metadata.db") as found:
        yield found


@pytest.fixture(scope="module")
def questions(served: Whole) -> list[Question]:
    schema = schemathesis.openapi.from_dict(served.client.get("/openapi.json").json())
    found: list[Question] = []
    for each in schema.get_all_operations():
        assert isinstance(each, Ok)
        operation = each.ok()
        statuses = frozenset(operation.definition.raw["responses"])
        for mode in MODES:

            @seed(6)
            @settings(
                max_examples=EXAMPLES,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @drawn(operation.as_strategy(generation_mode=mode))
            def draw(case: Case[Any]) -> None:
                found.append(Question(operation.label, case, statuses))  # noqa: B023 (called at once)

            try:
                draw()
            except Unsatisfiable:  # nothing that it takes can be wrong
                assert mode is GenerationMode.NEGATIVE, operation.label
    return found


@pytest.fixture(scope="module")
def tenant(served: Whole) -> Caller:
    mine = caller(served, Scope("asked", "test", Role.OWNER))
    mine.send(*EVENTS)
    return mine


def wrong(mine: Caller, key: str, questions: list[Question]) -> list[str]:
    """What each answer that is not as documented was to."""
    found = []
    for number, question in enumerate(questions):
        case = question.case
        if number % 2 and case.path_parameters:
            case.path_parameters = {name: KNOWN.get(name, value) for name, value in case.path_parameters.items()}
        sent = case.as_transport_kwargs(base_url="http://127.0.0.1:8005")
        headers = {name: value for name, value in sent["headers"].items() if name != "Authorization"}
        body = {"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}
        answer = mine.client.request(
            sent["method"], sent["url"], params=sent["params"], headers=headers | {"X-API-Key": key}, **body
        )
        if str(answer.status_code) not in question.statuses or answer.status_code == 500:
            found.append(f"{question.label}: {answer.status_code} {answer.text[:300]} to {sent}")
    return found


@pytest.mark.parametrize("role", [*Role, None], ids=str)
def test_every_operation_answers_a_role_as_documented(
    tenant: Caller, questions: list[Question], role: Role | None
) -> None:
    found = wrong(tenant, tenant.keys[role] if role else "", questions)
    assert not found, "\n".join(found)


def test_every_operation_answers_the_operator_as_documented(served: Whole, questions: list[Question]) -> None:
    operator = caller(served, Scope(DEFAULT_TENANT, "test", Role.OWNER))
    found = wrong(operator, operator.keys[Role.OWNER], questions)
    assert not found, "\n".join(found)

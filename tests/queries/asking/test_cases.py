"""Every case of tests/cases/asked_*.yaml, counted by hand: from where it is read by default, and from single events."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError
from factbook.core.money import Money
from factbook.core.scope import Role, Scope, Tier
from factbook.metrics.catalog import Catalog, load_pack
from factbook.metrics.model import Kind
from factbook.queries.asking.ask import Tenant, ask
from factbook.queries.asking.leaves import leaves
from factbook.queries.asking.request import FILLS, Request, from_json
from factbook.queries.asking.rules import RULES
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given, moment

from .drawn import SHOP

CASES: list[dict[str, Any]] = [
    {"file": file.stem, **case}
    for file in sorted((Path(__file__).parents[2] / "cases").glob("asked_*.yaml"))
    for case in yaml.safe_load(file.read_text())
]
FORCED = {"field": "event_type", "operator": "exists", "value": True}
"""A filter that changes nothing but the tables."""


def named(case: dict[str, Any]) -> str:
    return f"{case['file']}: {case['promise']}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_case(engine: Engine, warehouse: Warehouse, case: dict[str, Any]) -> None:
    scope = sent(engine, case)
    if "refused" in case:
        with pytest.raises(FactbookError) as refused:
            asked(warehouse, scope, case, case["ask"])
        assert_holds(
            {"kind": refused.value.kind, "field": refused.value.field, "hint": refused.value.hint}, case["refused"]
        )
    else:
        assert_holds(asked(warehouse, scope, case, case["ask"]), case["answer"])


@pytest.mark.parametrize("case", [case for case in CASES if "answer" in case], ids=named)
def test_case_from_single_events(engine: Engine, warehouse: Warehouse, case: dict[str, Any]) -> None:
    filters = case["ask"].get("filters", [])
    if isinstance(filters, dict):
        filters = [
            {"field": key, "operator": "in" if isinstance(v, list) else "eq", "value": v} for key, v in filters.items()
        ]
    answer = asked(warehouse, sent(engine, case), case, {**case["ask"], "filters": [*filters, FORCED]})
    assert answer["source"]["tables"] == ["events"]
    assert_holds(answer, {name: value for name, value in case["answer"].items() if name not in ("source", "explain")})


def sent(engine: Engine, case: dict[str, Any]) -> Scope:
    scope = Scope(f"case-{uuid.uuid4().hex}", "test", Role.OWNER, Tier(case.get("tier", "enterprise")))
    given(engine, scope, case["events"])
    return scope


def asked(warehouse: Warehouse, scope: Scope, case: dict[str, Any], question: dict[str, Any]) -> dict[str, Any]:
    now = moment(case.get("now", "2026-06-01T00:00:00Z"))
    answer: dict[str, Any] = ask(warehouse, scope, tenant(case), from_json(question), now)
    return answer


def tenant(case: dict[str, Any]) -> Tenant:
    own = {"pack": "own", "label": "Own", "metrics": case.get("declared", [])}
    calendar = Calendar(ZoneInfo(case.get("zone", "UTC")), case.get("week_start", 1), case.get("fiscal_year_start", 1))
    money = Money(case.get("currency", "EUR"), case.get("rates", {}))
    return Tenant(Catalog((SHOP, load_pack(yaml.safe_dump(own), "own.yaml"))), calendar, money, {})


def assert_holds(answer: Any, expected: Any, path: str = "answer") -> None:
    """`answer` has everything of `expected`; lists have the same length."""
    match expected:
        case dict():
            for key, value in expected.items():
                assert key in answer, f"{path}.{key} is missing"
                assert_holds(answer[key], value, f"{path}.{key}")
        case list():
            assert len(answer) == len(expected), f"{path} has {len(answer)} items"
            for i, value in enumerate(expected):
                assert_holds(answer[i], value, f"{path}[{i}]")
        case float():
            assert answer == pytest.approx(expected, rel=1e-12), path
        case _:
            assert answer == expected, path


def test_every_rule_has_a_case() -> None:
    assert {case["rule"] for case in CASES if "rule" in case} == {rule.__name__ for rule in RULES}


def test_every_kind_of_measure_has_a_case() -> None:
    counted = set[Kind]()
    for case in CASES:
        if "answer" in case:
            catalog = tenant(case).catalog
            names = [name for name in case["ask"]["metrics"] if name in catalog.metrics]
            counted |= {leaf.measure.kind for name in names for leaf in leaves(catalog, catalog.get(name))}
    assert counted == set(Kind)


def test_every_field_of_a_question_has_a_case() -> None:
    assert {field for case in CASES for field in case["ask"]} == set(Request.__slots__)
    assert {case["ask"].get("fill", "null") for case in CASES} == set(FILLS)
    shown = {name.rstrip("0123456789") for case in CASES for name in case["ask"].get("show", [])}
    assert shown == {"share", "running_total", "moving_average_"}

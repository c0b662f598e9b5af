"""The records of the contract have each of its fields, as the API answers them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from fastapi import FastAPI

from factbook.core.scope import Scope
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .reading_services import NOW, reading

CASES: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "cases/models.yaml").read_text())


@pytest.mark.parametrize("record", CASES)
def test_a_record_has_every_field_of_the_contract(
    record: str, engine: Engine, warehouse: Warehouse, scope: Scope, tmp_path: Path
) -> None:
    case = CASES[record]
    given(engine, scope, [{"at": NOW.replace(hour=9).isoformat(), **case["event"]}])
    with reading(warehouse, scope, tmp_path, engine) as served:
        router = importlib.import_module(f"factbook.transports.http.{case['router']}").router
        cast(FastAPI, served.client.app).include_router(router(served.services))
        answer = served.get(case["path"])
        assert answer.status_code == 200, answer.text
        found = answer.json()
    if "within" in case:
        found = found[case["within"]]
    told = found[0] if isinstance(found, list) else found
    assert set(case["fields"]) - set(told) == set()

"""A feature that is switched off is refused with the way back, and no other is."""

from __future__ import annotations

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from factbook.transports.http import problems
from factbook.transports.http.features import needs


@pytest.mark.parametrize(("is_on", "status"), [(True, 200), (False, 403)])
def test_a_feature_is_there_as_long_as_it_is_on(is_on: bool, status: int) -> None:
    routes, api = APIRouter(), FastAPI()
    routes.add_api_route("/funnel", lambda: {"steps": 3})
    problems.install(api)
    api.include_router(routes, dependencies=needs(is_on, "Funnel analysis", "ENABLE_FUNNEL_ANALYSIS"))
    answer = TestClient(api).get("/funnel")
    assert answer.status_code == status
    if not is_on:
        assert answer.json()["detail"] == "Funnel analysis is switched off on this server."
        assert "ENABLE_FUNNEL_ANALYSIS=true" in answer.json()["suggested_actions"][0]

"""The service while its metadata database is gone: what needs it says when to come again, events go on being taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from factbook.core.scope import Role, Scope
from tests.servers import postgres

from .whole import caller, whole

KEYS, NEW = "/api/v1/admin/api-keys", {"name": "till", "role": "viewer"}


@pytest.mark.usefixtures("engine")
def test_loss_is_503_with_a_time_to_come_again_and_is_over_when_the_database_is_back(
    own_postgres: postgres.Postgres, data: Path, scope: Scope
) -> None:
    with whole(data, database=own_postgres.create()) as served:
        mine = caller(served, scope)
        kept = mine.call("POST", KEYS, NEW, status=201)["id"]
        own_postgres.kill()
        for method, body in (("GET", None), ("POST", NEW)):
            answer = served.client.request(method, KEYS, json=body, headers={"X-API-Key": mine.keys[Role.ADMIN]})
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.json()["type"] == "urn:factbook:problem:unavailable"
        mine.send({"event_type": "order"})
        assert [event["event_type"] for event in mine.events()] == ["order"]
        own_postgres.start()
        assert kept in [key["id"] for key in mine.call("GET", KEYS)["api_keys"]]
        mine.call("POST", KEYS, NEW, status=201)

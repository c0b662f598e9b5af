"""A person is erased on the embedded engine and on a server alike: what is his goes, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from factbook.core.clock import epoch_ms
from factbook.core.scope import Role, Scope
from factbook.ingest.erasure import PLACES, Eraser
from factbook.ingest.session_rule import Rule
from factbook.ingest.sessions import Sessions
from factbook.storage.engine import Engine
from factbook.storage.migrate import migrate
from tests.clocks import SetClock
from tests.queries.given import given

NOW = datetime.now(UTC)


@pytest.fixture(params=["embedded", "server"])
def apart(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "server":
        made = Engine(request.getfixturevalue("clickhouse_url"), tmp_path)
    else:
        request.getfixturevalue("engine")
        made = Engine("chdb", request.getfixturevalue("data"), database=f"erasure_{uuid4().hex}")
    migrate(made)
    yield made
    made.close()


def event(minutes: float, user: str = "", visitor: str = "") -> dict[str, Any]:
    """So many minutes back."""
    return {"at": NOW - timedelta(minutes=minutes), "user": user, "visitor": visitor}


def count(engine: Engine, table: str, scope: Scope) -> int:
    final = " FINAL" if table == "user_behavior" else ""
    sql = f"SELECT count() FROM {table}{final} WHERE tenant = {{tenant:String}}"
    return int(engine.rows(sql, {"tenant": scope.tenant})[0][0])


def test_a_person_goes_with_his_visitors_and_nobody_else_does(apart: Engine, scope: Scope) -> None:
    other = Scope(f"{scope.tenant}-other", "test", Role.OWNER)
    for one in (scope, other):
        given(apart, one, [event(50, "", "v"), event(49, "ann", "v"), event(48, "ann"), event(47, "bob", "w")])
    sum(Sessions(apart, SetClock(NOW), Rule(30 * 60_000)).build())
    members = "SELECT {tenant:String}, toUInt64(7), sipHash64(arrayJoin(['ann', 'bob']))"
    apart.command(f"INSERT INTO segment_members (tenant, freezing, person) {members}", {"tenant": scope.tenant})
    eraser = Eraser(apart)
    who = eraser.person(scope, ["ann"])
    assert who.visitors == ("v",)
    noted: list[dict[str, int]] = []
    before = epoch_ms(NOW)
    went = eraser.erase(scope, who, before=before, found={}, noted=lambda counted: noted.append(dict(counted)))
    assert went == {
        "events": 3,
        "dead_letters": 0,
        "user_behavior": 1,
        "session_visitors": 1,
        "segment_members": 1,
        "identities": 1,
    }
    assert len(noted) == len(PLACES)
    assert set(eraser.counts(scope, who, before=before).values()) == {0}
    assert (count(apart, "events", scope), count(apart, "events", other)) == (1, 4)
    assert (count(apart, "user_behavior", scope), count(apart, "user_behavior", other)) == (1, 2)
    assert count(apart, "segment_members", scope) == 1
    assert count(apart, "removed_ids", scope) == 3
    assert count(apart, "rollups", scope) == count(apart, "rollups", other)


def test_what_came_in_later_stays(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(50, "ann"), event(1, "ann")])
    eraser = Eraser(apart)
    who = eraser.person(scope, ["ann"])
    went = eraser.erase(scope, who, before=epoch_ms(NOW) - 600_000, found={}, noted=lambda _: None)
    assert (went["events"], count(apart, "events", scope)) == (1, 1)


def test_a_run_that_was_cut_off_is_counted_with_the_next(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(50, "ann")])
    eraser = Eraser(apart)
    who = eraser.person(scope, ["ann"])
    went = eraser.erase(scope, who, before=epoch_ms(NOW), found={"events": 5}, noted=lambda _: None)
    assert went["events"] == 5


@pytest.mark.parametrize("id_", ["ann", 'a"b', "a\\b", "ä€", "a.*b"])
def test_dead_letters_that_name_him_go_whole_or_broken(apart: Engine, scope: Scope, id_: str) -> None:

    bodies = [
        json.dumps({"user_id": id_}),
        json.dumps({"user_id": id_}, ensure_ascii=False)[:-1],
        json.dumps({"anonymous_id": id_, "x": 1}),
        json.dumps({"user_id": "another", "properties": {"name": id_}}),
        json.dumps({"user_id": id_ + "x"}),
    ]
    for body in bodies:
        apart.command(
            "INSERT INTO dead_letters (tenant, letter_id, received_at, body) VALUES"
            " ({tenant:String}, generateUUIDv4(), now64(3) - 60, {body:String})",
            {"tenant": scope.tenant, "body": body},
        )
    eraser = Eraser(apart)
    who = eraser.person(scope, [id_])
    went = eraser.erase(scope, who, before=epoch_ms(datetime.now(UTC)), found={}, noted=lambda _: None)
    assert went["dead_letters"] == 3
    assert count(apart, "dead_letters", scope) == 2

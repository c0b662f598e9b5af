"""Sessions are those of a walk over the events, in whatever order these came and however often the work was cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.scope import Role, Scope
from factbook.ingest.retention import run_retention
from factbook.ingest.session_rule import Rule
from factbook.ingest.sessions import Lag, Sessions
from factbook.storage.engine import Engine
from factbook.storage.metadata import Metadata
from factbook.storage.migrate import migrate
from factbook.storage.warehouse import Warehouse
from tests.clocks import SetClock
from tests.queries.given import given

START = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
HALF_HOUR = Rule(30 * 60_000)
CAPPED = Rule(30 * 60_000, 60 * 60_000)
COLUMNS = "started_at, ended_at, events, page_views, interactions, is_bounce, entry, exit, orders"


@pytest.fixture(scope="module")
def other_rules(engine: Engine, data: Path) -> Iterator[Engine]:
    """A database for sessions by other rules: a rule begins with all that there is."""
    yield from _database(data)


def _database(data: Path) -> Iterator[Engine]:
    own = Engine("chdb", data, database=f"sessions_{uuid4().hex}")
    migrate(own)
    yield own
    own.close()


def event(minute: float, user: str = "", visitor: str = "", **more: Any) -> dict[str, Any]:
    return {"at": START + timedelta(minutes=minute), "user": user, "visitor": visitor, "id": str(uuid4()), **more}


def sessions(engine: Engine, rule: Rule = HALF_HOUR, batch_rows: int = 200_000) -> Sessions:
    return Sessions(engine, SetClock(START), rule, batch_rows=batch_rows)


def build(engine: Engine, rule: Rule = HALF_HOUR, batch_rows: int = 200_000) -> int:
    return sum(sessions(engine, rule, batch_rows).build())


def told(engine: Engine, scope: Scope, columns: str = COLUMNS) -> list[tuple[Any, ...]]:
    where = "WHERE tenant = {tenant:String} ORDER BY started_at, ended_at, entry"
    sql = f"SELECT {columns} FROM user_behavior FINAL {where}"
    return [tuple(map(in_utc, row)) for row in Warehouse(engine).rows(scope, sql)]


def in_utc(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def minutes(engine: Engine, scope: Scope) -> list[tuple[float, float, int]]:
    rows = told(engine, scope, "started_at, ended_at, events")
    return [((a - START).total_seconds() / 60, (b - START).total_seconds() / 60, n) for a, b, n in rows]


def test_a_pause_ends_a_session_and_midnight_does_not(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(m, "u") for m in (0, 30, 59, 70, 101)])
    build(apart)
    assert minutes(apart, scope) == [(0, 70, 4), (101, 101, 1)]


def test_a_late_event_joins_two_sessions_that_were_built(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(0, "u"), event(50, "u"), event(200, "u")])
    build(apart)
    assert minutes(apart, scope) == [(0, 0, 1), (50, 50, 1), (200, 200, 1)]
    given(apart, scope, [event(25, "u")])
    build(apart)
    assert minutes(apart, scope) == [(0, 50, 3), (200, 200, 1)]


def test_an_event_before_the_first_moves_a_sessions_start(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(20, "u")])
    build(apart)
    given(apart, scope, [event(0, "u")])
    build(apart)
    assert minutes(apart, scope) == [(0, 20, 2)]


def test_a_visitor_who_signs_in_brings_his_sessions_with_him(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(0, visitor="phone"), event(10, "u"), event(500, visitor="phone")])
    build(apart)
    assert minutes(apart, scope) == [(0, 0, 1), (10, 10, 1), (500, 500, 1)]
    given(apart, scope, [event(1000, "u", "phone")])
    build(apart)
    assert minutes(apart, scope) == [(0, 10, 2), (500, 500, 1), (1000, 1000, 1)]
    assert len({person for (person,) in told(apart, scope, "person")}) == 1


def test_a_session_is_no_longer_than_it_may_be(other_rules: Engine, scope: Scope) -> None:
    given(other_rules, scope, [event(m, "u") for m in range(0, 130, 10)])
    build(other_rules, CAPPED)
    assert minutes(other_rules, scope) == [(0, 60, 7), (70, 120, 6)]
    given(other_rules, scope, [event(-10, "u")])
    build(other_rules, CAPPED)
    assert minutes(other_rules, scope) == [(-10, 50, 7), (60, 120, 7)]


def test_what_a_session_tells(apart: Engine, scope: Scope) -> None:
    at = {"user": "u", "visitor": "v"}
    given(
        apart,
        scope,
        [
            event(0, **at, type="session_start", referrer_source="Google", device="desktop"),
            event(1, **at, properties={"path": "/a"}, utm_source="news", utm_medium="mail", country="DE"),
            event(2, **at, type="product_view", properties={"path": "/b"}),
            event(3, **at, properties={"path": "/c"}, referrer_source="Bing"),
            event(4, **at, type="purchase", properties={"amount": 5, "currency": "eur"}),
            event(5, **at, type="purchase", properties={"amount": 2.5, "currency": "EUR"}),
            event(100, **at, properties={"path": "/d"}),
        ],
    )
    build(apart)
    columns = (
        "events, page_views, interactions, is_bounce, entry, exit, duration_seconds, referrer_source, utm_source,"
        " utm_medium, device, country, user_id, anonymous_id, orders, amounts"
    )
    assert told(apart, scope, columns) == [
        (6, 2, 3, False, "/a", "/c", 300.0, "Google", "news", "mail", "desktop", "DE", "u", "v", 2, {"EUR": 7.5}),
        (1, 1, 0, True, "/d", "/d", 0.0, "", "", "", "", "", "u", "v", 0, {}),
    ]


def test_bots_and_nobody_have_no_sessions(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(0), event(1, "robot", is_bot=True)])
    build(apart)
    assert told(apart, scope) == []


def test_one_tenants_visitor_signs_in_for_him_alone(apart: Engine, scope: Scope) -> None:
    other = Scope(f"{scope.tenant}-other", "test", Role.OWNER)
    given(apart, scope, [event(0, visitor="v")])
    given(apart, other, [event(1, "u", "v")])
    build(apart)
    assert told(apart, scope, "person") != told(apart, other, "person")


def test_what_was_done_is_not_done_again(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(0, "u")])
    build(apart)
    assert build(apart) == 0


@pytest.mark.parametrize("rule", [HALF_HOUR, CAPPED], ids=["uncapped", "capped"])
def test_a_server_builds_them_too(clickhouse_url: str, scope: Scope, tmp_path: Path, rule: Rule) -> None:
    server = Engine(clickhouse_url, tmp_path)
    migrate(server)
    given(server, scope, [event(0, visitor="v"), event(10, "u"), event(90, "u")])
    build(server, rule)
    given(server, scope, [event(20, "u", "v")])
    build(server, rule)
    assert minutes(server, scope) == [(0, 20, 3), (90, 90, 1)]
    assert server.rows("SELECT count() FROM session_spans") == [(0,)]
    server.close()


class CutOff(Exception):
    """The process is gone."""


@pytest.mark.parametrize("survives", range(3))
def test_work_that_was_cut_off_anywhere_is_done_again(apart: Engine, scope: Scope, survives: int) -> None:
    build(apart)
    given(apart, scope, [event(0, visitor="v"), event(100, "u")])
    build(apart)
    given(apart, scope, [event(20, "u", "v"), event(80, "w"), event(300, "v")])

    class Dying(Engine):
        """Takes so many inserts, and no more."""

        def __init__(self) -> None:
            self.__dict__ = dict(apart.__dict__)
            self.left = survives

        def insert(self, *args: Any, **named: Any) -> None:
            if not self.left:
                raise CutOff
            self.left -= 1
            super().insert(*args, **named)

    with pytest.raises(CutOff):
        sum(Sessions(Dying(), SetClock(START), HALF_HOUR).build())
    build(apart)
    assert minutes(apart, scope) == [(0, 20, 2), (80, 80, 1), (100, 100, 1), (300, 300, 1)]


def test_another_rule_builds_all_anew(other_rules: Engine, scope: Scope) -> None:
    given(other_rules, scope, [event(0, "u"), event(40, "u")])
    build(other_rules)
    build(other_rules, Rule(60 * 60_000))
    assert minutes(other_rules, scope) == [(0, 40, 2)]


def test_a_rule_that_was_left_and_is_followed_again_builds_all_anew(other_rules: Engine, scope: Scope) -> None:
    given(other_rules, scope, [event(0, "u"), event(40, "u")])
    for rule in (HALF_HOUR, Rule(60 * 60_000), HALF_HOUR):
        build(other_rules, rule)
    assert minutes(other_rules, scope) == [(0, 0, 1), (40, 40, 1)]


def test_while_much_comes_in_it_waits_and_for_a_minute_at_most(apart: Engine, scope: Scope) -> None:
    build(apart)
    given(apart, scope, [event(0, "u"), event(0.5, "u")])
    clock = SetClock(START)
    built = Sessions(apart, clock, HALF_HOUR, busy=lambda: True)
    clock.forward(seconds=59)
    assert built.tick() == 0
    assert built.lag == Lag(2, 59)
    clock.forward(seconds=1)
    assert built.tick() == 2
    assert built.lag == Lag()
    given(apart, scope, [event(1, "u")])
    assert Sessions(apart, clock, HALF_HOUR, busy=lambda: False).tick() == 1


def test_what_has_waited_for_long_is_told_in_a_sentence() -> None:
    assert Lag(5, 300).complaint == ""
    assert "5 events wait to be built into sessions, the first for 301 s" in Lag(5, 301).complaint


def test_a_block_that_grew_is_looked_at_again(apart: Engine, scope: Scope) -> None:
    given(apart, scope, [event(0, "u")])
    build(apart)
    later = "now64() AS processed_at, timestamp + INTERVAL 5 MINUTE AS timestamp"
    apart.command(
        "INSERT INTO events (tenant, user_id, event_type, block, event_id, processed_at, timestamp)"
        f" SELECT tenant, user_id, event_type, block, generateUUIDv4(), {later}"
        " FROM events WHERE tenant = {t:String}",
        {"t": scope.tenant},
    )
    build(apart)
    assert minutes(apart, scope) == [(0, 5, 2)]


def test_sessions_go_with_the_events_that_they_were_made_of(apart: Engine, scope: Scope, tmp_path: Path) -> None:
    given(apart, scope, [event(-100 * 1440, "u"), event(0, "u")])
    build(apart)
    metadata = Metadata.open("", tmp_path)
    run_retention(apart, metadata, SetClock(START + timedelta(hours=1)), settle=lambda seconds: True)
    metadata.close()
    assert minutes(apart, scope) == [(0, 0, 1)]


ids = st.sampled_from(["", "a", "b"]), st.sampled_from(["", "v", "w", "a"])
one = st.tuples(st.integers(0, 12), *ids, st.sampled_from(["page_view", "click", "product_view", "purchase"]))
histories = st.lists(one, min_size=1, max_size=14)


@pytest.mark.parametrize("rule", [HALF_HOUR, CAPPED], ids=["uncapped", "capped"])
@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@whatever(history=histories, cuts=st.lists(st.integers(0, 14), max_size=3))
def test_sessions_are_those_of_a_walk_over_the_events(
    apart: Engine, other_rules: Engine, history: Sequence[tuple[int, str, str, str]], cuts: list[int], rule: Rule
) -> None:
    engine = other_rules if rule.longest_ms else apart
    scope = Scope(uuid4().hex, "test", Role.OWNER)
    events = [event(m * 15, user, visitor, type=type_) for m, user, visitor, type_ in history]
    marks = [0, *sorted(cuts), len(events)]
    for start, end in pairwise(marks):
        given(engine, scope, events[start:end])
        build(engine, rule, batch_rows=4)
    assert sorted(told(engine, scope), key=repr) == sorted(walked(events, rule), key=repr)


def walked(events: Sequence[dict[str, Any]], rule: Rule) -> Iterator[tuple[Any, ...]]:
    ordered = sorted(events, key=lambda e: (e["at"], int_of(e["id"])))
    owner: dict[str, str] = {}
    for e in sorted(ordered, key=lambda e: (e["at"], e["user"])):
        if e["user"] and e["visitor"] and e["user"] != e["visitor"]:
            owner.setdefault(e["visitor"], e["user"])
    people: dict[str, list[list[dict[str, Any]]]] = {}
    for e in ordered:
        own = e["user"] or e["visitor"]
        if not own:
            continue
        known = people.setdefault(owner.get(own, own), [])
        longest = timedelta(milliseconds=rule.longest_ms) if rule.longest_ms else timedelta.max
        pause = timedelta(milliseconds=rule.timeout_ms)
        if known and e["at"] - known[-1][-1]["at"] <= pause and e["at"] - known[-1][0]["at"] <= longest:
            known[-1].append(e)
        else:
            known.append([e])
    for session in (session for sessions in people.values() for session in sessions):
        types = [e["type"] for e in session]
        pages, done = types.count("page_view"), types.count("click") + types.count("purchase")
        places = ["page_view"] * 2 if pages else [types[0], types[-1]]
        bounds = session[0]["at"], session[-1]["at"]
        yield (*bounds, len(types), pages, done, pages == 1 and not done, *places, types.count("purchase"))


def int_of(id_: str) -> tuple[int, int]:
    """As the warehouse orders ids: by the second half."""
    whole = UUID(id_).int
    return whole & (2**64 - 1), whole >> 64

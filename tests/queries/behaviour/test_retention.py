"""Who came back: counted by hand, and against a plain walk over each person's days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.errors import FactbookError
from factbook.core.scope import Role, Scope
from factbook.queries.behaviour.cohorts.question import cohorts
from factbook.queries.behaviour.cohorts.retention import retention
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

from .histories import Event, events, persons

BERLIN = Calendar(ZoneInfo("Europe/Berlin"))
NOW = datetime(2026, 4, 5, 12, 0, tzinfo=UTC)
MARCH: dict[str, Any] = {"cohort_type": "day", "start_date": "2026-03-20", "end_date": "2026-04-05", "periods": 5}


def asked(warehouse: Warehouse, scope: Scope, now: datetime = NOW, calendar: Calendar = BERLIN, **how: Any) -> Any:
    return retention(warehouse, scope, cohorts(how, calendar, now), {})


def on(day: str, user: str, type: str = "view", **more: Any) -> Event:
    at = datetime.fromisoformat(day if "T" in day else f"{day}T12:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    return {"at": at.astimezone(UTC), "user": user, "type": type, **more}


def cohort(answer: Any, day: str) -> Any:
    [found] = [each for each in answer["cohorts"] if each["cohort"].startswith(day)]
    return found


def test_a_member_is_counted_where_he_first_ever_came(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(
        engine, scope, [on("2026-03-10", "old"), on("2026-03-20", "old"), on("2026-03-20", "a"), on("2026-03-22", "a")]
    )
    answer = asked(warehouse, scope, **MARCH)
    assert cohort(answer, "2026-03-20") == {
        "cohort": "2026-03-20T00:00:00+01:00",
        "size": 1,
        "counts": [1, 0, 1, 0, 0, 0],
        "rates": [1, 0, 1, 0, 0, 0],
        "incomplete": [False] * 6,
        "partial": False,
    }
    assert answer["people"] == 1


def test_each_day_of_the_event_makes_a_member_where_it_recurs(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [on("2026-03-10", "a"), on("2026-03-20", "a"), on("2026-03-21", "a"), on("2026-03-23", "a")])
    answer = asked(warehouse, scope, **MARCH, occurrence="recurring")
    assert cohort(answer, "2026-03-20")["counts"][:4] == [1, 1, 0, 1]
    assert cohort(answer, "2026-03-21")["counts"][:4] == [1, 0, 1, 0]
    assert answer["people"] == 3


def test_a_period_that_is_not_over_is_no_loss(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-04-03", "a"), on("2026-04-04", "a"), on("2026-04-04", "b"), on("2026-04-05", "c")])
    answer = asked(warehouse, scope, **MARCH)
    assert cohort(answer, "2026-04-04")["counts"] == [1, 0, None, None, None, None]
    assert cohort(answer, "2026-04-04")["incomplete"] == [False, True, False, False, False, False]
    assert cohort(answer, "2026-04-05")["partial"]
    # on day 1 only the cohort of the third can be judged, on day 0 all but today's
    assert answer["average"]["rates"] == [1, 1, None, None, None, None]
    assert answer["average"]["counts"] == [2, 1, None, None, None, None]


def test_the_average_is_weighted_by_size(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    first = [on("2026-03-20", f"a{n}") for n in range(9)]
    given(engine, scope, [*first, on("2026-03-21", "a1"), on("2026-03-22", "b"), on("2026-03-23", "b")])
    assert asked(warehouse, scope, **MARCH)["average"]["rates"][1] == pytest.approx((1 + 1) / (9 + 1))


def test_a_later_return_counts_for_the_days_before_where_so_asked(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [on("2026-03-20", "a"), on("2026-03-23", "a"), on("2026-03-30", "a"), on("2026-03-20", "b")])
    answer = asked(warehouse, scope, **MARCH, returns="on_or_after")
    assert cohort(answer, "2026-03-20")["counts"] == [2, 1, 1, 1, 1, 1]


def test_brackets_count_a_person_once_each(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    days = ["2026-03-20", "2026-03-21", "2026-03-23", "2026-03-29", "2026-03-31"]
    given(engine, scope, [on(day, "a") for day in days])
    answer = asked(warehouse, scope, **MARCH, brackets="0,1-3,4-7,8+")
    assert answer["periods"] == ["0", "1-3", "4-7", "8+"]
    assert cohort(answer, "2026-03-20")["counts"] == [1, 1, 0, 1]
    # of a bracket some of whose days are still to come, what came so far is told
    assert cohort(answer, "2026-03-31")["counts"] == [0, 0, 0, None]
    assert cohort(answer, "2026-03-31")["incomplete"] == [False, False, True, False]


def test_each_period_may_be_told_against_the_one_before(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-03-20", user) for user in "abcd"])
    given(engine, scope, [on("2026-03-21", "a"), on("2026-03-21", "b"), on("2026-03-22", "a"), on("2026-03-24", "b")])
    answer = asked(warehouse, scope, **MARCH, reference="previous")
    assert cohort(answer, "2026-03-20")["rates"] == [1, 0.5, 0.5, 0, None, 0]


def test_a_return_is_not_before_the_start_but_may_be_at_its_moment(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    how = {**MARCH, "cohort_event": "signup", "return_event": "purchase"}
    given(engine, scope, [on("2026-03-20T11:00", "a", "purchase"), on("2026-03-20T12:00", "a", "signup")])
    given(engine, scope, [on("2026-03-20T12:00", "b", "purchase"), on("2026-03-20T12:00", "b", "signup")])
    assert cohort(asked(warehouse, scope, **how), "2026-03-20")["counts"][0] == 1


def test_a_day_lasts_until_midnight_or_for_24_hours(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-03-20T23:00", "a"), on("2026-03-21T01:00", "a"), on("2026-03-22T23:00", "a")])
    assert cohort(asked(warehouse, scope, **MARCH), "2026-03-20")["counts"] == [1, 1, 1, 0, 0, 0]
    by_hours = cohort(asked(warehouse, scope, **MARCH, rolling=True), "2026-03-20")
    assert by_hours["counts"] == [1, 0, 1, 0, 0, 0]


def test_the_day_that_daylight_saving_shortens_is_one_day(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    moments = ["2026-03-28T23:59", "2026-03-29T00:00", "2026-03-29T23:59", "2026-03-30T00:00"]
    given(engine, scope, [on(moment, "a") for moment in moments])
    assert cohort(asked(warehouse, scope, **MARCH), "2026-03-28")["counts"] == [1, 1, 1, 0, 0, 0]


def test_weeks_and_months_are_those_of_the_tenants_calendar(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-03-14", "a"), on("2026-03-15", "a"), on("2026-03-22", "a"), on("2026-04-01", "a")])
    sundays = Calendar(ZoneInfo("Europe/Berlin"), week_start=7)
    weeks = asked(warehouse, scope, calendar=sundays, cohort_type="week", start_date="2026-03-10")
    assert cohort(weeks, "2026-03-08")["counts"][:4] == [1, 1, 1, 1]
    months = asked(warehouse, scope, cohort_type="acquisition_month", start_date="2026-03-10")
    assert [each["cohort"][:10] for each in months["cohorts"]] == ["2026-03-01", "2026-04-01"]
    assert months["cohorts"][0]["counts"][:2] == [1, 1]
    assert months["cohorts"][0]["incomplete"][:2] == [False, True]


def test_channels_are_those_of_the_first_event(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-03-17", "a", utm_source="mail"), on("2026-03-24", "a", utm_source="news")])
    given(engine, scope, [on("2026-03-24", "b", utm_source="mail"), on("2026-03-24", "c", referrer_source="Google")])
    given(engine, scope, [on("2026-03-24", "d"), on("2026-03-24", "e")])
    how: dict[str, Any] = {"cohort_type": "acquisition_channel", "start_date": "2026-03-16"}
    answer = asked(warehouse, scope, **how)
    assert [(each["cohort"], each["size"]) for each in answer["cohorts"]] == [("direct", 2), ("mail", 2), ("Google", 1)]
    # in week 1 both of the mail can be judged by the fifth of April at noon: no, the week of b ends at midnight
    assert answer["cohorts"][1]["counts"][:2] == [2, 1]
    assert answer["cohorts"][1]["rates"][:2] == [1, 1]
    few = asked(warehouse, scope, **how, limit=1)
    assert [(each["cohort"], each["other"], each["size"]) for each in few["cohorts"]] == [
        ("direct", False, 2),
        (None, True, 3),
    ]


def test_bots_are_left_out_unless_wanted(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-03-19", "a", is_bot=True), on("2026-03-20", "a")])
    assert cohort(asked(warehouse, scope, **MARCH), "2026-03-20")["size"] == 1
    assert cohort(asked(warehouse, scope, **MARCH, include_bots=True), "2026-03-20")["size"] == 0


def test_one_tenant_never_counts_anothers_people(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    other = Scope(tenant=f"{scope.tenant}-other", actor="test", role=Role.OWNER)
    given(engine, other, [on("2026-03-20", "a")])
    assert asked(warehouse, scope, **MARCH)["people"] == 0


def test_d1_d7_and_d30_are_of_those_who_can_be_judged(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [on("2026-03-20", "a"), on("2026-03-21", "a"), on("2026-04-04", "b")])
    given(engine, scope, [on("2026-03-25", "c"), on("2026-04-01", "c")])
    summary = asked(warehouse, scope, **{**MARCH, "periods": 30})["summary"]
    assert summary == {"D1": {"rate": 0.5, "count": 1, "of": 2}, "D7": {"rate": 0.5, "count": 1, "of": 2}, "D30": None}


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"cohort_type": "year"}, "cohort_type"),
        ({"metric": 7}, "metric"),
        ({"granularity": "1h"}, "granularity"),
        ({"cohort_type": "day", "granularity": "1w"}, "granularity"),
        ({"brackets": "0,3-1"}, "brackets"),
        ({"brackets": "0,1-3,2-5"}, "brackets"),
        ({"brackets": []}, "brackets"),
        ({"brackets": "x"}, "brackets"),
        ({"brackets": "0,1", "returns": "unbounded"}, "returns"),
        ({"rolling": True, "cohort_type": "month"}, "rolling"),
        ({"rolling": True, "occurrence": "recurring"}, "rolling"),
        ({"rolling": "perhaps"}, "rolling"),
        ({"periods": 0}, "periods"),
        ({"periods": "many"}, "periods"),
        ({"reference": "next"}, "reference"),
        ({"occurrence": "never"}, "occurrence"),
        ({"until": "soon"}, "until"),
        ({"limit": 1000}, "limit"),
        ({"cohort_type": "day", "start_date": "2000-01-01"}, "granularity"),
        ({"cohort_event": {"where": "amount >"}}, "cohort_event.where"),
        ({"cohort_event": {"evnt": "x"}}, "cohort_event.evnt"),
        ({"return_event": 3}, "return_event"),
    ],
)
def test_a_senseless_question_is_refused_by_its_field(
    warehouse: Warehouse, scope: Scope, how: dict[str, Any], field: str
) -> None:
    with pytest.raises(FactbookError) as refused:
        asked(warehouse, scope, **how)
    assert refused.value.field == field


questions = st.fixed_dictionaries(
    {
        "cohort_type": st.sampled_from(["day", "week"]),
        "cohort_event": st.sampled_from(["", "signup", "purchase"]),
        "return_event": st.sampled_from(["", "purchase", "view|purchase"]),
        "occurrence": st.sampled_from(["first_time", "recurring"]),
        "returns": st.sampled_from(["on", "on_or_after"]),
        "rolling": st.sampled_from([False, False, True]),
        "until": st.sampled_from([None, "2026-04-04"]),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(history=events, how=questions, cut=st.integers(0, 25))
def test_retention_is_that_of_a_walk_over_each_persons_days(
    warehouse: Warehouse, engine: Engine, history: list[Event], how: dict[str, Any], cut: int
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    given(engine, scope, history[:cut])
    given(engine, scope, history[cut:])
    how["rolling"] = how["rolling"] and how["occurrence"] == "first_time"
    answer = asked(warehouse, scope, start_date="2026-03-20", end_date="2026-04-01", periods=4, **how)
    assert [(each["size"], each["counts"]) for each in answer["cohorts"]] == walked(history, how)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@whatever(history=events, recurring=st.booleans())
def test_channels_divide_the_same_people(
    warehouse: Warehouse, engine: Engine, history: list[Event], recurring: bool
) -> None:
    scope = Scope(tenant=uuid4().hex, actor="test", role=Role.OWNER)
    given(engine, scope, history)
    how: dict[str, Any] = {"start_date": "2026-03-20", "occurrence": "recurring" if recurring else "first_time"}
    by_week = asked(warehouse, scope, **how)
    by_channel = asked(warehouse, scope, cohort_type="channel", **how)
    assert by_channel["average"] == by_week["average"]
    assert sum(each["size"] for each in by_channel["cohorts"]) == by_week["people"]
    assert {each["cohort"] for each in by_channel["cohorts"]} <= {"direct", "news", "mail"}


def walked(history: Sequence[Event], how: dict[str, Any]) -> list[tuple[int, list[int | None]]]:
    """Size and people by period of each cohort from 20 March to 1 April."""
    zone, days = ZoneInfo("Europe/Berlin"), 7 if how["cohort_type"] == "week" else 1
    end = date(2026, 4, 2)
    until = date(2026, 4, 5) if how["until"] else end
    first = date(2026, 3, 16) if days == 7 else date(2026, 3, 20)
    bases = [first + timedelta(n * days) for n in range(20) if first + timedelta(n * days) < end]

    def local(event: Event) -> date:
        found: date = event["at"].astimezone(zone).date()
        return found

    def counts(event: Event, types: str) -> bool:
        return not types or event["type"] in types.split("|")

    members: dict[date, list[set[int]]] = {base: [] for base in bases}
    for own in persons(history).values():
        starts = [event for event in own if counts(event, how["cohort_event"]) and local(event) < until]
        if how["occurrence"] == "first_time":
            starts = starts[:1]
        taken = set()
        for start in starts:
            base = first + (local(start) - first) // timedelta(days) * timedelta(days)
            if base not in members or base in taken or local(start) >= end:
                continue
            taken.add(base)
            later = [
                event
                for event in own
                if counts(event, how["return_event"]) and event["at"] >= start["at"] and local(event) < until
            ]
            if how["rolling"]:
                seen = {(event["at"] - start["at"]) // timedelta(days) for event in later}
            else:
                seen = {(local(event) - base).days // days for event in later}
            members[base].append(seen)
    found: list[tuple[int, list[int | None]]] = []
    for base in bases:
        row: list[int | None] = []
        for k in range(5):
            if base + timedelta(k * days) >= until:
                row.append(None)
            elif how["returns"] == "on":
                row.append(sum(k in seen for seen in members[base]))
            else:
                row.append(sum(max(seen, default=-1) >= k for seen in members[base]))
        found.append((len(members[base]), row))
    return found

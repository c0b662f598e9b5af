"""Attribution shares out every conversion, by hand-counted cases and by a walk over random events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as whatever
from hypothesis import strategies as st

from factbook.core.calendar import Calendar
from factbook.core.money import Money
from factbook.core.scope import Role, Scope
from factbook.ingest.session_rule import Rule
from factbook.metrics.model import Dimension
from factbook.queries.behaviour.attribution import DAY_MS, MODELS, AttributionRequest, attribution
from factbook.queries.behaviour.history import history
from factbook.queries.behaviour.selection import Selection
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse
from tests.queries.given import given

START = datetime(2026, 3, 10, tzinfo=UTC)
RULE = Rule(30 * 60_000)
HOUR_MS = 3_600_000
SOURCE = Dimension("referrer_source", "Source", field="referrer_source")


def event(day: float, source: str = "", user: str = "u", **more: Any) -> dict[str, Any]:
    return {"at": START + timedelta(days=day), "user": user, "referrer_source": source, **more}


def purchase(day: float, amount: float = 10, user: str = "u", currency: str = "EUR", **more: Any) -> dict[str, Any]:
    paid = {"amount": amount} | ({"currency": currency} if currency else {})
    return event(day, "", user, type="purchase", properties=paid, **more)


def asked(filters: Any = None, rule: Rule = RULE, **more: Any) -> AttributionRequest:
    given_ = {"start_date": "2026-03-10", "end_date": "2026-03-20", "filters": filters}
    about = history(given_, Calendar(ZoneInfo("UTC")), START)
    return AttributionRequest(about, rule, Selection(("purchase",)), SOURCE, **more)


def shares(told: dict[str, Any], part: str = "conversions") -> dict[str, dict[str, float]]:
    """By model and value, nothing left out."""
    return {
        model: {row["value"]: row[model][part] for row in told["rows"] if abs(row[model][part]) > 1e-9}
        for model in MODELS
    }


def test_four_touches_by_every_model(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event(0, "A"), event(1, "B"), event(2, "C"), event(3), purchase(3.01)])
    told = attribution(warehouse, scope, asked(half_life_days=1), Money())
    found = shares(told)
    assert found["first"] == {"A": 1}
    assert found["last"] == {"direct": 1}
    assert found["last_non_direct"] == {"C": 1}
    assert found["linear"] == pytest.approx({"A": 0.25, "B": 0.25, "C": 0.25, "direct": 0.25})
    assert found["position"] == pytest.approx({"A": 0.4, "B": 0.1, "C": 0.1, "direct": 0.4})
    assert found["time_decay"] == pytest.approx({"A": 1 / 15, "B": 2 / 15, "C": 4 / 15, "direct": 8 / 15})
    assert (told["conversions"], told["revenue"], told["currency"], told["touchpoints"]) == (1, 10, "EUR", 4)
    assert shares(told, "revenue")["position"] == pytest.approx({"A": 4, "B": 1, "C": 1, "direct": 4})


def test_a_session_is_one_touch_by_its_first_source(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event(0), event(0.001, "A"), event(0.002, "B"), purchase(0.003)])
    told = attribution(warehouse, scope, asked(), Money())
    assert all(found == {"A": 1} for found in shares(told).values())


def test_a_session_that_has_lasted_long_enough_is_a_touch_of_its_own(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    minutes = {0: "A", 20: "", 40: "B", 60: "C"}
    given(engine, scope, [*(event(m / 1440, source) for m, source in minutes.items()), purchase(61 / 1440)])
    capped = attribution(warehouse, scope, asked(rule=Rule(30 * 60_000, 30 * 60_000)), Money())
    assert shares(capped)["linear"] == {"A": 0.5, "B": 0.5}
    assert shares(attribution(warehouse, scope, asked(), Money()))["linear"] == {"A": 1}


def test_a_touch_counts_up_to_the_very_start_of_the_lookback(
    warehouse: Warehouse, engine: Engine, scope: Scope
) -> None:
    given(engine, scope, [event(-5, "A"), purchase(0), event(-5.1, "B", "w"), purchase(0, user="w")])
    told = attribution(warehouse, scope, asked(lookback_days=5), Money())
    assert shares(told)["first"] == {"A": 1, "direct": 1}


def test_touches_on_another_device_are_his(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    phone = event(0, "A", "", anonymous_id="phone")
    given(engine, scope, [phone, event(1, "", "u", anonymous_id="phone"), purchase(2)])
    assert shares(attribution(warehouse, scope, asked(), Money()))["first"] == {"A": 1}


def test_filters_choose_conversions_and_no_touches(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event(0, "A", country="FR"), purchase(1, country="DE"), purchase(2, country="FR")])
    told = attribution(warehouse, scope, asked({"country": "DE"}), Money())
    assert (told["conversions"], shares(told)["first"]) == (1, {"A": 1})


def test_amounts_are_counted_in_the_tenants_currency(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [purchase(0, 10, currency="usd"), purchase(1, 5, currency=""), purchase(2, 7, currency="GBP")])
    told = attribution(warehouse, scope, asked(), Money("EUR", {"USD": 0.5}))
    assert (told["conversions"], told["revenue"], told["currency"]) == (3, 10, "EUR")
    assert "GBP" in told["notes"][0]


def test_bots_and_other_tenants_convert_nobody(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [purchase(0, is_bot=True)])
    given(engine, Scope(f"{scope.tenant}-other", "test", Role.OWNER), [purchase(0)])
    told = attribution(warehouse, scope, asked(), Money())
    assert (told["conversions"], told["rows"], told["touchpoints"]) == (0, [], None)


def test_a_very_long_history_is_cut_and_said_to_be(warehouse: Warehouse, engine: Engine, scope: Scope) -> None:
    given(engine, scope, [event(n / 10, "A") for n in range(5)])
    told = attribution(warehouse, scope, asked(most_events=3), Money())
    assert told["degraded"]


one = st.tuples(st.integers(-30, 100), st.sampled_from(["u", "w"]), st.sampled_from(["", "A", "B", "C", "purchase"]))


@settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@whatever(
    walk=st.lists(one, min_size=1, max_size=15),
    lookback=st.integers(1, 4),
    rule=st.sampled_from([RULE, Rule(5 * HOUR_MS), Rule(5 * HOUR_MS, 7 * HOUR_MS)]),
)
def test_shares_are_those_of_a_walk_and_sum_to_the_conversions(
    warehouse: Warehouse, engine: Engine, walk: Sequence[tuple[int, str, str]], lookback: int, rule: Rule
) -> None:
    scope = Scope(uuid4().hex, "test", Role.OWNER)
    steps = [(hour / 10, user, what) for hour, user, what in {(h, u): (h, u, w) for h, u, w in walk}.values()]
    given(engine, scope, [purchase(d, 3, u) if what == "purchase" else event(d, what, u) for d, u, what in steps])
    told = attribution(warehouse, scope, asked(rule=rule, lookback_days=lookback, half_life_days=1), Money())
    expected = walked(steps, lookback, rule)
    found = shares(told)
    for model in MODELS:
        assert found[model] == pytest.approx(expected[model]), model
        if told["conversions"]:
            assert sum(row[model]["conversions"] for row in told["rows"]) == pytest.approx(
                told["conversions"], rel=1e-14
            )
            assert sum(row[model]["revenue"] for row in told["rows"]) == pytest.approx(told["revenue"], rel=1e-14)


def walked(steps: Sequence[tuple[float, str, str]], lookback: int, rule: Rule) -> dict[str, dict[str, float]]:
    pause, longest = rule.timeout_ms / DAY_MS, rule.longest_ms / DAY_MS or 1e9
    found: dict[str, dict[str, float]] = {model: defaultdict(float) for model in MODELS}
    for user in ("u", "w"):
        sessions: list[list[tuple[float, str]]] = []
        for day, who, what in sorted(steps):
            if who == user and day >= -lookback:
                step = day, "" if what == "purchase" else what
                if sessions and day - sessions[-1][-1][0] <= pause and day - sessions[-1][0][0] <= longest:
                    sessions[-1].append(step)
                else:
                    sessions.append([step])
        sources = [(session[0][0], next((name for _, name in session if name), "")) for session in sessions]
        for day, who, what in steps:
            if who != user or what != "purchase" or day < 0:
                continue
            path = [(at, name) for at, name in sources if day - lookback - 1e-9 <= at <= day]
            path = path or [(day, "")]
            n = len(path)
            real = [place for place, (_, name) in enumerate(path) if name]
            decay = [2.0 ** (at - day) for at, _ in path]
            for place, (_, name) in enumerate(path):
                ends = place in (0, n - 1)
                weights = {
                    "first": place == 0,
                    "last": place == n - 1,
                    "last_non_direct": place == (real[-1] if real else n - 1),
                    "linear": 1 / n,
                    "time_decay": decay[place] / sum(decay),
                    "position": 1 if n == 1 else 0.5 if n == 2 else 0.4 if ends else 0.2 / (n - 2),
                }
                for model, weight in weights.items():
                    if weight:
                        found[model][name or "direct"] += weight
    return {model: dict(values) for model, values in found.items()}

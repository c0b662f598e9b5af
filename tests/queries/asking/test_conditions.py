"""Conditions and numbers of metrics against the oracle: what the checks let through is answered as it says."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from factbook.core.errors import FactbookError
from factbook.metrics.checks import examine
from factbook.metrics.expressions import Expression, parse_condition, parse_number
from factbook.metrics.model import Kind, Measure, Metric, Pack, Unit
from factbook.queries.asking.ask import ask
from factbook.queries.asking.request import Request
from factbook.storage.engine import Engine
from factbook.storage.warehouse import Warehouse

from .drawn import World, worlds
from .oracle import Oracle
from .test_against_oracle import assert_agrees, kept

NUMBERS = ["amount", "quantity", "property.mrr", "missing", "2", "-1.5", "0"]
TEXTS = ["category", "note", "sku", "country", "user_id", "currency", "missing", "property.country"]
LITERALS = ["'a'", "'DE'", "'x'", "''", "'Fine'", "'3'"]

numbers = st.recursive(
    st.sampled_from(NUMBERS),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner) | inner.map("-({})".format),
    max_leaves=4,
)
comparisons = st.one_of(
    st.builds("{} {} {}".format, numbers, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), numbers),
    st.builds(
        "{} {} {}".format, st.sampled_from(TEXTS), st.sampled_from(["=", "!=", "<", ">="]), st.sampled_from(LITERALS)
    ),
    st.builds("{} {} {}".format, st.sampled_from(TEXTS), st.sampled_from(["=", "!="]), st.sampled_from(TEXTS)),
    st.builds("{} {} (1, 3, 'a', 'DE')".format, st.sampled_from(TEXTS[:3]), st.sampled_from(["in", "not in"])),
    st.builds("{} in (0, 1, 2.5)".format, numbers),
    st.builds("{} between {} and {}".format, st.sampled_from(NUMBERS), numbers, st.just("5")),
    st.builds("{} is {}null".format, st.sampled_from([*TEXTS, *NUMBERS[:4], "session"]), st.sampled_from(["", "not "])),
    st.builds("contains({}, '{}')".format, st.sampled_from(TEXTS), st.sampled_from(["FINE", "a", "", "e"])),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["gift", "missing"]),
        st.sampled_from(["=", "!="]),
        st.sampled_from(["true", "false"]),
    ),
    st.sampled_from(["gift", "is_bot = false", "session = 1", "session != 2", "session in (1, 3)", "session > 1"]),
)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner) | inner.map("not ({})".format)
    ),
    max_leaves=4,
)


QUICKLY = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@QUICKLY
@drawn(worlds(), st.lists(conditions, min_size=8, max_size=8), st.lists(numbers, min_size=4, max_size=4))
def test_what_the_checks_let_through_is_answered_as_it_says(
    warehouse: Warehouse, engine: Engine, world: World, tests: list[str], sums: list[str]
) -> None:
    counted = [Measure(Kind.COUNT)] * len(tests)
    summed = [Measure(Kind.SUM, of=parse_number(f"{each} + amount")) for each in sums]
    metrics = [
        Metric(f"drawn_{number}", text, Unit.COUNT if measure.of is None else Unit.NUMBER, text, (), measure, where)
        for number, (text, measure) in enumerate(zip([*tests, *sums], [*counted, *summed], strict=True))
        if (where := _parsed(text) if measure.of is None else None) is not None or measure.of is not None
    ]
    metrics = [metric for metric in metrics if _stands(metric)]
    asks = replace(world, metrics=tuple(metrics))
    request = Request(tuple(metric.id for metric in metrics), start_time="2017-01-01", end_time="2027-12-31")
    answer = ask(warehouse, kept(engine, world), asks.tenant, request, world.now)
    expected = Oracle(world.events, asks.tenant, request, world.now).answer()
    for metric in metrics:
        found, true = (each["total"]["values"][metric.id] for each in (answer, expected))
        assert_agrees(found, true, metric.label)


def _parsed(text: str) -> Expression | None:
    """None for a comparison that names nothing of the event."""
    with contextlib.suppress(FactbookError):
        return parse_condition(text)
    return None


def _stands(metric: Metric) -> bool:
    return not any(problem for problem in examine([Pack("drawn", "Drawn", "", (metric,))]) if not problem.is_warning)

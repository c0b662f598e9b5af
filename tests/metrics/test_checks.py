"""What must hold of all packs together: for every check a declaration that breaks it, told with file and line."""

from __future__ import annotations

from typing import Any

import pytest

from factbook.metrics.catalog import load_pack
from factbook.metrics.checks import CHECKS, examine
from factbook.metrics.checks.references import MAX_LEVELS
from factbook.metrics.checks.whole import Whole

from .declarations import SHOP, cases, changed, problems, told, with_metric

NEW = "{id: new, label: New, description: New.,"

CLASHES = cases("declarations_that_clash")


@pytest.mark.parametrize("case", CLASHES, ids=lambda case: f"{case['check']}: {case['says']}")
def test_each_check_finds_what_breaks_it(case: dict[str, Any]) -> None:
    text, line = with_metric(case["metric"])
    [check] = [one for one in CHECKS if one.__name__ == case["check"]]
    found = list(check(Whole([load_pack(text, "pack.yaml")])))
    assert len(found) == 1
    assert str(found[0]).startswith(f"pack.yaml:{line}: {case['says']}")
    assert found[0].is_warning == ("is not known" in case["says"])


def test_every_check_has_a_case_that_breaks_it() -> None:
    elsewhere = {"sizes", "funnel_types", "tile_names", "tile_charts"}  # the last two: test_dashboards.py
    assert {check.__name__ for check in CHECKS} == {case["check"] for case in CLASHES} | elsewhere


def test_a_step_of_a_funnel_names_events_that_are_known() -> None:
    steps = "steps: [{events: [product_view]}, {events: [purchas]}]"
    pack = load_pack(f"{SHOP}\nfunnels:\n  - {{id: buying, label: Buying, {steps}}}\n", "pack.yaml")
    assert [str(one).partition(": ")[2] for one in examine([pack])] == [
        "The event type 'purchas' is not known. Did you mean 'purchase'?"
    ]


def test_nothing_of_a_pack_in_order_breaks_a_check() -> None:
    assert problems(SHOP) == []


def test_an_error_stands_at_the_line_of_its_key() -> None:
    assert told(changed("kpi: revenue", "kpi: revenues")) == [
        "pack.yaml:18: There is no KPI group 'revenues'. Did you mean 'revenue'?"
    ]
    assert told(changed("until: [subscription_canceled]", "until: [subscription_canceld]")) == [
        "warning pack.yaml:38: The event type 'subscription_canceld' is not known. "
        "Did you mean 'subscription_canceled'?"
    ]


def test_ids_are_taken_once_in_all_packs() -> None:
    other = """pack: other
label: Other
kpis: {revenue: Money}
dimensions: [{id: weekday, label: W, time_part: day_of_week}]
metrics:
  - {id: orders, label: O, unit: count, description: O., measure: count}
"""
    assert told(SHOP, other) == [
        "pack1.yaml:6: The metric 'orders' is declared twice: here and in pack.yaml:20.",
        "pack1.yaml:4: The dimension 'weekday' is declared twice: here and in pack.yaml:10.",
        "pack1.yaml:3: The KPI group 'revenue' is declared twice: here and in pack.yaml:3.",
    ]
    assert told(SHOP, "pack: shop\nlabel: Again\n") == [
        "pack1.yaml:1: The pack 'shop' is declared twice: here and in pack.yaml:1."
    ]


def test_a_dimension_may_not_hide_a_column() -> None:
    hidden = changed("id: weekday, label: Weekday, time_part: day_of_week", "id: city, label: C, field: property.city")
    assert "pack.yaml:10: 'city' is a column of events; this is another thing." in told(hidden)
    relabelled = changed("id: weekday, label: Weekday, time_part: day_of_week", "id: country, label: C, field: country")
    assert not [one for one in told(relabelled) if "pack.yaml:10" in one]


def test_a_dimension_names_a_field() -> None:
    assert "pack.yaml:9: 'categry' is no column of events. A property is called property.categry here." in told(
        changed("field: property.category", "field: categry")
    )
    assert "pack.yaml:9: 'country' is a column, and no number." in told(
        changed("field: property.category", "field: country, edges: [1]")
    )


def test_a_cycle_is_told_once_with_the_way_round() -> None:
    text, line = with_metric(f"{NEW.replace('new', 'b')} unit: count, formula: c * 2}}")
    text, _ = with_metric(f"{NEW.replace('new', 'c')} unit: count, formula: a - 1}}", text)
    text, last = with_metric(f"{NEW.replace('new', 'a')} unit: count, formula: b + orders}}", text)
    assert told(text) == [f"pack.yaml:{last}: The metric stands on itself: a → b → c → a."]
    assert line < last


def test_formulas_may_not_grow_beyond_measure() -> None:
    text = SHOP
    for level in range(11):
        below = f"f{level - 1}" if level else "orders"
        text, _ = with_metric(
            f"{{id: f{level}, label: F, description: F., unit: count, formula: {below} + {below}}}", text
        )
    found = told(text)
    assert any("names more than 1,000 metrics" in one for one in found)
    assert any(f"stands on more than {MAX_LEVELS} levels" in one for one in found)


def test_a_time_may_be_told_in_another_unit_but_not_mixed() -> None:
    text, _ = with_metric(f"{NEW} unit: seconds, formula: slow / 1000}}")
    text, line = with_metric("{id: slow, label: S, description: S., unit: milliseconds, measure: {avg: ms}}", text)
    assert told(text) == []
    mixed, _ = with_metric("{id: mix, label: M, description: M., unit: seconds, formula: new + slow}", text)
    assert told(mixed) == [f"pack.yaml:{line + 1}: The formula puts together milliseconds and seconds."]


def test_metrics_that_need_no_declaration_may_stand_in_a_formula() -> None:
    text, _ = with_metric(f"{NEW} unit: number, formula: events.count.purchase + sessions + purchase.amount}}")
    assert told(text) == []


def test_a_property_is_known_from_any_pack_and_unknown_types_are_not_judged() -> None:
    other = "pack: other\nlabel: Other\nproperties: {purchase: {numbers: [weight]}, order.made: {}}\n"
    text, _ = with_metric(f"{NEW} unit: number, events: [purchase], measure: {{sum: weight}}}}")
    assert told(text, other) == []
    custom, line = with_metric(f"{NEW} unit: number, events: [purchase, order.mde], measure: {{sum: any}}}}")
    assert told(custom, other) == [
        f"warning pack.yaml:{line}: The event type 'order.mde' is not known. Did you mean 'order.made'?"
    ]


def test_a_declared_ad_hoc_metric_may_say_what_it_means_anyway() -> None:
    text, _ = with_metric("{id: sessions, label: Visits, description: V., unit: count, measure: {unique: sessions}}")
    assert told(text) == []


def test_errors_of_one_check_do_not_hide_those_of_another() -> None:
    text, line = with_metric(f"{NEW} unit: seconds, measure: count, kpi: none, dimensions: [nothing]}}")
    assert {str(one).split(":")[1] for one in examine([load_pack(text, "pack.yaml")])} == {str(line)}
    assert len(told(text)) == 3

"""Packs as they are read: what a declaration may say, and that what is wrong is told with file, line and a hint."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Tier
from factbook.metrics.catalog import load_pack
from factbook.metrics.declared import pack_of
from factbook.metrics.declared.document import MAX_DEPTH, MAX_LENGTH
from factbook.metrics.expressions import Name, parse_condition, parse_number
from factbook.metrics.model import Good, Measure, Metric, Source, TimePart, Unit
from factbook.metrics.model import Kind as Measured

from .declarations import SHOP, cases, changed, refusal, told, with_metric


def metric(declared: str) -> Metric:
    text, _ = with_metric(f"{{id: new, label: New, description: New., {declared}}}")
    return load_pack(text, "pack.yaml").metrics[-1]


def test_a_pack_in_order_has_nothing_to_complain_about() -> None:
    assert told(SHOP) == []


def test_a_metric_holds_what_was_declared() -> None:
    found = metric(
        "unit: percent, events: [purchase, refund], measure: {avg: amount / quantity}, where: status != 'test', "
        "good: up, decimals: 2, dimensions: [category], tier: pro, kpi: revenue, breakdown: category, window_days: 7"
    )
    assert found == Metric(
        id="new",
        label="New",
        unit=Unit.PERCENT,
        description="New.",
        events=("purchase", "refund"),
        measure=Measure(Measured.AVG, of=parse_number("amount / quantity")),
        where=parse_condition("status != 'test'"),
        window_days=7,
        good=Good.UP,
        decimals=2,
        dimensions=("category",),
        tier=Tier.PRO,
        kpi="revenue",
        breakdown="category",
        pack="shop",
        source="avg(amount / quantity) of purchase, refund where status != 'test', over 7 days",
    )


def test_what_is_left_out_has_its_default() -> None:
    found = metric("unit: count, measure: count")
    assert (found.events, found.where, found.dimensions, found.window_days) == ((), None, None, 0)
    assert (found.good, found.decimals, found.tier, found.kpi, found.breakdown) == (Good.NEITHER, 0, Tier.FREE, "", "")


@pytest.mark.parametrize(
    ("declared", "meant", "reading"),
    [
        ("count", Measure(Measured.COUNT), "count of purchase"),
        ("{sum: amount}", Measure(Measured.SUM, of=Name("amount")), "sum(amount) of purchase"),
        ("{min: a.b}", Measure(Measured.MIN, of=Name("a.b")), "min(a.b) of purchase"),
        ("{max: amount}", Measure(Measured.MAX, of=Name("amount")), "max(amount) of purchase"),
        ("{last: amount}", Measure(Measured.LAST, of=Name("amount")), "last(amount) of purchase"),
        ("{unique: users}", Measure(Measured.UNIQUE, distinct="users"), "unique users of purchase"),
        ("{unique: property.sku}", Measure(Measured.UNIQUE, distinct="property.sku"), "unique sku of purchase"),
        (
            "{quantile: 0.95, of: amount}",
            Measure(Measured.QUANTILE, of=Name("amount"), quantile=0.95),
            "quantile 0.95 of amount of purchase",
        ),
        (
            "{state: mrr, by: user_id, until: [refund]}",
            Measure(Measured.STATE, of=Name("mrr"), by="user_id", until=("refund",)),
            "sum of the newest mrr by user_id of purchase until refund",
        ),
        (
            "{state: alive, by: property.order_id}",
            Measure(Measured.STATE, by="property.order_id"),
            "number alive by order_id of purchase",
        ),
    ],
)
def test_each_kind_of_measure_is_read_and_told(declared: str, meant: Measure, reading: str) -> None:
    found = metric(f"unit: number, events: [purchase], measure: {declared}")
    assert found.measure == meant
    assert found.source == reading


def test_a_property_called_alive_is_told_from_counting_what_is_alive() -> None:
    found = metric("unit: number, events: [purchase], measure: {state: property.alive, by: user_id}")
    assert found.measure
    assert found.measure.of == Name("property.alive")


def test_a_formula_is_shown_as_its_text() -> None:
    assert metric("unit: currency, formula: ' ( revenue )/ORDERS*2 '").source == "revenue / ORDERS * 2"


def test_dimensions_are_fields_parts_of_time_numbers_in_buckets_and_look_ups() -> None:
    pack = load_pack(
        """
pack: own
label: Own
dimensions:
  - {id: part, label: Part, time_part: hour_of_day}
  - {id: size, label: Size, field: property.quantity, edges: [2, 5.5], description: How much.}
  - {id: land, label: Land, field: country, lookup: {DE: Germany, "": Nowhere}}
""",
        "own.yaml",
    )
    part, size, land = pack.dimensions
    assert part.time_part is TimePart.HOUR_OF_DAY
    assert (size.field, size.edges, size.description) == ("property.quantity", (2.0, 5.5), "How much.")
    assert land.lookup == {"DE": "Germany", "": "Nowhere"}
    assert {one.pack for one in pack.dimensions} == {"own"}


WRONG = cases("declarations_of_wrong_shape")


@pytest.mark.parametrize("case", WRONG, ids=lambda case: str(case["says"]))
def test_what_is_wrong_is_told_with_file_line_and_a_hint(case: dict[str, Any]) -> None:
    lines = told(changed(case["change"], case["to"]))
    assert any(one.startswith(f"pack.yaml:{case['line']}: ") and case["says"] in one for one in lines), lines


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = changed("unit: count", "unit: counts", changed("label: Average", "lable: Average"))
    error = refusal(text)
    assert error.kind is Kind.INVALID
    assert [one["line"] for one in error.details["problems"]] == [22, 28, 29]
    assert str(error) == "pack.yaml:22: 'counts' is not a unit."
    assert error.hint == "Did you mean 'count'?"
    assert error.field == "metrics.1.unit"


@pytest.mark.parametrize("text", ["", "null", "[]", "7", "text", "- pack: x"])
def test_what_is_no_mapping_is_no_pack(text: str) -> None:
    assert "A pack is a mapping." in str(refusal(text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * (MAX_DEPTH + 1), "nested"),
        ("{a: " * 100_000, "nested"),
        ("a: &a [x]\nb: [*a, *a, *a]\n", "Anchors"),
        ("a: " + "x" * MAX_LENGTH, "longer"),
        ("pack: a\n---\npack: b\n", "not YAML"),
        ("\0", "not YAML"),
        ('pack: "\\ud800"', "pack.yaml:1: "),
        ("pack: {? [a] : b}", "A key of this kind is not text."),
    ],
)
def test_a_hostile_document_is_refused(text: str, says: str) -> None:
    assert says in str(refusal(text))


def test_a_pack_holds_only_so_many_metrics() -> None:
    one = "  - {id: m%d, label: M, description: M., unit: count, measure: count}"
    text = "pack: a\nlabel: A\nmetrics:\n" + "\n".join(one % number for number in range(1001))
    assert told(text) == ["pack.yaml:3: A pack holds at most 1,000 metrics. Make it two packs."]


@pytest.mark.parametrize("number", [".inf", ".nan", "-.inf", "1" + "0" * 400, "true"])
def test_what_is_no_number_is_no_edge_and_no_quantile(number: str) -> None:
    assert "'edges' are not ascending numbers." in str(
        refusal(changed("property.category}", f"property.x, edges: [{number}]}}"))
    )
    assert "not a number" in str(refusal(changed("{sum: amount}", f"{{quantile: {number}, of: amount}}")))


def test_a_declaration_in_json_is_read_the_same_and_has_no_lines() -> None:
    given_ = {
        "pack": "own",
        "label": "Own",
        "metrics": [{"id": "x", "label": "X", "unit": "count", "description": "X.", "measure": "count"}],
    }
    assert pack_of(given_, Source()).metrics[0].measure == Measure(Measured.COUNT)
    with pytest.raises(FactbookError) as raised:
        pack_of({**given_, "metrics": [{"id": "x", "unit": "cuont"}]}, Source())
    assert str(raised.value) == "'label' is missing."
    assert raised.value.field == "metrics.0"


KEYS = [
    *["pack", "label", "metrics", "dimensions", "kpis", "properties", "id", "unit", "measure", "formula", "where"],
    *["events", "sum", "state", "by", "of", "quantile", "edges", "lookup", "field", "time_part", "window_days"],
    *["purchase", "numbers"],
]
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["count", "a / b"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS) | st.text(max_size=4),
            below,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=300)
@given(json)
def test_any_document_is_a_pack_or_refused(given_: object) -> None:
    try:
        pack_of(given_, Source())
    except FactbookError as error:
        refused = error.kind
    else:
        refused = Kind.INVALID
    assert refused is Kind.INVALID


@given(st.text(st.sampled_from(" \n:-[]{}&*!|>'\"#%@`abc1,?\t\0"), max_size=40))
def test_any_text_is_a_pack_or_refused(text: str) -> None:
    assert refusal(text).kind is Kind.INVALID

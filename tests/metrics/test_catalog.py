"""The catalog: metrics and dimensions by id, declared or not, what they stand on, and a tenant's own over the rest."""

from __future__ import annotations

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.metrics.catalog import Catalog, load_pack
from factbook.metrics.expressions import Name
from factbook.metrics.model import Kind as Measured
from factbook.metrics.model import Measure, Unit

from .declarations import SHOP, with_metric

OWN = """
pack: own
label: Own
metrics:
  - {id: basket, label: Basket, unit: currency, description: One basket., formula: average * 2}
"""


@pytest.fixture
def catalog() -> Catalog:
    return Catalog((load_pack(SHOP, "shop.yaml"),))


def refused(catalog: Catalog, metric: str) -> FactbookError:
    with pytest.raises(FactbookError) as raised:
        catalog.get(metric)
    assert raised.value.kind is Kind.INVALID
    return raised.value


def test_metrics_and_dimensions_stand_in_the_order_of_the_packs(catalog: Catalog) -> None:
    assert list(catalog.metrics) == ["revenue", "orders", "average", "mrr"]
    assert list(catalog.with_pack(load_pack(OWN, "own.yaml")).metrics)[-1] == "basket"
    assert list(catalog.dimensions) == ["category", "weekday"]
    assert catalog.kpis == {"revenue": "Revenue"}


def test_an_unknown_metric_is_refused_with_what_was_meant(catalog: Catalog) -> None:
    error = refused(catalog, "revnue")
    assert (error.field, error.hint) == ("metrics", "Did you mean 'revenue'?")
    assert "catalog" in str(refused(catalog, "zzz").hint)


@pytest.mark.parametrize(
    ("name", "events", "measure"),
    [
        ("events.count", (), Measure(Measured.COUNT)),
        ("events.count.order.placed", ("order.placed",), Measure(Measured.COUNT)),
        ("users.active", (), Measure(Measured.UNIQUE, distinct="users")),
        ("users.active.purchase", ("purchase",), Measure(Measured.UNIQUE, distinct="users")),
        ("sessions", (), Measure(Measured.UNIQUE, distinct="sessions")),
        ("sessions.page_view", ("page_view",), Measure(Measured.UNIQUE, distinct="sessions")),
        ("purchase.amount", ("purchase",), Measure(Measured.SUM, of=Name("property.amount"))),
        ("purchase.cart.total", ("purchase",), Measure(Measured.SUM, of=Name("property.cart.total"))),
        ("order.placed.cart.total", ("order.placed",), Measure(Measured.SUM, of=Name("property.cart.total"))),
        ("door.opened.seconds", ("door.opened",), Measure(Measured.SUM, of=Name("property.seconds"))),
        ("page_view.source", ("page_view",), Measure(Measured.SUM, of=Name("property.source"))),
    ],
)
def test_what_nobody_declared_is_read_from_its_name(
    catalog: Catalog, name: str, events: tuple[str, ...], measure: Measure
) -> None:
    found = catalog.get(name)
    assert (found.id, found.events, found.measure, found.pack) == (name, events, measure, "core")
    assert found.unit is (Unit.NUMBER if measure.kind is Measured.SUM else Unit.COUNT)
    assert found.source


def test_what_was_sent_parts_a_name_with_dots(catalog: Catalog) -> None:
    seen = catalog.with_seen([("door", "opened.seconds"), ("purchase", "x.y")])
    assert seen.get("door.opened.seconds").events == ("door",)
    assert catalog.get("door.opened.seconds").events == ("door.opened",)


def test_what_was_sent_is_not_taken_for_a_mistyped_metric(catalog: Catalog) -> None:
    assert refused(catalog, "orders.x").hint == "Did you mean 'orders'?"
    assert catalog.with_seen([("orders", "x")]).get("orders.x").events == ("orders",)


def test_a_declared_metric_comes_before_what_its_name_would_mean() -> None:
    text, _ = with_metric("{id: purchase.amount, label: Paid, description: P., unit: currency, formula: revenue}")
    assert Catalog((load_pack(text, "shop.yaml"),)).get("purchase.amount").label == "Paid"


def test_a_mistyped_dotted_id_is_not_taken_for_a_property() -> None:
    text, _ = with_metric("{id: shop.margin, label: Margin, description: M., unit: currency, formula: revenue}")
    catalog = Catalog((load_pack(text, "shop.yaml"),))
    assert refused(catalog, "shop.margn").hint == "Did you mean 'shop.margin'?"


@pytest.mark.parametrize("name", [".a", "a.", ".", "", "a\0.b", "a." + "b" * 600])
def test_a_name_that_can_mean_nothing_is_refused(catalog: Catalog, name: str) -> None:
    refused(catalog, name)


def test_dimensions_are_declared_or_columns_or_properties(catalog: Catalog) -> None:
    assert catalog.dimension("category").field == "property.category"
    assert catalog.dimension("country").label == "Country"
    assert catalog.dimension("event_id").field == "event_id"
    assert catalog.dimension("property.cart.colour").field == "property.cart.colour"


@pytest.mark.parametrize(("name", "hint"), [("categori", "category"), ("countri", "country"), ("weekdy", "weekday")])
def test_an_unknown_dimension_is_refused_with_what_was_meant(catalog: Catalog, name: str, hint: str) -> None:
    with pytest.raises(FactbookError) as raised:
        catalog.dimension(name)
    assert raised.value.kind is Kind.INVALID
    assert (raised.value.field, raised.value.hint) == ("dimensions", f"Did you mean {hint!r}?")


def test_a_property_without_a_name_is_no_dimension(catalog: Catalog) -> None:
    with pytest.raises(FactbookError, match="no event column"):
        catalog.dimension("property.")


def test_the_closure_holds_everything_below_a_metric(catalog: Catalog) -> None:
    own = catalog.with_pack(load_pack(OWN, "own.yaml"))
    assert own.closure("basket") == {"average", "revenue", "orders"}
    assert own.closure("revenue") == frozenset()
    assert own.closure("events.count") == frozenset()


def test_what_stands_on_a_metric_is_known_so_that_it_is_not_deleted(catalog: Catalog) -> None:
    own = catalog.with_pack(load_pack(OWN, "own.yaml"))
    assert own.standing_on("revenue") == ("average",)
    assert own.standing_on("average") == ("basket",)
    assert own.standing_on("basket") == ()


def test_an_own_pack_may_not_take_ids_that_are_taken(catalog: Catalog) -> None:
    taken = OWN.replace("id: basket", "id: orders")
    with pytest.raises(
        FactbookError, match=r"own.yaml:5: The metric 'orders' is declared twice: here and in shop.yaml:20"
    ):
        catalog.with_pack(load_pack(taken, "own.yaml"))
    assert "basket" not in catalog.metrics


def test_warnings_do_not_refuse_a_pack(catalog: Catalog) -> None:
    text = OWN.replace("formula: average * 2", "events: [purchase], measure: {sum: waight}")
    own = catalog.with_pack(load_pack(text, "own.yaml"))
    assert [str(one) for one in own.warnings] == [
        "own.yaml:5: The property 'waight' of purchase is not known. Declare it under `properties`."
    ]
    assert own.get("basket").events == ("purchase",)

"""The built-in packs: they load without a word, hold the KPIs that were promised, and name what events really carry."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from factbook.core.errors import FactbookError, Kind
from factbook.core.scope import Tier
from factbook.demo.purchases import PurchaseProperties
from factbook.events.types import KNOWN_TYPES
from factbook.metrics.catalog import Catalog, built_in, load_packs
from factbook.metrics.expressions import names, text
from factbook.metrics.pack_files import BUILT_IN, load_files

from .declarations import SHOP

PACKS = Path(__file__).parents[2] / "src/factbook/metrics/packs"
PROMISED = {
    "revenue": "mrr mrr_growth arr arpu customer_lifetime_value churn_rate revenue_at_risk revenue net_revenue "
    "average_order_value refunds new_mrr expansion_mrr churned_mrr",
    "acquisition": "sign_ups visits visitors conversion_rate new_customers sign_up_rate",
    "retention": "dau wau mau stickiness sessions_per_user net_revenue_retention",
    "trading": "trades win_rate total_pnl average_win average_loss profit_factor expectancy fill_rate reject_rate "
    "trading_volume fill_latency_p95 slippage",
    "system": "requests error_rate latency_p50 latency_p95 latency_p99 availability cache_hit_rate cpu_usage "
    "memory_usage db_slow_queries external_errors",
    "satisfaction": "nps csat nps_responses csat_responses",
    "content": "content_views unique_viewers completion_rate engagement_rate",
    "imports": "import_jobs import_success_rate rows_imported import_duration",
    "search": "searches search_click_through_rate zero_result_rate",
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return built_in()


def test_the_built_in_packs_load_without_a_warning(catalog: Catalog) -> None:
    assert [str(one) for one in catalog.warnings] == []
    assert tuple(pack.id for pack in catalog.packs) == BUILT_IN


def test_every_file_of_the_folder_is_a_built_in_pack_named_after_its_file() -> None:
    assert {path.stem for path in PACKS.iterdir()} == set(BUILT_IN)
    assert {pack.id for pack in load_packs(PACKS)} == set(BUILT_IN)


@pytest.mark.parametrize("group", PROMISED)
def test_the_promised_kpis_stand_in_their_group(catalog: Catalog, group: str) -> None:
    for name in PROMISED[group].split():
        assert catalog.metrics[name].kpi == group


def test_there_are_more_than_50_kpis_in_every_group_of_the_catalog(catalog: Catalog) -> None:
    counted = Counter(metric.kpi for metric in catalog.metrics.values() if metric.kpi)
    assert sum(counted.values()) > 50
    assert set(counted) == set(catalog.kpis) == set(PROMISED)


def test_every_metric_tells_readers_what_it_is(catalog: Catalog) -> None:
    for metric in catalog.metrics.values():
        assert metric.label[0].isupper()
        assert metric.description.endswith(".")
        assert metric.source
        assert (metric.measure is None) != (metric.formula is None)


def test_formulas_are_the_ones_of_the_trade(catalog: Catalog) -> None:
    formulas = {metric.id: metric.source for metric in catalog.metrics.values() if metric.formula}
    assert formulas["arr"] == "12 * mrr"
    assert formulas["arpu"] == "mrr / mau"
    assert formulas["stickiness"] == "dau / mau"
    assert formulas["revenue_at_risk"] == "mrr * churn_rate"
    assert formulas["profit_factor"] == "gross_profit / gross_loss"
    assert formulas["expectancy"] == "total_pnl / trades"
    assert formulas["nps"] == "100 * (promoters - detractors) / nps_responses"
    assert {name: catalog.metrics[name].window_days for name in ("dau", "wau", "mau")} == {
        "dau": 1,
        "wau": 7,
        "mau": 30,
    }
    assert catalog.metrics["mrr"].breakdown == "tier"


def test_churn_and_lifetime_value_begin_with_the_tier_pro(catalog: Catalog) -> None:
    above = {metric.id for metric in catalog.metrics.values() if metric.tier is not Tier.FREE}
    assert above == {"churn_rate", "monthly_churn_rate", "customer_lifetime_value", "revenue_at_risk"}


def test_metrics_look_at_known_types_whose_properties_are_declared(catalog: Catalog) -> None:
    declared = {event_type for pack in catalog.packs for event_type in pack.properties}
    assert declared <= set(KNOWN_TYPES)
    for metric in catalog.metrics.values():
        assert set(metric.events) <= declared


def test_the_demo_s_purchases_carry_what_commerce_reads(catalog: Catalog) -> None:
    carried = set(PurchaseProperties.__struct_fields__)
    for name in ("revenue", "items_sold", "median_order_value"):
        measure = catalog.metrics[name].measure
        assert measure
        assert measure.of
        assert names(measure.of) <= carried


def test_formulas_are_written_as_they_are_read_back(catalog: Catalog) -> None:
    for metric in catalog.metrics.values():
        if metric.formula is not None:
            assert metric.source == text(metric.formula)


def test_a_folder_is_read_by_name_and_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("pack: b\nlabel: B\n")
    (tmp_path / "a.yaml").write_text("pack: a\nlabel: A\n")
    (tmp_path / "c.txt").write_text("nothing")
    assert [pack.id for pack in load_packs(tmp_path)] == ["a", "b"]
    with pytest.raises(FactbookError) as raised:
        load_packs(tmp_path / "none")
    assert raised.value.kind is Kind.NOT_FOUND


def test_the_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("pack: a\n")
    (tmp_path / "b.yaml").write_bytes(b"pack: \xff\n")
    (tmp_path / "c.yaml").write_text(SHOP)
    with pytest.raises(FactbookError) as raised:
        load_packs(tmp_path)
    assert [one["message"] for one in raised.value.details["problems"]] == [
        "'label' is missing.",
        "The file is no UTF-8 text.",
    ]
    with pytest.raises(FactbookError) as missing:
        load_files([tmp_path / "d.yaml"])
    assert missing.value.kind is Kind.NOT_FOUND

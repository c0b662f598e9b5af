"""Dashboards as they are declared: the built-in ones, and what is wrong with one told with its line."""

from __future__ import annotations

import pytest

from factbook.metrics.catalog import built_in
from factbook.metrics.model import Chart
from factbook.metrics.pack_files import BUILT_IN

from .declarations import SHOP, problems, told

PROMISED = {"executive", "trading", "user_analytics", "system_performance", "content", "commerce", "imports"}
HEAD = f"{SHOP}dashboards:\n  - id: shop\n    label: Shop\n    tiles:\n"
LINE = HEAD.count("\n") + 1


def with_tile(tile: str) -> list[str]:
    return told(f"{HEAD}      - {tile}\n")


def test_the_promised_dashboards_are_there_and_every_pack_has_one() -> None:
    dashboards = built_in().dashboards
    assert set(dashboards) >= PROMISED
    assert {dashboard.pack for dashboard in dashboards.values()} == set(BUILT_IN)
    for dashboard in dashboards.values():
        assert dashboard.description.endswith(".")
        assert dashboard.tiles[0].chart is Chart.NUMBER
        assert len({tile.title for tile in dashboard.tiles}) == len(dashboard.tiles)


def test_a_tile_in_order_is_taken_as_declared() -> None:
    [dashboard] = [one for one in built_in().dashboards.values() if one.id == "system_performance"]
    assert (dashboard.label, dashboard.period, dashboard.pack) == ("System performance", "24h", "system")
    assert with_tile("{title: T, metrics: [orders, revenue], by: [category], chart: table, period: this_month}") == []
    assert (
        with_tile("{title: T, metrics: [events.count.purchase], by: [country], chart: stacked, granularity: 1h}") == []
    )


@pytest.mark.parametrize(
    ("tile", "said"),
    [
        ("{title: T, metrics: [revenu], chart: line}", "There is no metric 'revenu'. Did you mean 'revenue'?"),
        ("{title: T, metrics: [], chart: line}", "A tile shows 1 to 8 metrics. For example metrics: [revenue]."),
        ("{title: T, metrics: [revenue], chart: lines}", "'lines' is not a chart. Did you mean 'line'?"),
        ("{title: T, metrics: [revenue], chart: line, granularity: 2d}", "'2d' is no length of a bucket."),
        ("{title: T, metrics: [revenue], chart: line, period: soon}", "'soon' is no name of a period."),
        ("{title: T, metrics: [revenue], chart: line, by: [categry]}", "There is no dimension 'categry'."),
        ("{title: T, metrics: [orders], chart: line, by: [city]}", "'city' is none of the dimensions of 'orders'."),
        ("{title: T, metrics: [revenue], chart: ranked}", "A ranked tile is cut by something. Add `by`."),
        ("{title: T, metrics: [revenue], chart: number, by: [category]}", "A tile of numbers is not cut."),
        ("{title: T, metrics: [revenue, mrr], chart: line, by: [category]}", "What is cut shows one metric."),
        (
            "{title: T, metrics: [revenue], chart: table, by: [category], granularity: 1d}",
            "A table tile has no buckets of time.",
        ),
        ("{title: T, metric: [revenue], chart: line}", "There is no 'metric' here. Did you mean 'metrics'?"),
        ("{metrics: [revenue], chart: line}", "'title' is missing."),
    ],
)
def test_a_mistake_in_a_tile_is_told_with_its_line(tile: str, said: str) -> None:
    found = with_tile(tile)
    assert found[0].startswith(f"pack.yaml:{LINE}: {said}")


def test_an_id_is_taken_once_and_a_dashboard_has_tiles() -> None:
    again = f"{HEAD}      - {{title: T, metrics: [revenue], chart: line}}\n  - {{id: shop, label: Again, tiles: []}}\n"
    assert [str(one) for one in problems(again)] == [f"pack.yaml:{LINE + 1}: A dashboard has 1 to 24 tiles."]
    twice = again.replace("tiles: []", "tiles: [{title: T, metrics: [mrr], chart: line}]")
    assert told(twice) == [
        f"pack.yaml:{LINE + 1}: The dashboard 'shop' is declared twice: here and in pack.yaml:{LINE - 3}."
    ]

"""Drawdowns: the deepest fall with its dates, against trying every pair of days."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from factbook.queries.trading.drawdowns import Drawdown, deepest, falls


def test_the_deepest_fall_has_its_peak_its_valley_and_its_recovery() -> None:
    assert deepest([100, 120, 90, 110, 120, 80], relative=True) == Drawdown(1, 5, None, 40, 1 / 3)
    assert deepest([100, 120, 90, 110, 120, 130], relative=True) == Drawdown(1, 2, 4, 30, 0.25)


def test_a_share_and_an_amount_may_choose_different_falls() -> None:
    equity = [10, 5, 100, 80, 100]
    assert deepest(equity, relative=True) == Drawdown(0, 1, 2, 5, 0.5)
    assert deepest(equity, relative=False) == Drawdown(2, 3, 4, 20, None)


def test_what_never_fell_has_none() -> None:
    assert deepest([1, 1, 2], relative=True) is None
    assert deepest([], relative=False) is None


@given(st.lists(st.integers(1, 30), min_size=1, max_size=30))
def test_no_pair_of_days_lies_further_apart(equity: list[int]) -> None:
    pairs = [(equity[i] - equity[j], i, j) for j in range(len(equity)) for i in range(j)]
    most = max((fall for fall, _, _ in pairs), default=0)
    found = deepest(equity, relative=False)
    assert max(falls(equity)) == max(most, 0)
    if most <= 0:
        assert found is None
        return
    assert found is not None
    assert (found.amount, found.peak < found.valley) == (most, True)
    assert equity[found.peak] == max(equity[: found.valley + 1])
    behind = [at for at in range(found.valley, len(equity)) if equity[at] >= equity[found.peak]]
    assert found.recovery == (behind[0] if behind else None)

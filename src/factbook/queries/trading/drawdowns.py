"""How far equity fell from its highest: the deepest fall with its peak, its valley, and when it was made good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Drawdown:
    """peak, valley, recovery: places in the curve; recovery is None where it has not come. share: of the peak, None
    without a capital."""

    peak: int
    valley: int
    recovery: int | None
    amount: float
    share: float | None


def deepest(equity: Sequence[float], *, relative: bool) -> Drawdown | None:
    """The deepest fall of the curve, by its share of the peak or by its amount; the first of several, None for none."""
    best, depth, top = None, 0.0, 0
    for place, each in enumerate(equity):
        if each > equity[top]:
            top = place
        fall = equity[top] - each
        fall = fall / equity[top] if relative else fall
        if fall > depth:
            best, depth = (top, place), fall
    if best is None:
        return None
    peak, valley = best
    recovery = next((at for at in range(valley, len(equity)) if equity[at] >= equity[peak]), None)
    return Drawdown(peak, valley, recovery, equity[peak] - equity[valley], depth if relative else None)


def falls(equity: Sequence[float]) -> list[float]:
    """At each place, how far it lies below the highest so far; 0 at a peak."""
    return [top - each for top, each in zip(accumulate(equity, max), equity, strict=True)]

"""The equity curve: each day's profit, what there was at its end, and how far below its highest that lies."""

from __future__ import annotations

from functools import partial
from typing import Any

from factbook.queries.inquiry import Inquiry

from .curve import fallen
from .drawdowns import falls
from .performance import curve_of, notes
from .question import Risk


async def equity_curve(asked: Inquiry, risk: Risk) -> dict[str, Any]:
    """Without a known capital `equity` is null, and `cumulative_pnl` alone draws the curve."""
    money, curve = await asked.reads.run(asked.scope, partial(curve_of, asked, risk), "equity")
    base = curve.capital.amount if curve.capital else None
    equity = curve.equity
    below, returns = falls(equity), curve.returns
    points = [
        {
            "date": day.isoformat(),
            "pnl": curve.pnl[at],
            "cumulative_pnl": equity[at + 1] - equity[0],
            "equity": None if base is None else equity[at + 1],
            "return": returns[at] if returns else None,
            "drawdown_amount": below[at + 1],
            "drawdown": None if base is None else below[at + 1] / (equity[at + 1] + below[at + 1]),
        }
        for at, day in enumerate(curve.days)
    ]
    fall = curve.deepest
    return {
        **asked.told,
        "currency": money.currency,
        "capital": curve.capital.told if curve.capital else None,
        "points": points,
        "deepest": None if fall is None else fallen(fall, curve),
        "notes": notes(curve),
    }

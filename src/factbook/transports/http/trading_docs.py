"""Examples of answers about trading, for the reference, and the columns of their files."""

from typing import Any

RATIOS = ("sharpe_ratio", "max_drawdown_amount")
POINTS = ("date", "pnl", "cumulative_pnl", "equity", "return", "drawdown_amount", "drawdown")
BARS = ("time", "open", "high", "low", "close", "volume", "vwap", "events", "complete")

_PERIOD = {
    "start_time": "2026-01-01T00:00:00-05:00",
    "end_time": "2026-03-01T00:00:00-05:00",
    "timezone": "America/New_York",
}
_TRADES: dict[str, Any] = {
    "total_trades": 120,
    "winning_trades": 66,
    "losing_trades": 53,
    "win_rate": 0.55,
    "total_pnl": 5400.0,
    "average_pnl": 45.0,
    "average_win": 170.0,
    "average_loss": 109.8,
    "profit_factor": 1.93,
    "payoff_ratio": 1.55,
    "expectancy": 45.0,
    "largest_win": 910.0,
    "largest_loss": -480.0,
    "average_holding_seconds": 5400.0,
}
_BRIEF = {"total_trades": 80, "win_rate": 0.6, "total_pnl": 4100.0, "average_pnl": 51.25}
_CAPITAL = {"amount": 100_000.0, "source": "balance.updated", "accounts": 1, "as_of": "2025-12-31T17:00:00-05:00"}
_DRAWDOWN = {
    "amount": 2100.0,
    "share": 0.0207,
    "peak_date": "2026-01-14",
    "valley_date": "2026-01-22",
    "recovery_date": "2026-02-03",
}
_CUT = {"is_cut": False, "shown": 1, "of": 1, "limit": 100}

PERFORMANCE: dict[str, Any] = {
    **_PERIOD,
    "currency": "USD",
    **_TRADES,
    "fees": 240.0,
    "net_pnl": 5160.0,
    "sharpe_ratio": 1.41,
    "sortino_ratio": 2.2,
    "calmar_ratio": 1.9,
    "volatility": 0.17,
    "total_return": 0.054,
    "annual_return": 0.38,
    "max_drawdown": 0.0207,
    "drawdown": _DRAWDOWN,
    "var_95": 0.012,
    "cvar_95": 0.017,
    "value_at_risk": {
        "historical": {"var_95": 0.012, "cvar_95": 0.017},
        "parametric": {"var_95": 0.0165, "cvar_95": 0.021},
    },
    "returns": {"days": 41, "counted": "weekdays", "days_a_year": 252, "risk_free_rate": 0.0},
    "exposure": 0.42,
    "capital": _CAPITAL,
    "strategy_breakdown": [{"strategy": "breakout", **_BRIEF}],
    "symbol_breakdown": [{"symbol": "GOOG", **_BRIEF}],
    "time_analysis": {
        "hour": [{"hour": 10, **_BRIEF}],
        "weekday": [{"weekday": 1, **_BRIEF}],
        "month": [{"month": 1, **_BRIEF}],
    },
    "notes": [],
}
EQUITY: dict[str, Any] = {
    **_PERIOD,
    "currency": "USD",
    "capital": _CAPITAL,
    "points": [
        {
            "date": "2026-01-02",
            "pnl": 310.0,
            "cumulative_pnl": 310.0,
            "equity": 100_310.0,
            "return": 0.0031,
            "drawdown_amount": 0.0,
            "drawdown": 0.0,
        }
    ],
    "deepest": _DRAWDOWN,
    "notes": [],
}
TIMES: dict[str, Any] = {
    **_PERIOD,
    "hour": [{"hour": 10, **_TRADES}],
    "weekday": [{"weekday": 1, **_TRADES}],
    "month": [{"month": 1, **_TRADES}],
}
ORDERS: dict[str, Any] = {
    **_PERIOD,
    "orders_placed": 400,
    "orders_filled": 360,
    "orders_canceled": 30,
    "orders_rejected": 10,
    "fills": 412,
    "fill_rate": 0.9,
    "cancel_rate": 0.075,
    "reject_rate": 0.025,
    "average_slippage": 0.012,
    "slippage_p95": 0.05,
    "average_latency": 41.0,
    "latency_p50": 35.0,
    "latency_p90": 70.0,
    "latency_p95": 88.0,
    "latency_p99": 140.0,
    "volume": 91_000.0,
    "fees": 240.0,
    "events": 800,
    "cancel_reasons": {"by_reason": {"timeout": 30}, "others": 0},
    "reject_reasons": {"by_reason": {"margin": 10}, "others": 0},
}
_CANDLE = {
    "time": "2026-02-27T00:00:00-05:00",
    "open": 171.2,
    "high": 173.9,
    "low": 170.4,
    "close": 173.1,
    "volume": 18_200.0,
    "vwap": 172.4,
    "events": 390,
    "complete": True,
}
CANDLES: dict[str, Any] = {
    **_PERIOD,
    "symbol": "GOOG",
    "interval": "1d",
    "source": "market",
    "candles": [_CANDLE],
    "gaps": [{"start_time": "2026-02-21T00:00:00-05:00", "end_time": "2026-02-23T00:00:00-05:00", "candles": 2}],
    "missing": 2,
    "next_cursor": "1769922000000",
    "notes": [],
}
INDICATORS: dict[str, Any] = {
    **_PERIOD,
    "symbol": "GOOG",
    "interval": "1d",
    "source": "market",
    "warm_up": 50,
    "candles": [_CANDLE],
    "indicators": {
        "macd_12_26_9": {
            "label": "MACD",
            "parameters": {"fast": 12, "slow": 26, "signal": 9},
            "unit": "price",
            "lines": {"macd": [1.2], "signal": [1.0], "histogram": [0.2]},
        }
    },
    "notes": [],
}


def listed(path: str, dimension: str) -> dict[str, Any]:
    """The example of a list by `dimension`."""
    return {
        path: [{dimension: "one", **_TRADES, "sharpe_ratio": 1.3, "max_drawdown_amount": 800.0}],
        **_PERIOD,
        "cut": _CUT,
    }

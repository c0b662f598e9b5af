"""The fields of trading records, each the metric that is its value."""

from __future__ import annotations

from factbook.queries.records import Fields

TRADES: Fields = {
    "total_trades": "trades",
    "winning_trades": "winning_trades",
    "losing_trades": "losing_trades",
    "win_rate": "win_rate",
    "total_pnl": "total_pnl",
    "average_pnl": "expectancy",
    "average_win": "average_win",
    "average_loss": "average_loss",
    "profit_factor": "profit_factor",
    "payoff_ratio": "payoff_ratio",
    "expectancy": "expectancy",
    "largest_win": "largest_win",
    "largest_loss": "largest_loss",
    "average_holding_seconds": "average_holding_time",
}
"""Of closed positions: all together, or those of one strategy, symbol, hour."""

COSTS: Fields = {"fees": "trading_fees", "net_pnl": "net_pnl"}
"""Of filled orders and closed positions together."""

BRIEF: Fields = {
    "total_trades": "trades",
    "win_rate": "win_rate",
    "total_pnl": "total_pnl",
    "average_pnl": "expectancy",
}
"""Of the breakdowns inside a record."""

ORDERS: Fields = {
    "orders_placed": "orders_placed",
    "orders_filled": "orders_filled",
    "orders_canceled": "orders_canceled",
    "orders_rejected": "orders_rejected",
    "fills": "fills",
    "fill_rate": "fill_rate",
    "cancel_rate": "cancel_rate",
    "reject_rate": "reject_rate",
    "average_slippage": "slippage",
    "slippage_p95": "slippage_p95",
    "average_latency": "fill_latency",
    "latency_p50": "fill_latency_p50",
    "latency_p90": "fill_latency_p90",
    "latency_p95": "fill_latency_p95",
    "latency_p99": "fill_latency_p99",
    "volume": "trading_volume",
    "fees": "trading_fees",
}

"""A made-up trading desk: four invented symbols, and three strategies, of which one falls for days and one stops."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp
from typing import Any

from .days import DAY, HOUR, MINUTE, SECOND, Chance, Fortnight, Happening

SYMBOLS = {"ALFA": 101.0, "BRVO": 42.5, "CHRL": 310.0, "DLTA": 7.8}
"""Symbol → its first price. None of them exists."""

ACCOUNT = {"account_id": "main"}
CAPITAL = 100_000.0
BAR = 30 * MINUTE
_FLAT = (1,) * 24
_ROUND = 3
_REASONS = ("insufficient margin", "price out of band", "market closed")


@dataclass(frozen=True, slots=True)
class Strategy:
    """trades: a day. wins: the share of trades that do. win, loss: what one brings or costs on average. falls: the days
    before the end (from, to) in which hardly any wins. stops: days before the end, where it did.
    """

    id: str
    trades: float
    wins: float
    win: float
    loss: float
    hours: float
    falls: tuple[float, float] = (0, 0)
    stops: float = 0


STRATEGIES = (
    Strategy("momentum", 14, 0.58, 310, 240, 3.0, falls=(5.5, 2.5)),
    Strategy("mean-reversion", 22, 0.69, 105, 180, 0.7),
    Strategy("breakout", 6, 0.38, 475, 320, 9.0, stops=3),
)


def trading(chance: Chance, fortnight: Fortnight) -> Iterator[Happening]:
    prices = _prices(chance, fortnight)
    yield from _bars(chance, fortnight, prices)
    results: list[tuple[int, float]] = []
    for strategy in STRATEGIES:
        yield Happening(fortnight.start, "strategy.started", {"strategy_id": strategy.id})
        until = fortnight.end - int(strategy.stops * DAY)
        for number, at in enumerate(fortnight.moments(chance, strategy.trades, _FLAT)):
            if at < until:
                yield from _trade(chance, fortnight, strategy, number, at, prices, results)
        if strategy.stops:
            yield Happening(until, "strategy.stopped", {"strategy_id": strategy.id, "reason": "daily loss limit"})
    yield from _balances(fortnight, results)


def _prices(chance: Chance, fortnight: Fortnight) -> Mapping[str, list[float]]:
    """The price of each symbol at every bar: a random walk."""
    bars = (fortnight.end - fortnight.start) // BAR + 2
    walks = {symbol: chance.normal(0.0001, 0.004, bars).cumsum() for symbol in SYMBOLS}
    return {symbol: [first * exp(walks[symbol][i]) for i in range(bars)] for symbol, first in SYMBOLS.items()}


def _bars(chance: Chance, fortnight: Fortnight, prices: Mapping[str, list[float]]) -> Iterator[Happening]:
    for symbol, walk in prices.items():
        for number, (first, last) in enumerate(pairwise(walk)):
            at = fortnight.start + (number + 1) * BAR
            if at > fortnight.end:
                break
            high, low = max(first, last) * 1.0015, min(first, last) * 0.9985
            bar = {"open": first, "high": high, "low": low, "close": last, "price": last}
            volume = int(chance.lognormal(6.5, 0.5))
            told = {name: round(price, _ROUND) for name, price in bar.items()}
            yield Happening(at, "market.data.update", {"symbol": symbol, **told, "volume": volume})


def _trade(
    chance: Chance,
    fortnight: Fortnight,
    strategy: Strategy,
    number: int,
    at: int,
    prices: Mapping[str, list[float]],
    results: list[tuple[int, float]],
) -> Iterator[Happening]:
    """A signal, the order that follows it, and where that is carried out the position and its end."""
    symbol = list(SYMBOLS)[int(chance.integers(len(SYMBOLS)))]
    price = prices[symbol][(at - fortnight.start) // BAR]
    side = "buy" if chance.random() < 0.6 else "sell"
    quantity = max(int(20_000 / price), 1)
    about = {"symbol": symbol, "strategy_id": strategy.id}
    strength = round(float(chance.beta(4, 2)), 2)
    yield Happening(at, "signal.generated", {**about, "side": side, "strength": strength})
    name = f"{strategy.id}-{number:04}"
    order = {**about, **ACCOUNT, "side": side, "order_type": "limit" if chance.random() < 0.7 else "market"}
    placed = at + SECOND
    filled = yield from _order(chance, {**order, "order_id": f"{name}-in"}, placed, quantity, price)
    if not filled:
        return
    position = {**about, **ACCOUNT, "position_id": name, "side": "long" if side == "buy" else "short"}
    opened = placed + 2 * SECOND
    yield Happening(opened, "position.opened", {**position, "quantity": quantity, "price": round(price, _ROUND)})
    held = int(strategy.hours * HOUR * float(chance.gamma(2, 0.5))) + MINUTE
    closed = opened + held
    if closed > fortnight.end:
        return
    pnl = _result(chance, strategy, fortnight.end - closed)
    leave = price + (pnl if side == "buy" else -pnl) / quantity
    back = {**order, "side": "sell" if side == "buy" else "buy", "order_type": "market", "order_id": f"{name}-out"}
    yield from _filled(chance, back, closed - 2 * SECOND, quantity, leave)
    told = {"quantity": quantity, "price": round(leave, _ROUND), "pnl": pnl, "holding_seconds": held // SECOND}
    yield Happening(closed, "position.closed", {**position, **told, "currency": "USD"})
    results.append((closed, pnl))


def _result(chance: Chance, strategy: Strategy, before_end: int) -> float:
    first, last = (int(days * DAY) for days in strategy.falls)
    wins = 0.22 if last <= before_end < first else strategy.wins
    size = strategy.win if chance.random() < wins else -strategy.loss
    return round(size * float(chance.gamma(3, 1 / 3)), 2)


def _order(
    chance: Chance, order: dict[str, Any], at: int, quantity: int, price: float
) -> Generator[Happening, None, bool]:
    """Yields what becomes of it; its result says whether it was filled."""
    chances = chance.random()
    if chances < 0.9:
        yield from _filled(chance, order, at, quantity, price)
        return True
    yield Happening(at, "order.placed", {**order, "quantity": quantity, "price": round(price, _ROUND)})
    if chances < 0.97:
        over = at + int(chance.integers(60, 1800)) * SECOND
        yield Happening(over, "order.canceled", {**order, "quantity": quantity, "reason": "expired"})
    else:
        reason = _REASONS[int(chance.integers(len(_REASONS)))]
        yield Happening(at + 40, "order.rejected", {**order, "quantity": quantity, "reason": reason})
    return False


def _filled(chance: Chance, order: dict[str, Any], at: int, quantity: int, price: float) -> Iterator[Happening]:
    """In one part or two."""
    yield Happening(at, "order.placed", {**order, "quantity": quantity, "price": round(price, _ROUND)})
    parts = [quantity // 3, quantity - quantity // 3] if quantity > 3 and chance.random() < 0.15 else [quantity]
    latency = float(chance.lognormal(4.2, 0.6))
    for part in parts:
        slip = round(abs(float(chance.normal(0, 0.0004))) * price, 4)
        volume = round(part * price, 2)
        told = {"quantity": part, "price": round(price + slip, _ROUND), "volume": volume, "slippage": slip}
        paid = {"fee": round(volume * 0.00005, 4), "currency": "USD", "latency_ms": round(latency, 1)}
        yield Happening(at + int(latency), "order.filled", {**order, **told, **paid})
        latency *= 2


def _balances(fortnight: Fortnight, results: list[tuple[int, float]]) -> Iterator[Happening]:
    """What the account is worth, every six hours, as far as positions were closed."""
    for at in range(fortnight.start, fortnight.end, 6 * HOUR):
        worth = CAPITAL + sum(pnl for closed, pnl in results if closed <= at)
        yield Happening(at, "balance.updated", {**ACCOUNT, "currency": "USD", "balance": round(worth, 2)})

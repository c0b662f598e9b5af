"""Trading over HTTP: performance, strategies, symbols, times, orders, equity, candles and indicators."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from factbook.core.errors import Kind, invalid
from factbook.queries.behaviour.reading import one_of
from factbook.queries.inquiry import Inquiry
from factbook.queries.trading import breakdowns, candles, indicator_values
from factbook.queries.trading.chosen import chosen
from factbook.queries.trading.cuts import TIMES
from factbook.queries.trading.equity import equity_curve
from factbook.queries.trading.fields import ORDERS, TRADES
from factbook.queries.trading.indicators import INDICATORS
from factbook.queries.trading.intervals import interval
from factbook.queries.trading.orders import CUTS, orders
from factbook.queries.trading.performance import performance
from factbook.queries.trading.question import DEFAULT_PERIOD, Risk, risk
from factbook.services import Services

from . import trading_docs as docs
from .inquiries import inquiry_of
from .reading import FILTER_SYNTAX, answer, documented
from .rows_as_csv import rows_as_csv

_Text = str | None
_Format = Annotated[Literal["json", "csv"], Query(description="json, or csv of the rows.")]
_Limit = Annotated[int, Query(ge=1, le=breakdowns.MAX_LISTED, description="Rows told.")]
_RISK = ("days", "days_a_year", "risk_free_rate", "starting_capital")
_OTHERS = ("format", "order", "limit", "by", "symbol", "interval", "source", "names", "warm_up", "cursor")
_ABOUT = "Over the last 365 days where no period is given. docs/trading.md tells every formula. " + FILTER_SYNTAX


def router(services: Services) -> APIRouter:
    """Under /api/v1/analytics/trading."""
    routes = APIRouter(prefix="/api/v1/analytics/trading", tags=["Trading"])
    _results(routes, services)
    _lists(routes, services)
    _prices(routes, services)
    return routes


def _risk(
    days: Annotated[_Text, Query(description="Days with a return: weekdays (and days with a trade), or all.")] = None,
    days_a_year: Annotated[_Text, Query(description="To annualise; 252 of weekdays, 365 of all.")] = None,
    risk_free_rate: Annotated[_Text, Query(description="A year's, as a fraction; 0 where absent.")] = None,
    starting_capital: Annotated[
        _Text, Query(description="At the start of the period; the accounts' balances where absent.")
    ] = None,
) -> Risk:
    return risk(
        {
            "days": days,
            "days_a_year": days_a_year,
            "risk_free_rate": risk_free_rate,
            "starting_capital": starting_capital,
        }
    )


def _asked(services: Services, default: str = DEFAULT_PERIOD) -> Callable[..., Inquiry]:
    """A dependency: the question that a query string asks, of the caller's tenant."""
    return inquiry_of(services, reserved=(*_RISK, *_OTHERS), default=default)


def _results(routes: APIRouter, services: Services) -> None:
    question = Depends(_asked(services))

    @routes.get(
        "/performance",
        summary="How trading went, and what was risked for it",
        description="Closed positions only: open ones are no trades. Figures that need a capital are null without one,"
        " and `notes` say why. " + _ABOUT,
        responses=documented(docs.PERFORMANCE, Kind.CONFLICT),
    )
    async def of_performance(asked: Annotated[Inquiry, question], how: Annotated[Risk, Depends(_risk)]) -> Response:
        return answer(await performance(asked, how))

    @routes.get(
        "/equity-curve",
        summary="Equity day by day, with returns and drawdown",
        description=_ABOUT,
        responses=documented(docs.EQUITY, Kind.CONFLICT),
    )
    async def of_equity(
        asked: Annotated[Inquiry, question], how: Annotated[Risk, Depends(_risk)], format: _Format = "json"
    ) -> Response:
        told = await equity_curve(asked, how)
        return rows_as_csv(told["points"], docs.POINTS, "equity") if format == "csv" else answer(told)

    @routes.get(
        "/time-analysis",
        summary="Trades by hour, weekday and month",
        description="By when positions were closed, on the wall clock: hours 0 to 23, weekdays 1 (Monday) to 7. "
        + _ABOUT,
        responses=documented(docs.TIMES, Kind.CONFLICT),
    )
    async def of_times(
        asked: Annotated[Inquiry, question],
        by: Annotated[_Text, Query(description="Of a csv: hour, weekday or month.")] = None,
        format: _Format = "json",
    ) -> Response:
        cut = one_of(by or "hour", TIMES, "by")
        told = await breakdowns.times(asked)
        if format == "csv":
            return rows_as_csv(told[cut], [cut, *TRADES], f"trades-by-{cut}")
        return answer({**asked.told, **(told if by is None else {cut: told[cut]})})

    @routes.get(
        "/orders",
        summary="What became of orders",
        description="Fill, cancel and reject rates, slippage, and how long fills took. `by` cuts them by "
        + ", ".join(CUTS)
        + ". "
        + _ABOUT,
        responses=documented(docs.ORDERS, Kind.CONFLICT),
    )
    async def of_orders(
        asked: Annotated[Inquiry, question],
        by: Annotated[_Text, Query(description=", ".join(CUTS) + ".", examples=["symbol"])] = None,
        limit: _Limit = 100,
        format: _Format = "json",
    ) -> Response:
        cut = one_of(by, CUTS, "by") if by else None
        if format == "csv" and cut is None:
            raise invalid("A file of orders has rows.", field="by", hint="Use " + ", ".join(CUTS) + ".")
        told = await orders(asked, by=cut, limit=limit)
        return rows_as_csv(told["rows"], [cut or "", *ORDERS], "orders") if format == "csv" else answer(told)


def _lists(routes: APIRouter, services: Services) -> None:
    question = Depends(_asked(services))

    def listed(path: str, dimension: str) -> None:
        async def each(
            asked: Annotated[Inquiry, question],
            how: Annotated[Risk, Depends(_risk)],
            order: Annotated[str, Query(description="A field of the rows; - in front: largest first.")] = "-total_pnl",
            limit: _Limit = 100,
            format: _Format = "json",
        ) -> Response:
            told = await breakdowns.listed(asked, how, dimension, order=order, limit=limit)
            if format == "csv":
                return rows_as_csv(told["rows"], [dimension, *TRADES, *docs.RATIOS], path)
            return answer({path: told.pop("rows"), **told})

        routes.add_api_route(
            f"/{path}",
            each,
            name=path,
            summary=f"Trades by {dimension}",
            description="Each with the Sharpe ratio of its daily profit and its deepest fall as an amount, which need"
            f" no capital. `cut` says how many there are. {_ABOUT}",
            responses=documented(docs.listed(path, dimension), Kind.CONFLICT),
        )

    listed("strategies", "strategy")
    listed("symbols", "symbol")


def _prices(routes: APIRouter, services: Services) -> None:
    question = Depends(_asked(services, "last_30_days"))
    symbols = Annotated[str, Query(min_length=1, max_length=200, description="As events name it.", examples=["GOOG"])]
    intervals = Annotated[str, Query(description="A number with s, m, h, d, w, mo, q or y.", examples=["4h"])]
    sources = Annotated[_Text, Query(description="market or trades; market where it has the symbol.")]

    def named(source: str | None) -> str | None:
        return one_of(source, tuple(candles.SOURCES), "source") if source else None

    @routes.get(
        "/candles",
        summary="Open, high, low, close and volume",
        description="Of market.data.update events where they name the symbol, else of order.filled. An interval without"
        " an event has no candle: `gaps` tell where. Candles that the present or the period cuts have `complete` false."
        " Over the last 30 days where no period is given. " + FILTER_SYNTAX,
        responses=documented(docs.CANDLES),
    )
    async def of_candles(
        asked: Annotated[Inquiry, question],
        symbol: symbols,
        interval_: Annotated[intervals, Query(alias="interval")] = "1d",
        source: sources = None,
        limit: Annotated[int, Query(ge=1, le=candles.MAX_CANDLES, description="Candles, the newest.")] = 1000,
        cursor: Annotated[_Text, Query(description="`next_cursor`: the candles before.")] = None,
        format: _Format = "json",
    ) -> Response:
        each, before = interval(interval_, asked.calendar), candles.cursor_of(cursor)
        read = partial(candles.candles, asked, symbol, each, source=named(source), limit=limit, before=before)
        told = candles.told(asked, await services.reads.run(asked.scope, read, "candles"))
        return rows_as_csv(told["candles"], docs.BARS, "candles") if format == "csv" else answer(told)

    @routes.get(
        "/indicators",
        summary="Technical indicators of a symbol's candles",
        description="`names` are " + ", ".join(INDICATORS) + ", with parameters behind them where others are wanted:"
        " sma_50, macd_12_26_9. Values are null while an indicator warms up; `warm_up` candles before the period are"
        " read for it. No value looks ahead. " + FILTER_SYNTAX,
        responses=documented(docs.INDICATORS),
    )
    async def of_indicators(
        asked: Annotated[Inquiry, question],
        symbol: symbols,
        names: Annotated[str, Query(description="Joined by commas.", examples=["rsi,macd"])],
        interval_: Annotated[intervals, Query(alias="interval")] = "1d",
        source: sources = None,
        limit: Annotated[int, Query(ge=1, le=candles.MAX_CANDLES, description="Candles, the newest.")] = 1000,
        warm_up: Annotated[int, Query(ge=0, le=indicator_values.MAX_WARM_UP, description="Candles read before.")] = 0,
        format: _Format = "json",
    ) -> Response:
        each, wanted, of = interval(interval_, asked.calendar), chosen(names), named(source)
        read = partial(indicator_values.told, asked, wanted, symbol, each, source=of, limit=limit, warm_up=warm_up)
        told = await services.reads.run(asked.scope, read, "indicators")
        if format == "json":
            return answer(told)
        rows, columns = indicator_values.table(told)
        return rows_as_csv(rows, columns, "indicators")

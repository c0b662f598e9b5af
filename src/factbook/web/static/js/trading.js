// Trading: what it brought and what was risked, the equity with its drawdown, strategies and symbols, prices with indicators.
import { address, get } from "./api.js";
import { AskingPage, tiles, told as period } from "./asking.js";
import { byId, el, message, setText } from "./dom.js";
import { written } from "./figures.js";
import * as format from "./format.js";
import { isAboutRates, ratesForm } from "./rates-form.js";
import { Chart } from "./retention/pictures.js";
import { plainTable } from "./retention/table.js";
import { equity, prices } from "./trading/pictures.js";

const PATH = "/api/v1/analytics/trading/";
const OF_PRICES = { symbol: "", interval: "1d", over: "sma_20", below: "rsi" };
const USUAL = { period: "12mo", start_time: "", end_time: "", starting_capital: "", days: "weekdays", risk_free_rate: "", ...OF_PRICES };
const WARM_UP = 100;
const PERCENT = { unit: "percent", decimals: 1 };
const NUMBER = { unit: "number", decimals: 2 };
const COUNT = { unit: "count" };
const SHOWN = 20;

class TradingPage extends AskingPage {
  changed(part) {
    if (Object.keys(part).every((name) => name in OF_PRICES)) loadPrices();
    else this.load();
  }
}

const wayOut = (problem) => (isAboutRates(problem) ? ratesForm(problem, () => page.load()).catch(() => null) : null);
const page = new TradingPage("/trading", USUAL, draw, { forms: [byId("question"), byId("chosen")], wayOut });
let underPrices = new AbortController();
const charts = {};

/** The parameters of performance, equity curve and lists. */
const ofResults = () => page.parameters("starting_capital", "days", "risk_free_rate");

/** The parameters of the indicators, which come with their candles. */
function ofPrices() {
  const { period: name, start_date, end_date } = page.parameters();
  const { symbol, interval, over, below } = page.asked;
  return { period: name, start_date, end_date, symbol, interval, names: [over, below].filter(Boolean).join(",") || "sma_20", warm_up: WARM_UP, limit: 500 };
}

async function draw(signal) {
  const parts = ["performance", "equity-curve", "strategies", "symbols"].map((name) => get(PATH + name, ofResults(), { signal }));
  const [record, curve, strategies, symbols] = await Promise.all(parts);
  byId("message").replaceChildren(...(record.total_trades ? record.notes.map((note) => message(note)) : [nobody()]));
  byId("answer").hidden = false;
  showRecord(record);
  byId("results").hidden = !record.total_trades;
  if (record.total_trades) showResults(record, curve, strategies, symbols);
  byId("known").replaceChildren(...symbols.symbols.map(({ symbol }) => el("option", { value: symbol ?? "" })));
  page.asked.symbol ||= symbols.symbols[0]?.symbol ?? "";
  await loadPrices();
}

function showRecord(record) {
  const money = { unit: "currency", currency: record.currency, decimals: 2 };
  tiles([
    ["Profit and loss", record.total_pnl, money, record.net_pnl === null ? "" : `${written(record.net_pnl, money)} after fees`],
    ["Trades", record.total_trades, COUNT, `${format.count(record.winning_trades)} won`],
    ["Win rate", record.win_rate, PERCENT, `${written(record.average_win, money)} against ${written(record.average_loss, money)}`],
    ["Profit factor", record.profit_factor, NUMBER, `${written(record.expectancy, money)} a trade`],
    ["Sharpe ratio", record.sharpe_ratio, NUMBER, `Sortino ${written(record.sortino_ratio, NUMBER)}`],
    ["Maximum drawdown", record.max_drawdown, PERCENT, `Calmar ${written(record.calmar_ratio, NUMBER)}`],
    ["Value at risk, a day", record.var_95, PERCENT, `beyond it ${written(record.cvar_95, PERCENT)}`],
    ["Exposure", record.exposure, PERCENT, "of the time"],
  ]);
  const base = record.capital ? ` Capital ${written(record.capital.amount, money)}.` : "";
  setText(byId("found"), `${period(record, "date")}; ${format.count(record.returns.days)} days.${base}`);
}

function showResults(record, curve, strategies, symbols) {
  const money = { unit: "currency", currency: record.currency, decimals: 2 };
  const day = (date) => (date ? format.time(date, "date", "UTC") : null);
  charts.equity ??= new Chart(byId("equity"));
  const last = curve.points.at(-1);
  charts.equity.show(equity(curve), `Equity by day: ${written(last.equity ?? last.cumulative_pnl, money)} on ${day(last.date)}`);
  const fall = curve.deepest;
  const ends = fall?.recovery_date ? `, made good on ${day(fall.recovery_date)}` : ", not made good yet";
  setText(byId("fall"), fall ? `Deepest fall: ${written(fall.amount, money)}, from ${day(fall.peak_date) ?? "the beginning"} to ${day(fall.valley_date)}${ends}.` : "It never fell.");
  const rows = curve.points.map((point) => [day(point.date), written(point.pnl, money), written(point.equity ?? point.cumulative_pnl, money), written(point.drawdown_amount, money)]);
  byId("equity-table").replaceChildren(plainTable("Equity", ["Day", "Profit", curve.capital ? "Equity" : "So far", "Below its highest"], rows));
  const heads = ["Profit", "Trades", "Win rate", "Profit factor", "Sharpe"];
  const cells = (one) => [written(one.total_pnl, money), format.count(one.total_trades), written(one.win_rate, PERCENT), written(one.profit_factor, NUMBER), written(one.sharpe_ratio, NUMBER)];
  for (const [name, key, told] of [["strategies", "strategy", strategies], ["symbols", "symbol", symbols]]) {
    byId(name).replaceChildren(plainTable(name, [key.replace(/^./, (first) => first.toUpperCase()), ...heads], told[name].slice(0, SHOWN).map((one) => [one[key] ?? "none", ...cells(one)])));
    byId(`${name}-csv`).href = address(PATH + name, { ...ofResults(), limit: 1000, format: "csv" });
  }
  byId("equity-csv").href = address(`${PATH}equity-curve`, { ...ofResults(), format: "csv" });
}

async function loadPrices() {
  underPrices.abort();
  underPrices = new AbortController();
  page.showQuestion();
  const about = byId("prices-about");
  byId("prices").hidden = true;
  byId("prices-table").replaceChildren();
  if (!page.asked.symbol) return setText(about, "Choose a symbol.");
  try {
    const told = await get(`${PATH}indicators`, ofPrices(), { signal: underPrices.signal });
    setText(about, told.notes.join(" ") || `${page.asked.symbol}, ${format.count(told.candles.length)} candles from ${told.source === "trades" ? "trades" : "market data"}.`);
    if (!told.candles.length) return undefined;
    byId("prices").hidden = false;
    charts.prices ??= new Chart(byId("prices"));
    const last = told.candles.at(-1);
    charts.prices.show(prices(told), `${page.asked.symbol} by ${page.asked.interval}: ${written(last.close, { unit: "number", decimals: 4 })} at ${format.time(last.time, "full", told.timezone)}`);
    const lines = Object.entries(told.indicators).flatMap(([name, one]) => Object.entries(one.lines).map(([line, values]) => [name === line ? one.label : `${one.label}, ${line}`, values]));
    const rows = told.candles.map((candle, at) => [format.time(candle.time, "full", told.timezone), ...["open", "high", "low", "close", "volume"].map((side) => format.decimal(candle[side], 4)), ...lines.map(([, values]) => format.decimal(values[at], 4))]);
    byId("prices-table").replaceChildren(plainTable("Prices", ["From", "Open", "High", "Low", "Close", "Volume", ...lines.map(([name]) => name)], rows));
  } catch (problem) {
    if (problem.name !== "AbortError") setText(about, [problem.message, problem.hint].filter(Boolean).join(" "));
  }
  return undefined;
}

/** Nothing was closed: what to do next. */
const nobody = () => page.nothing("No position was closed", `Trades are position.closed events with the property pnl; none came in ${page.when}.`, el("a", { class: "button", href: "/docs" }, "How to send events"));

page.begin();

// What the page asks, in its address: any of it may be sent to somebody else. Other parameters are filters, as in the API.
import { address } from "../api.js";

export const USUAL = { period: "12mo", start_time: "", end_time: "", starting_capital: "", days: "weekdays", risk_free_rate: "", symbol: "", interval: "1d", over: "sma_20", below: "rsi" };
const OF_PRICES = ["symbol", "interval", "over", "below"];
const WARM_UP = 100;

export function read() {
  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(Object.keys(USUAL).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
  const filters = [...query].filter(([name]) => !(name in USUAL));
  return { ...USUAL, ...given, filters, period: given.start_time || given.end_time ? "" : (given.period ?? USUAL.period) };
}

function filtered({ filters }) {
  const found = {};
  for (const [name, value] of filters) (found[name] ??= []).push(value);
  return found;
}

export const pageAddress = (asked) => address("/trading", { ...Object.fromEntries(Object.entries(USUAL).filter(([name, usual]) => asked[name] !== usual).map(([name]) => [name, asked[name]])), ...filtered(asked) });

const span = ({ period, start_time, end_time }) => ({ period, start_date: start_time, end_date: end_time });

/** The parameters of performance, equity curve and lists. */
export function ofResults(asked) {
  const rest = Object.fromEntries(["starting_capital", "days", "risk_free_rate"].map((name) => [name, asked[name]]));
  return { ...span(asked), ...rest, ...filtered(asked) };
}

/** The parameters of the indicators, which come with their candles. */
export const ofPrices = (asked) => ({ ...span(asked), symbol: asked.symbol, interval: asked.interval, names: [asked.over, asked.below].filter(Boolean).join(",") || "sma_20", warm_up: WARM_UP, limit: 500 });

/** Whether a change of `name` asks for prices alone. */
export const isOfPrices = (name) => OF_PRICES.includes(name);

// What the page asks, in its address: any of it may be sent to somebody else. Other parameters are filters, as in the API.
import { address } from "../api.js";

export const USUAL = { period: "24h", start_time: "", end_time: "", service: "", apdex_ms: "", slo: "" };

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

export const pageAddress = (asked) => address("/systems", { ...Object.fromEntries(Object.entries(USUAL).filter(([name, usual]) => asked[name] !== usual).map(([name]) => [name, asked[name]])), ...filtered(asked) });

/** The parameters that every read here takes, and `names` of the others. */
export function parameters(asked, ...names) {
  const { period, start_time, end_time, service } = asked;
  const rest = Object.fromEntries(names.filter((name) => asked[name]).map((name) => [name, asked[name]]));
  return { period, start_date: start_time, end_date: end_time, ...(service ? { service } : {}), ...rest, ...filtered(asked) };
}

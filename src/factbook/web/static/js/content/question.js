// What the page asks, in its address: any of it may be sent to somebody else. Other parameters are filters, as in the API.
import { address } from "../api.js";

export const USUAL = { period: "30d", start_time: "", end_time: "", order: "-total_views", content: "" };

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

export const pageAddress = (asked) => address("/content", { ...Object.fromEntries(Object.entries(USUAL).filter(([name, usual]) => asked[name] !== usual).map(([name]) => [name, asked[name]])), ...filtered(asked) });

/** The parameters of every part of the answer. */
export const about = (asked) => ({ period: asked.period, start_date: asked.start_time, end_date: asked.end_time, ...filtered(asked) });

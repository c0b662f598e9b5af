// What the page asks, in its address: any of it may be sent to somebody else.
import { address } from "../api.js";

export const USUAL = {
  period: "30d",
  start_time: "",
  end_time: "",
  funnel_name: "",
  steps: "",
  order: "",
  window: "",
  count: "people",
  exclusions: "",
  breakdown: "",
  hold_constant: "",
};

export function read() {
  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(Object.keys(USUAL).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
  return { ...USUAL, ...given, period: given.start_time || given.end_time ? "" : (given.period ?? USUAL.period) };
}

export const pageAddress = (asked) => address("/funnels", Object.fromEntries(Object.entries(asked).filter(([name, value]) => value !== USUAL[name])));

/** The parameters of /funnel/analysis. */
export function ofFunnel({ start_time, end_time, ...asked }) {
  return { ...asked, steps: asked.funnel_name ? "" : asked.steps, start_date: start_time, end_date: end_time };
}

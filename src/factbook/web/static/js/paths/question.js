// What the page asks, in its address: any of it may be sent to somebody else.
import { address } from "../api.js";

export const USUAL = {
  period: "30d",
  start_time: "",
  end_time: "",
  direction: "forward",
  point: "",
  nodes: "event_type",
  groups: "",
  by: "session",
  depth: "5",
  min_count: "1",
  conversion: "",
  dimension: "referrer_source",
  lookback_days: "30",
  told: "conversions",
};
const OF_PATHS = ["direction", "point", "nodes", "groups", "by", "depth", "min_count", "conversion"];
const OF_ATTRIBUTION = ["conversion", "dimension", "lookback_days"];

export function read() {
  const query = new URLSearchParams(location.search);
  const given = Object.fromEntries(Object.keys(USUAL).filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
  return { ...USUAL, ...given, period: given.start_time || given.end_time ? "" : (given.period ?? USUAL.period) };
}

export const pageAddress = (asked) => address("/paths", Object.fromEntries(Object.entries(asked).filter(([name, value]) => value !== USUAL[name])));

const chosen = ({ period, start_time, end_time, ...asked }, names) => ({ period, start_date: start_time, end_date: end_time, ...Object.fromEntries(names.map((name) => [name, asked[name]])) });

export const ofPaths = (asked) => chosen(asked, OF_PATHS);
export const ofAttribution = (asked) => chosen(asked, OF_ATTRIBUTION);

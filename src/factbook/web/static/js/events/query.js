// The explorer's filters as an address: of the page (shareable) and of the API (the same names, the range made into times).
import { address } from "../api.js";
import { period } from "../range.js";

export const OPERATORS = {
  eq: "is",
  ne: "is not",
  gt: "is above",
  gte: "is at least",
  lt: "is below",
  lte: "is at most",
  contains: "contains",
  in: "is one of",
  exists: "exists",
};
export const FIELDS = ["event_type", "user_id", "session_id", "content_id", "resource_type", "resource_id"];
const HOUR = 3_600_000;

/** From the page's query string: {range, start_time, end_time, include_bots, FIELDS…, properties: [{name, operator, value}]}. */
export function parse(search) {
  const query = new URLSearchParams(search);
  const text = (name) => query.get(name) ?? "";
  const custom = query.has("start_time") || query.has("end_time");
  const properties = [...query].filter(([key]) => key.startsWith("property.")).map(([key, value]) => property(key, value));
  const fields = Object.fromEntries(FIELDS.map((name) => [name, text(name)]));
  return {
    range: custom ? "custom" : text("range") || "24h",
    start_time: text("start_time"),
    end_time: text("end_time"),
    include_bots: text("include_bots") === "true",
    ...fields,
    properties,
  };
}

function property(key, value) {
  const path = key.slice("property.".length);
  const dot = path.lastIndexOf(".");
  const last = path.slice(dot + 1);
  return dot > 0 && Object.hasOwn(OPERATORS, last) ? { name: path.slice(0, dot), operator: last, value } : { name: path, operator: "eq", value };
}

function conditions(filters) {
  const named = FIELDS.map((name) => [name, filters[name]]);
  const properties = filters.properties
    .filter(({ name, operator, value }) => name && (value !== "" || operator === "exists"))
    .map(({ name, operator, value }) => [`property.${name}.${operator}`, value === "" ? "true" : value]);
  const grouped = {};
  for (const [key, value] of [...named, ...properties]) if (value) (grouped[key] ??= []).push(value);
  return { ...grouped, ...(filters.include_bots ? { include_bots: "true" } : {}) };
}

/** The page's own address for these filters. */
export function pageAddress(filters) {
  const times = filters.range === "custom" ? { start_time: filters.start_time, end_time: filters.end_time } : { range: filters.range };
  return address("/events", { ...times, ...conditions(filters) });
}

/** The parameters of GET /api/v1/events, its export and its curl line. */
export function parameters(filters, now = Date.now()) {
  return { ...times(filters, now), ...conditions(filters) };
}

function times({ range, start_time, end_time }, now) {
  const iso = (ms) => new Date(ms).toISOString();
  if (range === "custom") return { start_time, end_time };
  if (range === "all") return { start_time: "1970-01-01T00:00:00Z" };
  if (range === "1h") return { start_time: iso(now - HOUR) };
  if (range === "24h") return { start_time: iso(now - 24 * HOUR) };
  return { start_time: period({ preset: range }, now).start };
}

// How the values of a metric are written: by its unit, its currency and its decimals; and how they changed.
import { el } from "./dom.js";
import * as format from "./format.js";

const SIZES = [
  [1e12, "terabyte"],
  [1e9, "gigabyte"],
  [1e6, "megabyte"],
  [1e3, "kilobyte"],
  [0, "byte"],
];
const SPANS = [
  [172_800, 86_400, "day"],
  [7200, 3600, "hour"],
  [120, 60, "minute"],
  [1, 1, "second"],
  [0, 0.001, "millisecond"],
];

function duration(seconds) {
  if (seconds === 0) return format.measured(0, "second");
  const [, size, unit] = SPANS.find(([from]) => Math.abs(seconds) >= from);
  return format.measured(seconds / size, unit);
}

function bytes(value) {
  const [size, unit] = SIZES.find(([from]) => Math.abs(value) >= from);
  return format.measured(value / (size || 1), unit);
}

const WRITE = {
  count: (value) => (Number.isInteger(value) || Math.abs(value) >= 1000 ? format.count(value) : format.decimal(value, 1)),
  number: (value, { decimals }) => format.decimal(value, Math.abs(value) < 1000 ? Math.max(decimals, 2) : decimals),
  currency: (value, { currency }) => format.money(value, currency),
  percent: (value, { decimals }) => format.percent(value, Math.max(decimals, 1)),
  seconds: duration,
  milliseconds: (value) => duration(value / 1000),
  days: (value) => format.measured(value, "day"),
  bytes,
  score: (value, { decimals }) => format.decimal(value, Math.max(decimals, 1)),
};
const BRIEF = {
  currency: (value, { currency }) => format.shortMoney(value, currency),
  percent: (value) => format.percent(value),
  seconds: duration,
  milliseconds: (value) => duration(value / 1000),
  bytes,
};

const isKnown = (value) => value !== null && value !== undefined;

/** `value` of `metric` ({unit, currency?, decimals}) in full; a dash where there is none. */
export function written(value, metric) {
  return isKnown(value) ? (WRITE[metric.unit] ?? WRITE.number)(value, metric) : format.UNKNOWN;
}

/** An element with `value` as a figure: smaller where it is long. */
export function figure(value, metric) {
  const text = written(value, metric);
  return el("span", { class: text.length > 10 ? "figure long" : "figure" }, text);
}

/** `value` in as few characters as an axis has room for. */
export function brief(value, metric) {
  return isKnown(value) ? (BRIEF[metric.unit] ?? format.short)(value, metric) : format.UNKNOWN;
}

/** Whether more is "good" or "bad" news for the metric, "" where it is neither. */
export function tone(direction, { good }) {
  if (!direction || good === "neither") return "";
  return direction > 0 === (good === "up") ? "good" : "bad";
}

const ARROWS = { 1: "▲", "-1": "▼" };
const WORDS = { good: "better", bad: "worse" };

/** How `now` stands to `before`: an arrow, the change (of a percentage in points), and its colour; null where that cannot be said. */
export function changed(now, before, metric) {
  if (!isKnown(now) || !isKnown(before)) return null;
  const change = metric.unit === "percent" ? format.points(now, before) : format.change(now, before);
  if (!change || !change.direction) return el("span", { class: "change" }, change || now === before ? "unchanged" : "new");
  const news = tone(change.direction, metric);
  return el(
    "span",
    { class: `change ${news}` },
    el("span", { "aria-hidden": "true" }, `${ARROWS[change.direction]} `),
    change.text,
    news ? el("span", { class: "away" }, ` (${WORDS[news]})`) : null,
  );
}

/** What the answer's `error` of a metric says, as sentences. */
export function known({ error = {} }) {
  const percent = (share) => format.percent(share, 2);
  return [
    error.distinct ? `Distinct counts: exact to ${format.count(error.distinct.exact_up_to)}, beyond that within a standard error of ${percent(error.distinct.relative_standard_error)}.` : null,
    error.quantile ? `Quantiles: within ${percent(error.quantile.relative_error)} of the value.` : null,
  ].filter(Boolean);
}

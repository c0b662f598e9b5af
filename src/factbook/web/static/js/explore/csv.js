// The answer as CSV: one line a row and bucket, or one a row where there are no buckets; no text that a spreadsheet would compute.
import { nameOf } from "./rows.js";

const RISKY = /^[=+\-@\t\r]/;

function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = RISKY.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const line = (cells) => cells.map(cell).join(",");

/** Every number of `answer`, unrounded. */
export function csv(answer) {
  const metrics = answer.metrics.map(({ id }) => id);
  const rows = answer.rows ?? [answer.total];
  const names = (row) => answer.dimensions.map(({ id }) => nameOf(row, { id }, { none: "(none)", other: "(other)" }));
  const heads = answer.dimensions.map(({ id }) => id);
  return `${(answer.times ? byTime : byRow)(answer, metrics, rows, names, heads).join("\n")}\n`;
}

function byRow(answer, metrics, rows, names, heads) {
  const parts = ["previous", "change", "share"].filter((part) => rows.some((row) => row[part]));
  const columns = metrics.flatMap((id) => [["values", id], ...parts.map((part) => [part, id])]);
  const head = line([...heads, ...columns.map(([part, id]) => (part === "values" ? id : `${id}.${part}`))]);
  return [head, ...rows.map((row) => line([...names(row), ...columns.map(([part, id]) => row[part]?.[id])]))];
}

function byTime(answer, metrics, rows, names, heads) {
  const parts = Object.keys(answer.total).filter((part) => part === "running_total" || part.startsWith("moving_average_"));
  const compared = answer.compare ? ["previous_series"] : [];
  const columns = metrics.flatMap((id) => ["series", ...compared, ...parts].map((part) => [part, id]));
  const titles = { series: (id) => id, previous_series: (id) => `${id}.previous` };
  const head = line(["time", ...heads, ...columns.map(([part, id]) => titles[part]?.(id) ?? `${id}.${part}`)]);
  const lines = rows.flatMap((row) => answer.times.map((time, at) => line([time, ...names(row), ...columns.map(([part, id]) => row[part]?.[id]?.[at])])));
  return [head, ...lines];
}

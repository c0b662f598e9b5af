// From an answer to what is drawn of it: which series, in which colours, on which axis; pure data, for the chart and the table by time.
import { title } from "./rows.js";

/** Rows drawn beside each other; the table has all of them. */
export const MOST = 8;
const MOST_BARS = 30;
const MOST_PAST = 3; // dashed lines of earlier periods that can still be told apart
const ADDS_UP = /^(count of |sum\(|sum of the newest |number alive by )/;

export const KINDS = { line: "Lines", area: "Area", bar: "Bars", stacked: "Stacked" };

/** Whether the parts of a cut by this metric make up its total. */
export const addsUp = ({ formula }) => ADDS_UP.test(formula);

/**
 * What to draw of `answer` for the view {chart, drawn, lines} of the question; null where tiles say it all. Told are
 * {kinds: those that fit, kind, lines: the choices of what each line shows, line, metric: the one drawn of a cut answer (else null), byTime, times, series, left: rows not drawn};
 * a series is {key, name, metric, colour: 1 to MOST or 0 for the rest, values, past: those before or null, raw: what a moving average runs through or null}.
 */
export function drawing(answer, view) {
  const byTime = Boolean(answer.times);
  const isCut = Boolean(answer.rows);
  if (!byTime && !isCut) return null;
  const metric = isCut ? (answer.metrics.find(({ id }) => id === view.drawn) ?? answer.metrics[0]) : null;
  const lines = byTime ? ["values", ...Object.keys(answer.total).filter((name) => name === "running_total" || name.startsWith("moving_average_"))] : ["values"];
  const line = lines.includes(view.lines) ? view.lines : "values";
  const parts = isCut ? cutParts(answer, metric, byTime ? MOST : MOST_BARS) : { shown: answer.metrics.map((one, index) => ({ row: answer.total, metric: one, name: one.label, key: one.id, colour: (index % MOST) + 1 })), left: 0 };
  const kinds = fitting(parts.shown, metric, byTime);
  const kind = kinds.includes(view.chart) ? view.chart : kinds[0];
  const series = parts.shown.map((part) => ({ ...part, ...numbers(part, byTime, line) }));
  if (byTime && isCut && series.length > MOST_PAST) for (const one of series) one.past = null;
  const isWhole = kind === "stacked" && line === "values";
  const whole = isWhole ? (answer.total.previous_series?.[metric.id] ?? null) : null;
  if (isWhole && parts.left > 0) {
    const named = series.filter(({ row }) => !row.other);
    series.splice(0, series.length, ...named, undrawn(answer.total, metric, named));
  }
  return { kinds, kind, lines, line, metric, byTime, times: answer.times ?? [], partial: new Set(answer.partial ?? []), granularity: answer.granularity, zone: answer.timezone, series, whole, left: parts.left };
}

/** What is not drawn row by row, together: a stack reaches to the total. */
function undrawn(total, metric, series) {
  const drawn = (at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0);
  const values = total.series[metric.id].map((value, at) => (value === null ? null : value - drawn(at)));
  return { row: null, metric, name: "All the rest", key: "rest", colour: 0, values, past: null, raw: null };
}

function cutParts(answer, metric, most) {
  const named = answer.rows.filter(({ other }) => !other);
  const rest = answer.rows.filter(({ other }) => other);
  const drawn = [...named.slice(0, most), ...(rest.length === 1 ? rest : [])];
  const shown = drawn.map((row, index) => ({ row, metric, name: title(row, answer.dimensions), key: `${index}`, colour: row.other ? 0 : (index % MOST) + 1 }));
  return { shown, left: answer.rows.length - drawn.length };
}

function fitting(shown, metric, byTime) {
  if (!byTime) return ["bar"];
  if (shown.length === 1) return ["line", "area", "bar"];
  return metric && addsUp(metric) ? ["stacked", "line", "bar"] : ["line", "bar"];
}

function numbers({ row, metric }, byTime, line) {
  const { id } = metric;
  if (!byTime) return { values: row.values[id], past: row.previous?.[id] ?? null, raw: null };
  if (line === "values") return { values: row.series[id], past: row.previous_series?.[id] ?? null, raw: null };
  return { values: row[line][id], past: null, raw: line === "running_total" ? null : row.series[id] };
}

const isKnown = (value) => value !== null && value !== undefined;
const hasValues = ({ values, past }) => [values, past ?? []].flat().some(isKnown);

/** The units on the two axes: of the series that are not switched off and have values, the first two. */
export function unitsOf(series, hidden) {
  const seen = series.filter(({ key }) => !hidden.has(key));
  const filled = seen.filter(hasValues);
  return [...new Set((filled.length ? filled : seen).map(({ metric }) => metric.unit))].slice(0, 2);
}

// The answer as a table: a line a row of a cut, or a line a metric; and the same by time.
import { byId, el } from "../dom.js";
import { changed, written } from "../figures.js";
import * as format from "../format.js";
import { sparkline } from "../sparkline.js";
import { nameOf, title } from "./rows.js";
import { bucketName } from "./times.js";

const MOST_TIMES = 500;

const head = (text, attributes = {}) => el("th", { scope: "col", ...attributes }, text);
const number = (...content) => el("td", { class: "number" }, ...content);

function filled(caption, heads, bodies, foot = []) {
  return el("table", {}, el("caption", { class: "away" }, caption), el("thead", {}, el("tr", {}, heads)), el("tbody", {}, bodies), foot.length ? el("tfoot", {}, foot) : null);
}

/** sort(order): asks for the rows in that order. only(dimension, value): asks for one row alone; null where that cannot be. */
export function showTotals(answer, question, drawn, { sort, only }) {
  byId("totals").replaceChildren(answer.rows ? byRow(answer, question, drawn, sort, only) : byMetric(answer));
}

function byMetric(answer) {
  const { values, previous, series } = answer.total;
  const heads = [head("Metric"), head("Value", { class: "number" }), ...(answer.compare ? [head("Before", { class: "number" }), head("Change", { class: "number" })] : []), ...(series ? [head("Course")] : []), head("Formula")];
  const rows = answer.metrics.map((metric) => {
    const [now, before] = [values[metric.id], previous?.[metric.id]];
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, metric.label),
      number(written(now, metric)),
      answer.compare ? [number(written(before, metric)), number(changed(now, before, metric) ?? format.UNKNOWN)] : null,
      series ? el("td", { class: "course" }, sparkline(series[metric.id])) : null,
      el("td", { class: "formula" }, el("code", {}, metric.formula)),
    );
  });
  return filled("Totals", heads, rows);
}

function byRow(answer, question, drawn, sort, only) {
  const columns = answer.metrics.flatMap((metric) => [metric, ...(answer.compare ? ["previous", "change"] : []), ...(answer.rows.some(({ share }) => share) ? ["share"] : [])].map((part) => (typeof part === "string" ? { metric, part } : { metric, part: "values" })));
  const several = answer.metrics.length > 1;
  const order = question.order || usualOrder(answer);
  const titles = { previous: "before", change: "change", share: "share" };
  const heads = [
    ...answer.dimensions.map(({ id, label }) => sortable(id, label, order, sort, false)),
    ...columns.map(({ metric, part }) =>
      part === "values" ? sortable(metric.id, metric.label, order, sort, true) : head(several ? el("span", {}, el("span", { class: "away" }, `${metric.label}, `), titles[part]) : titles[part], { class: "number" }),
    ),
    ...(answer.times ? [head(`${drawn.label}, course`)] : []),
  ];
  const cells = (row) => [...columns.map(({ metric, part }) => number(cell(row, metric, part))), ...(answer.times ? [el("td", { class: "course" }, sparkline(row.series[drawn.id]))] : [])];
  const rows = answer.rows.map((row) => el("tr", row.other ? { class: "other" } : {}, names(row, answer.dimensions, only), cells(row)));
  const total = el("tr", {}, el("th", { scope: "row", colspan: answer.dimensions.length }, "Total"), cells(answer.total));
  return filled("Rows", heads, rows, [total]);
}

/** As the service orders by itself: what has an order of its own by that, anything else by the first metric. */
function usualOrder({ dimensions, metrics }) {
  return dimensions.length === 1 && dimensions[0].isOrdered ? dimensions[0].id : `-${metrics[0].id}`;
}

function sortable(id, label, order, sort, isNumber) {
  const [name, isDown] = [order.replace(/^-/, ""), order.startsWith("-")];
  const isSorted = name === id;
  const next = isSorted ? (isDown ? id : `-${id}`) : isNumber ? `-${id}` : id;
  const mark = isSorted ? (isDown ? " ↓" : " ↑") : "";
  return head(el("button", { type: "button", class: "sort", onclick: () => sort(next) }, label, el("span", { "aria-hidden": "true" }, mark)), {
    class: isNumber ? "number" : null,
    "aria-sort": isSorted ? (isDown ? "descending" : "ascending") : null,
  });
}

function names(row, dimensions, only) {
  if (row.other) return el("th", { scope: "row", colspan: dimensions.length }, title(row, dimensions));
  return dimensions.map((dimension) => {
    const { id, label } = dimension;
    const value = row.dimensions[id];
    const choose = value === null ? null : only(id, value);
    const name = nameOf(row, dimension);
    return el("th", { scope: "row", class: value === null ? "muted" : null }, choose ? el("button", { type: "button", class: "link", title: `Only ${label}: ${name}`, onclick: choose }, name) : name);
  });
}

function cell(row, metric, part) {
  const { id } = metric;
  if (part === "change") return changed(row.values[id], row.previous?.[id], metric) ?? format.UNKNOWN;
  if (part === "share") return row.share ? format.percent(row.share[id]) : "";
  return written(row[part]?.[id], metric);
}

/** The numbers that are drawn, by time. */
export function showByTime(drawing) {
  if (!drawing?.byTime) return byId("by-time").replaceChildren();
  const columns = drawing.series.flatMap((one) => [
    { name: one.name, metric: one.metric, values: one.values },
    ...(one.past ? [{ name: `${one.name}, before`, metric: one.metric, values: one.past }] : []),
  ]);
  const rows = drawing.times.slice(0, MOST_TIMES).map((time, at) => {
    const mark = drawing.partial.has(at) ? el("span", { class: "muted" }, " in part") : null;
    return el("tr", {}, el("th", { scope: "row" }, bucketName(time, drawing), mark), columns.map(({ values, metric }) => number(written(values[at], metric))));
  });
  const more = drawing.times.length - rows.length;
  const table = filled("By time", [head("Time"), ...columns.map(({ name }) => head(name, { class: "number" }))], rows);
  byId("by-time").replaceChildren(table, ...(more > 0 ? [el("p", { class: "hint" }, `${format.count(more)} more: the CSV has them all.`)] : []));
}

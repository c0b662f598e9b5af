// The cohorts as a heat map that is a table: a line a cohort, a column a period, and the average above them.
import { el } from "../dom.js";
import { written } from "../figures.js";
import * as format from "../format.js";

const SHAPES = { "1d": "weekday", "1w": "date", "1mo": "month" };
const WORDS = { "1d": "Day", "1w": "Week", "1mo": "Month" };
const DEEPEST = 55; // percent of the colour: the figures stay readable on it

/** The answer without the periods that have begun for no cohort. */
export function begun(answer) {
  const field = answer.average.rates ? "counts" : "values";
  const width = 1 + answer.periods.findLastIndex((_, at) => answer.cohorts.some((line) => line[field][at] !== null));
  const cut = (line) => Object.fromEntries(Object.entries(line).map(([name, value]) => [name, Array.isArray(value) ? value.slice(0, width) : value]));
  return { ...answer, periods: answer.periods.slice(0, width), average: cut(answer.average), cohorts: answer.cohorts.map(cut) };
}

/** What cells may show: [field, label, metric that it is written as]. */
export function views(answer) {
  if (answer.average.rates) {
    return [
      ["rates", answer.reference === "previous" ? "Share of the period before" : "Share of the cohort", { unit: "percent", decimals: 1 }],
      ["counts", "People", { unit: "count" }],
    ];
  }
  const each = { ...answer, decimals: Math.max(answer.decimals, 2) };
  const mean = answer.unit === "count" ? { unit: "number", decimals: 2 } : each;
  return [
    ["per_person", "For each member", mean],
    ["cumulative_per_person", "For each member, added up", mean],
    ["values", "In sum", each],
    ["cumulative", "In sum, added up", each],
  ];
}

export const cohortName = (line, { granularity, timezone }) => (line.partial === undefined ? (line.cohort ?? "Other") : format.time(line.cohort, SHAPES[granularity], timezone));

export const periodName = (name, { granularity }) => `${WORDS[granularity]} ${name}`;

/** open(line, period): shows the people of a cell; null where they may not be seen. */
export function table(answer, [field, label, metric], open) {
  const known = [answer.average, ...answer.cohorts].flatMap((line) => line[field]).filter((value) => value !== null);
  const most = field === "rates" ? 1 : Math.max(0, ...known);
  const isTinted = field === "rates" || field === "per_person";
  const text = (value) => (value === null ? "" : written(value, metric));
  const cell = (line, at) => {
    const value = line[field][at];
    if (value === null) return el("td");
    const node = el("td", { class: line.incomplete[at] ? "incomplete" : null });
    if (isTinted && most > 0) {
      node.dataset.heat = "";
      node.style.setProperty("--heat", String(Math.round(DEEPEST * Math.min(value / most, 1))));
    }
    const about = `${cohortName(line, answer)}, ${periodName(answer.periods[at], answer)}: ${text(value)}${line.incomplete[at] ? ", not over yet" : ""}`;
    node.append(open && line.cohort ? el("button", { type: "button", "aria-label": about, title: about, onclick: () => open(line, at) }, text(value)) : text(value));
    return node;
  };
  const cells = (line) => answer.periods.map((_, at) => cell(line, at));
  const heads = [answer.cohorts[0]?.partial === undefined ? "Channel" : "Began", "People", ...answer.periods.map((name) => periodName(name, answer))];
  const average = el("tr", { class: "average" }, el("th", { scope: "row" }, "Average"), el("td", {}, format.count(answer.people)), answer.periods.map((_, at) => el("td", {}, text(averaged(answer, field, at)))));
  const rows = answer.cohorts.map((line) => el("tr", {}, el("th", { scope: "row", title: cohortName(line, answer) }, cohortName(line, answer)), el("td", {}, format.count(line.size)), cells(line)));
  return el("table", {}, el("caption", { class: "away" }, label), el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, average, rows));
}

/** Sums have no average worth a figure. */
const averaged = ({ average }, field, at) => (["rates", "per_person", "cumulative_per_person"].includes(field) ? average[field][at] : null);

/** A plain table: heads, then rows of texts whose first is a heading. */
export function plainTable(caption, heads, rows) {
  const body = rows.map(([name, ...cells]) => el("tr", {}, el("th", { scope: "row" }, name), cells.map((cell) => el("td", {}, cell))));
  return el("table", {}, el("caption", { class: "away" }, caption), el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, body));
}

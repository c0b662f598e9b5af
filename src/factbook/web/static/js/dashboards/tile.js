// One tile: figures, a picture or a table of its answer; why it cannot be answered, or what it is drawn from where there is nothing.
import { address } from "../api.js";
import { el, message } from "../dom.js";
import { changed, figure, known, written } from "../figures.js";
import { isAboutRates, ratesForm } from "../rates-form.js";
import { sparkline } from "../sparkline.js";
import { Picture } from "../explore/picture.js";
import { title as nameOf } from "../explore/rows.js";
import { drawing } from "../explore/series.js";

const WIDE = 5; // columns of a table that need the whole width
let number = 0;

/**
 * catalog: for what the values of dimensions are called. label: of the period. pictures: takes up what is drawn, to be
 * ended with the tile. again(): asks for the dashboard once more, where the tile may offer to set missing rates; else null.
 */
export function tile(told, { catalog, label, filters, pictures, again }) {
  const id = `tile-${number++}`;
  const head = el("div", { class: "panel-head" }, el("h2", { id }, told.title), el("span", { class: "end" }, el("a", { href: explored(told, filters), "aria-label": `Explore ${told.title}` }, "Explore")));
  const isWide = told.chart === "number" || (told.chart === "table" && told.metrics.length >= WIDE);
  const node = el("section", { class: `panel${isWide ? " wide" : ""}`, "aria-labelledby": id, data: { chart: told.chart } }, head);
  if (told.error) node.append(...wrong(told, node, again));
  else if (told.is_empty) node.append(lacks(told, label));
  else if (told.chart === "number") node.append(figures(told.answer, told.title));
  else if (told.chart === "table") node.append(table(told, catalog));
  else node.append(...picture(told, catalog, pictures));
  return node;
}

/** The explorer with the tile's question. */
function explored({ question, chart }, filters) {
  const { metrics, dimensions = [], granularity = "none", period, start_time, end_time, compare, limit, timezone } = question;
  const drawn = ["area", "bar", "stacked"].includes(chart) ? chart : "";
  const span = period ? { period } : { start_time, end_time };
  return address("/explore", { metrics: metrics.join(","), dimensions: dimensions.join(","), granularity, ...span, compare, limit, timezone, chart: drawn, ...filters });
}

function wrong({ error }, node, again) {
  const problem = { status: error.kind === "conflict" ? 409 : 422, body: error, message: error.message };
  if (again && isAboutRates(problem))
    ratesForm(problem, again)
      .then((form) => form && node.append(form))
      .catch(() => null);
  return [el("div", { class: "lacks" }, message([error.message, error.hint].filter(Boolean).join(" "), { bad: true }))];
}

function lacks({ event_types: types }, label) {
  const names = types.slice(0, 4).map((type, index) => [index ? ", " : "", el("code", {}, type)]);
  const from = types.length ? ["It is drawn from ", ...names.flat(), types.length > 4 ? " and others." : "."] : [];
  return el("p", { class: "hint lacks" }, `Nothing of the kind in ${label}. `, ...from);
}

function figures(answer, title) {
  const { values, previous, series } = answer.total;
  const one = (metric) => {
    const [now, before] = [values[metric.id], previous[metric.id]];
    const beside = before === null ? "no value before" : [changed(now, before, metric), ` from ${written(before, metric)}`];
    return el(
      "li",
      { class: "tile", data: { metric: metric.id }, title: [metric.formula, ...known(metric)].join("\n") },
      el("span", { class: "label" }, metric.label),
      figure(now, metric),
      el("span", { class: "beside" }, beside),
      sparkline(series?.[metric.id] ?? []),
    );
  };
  return el("ul", { class: "tiles", "aria-label": title }, answer.metrics.map(one));
}

/** The answer with what the catalog says of its dimensions. */
function withKnown(answer, catalog) {
  return { ...answer, dimensions: answer.dimensions.map((one) => ({ ...one, part: catalog.dimensions.get(one.id)?.time_part })) };
}

function table({ answer, title }, catalog) {
  const { rows, dimensions, metrics } = withKnown(answer, catalog);
  const heads = [dimensions.map(({ label }) => label).join(", "), ...metrics.map(({ label }) => label)];
  const line = (row) => el("tr", row.other ? { class: "other" } : {}, el("th", { scope: "row" }, nameOf(row, dimensions)), metrics.map((metric) => el("td", { class: "number" }, written(row.values[metric.id], metric))));
  const head = el("tr", {}, heads.map((name, index) => el("th", { scope: "col", class: index ? "number" : null }, name)));
  return el("div", { class: "numbers", role: "region", tabindex: "0", "aria-label": `${title}, as a table` }, el("table", {}, el("caption", { class: "away" }, title), el("thead", {}, head), el("tbody", {}, rows.map(line))));
}

function picture({ answer, title, chart }, catalog, pictures) {
  const [node, legend] = [el("div", { class: "chart" }), el("ul", { class: "legend", "aria-label": `Series of ${title}` })];
  const drawn = drawing(withKnown(answer, catalog), { chart });
  // ECharts measures its place: it is drawn once that is in the page.
  queueMicrotask(() => {
    const made = new Picture(node, legend);
    pictures.push(made);
    made.show(drawn, title);
  });
  return [node, legend];
}

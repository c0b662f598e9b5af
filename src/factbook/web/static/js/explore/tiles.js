// The total of each metric: value, change, and on asking how it is computed and how exact it is.
import { byId, el } from "../dom.js";
import { changed, figure, known, written } from "../figures.js";

/** pick(id): draws that metric, where only one can be drawn; null where all are. */
export function showTiles(answer, catalog, drawn, pick) {
  const focused = document.activeElement?.closest?.("#tiles [data-metric]")?.dataset.metric;
  byId("tiles").replaceChildren(...answer.metrics.map((metric) => tile(metric, answer, catalog, drawn, pick)));
  if (focused) byId("tiles").querySelector(`[data-metric="${CSS.escape(focused)}"] button`)?.focus();
}

function tile(metric, answer, catalog, drawn, pick) {
  const { values, previous } = answer.total;
  const value = values[metric.id];
  const name = pick
    ? el("button", { type: "button", class: "pick", "aria-pressed": String(metric.id === drawn), onclick: () => pick(metric.id) }, metric.label)
    : el("span", { class: "pick" }, metric.label);
  return el(
    "li",
    { class: "tile", data: { metric: metric.id } },
    el("div", { class: "tile-head" }, name, about(metric, catalog)),
    figure(value, metric),
    el("span", { class: "beside" }, beside(metric, value, previous, answer)),
  );
}

function beside(metric, value, previous, answer) {
  if (answer.compare) {
    const before = previous[metric.id];
    const change = changed(value, before, metric);
    return [change, before === null ? "no value before" : ` from ${written(before, metric)}`];
  }
  return value === null ? "nothing to compute it from" : "\u00a0";
}

const WIDEST = 350; // pixels of what a button tells
let made = 0;

/** A button that tells, on hover, focus or touch, what the metric is made of. Escape hides it again. */
function about(metric, catalog) {
  const id = `about-${made++}`;
  const exact = known(metric);
  const tip = el(
    "span",
    { role: "tooltip", id },
    el("code", {}, metric.formula),
    el("span", {}, catalog.metrics.get(metric.id)?.description ?? null),
    el("span", {}, exact.length ? exact.join(" ") : "Exact."),
  );
  const hide = ({ key }) => key === "Escape" && wrap.setAttribute("data-dismissed", "");
  const again = () => wrap.removeAttribute("data-dismissed");
  // Near the left edge it opens to the right.
  const place = () => wrap.toggleAttribute("data-edge", wrap.getBoundingClientRect().right < WIDEST);
  const wrap = el(
    "span",
    { class: "about", onkeydown: hide, onpointerenter: place, onfocusin: place, onpointerleave: again, onfocusout: again },
    el("button", { type: "button", class: "icon", "aria-label": `How ${metric.label} is computed`, "aria-describedby": id }, exact.length ? "≈" : "ƒ"),
    tip,
  );
  return wrap;
}

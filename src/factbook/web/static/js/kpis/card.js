// One KPI: its value and how it changed, what it is, how it is computed; and where there is no value, what to send.
import { address } from "../api.js";
import { el } from "../dom.js";
import { changed, figure, known, written } from "../figures.js";
import { sparkline } from "../sparkline.js";

/** The explorer's question about the metric, with the period of the page. */
function look(id, { period, start_time, end_time, compare }) {
  return address("/explore", { metrics: id, ...(period ? { period } : { start_time, end_time }), compare });
}

/** metric: of the catalog; told: with its value, null while it is asked for. seen: the event types that ever came. */
export function card(metric, told, choice, catalog, seen) {
  const lacks = lacking(metric.id, catalog, seen);
  const isEmpty = Boolean(told) && isWithoutData(told, lacks);
  const course = el("span", { class: "course" });
  const exact = told ? known(told) : [];
  const node = el(
    "li",
    { class: `card${isEmpty ? " empty" : ""}`, data: { kpi: metric.id } },
    el("h3", {}, el("a", { href: look(metric.id, choice) }, metric.label)),
    el("p", { class: "now" }, shown(told, isEmpty), course),
    el("p", { class: "beside" }, told ? (isEmpty ? why(lacks) : beside(told)) : "\u00a0"),
    el("p", { class: "about" }, metric.description),
    el("code", { class: "formula", title: exact.join(" ") || null }, metric.formula),
  );
  node.addEventListener("course", ({ detail }) => course.replaceChildren(sparkline(detail) ?? ""));
  return node;
}

/** Nothing to show: no value, or a zero that is none, as no such event ever came. */
function isWithoutData({ value }, lacks) {
  return value === null || (value === 0 && lacks.length > 0);
}

function shown(told, isEmpty) {
  if (!told) return el("span", { class: "figure loading" }, "–");
  return figure(isEmpty ? null : told.value, told);
}

function beside(told) {
  if (told.previous === null) return "no value before";
  return [changed(told.value, told.previous, told), ` from ${written(told.previous, told)}`];
}

/** Of the event types that the KPI looks at those that never came: a list of alternatives for each thing it measures. */
export function lacking(id, catalog, seen) {
  return catalog.events(id).filter((types) => !types.some((type) => seen.has(type)));
}

function why(lacks) {
  if (!lacks.length) return "Nothing to compute it from in this period.";
  const types = lacks.slice(0, 2).map((alternatives) => alternatives.map((type, index) => [index ? " or " : "", el("code", {}, type)]));
  return ["No data yet: send ", ...types.flatMap((one, index) => [index ? " and " : "", ...one.flat()]), "."];
}

/** A KPI of a higher tier: what it would say. */
export function lockedCard(metric) {
  return el(
    "li",
    { class: "card locked", data: { kpi: metric.id } },
    el("h3", {}, metric.label),
    el("p", { class: "now" }, el("span", { class: "tier" }, metric.tier)),
    el("p", { class: "beside" }, `Part of the ${metric.tier} tier.`),
    el("p", { class: "about" }, metric.description),
    el("code", { class: "formula" }, metric.formula),
  );
}
